"""The access file on this side of the cable."""

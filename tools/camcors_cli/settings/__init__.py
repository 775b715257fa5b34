"""A camera's settings on this side of the cable."""

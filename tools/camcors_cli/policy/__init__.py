"""Policy files on this side of the cable."""

"""Whose page sends a request, by its header Origin: what cors.guard finds out, and access.lock goes by."""

from .compat import const

NO_ORIGIN = const(0)
OWN = const(1)  # the camera's own
TRUSTED = const(2)  # one that the policy allows, credentials included
FOREIGN = const(3)  # any other

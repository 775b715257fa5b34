"""The cross-origin policy of the camera: `CORS`, `Policy` and `PolicyError`."""

from strict.fault import PolicyError

from .middleware import CORS
from .policy import Policy

__all__ = ["CORS", "Policy", "PolicyError"]

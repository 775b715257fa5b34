from strict.fault import PolicyError as PolicyError

from .middleware import CORS as CORS
from .policy import Policy as Policy

__all__ = ["CORS", "Policy", "PolicyError"]

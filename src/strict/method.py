"""Which methods only look (RFC 9110 section 9.2.1)."""

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def is_safe(method):
    """Return whether a method (str) is safe, in the letter case in which Microdot routes it: any."""
    return method in _SAFE or method.upper() in _SAFE

"""HMAC-SHA256 (RFC 2104; test vectors in RFC 4231), for which MicroPython's firmware has no module."""

import hashlib

from strict.compat import const

_BLOCK = const(64)  # bytes of SHA-256
_INNER = const(0x36)
_OUTER = const(0x5C)


class Hmac:
    """A key, made ready once. Keeps two blocks of 64 bytes."""

    def __init__(self, key):
        """key: bytes, of any length."""
        if len(key) > _BLOCK:
            key = hashlib.sha256(key).digest()
        key += bytes(_BLOCK - len(key))
        self._inner = bytes([byte ^ _INNER for byte in key])
        self._outer = bytes([byte ^ _OUTER for byte in key])

    def digest(self, data):
        """Return the 32 bytes that only who has the key can make of `data` (bytes)."""
        inner = hashlib.sha256(self._inner)
        inner.update(data)
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()

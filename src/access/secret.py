"""Secrets of 128 random bits, and how two are compared.

A token is `camcors_` and 26 characters of Crockford's Base32: it stands in a header, in a URL and in a shell
as it is; a secret scanner knows it by its prefix; and what people misread (O for 0, I and L for 1, upper
case) is read as it was meant. Of a token only the SHA-256 is kept: 128 random bits need neither salt nor
stretching.
"""

import hashlib
import os

from strict.compat import const, utf8

PREFIX = "camcors_"
LENGTH = const(34)  # characters of a token
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_COUNT = const(26)  # of 5 bits each: the last has two to spare, which are 0
_BYTES = const(16)
_ANY = _DIGITS + "iloABCDEFGHIJKLMNOPQRSTVWXYZ_"


def make_token():
    """Return a new token (str)."""
    number = int.from_bytes(random_bytes(), "big") << 2
    text = ""
    for _ in range(_COUNT):
        text = _DIGITS[number & 31] + text
        number >>= 5
    return PREFIX + text


def random_bytes():
    """Return 128 random bits (bytes)."""
    return os.urandom(_BYTES)


def canonical(text):
    """Return a token as it was made (str), from what somebody wrote (str); None if that is no token."""
    if len(text) != LENGTH or text.strip(_ANY):  # all of it is stripped when it has no other characters
        return None
    text = text.lower()
    digits = text[len(PREFIX) :].replace("o", "0").replace("i", "1").replace("l", "1")
    if text[: len(PREFIX)] != PREFIX or digits.strip(_DIGITS):
        return None
    return PREFIX + digits


def hash_of(text):
    """Return the SHA-256 (bytes) of a secret (str)."""
    return hashlib.sha256(utf8(text)).digest()


def place_of(sha256, hashes):
    """Return which of `hashes` (tuple of bytes) is the same as `sha256` (bytes): its place (int), the last if
    there are several, None for none."""
    found = None
    for at in range(len(hashes)):  # all of them, always; enumerate() would allocate
        if is_same(hashes[at], sha256):
            found = at
    return found


def is_same(one, other):
    """Return whether the first 16 bytes of two are the same, in a time that does not tell where they differ.

    It allocates nothing. Of a hash 16 are enough: what was hashed has no more bits.
    """
    # One expression, since a loop takes twice as long on MicroPython.
    return (
        (one[0] ^ other[0] | one[1] ^ other[1] | one[2] ^ other[2] | one[3] ^ other[3])
        | (one[4] ^ other[4] | one[5] ^ other[5] | one[6] ^ other[6] | one[7] ^ other[7])
        | (one[8] ^ other[8] | one[9] ^ other[9] | one[10] ^ other[10] | one[11] ^ other[11])
        | (one[12] ^ other[12] | one[13] ^ other[13] | one[14] ^ other[14] | one[15] ^ other[15])
    ) == 0

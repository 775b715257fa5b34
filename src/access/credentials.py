"""The secrets that a request shows: the token of its Authorization header, and a cookie.

Bearer is RFC 6750 section 2.1, Basic RFC 7617: any user name, with the token as the password. Whatever is in
a header, nothing here raises.

On a camera with bearer.c this module is there only while it is used, see strict/late.py.
"""

import binascii

from strict.compat import const, lower

from .secret import LENGTH, hash_of, place_of

#: The name of a session's.
COOKIE = "camcors_session"
#: What `token` returns where a header holds no token.
UNREADABLE = ""

_BEARER = "Bearer "
_BEARER_LENGTH = len(_BEARER) + LENGTH
_BEARER_SCHEME = "bearer"
_BASIC = "basic"
_HEADER_MAX = const(512)  # a user name, a token and a third for Base64
_COOKIE_MAX = const(4096)  # what browsers keep of one, and all of a site's go into one header
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def find(header, hashes):
    """Return which of `hashes` (tuple of bytes) is that of the token in an Authorization header (str): its
    place (int), the last if there are several. None for none, and if the header is not written as nearly all
    clients write it. firmware/native/bearer.c does the same."""
    return place_of(hash_of(header[len(_BEARER) :]), hashes) if _is_plain(header) else None


def _is_plain(header):
    """Return whether a header (str) is written as nearly all clients write it."""
    return len(header) == _BEARER_LENGTH and header.startswith(_BEARER)


def token(header):
    """Return what may be the token (str) in an Authorization header (str or None), as it was written.

    None if there is no header; UNREADABLE if it holds nothing of a token's length, whatever its scheme.
    """
    if header is None:
        return None
    if _is_plain(header):
        return header[len(_BEARER) :]
    if len(header) > _HEADER_MAX:
        return UNREADABLE
    scheme, _, value = header.partition(" ")
    scheme = lower(scheme)  # RFC 9110 section 11.1
    value = value.strip(" ")
    if scheme == _BASIC:
        value = _password(value)
    elif scheme != _BEARER_SCHEME:
        return UNREADABLE
    return value if len(value) == LENGTH else UNREADABLE


def is_basic(header):
    """Return whether an Authorization header (str) is of the scheme Basic."""
    return not header.startswith(_BEARER) and lower(header[: len(_BASIC)]) == _BASIC


def _password(value):
    """Return the password (str) of what follows `Basic`; "" if there is none."""
    digits = value.rstrip("=")
    if digits.strip(_BASE64) or len(value) % 4 or len(value) - len(digits) > 2:
        return ""
    try:
        pair = binascii.a2b_base64(value.encode()).decode()
    except ValueError:  # not UTF-8, or no Base64
        return ""
    # The user name has no colon (RFC 7617 section 2).
    return pair.partition(":")[2]


def cookie(header, name):
    """Return the value (str) of the cookie `name` in a Cookie header (str or None); None if it is not there.

    None as well if it is there twice: the ports and the names of a host share their cookies (RFC 6265 section
    8.5), so one of the two may be another server's.
    """
    if header is None or len(header) > _COOKIE_MAX or name not in header:
        return None
    found = None
    for pair in header.split(";"):
        key, equals, value = pair.strip(" \t").partition("=")
        if key == name and equals:
            if found is not None:
                return None
            found = value
    return found

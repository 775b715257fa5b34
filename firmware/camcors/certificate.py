"""What the camera has to know of its certificate, and whether a key belongs to it. Pure.

X.509 is RFC 5280 section 4.1, the key SEC 1 (RFC 5915) or PKCS #8 (RFC 5208), both in DER (X.690). Only what
stands on the way to the dates and the public key is read; mbedtls, which speaks TLS with them, checks the
rest.
"""

from strict.compat import const

_INTEGER = const(0x02)
_BIT_STRING = const(0x03)
_OCTET_STRING = const(0x04)
_UTC_TIME = const(0x17)
_TIME = const(0x18)
_SEQUENCE = const(0x30)
_VERSION = const(0xA0)
_PUBLIC_KEY = const(0xA1)
#: A SubjectPublicKeyInfo of the curve P-256 (RFC 5480) as far as it is the same for all: id-ecPublicKey with
#: prime256v1, and the head of a bit string of 65 bytes.
_P256 = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
_POINT_BYTES = const(65)
_CUT = "it is not whole"


class Certificate:
    """What a certificate in DER (bytes) says. Raises ValueError with words for people.

    not_before, not_after: (year, month, day, hour, minute, second) of UTC, ints; it counts from the one to
    the other. point: the public key (bytes of SEC 1, section 2.3.3).
    """

    def __init__(self, der):
        if der[:10] == b"-----BEGIN":
            raise ValueError("it is PEM; write it in DER: openssl x509 -in FILE -outform DER -out cert.der")
        whole = _inside(der, 0, len(der), _SEQUENCE)
        start, end = _inside(der, whole[0], whole[1], _SEQUENCE)
        if start < end and der[start] == _VERSION:
            start = _after(der, start, end)
        start = _after(der, start, end, _INTEGER)  # the serial number
        start = _after(der, start, end, _SEQUENCE)  # the signature's algorithm
        start = _after(der, start, end, _SEQUENCE)  # the issuer
        dates = _inside(der, start, end, _SEQUENCE)
        self.not_before = _time(der, dates[0], dates[1])
        self.not_after = _time(der, _after(der, dates[0], dates[1]), dates[1])
        start = _after(der, start, end)
        start = _after(der, start, end, _SEQUENCE)  # the subject
        self.point = _point_of_info(der, *_inside(der, start, end, _SEQUENCE))


def point_of_key(der):
    """Return the public key (bytes) in a private key in DER. Raise ValueError with words for people, of which
    none is of the key."""
    if der[:10] == b"-----BEGIN":
        raise ValueError("it is PEM; write it in DER: openssl pkey -in FILE -outform DER -out key.der")
    start, end = _inside(der, 0, len(der), _SEQUENCE)
    after = _after(der, start, end, _INTEGER)
    if after < end and der[after] == _SEQUENCE:  # PKCS #8, with the other one inside
        start, end = _inside(der, _after(der, after, end), end, _OCTET_STRING)
        return point_of_key(der[start:end])
    after = _after(der, after, end, _OCTET_STRING)
    while after < end:
        if der[after] == _PUBLIC_KEY:
            return _point(der, *_inside(der, after, end, _PUBLIC_KEY))
        after = _after(der, after, end)
    raise ValueError("it does not have its public key with it")


def text_of(time):
    """Return a time of a Certificate as ISO 8601 has it (str)."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % time


def _element(der, start, end):
    """Return (tag, start of the content, its end) of the element at `start`, which ends by `end`."""
    if start + 2 > end:
        raise ValueError(_CUT)
    length = der[start + 1]
    inside = start + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3 or inside + count > end:
            raise ValueError(_CUT)
        length = int.from_bytes(der[inside : inside + count], "big")
        inside += count
    if inside + length > end:
        raise ValueError(_CUT)
    return der[start], inside, inside + length


def _inside(der, start, end, tag):
    """Return (start, end) of the content of the element at `start`, whose tag is `tag`."""
    found, inside, after = _element(der, start, end)
    if found != tag:
        raise ValueError("it is something else")
    return inside, after


def _after(der, start, end, tag=None):
    """Return where the element at `start` ends, whose tag is `tag`, if one is given."""
    found, _, after = _element(der, start, end)
    if tag is not None and found != tag:
        raise ValueError("it is something else")
    return after


def _time(der, start, end):
    tag, inside, after = _element(der, start, end)
    digits = der[inside:after]
    if tag == _UTC_TIME and len(digits) == 13:  # of the years 1950 to 2049 (RFC 5280 section 4.1.2.5.1)
        digits = (b"20" if digits[:2] < b"50" else b"19") + digits
    if tag not in (_UTC_TIME, _TIME) or len(digits) != 15 or digits[14:] != b"Z" or not digits[:14].isdigit():
        raise ValueError("its dates are malformed")
    return (int(digits[:4]),) + tuple([int(digits[i : i + 2]) for i in range(4, 14, 2)])


def _point_of_info(der, start, end):
    after = start + len(_P256)
    if der[start:after] != _P256:
        raise ValueError("its key is none of P-256 (prime256v1), the only one that the camera takes")
    return _point(der, after, end)


def _point(der, start, end):
    """Return the point (bytes) of the bit string at `start`."""
    start, end = _inside(der, start, end, _BIT_STRING)
    if end - start != _POINT_BYTES + 1 or der[start : start + 2] != b"\x00\x04":
        raise ValueError("its public key is none of P-256")
    return bytes(der[start + 1 : end])

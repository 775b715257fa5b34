"""What the camera reads of a certificate and its key, beside what the library `cryptography` says of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, strategies

from camcors import certificate
from camcors.certificate import Certificate, point_of_key
from tests.kit.camera import Camera

UTC = timezone.utc
KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camcors.local")])


def der_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY,
    before: datetime = datetime(2026, 11, 28, 1, 2, 3, tzinfo=UTC),
    after: datetime = datetime(2029, 1, 28, 12, 0, 59, tzinfo=UTC),
) -> bytes:
    """A certificate of `key`, signed by itself."""
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    builder = builder.serial_number(5).not_valid_before(before).not_valid_after(after)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def key_der(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = KEY,
    form: PrivateFormat = PrivateFormat.TraditionalOpenSSL,
    encoding: Encoding = Encoding.DER,
) -> bytes:
    return key.private_bytes(encoding, form, NoEncryption())


POINT = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
CERT, SEC1, PKCS8 = der_of(), key_der(), key_der(form=PrivateFormat.PKCS8)
RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())
#: RFC 5915 has the public key as the last of three; without it, the length of the whole is shorter.
BARE = bytes([0x30, len(SEC1) - 2 - 70]) + SEC1[2:-70]


def test_a_certificate() -> None:
    found = Certificate(CERT)
    assert found.not_before == (2026, 11, 28, 1, 2, 3)
    assert found.not_after == (2029, 1, 28, 12, 0, 59)
    assert found.point == POINT == point_of_key(SEC1) == point_of_key(PKCS8)
    assert certificate.text_of(found.not_after) == "2029-01-28T12:00:59Z"


@pytest.mark.parametrize("year", [1951, 2049, 2050, 2099])
def test_both_forms_of_a_time(year: int) -> None:
    """UTCTime has two digits of the year, and ends in 2049 (RFC 5280 section 4.1.2.5)."""
    after = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert Certificate(der_of(before=after - timedelta(days=1), after=after)).not_after == (
        year,
        2,
        3,
        4,
        5,
        6,
    )


@pytest.mark.parametrize(
    ("now", "is_over"),
    [
        ((2000, 1, 1, 0, 0, 0), False),  # a clock that nobody has set
        ((2029, 1, 28, 12, 0, 59), False),
        ((2029, 1, 28, 12, 1, 0), True),
    ],
)
def test_its_end(now: tuple[int, int, int, int, int, int], is_over: bool) -> None:
    assert (now > Certificate(CERT).not_after) is is_over  # as https.py compares them


BAD_CERTIFICATES = [
    ("empty", b"", "it is not whole"),
    ("text", b"hello, world", "it is not whole"),
    ("a key", SEC1, "it is something else"),
    ("RSA", der_of(RSA), "its key is none of P-256 (prime256v1), the only one that the camera takes"),
    ("P-384", der_of(P384), "its key is none of P-256 (prime256v1), the only one that the camera takes"),
    (
        "PEM",
        x509.load_der_x509_certificate(CERT).public_bytes(Encoding.PEM),
        "it is PEM; write it in DER: openssl x509 -in FILE -outform DER -out cert.der",
    ),
    ("no time", CERT.replace(b"290128120059Z", b"29012812005xZ"), "its dates are malformed"),
    ("a length of four bytes", b"\x30\x84\0\0\0\1\0", "it is not whole"),
]
BAD_KEYS = [
    ("empty", b"", "it is not whole"),
    ("a certificate", CERT, "it is something else"),
    ("RSA", key_der(RSA), "it is something else"),
    ("P-384", key_der(P384), "its public key is none of P-256"),
    ("without its public key", BARE, "it does not have its public key with it"),
    (
        "PEM",
        key_der(encoding=Encoding.PEM),
        "it is PEM; write it in DER: openssl pkey -in FILE -outform DER -out key.der",
    ),
]


@pytest.mark.parametrize(
    ("der", "words"), [r[1:] for r in BAD_CERTIFICATES], ids=[r[0] for r in BAD_CERTIFICATES]
)
def test_what_is_no_certificate(der: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        Certificate(der)


@pytest.mark.parametrize(("der", "words"), [row[1:] for row in BAD_KEYS], ids=[row[0] for row in BAD_KEYS])
def test_what_is_no_key(der: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        point_of_key(der)


def test_cut_off_anywhere() -> None:
    for size in range(len(CERT)):
        with pytest.raises(ValueError, match=r"^it is not whole$"):
            Certificate(CERT[:size])
    for size in range(len(SEC1)):
        with pytest.raises(ValueError, match=r"^it is not whole$"):
            point_of_key(SEC1[:size])


@given(strategies.integers(0, len(CERT) - 1), strategies.integers(0, 255))
def test_one_byte_of_it_changed_raises_nothing_else(at: int, byte: int) -> None:
    changed = bytearray(CERT)
    changed[at] = byte
    try:
        found = Certificate(bytes(changed))
    except ValueError:
        return
    assert len(found.point) == 65 and len(found.not_after) == 6


ON_THE_CAMERA = """
from camcors import certificate
found = certificate.Certificate(%r)
print(found.not_before, found.not_after)
print(found.point == certificate.point_of_key(%r) == certificate.point_of_key(%r) == %r)
for parse, der in %r:
    try:
        getattr(certificate, parse)(der)
        print('taken')
    except ValueError as exc:
        print(exc.args[0])
"""


def test_the_frozen_reader_says_the_same(camera: Camera) -> None:
    bad = [("Certificate", row[1]) for row in BAD_CERTIFICATES] + [
        ("point_of_key", row[1]) for row in BAD_KEYS
    ]
    shown = camera.exec(ON_THE_CAMERA % (CERT, SEC1, PKCS8, POINT, bad)).splitlines()
    assert shown == [
        "(2026, 11, 28, 1, 2, 3) (2029, 1, 28, 12, 0, 59)",
        "True",
        *(row[2] for row in BAD_CERTIFICATES),
        *(row[2] for row in BAD_KEYS),
    ]

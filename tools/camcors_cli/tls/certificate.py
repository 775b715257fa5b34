"""A camera's certificate: what a private authority signs, and what one says that is there."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..ui.errors import Failure, Status
from . import authority as authorities
from .authority import Authority
from .names import Names

#: Days that browsers of Apple take at most (support.apple.com/103769).
DAYS = 825
_PATIENCE = timedelta(hours=1)  # of clocks that are slow
_SECOND = timedelta(seconds=1)
# What `cryptography` raises of bytes that are no certificate, or an odd one.
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_NAME_MAX = 64  # characters of a common name (RFC 5280 appendix A.1, ub-common-name)


class Found(NamedTuple):
    """What a certificate says."""

    certificate: x509.Certificate
    names: Names
    issuer: str
    not_before: datetime
    not_after: datetime

    @property
    def days_left(self) -> int:
        """How many whole days it is still valid; negative once it has expired."""
        return (self.not_after - datetime.now(timezone.utc)).days

    @property
    def is_early(self) -> bool:
        """Whether its time has not come."""
        return datetime.now(timezone.utc) < self.not_before

    def is_by(self, authority: x509.Certificate | None) -> bool:
        """Return whether `authority` has signed it."""
        if authority is None:
            return False
        try:
            self.certificate.verify_directly_issued_by(authority)
        except (*_UNREADABLE, InvalidSignature):
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        return {
            "names": list(self.names.names),
            "addresses": list(self.names.addresses),
            "not_before": written(self.not_before),
            "not_after": written(self.not_after),
            "days_left": self.days_left,
            "issuer": self.issuer,
            "sha256": self.certificate.fingerprint(hashes.SHA256()).hex(),
        }


def written(time: datetime) -> str:
    """Return a time as the camera writes it in /api/status."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def day(time: datetime) -> str:
    """Return a time as a person reads it: the day."""
    return time.strftime("%Y-%m-%d")


def read(data: bytes) -> Found | None:
    """Return what a certificate (DER) says, None if nobody can read it."""
    try:
        made = x509.load_der_x509_certificate(data)
        times = made.not_valid_before_utc, made.not_valid_after_utc
        return Found(made, _names(made), authorities.name_of(made.issuer), *times)
    except _UNREADABLE:
        return None


def _names(made: x509.Certificate) -> Names:
    try:
        found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Names()
    addresses = found.get_values_for_type(x509.IPAddress)
    return Names(tuple(found.get_values_for_type(x509.DNSName)), tuple(map(str, addresses)))


def whose(found: Found | None, is_yours: bool) -> str | None:
    """Return for programs whose authority has signed a certificate; None if there is none."""
    if found is None:
        return None
    return "yours" if is_yours else "another's"


def require(data: bytes) -> Found:
    """Return what a certificate says that was just made here."""
    found = read(data)
    assert found is not None
    return found


class Pair(NamedTuple):
    """As they lie in a camera's flash: the key in SEC 1 DER, the certificate in DER."""

    key: bytes
    certificate: bytes


def make_pair(authority: Authority, names: Names) -> Pair:
    """Return a new key for a camera, and its certificate. Raises Failure."""
    key = make_key()
    return Pair(key_bytes(key), sign(authority, key.public_key(), names))


def make_key() -> ec.EllipticCurvePrivateKey:
    """Return a new key for a camera."""
    return ec.generate_private_key(ec.SECP256R1())


def key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a camera's key as it lies in its flash (SEC 1 section C.4, DER), not encrypted."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def sign(authority: Authority, key: ec.EllipticCurvePublicKey, names: Names) -> bytes:
    """Return the certificate (DER) of a camera of these names. Raises Failure."""
    start = datetime.now(timezone.utc).replace(microsecond=0) - _PATIENCE
    # The last second counts (RFC 5280 section 4.1.2.5).
    end = min(start + timedelta(days=DAYS) - _SECOND, authority.certificate.not_valid_after_utc)
    if end <= datetime.now(timezone.utc):
        remedy = (
            "move its folder away; camcors tls setup then makes another, which every browser has to trust"
        )
        raise Failure(f"your authority in {authority.path} has expired", remedy, Status.REFUSED)
    # For lists that show it. Not a host by itself: beside addresses only, OpenSSL takes one for a name that
    # the authority has to permit (x509/v3_ncons.c, NAME_CONSTRAINTS_check_CN).
    common = f"camera {(*names.names, *names.addresses)[0]}"[:_NAME_MAX]
    alternative: list[x509.GeneralName] = [x509.DNSName(each) for each in names.names]
    alternative += [x509.IPAddress(address) for address in map(ipaddress.ip_address, names.addresses)]
    issuer = authority.certificate
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(authorities.usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

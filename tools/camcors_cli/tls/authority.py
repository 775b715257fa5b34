"""The private authority of a person: made once, kept on this computer, and trusted by its browsers.

It lies in the person's folder of settings: a certificate, which is no secret, and its key, which is one.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..ui import input_file
from ..ui.errors import Failure
from .names import NETWORKS, SUFFIXES

_CERTIFICATE = "camcors-authority.crt"  # its name on a phone, too; Debian and Android take .crt
_KEY = "key.pem"
_LIFE = timedelta(days=3652)
_PATIENCE = timedelta(hours=1)  # of clocks that are slow
_FILE_MAX = 65_536
_FROM_BACKUP = (
    "bring its folder back from a backup of this computer; or move the folder away: camcors tls setup then "
    "makes another authority, which every browser has to trust"
)
#: What is said once, of the folder, when the authority is made.
KEEP = "{} holds your authority and its key: back it up, and keep it from others"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Authority(NamedTuple):
    """path: the file of the certificate."""

    path: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def name(self) -> str:
        return name_of(self.certificate.subject)

    def to_json(self, is_new: bool) -> dict[str, Any]:
        """is_new: whether this command has made it."""
        return {"name": self.name, "file": str(self.path), "made": is_new}


def folder() -> Path:
    """Return where this person's authority lies, or will."""
    return Path(click.get_app_dir("camcors")) / "authority"


def certificate_path() -> Path:
    """Return the file of the certificate, whether or not it is there."""
    return folder() / _CERTIFICATE


def certificate() -> x509.Certificate | None:
    """Return the authority's certificate, None if this person has none. Raises Failure."""
    path = certificate_path()
    try:
        return x509.load_pem_x509_certificate(input_file.read(path, _FILE_MAX))
    except FileNotFoundError:
        return None
    except ValueError:
        raise _damaged(path) from None


def load() -> Authority:
    """Return this person's authority. Raises Failure if there is none, or others may read its key."""
    found, path = certificate(), folder() / _KEY
    if found is None:
        raise Failure(f"there is no private authority in {folder()}", "camcors tls setup makes it")
    _check_private(folder())
    try:
        _check_private(path)
        key = serialization.load_pem_private_key(input_file.read(path, _FILE_MAX), None)
    except FileNotFoundError:
        raise Failure(f"{path} is missing", _FROM_BACKUP) from None
    except (ValueError, TypeError):  # TypeError: it has a password
        raise _damaged(path) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != found.public_key():
        raise Failure(f"{path} is not the key of {certificate_path()}", _FROM_BACKUP)
    return Authority(certificate_path(), found, key)


def _damaged(path: Path) -> Failure:
    return Failure(f"{path} is damaged", _FROM_BACKUP)


def _check_private(path: Path) -> None:
    """Raises Failure if others may read `path`, FileNotFoundError."""
    mode = path.stat().st_mode
    if os.name == "posix" and mode & _OTHERS:  # Windows keeps a person's folders from others itself
        kind = "700" if stat.S_ISDIR(mode) else "600"
        raise Failure(f"others may get at {path}", f"chmod {kind} {path}")


def load_or_make() -> tuple[Authority, bool]:
    """Return this person's authority, and whether it was made now. Raises Failure."""
    if folder().exists():
        return load(), False
    try:
        made = _make()
    except OSError as exc:
        raise Failure(
            f"cannot write {exc.filename or folder()}: {exc.strerror}", "make room for it there"
        ) from None
    return load(), made


def _make() -> bool:
    """Make the authority, whole or not at all; return whether it was not there yet. Raises OSError."""
    key, target = ec.generate_private_key(ec.SECP256R1()), folder()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix=".authority-", dir=target.parent))  # of mode 0700
    try:
        _write(made / _KEY, _pem(key))
        _write(made / _CERTIFICATE, _signed(key).public_bytes(serialization.Encoding.PEM))
        # A folder never takes the place of one that has files.
        made.rename(target)
        return True
    except OSError:
        if target.exists():
            return False  # another command was faster
        raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return the authority's certificate, signed by itself."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    # Part of the identifier, so that two authorities never have the same name (RFC 5280 section 4.1.2.4).
    words = f"camcors private authority {identifier.digest.hex()[:8]}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])
    start = datetime.now(timezone.utc) - _PATIENCE
    permitted: list[x509.GeneralName] = [x509.DNSName(each) for each in SUFFIXES]
    permitted += [x509.IPAddress(each) for each in NETWORKS]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def usage(signs_certificates: bool) -> x509.KeyUsage:
    """Return what a key is for: to sign certificates, else what a server signs in a handshake."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def name_of(name: x509.Name) -> str:
    """Return what people call the subject or the issuer of a certificate."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()

"""A certificate authority of the tests' own: what it signs, and the browsers that trust it."""

from __future__ import annotations

import functools
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.kit.camera import Camera

_NICKNAME = "authority of the tests"


@dataclass(frozen=True)
class Leaf:
    """A server's certificate and its key (ECDSA P-256), as PEM files."""

    certificate: Path
    key: Path

    @property
    def certificate_der(self) -> bytes:
        """Return what a camera has as /tls/cert.der."""
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())

    @property
    def key_der(self) -> bytes:
        """Return what a camera has as /tls/key.der: SEC1, not encrypted."""
        key = load_pem_private_key(self.key.read_bytes(), None)
        return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    def context(self) -> ssl.SSLContext:
        """Return what a server in Python needs to use it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Authority:
    """One authority. Its files are in `folder`: `certificate` is its own, as PEM."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._authority = trustme.CA()
        self._signed = 0
        self.certificate = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.certificate))

    def leaf(
        self, *names: str, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> Leaf:
        """Return a new certificate for host names and addresses; without a time, from 2000 until 2038."""
        issued = self._authority.issue_cert(*names, not_before=not_before, not_after=not_after)
        self._signed += 1
        leaf = Leaf(self._folder / f"{self._signed}.crt", self._folder / f"{self._signed}.key")
        issued.cert_chain_pems[0].write_to_path(str(leaf.certificate))
        issued.private_key_pem.write_to_path(str(leaf.key))
        return leaf

    @functools.cached_property
    def trust(self) -> ssl.SSLContext:
        """What a client in Python needs to trust it, and nothing else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    @functools.cached_property
    def home(self) -> Path:
        """A home directory in which Chromium trusts it."""
        home = self._folder / "home"
        self.trust_in(home / ".pki" / "nssdb")
        return home

    def trust_in(self, database: Path) -> None:
        """Have an NSS database trust it, a new one if there is none: Firefox's is its profile."""
        database.mkdir(parents=True, exist_ok=True)
        if not (database / "cert9.db").exists():
            _certutil(database, "-N", "--empty-password")
        _certutil(database, "-A", "-n", _NICKNAME, "-t", "C,,", "-i", str(self.certificate))


def put_pair(camera: Camera, leaf: Leaf) -> None:
    """Write a pair as `camcors tls setup` does: the certificate last."""
    camera.exec("import os\n'tls' in os.listdir('/') or os.mkdir('/tls')")
    camera.put("tls/key.der", leaf.key_der)
    camera.put("tls/cert.der", leaf.certificate_der)


def _certutil(database: Path, *arguments: str) -> None:
    program = shutil.which("certutil")
    if program is None:
        pytest.fail("certutil is missing; install it with: sudo apt install libnss3-tools")
    command = [program, "-d", f"sql:{database}", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)

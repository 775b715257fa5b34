"""Whether this computer trusts a camera at a URL, and if not, why; and what makes it trust the authority."""

from __future__ import annotations

import shlex
import socket
import ssl
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ..browser import requests
from ..browser.fetch import Request
from ..browser.requests import Unreachable, Untrusted
from . import authority as authorities
from . import context, refusal, stores
from .certificate import Found, read, whose

_WAIT_S = 5.0
DOCS = "docs/tls.md tells how, for each system and browser"
_PLAIN = "it speaks plain http there, and no TLS"


@dataclass
class Trust:
    """What was found. reason: why the system does not trust it, "" if it does. found: its certificate, None
    if it has none. is_yours: your authority has signed that. stores: those of browsers with their own."""

    url: str
    reason: str = ""
    remedy: str = ""
    found: Found | None = None
    is_yours: bool = False
    stores: list[stores.Store] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing here refuses the camera."""
        return not self.reason and all(store.trusts is not False for store in self.stores)

    def to_json(self) -> dict[str, Any]:
        kept = [
            {"browser": each.browser, "folder": str(each.folder), "trusts": each.trusts}
            for each in self.stores
        ]
        return {
            "url": self.url,
            "trusted": not self.reason,
            "reason": self.reason or None,
            "remedy": self.remedy or None,
            "certificate": self.found and self.found.to_json(),
            "authority": whose(self.found, self.is_yours),
            "stores": kept,
        }


def check(url: str) -> Trust:
    """Return whether this computer trusts what answers at `url`, an https URL. Raises Unreachable."""
    trust, own = Trust(url), authorities.certificate()
    try:
        refused = _refused(url, context.system())
    except Unreachable:
        if not _speaks_http(url):
            raise
        trust.reason = _PLAIN
        trust.remedy = "camcors tls setup gives the camera a certificate; its port for https is 443"
        return trust
    trust.found = _certificate(url)
    trust.is_yours = trust.found is not None and trust.found.is_by(own)
    if refused:
        trust.reason, trust.remedy = _why(url, refused, trust)
    if trust.is_yours and own is not None:
        trust.stores = stores.find(own.public_bytes(Encoding.DER))
    return trust


def _refused(url: str, trusted: ssl.SSLContext) -> ssl.SSLCertVerificationError | None:
    """Return why its certificate is refused by a context, None if it is not. Raises Unreachable."""
    try:
        requests.send(Request("HEAD", url, []), trusted=trusted)
    except Untrusted as exc:
        return exc.error
    return None


def _why(url: str, refused: ssl.SSLCertVerificationError, trust: Trust) -> tuple[str, str]:
    """Return why a certificate is refused, and what to do; OpenSSL tells the first of several reasons."""
    if trust.is_yours:
        other = _refused(url, context.add_own(context.system()))
        if other is None:
            return "its authority is yours, and this system does not trust that yet", DOCS
        refused = other
    reason, remedy = refusal.words(refused, urlsplit(url).hostname or "")
    if trust.found is None:
        return reason, remedy
    if refused.verify_code in refusal.UNKNOWN:
        return f"{reason}: {trust.found.issuer}", "it is not yours; have its owner say how to trust it"
    if refused.verify_code in refusal.OTHER_NAME:
        return f"{reason}, but for {trust.found.names}", remedy
    return reason, remedy


def _certificate(url: str) -> Found | None:
    """Return the certificate of a server, whoever has signed it; None if it has none that can be read."""
    parts = urlsplit(url)
    try:
        text = ssl.get_server_certificate((parts.hostname or "", parts.port or 443), timeout=_WAIT_S)
        return read(ssl.PEM_cert_to_DER_cert(text))
    except (OSError, ValueError):
        return None


def _speaks_http(url: str) -> bool:
    """Return whether a plain request is answered where TLS was not."""
    parts = urlsplit(url)
    asked = f"HEAD / HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), timeout=_WAIT_S) as line:
            line.sendall(asked.encode("ascii"))
            return line.recv(5) == b"HTTP/"
    except OSError:
        return False


def commands(own: x509.Certificate) -> list[tuple[str, str]]:
    """Return for whom a command of this system makes an authority trusted, and the command."""
    path, name = authorities.certificate_path(), authorities.name_of(own.subject)
    quoted = shlex.quote(str(path))
    if sys.platform == "darwin":
        keychain = "~/Library/Keychains/login.keychain-db"
        return [("Safari, Chrome", f"security add-trusted-cert -r trustRoot -k {keychain} {quoted}")]
    if sys.platform == "win32":
        return [("Edge, Chrome", f'certutil -user -addstore Root "{path}"')]
    store, is_there = stores.chromium()
    place = shlex.quote(f"sql:{store}")
    new = f"mkdir -p {shlex.quote(str(store))} && certutil -N -d {place} --empty-password && "
    add = f"certutil -A -d {place} -t C,, -n {shlex.quote(name)} -i {quoted}"
    debian = "/usr/local/share/ca-certificates/camcors-authority.crt"
    return [
        ("Chromium", add if is_there else new + add),
        ("curl, Python", f"sudo cp {quoted} {debian} && sudo update-ca-certificates"),
    ]

"""How a camera's certificate stands, judged: what it says, whose it is, and what is to be done about it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

from cryptography import x509

from ..device.answers import TlsState
from .certificate import Found, read, whose
from .files import CERTIFICATE
from .names import Names
from .on_camera import Stands

RENEW_DAYS = 30
_SETUP, _RENEW = "camcors tls setup", "camcors tls renew"
_OTHERS = "the authority that signed it makes another; or camcors tls setup makes one of yours"


class Need(NamedTuple):
    """Something that is to be done: what is so, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"


class State(NamedTuple):
    """found: None if there is no certificate, or nobody can read it. is_yours: whether your authority
    has signed it. missing: names and addresses of the camera that it does not cover."""

    found: Found | None
    is_yours: bool
    missing: Names
    needs: list[Need]
    tls: TlsState | None

    def to_json(self) -> dict[str, Any]:
        return {
            "certificate": self.found and self.found.to_json(),
            "authority": whose(self.found, self.is_yours),
            "missing": self.missing._asdict(),
            "needs": [need._asdict() for need in self.needs],
            "tls": self.tls and self.tls._asdict(),
        }


def judge(stands: Stands, authority: x509.Certificate | None) -> State:
    """Return how the certificate of a camera stands for a person who has this authority."""
    found = None if stands.certificate is None else read(stands.certificate)
    is_yours = found is not None and found.is_by(authority)
    missing = Names() if found is None else stands.hosts().names - found.names
    needs = _needs(stands, found, is_yours, missing)
    return State(found, is_yours, missing, needs, stands.report.tls)


def _needs(stands: Stands, found: Found | None, is_yours: bool, missing: Names) -> list[Need]:
    if stands.certificate is None:
        return [Need("the camera has no certificate", f"{_SETUP} makes one")]
    if found is None:
        return [Need(f"{CERTIFICATE} is not a certificate", f"{_SETUP} makes another")]
    if not stands.has_key:
        return [Need("the camera has no key to its certificate", f"{_SETUP} makes both")]
    renew = f"{_RENEW} makes another for the same key" if is_yours else _OTHERS
    if found.is_early:
        return [Need("the certificate is not valid yet", "set the clock of this computer right")]
    if found.not_after < datetime.now(timezone.utc):
        return [Need("the certificate has expired", renew)]
    needs = _needs_of_camera(stands.report.tls)
    if found.days_left < RENEW_DAYS:
        needs.append(Need(f"the certificate ends in {found.days_left} days", renew))
    if missing and is_yours:  # what another's has to cover, its maker knows
        needs.append(Need(f"the certificate does not cover {missing}", renew))
    return needs


def _needs_of_camera(tls: TlsState | None) -> list[Need]:
    """Return what the camera itself finds wrong with a pair that looks right from here."""
    if tls is None or tls.state == "active":
        return []
    said = f": {tls.error}" if tls.error else ""
    what = f"the camera does not serve https, its state is {tls.state}{said}"
    return [Need(what, f"{_SETUP} makes a new pair")]

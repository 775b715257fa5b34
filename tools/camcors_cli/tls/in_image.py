"""A key and a certificate in an image, for a camera that has never started."""

from __future__ import annotations

from typing import Any, NamedTuple

from cors.guard import own_names
from settings import document as settings_document

from ..policy import document as policy_document
from . import authority as authorities
from . import certificate
from .files import CERTIFICATE, KEY
from .names import part

_DESK = "127.0.0.1"  # the address of the camera on your desk


class Made(NamedTuple):
    """files: content by path. said: what `--json` says. notes: what a person should know."""

    files: dict[str, bytes]
    said: dict[str, Any]
    notes: list[str]


def make(board: str, settings: bytes | None, policy: bytes | None) -> Made:
    """Return a new pair for a camera of a board with these files, which were checked. Raises Failure."""
    chosen = settings_document.read(settings or b"{}", None)[0] or settings_document.defaults()
    hosts = list(own_names(chosen["name"])[1:])
    hosts += [_DESK] if board == "HOST" else []
    hosts += policy_document.parse(policy).allowed_hosts or () if policy else ()
    found, left_out = part(hosts)
    authority, is_new = authorities.load_or_make()
    pair = certificate.make_pair(authority, found)
    said = certificate.require(pair.certificate).to_json()
    notes = [f"{host} is not in the certificate: {why}" for host, why in left_out.items()]
    if board != "HOST":
        notes.append("the certificate has no address: camcors tls renew adds it once the camera has one")
    if is_new:
        notes.append(authorities.KEEP.format(authorities.folder()))
    said |= {"authority": authority.to_json(is_new)}
    return Made({KEY: pair.key, CERTIFICATE: pair.certificate}, said, notes)

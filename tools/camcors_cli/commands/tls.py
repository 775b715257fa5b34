"""`camcors tls`: a certificate for a camera, signed by a private authority of yours."""

from __future__ import annotations

from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec

from ..device.board import Board
from ..tls import authority as authorities
from ..tls import certificate, names, on_camera
from ..tls.authority import Authority
from ..tls.names import Names
from ..tls.on_camera import Stands
from ..tls.state import State, judge
from ..ui.errors import Failure, Status
from ..ui.help import Group
from ..ui.options import Function, group_port_option, on_board
from ..ui.output import Output
from .info import https_words
from .tls_trust import trust

_SETUP = "camcors tls setup makes a new key and a certificate"


class _Host(click.ParamType[str]):
    """A name, or an address, that a private authority may sign."""

    def __init__(self, name: str, is_address: bool):
        self.name = name
        self._is_address = is_address

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        address = names.as_address(str(value))
        if self._is_address is (address is None):
            self.fail(
                f"{value!r} is {'not an' if self._is_address else 'an'} address; --{self._other} takes it"
            )
        host = f"[{address}]" if address is not None and address.version == 6 else str(value)
        fault = names.fault_of(host)
        if fault:
            self.fail(f"{value!r}: {fault}", param, ctx)
        return host

    @property
    def _other(self) -> str:
        return "name" if self._is_address else "address"


def _more_names(function: Function) -> Function:
    """Give a command `--name` and `--address`."""
    for kind, parameter in (("address", "addresses"), ("name", "more_names")):
        function = click.option(
            f"--{kind}",
            parameter,
            type=_Host(kind, kind == "address"),
            multiple=True,
            help=f"One more {kind} of the camera; may be given again.",
        )(function)
    return function


@click.group(cls=Group)
@group_port_option
def tls() -> None:
    """Give a camera a certificate for https, and tell how it stands.

    Your private authority signs it, which lies on this computer only. docs/tls.md says how browsers come to
    trust it.
    """


tls.add_command(trust)


@tls.command()
@_more_names
@click.option("--yes", is_flag=True, help="Do not ask before another authority's certificate is replaced.")
@on_board
def setup(
    more_names: tuple[str, ...], addresses: tuple[str, ...], yes: bool, port: str | None, as_json: bool
) -> None:
    """Make a key and a certificate for a camera, and put both on it.

    The certificate names what the camera is called: its name below local, lan and the like, its address, and
    those of its allowed_hosts that a private authority may sign. The key is made here, goes over the cable
    and is kept nowhere else. The first time, your private authority is made too. The camera serves https
    from then on, without a restart.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        stands = on_camera.ask(board)
        hosts = _hosts(out, stands, more_names + addresses)
        before = judge(stands, authorities.certificate())
        _agree(out, before, yes)
        authority, is_new = authorities.load_or_make()
        made = certificate.make_pair(authority, hosts)
        on_camera.put_pair(board, stands, made.key, made.certificate)
        state = _in_force(board, out, made.certificate)
    _tell_made(out, state, authority, is_new, stands.url())
    if is_new:
        out.note(authorities.KEEP.format(authorities.folder()))


@tls.command()
@_more_names
@on_board
def renew(more_names: tuple[str, ...], addresses: tuple[str, ...], port: str | None, as_json: bool) -> None:
    """Make another certificate for the key that a camera has.

    It is valid from now on, and names what the camera is called now and what --name gave the one before. The
    camera takes it without a restart; connections go on.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        authority = authorities.load()
        stands = on_camera.ask(board)
        before = judge(stands, authority.certificate)
        found, key = _renewable(stands, before)
        given = names.part(more_names + addresses).names
        hosts = stands.hosts().names + names.given_before(found.names) + given
        if stands.own is None:
            hosts = found.names + given
        made = certificate.sign(authority, key, hosts)
        on_camera.put_certificate(board, made)
        state = _in_force(board, out, made)
    _tell_made(out, state, authority, False, stands.url())
    gone = found.names - hosts
    if gone:
        out.note(f"not in it any more, since the camera is not called so: {gone}")


def _renewable(stands: Stands, state: State) -> tuple[certificate.Found, ec.EllipticCurvePublicKey]:
    """Return the certificate that the camera has, and its public key. Raises Failure."""
    if state.found is None or not stands.has_key:
        raise Failure(state.needs[0].what, _SETUP, Status.REFUSED)
    key = state.found.certificate.public_key() if state.is_yours else None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        message = f"another authority signed the camera's certificate: {state.found.issuer}"
        raise Failure(message, _SETUP, Status.REFUSED)
    return state.found, key


def _hosts(out: Output, stands: Stands, more: tuple[str, ...]) -> Names:
    """Return what a new certificate names. Raises Failure if that is nothing."""
    found, left_out = stands.hosts()
    for host, why in left_out.items():
        out.note(f"{host} is not in it: {why}")
    hosts = found + names.part(more).names
    if not hosts:
        remedy = "start it with camcors reset; or add --name NAME.local"
        raise Failure("the camera has not started, so its name is not known", remedy)
    return hosts


def _agree(out: Output, before: State, is_agreed: bool) -> None:
    """Ask before another authority's certificate goes. Raises Failure for a no."""
    if before.found is None or before.is_yours or is_agreed:
        return
    words = f"the camera has a certificate of another authority, {before.found.issuer}"
    if not out.can_ask:
        remedy = "add --yes to replace it with one of yours"
        raise Failure(f"{words}; there is no terminal to ask at", remedy, Status.REFUSED)
    out.note(words)
    if not out.ask("Replace it, and its key?"):
        raise Failure("nothing was changed", "camcors tls status tells more", Status.REFUSED)


def _in_force(board: Board, out: Output, made: bytes) -> State:
    """Wait until the camera serves with `made`; return how it stands. Raises Failure."""
    found = certificate.require(made)
    report = on_camera.wait_in_force(board, certificate.written(found.not_after), out)
    return State(found, True, Names(), [], report.tls)


def _tell_made(out: Output, state: State, authority: Authority, is_new: bool, url: str) -> None:
    found = state.found
    assert found is not None
    out.result(
        {
            "certificate": found.to_json(),
            "authority": authority.to_json(is_new),
            "tls": state.tls and state.tls._asdict(),
            "url": url,
        }
    )
    out.say(f"the camera has a certificate until {certificate.day(found.not_after)}, for {found.names}")
    out.say(f"signed by {'the new' if is_new else 'your'} {authority.name}: {authority.path}")
    if state.tls is None:
        out.note("the camera's firmware says nothing of https: flash the one of this version")
    elif state.tls.state == "active":
        out.say(f"next: have your browsers trust the authority (camcors tls trust), and open {url}")


@tls.command()
@on_board
def status(port: str | None, as_json: bool) -> None:
    """Show the certificate of a camera, and what to do about it.

    Exit status 1 if there is something to be done: none there, fewer than 30 days left, a name or an address
    of the camera that it does not cover, or a camera that does not serve https.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        stands = on_camera.ask(board)
    state = judge(stands, authorities.certificate())
    out.result(state.to_json())
    out.table(_rows(state))
    for need in state.needs:
        out.note(str(need))
    if state.needs:
        raise SystemExit(Status.REFUSED)


def _rows(state: State) -> list[tuple[str, str]]:
    found = state.found
    rows = []
    if found:
        rows = [
            ("names", ", ".join(found.names.names) or "none"),
            ("addresses", ", ".join(found.names.addresses) or "none"),
            ("valid until", f"{certificate.day(found.not_after)}, {_left(found.days_left)}"),
            ("signed by", f"{'your authority' if state.is_yours else 'another authority'}, {found.issuer}"),
        ]
    if state.missing:
        rows.append(("not covered", str(state.missing)))
    return [*rows, ("https", https_words(state.tls))]


def _left(days: int) -> str:
    return f"{days} days left" if days >= 0 else "expired"

"""The certificate of a camera and its key, in its flash.

They are written so that a cut leaves no half of a pair. The camera takes what lies there without a restart.
"""

from __future__ import annotations

from typing import NamedTuple

from cors import Policy

from ..device import answers, calls, camera, files
from ..device.answers import Report
from ..device.board import Board
from ..device.calls import Call
from ..device.camera import Own
from ..ui.output import Output
from .files import CERTIFICATE, FOLDER, KEY
from .names import Hosts, part

_HAS_KEY = Call(answers.optional(answers.whole), "size", KEY)
_NO_HOSTS = Hosts(part(()).names, {})


class Stands(NamedTuple):
    """How a camera stands. own: None if it has not started. certificate: DER, None if it has none."""

    report: Report
    own: Own | None
    policy: Policy
    has_key: bool
    certificate: bytes | None

    def hosts(self) -> Hosts:
        """Return what the camera is called, as a certificate of a private authority takes it.

        Its name by itself, without a dot, is passed over: no certificate has that.
        """
        if self.own is None:
            return _NO_HOSTS
        return part([*self.own.hosts[1:], *(self.policy.allowed_hosts or ())])

    def url(self) -> str:
        """Return what a person opens."""
        address = self.report.network.address if self.report.network else None
        is_near = address is not None and address.startswith("127.")  # the camera on your desk has no name
        host = "localhost" if is_near or self.own is None else self.own.hosts[1]
        port = self.report.tls.port if self.report.tls else 443
        return f"https://{host}" + ("" if port == 443 else f":{port}")


def ask(board: Board) -> Stands:
    """Return how the camera stands. Raises Failure."""
    asked = camera.REPORT, camera.OWN, camera.POLICY, _HAS_KEY, calls.begin(CERTIFICATE)
    report, own, policy, key, begun = board.ask_camera(*asked, what="asking for its certificate")
    return Stands(report, own, policy, key is not None, board.read_on(CERTIFICATE, begun))


def put_pair(board: Board, stands: Stands, key: bytes, certificate: bytes) -> None:
    """Write a new key and its certificate. Raises Failure.

    Cut off anywhere, the camera has no certificate, or a pair: never one with the key of another.
    """
    files.make_folders(board, [FOLDER])
    if stands.certificate is not None:
        files.remove(board, CERTIFICATE)
    files.write(board, KEY, key)
    files.write(board, CERTIFICATE, certificate)


def put_certificate(board: Board, certificate: bytes) -> None:
    """Write another certificate for the key that the camera has. Raises Failure."""
    files.write(board, CERTIFICATE, certificate)


def wait_in_force(board: Board, not_after: str, out: Output) -> Report:
    """Return the camera's report once it serves with the certificate that ends then. Raises Failure.

    A firmware without TLS is not waited for.
    """

    def is_there(report: Report) -> bool:
        return report.tls is None or (report.tls.state, report.tls.not_after) == ("active", not_after)

    return camera.wait_in_force(board, CERTIFICATE, "tls", [camera.LOOK], is_there, out)

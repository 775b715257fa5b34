"""`camcors wifi`: the network's name and password, in /camera.json on the board."""

from __future__ import annotations

import sys

import click

from settings.document import read_wifi

from ..device import calls, camera
from ..device.answers import Network
from ..device.board import Board
from ..settings import document
from ..ui.errors import Failure, Status
from ..ui.help import Group
from ..ui.options import group_port_option, on_board
from ..ui.output import Output

_NEW = b"{}"
_ON_CAMERA = document.PATH + " on the camera"
_REMEDY = (
    "nothing was changed; mpremote resume edit :camera.json changes it, "
    "mpremote resume rm :camera.json removes it"
)

#: The states that a camera's network reports, in words; any other is shown as it is.
_STATES = {
    "access-point": "an access point of its own, with a page that sets the network",
    "off": "the radio is off",
    "wired": "wired; this board has no Wi-Fi",
    "down": "wired, and down; this board has no Wi-Fi",
}


@click.group(cls=Group)
@group_port_option
def wifi() -> None:
    """Set the Wi-Fi network of a camera, and show how it stands."""


@wifi.command("set")
@click.argument("ssid")
@click.option("--open", "is_open", is_flag=True, help="The network has no password.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@on_board
def set_network(ssid: str, is_open: bool, password_stdin: bool, port: str | None, as_json: bool) -> None:
    """Store SSID and its password, which is asked for and never shown.

    It counts from the next start: `camcors reset`.
    """
    check_ssid(ssid)
    password = "" if is_open else ask_password(ssid, password_stdin)
    out = Output(as_json)
    with Board(port, out) as board:
        # What its driver takes, the camera knows, and checks before it writes the file.
        before = camera.file(board, document.PATH)
        text = document.with_network(
            _or_new(before), _ON_CAMERA, None, {"ssid": ssid, "password": password}, _REMEDY
        )
        camera.store(board, text, document.PATH, "the settings", before)
    out.result({"ssid": ssid, "password_set": bool(password)})
    out.say(f"saved; the camera joins {ssid} when it starts: camcors reset")


@wifi.command()
@on_board
def status(port: str | None, as_json: bool) -> None:
    """Show which network is set, and whether the camera is in it."""
    out = Output(as_json)
    with Board(port, out) as board:
        file = calls.begin(document.PATH)
        report, begun = board.ask_camera(camera.REPORT, file, what="asking for its status")
        chosen = document.network(_or_new(board.read_on(document.PATH, begun)), _ON_CAMERA)
    ssid, password_set = (chosen["ssid"], bool(chosen["password"])) if chosen else (None, False)
    out.result({"ssid": ssid, "password_set": password_set, "network": report.said["network"]})
    out.table(_rows(ssid, password_set) + _network_rows(report.network))


def _rows(ssid: str | None, password_set: bool) -> list[tuple[str, str]]:
    rows = [("network", ssid or "none; camcors wifi set SSID chooses one")]
    if ssid:
        rows.append(("password", "set" if password_set else "none, an open network"))
    return rows


def _network_rows(network: Network | None) -> list[tuple[str, str]]:
    """`network` of /api/status as rows; None is that of a camera that has not started."""
    if network is None:
        return [("state", camera.NOT_STARTED)]
    signal = "" if network.rssi is None else f"{network.rssi} dBm"
    rows = [
        ("state", _STATES.get(network.state, network.state)),
        ("name", f"{network.name}.local"),
        ("address", network.address),
        ("signal", signal),
        ("error", network.error),
    ]
    return [(head, text) for head, text in rows if text]


def check_ssid(ssid: str) -> None:
    """Raise click.BadParameter unless a network may have this name."""
    _, found = read_wifi({"ssid": ssid})
    if found:
        raise click.BadParameter(f"{found[0].reason}; {found[0].remedy}", param_hint="SSID")


def ask_password(ssid: str, from_stdin: bool) -> str:
    """Return the password of the network `ssid`, from standard input or asked for without an echo.

    Raises Failure if it is none, click.UsageError if there is nobody to ask.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = str(Output.ask_secret(f"Password of {ssid}"))
    else:
        raise click.UsageError("there is no terminal to ask for the password; use --password-stdin or --open")
    # An empty one would open the network by a slip: --open says that it is meant.
    _, found = read_wifi({"ssid": ssid, "password": password or None})
    if found:
        raise Failure(f"that is {found[0].reason}", f"{found[0].remedy} (--open)", Status.REFUSED)
    return password


def _or_new(text: bytes | None) -> bytes:
    """Return the text of /camera.json, that of an empty object if there is none."""
    return _NEW if text is None else text

"""`camcors wifi`: the network's name and password, in /camera.json on the board."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

import click

from ..device import answers, camera
from ..device.answers import Network
from ..device.board import Board
from ..ui.errors import Failure, Status
from ..ui.options import on_board
from ..ui.output import Output

_PATH = "/camera.json"

#: The states that a camera's network reports, in words; any other is shown as it is.
_STATES = {
    "access-point": "an access point of its own, with a page that sets the network",
    "off": "the radio is off",
    "wired": "wired; this board has no Wi-Fi",
    "down": "wired, and down; this board has no Wi-Fi",
}


@click.group()
def wifi() -> None:
    """Set the Wi-Fi network that a camera joins, and show how it stands."""


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
        board.require_firmware()
        settings = _settings(board)
        settings["wifi"] = {"ssid": ssid, "password": password}
        _save(board, settings)
    out.result({"ssid": ssid, "password_set": bool(password)})
    out.say(f"saved; the camera joins {ssid} when it starts: camcors reset")


@wifi.command()
@on_board
def status(port: str | None, as_json: bool) -> None:
    """Show which network is set, and whether the camera is in it."""
    out = Output(as_json)
    with Board(port, out) as board:
        report = camera.report(board)
        chosen = _chosen(_settings(board))
    out.result({**chosen._asdict(), "network": report.said["network"]})
    out.table(_rows(chosen) + _network_rows(report.network))


class _Chosen(NamedTuple):
    """The network in /camera.json. ssid: None if there is none."""

    ssid: str | None
    password_set: bool


def _chosen(settings: dict[str, Any]) -> _Chosen:
    """Return a faulty one is none: the camera says what is wrong with it when it starts."""
    given = settings.get("wifi")
    ssid = given.get("ssid") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(ssid, str):
        return _Chosen(None, False)
    return _Chosen(ssid, bool(given.get("password")))


def _rows(chosen: _Chosen) -> list[tuple[str, str]]:
    rows = [("network", chosen.ssid or "none; camcors wifi set SSID chooses one")]
    if chosen.ssid:
        rows.append(("password", "set" if chosen.password_set else "none, an open network"))
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
    """IEEE 802.11-2020 section 9.4.2.2: 0 to 32 octets; none would be no network to name."""
    try:
        size = len(ssid.encode())
    except UnicodeEncodeError:  # bytes of the command line that are not UTF-8: the file could not hold them
        size = 0
    if not 1 <= size <= 32:
        raise click.BadParameter("a network's name has 1 to 32 bytes", param_hint="SSID")


def ask_password(ssid: str, from_stdin: bool) -> str:
    """Return the password of the network `ssid`, from standard input or asked for without an echo.

    Raises Failure if it is none, click.UsageError if there is nobody to ask.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = Output.ask_secret(f"Password of {ssid}")
    else:
        raise click.UsageError("there is no terminal to ask for the password; use --password-stdin or --open")
    # IEEE 802.11-2020 annex J.4: a passphrase has 8 to 63 printable ASCII characters, a key 64 hex digits.
    is_passphrase = 8 <= len(password) <= 63 and all(" " <= char <= "~" for char in password)
    is_key = len(password) == 64 and not password.strip("0123456789abcdefABCDEF")
    if not is_passphrase and not is_key:
        raise Failure(
            "that is not a Wi-Fi password",
            "it has 8 to 63 printable ASCII characters, or 64 hex digits; --open is for a network without",
            Status.REFUSED,
        )
    return str(password)


def _settings(board: Board) -> dict[str, Any]:
    """Return the object in /camera.json, {} if there is no file. Raises Failure if it is not an object."""
    text = board.read_file(_PATH)
    if text is None:
        return {}
    try:
        settings = answers.loads(text)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        remedy = f"fix it with mpremote edit :{_PATH[1:]}, or remove it with mpremote rm :{_PATH[1:]}"
        raise Failure(f"{_PATH} on the camera is not a JSON object; nothing was changed", remedy)
    return settings


def _save(board: Board, settings: dict[str, Any]) -> None:
    text = (json.dumps(settings, indent=2) + "\n").encode()
    camera.store(board, text, _PATH, "it")

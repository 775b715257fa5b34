"""`camcors image`: firmware, policy and settings in one file to flash."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from camcors_build.drivers import Fields

from access.document import Access
from access.roles import Token

from ..access import document as access_document
from ..access.arguments import NAME_AND_ROLE
from ..image import boards
from ..policy import document
from ..policy.in_force import tell_open
from ..settings import document as settings_document
from ..ui import input_file, output_file
from ..ui.errors import Failure, Status
from ..ui.options import json_option
from ..ui.output import Output
from .wifi import ask_password, check_ssid

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_LOCKED = "camcors token add NAME --role view makes a token once it runs, --token NAME:ROLE one in the image"


@click.command()
@click.argument("board", type=boards.BOARD)
@click.option("--policy", type=_FILE, help="The file that becomes /policy.json.")
@click.option("--settings", type=_FILE, help="The file that becomes /camera.json.")
@click.option(
    "--token",
    "tokens",
    type=NAME_AND_ROLE,
    metavar="NAME:ROLE",
    multiple=True,
    help="Make a token, and print it once; may be given again.",
)
@click.option(
    "--tls", "has_tls", is_flag=True, help="Make a key and a certificate for https, as camcors tls setup."
)
@click.option("--wifi", metavar="SSID", help="The network to join; its password is asked for, never shown.")
@click.option("--open", "is_open", is_flag=True, help="The network has no password.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--firmware", type=_NEW, help="What the build made.  [default: build/BOARD/firmware.bin]")
@click.option("--output", type=_NEW, help="[default: camcors-BOARD.bin]")
@click.option("--force", is_flag=True, help="Overwrite the output.")
@json_option
def image(
    board: str,
    policy: Path | None,
    settings: Path | None,
    tokens: tuple[tuple[str, str], ...],
    has_tls: bool,
    wifi: str | None,
    is_open: bool,
    password_stdin: bool,
    firmware: Path | None,
    output: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Put firmware, policy and settings into one file to flash.

    The firmware is that of BOARD; `camcors flash` takes the file. The policy and the settings are
    validated, and all faults said at once, each with its line. What the policy opens to everybody is
    said, not asked about. The firmware is checked: made for the chip, whole, with the board's partition
    table. Without files the camera makes its own filesystem when it first starts. BOARD HOST makes the
    flash of the camera on your desk: build/HOST/camcors-host --flash FILE.

    The camera is locked. With --token kitchen:view the image has the hash of a new token, and the token
    is printed once: then standard output has the tokens only, one a line.

    With --tls it serves https from its first start, by the name in the settings: your private authority signs
    that (docs/tls.md).
    """
    if (is_open or password_stdin) and wifi is None:
        raise click.UsageError("--open and --password-stdin belong to --wifi SSID")
    out = Output(as_json)
    target = output or Path(f"camcors-{board}.bin")
    output_file.check(target, force)
    data = boards.read(board)
    files = {}
    if policy:
        files[document.PATH] = input_file.read(policy, input_file.TEXT_MAX)
        tell_open(out, document.read(files[document.PATH], str(policy)))
    chosen = _settings(data.camera, settings, wifi, is_open, password_stdin)
    if chosen is not None:
        files[settings_document.PATH] = chosen
    access, shown = _access(tokens)
    if shown:
        files[access_document.PATH] = access_document.write(access, None)
    certificate = _put_pair(out, board, files) if has_tls else None
    made = _make(data, firmware, files)
    is_secret = bool(shown) or has_tls or settings_document.holds_password(chosen)
    output_file.write(target, made.data, force, is_secret)
    _tell(out, board, target, made, files, list(zip(access.tokens, shown, strict=True)), certificate)


def _put_pair(out: Output, board: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Add a key and its certificate to `files`, for what these say of the camera; return what the certificate
    says. Raises Failure."""
    # It takes a tenth of a second to import.
    from ..tls import in_image

    made = in_image.make(board, files.get(settings_document.PATH), files.get(document.PATH))
    files.update(made.files)
    for line in made.notes:
        out.note(line)
    return made.said


class _Image(NamedTuple):
    """data: bytes from the address `offset` of the flash on. app, slot: bytes that the application takes
    and may take; None of a board without."""

    data: bytes
    offset: int
    app: int | None
    slot: int | None


def _make(board: boards.BoardData, path: Path | None, files: dict[str, bytes]) -> _Image:
    """Return the image of a board. Raises Failure."""
    # Their parsers take a quarter of a second to import, for which no other command should wait.
    from ..image import filesystem, firmware

    vfs = filesystem.find(board.table)
    content = filesystem.make(vfs.size, files) if files else b"\xff" * vfs.size
    if board.chip:
        path = path or firmware.default_path(board.name)
        built = firmware.read_file(path, board)
        if built.at(vfs.offset, vfs.end).strip(b"\xff"):
            raise Failure(
                f"{path} has something in the partition {vfs.name} already",
                "take the firmware.bin of the build, not an image made of it",
                Status.REFUSED,
            )
        start, offset = built.data[: vfs.offset - built.offset], built.offset
        whole = start.ljust(vfs.offset - offset, b"\xff") + content
        return _Image(whole, offset, built.app_size, built.app.size)
    if path:
        raise click.UsageError(f"{board.name} has no chip, so there is no --firmware for it")
    return _Image(board.flash(vfs.offset, content), 0, None, None)


def _access(tokens: Sequence[tuple[str, str]]) -> tuple[Access, list[str]]:
    """Return the Access that knows new tokens of these names and roles, and the tokens. Raises Failure."""
    access, shown = Access(), []
    for name, role in tokens:
        access, made = access_document.add(access, name, role, "give each token a name of its own")
        shown.append(made)
    return access, shown


def _settings(
    camera: Fields | None, path: Path | None, ssid: str | None, is_open: bool, from_stdin: bool
) -> bytes | None:
    """Return what becomes /camera.json, or None. Raises Failure, click.UsageError."""
    text = input_file.read(path, input_file.TEXT_MAX) if path else None
    if ssid is None:
        if text is not None:
            settings_document.check(text, str(path), camera)
        return text
    check_ssid(ssid)
    text, name = (text, str(path)) if text is not None else (b"{}", settings_document.PATH)
    # Before the password is asked for: who has to edit the file types it once.
    settings_document.check(text, name, camera, gets_network=True)
    network = {"ssid": ssid, "password": "" if is_open else ask_password(ssid, from_stdin)}
    return settings_document.with_network(text, name, camera, network)


def _tell(
    out: Output,
    board: str,
    path: Path,
    made: _Image,
    files: dict[str, bytes],
    tokens: list[tuple[Token, str]],
    certificate: dict[str, Any] | None,
) -> None:
    is_secret = settings_document.holds_password(files.get(settings_document.PATH))
    result: dict[str, Any] = {
        "board": board,
        "file": str(path),
        "offset": made.offset,
        "bytes": len(made.data),
    }
    result |= {"app": {"bytes": made.app, "slot": made.slot} if made.app else None}
    result |= {"files": {name: len(content) for name, content in files.items()}, "holds_password": is_secret}
    result |= {"tls": certificate}
    out.result(
        {**result, "tokens": [{**access_document.said(token), "token": text} for token, text in tokens]}
    )
    for token, text in tokens:
        out.say(text)
        out.note(access_document.whose(token))
    say = out.note if tokens else out.say  # the answer is the tokens, and nothing else stands among them
    say(f"{path}: {len(made.data)} bytes from {made.offset:#x} of the flash of {board}")
    rows = [("application", f"{made.app} of {made.slot} bytes")] if made.app else []
    rows += [(name, f"{len(content)} bytes") for name, content in files.items()]
    if tokens:
        out.note(
            "a token is shown this once, and the image has its hash only: keep it where nobody else reads it"
        )
    else:
        out.table(rows)
        out.say(f"the camera will be locked: {_LOCKED}")
    if not files:
        say("no files in it: the camera makes its filesystem when it first starts")
    elif document.PATH not in files:
        out.note("no policy in it: no other origin may read the camera until camcors policy push")
    if is_secret:
        out.note(f"{path} holds the Wi-Fi password; only you may read it, keep it so")
    if certificate:
        out.note(f"{path} holds the camera's key for https; only you may read it, keep it so")
    starts = f"camcors flash {board} {path}" if made.app else f"build/HOST/camcors-host --flash {path}"
    say(f"next: {starts}")

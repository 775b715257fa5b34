"""`camcors install`: the camera's modules on a board with a MicroPython of its own, and off again."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import click

from ..device import answers, files, modules
from ..device.board import Board
from ..device.files import digest
from ..device.modules import BOOT, BOOT_TEXT, Facts
from ..ui.errors import Failure, Status
from ..ui.options import on_board
from ..ui.output import Output

_LIST = "/camcors-installed.json"  # what is ours; written first and removed last, so a cut loses nothing
_SAVED_BOOT = BOOT + ".before-camcors"


class _Listed(NamedTuple):
    """hashes: SHA-256 by path of each file that is ours. folders: those that were made for them."""

    hashes: dict[str, str]
    folders: list[str]

    def to_json(self) -> bytes:
        return json.dumps(self._asdict()).encode()


@click.command()
@click.option("--modules", "folder", type=click.Path(path_type=Path), default="build/mpy", show_default=True)
@click.option(
    "--without-camera", is_flag=True, help="You bring the module camera_driver; no camera is needed."
)
@click.option(
    "--force", is_flag=True, help="Replace a /boot.py of yours; it is saved, and --remove puts it back."
)
@click.option("--remove", is_flag=True, help="Take off what was installed.")
@on_board
def install(
    folder: Path, without_camera: bool, force: bool, remove: bool, port: str | None, as_json: bool
) -> None:
    """Put the camera's modules on a board with MicroPython.

    The board needs MicroPython 1.25 or later with a camera module. The modules go to /lib, and a
    /boot.py starts the camera. This is for boards for which there is no firmware of camcors, or no
    toolchain. Your files are kept; --remove leaves the board as it was.
    """
    out = Output(as_json)
    with Board(port, out) as board:
        if remove:
            _remove(board, out)
        else:
            _install(board, out, folder, without_camera, force)


def _install(board: Board, out: Output, folder: Path, without_camera: bool, force: bool) -> None:
    facts = board.ask(_facts, "installable", what="asking what it is")
    modules.check(facts, without_camera)
    wanted = modules.collect(folder, facts, without_camera)
    replaces_boot = _check_boot(board, out, force)
    before, old = files.tree(board), _listed(board)
    _check_foreign(before, old, wanted)
    changed = {name: data for name, data in wanted.items() if not files.has(board, before, name, data)}
    _check_room(board, before, changed)
    folders = [
        each for each in files.parents(list(wanted)) if each not in before.folders or each in old.folders
    ]
    hashes = {name: digest(data) for name, data in {**wanted, BOOT: BOOT_TEXT}.items()}
    files.write(board, _LIST, _Listed({**old.hashes, **hashes}, folders).to_json())
    files.make_folders(board, folders)
    with out.progress("installing modules", len(changed)) as progress:
        for count, (name, data) in enumerate(changed.items()):
            progress(count)
            files.write(board, name, data)
    for name in set(old.hashes) & set(before.files) - set(hashes):  # of an older version
        files.remove(board, name)
    files.write(board, _LIST, _Listed(hashes, folders).to_json())
    if replaces_boot:
        files.rename(board, BOOT, _SAVED_BOOT)
    files.write(board, BOOT, BOOT_TEXT)
    size = sum(map(len, wanted.values()))
    saved = _SAVED_BOOT if replaces_boot else None
    out.result(
        {
            "machine": facts.machine,
            "files": list(wanted),
            "bytes": size,
            "written": list(changed),
            "boot_saved_as": saved,
        }
    )
    out.say(f"{len(wanted)} files, {size} bytes, are on the {facts.machine}; {len(changed)} were written")
    out.say("camcors reset starts the camera; camcors policy allow ORIGIN lets a page in")


def _check_boot(board: Board, out: Output, force: bool) -> bool:
    """Return whether a /boot.py is there that must be put aside. Raises Failure if that needs --force."""
    current = board.read_file(BOOT)
    if current is None or current == BOOT_TEXT:
        return False
    does_nothing = all(not line.strip() or line.lstrip().startswith(b"#") for line in current.splitlines())
    if not force and not does_nothing:
        raise Failure(
            f"the board has a {BOOT} of yours, and the camera needs one to start",
            f"--force puts it aside as {_SAVED_BOOT}; --remove brings it back",
            Status.REFUSED,
        )
    if board.read_file(_SAVED_BOOT) is not None:
        raise Failure(
            f"the board has a {BOOT} of yours and a {_SAVED_BOOT} too",
            f"remove one of the two: mpremote resume rm :{BOOT[1:]}",
            Status.REFUSED,
        )
    out.note(f"your {BOOT} {'with only comments ' if does_nothing else ''}is kept as {_SAVED_BOOT}")
    return True


def _listed(board: Board) -> _Listed:
    """Return what an earlier installation has put there."""
    text = board.read_file(_LIST)
    if text is None:
        return _Listed({}, [])
    try:
        found = answers.loads(text)
        hashes = answers.member(found, "hashes", _hashes)
        return _Listed(hashes, list(answers.member(found, "folders", answers.listed(_path))))
    except ValueError:
        raise Failure(
            f"{_LIST} on the board is damaged", f"mpremote resume rm :{_LIST[1:]}, and install again"
        ) from None


def _facts(value: Any) -> Facts:
    """Return what the board says of itself, checked."""
    return Facts(
        answers.member(value, "machine", answers.text),
        answers.member(value, "version", answers.listed(answers.whole)),
        answers.member(value, "mpy", answers.whole),
        *(answers.member(value, name, answers.flag) for name in ("is_wide", "has_camera", "has_firmware")),
    )


def _path(value: Any) -> str:
    path = answers.text(value)
    answers.check_path(path)
    return path


def _hashes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise answers.Odd("not an object")
    return {_path(name): answers.digest(each) for name, each in value.items()}


def _check_foreign(before: files.Tree, old: _Listed, wanted: dict[str, bytes]) -> None:
    """Raises Failure if a file of the person's would be overwritten."""
    foreign = sorted(name for name in wanted if name in before.files and name not in old.hashes)
    if foreign:
        raise Failure(
            f"the board has {len(foreign)} files of yours in the way: {', '.join(foreign[:3])}",
            f"rename or remove them, as with mpremote resume rm {_remote(foreign[0])}",
            Status.REFUSED,
        )


def _check_room(board: Board, before: files.Tree, changed: dict[str, bytes]) -> None:
    room = files.room(board)
    new = set(files.parents(list(changed))) - set(before.folders)
    # Besides: two blocks a new folder, the list, boot.py, and one file that is written before it is replaced.
    blocks = 2 * len(new) + 4
    needed = room.block * (blocks + sum(-(-len(data) // room.block) for data in changed.values()))
    if needed > room.free:
        message = f"the modules take {needed} bytes, and the board has {room.free} free; nothing was changed"
        raise Failure(message, "remove files from the board", Status.REFUSED)


def _remove(board: Board, out: Output) -> None:
    listed = _listed(board)
    if not listed.hashes:
        raise Failure(
            "nothing on this board was installed by camcors", "there is nothing to remove", Status.REFUSED
        )
    removed, kept = [], []
    for name in sorted(listed.hashes, key=lambda each: each != BOOT):  # boot.py first: it needs the others
        found = files.hash_of(board, name)
        if found == listed.hashes[name]:
            files.remove(board, name)
            removed.append(name)
        elif found is not None:
            kept.append(name)
            out.note(
                f"{name} is not as it was installed, so it stays; "
                f"mpremote resume rm {_remote(name)} removes it"
            )
    for name in files.tree(board).files:
        if name.removesuffix(files.TEMPORARY) in listed.hashes and name.endswith(files.TEMPORARY):
            files.remove(board, name)  # left by a cut
    restored = _put_back_boot(board, out)
    _remove_folders(board, listed.folders)
    files.remove(board, _LIST)
    out.result({"removed": removed, "kept": kept, "boot_restored": restored})
    back = f"; your {BOOT} is back" if restored else ""
    out.say(f"{len(removed)} files removed{back}; camcors reset ends the camera")


def _remote(path: str) -> str:
    """Return a path on the board as mpremote and a shell take it."""
    return shlex.quote(":" + path[1:])


def _put_back_boot(board: Board, out: Output) -> bool:
    if board.read_file(_SAVED_BOOT) is None:
        return False
    if board.read_file(BOOT) is not None:
        out.note(f"{_SAVED_BOOT} stays, since there is another {BOOT}")
        return False
    files.rename(board, _SAVED_BOOT, BOOT)
    return True


def _remove_folders(board: Board, folders: list[str]) -> None:
    """Remove those that are empty now."""
    for folder in sorted(folders, reverse=True):
        left = files.tree(board)
        if folder in left.folders and not any(
            each.startswith(folder + "/") for each in [*left.files, *left.folders]
        ):
            files.remove(board, folder)

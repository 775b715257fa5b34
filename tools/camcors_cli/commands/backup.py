"""`camcors backup` and `camcors restore`: all files of a board, to a zip and back."""

from __future__ import annotations

import re
import shlex
from datetime import datetime, timezone
from pathlib import Path

import click

from access.document import Access

from ..access import document as access_document
from ..access.widening import widenings as access_widenings
from ..device import answers, files
from ..device.board import Board
from ..device.calls import Call
from ..image import archive, boards
from ..image.archive import Archive
from ..policy import document
from ..policy.in_force import ask
from ..policy.widening import widenings as policy_widenings
from ..settings import document as settings_document
from ..tls import files as tls_files
from ..ui import output_file
from ..ui.errors import Failure, Status
from ..ui.options import on_board, yes_option
from ..ui.output import Output

_MAKES_OTHERS = "camcors tls setup makes others"
_NAME_MAX = 40  # characters of a board's name in that of a file


@click.command()
@click.argument("target", type=click.Path(path_type=Path), metavar="[FILE|FOLDER]", required=False)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--with-secrets", is_flag=True, help="Save the certificate of the camera and its key, too.")
@on_board
def backup(target: Path | None, force: bool, with_secrets: bool, port: str | None, as_json: bool) -> None:
    """Save all files of a board in a zip.

    The zip is FILE, or is named by board and time in FOLDER. Works on any board with MicroPython. Other
    filesystems than the flash's, as an SD card's, are left out. The zip is readable only by you, since
    it may hold the Wi-Fi password.

    The key for https stays on the camera, with its certificate: who has it can pass for the camera, and
    camcors tls setup makes another. With --with-secrets both are in the zip.
    """
    out = Output(as_json)
    if target and not target.is_dir():
        output_file.check(target, force)
    with Board(port, out) as board:
        saved = _read_all(board, out, with_secrets)
    path = target or Path()
    if path.is_dir():
        path /= _file_name(saved.facts["board"], saved.facts["date"])
    data = archive.pack(saved)
    output_file.write(path, data, force, is_secret=True)
    is_secret = settings_document.holds_password(saved.files.get(settings_document.PATH))
    size = sum(map(len, saved.files.values()))
    sizes = {name: len(content) for name, content in saved.files.items()}
    said = {"file": str(path), **saved.facts, "files": sizes, "left_out": list(saved.left_out)}
    out.result({**said, "holds_password": is_secret})
    out.say(f"{path}: {len(saved.files)} files, {size} bytes, of {saved.facts['board']}")
    if is_secret:
        out.note(f"{path} holds the Wi-Fi password; only you may read it, keep it so")
    if tls_files.KEY in saved.files:
        out.note(f"{path} holds the camera's key for https; only you may read it, keep it so")
    if saved.left_out:
        out.note(f"left out: {', '.join(saved.left_out)}; --with-secrets saves them, {_MAKES_OTHERS}")


def _file_name(board: str, date: str) -> str:
    """One that every filesystem takes; a board may say anything of its name."""
    name = re.sub("[^A-Za-z0-9_-]+", "-", board)[:_NAME_MAX].strip("-")
    return f"camcors-{name or 'board'}-{date.replace(':', '')}.zip"


def _read_all(board: Board, out: Output, with_secrets: bool) -> Archive:
    about, entries = board.ask_all(Call(answers.about, "about"), files.ENTRIES, what="asking what it has")
    facts = about._asdict()
    facts["date"] = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    tree = files.tree_of(entries)
    sizes = dict(sorted(tree.files.items()))
    left_out = [] if with_secrets else [name for name in sizes if tls_files.is_of_pair(name)]
    for name in left_out:
        del sizes[name]
    content = {}
    with out.progress("saving files", len(sizes)) as progress:
        for name, data in files.read(board, sizes):
            content[name] = data
            progress(len(content))
    return Archive(facts, content, sorted(tree.folders), left_out)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--delete", is_flag=True, help="Remove the board's files that are not in FILE.")
@yes_option
@on_board
def restore(file: Path, delete: bool, yes: bool, port: str | None, as_json: bool) -> None:
    """Bring the files of a backup back to a board.

    Files that are the same are left alone, and those that the backup has left out. Each file is written
    whole or not at all. A policy, tokens and settings in FILE are validated first, and what lets in more
    than the board's is asked about: a policy, tokens that come back, an open camera.
    Works on any board with MicroPython.
    """
    out = Output(as_json)
    saved = archive.unpack(file)
    _check_content(file, saved)
    with Board(port, out) as board:
        before = files.tree(board)
        _check_kinds(before, saved)
        changed = _changed(board, before, saved)
        _check_room(board, before, {name: saved.files[name] for name in changed})
        wider = _widenings(board, saved, changed)
        ask(out, "the backup", wider, yes)
        files.make_folders(board, sorted({*saved.folders, *files.parents(list(saved.files))}))
        with out.progress("restoring files", len(changed)) as progress:
            for count, name in enumerate(changed):
                progress(count)
                _write(board, before, name, saved.files[name])
        removed = _delete(board, before, saved) if delete else []
    same = [name for name in saved.files if name not in changed]
    out.result({"file": str(file), "written": changed, "unchanged": same, "removed": removed, "wider": wider})
    counts = f"{len(changed)} files written, {len(same)} were the same"
    out.say(
        counts
        + (f", {len(removed)} removed" if delete else "")
        + "; camcors reset starts the board with them"
    )
    gone = [name for name in saved.left_out if name not in before.files]
    if gone:
        out.note(f"neither in the backup nor on the board: {', '.join(gone)}; {_MAKES_OTHERS}")


def _write(board: Board, before: files.Tree, name: str, data: bytes) -> None:
    """Write a file. A certificate goes before its key is replaced: a cut leaves none beside another's key."""
    if name == tls_files.KEY and tls_files.CERTIFICATE in before.files:
        files.remove(board, tls_files.CERTIFICATE)
    files.write(board, name, data)


def _changed(board: Board, before: files.Tree, saved: Archive) -> list[str]:
    """Return the files that are not the same on the board, in the order in which they are written."""
    changed = {name for name, data in saved.files.items() if not files.has(board, before, name, data)}
    if tls_files.KEY in changed and tls_files.CERTIFICATE in saved.files:
        changed.add(tls_files.CERTIFICATE)
    return tls_files.in_order(name for name in saved.files if name in changed)


def _check_content(path: Path, saved: Archive) -> None:
    """Raises Failure with all faults of the policy, of a camera's tokens, or of its settings."""
    text = saved.files.get(document.PATH)
    if text is not None:
        document.read(text, f"{path}:{document.PATH}")
    if not saved.facts.get("firmware"):  # files of these names are another program's
        return
    access_document.read(saved.files.get(access_document.PATH), f"{path}:{access_document.PATH}", "")
    settings = saved.files.get(settings_document.PATH)
    if settings is not None:
        name = saved.facts.get("board")
        camera = boards.read(name).camera if name in boards.names() else None
        settings_document.check(settings, f"{path}:{settings_document.PATH}", camera)


def _widenings(board: Board, saved: Archive, changed: list[str]) -> list[str]:
    """Return whom the files that are `changed` let in and the board's do not, a line each."""
    found: list[str] = []
    if document.PATH in changed:
        old = document.stands(board.read_file(document.PATH))
        found += policy_widenings(old, document.parse(saved.files[document.PATH]), document.is_public_suffix)[
            0
        ]
    # Whatever the backup says it is of: the board may be a camera.
    texts = [saved.files[name] for name in (access_document.PATH, access_document.GOOD) if name in changed]
    stands = access_document.stands(board.read_file(access_document.PATH)) if texts else Access()
    for text in texts:  # the copy counts where the file is damaged
        found += access_widenings(stands, access_document.stands(text))
    return list(dict.fromkeys(found))


def _check_kinds(before: files.Tree, saved: Archive) -> None:
    """Raises Failure if a file would take the place of a folder or a folder that of a file."""
    folders = {*saved.folders, *files.parents(list(saved.files))}
    for name in [*(folders & before.files.keys()), *(saved.files.keys() & set(before.folders))]:
        kind = "a folder" if name in folders else "a file"
        message = f"{name} is {kind} in the backup, and not on the board; nothing was changed"
        raise Failure(
            message, f"remove it there first: mpremote resume rm -r {shlex.quote(':' + name)}", Status.REFUSED
        )


def _check_room(board: Board, before: files.Tree, changed: dict[str, bytes]) -> None:
    """Raises Failure if the files do not fit, whatever becomes of those that they replace."""
    block, free = files.room(board)
    needed = sum(_blocks(len(data), block) for data in changed.values())
    freed = sum(_blocks(before.files.get(name, 0), block) for name in changed)
    if needed > free + freed:
        message = (
            f"the files take {needed} bytes, and the board has {free + freed} for them; nothing was changed"
        )
        raise Failure(message, "remove files from the board, or from the backup", Status.REFUSED)


def _blocks(size: int, block: int) -> int:
    return -(-size // block) * block


def _delete(board: Board, before: files.Tree, saved: Archive) -> list[str]:
    """Remove what is not in the backup -> the paths; folders after what is in them."""
    kept = {*saved.files, *saved.left_out}
    folders = {*saved.folders, *files.parents(list(kept))}
    now = files.tree(board).files  # without the temporary ones that a cut had left and that got their names
    gone = [name for name in before.files if name in now and name not in kept]
    gone += sorted(set(before.folders) - folders, reverse=True)
    for name in gone:
        files.remove(board, name)
    return gone

"""A person's editor over the text of a policy, until it is valid or given up; nothing is lost."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import click

from cors import PolicyError

from ..ui import faults
from ..ui.errors import Failure, Status
from ..ui.output import Output, escape
from . import document

_MARK = "// camcors: "  # JSON has no comments: a line that begins so is taken out again
_ADVICE = (
    "this policy is not valid; what is wrong stands above each line in question.",
    "Fix it, save and leave the editor. Lines like this one go by themselves.",
    "To give up, leave without a change: your text is kept.",
)


class Draft:
    """A policy's text while it is edited; owned by one `camcors policy edit`, a context manager.

    It lies in a file, which is removed when all went well; otherwise it stays, and the Failure says where.
    """

    def __init__(self, text: bytes, output: Output):
        self._base = text
        self._output = output
        handle, name = tempfile.mkstemp(prefix="policy-", suffix=".json")
        os.close(handle)
        self.path = Path(name)
        self.path.write_bytes(text)

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        written = without_comments(self.path.read_bytes()) if self.path.exists() else self._base
        if kind is None or written == self._base:
            self.path.unlink(missing_ok=True)
            return
        self.path.write_bytes(written)
        kept = f"your text is kept: camcors policy push {self.path} puts it in force"
        if _faults(written):
            kept = f"your text is kept in {self.path}: fix it there, then camcors policy push {self.path}"
        if isinstance(exc, Failure):
            exc.remedy = f"{exc.remedy}; {kept}" if exc.remedy else kept
        else:
            self._output.note(kept)

    def edit(self) -> bytes:
        """Open the editor until the text is valid -> the text. Raises Failure if the person gives up.

        A script in the place of an editor is not asked twice: only a person reads what is wrong.
        """
        before = self._base
        located = _faults(before)
        while True:
            if located:
                self.path.write_bytes(with_comments(before, located))
            self._open_editor()
            text = self._read()
            located = _faults(text)
            if text == self._base or not located:
                return text
            if text == before or not sys.stdin.isatty():
                raise faults.refusal("your text", document.VALID, located)
            before = text

    def _read(self) -> bytes:
        try:
            return without_comments(self.path.read_bytes())
        except OSError as exc:
            remedy = "choose an editor that saves to the file it is given"
            raise Failure(f"cannot read {self.path} after the editor: {exc.strerror}", remedy) from None

    def _open_editor(self) -> None:
        try:
            click.edit(filename=str(self.path))
        except click.ClickException as exc:
            remedy = "set EDITOR to one that works, as in EDITOR=nano"
            raise Failure(exc.message, remedy, Status.FAILED) from None


def _faults(text: bytes) -> list[faults.Located]:
    try:
        document.parse(text)
    except PolicyError as exc:
        return faults.locate(text, exc.faults)
    return []


def with_comments(text: bytes, located: list[faults.Located]) -> bytes:
    """`text` with its faults as comments, each above the line in which it stands."""
    lines = text.decode(errors="surrogateescape").split("\n")
    above: dict[int, list[str]] = {0: [_MARK + line for line in _ADVICE]}
    for each in located:
        above.setdefault(min(each.line or 1, len(lines)) - 1, []).append(_MARK + escape(each.text))
    shown: list[str] = []
    for index, line in enumerate(lines):
        shown += [*above.get(index, []), line]
    return "\n".join(shown).encode(errors="surrogateescape")


def without_comments(text: bytes) -> bytes:
    """`text` without the lines of `with_comments`."""
    mark = _MARK.encode()
    return b"".join(line for line in text.splitlines(keepends=True) if not line.lstrip().startswith(mark))

"""/camera.json in flash: which of the file and its last good copy counts at each start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from camcors import settings_file
from flash import files
from flash.copies import DAMAGED

A = '{"name": "a", "wifi": {"ssid": "home", "password": "a secret"}}'
B = '{"name": "b", "port": 81}'
TYPO = '{"name": "b",}'
FAULTY = '{"name": "c", "port": 0}'
PORT = "port: 0: out of range; write a whole number from 1 to 65535"
COMMA = "line 1, column 13: not JSON; remove the last comma"
GOOD = "faulty, so the last good settings count"


class Flash:
    """A folder as the flash. Each edit has a time of its own, as on a camera that people edit."""

    def __init__(self, folder: Path):
        self.file = folder / "camera.json"
        self.good = folder / "camera.good.json"
        self.record = folder / "camera.record.json"
        self._time = 1_000_000

    def edit(self, text: str | bytes) -> None:
        self.file.write_bytes(text.encode() if isinstance(text, str) else text)
        self._time += 10
        os.utime(self.file, (self._time, self._time))

    def flip(self, path: Path, text: str) -> None:
        """Change a file, and neither its size nor its time."""
        stat = path.stat()
        path.write_text(text)
        assert path.stat().st_size == stat.st_size
        os.utime(path, (stat.st_mtime, stat.st_mtime))

    def start(self) -> tuple[str, int, bool, list[str]]:
        """(name, port, whether there is a network, faults) at a start."""
        chosen, faults = settings_file.load({}, str(self.file))
        return chosen["name"], chosen["port"], chosen["wifi"] is not None, faults


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash(tmp_path)


# (texts, each followed by a start; what the last start gives). None: the file is deleted.
STARTS: list[tuple[list[str | bytes | None], tuple[str, int, bool, list[str]]]] = [
    ([None], ("camcors", 80, False, [])),
    ([A], ("a", 80, True, [])),
    ([A, B], ("b", 81, False, [])),
    ([TYPO], ("camcors", 80, False, [COMMA])),
    ([FAULTY], ("c", 80, False, [PORT])),
    ([A, TYPO], ("a", 80, True, [GOOD, COMMA])),
    ([A, FAULTY], ("a", 80, True, [GOOD, PORT])),
    ([A, FAULTY, TYPO], ("a", 80, True, [GOOD, COMMA])),
    ([A, ""], ("a", 80, True, [GOOD, "line 1, column 1: not JSON; write the missing value"])),
    (
        [A, A[:27]],
        (
            "a",
            80,
            True,
            [GOOD, "line 1, column 24: not JSON; close the string with a double quote on the same line"],
        ),
    ),
    ([A, b"\xef\xbb\xbf" + B.encode()], ("b", 81, False, [])),
    ([A, b"\xff"], ("a", 80, True, [GOOD, "line 1, column 1: not UTF-8; save the file as UTF-8"])),
    ([A, "{" + " " * 9000], ("a", 80, True, [GOOD, "file: 8193: file too large; write at most 8192 bytes"])),
    ([A, TYPO, B], ("b", 81, False, [])),
    ([A, None], ("camcors", 80, False, [])),
    ([A, None, TYPO], ("camcors", 80, False, [COMMA])),
]


@pytest.mark.parametrize(("texts", "outcome"), STARTS)
def test_start(flash: Flash, texts: list[str | bytes | None], outcome: Any) -> None:
    for text in texts:
        if text is None:
            flash.file.unlink(missing_ok=True)
        else:
            flash.edit(text)
        found = flash.start()
    assert found == outcome
    assert flash.start() == outcome
    if texts[-1] is None:
        assert list(flash.file.parent.iterdir()) == []  # no password stays behind
    else:
        assert flash.file.read_bytes() == (texts[-1].encode() if isinstance(texts[-1], str) else texts[-1])


def test_a_flipped_bit_is_not_an_edit(flash: Flash) -> None:
    flash.edit(A)
    flash.start()
    flash.flip(flash.file, A.replace("home", "hole"))
    assert flash.start() == ("a", 80, True, [GOOD, DAMAGED])
    flash.flip(flash.good, A.replace("home", "hole"))
    assert flash.start() == ("a", 80, True, [DAMAGED])  # a changed network is better than none
    flash.edit(B)
    assert flash.start() == ("b", 81, False, [])


def test_what_the_camera_saves_counts_whatever_its_time(flash: Flash) -> None:
    flash.edit(A)
    flash.start()
    stat = flash.file.stat()
    new = A.replace("home", "work")
    settings_file.save(new.encode(), {}, str(flash.file))
    os.utime(flash.file, (stat.st_mtime, stat.st_mtime))
    assert flash.start() == ("a", 80, True, [])
    assert flash.good.read_text() == new


def test_what_is_saved_is_checked_first(flash: Flash) -> None:
    flash.edit(A)
    with pytest.raises(ValueError) as raised:
        settings_file.save(
            b'{"port": 0, "camera": {"zoom": 1}}', {"quality": ("int", (1, 100))}, str(flash.file)
        )
    assert str(raised.value).splitlines() == [
        "port: 0: out of range; write a whole number from 1 to 65535",
        "camera.zoom: unknown key; write one of quality",
    ]
    assert flash.file.read_text() == A


def test_a_full_flash_is_said_and_the_file_counts(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.edit(A)
    flash.start()
    flash.edit(B)

    def full(path: str, parts: Any) -> None:
        raise OSError(28, "cannot write " + path + ": the filesystem is full; remove a file")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        name, _, _, (fault,) = flash.start()
    assert (name, fault.partition(": ")[0]) == ("b", "in force, but there is no last good copy of it")
    assert flash.start() == ("b", 81, False, [])
    assert flash.good.read_text() == B


def test_a_file_that_cannot_be_read_leaves_the_last_good_settings(flash: Flash) -> None:
    flash.edit(A)
    flash.start()
    flash.file.unlink()
    flash.file.mkdir()
    name, _, has_wifi, faults = flash.start()
    assert (name, has_wifi, faults[0]) == ("a", True, GOOD)
    assert faults[1].startswith("cannot be read (")


def test_what_a_power_cut_left_is_removed(flash: Flash) -> None:
    flash.edit(A)
    for path in (flash.file, flash.good, flash.record):
        path.with_name(path.name + ".new").write_text("half")
    flash.start()
    assert sorted(path.name for path in flash.file.parent.iterdir()) == [
        "camera.good.json",
        "camera.json",
        "camera.record.json",
    ]


class Cut(Exception):
    """The power fails."""


@pytest.mark.parametrize("text", [B, TYPO])
def test_the_power_may_fail_at_any_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    write = files.write
    for cut in range(1, 6):
        (tmp_path / str(cut)).mkdir()
        flash = Flash(tmp_path / str(cut))
        flash.edit(A)
        flash.start()
        flash.edit(text)
        writes = iter([write] * (cut - 1))

        def cutting(path: str, parts: Any, writes: Any = writes) -> None:
            each = next(writes, None)
            if each is None:
                raise Cut
            each(path, parts)

        with monkeypatch.context() as patch:
            patch.setattr(files, "write", cutting)
            try:
                flash.start()
            except Cut:
                pass
        expected = ("b", 81, False, []) if text == B else ("a", 80, True, [GOOD, COMMA])
        assert flash.start() == expected, cut

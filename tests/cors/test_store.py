"""The policy file in flash: on CPython what is decided when; in the frozen firmware, cutting the power."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cors import Policy, PolicyError, store
from cors.store import Store

INVALID = '{"version": 1, "allowed_origins": ["https://A.example"]}'
FAULT = 'allowed_origins[0]: "https://A.example": upper case; write "https://a.example"'
MISSING = "no {}; no other origin may read the camera until there is one"


def policy(name: str, size: int = 0) -> str:
    """A policy file that allows https://NAME.example, filled with spaces up to `size` bytes."""
    return f'{{"version": 1, "allowed_origins": ["https://{name}.example"]}}'.ljust(size)


def digest(text: str) -> str:
    return Policy.from_json(text).digest


class Flash:
    """A folder with the three files, and a Store on it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file, self.good, self.previous = (folder / name for name in ("policy", "good", "previous"))
        self.store = self.boot()

    def boot(self) -> Store:
        self.store = Store(str(self.file), str(self.good), str(self.previous))
        self.store.load()
        return self.store

    def settle(self) -> dict[str, str | None]:
        self.store.poll()
        self.store.poll()
        return self.store.status()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash(tmp_path)


def status(state: str, text: str | None, error: str | None = None) -> dict[str, str | None]:
    return {"state": state, "digest": text and digest(text), "error": error}


A, B, C = policy("a"), policy("b"), policy("c")

# (description, policy.json, good copy) -> (state, text of the policy in force, error, good copy after)
BOOTS = [
    ("nothing", None, None, "missing", None, MISSING, None),
    ("deleted: the copy does not undo it", None, A, "missing", None, MISSING, A),
    ("valid", A, None, "active", A, None, A),
    ("valid, older copy", B, A, "active", B, None, B),
    ("invalid", INVALID, None, "invalid", None, FAULT, None),
    ("invalid, good copy", INVALID, A, "last-good", A, FAULT, A),
    ("invalid, invalid copy", INVALID, "{", "invalid", None, FAULT + "\n{} is not valid either", "{"),
    ("8192 bytes", policy("a", 8192), None, "active", A, None, policy("a", 8192)),
    (
        "8193 bytes",
        policy("b", 8193),
        A,
        "last-good",
        A,
        "file: 8193: file too large; write at most 8192 bytes",
        A,
    ),
]


@pytest.mark.parametrize("row", BOOTS, ids=[row[0] for row in BOOTS])
def test_boot(flash: Flash, row: tuple[Any, ...]) -> None:
    _, text, good, state, in_force, error, good_after = row
    for path, content in ((flash.file, text), (flash.good, good)):
        if content is not None:
            path.write_text(content)
    named = flash.good if "not valid either" in (error or "") else flash.file
    error = error and (error.format(named) if "{}" in error else error)
    loaded = flash.boot().policy
    assert flash.store.status() == status(state, in_force, error)
    assert (loaded and loaded.digest) == (in_force and digest(in_force))
    assert (flash.good.read_text() if flash.good.exists() else None) == good_after
    assert (flash.file.read_text() if flash.file.exists() else None) == text
    assert [flash.store.poll() for _ in range(3)] == [False] * 3
    prefix = "" if state == "missing" else f"{flash.file}: "
    assert flash.store.messages() == [prefix + line for line in (error or "").split("\n") if line]


def test_an_edit_is_in_force_at_the_second_equal_reading(flash: Flash) -> None:
    flash.file.write_text(A)
    assert [flash.store.poll() for _ in range(4)] == [False, True, False, False]
    assert flash.store.status() == status("active", A)
    assert flash.good.read_text() == A


def test_an_edit_that_keeps_size_and_time_is_noticed(flash: Flash) -> None:
    flash.file.write_text(A)
    os.utime(flash.file, (0, 0))
    flash.boot()
    flash.file.write_text(B)
    os.utime(flash.file, (0, 0))
    assert len(A) == len(B)
    assert flash.settle() == status("active", B)


def test_a_file_that_grows_is_not_judged(flash: Flash) -> None:
    flash.file.write_text(A)
    flash.boot()
    long = policy("b", 300) + " "
    for end in range(0, 300, 10):  # from 52 bytes on each beginning is a valid policy
        flash.file.write_text(long[:end])
        assert not flash.store.poll()
        assert flash.store.status() == status("active", A)
    flash.file.write_text(long)
    assert flash.settle() == status("active", B)


def test_what_is_written_between_reading_and_judging_is_not_judged(
    flash: Flash, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash.file.write_text(A)
    flash.store.poll()
    read = store._read

    def late(path: str, found: bytes) -> bytes | None:
        flash.file.write_text(B)
        return read(path, found)

    monkeypatch.setattr(store, "_read", late)
    assert not flash.store.poll()
    monkeypatch.undo()
    assert flash.store.status()["state"] == "missing"
    assert flash.settle() == status("active", B)


def test_of_two_edits_the_last_wins(flash: Flash) -> None:
    flash.file.write_text(A)
    flash.store.poll()
    flash.file.write_text(B)
    flash.store.poll()
    assert flash.store.status()["state"] == "missing"
    flash.file.write_text(C)
    assert flash.settle() == status("active", C)
    assert flash.good.read_text() == C


def test_invalid_keeps_what_runs_until_it_is_mended_or_deleted(flash: Flash) -> None:
    flash.file.write_text(A)
    flash.settle()
    flash.file.write_text(INVALID)
    assert [flash.store.poll() for _ in range(4)] == [False, True, False, False]
    assert flash.store.status() == status("invalid", A, FAULT)
    assert flash.file.read_text() == INVALID
    flash.boot()
    assert flash.store.status() == status("last-good", A, FAULT)
    flash.file.write_text("{")
    assert flash.settle()["state"] == "last-good"
    flash.file.write_text(B)
    assert flash.settle() == status("active", B)
    flash.file.unlink()
    assert flash.store.poll()  # at once
    assert flash.store.status() == status("missing", None, MISSING.format(flash.file))
    assert flash.boot().status() == status("missing", None, MISSING.format(flash.file))
    flash.file.write_text(INVALID)
    assert flash.settle() == status("invalid", None, FAULT)


def test_a_folder_in_its_place_is_no_policy(flash: Flash) -> None:
    flash.file.write_text(A)
    flash.settle()
    flash.file.unlink()
    flash.file.mkdir()
    found = flash.settle()
    assert (found["state"], found["digest"]) == ("invalid", digest(A))
    assert (found["error"] or "").startswith("cannot be read (")
    with pytest.raises(OSError, match=f"cannot write {flash.previous}: "):
        flash.store.save(B)
    assert flash.names() == ["good", "policy"]


@pytest.mark.parametrize("text", [A + "\r\n\t", policy("a", 8192), A.encode(), policy("ä").replace("ä", "a")])
def test_save_writes_the_text_as_given(flash: Flash, text: str | bytes) -> None:
    assert flash.store.save(text).digest == digest(A)
    assert flash.file.read_bytes() == (text if isinstance(text, bytes) else text.encode())
    assert flash.settle() == status("active", A)
    assert flash.good.read_bytes() == flash.file.read_bytes()
    assert flash.names() == ["good", "policy"]


@pytest.mark.parametrize("text", [INVALID, "", "{", policy("a", 8193), "\ud800", b"\xff"])
def test_save_refuses_what_is_not_valid(flash: Flash, text: str | bytes) -> None:
    flash.store.save(B)
    with pytest.raises(PolicyError):
        flash.store.save(text)
    assert flash.names() == ["policy"]
    assert flash.file.read_text() == B


def test_save_keeps_the_previous(flash: Flash) -> None:
    long = INVALID + " " * 20000  # not valid, and the person's
    flash.file.write_text(long)
    flash.store.save(A)
    assert flash.previous.read_text() == long
    flash.store.save(B)
    assert flash.previous.read_text() == A
    flash.store.save(B)  # once more: the previous is still what was there before
    assert flash.previous.read_text() == A
    flash.store.save(flash.previous.read_bytes())
    assert (flash.file.read_text(), flash.previous.read_text()) == (A, B)


def test_what_is_in_flash_already_is_not_written_again(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.store.save(A)
    flash.settle()
    monkeypatch.setattr(store, "write", lambda *_: pytest.fail("written"))
    flash.store.save(A)
    flash.boot()
    flash.file.write_text(INVALID)
    flash.settle()
    flash.file.write_text(A)
    assert flash.settle() == status("active", A)


@pytest.fixture(params=[errno.ENOSPC, errno.ENAMETOOLONG], ids=["no room", "no room for the name"])
def full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Names of files whose writing ends after the first half with what littlefs says when it is full."""
    names: set[str] = set()
    code = request.param

    class Full:
        def __init__(self, path: str):
            self.file = open(path, "wb")  # noqa: SIM115

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *exc: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> None:
            self.file.write(data[: len(data) // 2])
            raise OSError(code, "No space left on device")

    def opened(path: str, mode: str) -> Any:
        return Full(path) if mode == "wb" and Path(path).stem in names else open(path, mode)

    monkeypatch.setattr(store, "open", opened, raising=False)
    yield names


@pytest.mark.parametrize("name", ["policy", "previous"])
def test_save_on_a_full_filesystem_leaves_all_as_it_was(flash: Flash, full: set[str], name: str) -> None:
    flash.store.save(A)
    full.add(name)
    with pytest.raises(OSError) as caught:
        flash.store.save(B)
    path = flash.folder / name
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.args[-1] == f"cannot write {path}: the filesystem is full; remove a file"
    assert flash.file.read_text() == A
    assert not [path for path in flash.names() if path.endswith(".new")]
    full.clear()
    flash.store.save(B)
    assert flash.settle() == status("active", B)


def test_a_good_copy_that_cannot_be_written_is_a_fault_and_tried_again(flash: Flash, full: set[str]) -> None:
    flash.file.write_text(A)
    flash.settle()
    full.add("good")
    flash.file.write_text(B)
    error = f"in force, but there is no last good copy of it: cannot write {flash.good}: "
    assert flash.settle() == status("active", B, error + "the filesystem is full; remove a file")
    assert flash.good.read_text() == A
    assert flash.names() == ["good", "policy"]
    assert not any(flash.store.poll() for _ in range(200))  # tried in vain: nothing new to say
    full.clear()
    assert sum(flash.store.poll() for _ in range(80)) == 1
    assert flash.store.status() == status("active", B)
    assert flash.good.read_text() == B


def test_what_is_not_in_force_never_becomes_the_good_copy(flash: Flash, full: set[str]) -> None:
    flash.file.write_text(A)
    flash.settle()
    full.add("good")
    flash.file.write_text(B)
    flash.settle()
    flash.file.write_text(INVALID)
    assert flash.settle() == status("invalid", B, FAULT)
    full.clear()
    assert not any(flash.store.poll() for _ in range(200))
    assert flash.good.read_text() == A


@pytest.mark.parametrize("late", [C, None], ids=["edited", "deleted"])
def test_an_edit_just_when_the_good_copy_is_tried_again(
    flash: Flash, full: set[str], monkeypatch: pytest.MonkeyPatch, late: str | None
) -> None:
    full.add("good")
    flash.file.write_text(A)
    flash.settle()
    full.clear()
    read = store._read

    def change(path: str, found: bytes) -> bytes | None:
        monkeypatch.undo()
        flash.file.write_text(late) if late else flash.file.unlink()
        return read(path, found)

    monkeypatch.setattr(store, "_read", change)
    assert not any(flash.store.poll() for _ in range(80))
    assert not flash.good.exists()
    assert flash.settle()["state"] == ("active" if late else "missing")
    assert flash.good.exists() == bool(late)


def test_temporaries_of_a_power_cut_go_at_boot(flash: Flash) -> None:
    flash.store.save(A)
    for name in ("policy.new", "good.new", "previous.new", "policy.newer", "other.new"):
        (flash.folder / name).write_text("half")
    flash.boot()
    assert flash.names() == ["good", "other.new", "policy", "policy.newer"]


@pytest.mark.parametrize("at", ["_reading", "_read", "write"])
def test_without_memory_it_goes_on_and_tries_again(
    flash: Flash, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    flash.file.write_text(A)
    flash.settle()
    flash.file.write_text(B)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(store, at, fail)
    found = flash.settle()
    in_force = B if at == "write" else A
    assert found == status("invalid", in_force, "not enough memory to read it; trying on")
    monkeypatch.undo()
    assert flash.settle() == status("active", B)
    assert flash.good.read_text() == B


def test_without_memory_for_a_while_and_no_edit(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.file.write_text(A)

    def fail(*_: object) -> None:
        raise MemoryError

    for again in (flash.boot, flash.settle):
        in_force = flash.store.policy and A
        monkeypatch.setattr(store, "_reading", fail)
        again()
        assert flash.store.status() == status("invalid", in_force, "not enough memory to read it; trying on")
        monkeypatch.undo()
        assert flash.settle() == status("active", A)


# A flash of RAM whose power fails at its N-th write or erase, under a littlefs and a Store.
_CUTS = """
import gc, json, os, sys, vfs
from cors import CORS, Policy, store
from cors.store import Store

class Flash:
    def __init__(self, image):
        self.image = bytearray(image)
        self.count = self.cut = self.halves = 0

    def readblocks(self, block, buffer, offset=0):
        if self.cut and self.count >= self.cut:
            return -5  # nothing is made here: the collector closes what a cut has left open
        start = block * 4096 + offset
        buffer[:] = memoryview(self.image)[start : start + len(buffer)]

    def power(self, size):
        "Count one write -> how many of its bytes still reach the flash."
        self.count += 1
        if not self.cut or self.count < self.cut:
            return size
        return size * self.halves // 2 if self.count == self.cut else 0

    def after(self):
        if self.cut and self.count >= self.cut:
            if self.count == self.cut:
                raise OSError(5)
            return -5

    def writeblocks(self, block, buffer, offset):
        start = block * 4096 + offset
        for i in range(self.power(len(buffer))):
            assert self.image[start + i] & buffer[i] == buffer[i], "a write can only clear bits"
            self.image[start + i] &= buffer[i]
        return self.after()

    def ioctl(self, request, block):
        if request == 4:
            return len(self.image) // 4096
        if request == 5:
            return 4096
        if request == 6:
            size = self.power(4096)
            self.image[block * 4096 : block * 4096 + size] = b"\\xff" * size
            return self.after() or 0
        return 0

def policy(name, size):
    text = '{"version": 1, "allowed_origins": ["https://' + name + '.example"]}'
    return (text + " " * (size - len(text))).encode()

def new_store():
    return Store("/f/policy", "/f/good", "/f/previous")

def mounted(flash, act):
    "What `act` gives with `flash` at /f."
    vfs.mount(vfs.VfsLfs2(flash), "/f")
    try:
        return act()
    finally:
        vfs.umount("/f")

def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None

def boot():
    "Boots -> (state, digest, an origin is served, names, good, previous)."
    found = new_store()
    found.load()
    cors = CORS()
    if found.policy:
        cors.policy = found.policy
    served = [name for name in ("old", "new") if cors.policy.matches("https://" + name + ".example")]
    digest = found.status()["digest"]
    return found.state, digest, served, os.listdir("/f"), read("/f/good"), read("/f/previous")

def act(kind, new):
    "The act that is cut: `save`, or the poll that writes the last good copy."
    if kind == "save":
        new_store().save(new)
    else:
        watch = new_store()
        watch.poll()
        watch.poll()

def prepared(sizes, history, kind):
    "The image before the act."
    flash = Flash(b"\\xff" * 4096 * 24)
    vfs.VfsLfs2.mkfs(flash)
    def past():
        past_store = new_store()
        for i in range(history):
            past_store.save(policy("past-%d" % (i % 7), 60 + i % 7))
            if i % 3:  # so that the log of the directory is full now in this act, now in that
                past_store.poll()
                past_store.poll()
        past_store.save(old)
        past_store.poll()
        past_store.poll()
        if kind == "good":
            past_store.save(new)
    old, new = policy("old", sizes[0]), policy("new", sizes[1])
    mounted(flash, past)
    return flash.image, old, new

def cut_all(sizes, history, kind):
    "-> (writes of the act, cuts tried, how often old and new came out, what went wrong)."
    image, old, new = prepared(sizes, history, kind)
    past = mounted(Flash(image), lambda: read("/f/previous"))
    whole = Flash(image)
    vfs.mount(vfs.VfsLfs2(whole), "/f")
    before = whole.count
    act(kind, new)
    writes = whole.count - before
    vfs.umount("/f")
    tried, outcomes, wrong = 0, [0, 0], []
    for halves in (0, 1, 2):  # of the last write: none of it reaches the flash, one, or both
        for cut in range(1, writes + 1):
            flash = Flash(image)
            vfs.mount(vfs.VfsLfs2(flash), "/f")
            flash.count, flash.cut, flash.halves = 0, cut, halves
            try:
                act(kind, new)
            except OSError:
                pass
            vfs.umount("/f")
            if flash.count < cut:
                wrong.append((cut, halves, "not reached"))
            tried += 1
            try:
                found = mounted(Flash(flash.image), boot)
            except OSError as exc:
                wrong.append((cut, halves, repr(exc)))
                continue
            state, digest, served, names, good, previous = found
            is_new = served == ["new"]
            outcomes[is_new] += 1
            expected = Policy.from_json(new if is_new else old)
            if state != "active" or digest != expected.digest or served not in (["old"], ["new"]):
                wrong.append((cut, halves, state, digest, served))
            if good != (new if is_new else old) or previous not in (past, old):
                wrong.append((cut, halves, "copies", good and good[:60], previous and previous[:60]))
            if [name for name in names if name not in ("good", "policy", "previous")]:
                wrong.append((cut, halves, names))
            if kind == "good" and not is_new:
                wrong.append((cut, halves, "the policy went back"))
    return writes, tried, outcomes, wrong

exec(CHANGE, store.__dict__)
for kind in KINDS:
    for sizes in SIZES:
        for history in HISTORIES:
            gc.collect()
            writes, tried, outcomes, wrong = cut_all(sizes, history, kind)
            print(json.dumps([kind, list(sizes), history, writes, tried, outcomes, [str(w) for w in wrong]]))
"""

_SIZES = [(60, 60), (60, 8192), (8192, 60), (8192, 8192)]


def cut(
    program: Path,
    folder: Path,
    histories: list[int],
    change: str = "",
    sizes: list[tuple[int, int]] = _SIZES,
    kinds: tuple[str, ...] = ("save", "good"),
) -> list[list[Any]]:
    """One row for each kind, pair of sizes and history: what `cut_all` of the script gives."""
    script = folder / "cuts.py"
    given = f"CHANGE = {change!r}\nSIZES = {sizes!r}\nHISTORIES = {histories!r}\nKINDS = {kinds!r}\n"
    script.write_text(given + _CUTS, encoding="utf-8")
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The collector, closing what a cut left open, says that it could not.
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


# Each save before adds to the directory's log; after some it is compacted, which erases blocks.
@pytest.mark.parametrize("histories", [[0], list(range(1, 25))], ids=["first saves", "many saves"])
def test_power_cut_at_every_write(program: Path, tmp_path: Path, histories: list[int]) -> None:
    rows = cut(program, tmp_path, histories, sizes=_SIZES if histories == [0] else _SIZES[:1])
    assert len(rows) == 2 * len(histories) * (4 if histories == [0] else 1)
    for _, _, _, writes, tried, outcomes, wrong in rows:
        assert wrong == []
        assert writes >= 3
        assert tried == sum(outcomes) == 3 * writes
        assert outcomes[1] >= 1
    for kind in ("save", "good"):
        counts = {row[3] for row in rows if row[0] == kind}
        assert len(counts) > 1  # with larger files, or with a compaction


IN_PLACE = """
def write(path, parts):
    with open(path, "wb") as f:
        for part in parts:
            f.write(part[:20])
            f.flush()
            f.write(part[20:])
"""
REMOVE_FIRST = """
def write(path, parts):
    with open(path + ".new", "wb") as f:
        for part in parts:
            f.write(part)
    _remove(path)
    os.rename(path + ".new", path)
"""


@pytest.mark.parametrize("change", [IN_PLACE, REMOVE_FIRST], ids=["in place", "remove, then rename"])
def test_the_cuts_find_a_save_that_is_not_atomic(program: Path, tmp_path: Path, change: str) -> None:
    rows = cut(program, tmp_path, [0], change, [(60, 200), (60, 1000)], ("save",))
    assert len(rows) == 2
    assert all(row[6] for row in rows)

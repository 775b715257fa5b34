"""The policy file in flash: on CPython what is decided when; in the frozen firmware, cutting the power."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cors import Policy, PolicyError
from cors.store import Store
from flash import copies as flash_copies
from flash import files, record
from strict import late
from tests.kit.store_files import StoreFiles

INVALID = '{"version": 1, "allowed_origins": ["https://A.example"]}'
FAULT = 'allowed_origins[0]: "https://A.example": upper case; write "https://a.example"'
MISSING = "no {}; no other origin may read the camera until there is one"


def policy(name: str, size: int = 0) -> str:
    """A policy file that allows https://NAME.example, filled with spaces up to `size` bytes."""
    return f'{{"version": 1, "allowed_origins": ["https://{name}.example"]}}'.ljust(size)


def digest(text: str) -> str:
    return Policy.from_json(text).digest


class Flash(StoreFiles):
    def __init__(self, folder: Path):
        super().__init__(folder, Store, "policy", "good", "previous", "record")
        self.good, self.previous, self.record = self.paths[1:]

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


PROMISED_MS = 2000  # docs/policy.md; a busy camera and a slow flash get more than half of it

# What the file is when the camera has just polled it, and what is written then.
EDITS = [("first", None, A), ("another", A, B), ("after a mistake", INVALID, B), ("a mistake", A, INVALID)]


@pytest.mark.parametrize("row", EDITS, ids=[row[0] for row in EDITS])
def test_the_longest_wait_for_an_edit(flash: Flash, row: tuple[str, str | None, str]) -> None:
    """By the camera's own polls and pauses: the edit comes just after a poll, and needs two."""
    _, before, text = row
    if before is not None:
        flash.file.write_text(before)
    flash.boot()
    assert flash.settle()["state"] == flash.store.state
    waits = [flash.store.wait_ms()]
    flash.file.write_text(text)
    while not flash.store.poll():
        waits.append(flash.store.wait_ms())
    assert len(waits) == 2
    assert sum(waits) < PROMISED_MS / 2
    assert flash.store.wait_ms() == waits[0]


def test_looking_sooner_ends_where_nothing_settles(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flash that fails, or a heap without room, is not asked more often than a quiet one."""
    flash.file.write_text(A)
    flash.boot()
    quiet = flash.store.wait_ms()
    flash.file.write_text(B)
    monkeypatch.setattr(files, "read", lambda *_: None)
    waits = []
    for _ in range(4):
        flash.store.poll()
        waits.append(flash.store.wait_ms())
    assert waits[0] < quiet
    assert waits[1:] == [quiet] * 3


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
    read = files.read

    def late(path: str, found: bytes) -> bytes | None:
        flash.file.write_text(B)
        return read(path, found)

    monkeypatch.setattr(files, "read", late)
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


@pytest.mark.parametrize("what", ["reading", "read"])
def test_a_good_copy_that_cannot_be_read_at_boot_is_said(
    flash: Flash, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The flash fails at the first read of it only, or between the two."""
    flash.store.save(A)
    flash.settle()
    flash.file.write_text("{")
    real, store = getattr(files, what), flash.another()
    failure = errno.EIO if what == "reading" else None

    def fail(path: str, *rest: Any) -> Any:
        return failure if path == str(flash.good) else real(path, *rest)

    monkeypatch.setattr(files, what, fail)
    assert store.load() is None
    assert store.state == "invalid"
    assert (store.error or "").endswith(f"{flash.good} cannot be read; it is not used")


def test_a_folder_in_its_place_is_no_policy(flash: Flash) -> None:
    flash.file.write_text(A)
    flash.settle()
    flash.file.unlink()
    flash.file.mkdir()
    found = flash.settle()
    assert (found["state"], found["digest"]) == ("invalid", digest(A))
    assert (found["error"] or "").startswith("cannot be read (")
    with pytest.raises(OSError, match=f"cannot write {flash.file}: "):
        flash.store.save(B)
    assert flash.names() == ["good", "policy", "record"]


@pytest.mark.parametrize("text", [A + "\r\n\t", policy("a", 8192), A.encode(), policy("ä").replace("ä", "a")])
def test_save_writes_the_text_as_given(flash: Flash, text: str | bytes) -> None:
    assert flash.store.save(text).digest == digest(A)
    assert flash.file.read_bytes() == (text if isinstance(text, bytes) else text.encode())
    assert flash.settle() == status("active", A)
    assert flash.good.read_bytes() == flash.file.read_bytes()
    assert flash.names() == ["good", "policy", "record"]


@pytest.mark.parametrize("text", [INVALID, "", "{", policy("a", 8193), "\ud800", b"\xff"])
def test_save_refuses_what_is_not_valid(flash: Flash, text: str | bytes) -> None:
    flash.store.save(B)
    with pytest.raises(PolicyError):
        flash.store.save(text)
    assert flash.names() == ["good", "policy", "record"]
    assert flash.file.read_text() == B


def test_what_is_in_flash_already_is_not_written_again(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.store.save(A)
    flash.settle()
    written: list[str] = []
    write = files.write

    def noted(path: str, parts: Any) -> None:
        written.append(Path(path).name)
        write(path, parts)

    monkeypatch.setattr(files, "write", noted)
    flash.store.save(A)
    flash.boot()
    flash.settle()
    assert written == []
    flash.file.write_text(INVALID)
    flash.settle()
    flash.file.write_text(A)
    assert flash.settle() == status("active", A)
    assert set(written) == {"record"}  # the copies are as they were


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

    monkeypatch.setattr(files, "open", opened, raising=False)
    yield names


@pytest.mark.parametrize("name", ["policy", "previous", "good", "record"])
def test_save_on_a_full_filesystem_leaves_all_as_it_was(flash: Flash, full: set[str], name: str) -> None:
    flash.store.save(C)
    flash.file.write_text(A + " ")  # seen by no poll: saving B gives it its place among the copies
    full.add(name)
    with pytest.raises(OSError) as caught:
        flash.store.save(B)
    path = flash.folder / name
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.args[-1] == f"cannot write {path}: the filesystem is full; remove a file"
    assert flash.file.read_text() == A + " "
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
    assert flash.names() == ["good", "policy", "previous", "record"]
    assert not any(flash.store.poll() for _ in range(200))  # tried in vain: nothing new to say
    full.clear()
    assert sum(flash.store.poll() for _ in range(120)) == 1
    assert flash.store.status() == status("active", B)
    assert flash.good.read_text() == B


def test_a_good_copy_is_tried_again_once_there_is_memory(
    flash: Flash, full: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full.add("good")
    flash.file.write_text(A)
    flash.settle()
    full.clear()

    def fail(name: str) -> None:
        raise MemoryError

    with monkeypatch.context() as small:
        small.setattr(late, "load", fail)
        assert not any(flash.store.poll() for _ in range(125))
    assert flash.store.poll()
    assert flash.store.status() == status("active", A)


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
    read = files.read

    def change(path: str, found: bytes) -> bytes | None:
        monkeypatch.undo()
        flash.file.write_text(late) if late else flash.file.unlink()
        return read(path, found)

    monkeypatch.setattr(files, "read", change)
    assert not any(flash.store.poll() for _ in range(120))
    assert not flash.good.exists()
    assert flash.settle()["state"] == ("active" if late else "missing")
    assert flash.good.exists() == bool(late)


def test_temporaries_of_a_power_cut_go_at_boot(flash: Flash) -> None:
    flash.store.save(A)
    for name in ("policy.new", "good.new", "previous.new", "record.new", "policy.newer", "other.new"):
        (flash.folder / name).write_text("half")
    flash.boot()
    assert flash.names() == ["good", "other.new", "policy", "policy.newer", "record"]


@pytest.mark.parametrize("at", ["read", "write"])
def test_without_memory_it_goes_on_and_tries_again(
    flash: Flash, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    flash.file.write_text(A)
    flash.settle()
    flash.file.write_text(B)

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(files, at, fail)
    found = flash.settle()
    in_force = B if at == "write" else A
    assert found == status("invalid", in_force, "not enough memory to read it; retrying")
    monkeypatch.undo()
    assert flash.settle() == status("active", B)
    assert flash.good.read_text() == B


def test_without_memory_for_a_while_and_no_edit(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.file.write_text(A)

    def fail(*_: object) -> None:
        raise MemoryError

    refused = "not enough memory to read it; retrying"
    for again, found in ((flash.boot, status("invalid", None, refused)), (flash.settle, status("active", A))):
        monkeypatch.setattr(files, "reading", fail)
        again()
        assert flash.store.status() == found
        monkeypatch.undo()
        assert flash.settle() == status("active", A)


class Clock:
    """The camera's, in seconds; what is written through it gets its time."""

    now = 100

    def time(self) -> float:
        return float(self.now)

    def write(self, path: Path, text: str) -> None:
        path.write_text(text)
        os.utime(path, (self.now, self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Files that the camera writes get its time too."""
    clock = Clock()
    write = files.write

    def written(path: str, parts: Any) -> None:
        write(path, parts)
        os.utime(path, (clock.now, clock.now))

    monkeypatch.setattr(files, "write", written)
    monkeypatch.setattr(files, "time", clock)
    monkeypatch.setattr(flash_copies, "time", clock)
    return clock


# What was in force: (description, steps, in force, good copy, previous copy). A step is the text that is
# saved, copied (beginning with ":") or deleted (":"); "|" lets the polls see it, "boot" restarts, "<" is
# a rollback.
A_AGAIN = A.replace(": 1", ":1")  # means the same
HISTORIES = [
    ("first", [A, "|"], A, A, None),
    ("second", [A, "|", B, "|"], B, B, A),
    ("copied by mpremote", [":" + A, "|", ":" + B, "|"], B, B, A),
    ("copied, then saved", [":" + A, "|", B, "|"], B, B, A),
    ("the same text again", [A, "|", B, "|", B, "|", ":" + B, "|"], B, B, A),
    ("the same meaning", [A, "|", B, "|", B + " ", "|"], B, B + " ", A),
    ("the same meaning, copied", [":" + B, "|", ":" + A, "|", ":" + A_AGAIN, "|"], A, A_AGAIN, B),
    ("saved twice before a poll", [A, "|", B, C, "|"], C, C, B),
    ("saved three times before a poll", [A, B, C, "|"], C, C, B),
    ("copied, and saved before a poll", [A, "|", ":" + B, C, "|"], C, C, B),
    ("saved, and copied before a poll", [A, "|", B, ":" + C, "|"], C, C, B),
    ("a broken file takes no place", [A, "|", B, "|", ":" + INVALID, "|"], B, B, A),
    ("a broken file that is replaced", [A, "|", B, "|", ":" + INVALID, "|", C, "|"], C, C, B),
    ("broken, before a poll sees it", [A, "|", B, "|", ":" + INVALID, C, "|"], C, C, B),
    ("rollback", [A, "|", B, "|", "<", "|"], A, A, B),
    ("rollback twice", [A, "|", B, "|", "<", "|", "<", "|"], B, B, A),
    ("rollback twice before a poll", [A, "|", B, "|", "<", "<", "|"], B, B, A),
    ("rollback of what no poll has seen", [A, "|", B, "<", "|"], A, A, B),
    ("rollback of what was copied just now", [A, "|", ":" + B, "<", "|"], A, A, B),
    ("broken, rollback", [A, "|", B, "|", ":" + INVALID, "|", "<", "|"], A, A, B),
    ("broken, rollback twice", [A, "|", B, "|", ":" + INVALID, "|", "<", "|", "<", "|"], B, B, A),
    ("broken, at once rollback", [A, "|", B, "|", ":" + INVALID, "<", "|"], A, A, B),
    ("broken, restart, rollback", [A, "|", B, "|", ":" + INVALID, "boot", "<", "|"], A, A, B),
    ("broken, restart, rollback twice", [A, "|", B, "|", ":{", "boot", "<", "|", "<", "|"], B, B, A),
    ("deleted", [A, "|", B, "|", ":", "|"], None, B, A),
    ("deleted, rollback", [A, "|", B, "|", ":", "|", "<", "|"], B, B, A),
    ("deleted, rollback twice", [A, "|", B, "|", ":", "|", "<", "|", "<", "|"], A, A, B),
    ("deleted, rollback thrice", [A, "|", B, "|", ":", "|", "<", "<", "<", "|"], B, B, A),
    ("deleted, restart, rollback", [A, "|", B, "|", ":", "boot", "<", "|"], B, B, A),
    ("deleted, another", [A, "|", B, "|", ":", "|", C, "|"], C, C, B),
    ("deleted, rolled back before a poll", [A, "|", B, "|", ":", "<", "|"], B, B, A),
]


def play(flash: Flash, clock: Clock, steps: list[str]) -> None:
    for step in steps:
        clock.now += 1
        if step == "|":
            flash.settle()
        elif step == "boot":
            flash.boot()
        elif step == "<":
            in_force = flash.store.status()["digest"] if flash.file.exists() else None
            path, words = flash.another().before(in_force)
            assert path, words
            flash.another().save(Path(path).read_bytes())
        elif step == ":":
            flash.file.unlink()
        elif step.startswith(":"):
            clock.write(flash.file, step[1:])
        else:
            flash.another().save(step)  # as camcors does


@pytest.mark.parametrize("row", HISTORIES, ids=[row[0] for row in HISTORIES])
def test_what_was_in_force_before(flash: Flash, clock: Clock, row: tuple[Any, ...]) -> None:
    _, steps, in_force, good, previous = row
    play(flash, clock, steps)
    assert flash.store.status()["digest"] == (in_force and digest(in_force))
    assert flash.good.read_text() == good
    assert (flash.previous.read_text() if flash.previous.exists() else None) == previous
    flash.boot()
    assert flash.store.status()["digest"] == (in_force and digest(in_force))
    assert (flash.previous.read_text() if flash.previous.exists() else None) == previous


@pytest.mark.parametrize("step", [C, "<"])
def test_a_copy_in_the_second_of_the_one_before(flash: Flash, clock: Clock, step: str) -> None:
    """Its size and time are those of the one before, and no poll has seen it: it counts all the same."""
    clock.write(flash.file, A)
    flash.settle()
    clock.write(flash.file, B)
    play(flash, clock, [step])
    assert flash.settle() == status("active", A if step == "<" else step)
    assert flash.previous.read_text() == B


NONE_YET = "no other policy was in force yet"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], NONE_YET),
        ([":" + INVALID, "|"], NONE_YET),
        ([A, "|"], NONE_YET),
        ([A, "|", A + " ", "|"], NONE_YET),
        ([A, "|", ":" + INVALID, "|"], NONE_YET),
    ],
)
def test_nothing_was_in_force_before(flash: Flash, clock: Clock, steps: list[str], words: str) -> None:
    play(flash, clock, steps)
    assert flash.another().before(flash.store.status()["digest"]) == (None, words)


@pytest.mark.parametrize("damage", [INVALID, C], ids=["not valid", "another policy"])
def test_a_damaged_copy_is_not_rolled_back_to(flash: Flash, clock: Clock, damage: str) -> None:
    play(flash, clock, [A, "|", B, "|"])
    flash.previous.write_text(damage)
    words = f"{flash.previous} is not what the camera wrote"
    assert flash.another().before(digest(B)) == (None, words)
    flash.boot()
    assert flash.another().before(digest(B)) == (None, words)


@pytest.mark.parametrize(("how", "previous"), [(":", A), ("", B)], ids=["copied", "saved"])
def test_a_damaged_good_copy_takes_no_place_and_is_written_again(
    flash: Flash, clock: Clock, how: str, previous: str
) -> None:
    play(flash, clock, [A, "|", B, "|"])
    clock.write(flash.good, policy("x"))
    play(flash, clock, [how + C, "|"])
    assert (flash.good.read_text(), flash.previous.read_text()) == (C, previous)


def test_two_threads_save_and_poll_at_once(flash: Flash, clock: Clock) -> None:
    """Whatever the order, the copies are two policies that were in force, and the poll never waits."""
    play(flash, clock, [A, "|", B, "|"])
    started = threading.Event()

    def slow(path: str, parts: Any) -> None:
        started.set()
        go_on.wait(10)
        write(path, parts)

    write, go_on = files.write, threading.Event()
    files.write = slow
    try:
        saving = threading.Thread(target=flash.another().save, args=(C,))
        saving.start()
        assert started.wait(10)
        assert [flash.store.poll() for _ in range(3)] == [False] * 3
    finally:
        go_on.set()
        saving.join(10)
        files.write = write
    assert flash.settle() == status("active", C)
    assert (flash.good.read_text(), flash.previous.read_text()) == (C, B)


DAMAGED = "changed, and nobody has edited it: a fault of the flash; save it again"
X = policy("x")  # what a flipped bit has made of it: as long as A, B and C


def flip(path: Path, text: str = X) -> None:
    """Change a file as a fault of the flash does, without a trace in its size or time."""
    stamp = path.stat()
    path.write_text(text)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size


def written_by(flash: Flash, clock: Clock, how: str) -> None:
    """A is in force, then B, which got into the file by `how`."""
    for text in (A, B):
        clock.write(flash.file, text) if how == "edit" else flash.another().save(text)
        flash.settle()
        clock.now += 100
    flash.store.poll()


@pytest.mark.parametrize("how", ["edit", "save"])
def test_a_flipped_bit_is_told_from_an_edit(flash: Flash, clock: Clock, how: str) -> None:
    written_by(flash, clock, how)
    flip(flash.file)
    assert flash.settle() == status("damaged", B, DAMAGED)
    for _ in range(300):  # whatever the time: it stays so
        clock.now -= 1
        assert not flash.store.poll()
    clock.now = 10
    for _ in range(3):
        assert flash.boot().status() == status("damaged", B, DAMAGED)
        assert flash.settle() == status("damaged", B, DAMAGED)
    assert flash.store.messages() == [f"{flash.file}: {DAMAGED}"]
    assert flash.file.read_text() == X
    assert (flash.good.read_text(), flash.previous.read_text()) == (B, A)


def test_a_flipped_bit_while_the_camera_is_off_or_disabled(flash: Flash, clock: Clock) -> None:
    """What `save` has written is known although no poll has seen it."""
    written_by(flash, clock, "save")
    flash.another().save(C)
    flip(flash.file)
    assert flash.boot().status() == status("damaged", C, DAMAGED)


@pytest.mark.parametrize("is_boot", [False, True])
@pytest.mark.parametrize("how", ["save", "save what it was", "edit", "copy the good one", "same time"])
def test_a_damaged_file_is_saved_or_edited_again(flash: Flash, clock: Clock, how: str, is_boot: bool) -> None:
    written_by(flash, clock, "edit")
    flip(flash.file)
    flash.boot() if is_boot else flash.settle()
    if how == "save":
        flash.another().save(X)  # what it has become: somebody wants it so
    elif how == "save what it was":
        flash.another().save(B)
    elif how == "edit":
        clock.write(flash.file, C)
    elif how == "copy the good one":
        clock.write(flash.file, B)
    else:  # a bit that reads well again
        flip(flash.file, B)
    text = {"save": X, "edit": C}.get(how, B)
    assert flash.settle() == status("active", text)
    assert flash.boot().status() == status("active", text)
    assert (flash.good.read_text(), flash.previous.read_text()) == ((text, B) if text != B else (B, A))


def test_a_damaged_file_is_never_rolled_back_to(flash: Flash, clock: Clock) -> None:
    written_by(flash, clock, "edit")
    flip(flash.file)
    flash.settle()
    play(flash, clock, ["<", "|"])
    assert flash.store.status() == status("active", A)
    assert (flash.good.read_text(), flash.previous.read_text()) == (A, B)
    play(flash, clock, ["<", "|"])
    assert flash.store.status() == status("active", B)


@pytest.mark.parametrize("damage", [X, "{".ljust(len(B))], ids=["another policy", "not valid"])
def test_a_damaged_good_copy_does_not_serve(flash: Flash, clock: Clock, damage: str) -> None:
    written_by(flash, clock, "edit")
    flip(flash.good, damage)
    flip(flash.file)
    error = f"{DAMAGED}\n{flash.good} has changed as well; it is not used"
    assert flash.boot().status() == status("damaged", None, error)
    clock.write(flash.file, INVALID)
    error = f"{FAULT}\n{flash.good} has changed as well; it is not used"
    assert flash.boot().status() == status("invalid", None, error)


def test_a_damaged_invalid_file_is_not_valid_by_a_flip(flash: Flash, clock: Clock) -> None:
    written_by(flash, clock, "edit")
    clock.write(flash.file, INVALID)
    flash.settle()
    flip(flash.file)
    assert flash.boot().status() == status("damaged", B, DAMAGED)
    clock.now += 1
    clock.write(flash.file, INVALID)
    assert flash.settle() == status("last-good", B, FAULT)


def test_edits_of_one_second_and_one_size(flash: Flash, clock: Clock) -> None:
    """On a camera without a clock as well, whose time begins with each power-on."""
    clock.write(flash.file, A)
    flash.boot()
    for text in (B, C, A):
        clock.write(flash.file, text)
        assert flash.settle() == status("active", text)
    clock.now = 3
    flash.boot()
    for clock.now in (99, 100):
        flash.store.poll()
    clock.write(flash.file, B)
    assert flash.settle() == status("active", B)


NOT_RECORDS = [None, "", "{", "[]", '{"size": 1}', '{"size":"x","mtime":1,"known":[]}', "\xff"]


@pytest.mark.parametrize("text", NOT_RECORDS)
def test_a_flash_without_a_record_is_taken_as_it_is(flash: Flash, clock: Clock, text: str | None) -> None:
    """That of an older firmware, or of an image."""
    clock.write(flash.file, B)
    clock.write(flash.good, A)
    if text is not None:
        flash.record.write_bytes(text.encode("latin-1"))
    assert flash.boot().status() == status("active", B)
    assert (flash.good.read_text(), flash.previous.read_text()) == (B, A)
    flip(flash.file)
    assert flash.boot().status() == status("damaged", B, DAMAGED)


def test_a_record_lies_inside_the_blocks_that_littlefs_checks(tmp_path: Path) -> None:
    readings = [hashlib.sha256(bytes([n])).digest() for n in range(4)]
    record.make((20000, 2**32 - 1), readings).save(str(tmp_path / "record"))
    assert (tmp_path / "record").stat().st_size <= 128
    found = record.load(str(tmp_path / "record"))
    assert found and found.stamp == (20000, 2**32 - 1)
    assert [found.knows(reading) for reading in [*readings, bytes(32), None, 5]] == [True] * 4 + [False] * 3


# A Store on a flash whose power fails at its N-th write or erase.
_CUTS = """
import gc, json, os, sys
sys.path.append(KIT)
from cut_flash import cut_all, new_image, read
from cors import Policy, copies
from flash import files
from cors.store import Store

def policy(name, size):
    text = '{"version": 1, "allowed_origins": ["https://' + name + '.example"]}'
    return (text + " " * (size - len(text))).encode()

def new_store():
    return Store("/f/policy", "/f/good", "/f/previous", "/f/record")

def boot():
    "Boots -> ([state, digest, good copy, previous copy], names of files)."
    found = new_store()
    found.load()
    return [found.state, found.status()["digest"], read("/f/good"), read("/f/previous")], os.listdir("/f")

def copy(text):
    "As mpremote does."
    with open("/f/policy", "wb") as f:
        f.write(text)

def rollback(digest):
    path, words = new_store().before(digest)
    new_store().save(read(path))

def poll():
    watch = new_store()
    watch.poll()
    watch.poll()

class Case:
    "One kind of act: what was in force, what is then, and how it stands after a cut, either way."

    def __init__(self, kind, sizes):
        self.kind = kind
        # A copy of the size and second of the one before would be taken for damaged.
        self.old = policy("old", sizes[0])
        self.new = policy("new", sizes[1] - (kind == "copied"))
        self.past = None
        self.outcomes = [0, 0]

    def prepare(self):
        "What is done before the act; `past`: the previous copy then."
        past_store = new_store()
        if self.kind == "rollback":
            past_store.save(self.new)
        past_store.save(self.old)
        poll()
        self.past = read("/f/previous")
        if self.kind == "copied":
            copy(self.new)
        elif self.kind == "broken":
            copy(b"{")
            poll()
        elif self.kind == "deleted":
            os.remove("/f/policy")
            poll()

    def act(self):
        if self.kind == "copied":
            poll()
        elif self.kind == "rollback":
            rollback(Policy.from_json(self.old).digest)
        elif self.kind == "deleted":
            rollback(None)
        else:
            new_store().save(self.new)

    def stands(self):
        "How it may stand after a cut: as before the act, and as after it; None: never."
        old = Policy.from_json(self.old).digest
        before = ["active", old, self.old, self.past]
        if self.kind == "deleted":
            return ["missing", None, self.old, self.past], before
        after = ["active", Policy.from_json(self.new).digest, self.new, self.old]
        if self.kind == "broken":
            before[0] = "last-good"
        return None if self.kind == "copied" else before, after

    def judge(self, found, names):
        "-> what is wrong after a cut, or None."
        before, after = self.stands()
        if found not in (before, after):
            return [part if isinstance(part, str) else part and part[:60] for part in found]
        self.outcomes[found == after] += 1
        if [name for name in names if name not in ("good", "policy", "previous", "record")]:
            return names

def prepared(case, history):
    "The image before the act."
    def past():
        past_store = new_store()
        for i in range(history):
            past_store.save(policy("past-%d" % (i % 7), 60 + i % 7))
            if i % 3:  # so that the log of the directory is full now in this act, now in that
                poll()
        case.prepare()
    return new_image(past)

exec(CHANGE)
for kind in KINDS:
    for sizes in SIZES:
        for history in HISTORIES:
            gc.collect()
            case = Case(kind, sizes)
            writes, tried, outcomes, wrong = cut_all(case, prepared(case, history), boot)
            print(json.dumps([kind, list(sizes), history, writes, tried, outcomes, [str(w) for w in wrong]]))
"""

KIT = str(Path(__file__).parents[1] / "kit")
_SIZES = [(60, 60), (60, 1000), (1000, 60), (1000, 1000)]  # with blocks of their own, and without
KINDS = ("save", "copied", "rollback", "broken", "deleted")


def cut(
    program: Path,
    folder: Path,
    histories: list[int],
    change: str = "",
    sizes: list[tuple[int, int]] = _SIZES,
    kinds: tuple[str, ...] = KINDS,
) -> list[list[Any]]:
    """One row for each kind, pair of sizes and history: what `cut_all` of the script gives."""
    script = folder / "cuts.py"
    given = {"KIT": KIT, "CHANGE": change, "SIZES": sizes, "HISTORIES": histories, "KINDS": kinds}
    head = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    script.write_text(head + _CUTS, encoding="utf-8")
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The collector, closing what a cut left open, says that it could not.
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


# Each save before adds to the directory's log; after some it is compacted, which erases blocks.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("histories", [[0], list(range(1, 20, 2))], ids=["first saves", "many saves"])
def test_power_cut_at_every_write(program: Path, tmp_path: Path, histories: list[int], kind: str) -> None:
    sizes = _SIZES if histories == [0] else _SIZES[:1]
    rows = cut(program, tmp_path, histories, sizes=sizes, kinds=(kind,))
    assert len(rows) == len(histories) * len(sizes)
    for _, _, _, writes, tried, outcomes, wrong in rows:
        assert wrong == []
        assert writes >= 3
        assert tried == sum(outcomes) == 3 * writes
        assert outcomes[1] >= 1
        assert (outcomes[0] >= 1) is (kind != "copied")
    assert len({row[3] for row in rows}) > 1  # with larger files, or with a compaction


IN_PLACE = """
def write(path, parts):
    with open(path, "wb") as f:
        for part in parts:
            f.write(part[:20])
            f.flush()
            f.write(part[20:])
files.write = write
"""
REMOVE_FIRST = """
def write(path, parts):
    with open(path + ".new", "wb") as f:
        for part in parts:
            f.write(part)
    files.remove(path)
    os.rename(path + ".new", path)
files.write = write
"""
RECORD_LAST = """
def save(self, data, new, policy):
    files.write(self.path, (data,))
    self.keep(data, new, policy)
copies.Copies.save = save
"""
GOOD_FIRST = """
def keep(self, text, found, policy):
    self.note(files.stamp(self.path), found)
    held = files.reading(self.good)
    if held == found:
        return
    before = held and files.read(self.good, held)
    files.write(self.good, (text,))
    if before:
        files.write(self.previous, (before,))
copies.Copies.keep = keep
"""


@pytest.mark.parametrize(
    "change",
    [IN_PLACE, REMOVE_FIRST, RECORD_LAST, GOOD_FIRST],
    ids=["in place", "remove, then rename", "the record last", "the good copy first"],
)
def test_the_cuts_find_a_save_that_is_not_atomic(program: Path, tmp_path: Path, change: str) -> None:
    rows = cut(program, tmp_path, [2], change, [(200, 200), (200, 1000)], ("save",))
    assert len(rows) == 2
    assert rows[0][6]
    assert rows[1][6] or change == RECORD_LAST  # another size is an edit

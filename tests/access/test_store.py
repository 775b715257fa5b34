"""The access file in flash: a fault of it locks the camera and never opens it, whenever the power is cut.

What it has in common with the policy's, the settling of edits and the flipped bits, is in tests/cors.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from access.document import Access
from access.lock import LOCKED
from access.store import Store
from flash import files
from strict import late
from strict.fault import AccessError
from tests.kit.store_files import StoreFiles

OPEN = '{"open": "anyone in this network may watch and control"}'
OPEN_VIEW = '{"open_view": "anyone in this network may watch", "tokens": []}'
INVALID = '{"open": "yes"}'
FAULT = (
    "open: not the sentence that opens the camera; "
    'write "anyone in this network may watch and control", or remove it'
)
MISSING = "no {}; the camera is locked; to make a token: camcors token add NAME --role view"


def tokens(*names: str, opened: str = "{}") -> str:
    """An access file that knows tokens of these names."""
    rows = [{"name": name, "role": "view", "sha256": f"{ord(name):02x}" * 32} for name in names]
    return json.dumps({**json.loads(opened), "tokens": rows})


A, AB, B = tokens("a"), tokens("a", "b"), tokens("b")
OPEN_A = tokens("a", opened=OPEN)


class Flash(StoreFiles):
    def __init__(self, folder: Path):
        super().__init__(folder, Store, "access", "good", "record")
        self.good, self.record = self.paths[1:]

    def settle(self) -> tuple[str, str]:
        self.store.poll()
        self.store.poll()
        return self.stands()

    def stands(self) -> tuple[str, str]:
        """The state, and who may what: the names of the tokens that count, after a role that is open."""
        access = self.store.access
        names = "".join(token.name for token in access.tokens)
        return self.store.state, f"{access.open_role or 'locked'} {names}".strip()


@pytest.fixture
def flash(tmp_path: Path) -> Flash:
    return Flash(tmp_path)


# (description, /access.json, its good copy) -> (state, who may what)
BOOTS = [
    ("nothing", None, None, "missing", "locked"),
    ("deleted, and a copy", None, A, "missing", "locked"),
    ("deleted, and a copy that is open", None, OPEN, "missing", "locked"),
    ("no tokens", "{}", None, "active", "locked"),
    ("tokens", AB, None, "active", "locked ab"),
    ("tokens, older copy", A, AB, "active", "locked a"),
    ("open", OPEN, None, "active", "control"),
    ("open, and tokens", OPEN_A, A, "active", "control a"),
    ("open for looking", OPEN_VIEW, None, "active", "view"),
    ("invalid", INVALID, None, "invalid", "locked"),
    ("invalid, tokens before", INVALID, AB, "last-good", "locked ab"),
    ("invalid, open before", INVALID, OPEN, "last-good", "locked"),
    ("invalid, open and tokens before", INVALID, OPEN_A, "last-good", "locked a"),
    ("invalid, open for looking before", INVALID, OPEN_VIEW, "last-good", "locked"),
    ("invalid, invalid copy", INVALID, "{", "invalid", "locked"),
    ("empty", "", A, "last-good", "locked a"),
]


@pytest.mark.parametrize("row", BOOTS, ids=[row[0] for row in BOOTS])
def test_boot(flash: Flash, row: tuple[str, str | None, str | None, str, str]) -> None:
    _, text, good, state, stands = row
    for path, content in ((flash.file, text), (flash.good, good)):
        if content is not None:
            path.write_text(content)
    flash.boot()
    assert flash.stands() == (state, stands)
    assert flash.settle() == (state, stands)
    assert (flash.file.read_text() if flash.file.exists() else None) == text


# What is in force, and what is written over it: then as above, while it runs and after a restart.
EDITS = [
    ("a token more", A, AB, ("active", "locked ab"), ("active", "locked ab")),
    ("a token less", AB, A, ("active", "locked a"), ("active", "locked a")),
    ("no tokens", AB, "{}", ("active", "locked"), ("active", "locked")),
    ("opened", A, OPEN_A, ("active", "control a"), ("active", "control a")),
    ("closed", OPEN_A, A, ("active", "locked a"), ("active", "locked a")),
    ("a mistake", AB, INVALID, ("invalid", "locked ab"), ("last-good", "locked ab")),
    ("a mistake where it was open", OPEN_A, INVALID, ("invalid", "locked a"), ("last-good", "locked a")),
    ("a mistake where all could look", OPEN_VIEW, INVALID, ("invalid", "locked"), ("last-good", "locked")),
    ("half of it", OPEN_A, OPEN_A[:20], ("invalid", "locked a"), ("last-good", "locked a")),
    ("deleted", AB, None, ("missing", "locked"), ("missing", "locked")),
    ("deleted where it was open", OPEN_A, None, ("missing", "locked"), ("missing", "locked")),
]


@pytest.mark.parametrize("row", EDITS, ids=[row[0] for row in EDITS])
def test_edit(flash: Flash, row: tuple[str, str, str | None, tuple[str, str], tuple[str, str]]) -> None:
    _, before, text, running, restarted = row
    flash.file.write_text(before)
    flash.boot()
    assert flash.store.state == "active"
    flash.file.unlink() if text is None else flash.file.write_text(text)
    assert flash.settle() == running
    flash.boot()
    assert flash.stands() == restarted


def test_deleted_is_locked_at_the_first_poll(flash: Flash) -> None:
    flash.file.write_text(OPEN_A)
    flash.boot()
    flash.file.unlink()
    assert flash.store.poll()
    assert flash.stands() == ("missing", "locked")
    assert flash.store.access is LOCKED
    assert flash.store.messages() == [MISSING.format(flash.file)]


def test_deleted_is_locked_where_nothing_more_can_be_loaded(
    flash: Flash, monkeypatch: pytest.MonkeyPatch
) -> None:
    flash.file.write_text(OPEN_A)
    flash.boot()
    flash.file.unlink()

    def fail(name: str) -> None:
        raise MemoryError

    with monkeypatch.context() as full:
        full.setattr(late, "load", fail)
        assert flash.store.poll()
        assert flash.store.access is LOCKED
    flash.store.poll()
    assert flash.stands() == ("missing", "locked")
    assert not flash.good.exists()


def test_what_was_deleted_never_counts_again(flash: Flash) -> None:
    flash.store.save(AB)
    flash.settle()
    flash.file.unlink()
    flash.store.poll()
    assert list(flash.folder.iterdir()) == []
    flash.file.write_text(INVALID)
    assert flash.settle() == ("invalid", "locked")
    flash.boot()
    assert flash.stands() == ("invalid", "locked")


def test_open_again_once_the_mistake_is_fixed(flash: Flash) -> None:
    for text, stands in (
        (OPEN_A, ("active", "control a")),
        (INVALID, ("invalid", "locked a")),
        (OPEN_A, ("active", "control a")),
    ):
        flash.file.write_text(text)
        assert flash.settle() == stands


def test_while_it_is_closed_by_a_fault_it_is_one_object(flash: Flash) -> None:
    """Who asks whether another is in force compares the objects."""
    flash.file.write_text(OPEN_A)
    flash.settle()
    opened = flash.store.access
    assert flash.store.access is opened
    flash.file.write_text(INVALID)
    flash.settle()
    closed = flash.store.access
    assert closed is not opened
    assert flash.store.access is closed


def test_a_flipped_bit_closes_it(flash: Flash) -> None:
    flash.file.write_text(OPEN_A)
    flash.settle()
    stamp = flash.file.stat()
    flash.file.write_text(OPEN_A.replace('"a"', '"b"'))
    os.utime(flash.file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    flash.boot()
    assert flash.stands() == ("damaged", "locked a")


def no_memory(*_: object) -> None:
    raise MemoryError


def test_a_poll_without_memory_closes_nothing(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of the file. For 20 in a row an edit could be overlooked."""
    flash.file.write_text(OPEN_A)
    flash.boot()
    monkeypatch.setattr(files, "reading", no_memory)
    assert [flash.store.poll() for _ in range(21)] == [False] * 19 + [True, False]
    assert flash.stands() == ("invalid", "locked a")
    monkeypatch.undo()
    assert flash.settle() == ("active", "control a")
    monkeypatch.setattr(files, "reading", no_memory)
    assert not any(flash.store.poll() for _ in range(19))
    assert flash.stands() == ("active", "control a")


def test_an_edit_that_there_is_no_memory_for_closes_it(flash: Flash, monkeypatch: pytest.MonkeyPatch) -> None:
    flash.file.write_text(OPEN_A)
    flash.boot()
    flash.file.write_text(OPEN_VIEW)
    monkeypatch.setattr(files, "read", no_memory)
    assert flash.settle() == ("invalid", "locked a")
    monkeypatch.undo()
    assert flash.settle() == ("active", "view")


def test_save(flash: Flash) -> None:
    saved = flash.another().save(AB)
    assert saved.digest == Access.from_json(AB).digest
    assert flash.file.read_text() == flash.good.read_text() == AB
    assert flash.settle() == ("active", "locked ab")
    assert flash.store.status() == {"state": "active", "digest": saved.digest, "error": None}
    with pytest.raises(AccessError):
        flash.store.save(INVALID)
    assert flash.file.read_text() == AB
    assert flash.settle() == ("active", "locked ab")


# What was read, what stands there by then, whether it is saved: AB is.
CHANGED = [
    (A, A, True),
    (None, None, True),
    (A, B, False),
    (A, None, False),
    (None, A, False),
    (A, A + " ", False),
    (A, A + " " * 9000, False),
    (A + " " * 9000, A + " " * 9000, True),
    (A + " " * 9000, A + " " * 9001, False),
    (A, AB, True),  # it is there already
    (None, AB, True),
]


@pytest.mark.parametrize("row", CHANGED)
def test_save_over_what_was_read(flash: Flash, row: tuple[str | None, str | None, bool]) -> None:
    read, there, is_saved = row
    if there is not None:
        flash.file.write_text(there)
    before = None if read is None else hashlib.sha256(read.encode()).digest()
    if is_saved:
        flash.another().save(AB, before)
        assert flash.file.read_text() == flash.good.read_text() == AB
    else:
        with pytest.raises(OSError, match=r"was changed by another meanwhile; try again$"):
            flash.another().save(AB, before)
        assert (flash.file.read_text() if flash.file.exists() else None) == there
        assert not flash.good.exists()


@pytest.mark.parametrize("name", ["good", "record"])
@pytest.mark.parametrize("how", ["saved", "copied"])
def test_a_removed_token_is_in_no_copy_even_if_none_can_be_written(
    flash: Flash, monkeypatch: pytest.MonkeyPatch, name: str, how: str
) -> None:
    flash.store.save(AB)
    flash.settle()
    write = files.write

    def full(path: str, parts: object) -> None:
        if Path(path).name == name and (name != "record" or how != "saved" or written):
            raise OSError(errno.ENOSPC, f"cannot write {path}")
        written.append(path)
        write(path, parts)

    written: list[str] = []
    monkeypatch.setattr(files, "write", full)
    flash.another().save(A) if how == "saved" else flash.file.write_text(A)
    assert flash.settle() == ("active", "locked a")
    assert not flash.good.exists() or flash.good.read_text() == A
    monkeypatch.undo()
    flash.file.write_text(INVALID)
    flash.boot()
    assert flash.stands()[1] in ("locked", "locked a")


# A Store on a flash whose power fails at its N-th write or erase.
_CUTS = """
import gc, json, os, sys
from hashlib import sha256
sys.path.append(KIT)
from cut_flash import cut_all, new_image, read
from access.document import Access, to_json
from access.store import Store
from flash import files

def new_store():
    return Store("/f/access", "/f/good", "/f/record")

def poll():
    watch = new_store()
    watch.poll()
    watch.poll()

def boot():
    found = new_store()
    found.load()
    return [found.state, to_json(found.access)], read("/f/good"), read("/f/access"), os.listdir("/f")

class Case:
    "Tokens before, and the act: one is added, removed, or added to none."

    def __init__(self, kind, count):
        self.kind = kind
        self.before = Access()
        for i in range(count):
            self.before = self.before.with_token("token-%d" % i, "view", "%064d" % i)
        if kind == "add":
            self.after = self.before.with_token("new", "admin", "a" * 64)
        else:
            self.after = self.before.without_token("token-0")
        self.is_first = kind == "add" and count == 0
        self.outcomes = [0, 0]

    def prepare(self):
        for i in range(HISTORY):
            new_store().save(self.after.to_json() if i % 2 else self.before.to_json())
            poll()
        if self.is_first:
            for name in os.listdir("/f"):
                os.remove("/f/" + name)
        else:
            new_store().save(self.before.to_json())
            poll()

    def act(self):
        before = None if self.is_first else sha256(self.before.to_json().encode()).digest()
        new_store().save(self.after.to_json(), before)

    def judge(self, stands, good, file, names):
        texts = [self.before.to_json(), self.after.to_json()]
        states = ["missing" if self.is_first else "active", "active"]
        for i in range(2):
            if stands == [states[i], texts[i]]:
                self.outcomes[i] += 1
                if [name for name in names if name not in ("access", "good", "record")]:
                    return names
                copy = None if stands[0] == "missing" else texts[i].encode()
                return None if good == copy == file else [good, file]
        return stands

exec(CHANGE)
for kind, count in (("add", 0), ("add", 1), ("remove", 1), ("add", 8), ("remove", 8)):
    gc.collect()
    case = Case(kind, count)
    writes, tried, outcomes, wrong = cut_all(case, new_image(case.prepare), boot)
    print(json.dumps([kind, count, writes, tried, outcomes, [str(w) for w in wrong]]))
"""


def cut(program: Path, folder: Path, history: int, change: str = "") -> list[list[object]]:
    script = folder / "cuts.py"
    kit = str(Path(__file__).parents[1] / "kit")
    script.write_text(f"KIT = {kit!r}\nCHANGE = {change!r}\nHISTORY = {history}\n" + _CUTS)
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


@pytest.mark.parametrize("history", [0, 7, 12])
def test_power_cut_at_every_write_of_adding_and_removing(program: Path, tmp_path: Path, history: int) -> None:
    rows = cut(program, tmp_path, history)
    assert len(rows) == 5
    for _, _, writes, tried, outcomes, wrong in rows:
        assert wrong == []
        assert writes >= 3
        assert tried == sum(outcomes) == 3 * writes
        assert min(outcomes) >= 1


IN_PLACE = """
def write(path, parts):
    with open(path, "wb") as f:
        for part in parts:
            f.write(part[:20])
            f.flush()
            f.write(part[20:])
files.write = write
"""


def test_the_cuts_find_a_save_that_is_not_atomic(program: Path, tmp_path: Path) -> None:
    assert any(row[5] for row in cut(program, tmp_path, 0, IN_PLACE))

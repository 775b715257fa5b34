"""What a text costs the one thread that reads it: in proportion to its length, whatever it holds; and what
looking up an origin costs, the same for one allowed origin and for a hundred.

Counted, not timed: the steps of the interpreter in our code, the bytes that a slice copies, and the allowed
origins that MicroPython compares with the one that asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cors import Policy, PolicyError
from settings import document
from strict import json as strict_json
from tests.kit.camera import TOP

OURS = (str(TOP / "src"), str(TOP / "firmware"))
LENGTH = 1200
LINEAR = 2.2  # times as much for twice the length
STEPS_MAX = 1000  # for each byte, of the dearest
COPIES_MAX = 4  # of each byte


class Counted(bytes):
    """Bytes that count how many of them are copied, or searched."""

    touched = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(key, slice):
            Counted.touched += len(found)  # type: ignore[arg-type]
        return found

    def decode(self, *args: Any, **kwargs: Any) -> str:
        Counted.touched += len(self)
        return super().decode(*args, **kwargs)


def cost(act: Callable[[bytes], object], text: bytes) -> tuple[int, int]:
    """Steps of our code in `act`, and the bytes of `text` that it copies."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        steps += event == "opcode"
        return trace

    Counted.touched = 0
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act(Counted(text))
    finally:
        sys.settrace(before)
    return steps, Counted.touched


def first(data: bytes) -> object:
    return strict_json.read(data, 1)


def policy(data: bytes) -> object:
    try:
        return Policy.from_json(data)
    except PolicyError as exc:
        return str(exc)


def settings(data: bytes) -> object:
    return document.read(data, {})


def fill(start: str, part: str, end: str, between: str = "") -> Callable[[int], bytes]:
    """Make a text of a given length: `part` as often as it fits; "#" in it is its number."""

    def make(length: int) -> bytes:
        parts, size = [], len(start) + len(end)
        while size < length:
            parts.append(part.replace("#", f"{len(parts):04}"))
            size += len(parts[-1]) + len(between)
        return (start + between.join(parts) + end).encode()

    return make


TEXTS = {
    "a key again and again": fill("{", '"a":1', "}", ","),
    "a key again on lines of its own": fill("{", '\n"a" : 1', "}", ","),
    "a long key again": fill('{"a":1,"a":2,"', "k", '":1}'),
    "unknown keys": fill("{", '"k#":1', "}", ","),
    "keys that are nearly known": fill("{", '"max_ag#":1', "}", ","),
    "keys again at the end": fill('{"x":[', "1", "]" + ',"a":1' * 30 + "}", ","),
    "one long unknown key": fill('{"', "max_age", '":1}'),
    "one long string": fill('{"version":"', "x", '"}'),
    "many strings": fill('{"version":1,"allowed_origins":[', '"https://A#.example/"', "]}", ","),
    "many headers": fill('{"version":1,"allowed_headers":[', '"X Y#"', "]}", ","),
    "many numbers": fill('{"version":1,"max_age":[', "1", "]}", ","),
    "lists in a list": fill('{"version":1,"max_age":[', "[[[[[]]]]]", "]}", ","),
    "the same list everywhere": fill('{"version":1,"allowed_methods":[', '["a","b","c"]', "]}", ","),
    "escapes": fill('{"version":"', "\\u0041", '"}'),
    "brackets": fill("", "[", ""),
    "braces": fill("", '{"a":', ""),
    "white space": fill("{", " \n\t", '"version":1}'),
    "a number": fill('{"version":', "1", "}"),
    "a word": fill('{"version":', "t", "}"),
    "letters of two bytes": fill('{"version":"', "ä", '"}'),
    "a key again after letters of two bytes": fill("{", '"ä":1', "}", ","),
}
READERS = {"all": strict_json.read, "first": first, "policy": policy, "settings": settings}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", TEXTS)
def test_twice_the_text_costs_twice_as_much(text: str, reader: str) -> None:
    make, act = TEXTS[text], READERS[reader]
    once, twice = (make(length) for length in (LENGTH, 2 * LENGTH))
    act(once)  # what is made at the first call
    steps, copied = zip(*(cost(act, data) for data in (once, twice)), strict=True)
    assert steps[1] <= LINEAR * steps[0]
    assert steps[1] <= STEPS_MAX * len(twice)
    assert copied[1] <= COPIES_MAX * len(twice)


def test_the_first_fault_ends_it() -> None:
    make = TEXTS["a key again and again"]
    # The check of UTF-8 reads it all; the rest is the same for any length.
    read = [cost(first, make(length))[0] for length in (LENGTH, 2 * LENGTH)]
    checked = [cost(strict_json._bad_utf8, make(length))[0] for length in (LENGTH, 2 * LENGTH)]
    assert read[0] - checked[0] == read[1] - checked[1] < 1000


LOOKS_MAX = 10  # at allowed origins, for one that asks, in the middle

LOOKS = """
import json
from cors.origin import Matcher

class Asking:
    "An origin that counts what it is compared with."
    def __init__(self, text):
        self.text = text
        self.looks = 0
    def __hash__(self):
        return hash(self.text)
    def __eq__(self, other):
        self.looks += 1
        return self.text == other

def mean(matcher, origins, expected):
    asking = [Asking(origin) for origin in origins]
    for origin in asking:
        assert matcher.match(origin) is expected
    return sum([origin.looks for origin in asking]) / len(asking)

rows = []
for pattern in ("https://host%d.example.com", "http://192.168.1.%d", "http://localhost:%d"):
    for count in (1, 10, 97, 100):  # a set of 97 has not one free place
        listed = [pattern % (i + 1) for i in range(count)]
        others = [pattern % i for i in range(200, 255)]
        matcher = Matcher(listed)
        rows.append((mean(matcher, listed, True), mean(matcher, others, False)))
print(json.dumps(rows))
"""


def test_a_hundred_origins_are_not_gone_through(program: Path, tmp_path: Path) -> None:
    script = tmp_path / "looks.py"
    script.write_text(LOOKS, encoding="utf-8")
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == 12
    for listed, others in rows:
        assert 1 <= listed <= LOOKS_MAX
        assert 0 <= others <= LOOKS_MAX

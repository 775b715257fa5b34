"""Conversations with the server under test on bytes, on CPython and on MicroPython."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.kit.camera import PROGRAM

_ON_BYTES = Path(__file__).resolve().parent / "on_bytes.py"

SILENT, CLOSED, FULL = "silent", "closed", "full"  # of on_bytes.py


class Heard(NamedTuple):
    """What came of a conversation: all that the client got, what was counted, the lines that were logged."""

    answer: bytes
    counted: dict[str, int]
    lines: list[str]


Talk = Callable[..., Heard]


@contextlib.contextmanager
def talk_on_cpython(limits: dict[str, int], is_guarded: bool) -> Iterator[Talk]:
    talker = importlib.import_module("tests.kit.on_bytes").Talker(limits, is_guarded)
    loop = asyncio.new_event_loop()

    def hear(*pieces: bytes, end: str = SILENT) -> Heard:
        answer = bytearray()
        found = loop.run_until_complete(talker.hear(pieces, end, answer.extend))
        return Heard(bytes(answer), **found)

    with contextlib.closing(loop):
        yield hear


@contextlib.contextmanager
def talk_on_micropython(limits: dict[str, int], is_guarded: bool) -> Iterator[Talk]:
    command = [str(PROGRAM), str(_ON_BYTES), json.dumps(limits), *["guarded"] * is_guarded]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def hear(*pieces: bytes, end: str = SILENT) -> Heard:
            print(json.dumps([end, *(piece.hex() for piece in pieces)]), file=stdin, flush=True)
            answer, said = bytearray(), ""
            while not (line := stdout.readline()).startswith("{"):
                if line.startswith(">"):
                    answer += bytes.fromhex(line[1:])
                else:  # microdot prints what a handler raises
                    said += line
                    assert line, said
            return Heard(bytes(answer), **json.loads(line))

        try:
            yield hear
            print(file=stdin, flush=True)
            assert process.wait(10) == 0
        finally:
            process.kill()

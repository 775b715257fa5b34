"""MicroPython's waits, among several tasks and with one that is cancelled; CPython's are asyncio's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = """
import asyncio
import socket
import sys
from select import POLLIN
from camcors.http.waits import core, until_ready, until_set

event = asyncio.Event()
listener = socket.socket()
listener.bind(socket.getaddrinfo("127.0.0.1", 0)[0][-1])
listener.listen(1)
said = []


async def wait(name):
    try:
        if sys.argv[1] == "event":
            await until_set(event)
        else:
            await until_ready(listener, POLLIN)
        said.append(name)
    except asyncio.CancelledError:
        said.append(name + " cancelled")


async def main():
    tasks = {name: asyncio.create_task(wait(name)) for name in sys.argv[2]}
    await asyncio.sleep_ms(5)
    for name in sys.argv[3]:
        tasks[name].cancel()
    await asyncio.sleep_ms(5)
    said.append("set")
    event.set()
    await asyncio.sleep_ms(5)
    print(",".join(said), event.waiting.peek(), len(core._io_queue.map))


asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("what", "tasks", "cancelled", "said"),
    [
        ("event", "a", "", "set,a None 0"),
        ("event", "abc", "", "set,a,b,c None 0"),
        ("event", "abc", "a", "a cancelled,set,b,c None 0"),
        ("event", "abc", "bc", "b cancelled,c cancelled,set,a None 0"),
        ("event", "abc", "cba", "c cancelled,b cancelled,a cancelled,set None 0"),
        ("socket", "a", "", "set None 1"),
        ("socket", "a", "a", "a cancelled,set None 0"),
    ],
)
def test_waits(program: Path, tmp_path: Path, what: str, tasks: str, cancelled: str, said: str) -> None:
    (tmp_path / "waits.py").write_text(SCRIPT)
    command: list[str | Path] = [program, tmp_path / "waits.py", what, tasks, cancelled]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (said + "\n", "")


POLLS = """
import asyncio
import sys
from camcors.http import waits


class Poller:
    '''lwIP's without memory: each third poll fails.'''

    def __init__(self, real):
        self._real = real
        self._count = 0
        for name in ("register", "unregister", "modify"):
            setattr(self, name, getattr(real, name))

    def ipoll(self, timeout):
        self._count += 1
        if self._count % 3 == 0:
            raise OSError(int(sys.argv[1]))
        return self._real.ipoll(timeout)


waits.core._io_queue.poller = Poller(waits.core._io_queue.poller)


async def other(said):
    for number in range(4):
        await asyncio.sleep_ms(1)
        said.append(number)


async def main():
    said = []
    task = asyncio.create_task(other(said))
    await task
    if sys.argv[2] == "raises":
        raise OSError(5)
    return said


try:
    print(waits.run(main()))
except OSError as exc:
    print("OSError", exc.errno)
"""


@pytest.mark.parametrize(
    ("number", "end", "said"),
    [("5", "ends", "[0, 1, 2, 3]"), ("5", "raises", "OSError 5"), ("12", "ends", "OSError 12")],
)
def test_a_poll_without_memory_ends_no_loop(
    program: Path, tmp_path: Path, number: str, end: str, said: str
) -> None:
    (tmp_path / "polls.py").write_text(POLLS)
    command: list[str | Path] = [program, tmp_path / "polls.py", number, end]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (said + "\n", "")

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

"""How often a connection asks its socket, and waits for it: each is a call of the system, or of lwIP."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.kit.camera import PROGRAM

#: What each read of a socket gives: so many bytes, None for nothing yet, an error for its number (negative).
#: Then what so many calls come to, take() and receive() after it, and what they did: r reads, w waits.
CASES: dict[str, tuple[list[int | None], int, list[int], str]] = {
    "all is there": ([3], 1, [3], "r"),
    "more than the buffer": ([8, 8], 2, [8, 8], "rwr"),
    "nothing yet": ([None, 3], 1, [3], "rwr"),
    "woken for nothing": ([None, None, 3], 1, [3], "rwrwr"),
    "a request after another": ([3, 5], 2, [3, 5], "rwr"),
    "the end": ([0], 1, [0], "r"),
    "the end after a request": ([3, 0], 2, [3, 0], "rwr"),
    "a lost client": ([-104], 1, [-104], "r"),
    "lost while it is waited for": ([None, -104], 1, [-104], "rwr"),
}
SCRIPT = """
import asyncio, errno, io, json, sys
from camcors.http import transport

class Socket(io.IOBase):
    def __init__(self, given):
        self.given = given
        self.done = ""

    def readinto(self, buffer):
        self.done += "r"
        count = self.given.pop(0)
        return -errno.EAGAIN if count is None else count

    def ioctl(self, request, argument):
        return 0

    def setsockopt(self, *arguments):
        pass  # its options do not count here

def wait(socket, event):
    socket.done += "w"
    return asyncio.sleep_ms(0)

class Inbox:
    def __init__(self):
        self.buffer = bytearray(8)

    def room(self):
        return self.buffer

    def rest(self):
        pass

async def receive(client, inbox, is_first):
    try:
        count = client.take(inbox) if is_first else None
        return await client.receive(inbox) if count is None else count
    except OSError as error:
        return -error.args[0]

async def play(given, times):
    socket = Socket(given)
    client = transport.Transport(socket, ("", 0))
    counts = []
    for i in range(times):
        counts.append(await receive(client, Inbox(), not i))
    return counts, socket.done

transport.until_ready = wait
print(json.dumps([asyncio.run(play(*case[:2])) for case in json.loads(sys.argv[1])]))
"""


@pytest.mark.usefixtures("program")
def test_one_read_and_no_wait_for_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    command = [str(PROGRAM), str(path), json.dumps(list(CASES.values()))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = dict(zip(CASES, json.loads(done.stdout), strict=True))
    assert found == {what: [counts, calls] for what, (_, _, counts, calls) in CASES.items()}

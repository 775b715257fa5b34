"""A full heap takes no slot from those who wait: nothing is allocated while one changes hands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = """
import asyncio
import gc
import sys
import micropython
from camcors.http import phases
from camcors.http.clock import ticks_add, ticks_ms
from camcors.http.server import Server
from microdot import Microdot


class Transport:
    is_secure = False

    def __init__(self, address):
        self.address = address
        self.closed = False

    def client(self):
        return (self.address, 1)

    def take(self, inbox):
        return None

    async def receive(self, inbox):
        await asyncio.sleep_ms(60000)

    def is_readable(self):
        bytearray(16)  # the poll for it takes memory
        return False

    def close(self, is_lost=False):
        self.closed = True


async def main():
    server = Server(Microdot())
    transports = [Transport("10.0.0." + each) for each in sys.argv[2]]
    for transport in transports:
        asyncio.create_task(server._accept(transport))
    await asyncio.sleep_ms(10)
    for holder in server.admission.holders:
        holder.exchange.phase = getattr(phases, sys.argv[1])
        holder.exchange.since = ticks_add(ticks_ms(), -5000)
    for client in server.admission.waiting:
        client.exchange.since = ticks_add(ticks_ms(), -5000)
    before = len(server.admission.waiting)
    for _ in range(10):  # the dictionaries and stacks are as large as they get
        gc.collect()
    micropython.heap_lock()
    server.admission.settle()
    micropython.heap_unlock()
    await asyncio.sleep_ms(10)
    holders = "".join(each.address[-1] for each in server.admission.holders)
    closed = "".join(str(int(each.closed)) for each in transports)
    print(before, server.evicted, holders, closed)


asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("phase", "clients", "said"),
    [
        ("IDLE", "1111112", "1 1 111112 1000000"),
        ("LISTENING", "1111112", "1 1 111112 1000000"),
        ("DELAYED", "1111112", "1 1 111112 1000000"),
        ("DELAYED", "1234567", "1 1 234567 1000000"),
        ("SENDING", "1111112", "1 1 111112 1000000"),
        ("RUNNING", "1111112", "1 0 111111 0000000"),
    ],
)
def test_slot_changes_hands(program: Path, tmp_path: Path, phase: str, clients: str, said: str) -> None:
    (tmp_path / "admission.py").write_text(SCRIPT)
    command: list[str | Path] = [program, tmp_path / "admission.py", phase, clients]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (said + "\n", "")

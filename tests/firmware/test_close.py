"""The server ends at once, whatever a client was at when it was told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.camera import free_port

# The client connects, the loop turns some times, the server closes; then the client's connection has ended.
CLOSES = """
import asyncio, socket, sys
from camcors.http.server import Server
from microdot import Microdot


async def main():
    server = Server(Microdot())
    await server.start("127.0.0.1", int(sys.argv[1]))
    client = socket.socket()
    client.connect(socket.getaddrinfo("127.0.0.1", int(sys.argv[1]))[0][-1])
    for _ in range(int(sys.argv[2])):
        await asyncio.sleep(0)
    await asyncio.wait_for(server.close(), 5)
    assert server.connections == 0
    return client


client = asyncio.run(main())
if sys.implementation.name == "cpython":
    sys.exit()  # its asyncio forgets a client that it has just accepted
client.settimeout(5)
try:
    print(client.recv(1))
except OSError as error:
    print(error.errno)
"""
ENDED = {"cpython": ("",), "micropython": ("b''\n", "104\n")}  # by a FIN, or a reset: nobody has taken it


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("interpreter", ENDED)
def test_a_client_that_comes_as_the_server_closes(
    program: Path, tmp_path: Path, interpreter: str, turns: int
) -> None:
    (tmp_path / "app.py").write_text(CLOSES)
    python = sys.executable if interpreter == "cpython" else program
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [python, tmp_path / "app.py", str(free_port()), str(turns)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20)
    assert (done.stdout in ENDED[interpreter], done.stderr) == (True, ""), done.stdout

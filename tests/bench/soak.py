"""Soak: a fresh camera answers requests for as long as it takes, well-behaved clients among bad ones.

usage: soak.py [--requests 200000] [--seed 1]. One in a hundred clients is cut off at some stage, one in four
hundred sends its head byte by byte. Prints a table; exit status 1 if a check fails.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.camera_heap import HEAP_SLACK, camera_heap
from tests.bench.soak_clients import STATUS, STREAM, Client, Soak
from tests.kit.camera import Camera

CLIENTS = 6 + 32 + 2 + 1  # slots, places to wait, clients that are told that there is none, and one more


def status(camera: Camera) -> dict[str, Any]:
    """/api/status once all other connections have ended, with the heap in use after a collection."""
    end = time.monotonic() + 30
    while True:
        answer = b""
        with contextlib.suppress(ConnectionError), Client(camera.port).connect() as connection:
            connection.sendall(b"GET /api/status HTTP/1.0\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        if answer.startswith(b"HTTP/1.1 200 "):  # 503 or a reset as long as the last ones leave
            report = json.loads(answer.partition(b"\r\n\r\n")[2])
            if report["clients"]["connections"] == 1 and report["clients"]["viewers"] == 0:
                break
        assert time.monotonic() < end, answer
        time.sleep(0.05)
    report["heap"]["used"] = camera_heap(camera)
    return report


def sockets(camera: Camera) -> int:
    """How many sockets the camera's process holds."""
    links = Path(f"/proc/{camera.process.pid}/fd").iterdir()
    count = 0
    for link in links:
        with contextlib.suppress(FileNotFoundError):
            count += str(link.readlink()).startswith("socket:")
    return count


def warm_up(camera: Camera) -> None:
    """Has the camera make what it makes once: its picture, and buffers for as many clients as it serves."""
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as viewer:
        viewer.sendall(STREAM)
        seen = b""
        while seen.count(b"--frame") < 2:
            seen += viewer.recv(65536)
    while not is_overrun(camera):
        pass


def is_overrun(camera: Camera) -> bool:
    """Open more clients than the camera takes at a time -> whether the last one was closed unheard.

    If so, all others were there at the same time, each with a buffer.
    """
    clients = [Client(camera.port) for _ in range(CLIENTS)]
    try:
        for client in clients:
            with contextlib.suppress(ConnectionError):
                client.connect().sendall(STATUS[:1])
        try:
            return not clients[-1].connection().recv(1)
        except ConnectionError:
            return True
    finally:
        for client in clients:
            client.close()


def check(camera: Camera, requests: int, seed: int) -> bool:
    warm_up(camera)
    status(camera)
    at_start = sockets(camera)
    soak = Soak(camera.port, seed)
    started = time.monotonic()
    soak.run(requests // 10)
    early = status(camera)
    soak.run(requests - requests // 10)
    late = status(camera)
    seconds = time.monotonic() - started
    end = time.monotonic() + 10  # the last client's socket may take a moment
    while (at_end := sockets(camera)) > at_start and time.monotonic() < end:
        time.sleep(0.05)
    clients = late["clients"]
    growth = late["heap"]["used"] - early["heap"]["used"]
    good = [
        ("requests answered as they must be", soak.done["kept"] + soak.done["new"] == requests),
        ("no error of a client", not soak.errors),
        ("no fault counted", clients["faults"] == 0 and not late["faults"]),
        ("heap flat", growth <= HEAP_SLACK),
        ("no socket left", at_end == at_start),
    ]
    for name in ("kept", "new", "aborted", "slow", "connections"):
        print(f"{name:34}{soak.done[name]:10}")
    for name in ("accepted", "requests", "evicted", "refused", "rejected", "timeouts", "vanished", "faults"):
        print(f"{'camera: ' + name:34}{clients[name]:10}")
    print(f"{'heap used at 10 %, at the end':34}{early['heap']['used']:10}{late['heap']['used']:10}")
    print(f"{'sockets at the start, at the end':34}{at_start:10}{at_end:10}")
    print(f"{'seconds':34}{seconds:10.1f}")
    for what, is_so in good:
        print(f"{what:34}{'ok' if is_so else 'FAILED':>10}")
    for error in soak.errors + late["faults"]:
        print(error)
    return all(is_so for _, is_so in good)


def main() -> int:
    parser = argparse.ArgumentParser(description="Soak test of the camera on your desk.")
    parser.add_argument("--requests", type=int, default=200_000, help="good requests (200000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    options = parser.parse_args()
    if options.requests < 1000:
        parser.error("--requests: write at least 1000")
    with tempfile.TemporaryDirectory() as folder, Camera(Path(folder) / "flash.bin") as camera:
        camera.wait_ready()
        return 0 if check(camera, options.requests, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())

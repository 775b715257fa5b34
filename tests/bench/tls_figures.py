"""What https costs: handshakes, requests, memory, and the other clients' time."""

from __future__ import annotations

import contextlib
import ssl
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import chrome, tls_soak, wrk
from tests.bench.beside import beside
from tests.bench.camera_figures import ROUNDS, latency
from tests.bench.camera_heap import camera_heap
from tests.bench.serving import PATH, Client
from tests.kit import https
from tests.kit.authority import Authority
from tests.kit.camera import Camera

HANDSHAKES = 200
RATE_ROUNDS = 3
RATE_SECONDS = 2
IDLE = 4  # connections, below the camera's cap of 6
HANDSHAKERS = (1, 2)  # limits.tls_handshakes is two
SETTINGS = '{"tls": {"plain": "serve"}}'
SCRIPT = Path(__file__).with_name("handshakers.py")


def milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def handshakes_ms(camera: Camera, trust: ssl.SSLContext) -> dict[str, float]:
    """Medians: a request on a new plain connection, a full and a resumed handshake on a new one."""
    session: ssl.SSLSession | None = None

    def shake() -> None:
        nonlocal session
        with https.connect(camera, trust, session) as client:
            assert client.session_reused is (session is not None)
            session = client.session if session is None else None

    times: dict[str, list[float]] = {"plain": [], "full": [], "resumed": []}
    for _ in range(HANDSHAKES):  # in turn, so that all see the same machine
        times["plain"].append(milliseconds(Client(camera.port, False).get))
        times["full"].append(milliseconds(shake))
        times["resumed"].append(milliseconds(shake))
    return {kind: statistics.median(found) for kind, found in times.items()}


def rates(camera: Camera) -> dict[str, list[float]]:
    """Requests per second of each round, of one client that keeps its connection."""
    found: dict[str, list[float]] = {"plain": [], "https": []}
    for _ in range(RATE_ROUNDS):
        found["plain"].append(wrk.run(camera.port, True, RATE_SECONDS, connections=1))
        found["https"].append(wrk.run(camera.tls_port, True, RATE_SECONDS, connections=1, scheme="https"))
    return found


def memory(camera: Camera) -> dict[str, int]:
    """Bytes in use: of Python's heap after a collection, and of the computer's memory by TLS."""
    return {"heap": camera_heap(camera), "tls": https.tls_bytes(camera)}


def per_connection(camera: Camera, trust: ssl.SSLContext) -> dict[str, dict[str, float]]:
    """Bytes that one connection holds: plain, over TLS, and in the middle of its handshake."""

    def over_tls() -> contextlib.AbstractContextManager[Any]:
        client = https.connect(camera, trust)
        client.sendall(chrome.head(PATH, f"127.0.0.1:{camera.tls_port}", True))
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        return client

    def plain() -> contextlib.AbstractContextManager[Any]:
        client = Client(camera.port, True)
        client.get()
        return contextlib.closing(client)

    kinds = {
        "plain": (plain, IDLE),
        "https": (over_tls, IDLE),
        "handshake": (lambda: https.begun(camera, trust), max(HANDSHAKERS)),
    }
    found = {}
    for kind, (opened, count) in kinds.items():
        for _ in range(2):  # the first time buffers are made, which stay
            tls_soak.settled(camera)
            before = memory(camera)
            with contextlib.ExitStack() as stack:
                for _ in range(count):
                    stack.enter_context(opened())
                during = memory(camera)
        found[kind] = {name: (during[name] - before[name]) / count for name in before}
    return found


def latencies(camera: Camera, authority: Authority) -> dict[str, Any]:
    """Of GET /api/status over plain http: idle, and while clients do full handshakes one after the other."""
    idle = []
    busy: dict[str, list[dict[str, float]]] = {str(count): [] for count in HANDSHAKERS}
    done: dict[str, list[float]] = {str(count): [] for count in HANDSHAKERS}
    for _ in range(ROUNDS):  # in turn, so that all see the same machine
        idle.append(latency(camera.port))
        for count in HANDSHAKERS:
            with beside(SCRIPT, camera.tls_port, authority.certificate, count) as found:
                busy[str(count)].append(latency(camera.port))
            done[str(count)].append(sum(found))
    return {"idle_ms": idle, "shaking_ms": busy, "handshakes_per_second": done}


def measure(folder: Path) -> dict[str, Any]:
    """All figures of https."""
    authority = Authority(folder)
    leaf = authority.leaf(*https.HOSTS)
    with https.start(folder / "tls.bin", leaf, SETTINGS) as camera:
        found = {
            "handshakes_ms": handshakes_ms(camera, authority.trust),
            "requests_per_second": rates(camera),
            "bytes_per_connection": per_connection(camera, authority.trust),
            "latencies": latencies(camera, authority),
            "soak": tls_soak.run(camera, authority.trust),
        }
        camera.stop()
    return found

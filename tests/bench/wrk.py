"""Requests per second, with wrk as the load."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.bench import chrome
from tests.bench.serving import PATH, Serving, kinds, serving

CONNECTIONS = 4  # below the camera's cap of 6
SECONDS = 3
ROUNDS = 5


def command(
    port: int, keep_alive: bool, seconds: int, connections: int = CONNECTIONS, scheme: str = "http"
) -> list[str]:
    """The command line; wrk itself adds Host."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for name, value in chrome.headers(keep_alive):
        words += ["-H", f"{name}: {value}"]
    return [*words, f"{scheme}://127.0.0.1:{port}{PATH}"]


def parse(text: str) -> float:
    """Requests per second in what wrk printed.

    Raises ValueError if there is no rate, an answer was not 2xx or 3xx, or a socket failed.
    """
    for fault in (r"Non-2xx or 3xx responses: .*", r"Socket errors: .*"):
        if found := re.search(fault, text):
            raise ValueError(f"wrk: {found[0]}")
    rate = re.search(r"^Requests/sec: +([0-9.]+)$", text, re.MULTILINE)
    if rate is None:
        raise ValueError(f"wrk printed no rate: {text!r}")
    return float(rate[1])


def run(
    port: int, keep_alive: bool, seconds: int, connections: int = CONNECTIONS, scheme: str = "http"
) -> float:
    words = command(port, keep_alive, seconds, connections, scheme)
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return parse(done.stdout)


class Round(NamedTuple):
    """What one round of one server gave."""

    requests_per_second: float
    cpu_us: float  # of the processor, for each request


def one_round(server: Serving, keep_alive: bool) -> Round:
    before = server.cpu_seconds()
    rate = run(server.port, keep_alive, SECONDS)
    return Round(rate, (server.cpu_seconds() - before) / (rate * SECONDS) * 1e6)


def rounds(folder: Path, keep_alive: bool) -> dict[str, list[Round]]:
    """The rounds of each server, all in turn, so that they see the same machine."""
    found: dict[str, list[Round]] = {kind: [] for kind in kinds(keep_alive)}
    with contextlib.ExitStack() as stack:
        servers = {kind: stack.enter_context(serving(kind, folder)) for kind in found}
        for server in servers.values():
            run(server.port, keep_alive, 1)
        for _ in range(ROUNDS):
            for kind, server in servers.items():
                found[kind].append(one_round(server, keep_alive))
    return found

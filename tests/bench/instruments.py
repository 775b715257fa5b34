"""What one request costs whatever else the machine does: system calls, instructions, heap."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.bench.serving import allocated, serving

REQUESTS = 40  # so few that neither server fills its heap without a collection
TRACED_REQUESTS = 10  # strace stops the server 600 times a request of stock's
RECEIVE = ("read", "readv", "recv", "recvfrom", "recvmsg")
SEND = ("write", "writev", "send", "sendto", "sendmsg")

# "123 recvfrom(5<TCP:[127.0.0.1:80->127.0.0.1:4711]>, ...": -f gives the number, -yy what 5 is.
_SOCKET_CALL = re.compile(r"^(?:\d+ +)?(\w+)\(\d+<(?:socket|TCP)", re.MULTILINE)


def parse_strace(text: str) -> Counter[str]:
    """How often each system call was made on a TCP socket, by its name."""
    return Counter(_SOCKET_CALL.findall(text))


def parse_callgrind(text: str) -> int:
    """Instructions executed, from callgrind's file; ValueError without that line."""
    found = re.search(r"^(?:summary|totals): (\d+)$", text, re.MULTILINE)
    if found is None:
        raise ValueError("callgrind wrote no total")
    return int(found[1])


def per_request(once: float, twice: float, requests: int) -> float:
    """The cost of one request, from those of a run with `requests` and of one with twice as many."""
    return (twice - once) / requests


def strace(kind: str, folder: Path, keep_alive: bool, requests: int) -> Counter[str]:
    out = folder / "strace"
    with serving(kind, folder, ["strace", "-f", "-yy", "-o", str(out)]) as server:
        server.load(requests, keep_alive)
    return parse_strace(out.read_text())


def under_callgrind(out: Path) -> list[str]:
    """The command line before a program's that has its instructions counted in the file `out`."""
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]


def callgrind(kind: str, folder: Path, keep_alive: bool, requests: int) -> int:
    out = folder / "callgrind"
    with serving(kind, folder, under_callgrind(out)) as server:
        allocated(server.client(False))
        server.load(requests, keep_alive)
    return parse_callgrind(out.read_text())


def system_calls(kind: str, folder: Path, keep_alive: bool) -> dict[str, float]:
    """Calls that receive, and that send, one request and its answer."""
    once, twice = (strace(kind, folder, keep_alive, n * TRACED_REQUESTS) for n in (1, 2))
    return {
        name: per_request(*(sum(run[call] for call in calls) for run in (once, twice)), TRACED_REQUESTS)
        for name, calls in (("receive", RECEIVE), ("send", SEND))
    }


def instructions(kind: str, folder: Path, keep_alive: bool) -> float:
    """Instructions of the processor for one request and its answer, without garbage collection."""
    once, twice = (callgrind(kind, folder, keep_alive, n * REQUESTS) for n in (1, 2))
    return per_request(once, twice, REQUESTS)


def heap(kind: str, folder: Path, keep_alive: bool) -> float:
    """Heap bytes allocated for one request and its answer."""
    with serving(kind, folder) as server:
        client = server.client(keep_alive)
        allocated(client)
        first = allocated(client)
        second = allocated(client)
        for _ in range(REQUESTS):
            client.get()
        last = allocated(client)
        client.close()
    # Between two calls of /heap in a row lies the cost of one such call.
    return per_request(second - first, last - second, REQUESTS)

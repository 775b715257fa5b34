"""What is read from strace and callgrind, and the arithmetic of one request."""

from __future__ import annotations

import pytest

from tests.bench import instruments

STRACE = """\
101 execve("build/HOST/camcors-host", ["build/HOST/camcors-host"], 0x7ffc /* 19 vars */) = 0
101 read(3</usr/lib/libc.so.6>, "\\177ELF"..., 832) = 832
101 write(1<pipe:[77]>, "ready\\n", 6)     = 6
101 accept(4<TCP:[127.0.0.1:8080]>, {sa_family=AF_INET}, [16]) = 5<TCP:[127.0.0.1:8080->127.0.0.1:5]>
101 recvfrom(5<TCP:[127.0.0.1:8080->127.0.0.1:5]>, 0x7f, 1024, 0, NULL, NULL) = -1 EAGAIN (Resource)
101 poll([{fd=5<TCP:[127.0.0.1:8080->127.0.0.1:5]>, events=POLLIN}], 1, 100) = 1
101 recvfrom(5<TCP:[127.0.0.1:8080->127.0.0.1:5]>, "recvfrom(5<TCP:", 1024, 0, NULL, NULL) = 15
102 sendto(5<socket:[4711]>, "HTTP/1.1 200 OK", 15, 0, NULL, 0) = 15
write(6<TCP:[127.0.0.1:8080->127.0.0.1:6]>, "x", 1) = 1
101 close(5<TCP:[127.0.0.1:8080->127.0.0.1:5]>) = 0
101 +++ exited with 0 +++
"""


def test_strace_counts_calls_on_sockets() -> None:
    assert instruments.parse_strace(STRACE) == {
        "accept": 1,
        "recvfrom": 2,
        "sendto": 1,
        "write": 1,
        "close": 1,
    }


def test_receive_and_send_share_no_call() -> None:
    assert not set(instruments.RECEIVE) & set(instruments.SEND)


@pytest.mark.parametrize("name", ["summary", "totals"])
def test_callgrind_total(name: str) -> None:
    text = f"# callgrind format\nevents: Ir\nfn=(1) main\n16 4\n\n{name}: 1864558625\n"
    assert instruments.parse_callgrind(text) == 1864558625


def test_callgrind_without_total() -> None:
    with pytest.raises(ValueError) as raised:
        instruments.parse_callgrind("events: Ir\n")
    assert raised.value.args == ("callgrind wrote no total",)


@pytest.mark.parametrize(
    ("once", "twice", "requests", "cost"),
    [(1000 + 7 * 40, 1000 + 7 * 80, 40, 7), (5, 5, 10, 0), (1, 4, 2, 1.5)],
)
def test_start_up_cancels_out(once: float, twice: float, requests: int, cost: float) -> None:
    assert instruments.per_request(once, twice, requests) == cost

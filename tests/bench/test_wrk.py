"""wrk's command line and what is read from its output."""

from __future__ import annotations

import pytest

from tests.bench import chrome, wrk

REPORT = """\
Running 3s test @ http://127.0.0.1:8080/api/status
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   806.34us  272.85us   6.93ms   87.48%
    Req/Sec     4.93k   414.68     5.39k    77.42%
  15192 requests in 3.10s, 4.35MB read
{faults}Requests/sec:   4900.87
Transfer/sec:      1.40MB
"""


def test_rate() -> None:
    assert wrk.parse(REPORT.format(faults="")) == 4900.87


@pytest.mark.parametrize(
    "fault", ["Non-2xx or 3xx responses: 4", "Socket errors: connect 0, read 3, write 0, timeout 0"]
)
def test_a_rate_with_faults_is_none(fault: str) -> None:
    with pytest.raises(ValueError) as raised:
        wrk.parse(REPORT.format(faults=f"  {fault}\n"))
    assert raised.value.args == (f"wrk: {fault}",)


def test_no_rate() -> None:
    with pytest.raises(ValueError) as raised:
        wrk.parse("unable to connect\n")
    assert raised.value.args == ("wrk printed no rate: 'unable to connect\\n'",)


@pytest.mark.parametrize(("keep_alive", "value"), [(True, "keep-alive"), (False, "close")])
def test_command(keep_alive: bool, value: str) -> None:
    words = wrk.command(8080, keep_alive, 3)
    assert words[:6] == ["wrk", "-t1", "-c4", "-d3s", "-H", f"Connection: {value}"]
    assert words[-1] == "http://127.0.0.1:8080/api/status"
    assert words.count("-H") == len(chrome.HEADERS)


def test_https_of_one_client() -> None:
    words = wrk.command(8443, True, 2, connections=1, scheme="https")
    assert words[:4] == ["wrk", "-t1", "-c1", "-d2s"]
    assert words[-1] == "https://127.0.0.1:8443/api/status"

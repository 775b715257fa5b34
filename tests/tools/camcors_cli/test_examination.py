"""The examination as a library: typed, without a word printed, and bounded in time."""

from __future__ import annotations

import socket
import time

import pytest
from camcors_cli.browser import reach, requests
from camcors_cli.browser.examination import examine
from camcors_cli.browser.fetch import Request, Response
from camcors_cli.browser.reach import Access, Agent
from camcors_cli.browser.verdict import Question

REPORT = '{"board": "HOST", "firmware": "1.2.3", "policy": {"state": "active"}}'


def allow_any(request: Request, left_s: float) -> tuple[Response, str]:
    return Response(200, [("Access-Control-Allow-Origin", "*")]), REPORT


@pytest.mark.parametrize(
    ("agent", "url", "code", "access"),
    [
        (None, "http://192.168.4.1/", None, {Agent.CHROMIUM: Access.ASKS, Agent.FIREFOX: Access.BLOCKED}),
        (Agent.CHROMIUM, "http://192.168.4.1/", None, {Agent.CHROMIUM: Access.ASKS}),
        (Agent.FIREFOX, "http://192.168.4.1/", "MIXED_CONTENT", {Agent.FIREFOX: Access.BLOCKED}),
        (Agent.FIREFOX, "http://127.0.0.1/", None, {Agent.FIREFOX: Access.ASKS}),
        (Agent.OTHER, "http://192.168.4.1/", "MIXED_CONTENT", {Agent.OTHER: Access.BLOCKED}),
    ],
)
def test_the_browser_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], agent, url, code, access
) -> None:
    monkeypatch.setattr(requests, "send", allow_any)
    found = examine(Question("https://93.184.215.14", url), agent=agent)
    assert (found.code, found.access) == (code, access)
    assert found.verdict == ("blocked" if code else "allowed")
    assert found.to_json()["browsers"] == {each.value: what.value for each, what in access.items()}
    assert capsys.readouterr() == ("", "")


def test_it_ends_in_time() -> None:
    """A camera that takes the connection and is silent, which one request alone would wait 5 s for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        before = time.monotonic()
        found = examine(Question("https://a.example", f"http://{place}/"), limit_s=0.3)
        took = time.monotonic() - before
    assert took < 4
    assert (found.verdict, found.code) == ("unreachable", "UNREACHABLE")
    assert found.reason == f"{place} takes the connection, but does not answer"


def test_no_request_is_sent_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[float] = []

    def answer_late(request: Request, left_s: float) -> tuple[Response, str]:
        left.append(left_s)
        if len(left) > 1:
            return real(request, -1)
        return allow_any(request, left_s)

    real = requests.send
    monkeypatch.setattr(requests, "send", answer_late)
    found = examine(Question("https://a.example", "http://192.168.4.1/"), limit_s=5)
    assert len(left) == 2 and 0 < left[1] <= left[0] <= 5
    assert found.reason == "192.168.4.1 answers too slowly to be judged"
    assert found.remarks == ["try again when it is less busy"]


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["192.168.4.1"]

    monkeypatch.setattr(reach, "resolve", resolve)
    monkeypatch.setattr(requests, "send", allow_any)
    examine(Question("https://a.example", "http://cam.example/"))
    assert sorted(asked) == ["a.example", "cam.example"]

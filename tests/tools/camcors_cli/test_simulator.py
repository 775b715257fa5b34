"""The camera's rules on a computer: answered at once, without asyncio."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from camcors_cli.browser.fetch import Request
from camcors_cli.browser.simulator import Engine

from cors import Policy

_URL = "http://camcors.local/api/status"
_PORTS = (("http", 80),)


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def engine() -> Engine:
    return Engine(Policy(), ("camcors", "camcors.local"), _PORTS)


def test_a_question_starts_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    statuses = [engine().send(Request(method, _URL, []))[0].status for method in ("GET", "PUT", "BREW")]
    assert (statuses, started) == ([200, 405, 501], [])


def test_a_rule_that_waits_is_a_fault_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = engine()

    class Wait:
        def __await__(self):  # type: ignore[no-untyped-def]
            yield

    async def wait(request: object) -> None:
        await Wait()

    monkeypatch.setattr(asked._app, "dispatch_request", wait)
    with pytest.raises(RuntimeError, match="a rule of the camera waits"):
        asked.send(Request("GET", _URL, []))


def test_microdot_gets_asyncio_when_it_uses_it() -> None:
    run(
        "import sys, camcors_cli.browser, microdot.microdot as m\n"
        "assert 'asyncio' not in sys.modules\n"
        "assert m.asyncio.CancelledError\n"
        "import asyncio\n"
        "assert m.asyncio is not asyncio and m.asyncio.run is asyncio.run\n"
        "assert asyncio.run(m.invoke_handler(lambda: 7)) == 7"
    )


def test_an_asyncio_that_is_there_stays() -> None:
    run("import asyncio, camcors_cli.browser, microdot.microdot as m; assert m.asyncio is asyncio")

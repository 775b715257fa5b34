"""The server under test, on both interpreters: over sockets, and on bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.kit.server import LIMITS, Server, Start, on_cpython, on_micropython
from tests.kit.talk import Talk, talk_on_cpython, talk_on_micropython


@pytest.fixture(scope="module", params=["cpython", "micropython"])
def start_talk(request: pytest.FixtureRequest) -> Iterator[Callable[..., Talk]]:
    """A function that makes a talk with limits of its own."""
    if request.param == "micropython":
        request.getfixturevalue("program")
    run = talk_on_cpython if request.param == "cpython" else talk_on_micropython
    with contextlib.ExitStack() as stack:

        def start(is_guarded: bool = False, **limits: int) -> Talk:
            return stack.enter_context(run({**LIMITS, **limits}, is_guarded))

        yield start


@pytest.fixture(scope="module")
def talk(start_talk: Callable[..., Talk]) -> Talk:
    """A conversation on bytes: what a client gets that sends these pieces, each when it is waited for, and
    then falls silent, or with end=CLOSED ends its side. No sockets, no clocks; on both interpreters."""
    return start_talk()


@pytest.fixture(scope="module")
def guarded_talk(start_talk: Callable[..., Talk]) -> Talk:
    """The same with a policy and the guards."""
    return start_talk(is_guarded=True)


@pytest.fixture(scope="module", params=["cpython", "micropython"])
def start(request: pytest.FixtureRequest) -> Iterator[Start]:
    """A function that starts a server with limits of its own."""
    if request.param == "micropython":
        request.getfixturevalue("program")
    with contextlib.ExitStack() as stack:

        def start_server(is_guarded: bool = False, **limits: int) -> Server:
            run = on_cpython if request.param == "cpython" else on_micropython
            return stack.enter_context(run({**LIMITS, **limits}, is_guarded))

        yield start_server


@pytest.fixture(scope="module")
def server(start: Start) -> Server:
    """A server shared by the tests of a module."""
    return start()


@pytest.fixture(scope="module")
def guarded(start: Start) -> Server:
    """A server with a policy and the guards."""
    return start(is_guarded=True)


@pytest.fixture(scope="module")
def patient(start: Start) -> Server:
    """A server that reads for long what comes after a refusal."""
    return start(linger_ms=10000)


@pytest.fixture(scope="module")
def hasty(start: Start) -> Server:
    """A server whose clients are late after 2 s. On a busy machine one may need a second for its first byte,
    and a client that has said nothing is closed without a word."""
    return start(head_timeout_ms=2000, body_timeout_ms=2000)


@pytest.fixture(autouse=True)
def good_camera(request: pytest.FixtureRequest) -> None:
    """Each test finds the shared server's camera working."""
    if "server" in request.fixturenames:
        server: Server = request.getfixturevalue("server")
        server.set_camera(mode="good", size=2000, steps=0)

"""Mixed content and local-network access: where page and camera are, names resolved by a table."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from camcors_cli.browser import reach
from camcors_cli.browser.reach import Access, Agent, Space
from camcors_cli.ui.findings import Mark

from tests.kit.places import NAMES, SPACES


def resolve(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(("host", "space"), SPACES)
def test_space_of(host: str, space: Space) -> None:
    assert reach.space_of(host, resolve) is space


CHROME = 'targetAddressSpace: "local"'


@pytest.mark.parametrize(
    ("origin", "url", "mark", "remedy"),
    [
        ("http://a.example", "http://192.168.4.1/", Mark.OK, False),
        ("null", "http://192.168.4.1/", Mark.OK, False),
        ("https://a.example", "https://cam.example/", Mark.OK, False),
        ("https://a.example", "http://127.0.0.1:8080/", Mark.OK, False),
        ("https://a.example", "http://127.9.9.9/", Mark.OK, False),
        ("https://a.example", "http://[::1]/", Mark.OK, False),
        ("https://a.example", "http://localhost/", Mark.OK, False),
        ("https://a.example", "http://b.localhost/", Mark.OK, False),
        ("https://a.example", "http://192.168.4.1/", Mark.NOTE, False),
        ("https://a.example", "http://[fe80::1]/", Mark.NOTE, False),
        ("https://a.example", "http://camcors.local/", Mark.NOTE, False),
        ("https://a.example", "http://93.184.215.14/", Mark.NO, False),
        ("https://a.example", "http://public.example/", Mark.NO, False),
        ("https://a.example", "http://home.example/", Mark.NO, True),
        ("https://a.example", "http://here.example/", Mark.NO, True),
        ("https://a.example", "http://camcors/", Mark.NO, True),
    ],
)
def test_mixed_content(origin: str, url: str, mark: Mark, remedy: bool) -> None:
    step = reach.mixed_content(origin, url, resolve)
    assert step.mark is mark
    assert (CHROME in step.remedy) is remedy
    assert bool(step.remedy) is (mark is Mark.NO)
    assert ("Firefox and Safari block" in step.text) is (mark is Mark.NOTE)


ALLOWED, ASKS_FIRST, BLOCKED, UNKNOWN = Access.ALLOWED, Access.ASKS, Access.BLOCKED, Access.UNKNOWN

# Page, camera, what Chromium does, what Firefox does; seen in Chromium 156 and Firefox 153.
ACCESS = [
    ("https://public.example", "http://camcors.local/", ASKS_FIRST, BLOCKED),
    ("https://public.example", "http://192.168.4.1/", ASKS_FIRST, BLOCKED),
    ("https://public.example", "http://[fd00::1]/", ASKS_FIRST, BLOCKED),
    ("https://public.example", "http://127.0.0.1:8080/", ASKS_FIRST, ALLOWED),
    ("https://public.example", "http://localhost/", ASKS_FIRST, ALLOWED),
    ("https://public.example", "https://192.168.4.1/", ASKS_FIRST, ALLOWED),
    ("https://public.example", "http://93.184.215.14/", BLOCKED, BLOCKED),
    ("https://public.example", "http://home.example/", BLOCKED, BLOCKED),
    ("https://public.example", "http://0.0.0.0/", BLOCKED, BLOCKED),
    ("https://public.example", "https://93.184.215.14/", ALLOWED, ALLOWED),
    ("https://home.example", "http://camcors.local/", ALLOWED, BLOCKED),
    ("https://192.168.4.2", "http://192.168.4.1/", ALLOWED, BLOCKED),
    ("https://192.168.4.2", "http://127.0.0.1/", ASKS_FIRST, ALLOWED),
    ("https://localhost", "http://192.168.4.1/", ALLOWED, BLOCKED),
    ("https://unknown.example", "http://192.168.4.1/", UNKNOWN, BLOCKED),
    ("http://public.example", "http://192.168.4.1/", BLOCKED, ALLOWED),
    ("http://public.example", "http://camcors.local/", BLOCKED, ALLOWED),
    ("http://public.example", "http://127.0.0.1/", BLOCKED, ALLOWED),
    ("http://public.example", "http://93.184.215.14/", ALLOWED, ALLOWED),
    ("http://localhost:8000", "http://192.168.4.1/", ALLOWED, ALLOWED),
    ("http://192.168.4.2", "http://192.168.4.1/", ALLOWED, ALLOWED),
    ("null", "http://192.168.4.1/", UNKNOWN, ALLOWED),
]


@pytest.mark.parametrize(("origin", "url", "chromium", "firefox"), ACCESS)
def test_access(origin: str, url: str, chromium: Access, firefox: Access) -> None:
    for agent, expected in ((Agent.CHROMIUM, chromium), (Agent.FIREFOX, firefox), (Agent.OTHER, firefox)):
        assert reach.access(agent, origin, url, resolve) is expected


@pytest.mark.parametrize(("origin", "url"), [row[:2] for row in ACCESS])
@pytest.mark.parametrize("agent", Agent)
def test_the_steps_say_what_the_browser_does(agent: Agent, origin: str, url: str) -> None:
    """A step blocks where the access is blocked, and where the person is asked there is a note of it."""
    steps = [judge(origin, url, resolve, agent) for judge in (reach.mixed_content, reach.local_network)]
    found = reach.access(agent, origin, url, resolve)
    assert any(step.mark is Mark.NO for step in steps) is (found is BLOCKED)
    if found is ASKS_FIRST:
        assert any("asks the person" in step.text for step in steps)


@pytest.mark.parametrize(
    ("user_agent", "agent"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36",
         Agent.CHROMIUM),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
         Agent.CHROMIUM),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", Agent.FIREFOX),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
         Agent.OTHER),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 CriOS/156.0 Mobile/15E148 Safari/604.1", Agent.OTHER),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 FxiOS/153.0 Mobile/15E148 Safari/605.1.15", Agent.OTHER),
        ("", Agent.OTHER),
    ],
)  # fmt: skip
def test_agent_of(user_agent: str, agent: Agent) -> None:
    assert reach.agent_of(user_agent) is agent


NOT_NEEDED = "no local-network permission is needed: "
ASKS = "asks the person for the permission to reach local addresses; no header can grant it"


@pytest.mark.parametrize(
    ("origin", "url", "mark", "text"),
    [
        ("https://public.example", "http://93.184.215.14/", Mark.OK, NOT_NEEDED + "the camera's address is"),
        ("https://unknown.example", "http://public.example/", Mark.OK, NOT_NEEDED),
        ("http://localhost:8000", "http://192.168.4.1/", Mark.OK, NOT_NEEDED + "the page is in the camera's"),
        ("http://localhost:8000", "http://127.0.0.1/", Mark.OK, NOT_NEEDED),
        ("http://localhost:8000", "http://unknown.example/", Mark.OK, NOT_NEEDED),
        ("http://192.168.4.2", "http://192.168.4.1/", Mark.OK, NOT_NEEDED),
        ("https://home.example", "http://camcors.local/", Mark.OK, NOT_NEEDED),
        ("https://public.example", "http://192.168.4.1/", Mark.NOTE, "Chrome 142 and later " + ASKS),
        ("https://93.184.215.14", "http://localhost/", Mark.NOTE, "Chrome 142 and later " + ASKS),
        ("https://public.example", "http://home.example/", Mark.NOTE, "Chrome 142 and later " + ASKS),
        ("http://public.example", "http://192.168.4.1/", Mark.NO, "Chrome 142 and later refuses: a public"),
        ("http://93.184.215.14", "http://127.0.0.1/", Mark.NO, "Chrome 142 and later refuses: a public"),
        (
            "http://192.168.4.2",
            "http://127.0.0.1/",
            Mark.NOTE,
            "the page is of the local network, the camera",
        ),
        ("null", "http://192.168.4.1/", Mark.NOTE, "whether null is public is unknown; if so, Chrome"),
        ("https://unknown.example", "http://192.168.4.1/", Mark.NOTE, "whether unknown.example is public is"),
        ("http://unknown.example", "http://127.0.0.1/", Mark.NOTE, "whether unknown.example is public is"),
        (
            "https://public.example",
            "http://camcors/",
            Mark.NOTE,
            "whether camcors is local is unknown; if so",
        ),
        ("https://u.example", "http://camcors/", Mark.NOTE, "whether u.example is public is unknown"),
        ("http://192.168.4.2", "http://camcors/", Mark.NOTE, "whether camcors is local is unknown"),
    ],
)
def test_local_network(origin: str, url: str, mark: Mark, text: str) -> None:
    step = reach.local_network(origin, url, resolve)
    assert step.text.startswith(text)
    assert (step.mark, bool(step.remedy)) == (mark, mark is Mark.NO)


def test_a_page_over_http_is_refused_not_asked_about() -> None:
    said = [
        reach.local_network(f"{scheme}://u.example", "http://10.0.0.1/", resolve).text
        for scheme in ("http", "https")
    ]
    assert said == [
        "whether u.example is public is unknown; if so, Chrome 142 and later refuses a page over http",
        f"whether u.example is public is unknown; if so, Chrome 142 and later {ASKS}",
    ]


def test_resolve_literals_and_what_is_no_name() -> None:
    assert reach.resolve("127.0.0.1") == ["127.0.0.1"]
    assert reach.resolve("a" * 64 + ".example") == []


def test_a_resolver_that_never_answers_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    released = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.set()
        released.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(reach, "_LOOK_UP_S", 0.05)
    before = time.monotonic()
    assert reach.resolve("slow.example") == []
    assert time.monotonic() - before < 30
    assert asked.is_set()
    released.set()


def test_offline_nothing_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)
    assert reach.space_of("a.example", reach.not_resolved) is Space.UNKNOWN

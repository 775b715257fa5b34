"""Mixed content and local-network access: where page and camera are, names resolved by a table."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from camcors_cli.browser import reach
from camcors_cli.browser.reach import Space
from camcors_cli.ui.findings import Mark

NAMES = {
    "public.example": ["93.184.215.14"],
    "both.example": ["2606:2800::1", "192.168.1.1"],
    "home.example": ["192.168.1.20"],
    "here.example": ["127.0.0.1"],
    "garbled.example": ["no address"],
}


def resolve(host: str) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(
    ("host", "space"),
    [
        ("127.0.0.1", Space.LOOPBACK),
        ("127.255.255.254", Space.LOOPBACK),
        ("128.0.0.1", Space.PUBLIC),
        ("0.0.0.0", Space.LOOPBACK),
        ("0.0.0.1", Space.LOCAL),
        ("10.0.0.1", Space.LOCAL),
        ("11.0.0.1", Space.PUBLIC),
        ("100.63.255.255", Space.PUBLIC),
        ("100.64.0.1", Space.LOCAL),
        ("169.254.3.4", Space.LOCAL),
        ("172.15.255.255", Space.PUBLIC),
        ("172.16.0.1", Space.LOCAL),
        ("172.32.0.1", Space.PUBLIC),
        ("192.168.4.1", Space.LOCAL),
        ("192.169.0.1", Space.PUBLIC),
        ("198.18.0.1", Space.LOOPBACK),
        ("[::1]", Space.LOOPBACK),
        ("::1", Space.LOOPBACK),
        ("[::]", Space.LOOPBACK),
        ("[::ffff:192.168.0.1]", Space.LOCAL),
        ("[::ffff:127.0.0.1]", Space.LOOPBACK),
        ("[::ffff:8.8.8.8]", Space.PUBLIC),
        ("[fd00::1]", Space.LOCAL),
        ("[fe80::1%25eth0]", Space.LOCAL),
        ("[2001:db8::1]", Space.LOCAL),
        ("[2606:2800::1]", Space.PUBLIC),
        ("localhost", Space.LOOPBACK),
        ("a.localhost", Space.LOOPBACK),
        ("notlocalhost", Space.UNKNOWN),
        ("camcors.local", Space.LOCAL),
        ("camcors.local.example", Space.UNKNOWN),
        ("public.example", Space.PUBLIC),
        ("both.example", Space.PUBLIC),
        ("home.example", Space.LOCAL),
        ("here.example", Space.LOOPBACK),
        ("garbled.example", Space.UNKNOWN),
        ("unknown.example", Space.UNKNOWN),
        ("", Space.UNKNOWN),
    ],
)
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

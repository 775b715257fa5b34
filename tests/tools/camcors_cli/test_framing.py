"""frame-ancestors: what a browser makes of it, and that it says what the policy's patterns say."""

from __future__ import annotations

import pytest
from camcors_cli.browser.agent import Browser
from camcors_cli.browser.fetch import Blocked, Request, Response
from camcors_cli.browser.framing import is_frameable

from cors import Policy
from cors.embedding import frame_ancestors

CAMERA = "http://camcors.local/"
A = "http://a.example"

# What Chromium 156 and Firefox 153 did with each: the page, the sources, whether it may frame.
SEEN = [
    ("http://[::1]:8000", "http://[::1]:8000", False),
    ("http://[::1]:8000", "http://*:8000", True),
    ("http://my_host.example:8000", "http://my_host.example:8000", False),
    ("http://a.my_host.example:8000", "http://*.my_host.example:8000", False),
    (f"{A}:8000", f"http://[::1]:1 {A}:8000", True),
    (f"{A}:8000", f"http://x_y.example:1 {A}:8000", True),
    (f"{A}:8000", f"tauri://localhost app+x.y://abc {A}:8000", True),
    (f"{A}:8000", "http://*.example:8000", True),
    ("http://example:8000", "http://*.example:8000", False),
    (f"{A}:8000", f"{A}:*", True),
    (f"{A}:8000", A, False),
    (f"{A}:8000", "http://b.example:*", False),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000", True),
    ("http://127.0.0.1:8000", "http://127.0.0.1:*", True),
    (f"{A}:8000", "*", True),
    (f"{A}:8000", "'self'", False),
    ("http://camcors.local", "'self'", True),
]
# By the letter of CSP 3.
READ = [
    (A, "'none'", False),
    (A, "", False),
    ("null", "*", False),
    ("null", "null", False),
    ("https://camcors.local", "'self'", True),
    ("http://camcors.local:8080", "'self'", False),
    (A, "HTTP://A.Example", True),
    ("https://a.example", A, True),
    ("https://a.example", f"{A}:80", True),
    (A, "https://a.example", False),
    (A, "http://a.example.evil.net", False),
    ("http://evila.example", "http://*.a.example", False),
    (A, "a.example", True),
    ("chrome-extension://abc", "chrome-extension://abc", True),
    ("chrome-extension://abc", "*", False),
]


@pytest.mark.parametrize(("page", "sources", "may"), SEEN + READ)
def test_one_policy(page: str, sources: str, may: bool) -> None:
    response = Response(200, [("content-security-policy", f"default-src 'none'; Frame-Ancestors {sources}")])
    assert is_frameable(page, response, CAMERA) is may


@pytest.mark.parametrize(
    ("values", "may"),
    [
        ([], True),
        (["default-src 'none'"], True),
        (["default-src 'none'", f"frame-ancestors {A}"], True),
        (["frame-ancestors 'none'", f"frame-ancestors {A}"], False),
        ([f"frame-ancestors 'none', frame-ancestors {A}"], False),
        ([f"frame-ancestors {A}; frame-ancestors 'none'"], True),
    ],
)
def test_each_policy_counts(values: list[str], may: bool) -> None:
    response = Response(200, [("Content-Security-Policy", value) for value in values])
    browser = Browser(lambda request: response)
    assert browser.frame(A, CAMERA).blocked_by is (None if may else Blocked.FRAME_ANCESTORS)


def test_a_frame_is_asked_for_as_a_navigation() -> None:
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        return Response(200, [])

    Browser(send).frame(A, CAMERA)
    assert asked == [Request("GET", CAMERA, [])]


PATTERNS = [
    "https://a.example", "http://b.example:8000", "https://*.c.example", "http://*.d.example:8443",
    "http://localhost:*", "https://*.e.example:*", "http://192.168.1.20", "http://127.0.0.1:3000",
    "capacitor://localhost", "null", "http://[fe80::1]", "https://x_y.example",
]  # fmt: skip
PAGES = [
    "https://a.example", "http://a.example", "https://a.example:8443", "https://x.a.example",
    "http://b.example:8000", "http://b.example", "https://w.c.example", "https://v.w.c.example",
    "https://c.example", "https://evilc.example", "http://w.d.example:8443", "http://w.d.example",
    "http://localhost", "http://localhost:1", "http://localhost.evil.example", "https://w.e.example:9",
    "https://w.e.example", "http://192.168.1.20", "http://192.168.1.20:81", "http://127.0.0.1:3000",
    "http://127.0.0.1", "capacitor://localhost", "https://x_y.example", "http://[fe80::1]", "null",
    "http://camcors.local:8080",
]  # fmt: skip
NAMELESS = ("null", "http://[fe80::1]", "https://x_y.example")


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("page", PAGES)
def test_who_may_read_may_frame(pattern: str, page: str) -> None:
    """But for origins that CSP cannot name."""
    policy = Policy(allowed_origins=[pattern])
    response = Response(200, [("Content-Security-Policy", frame_ancestors(policy.allowed_origins))])
    may = policy.matches(page) and page not in NAMELESS
    assert is_frameable(page, response, CAMERA) is may

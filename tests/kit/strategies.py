"""What hypothesis draws from: policies, origins near them, what pages ask for; and a site that answers.

Nothing here calls the code under test but `Site`. Everything is derandomised: a run is the same everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from camcors_cli.browser.fetch import Pairs, Request, Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cors import CORS
from microdot import Microdot
from microdot import Request as MicrodotRequest
from microdot.microdot import NoCaseDict

Policy = dict[str, Any]

HOME = "http://camera.example"


def deterministic(examples: int) -> settings:
    """The same examples on every run; no deadline, since a shared machine stalls at times."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


# --- origins and patterns

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_NAMES = (
    "example.com",
    "www.example.com",
    "a.b.example.org",
    "camera.local",
    "localhost",
    "xn--bcher-kva.example",
)
_ADDRESSES = ("192.168.4.1", "203.0.113.7", "[fe80::1]", "[::1]", "[2001:db8::7]")
_LOCAL = ("camera.local", "localhost", "192.168.4.1", "[fe80::1]", "[::1]")  # http with credentials passes

labels = st.sampled_from(["a", "x-y", "www1"]) | st.text("abcdefgh", min_size=1, max_size=6)
names = st.sampled_from(_NAMES) | st.builds("{}.{}.example".format, labels, labels)
hosts = st.sampled_from(_ADDRESSES) | names
_inside = st.lists(labels, min_size=1, max_size=3).map(".".join)


def _ports(default: str) -> st.SearchStrategy[str]:
    """A port as written, "" for none; never the default one, which no browser writes."""
    numbers = st.sampled_from(["1", "80", "443", "8080", "8443", "65535"]) | st.integers(1, 65535).map(str)
    return st.just("") | numbers.filter(lambda port: port != default)


# Strategies are made once, here: hypothesis checks each new one, which takes longer than to draw from it.
ports = {scheme: _ports(default) for scheme, default in _DEFAULT_PORTS.items()}
_pattern_ports = {scheme: strategy | st.just("*") for scheme, strategy in ports.items()}


def join(scheme: str, host: str, port: str) -> str:
    return f"{scheme}://{host}" + (f":{port}" if port else "")


@st.composite
def patterns(draw, credentials: bool = False) -> str:
    host = draw(hosts)
    insecure = not credentials or host in _LOCAL
    scheme = draw(st.sampled_from(["https", "http"] if insecure else ["https"]))
    if host in _NAMES[:4] and draw(st.booleans()):
        host = "*." + host
    return join(scheme, host, draw(_pattern_ports[scheme]))


@st.composite
def origins(draw, texts: list[str]) -> str:
    """An origin as a browser writes it: one that a pattern of `texts` is for, or one just beside it."""
    candidates = [text for text in texts if text not in ("*", "null")]
    if not candidates or draw(st.integers(0, 9)) == 0:
        scheme = draw(st.sampled_from(["http", "https"]))
        return "null" if draw(st.booleans()) else join(scheme, draw(hosts), draw(ports[scheme]))
    scheme, _, rest = draw(st.sampled_from(candidates)).partition("://")
    host, _, port = rest.rpartition(":") if rest[-1] != "]" and ":" in rest else (rest, "", "")
    if host.startswith("*."):
        host = draw(_inside) + host[1:]
    if port == "*":
        port = draw(ports[scheme])
    if draw(st.booleans()):
        scheme, host, port = draw(_beside(scheme, host, port))
    return join(scheme, host, "" if port == _DEFAULT_PORTS[scheme] else port)


def _beside(scheme: str, host: str, port: str) -> st.SearchStrategy[tuple[str, str, str]]:
    """One thing changed, and the host still one that a browser could write."""
    other = "https" if scheme == "http" else "http"
    ways = [
        (other, host, port),
        (scheme, host, ""),
        (scheme, host, "81"),
        (scheme, host, port + "0" if port else ""),
    ]
    if host[0] != "[":
        ways.append((scheme, host + ".evil.net", port))
    if host[0] != "[" and not host[-1].isdigit():
        more = [
            "evil" + host,
            "www." + host,
            "evil-" + host,
            host + "m",
            host[:-1] or "x",
            host.replace(".", "x", 1),
        ]
        ways += [(scheme, each, port) for each in [*more, host.partition(".")[2] or host]]
    return st.sampled_from([way for way in ways if int(way[2] or 1) <= 65535 and way[1][-1] != "-"])


# --- policies

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "patch", "OPTIONS", "NEW")
HEADERS = ("X-Token", "x-other", "Content-Type", "Authorization", "range", "Accept", "X-1", "x-2")
EXPOSED = ("X-Count", "x-name", "Vary", "Server", "Content-Length")


def _some(items: tuple[str, ...]) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(items), unique=True)


_pattern_lists = [st.lists(patterns(flag), min_size=1, max_size=4, unique=True) for flag in (False, True)]
_method_lists = _some(METHODS)
_header_lists = _some(HEADERS)
_exposed_lists = _some(EXPOSED)
_ages = st.none() | st.sampled_from([0, 1, 5, 6, 600, 7200, 86400])


@st.composite
def policies(draw, any_origin: bool = True) -> Policy:
    """The fields of a valid policy as a file has them, "version" left out; any_origin: "*" may be drawn."""
    credentials = draw(st.booleans())
    allowed: list[str] | str = draw(_pattern_lists[credentials])
    exposed = draw(_exposed_lists)
    if not credentials:
        allowed = draw(st.sampled_from([allowed] * 5 + ["*" if any_origin else [], ["null"]]))
        exposed = draw(st.sampled_from([exposed] * 4 + [["*"]]))
    return {
        "allowed_origins": allowed,
        "allow_credentials": credentials,
        "allowed_methods": draw(_method_lists),
        "allowed_headers": draw(_header_lists),
        "expose_headers": exposed,
        "max_age": draw(_ages),
    }


# --- what pages ask for

SAFE_PAIRS = (
    ("Accept", "*/*"),
    ("Accept-Language", "de"),
    ("Content-Type", "text/plain"),
    ("Range", "bytes=0-9"),
)
UNSAFE_PAIRS = (
    ("X-Token", "1"), ("x-OTHER", "2"), ("Content-Type", "application/json"), ("Authorization", "Basic eDp5"),
    ("Range", "bytes=-9"), ("Accept", '"'), ("X-1", "1"), ("X-3", "3"),
)  # fmt: skip
PATHS = ("/", "/api", "/missing", "/fail", "/abort", "/big")


@dataclass
class Asking:
    """One call of fetch(); unsafe: the names, lower case, for which a browser asks first."""

    origin: str
    path: str
    method: str
    headers: Pairs
    unsafe: list[str]
    credentials: str


_crowds = st.builds(
    lambda count, length: [("x-" + str(i).zfill(length), "1") for i in range(count)],
    st.sampled_from([1, 50, 63, 64, 65, 70]),
    st.sampled_from([2, 12, 13, 14, 1021, 1022, 1023]),
)  # around 64 names and 1024 bytes


_safe = st.lists(st.sampled_from(SAFE_PAIRS), unique=True, max_size=2)
_few = st.lists(st.sampled_from(UNSAFE_PAIRS), unique_by=lambda pair: pair[0], max_size=3)
_asked_methods = st.sampled_from((*METHODS, "put", "get"))


@st.composite
def askings(draw, policy: Policy, crowds: bool = True) -> Asking:
    crowd = crowds and draw(st.integers(0, 19)) == 0
    unsafe = draw(_crowds if crowd else _few) if draw(st.booleans()) else []
    taken = {name for name, _ in unsafe}
    return Asking(
        origin=draw(origins(list(policy["allowed_origins"]))),
        path=draw(st.sampled_from(PATHS)),
        method=draw(_asked_methods),
        headers=unsafe + [pair for pair in draw(_safe) if pair[0] not in taken],
        unsafe=sorted(name.lower() for name, _ in unsafe),
        credentials=draw(st.sampled_from(["omit", "same-origin", "include"])),
    )


# --- the application that answers

_LOOP = asyncio.new_event_loop()
LARGE = str(MicrodotRequest.max_content_length + 1)


class Site:
    """A Microdot application with CORS, as a transport for `Browser`: what it returns was on the wire.

    extra: headers that the handlers set besides. preflights: how many it was asked. served: (method, path) of
    each request that reached a handler.
    """

    def __init__(self, attach: Callable[[Microdot], CORS], extra: tuple[tuple[str, str], ...] = ()):
        self.preflights = 0
        self.served: list[tuple[str, str]] = []
        self.app = Microdot()
        self.cors = attach(self.app)
        headers = {"X-Count": "1", "x-name": "2", "Server": "s", "Set-Cookie": ["a=b", "c=d"], **dict(extra)}

        async def index(request):
            self.served.append((request.method, request.path))
            return "body", 200, dict(headers)

        async def fail(request):
            raise RuntimeError("fail")

        async def failed(request, error):
            return "failed", 500, dict(headers)

        async def abort(request):
            self.app.abort(400, "abort")

        self.app.route("/", methods=["GET", "POST", "PUT"])(index)
        self.app.route("/api", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])(index)
        self.app.get("/fail")(fail)
        self.app.errorhandler(RuntimeError)(failed)
        self.app.get("/abort")(abort)

    def __call__(self, request: Request) -> Response:
        return _LOOP.run_until_complete(self._answer(request))

    async def _answer(self, request: Request) -> Response:
        headers = NoCaseDict()
        for name, value in request.headers:
            headers[name] = value
        path = urlsplit(request.url).path
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in headers:
            self.preflights += 1
        elif path == "/big":
            headers["Content-Length"] = LARGE
        asked = MicrodotRequest(self.app, ("127.0.0.1", 1), request.method, path, "1.1", headers)
        answer = await self.app.dispatch_request(asked)
        wire = _Wire()
        await answer.write(wire)
        return wire.response()


class _Wire:
    """A stream that keeps what is written."""

    def __init__(self):
        self._data = b""

    async def awrite(self, data: bytes) -> None:
        self._data += data

    def response(self) -> Response:
        head = self._data.partition(b"\r\n\r\n")[0].decode("latin-1")
        status, *lines = head.split("\r\n")
        pairs = [line.partition(": ")[::2] for line in lines]
        return Response(int(status.split(" ")[1]), [(name, value) for name, value in pairs])

"""A browser that fetches as a page does, by the algorithms of fetch.py: its preflight cache, and itself.

A model, written from the Fetch standard; what it leaves out is said there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from . import framing
from .fetch import (
    REDIRECTS,
    SAFE_METHODS,
    Asked,
    Blocked,
    Pairs,
    Request,
    Response,
    cors_check,
    embedding_request,
    extract_list,
    is_embeddable,
    is_forbidden_method,
    is_forbidden_request_header,
    is_token,
    needs_preflight,
    normalize_method,
    origin_of,
    preflight_check,
    preflight_request,
    readable_headers,
    unsafe_names,
    visible,
)

_DEFAULT_MAX_AGE = 5.0  # seconds; "CORS-preflight fetch", step 7.9


@dataclass
class Verdict:
    """What came of one fetch. blocked_by is None of an opaque answer too: it is merely not readable."""

    readable: bool = False
    preflighted: bool = False
    sent: bool = False
    readable_headers: Pairs = field(default_factory=list)
    blocked_by: Blocked | None = None
    status: int | None = None  # of the answer, where it is readable


def max_age(headers: Pairs) -> float:
    """Fetch, "CORS-preflight fetch", the steps of max-age: seconds; the default if not delta-seconds."""
    values = [value for name, value in headers if name.lower() == "access-control-max-age"]
    if len(values) != 1 or not re.fullmatch("[0-9]+", values[0].strip(" \t")):
        return _DEFAULT_MAX_AGE
    return float(values[0])


def asked_for(page_origin: str, url: str, method: str, headers: Pairs, credentials: str) -> Asked:
    """Return what is left of it by the Request class; `headers` with normalized values."""
    headers = [pair for pair in headers if not is_forbidden_request_header(*pair)]
    return Asked(page_origin, url, normalize_method(method), headers, credentials == "include")


class PreflightCache:
    """Fetch, "CORS-preflight cache". clock: seconds, may start anywhere. limit: the longest max-age kept."""

    def __init__(self, clock: Callable[[], float], limit: float):
        self._clock = clock
        self._limit = limit
        # (origin, URL, credentials, "method" or "header", its name) -> (time stored, max-age)
        self._entries: dict[tuple[str, str, bool, str, str], tuple[float, float]] = {}

    def _find(self, asked: Asked, kind: str, name: str) -> tuple[str, str, bool, str, str] | None:
        """Fetch, "method cache entry match" and "header-name cache entry match"; a stale entry is none."""
        name = name.lower() if kind == "header" else name
        for include in (True, False) if not asked.include else (True,):
            for each in (name,) if name == "authorization" and kind == "header" else (name, "*"):
                key = (asked.origin, asked.url, include, kind, each)
                stored, age = self._entries.get(key, (0.0, 0.0))
                if self._clock() - stored < age:
                    return key
        return None

    def covers(self, asked: Asked) -> bool:
        """Fetch, "HTTP fetch", the step of makeCORSPreflight: no preflight is needed any more."""
        if asked.method not in SAFE_METHODS and not self._find(asked, "method", asked.method):
            return False
        return all(self._find(asked, "header", name) for name in unsafe_names(asked.headers))

    def store(self, asked: Asked, headers: Pairs) -> None:
        """Fetch, "CORS-preflight fetch", the steps of the cache. An entry found keeps its time of storing."""
        age = min(max_age(headers), self._limit)
        methods = extract_list(headers, "Access-Control-Allow-Methods") or []
        names = extract_list(headers, "Access-Control-Allow-Headers") or []
        items = [("method", method) for method in methods] + [("header", name.lower()) for name in names]
        for kind, name in items:
            key = self._find(asked, kind, name)
            if key:
                self._entries[key] = (self._entries[key][0], age)
            else:
                self._entries[(asked.origin, asked.url, asked.include, kind, name)] = (self._clock(), age)

    def clear(self, asked: Asked) -> None:
        """Fetch, "clear cache entries", after a network error."""
        for key in [key for key in self._entries if key[:2] == (asked.origin, asked.url)]:
            del self._entries[key]


class Browser:
    """Fetches as a page does, and says what the page gets to see.

    send: the transport, called with a Request, returns a Response. cookie: what the browser holds for every
    URL; sent where the standard includes credentials, so never with a preflight. max_age_limit: seconds;
    Chromium's is 7200, Firefox's 86400.
    """

    def __init__(
        self,
        send: Callable[[Request], Response],
        *,
        clock: Callable[[], float] = time.monotonic,
        max_age_limit: float = 7200,
        cookie: str | None = None,
    ):
        self._send = send
        self._cookie = cookie
        self.cache = PreflightCache(clock, max_age_limit)

    def fetch(
        self,
        page_origin: str,
        url: str,
        method: str = "GET",
        headers: Iterable[tuple[str, str]] = (),
        credentials: str = "same-origin",
    ) -> Verdict:
        """Fetch, "main fetch" in mode "cors". page_origin: serialised, "null" of an opaque one.

        credentials: "omit", "same-origin" or "include".
        """
        headers = [(name, value.strip(" \t\r\n")) for name, value in headers]  # "normalize" a value
        blocked = self._refused_by_request_class(method, headers)
        if blocked:
            return Verdict(blocked_by=blocked)
        asked = asked_for(page_origin, url, method, headers, credentials)
        if page_origin == origin_of(url):
            return self._same_origin(asked, credentials != "omit")
        return self._cross_origin(asked)

    def embed(self, page_origin: str, url: str, suffixes: tuple[str, ...] = ()) -> Verdict:
        """Fetch, "main fetch" in mode "no-cors", as of <img>: the answer is opaque or blocked."""
        asked = Asked(page_origin, url, "GET", [], True)
        if page_origin == origin_of(url):
            return self._same_origin(asked, True)
        request = embedding_request(page_origin, url)
        response = self._send(request._replace(headers=[*request.headers, *self._credentials(True)]))
        allowed = is_embeddable(page_origin, response, url, suffixes)
        return Verdict(sent=True, blocked_by=None if allowed else Blocked.RESOURCE_POLICY)

    def frame(self, page_origin: str, url: str) -> Verdict:
        """HTML, "navigate" of a child: the page's frame shows the answer, or nothing."""
        response = self._send(Request("GET", url, self._credentials(True)))
        allowed = framing.is_frameable(page_origin, response, url)
        return Verdict(sent=True, blocked_by=None if allowed else Blocked.FRAME_ANCESTORS)

    @staticmethod
    def _refused_by_request_class(method: str, headers: Pairs) -> Blocked | None:
        """Fetch, "new Request(input, init)", the steps of method, and "validate" a header of Headers."""
        if not is_token(method):
            return Blocked.BAD_METHOD
        if is_forbidden_method(method):
            return Blocked.FORBIDDEN_METHOD
        if all(
            is_token(name) and not re.search("[\0\r\n\u0100-\U0010ffff]", value) for name, value in headers
        ):
            return None
        return Blocked.BAD_HEADER

    def _credentials(self, included: bool) -> Pairs:
        """Fetch, "HTTP-network-or-cache fetch", the steps of includeCredentials."""
        return [("Cookie", self._cookie)] if included and self._cookie else []

    def _same_origin(self, asked: Asked, credentials: bool) -> Verdict:
        """Fetch, "append a request `Origin` header", step 4: a GET or HEAD has none."""
        origin = [] if asked.method in ("GET", "HEAD") else [("Origin", asked.origin)]
        headers = [*asked.headers, *origin, *self._credentials(credentials)]
        response = self._send(Request(asked.method, asked.url, headers))
        return self._answer(response, None, visible(response.headers), False)

    def _cross_origin(self, asked: Asked) -> Verdict:
        """Fetch, "HTTP fetch", from makeCORSPreflight to the CORS check."""
        preflighted = needs_preflight(asked) and not self.cache.covers(asked)
        if preflighted:
            response = self._send(preflight_request(asked))
            blocked = preflight_check(asked, response)
            if blocked:
                self.cache.clear(asked)
                return Verdict(preflighted=True, blocked_by=blocked)
            self.cache.store(asked, response.headers)
        headers = [*asked.headers, ("Origin", asked.origin), *self._credentials(asked.include)]
        response = self._send(Request(asked.method, asked.url, headers))
        blocked = cors_check(asked, response)
        verdict = self._answer(response, blocked, readable_headers(response, asked.include), preflighted)
        if not verdict.readable and needs_preflight(asked):
            self.cache.clear(asked)
        return verdict

    @staticmethod
    def _answer(response: Response, blocked: Blocked | None, headers: Pairs, preflighted: bool) -> Verdict:
        if not blocked and response.status in REDIRECTS:  # "HTTP fetch", redirect mode "error"
            blocked = Blocked.REDIRECT
        if blocked:
            return Verdict(preflighted=preflighted, sent=True, blocked_by=blocked)
        return Verdict(True, preflighted, True, headers, None, response.status)

"""For random policies and requests, a browser lets a page read an answer exactly when the policy says so.

The browser is the model of `camcors_cli.browser`; what the policy says is worked out here, from the table of
the policy file and the rules about answers, with a regular expression, which only a test may use for origins.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from camcors_cli.browser.agent import Browser
from camcors_cli.browser.fetch import Request, get
from hypothesis import given
from hypothesis import strategies as st

from cors import CORS, Policy
from tests.kit.strategies import (
    EXPOSED,
    HOME,
    METHODS,
    PATHS,
    Asking,
    Site,
    askings,
    deterministic,
    origins,
    policies,
)
from tests.kit.strategies import Policy as Fields

_PATTERN = re.compile(r"([a-z]+)://(\*\.)?(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::([0-9]+|\*))?")
_SAFE_METHODS = ("GET", "HEAD", "POST")
_SAFE_NAMES = ("cache-control", "content-language", "content-length", "content-type", "expires", "pragma")
_FORBIDDEN_NAMES = ("set-cookie", "set-cookie2")
_CHROMIUM_MAX_AGE = 7200
# What a handler sets itself: a Vary to be merged, and what the policy alone decides.
_EXTRAS = [
    (),
    *[(("Vary", names),) for names in ("Accept", "origin", "Accept, ORIGIN", "*")],
    (("access-control-allow-origin", "*"), ("Access-Control-Allow-Credentials", "true")),
]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """A handler that raises is one of the answers looked at; Microdot prints each traceback."""
    monkeypatch.setattr("microdot.microdot.print_exception", lambda error: None)


# --- what the policy says


def matches(pattern: str, origin: str) -> bool:
    """Policy file, "Origin patterns"."""
    if "null" in (pattern, origin):
        return pattern == origin
    scheme, below, host, port = _PATTERN.fullmatch(pattern).groups()
    others = _PATTERN.fullmatch(origin).groups()
    same_host = others[2].endswith("." + host) if below else others[2] == host
    return scheme == others[0] and same_host and port in ("*", others[3])


def may_read_at_all(fields: Fields, origin: str, credentials: str) -> bool:
    """Policy file, `allowed_origins` and `allow_credentials`."""
    if fields["allowed_origins"] == "*":
        return credentials != "include"
    allowed = any(matches(pattern, origin) for pattern in fields["allowed_origins"])
    return allowed and (credentials != "include" or fields["allow_credentials"])


def normal(method: str) -> str:
    return {"put": "PUT", "get": "GET"}.get(method, method)


def needs_preflight(asking: Asking) -> bool:
    return normal(asking.method) not in _SAFE_METHODS or bool(asking.unsafe)


def may_ask(fields: Fields, asking: Asking) -> bool:
    """Policy file, `allowed_methods` and `allowed_headers`; "Answers", the limits of the list."""
    methods = fields["allowed_methods"]
    if methods is not None and normal(asking.method) not in [*_SAFE_METHODS, *methods]:
        return False
    if len(asking.unsafe) > 64 or len(",".join(asking.unsafe)) > 1024:
        return False
    allowed = fields["allowed_headers"]
    return allowed is None or {*asking.unsafe} <= {name.lower() for name in allowed}


def may_read_header(fields: Fields, name: str) -> bool:
    """Policy file, `expose_headers`; Fetch, "CORS-safelisted response-header name"."""
    exposed = [each.lower() for each in fields["expose_headers"] or ()]
    name = name.lower()
    return name not in _FORBIDDEN_NAMES and (name in _SAFE_NAMES or name in exposed or exposed == ["*"])


def fetch(browser: Browser, asking: Asking):
    return browser.fetch(asking.origin, HOME + asking.path, asking.method, asking.headers, asking.credentials)


def by_constructor(fields: Fields):
    return lambda app: CORS(app, **fields)


def by_policy(fields: Fields):
    def attach(app):
        cors = CORS(app)
        cors.policy = Policy(**fields)
        return cors

    return attach


# --- the properties


def test_a_page_reads_what_the_policy_allows_and_nothing_else():
    outcomes = Counter()

    @deterministic(400)
    @given(st.data(), policies(), st.sampled_from([by_constructor, by_policy]), st.sampled_from(_EXTRAS))
    def check(data, fields, attach, extra):
        asking = data.draw(askings(fields))
        site = Site(attach(fields), extra)
        verdict = fetch(Browser(site), asking)
        shared = may_read_at_all(fields, asking.origin, asking.credentials)
        sent = not needs_preflight(asking) or (shared and may_ask(fields, asking))
        assert verdict.preflighted is needs_preflight(asking)
        assert verdict.sent is sent
        assert verdict.readable is (shared and sent), verdict.blocked_by
        assert site.preflights == needs_preflight(asking)
        if not sent:
            assert site.served == []
        if verdict.readable:
            check_headers(fields, asking, verdict.readable_headers)
        outcomes[verdict.preflighted, verdict.sent, verdict.readable] += 1

    check()
    possible = [(False, True, False), (False, True, True), (True, False, False), (True, True, True)]
    assert sorted(outcomes) == possible
    assert min(outcomes.values()) > 20, outcomes


def check_headers(fields: Fields, asking: Asking, headers) -> None:
    names = [name for name, _ in headers]
    assert all(may_read_header(fields, name) for name in names)
    if asking.path == "/api" and normal(asking.method) in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        expected = {name for name in EXPOSED[:2] if may_read_header(fields, name)}
        assert {name for name in names if name in EXPOSED[:2]} == expected
        assert "Content-Type" in names


@pytest.mark.parametrize(
    ("count", "length", "allowed"),
    [(64, 3, True), (65, 3, False), (64, 15, True), (64, 16, False), (1, 1024, True), (1, 1025, False)],
)
def test_the_limits_of_a_preflight_s_list(count, length, allowed):
    """64 names and 1024 bytes pass, one more does not; 64 names of 15 bytes and their commas are 1023."""
    headers = [("x" + str(i).zfill(length - 1), "1") for i in range(count)]
    site = Site(by_constructor({"allowed_origins": ["https://page.example"]}))
    verdict = Browser(site).fetch("https://page.example", HOME + "/api", headers=headers)
    assert (verdict.readable, verdict.preflighted) == (allowed, True)


# A request to the site, not necessarily one that a browser would send.
_with_origin = st.sampled_from([True, True, True, False])
_requests = st.tuples(
    st.sampled_from((*METHODS, "OPTIONS", "OPTIONS")),
    st.sampled_from(PATHS),
    st.none() | st.sampled_from((*METHODS, "", "a b", "*")),
    st.none()
    | st.sampled_from(("", "x-token", "X-Token,,x-other", "x-token, x-1", "*", "x y", "\x7f", ",", "é")),
)


def test_every_answer_keeps_the_rules():
    """Policy file, "Answers": whatever was asked, and on errors too."""
    outcomes = Counter()

    @deterministic(400)
    @given(st.data(), policies(), _requests, st.sampled_from(_EXTRAS))
    def check(data, fields, request, extra):
        method, path, asked_method, asked_headers = request
        origin = data.draw(origins(list(fields["allowed_origins"]))) if data.draw(_with_origin) else None
        optional = [
            ("Origin", origin),
            ("Access-Control-Request-Method", asked_method),
            ("Access-Control-Request-Headers", asked_headers),
        ]
        headers = [(name, value) for name, value in optional if value is not None]
        answer = Site(by_constructor(fields), extra)(Request(method, HOME + path, headers))
        preflight = method == "OPTIONS" and origin is not None and asked_method is not None
        check_answer(fields, origin, preflight, answer)
        outcomes[answer.status, get(answer.headers, "Access-Control-Allow-Origin") is not None] += 1

    check()
    statuses = {status for status, _ in outcomes}
    assert statuses == {200, 204, 400, 404, 405, 413, 500}
    for status in statuses:
        assert outcomes[status, True] > 0 and outcomes[status, False] > 0, outcomes


def check_answer(fields: Fields, origin: str | None, preflight: bool, answer) -> None:
    names = [name.lower() for name, _ in answer.headers if name.lower() != "set-cookie"]
    assert len(names) == len(set(names)), "a header twice"
    ours = {name for name in names if name.startswith("access-control-")}
    any_origin = fields["allowed_origins"] == "*"
    allowed = any_origin or (origin is not None and may_read_at_all(fields, origin, "omit"))
    vary = [name.strip().lower() for name in (get(answer.headers, "Vary") or "").split(",")]
    assert len(vary) == len(set(vary)), "a name twice in Vary"
    if not any_origin:
        assert "origin" in vary or vary == ["*"]
    if not allowed:
        assert ours == set()
        return
    assert get(answer.headers, "Access-Control-Allow-Origin") == ("*" if any_origin else origin)
    credentials = get(answer.headers, "Access-Control-Allow-Credentials")
    assert credentials == ("true" if fields["allow_credentials"] else None)
    if preflight:
        age = fields["max_age"]
        assert get(answer.headers, "Access-Control-Max-Age") == (None if age is None else str(age))
        assert "access-control-expose-headers" not in ours
        assert answer.status == 204 and "content-length" not in names
    else:
        assert ours <= {
            "access-control-" + end for end in ("allow-origin", "allow-credentials", "expose-headers")
        }


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_preflight_is_cached_as_long_as_the_policy_says():
    """The same fetch again and again: a preflight when there was none yet or it is `max_age` old."""
    outcomes = Counter()

    @deterministic(400)
    @given(st.data(), policies(), st.lists(st.sampled_from([0, 1, 4, 5, 599, 600, 7199, 7200]), max_size=6))
    def check(data, fields, pauses):
        asking = data.draw(askings(fields, crowds=False))
        clock = Clock()
        site = Site(by_constructor(fields))
        browser = Browser(site, clock=clock, max_age_limit=_CHROMIUM_MAX_AGE)
        shared = may_read_at_all(fields, asking.origin, asking.credentials) and may_ask(fields, asking)
        age = 5 if fields["max_age"] is None else min(fields["max_age"], _CHROMIUM_MAX_AGE)
        asked_at = None
        for pause in [0, *pauses]:
            clock.now += pause
            fresh = asked_at is not None and clock.now - asked_at < age
            expected = needs_preflight(asking) and not (shared and fresh)
            asked_at = clock.now if expected else asked_at
            verdict = fetch(browser, asking)
            assert verdict.preflighted is expected
            if needs_preflight(asking):
                assert verdict.readable is shared
                outcomes[verdict.preflighted, verdict.readable] += 1

    check()
    assert min(outcomes[key] for key in [(True, True), (False, True), (True, False)]) > 8, outcomes


_LISTS = ("allowed_origins", "allowed_methods", "allowed_headers", "expose_headers")


def _assign_policy(site: Site, fields: Fields) -> None:
    site.cors.policy = Policy(**fields)


def _empty_lists(fields: Fields) -> Fields:
    return {name: [] if isinstance(value, list) else value for name, value in fields.items()}


def _fill_own_lists(site: Site, fields: Fields) -> None:
    """As a script does that keeps the lists it assigned, and changes them when requests have been served."""
    site.cors.policy = Policy()
    lists = _empty_lists(fields)
    for name, value in lists.items():
        setattr(site.cors, name, value)
    site(Request("GET", HOME + "/api", []))
    for name in _LISTS:
        if lists[name] is not None:
            lists[name].extend(fields[name])


def _fill_lists_of_a_policy(site: Site, fields: Fields) -> None:
    """The same with the lists that the attributes give after a whole policy was assigned."""
    site.cors.policy = Policy(**_empty_lists(fields))
    site(Request("GET", HOME + "/api", []))
    for name in _LISTS:
        if fields[name] is not None:
            getattr(site.cors, name)[:] = fields[name]


@pytest.mark.parametrize("change", [_assign_policy, _fill_own_lists, _fill_lists_of_a_policy])
def test_a_changed_policy_is_in_force_at_the_next_request(change):
    """What the browser has cached lets a page send, never read, what the new policy refuses."""
    outcomes = Counter()

    @deterministic(200)
    @given(st.data(), policies(), policies(any_origin=False))
    def check(data, before, after):
        asking = data.draw(askings(data.draw(st.sampled_from([before, after])), crowds=False))
        site = Site(by_constructor(before))
        browser = Browser(site, clock=Clock())
        first = fetch(browser, asking)
        change(site, after)
        verdict = fetch(browser, asking)
        shared = may_read_at_all(after, asking.origin, asking.credentials)
        if verdict.preflighted or not needs_preflight(asking):
            assert verdict.readable is (shared and (not needs_preflight(asking) or may_ask(after, asking)))
        else:
            assert first.readable and before["max_age"] != 0
            assert verdict.sent and verdict.readable is shared
        fresh = fetch(Browser(site), asking)
        assert fresh.readable is (shared and (not needs_preflight(asking) or may_ask(after, asking)))
        outcomes[first.readable, fresh.readable] += 1

    check()
    assert sorted(outcomes) == [(False, False), (False, True), (True, False), (True, True)]
    assert outcomes[False, True] > 1 and outcomes[True, False] > 1, outcomes

"""Headers, cookies, links and files that nobody meant: nothing raises, and only what was issued passes.

Deterministic, as all of this folder.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from access import credentials, secret
from access.document import Access
from access.links import Links
from access.lock import Lock
from access.roles import ROLES
from access.sessions import COOKIE, Sessions, log_in
from strict.fault import AccessError
from strict.reasons import REASONS
from strict.sender import FOREIGN, NO_ORIGIN, OWN, TRUSTED
from tests.access.run_cases import TOKENS, after
from tests.kit.strategies import deterministic

_ODD = st.sampled_from(
    list(" \t\r\n\0;,=:&?%/.\"'_-azAZ019olIO") + ["é", "ı", "\u212a", "\ud800", "\U0001f600"]
)
_texts = st.text(_ODD | st.characters(), max_size=40)
_names = st.sampled_from(["view", "control", "admin"])
_origins = st.sampled_from([NO_ORIGIN, OWN, TRUSTED, FOREIGN])
_methods = st.sampled_from(["GET", "HEAD", "PUT", "POST", "get", "OPTIONS"])
_none_to_two = st.integers(0, 2)
_places = st.integers(0, 4095)
_ways = st.integers(0, 3)
_flags = st.booleans()
_FOLDED = str.maketrans("oil", "011")


def mutate(draw, text: str) -> str:
    """The text with nothing, or one or two pieces, put in, cut out, doubled, or changed in case."""
    for _ in range(draw(_none_to_two)):
        at, end = sorted([draw(_places) % (len(text) + 1), draw(_places) % (len(text) + 1)])
        middle = ["", text[at:end] * 2, text[at:end].swapcase(), draw(_ODD)][draw(_ways)]
        text = text[:at] + middle + text[end:]
    return text


def meaning(text: str) -> str | None:
    """The name of the token that somebody means by `text`: case and look-alikes count for nothing."""
    if not text.isascii() or not text.lower().startswith(secret.PREFIX):
        return None
    digits = text.lower()[len(secret.PREFIX) :].translate(_FOLDED)
    return next((name for name in ROLES if TOKENS[name] == secret.PREFIX + digits), None)


def expected(header: str) -> str | None:
    """The name of the token in an Authorization header, by the letter of RFC 6750 and RFC 7617."""
    scheme, _, value = header.partition(" ")
    value = value.strip(" ")
    if scheme.isascii() and scheme.lower() == "bearer":
        return meaning(value)
    if scheme.isascii() and scheme.lower() == "basic" and re.fullmatch("[A-Za-z0-9+/]*={0,2}", value):
        try:
            return meaning(base64.b64decode(value, validate=True).decode().partition(":")[2])
        except ValueError:
            return None
    return None


def make_lock() -> Lock:
    lock = Lock(b"key")
    lock.access = after()
    return lock


def test_no_authorization_passes_but_of_a_token_that_is_known():
    outcomes = Counter()
    lock = make_lock()

    @deterministic(1500)
    @example(None, "Bearer " + TOKENS["view"].replace("c", "\u0441"))
    @example(None, "Basic " + "=" * 40)
    @given(st.data(), st.none())
    def check(data, header):
        if header is None:
            token = mutate(data.draw, TOKENS[data.draw(_names)])
            pair = mutate(data.draw, data.draw(_texts).replace(":", "") + ":" + token)
            basic = base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode()
            ways = ["Bearer " + token, "bearer  " + token, "Basic " + basic, "BASIC " + basic, token]
            header = data.draw(st.sampled_from(ways) | _texts)
            header = mutate(data.draw, header) if data.draw(_flags) else header
        name = expected(header)
        if len(header) > 512:
            name = None
        verdict = lock.judge("view", "GET", "/a", None, {"Authorization": header}, NO_ORIGIN, 0)
        assert (verdict.role, verdict.code) == ((name, None) if name else (None, "wrong-token"))
        outcomes[name is not None] += 1

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


def test_no_cookie_is_found_but_one_of_its_name():
    outcomes = Counter()
    name = re.compile(rf"[ \t]*{COOKIE}=(.*?)[ \t]*", re.DOTALL)

    @deterministic(1000)
    @given(st.data())
    def check(data):
        parts = data.draw(st.lists(_texts | st.just(f"{COOKIE}=abc") | st.just("a=b"), max_size=4))
        header = mutate(data.draw, data.draw(st.sampled_from(["; ", ";", ", "])).join(parts))
        found = credentials.cookie(header, COOKIE)
        given_values = [match[1] for part in header.split(";") if (match := name.fullmatch(part))]
        assert found == (given_values[0] if len(given_values) == 1 else None)
        outcomes[found is not None] += 1

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


def test_no_cookie_passes_but_of_a_session_and_from_a_page_that_may():
    outcomes = Counter()
    lock = make_lock()
    sessions = {log_in(lock, TOKENS[name], {}, 0)[1]: name for name in ("view", "control", "admin")}
    known = st.sampled_from(sorted(sessions))

    @deterministic(1500)
    @given(st.data(), _origins, _methods)
    def check(data, origin, method):
        header = f"{COOKIE}={data.draw(known)}"
        headers = {"Cookie": mutate(data.draw, header) if data.draw(_flags) else header}
        verdict = lock.judge("view", method, "/a", None, headers, origin, 5)
        names = {sessions.get(part.strip(" \t")[len(COOKIE) + 1 :]) for part in headers["Cookie"].split(";")}
        assert verdict.role is None or verdict.role in names
        if verdict.role is not None:
            is_safe = method.upper() in ("GET", "HEAD", "OPTIONS")
            assert origin in (OWN, TRUSTED) or (origin == NO_ORIGIN and is_safe)
        outcomes[verdict.role is not None] += 1

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


@deterministic(500)
@given(_texts | st.text("0123456789abcdef", min_size=32, max_size=32))
def test_no_session_is_found_but_one_that_was_opened(text):
    sessions = Sessions([])
    sessions.open(b"1" * 32, 0)
    assert sessions.find(text, 0) is None
    sessions.close(text)


_targets = st.sampled_from(["/api/stream", "/api/stream?fps=5", "/?", "/a?b=1&c", "/a.b.c?x=%20", "/link="])


def test_no_link_is_good_but_one_that_was_made():
    """Whatever is changed about one, of its path, its query, or its parts."""
    outcomes = Counter()
    links = Links(b"key")
    tokens = after().tokens
    links.know(tokens)

    @deterministic(1500)
    @given(st.data(), _targets, st.sampled_from(["view", "control"]), st.integers(1, 50), st.integers(0, 60))
    def check(data, target, role, for_s, now_s):
        made = links.sign(target, role, tokens[2], for_s, 0)
        shown = mutate(data.draw, made) if data.draw(_flags) else made
        if data.draw(_flags):  # a piece of another link in its place
            other = links.sign(target, "view", tokens[1], for_s + 1, 0)
            parts, others = shown.split("."), other.split(".")
            at = data.draw(st.integers(0, min(len(parts), len(others)) - 1))
            shown = ".".join([*parts[:at], others[at], *parts[at + 1 :]])
        path, mark, query = shown.partition("?")
        found = links.verify("GET", path, query if mark else None, now_s)
        is_good = shown == made and now_s < for_s
        assert found == ((role, tokens[2]) if is_good else None) or shown == other
        outcomes[is_good] += 1

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


@deterministic(1000)
@given(_texts, st.none() | _texts | _texts.map("link={}".format) | _texts.map("a&link=1.view.0.{}".format))
def test_no_query_is_a_link(path, query):
    links = Links(b"key")
    links.know(after().tokens)
    assert links.verify("GET", path, query, 0) is None


_FORGED = [
    "",
    "\ud800",
    "\ud800" * 32,
    "é",
    "\u0661",
    "0",
    "-1",
    " 9",
    "9\n",
    "9" * 4000,
    "view",
    "control.1",
]


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("piece", _FORGED, ids=lambda piece: ascii(piece)[:20])
def test_a_link_with_a_forged_piece_is_none(piece, at):
    """In the place of its time, role, token or signature, or behind its path."""
    links = Links(b"key")
    tokens = after().tokens
    links.know(tokens)
    path, _, query = links.sign("/a", "view", tokens[0], 60, 0).partition("?link=")
    parts = [*query.split("."), ""]
    is_forged = parts[at] != piece
    parts[at] = piece
    found = links.verify("GET", path + parts.pop(), "link=" + ".".join(parts), 0)
    assert (found is None) is is_forged


@deterministic(1000)
@given(_texts, st.sampled_from(["view", "control", "admin"]), st.integers(-5, 10**6))
def test_what_is_no_path_is_refused_and_what_is_signed_is_good(text, role, for_s):
    links = Links(b"key")
    tokens = after().tokens
    links.know(tokens)
    target = "/" + text
    try:
        path, _, query = links.sign(target, role, tokens[2], for_s, 0).partition("?")
    except ValueError as exc:
        assert exc.args[0].startswith("write ")
        return
    assert links.verify("GET", path, query, for_s - 1) == (role, tokens[2])


# --- the file

_plain = st.none() | st.booleans() | st.integers(-1, 2**33) | _texts
_likely = st.sampled_from(
    ["a", "b", "view", "control", "admin", "a" * 64, "b" * 64, 1, "anyone in this network may watch"]
)
_tokens = st.dictionaries(
    st.sampled_from(["name", "role", "sha256", "created_s"]) | _texts, _likely | _plain, max_size=5
)
_files = st.dictionaries(
    st.sampled_from(["version", "open", "open_view", "tokens", "$schema"]) | _texts,
    st.lists(_tokens | _plain, max_size=3) | _likely | _plain,
    max_size=4,
)
_good = st.fixed_dictionaries(
    {
        "name": st.sampled_from("abc"),
        "role": st.sampled_from(ROLES),
        "sha256": st.sampled_from(["a" * 64, "b" * 64]),
    }
)


def test_any_object_is_an_access_or_refused():
    """With reasons of the closed list and no value in words; and none opens but by its sentence."""
    outcomes = Counter()

    @deterministic(1500)
    @given(_files | st.fixed_dictionaries({"tokens": st.lists(_good, max_size=3)}), st.booleans())
    def check(value, ascii_only):
        text = json.dumps(value, ensure_ascii=ascii_only)
        try:
            access = Access.from_json(text)
        except AccessError as error:
            assert all(fault.reason in REASONS and fault.remedy for fault in error.faults)
            assert all(re.fullmatch(r"[\x20-\x7e]+; [\x20-\x7e]+", row) for row in str(error).split("\n"))
            assert "a" * 64 not in str(error)
            outcomes[False] += 1
            return
        outcomes[True] += 1
        assert (access.open_role is None) is not ("open" in value or "open_view" in value)
        assert Access.from_json(access.to_json()).digest == access.digest
        assert len({token.sha256 for token in access.tokens}) == len(access.tokens)

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


@deterministic(500)
@given(st.binary(max_size=60) | _texts)
def test_any_text_is_an_access_or_refused(text):
    try:
        assert Access.from_json(text).open_role is None
    except AccessError as error:
        assert error.faults


@deterministic(500)
@given(st.integers(0, 2**128 - 1))
def test_a_token_is_read_as_it_was_made(number):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secret.os, "urandom", lambda count: number.to_bytes(count, "big"))
        made = secret.make_token()
    assert secret.canonical(made) == secret.canonical(made.upper()) == made
    read = 0
    for digit in made[len(secret.PREFIX) :]:
        read = read * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(digit)
    assert read == number << 2

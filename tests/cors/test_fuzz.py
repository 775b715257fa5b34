"""Texts and bytes that nobody meant: only the documented exceptions, and no match but what the grammar means.

Deterministic, as all of this folder. What is a match is decided by a regular expression of the grammar of
the policy file, what is JSON by CPython's json module.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cors import CORS, Policy, PolicyError
from cors.pattern import parse
from microdot import Microdot
from microdot import Request as MicrodotRequest
from microdot.microdot import NoCaseDict
from strict.reasons import REASONS
from tests.kit.strategies import deterministic, patterns, policies

_ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://"
    r"(\[[0-9a-f:]{2,39}\]|(?=.{1,253}(?::|\Z))[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*)"
    r"(?::([1-9][0-9]{0,4}))?"
)
_PATTERN = re.compile(r"([a-z][a-z0-9+.-]*)://(\*\.)?(.*?)(?::([0-9]+|\*))?")
_SYNTAX, _DEEP = "not JSON", "nested too deeply"
_LIST_BYTES, _LIST_NAMES = 1024, 64  # the policy file, "Answers"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# Characters that parsers trip over, more often than chance brings them.
_ODD = st.sampled_from(
    list("*.:/@#?%[]\\,-_ \t\r\n\0\"'<>{}AZaz019") + ["\x7f", "é", "ı", "K", "。", "𝒶", "\ud800"]
)
_texts = st.text(_ODD | st.characters(), max_size=24)
_snippets = st.sampled_from(
    [
        ".", "..", ":", "::", ":443", ":80", ":0", ":65536", ":00443", "/", "//", "\\", "@", "user:pw@",
        "*", "*.", "%2e", "null", "https://", "http:", "HTTPS://", "evil", ".evil.net", "com", "xn--",
        "0x7f.1", "[::1]", "\0", "\n", " ",
    ]
)  # fmt: skip


def mutate(draw, text: str) -> str:
    """A valid text with one to three pieces put in, cut out, doubled or changed in case."""
    for _ in range(draw(_one_to_three)):
        at, end = sorted([draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))])
        how = draw(_ways)
        middle = [draw(_snippets), draw(_ODD), "", text[at:end] * 2, text[at:end].swapcase()][how]
        text = text[:at] + middle + (text[at:] if how < 2 else text[end:])
    return text


_one_to_three = st.integers(1, 3)
_ways = st.integers(0, 4)
_strange = st.composite(lambda draw: mutate(draw, draw(patterns())))() | _texts


def means(pattern: str, origin: str) -> bool:
    """Whether a valid pattern is for an origin; a text that is no origin is for none."""
    if "null" in (pattern, origin):
        return pattern == origin
    found = _ORIGIN.fullmatch(origin)
    if not found:
        return False
    scheme, host, port = found.groups()
    if port and (int(port) > 65535 or port == {"http": "80", "https": "443"}.get(scheme)):
        return False
    wanted, below, parent, wanted_port = _PATTERN.fullmatch(pattern).groups()
    same_host = host.endswith("." + parent) if below else host == parent
    return scheme == wanted and same_host and wanted_port in ("*", port)


def check_error(error: PolicyError) -> None:
    """What PolicyError promises: reasons of the closed list, one printable line for each faulty value."""
    assert error.faults
    assert all(fault.reason in REASONS for fault in error.faults)
    assert all(fault.remedy and isinstance(fault.field, str) for fault in error.faults)
    rows = str(error).split("\n")
    values = [(fault.field, repr(fault.value), fault.remedy) for fault in error.faults]
    assert len(rows) == len([i for i in range(len(values)) if i == 0 or values[i] != values[i - 1]])
    assert all(re.fullmatch(r"[\x20-\x7e]+: [\x20-\x7e]+; [\x20-\x7e]+", row) for row in rows)


# --- the classic mistakes

# What is wrong, pattern, origin that must not match it.
MISTAKES = [
    ("null for no list", "https://example.com", "null"),
    ("prefix", "https://example.com", "https://example.com.evil.net"),
    ("prefix, a letter more", "https://example.com", "https://example.community"),
    ("substring", "https://example.com", "https://example.co"),
    ("substring, from the left", "https://example.com", "ttps://example.com"),
    ("suffix", "https://example.com", "https://evilexample.com"),
    ("suffix of a wildcard, missing dot", "https://*.example.com", "https://evilexample.com"),
    ("wildcard, the domain itself", "https://*.example.com", "https://example.com"),
    ("wildcard, empty label", "https://*.example.com", "https://.example.com"),
    ("wildcard, empty label inside", "https://*.example.com", "https://a..example.com"),
    ("wildcard, another label after", "https://*.example.com", "https://a.example.com.evil.net"),
    ("wildcard, userinfo", "https://*.example.com", "https://evil.net@a.example.com"),
    ("wildcard, path", "https://*.example.com", "https://evil.net/a.example.com"),
    ("wildcard, query", "https://*.example.com", "https://evil.net?.example.com"),
    ("wildcard, fragment", "https://*.example.com", "https://evil.net#.example.com"),
    ("wildcard, backslash", "https://*.example.com", "https://evil.net\\.example.com"),
    ("wildcard, space", "https://*.example.com", "https://evil.net .example.com"),
    ("wildcard, control character", "https://*.example.com", "https://evil.net\x0b.example.com"),
    ("wildcard, port in the middle", "https://*.example.com", "https://evil.net:443.example.com"),
    ("wildcard, IPv6 in front", "https://*.example.com", "https://[::1].example.com"),
    ("wildcard, the star itself", "https://*.example.com", "https://*.example.com"),
    ("wildcard, label too long", "https://*.example.com", "https://" + "a" * 64 + ".example.com"),
    ("wildcard, host too long", "https://*.example.com", "https://" + "a." * 122 + "example.com"),
    ("wildcard, no port", "https://*.example.com:8443", "https://a.example.com"),
    ("wildcard, another port", "https://*.example.com", "https://a.example.com:8443"),
    ("any dot", "https://www.example.com", "https://wwwxexample.com"),
    ("upper case scheme", "https://example.com", "HTTPS://example.com"),
    ("upper case host", "https://example.com", "https://EXAMPLE.com"),
    ("upper case, wildcard", "https://*.example.com", "https://A.example.com"),
    ("trailing dot", "https://example.com", "https://example.com."),
    ("trailing dot, wildcard", "https://*.example.com", "https://a.example.com."),
    ("trailing slash", "https://example.com", "https://example.com/"),
    ("userinfo", "https://example.com", "https://example.com@evil.net"),
    ("userinfo in front", "https://example.com", "https://user@example.com"),
    ("userinfo with port", "https://example.com:8443", "https://example.com:8443@evil.net"),
    ("default port", "https://example.com", "https://example.com:443"),
    ("default port, http", "http://localhost", "http://localhost:80"),
    ("another port", "https://example.com", "https://example.com:8443"),
    ("no port", "https://example.com:8443", "https://example.com"),
    ("port, a digit more", "https://example.com:844", "https://example.com:8443"),
    ("any port, default", "http://localhost:*", "http://localhost:80"),
    ("any port, empty", "http://localhost:*", "http://localhost:"),
    ("any port, too high", "http://localhost:*", "http://localhost:65536"),
    ("any port, zero", "http://localhost:*", "http://localhost:0"),
    ("any port, leading zero", "http://localhost:*", "http://localhost:08080"),
    ("any port, sign", "http://localhost:*", "http://localhost:+8080"),
    ("any port, space", "http://localhost:*", "http://localhost: 8080"),
    ("any port, digits of another script", "http://localhost:*", "http://localhost:\u0668\u0660"),
    ("any port, no digits", "http://localhost:*", "http://localhost:evil"),
    ("any port, the star itself", "http://localhost:*", "http://localhost:*"),
    ("any port, userinfo", "http://localhost:*", "http://localhost:80@evil.net"),
    ("any port, two", "http://localhost:*", "http://localhost:8080:8081"),
    ("any port, name continues", "http://localhost:*", "http://localhost.evil.net:8080"),
    ("another scheme", "https://example.com", "http://example.com"),
    ("no scheme", "https://example.com", "example.com"),
    ("scheme relative", "https://example.com", "//example.com"),
    ("scheme twice", "https://example.com", "https://https://example.com"),
    ("IDN, not punycode", "https://xn--bcher-kva.example", "https://b\xfccher.example"),
    ("IDN, homograph", "https://example.com", "https://ex\u0430mple.com"),
    ("IDN, full stop of another script", "https://example.com", "https://example\u3002com"),
    ("IDN, Kelvin sign", "https://k.example", "https://\u212a.example"),
    ("IPv4, short form", "http://127.0.0.1", "http://127.1"),
    ("IPv4, hexadecimal", "http://127.0.0.1", "http://0x7f.0.0.1"),
    ("IPv4, one digit more", "http://192.168.4.1", "http://192.168.4.10"),
    ("IPv6, long form", "http://[::1]", "http://[0:0:0:0:0:0:0:1]"),
    ("IPv6, no brackets", "http://[::1]", "http://::1"),
    ("list of origins", "https://example.com", "https://example.com https://evil.net"),
    ("two headers in one", "https://example.com", "https://example.com, https://evil.net"),
    ("line break", "https://example.com", "https://example.com\n"),
    ("NUL", "https://example.com", "https://example.com\0"),
    ("null, upper case", "null", "NULL"),
    ("null, no origin", "null", ""),
]


@pytest.mark.parametrize(("about", "pattern", "origin"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_mistake(about, pattern, origin):
    policy = Policy(allowed_origins=[pattern])
    assert not policy.matches(origin)
    assert not means(pattern, origin), "the oracle makes the mistake"


def test_patterns_match_what_they_are_for():
    """So that the table above is not passed by a matcher that refuses everything."""
    for pattern, origin in [
        ("null", "null"),
        ("https://example.com", "https://example.com"),
        ("https://*.example.com", "https://a.example.com"),
        ("https://*.example.com", "https://a-b.c_d.example.com"),
        ("https://*.example.com:8443", "https://a.example.com:8443"),
        ("https://*.example.com", "https://" + "a" * 63 + ".example.com"),
        ("https://*.example.com", "https://" + "a." * 120 + "ab.example.com"[-13:]),
        ("http://localhost:*", "http://localhost"),
        ("http://localhost:*", "http://localhost:65535"),
        ("http://[::1]:*", "http://[::1]:8080"),
    ]:
        assert Policy(allowed_origins=[pattern]).matches(origin), (pattern, origin)
        assert means(pattern, origin), (pattern, origin)


# --- origins and patterns


def test_no_text_matches_but_as_the_grammar_means():
    outcomes = Counter()

    @deterministic(2000)
    @given(st.data(), st.lists(patterns(), min_size=1, max_size=4, unique=True))
    def check(data, texts):
        policy = Policy(allowed_origins=texts)
        how = data.draw(_ways)
        origin = texts[-1] if how == 0 else data.draw(_texts) if how == 1 else mutate(data.draw, texts[0])
        expected = any(means(text, origin) for text in texts)
        assert policy.matches(origin) is expected
        outcomes[expected] += 1

    check()
    assert min(outcomes[True], outcomes[False]) > 40, outcomes


def test_no_text_is_a_pattern_but_as_the_grammar_means():
    """A text is refused with PolicyError and a remedy, or it is an origin but for the stars."""
    outcomes = Counter()

    @deterministic(1500)
    @example("https://*.1")
    @example("https://[::1.2.3.4]")
    @example("https://example.com:*:*")
    @example("https://\u0130.example")
    @given(_strange)
    def check(text):
        try:
            policy = Policy(allowed_origins=[text])
        except PolicyError as error:
            check_error(error)
            outcomes[False] += 1
            return
        outcomes[True] += 1
        assert policy.allowed_origins == (text,)
        scheme, colon, rest = text.partition("://")
        if text != "null":
            plain = scheme + colon + rest.removeprefix("*.").removesuffix(":*")
            assert _ORIGIN.fullmatch(plain), plain
            assert policy.matches(plain) is (not rest.startswith("*."))
        else:
            assert policy.matches("null")

    check()
    assert min(outcomes[True], outcomes[False]) > 40, outcomes


@deterministic(1000)
@given(_strange)
def test_a_remedy_that_names_an_origin_names_a_valid_one(text):
    """cors.origin.parse: never raises, and what it says to write is a pattern."""
    pattern = parse(text)
    if not pattern.reasons:
        assert pattern.text == text and not pattern.remedy
    elif re.fullmatch(r'write "[^"\\]+"', pattern.remedy):
        assert parse(pattern.remedy[7:-1]).reasons == [], pattern.remedy


# --- the policy file

_plain = (
    st.none()
    | st.booleans()
    | st.integers(-9, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts
)
_values = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3)
)
_KEYS = [
    "$schema", "version", "allowed_origins", "allow_credentials", "allowed_methods", "allowed_headers",
    "expose_headers", "max_age", "allow_private_network", "resource_policy", "allowed_hosts",
    "block_cross_origin_writes", "allowed_origin", "Version", "",
]  # fmt: skip
_words = st.sampled_from(
    ["*", "null", "GET", "put", "TRACE", "X-A", "Sec-X", "Set-Cookie", "same-site", "camera.local"]
)
_likely = st.lists(_words | patterns() | _strange, max_size=3) | _words | st.integers(-1, 2) | st.booleans()
_files = st.dictionaries(st.sampled_from(_KEYS) | _texts, _likely | _values, max_size=6)


def refusal(text: str | bytes) -> PolicyError | None:
    """The error of a policy file, or None; any other exception is a failure of the test that calls."""
    try:
        Policy.from_json(text)
    except PolicyError as error:
        check_error(error)
        return error
    return None


_OF_TEXTS = (_DEEP, "file too large", "not UTF-8")  # what an object cannot have


def test_any_object_is_a_policy_or_refused():
    outcomes = Counter()

    @deterministic(1000)
    @given(_files, st.booleans())
    def check(value, ascii_only):
        value = {"version": 1, **value}
        text = json.dumps(value, ensure_ascii=ascii_only)
        error = refusal(text)
        outcomes[error is None] += 1
        fields = {name: value[name] for name in value if name != "$schema"}
        if error is None:
            assert Policy(**fields).digest == Policy.from_json(text).digest
        elif error.faults[-1].reason not in _OF_TEXTS and not has_long_number(text):
            with pytest.raises(PolicyError) as caught:
                Policy(**fields)
            assert str(caught.value) == str(error)

    check()
    assert min(outcomes[True], outcomes[False]) > 10, outcomes


_other_fields = st.fixed_dictionaries(
    {
        "allow_private_network": st.booleans(),
        "resource_policy": st.sampled_from(["same-origin", "same-site", "cross-origin"]),
        "allowed_hosts": st.none() | st.just([]) | st.just(["camera.local", "192.168.4.1"]),
        "block_cross_origin_writes": st.booleans(),
    }
)


@deterministic(500)
@given(policies(), _other_fields)
def test_round_trip(fields, more):
    fields = {**fields, **more}
    policy = Policy(**fields)
    again = Policy.from_json(policy.to_json())
    assert again.digest == policy.digest
    assert again.to_json() == policy.to_json()
    assert json.loads(policy.to_json())["version"] == 1
    assert {name: getattr(again, name) for name in fields} == {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }


# --- JSON

_NUMBER = re.compile(r"-?[0-9]*(\.[0-9]*)?([eE][+-]?[0-9]*)?")
_json_bits = st.sampled_from(
    [
        "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud83d\\ude00", "\\x", "'", "//", "#", " ",
        "\n", "\t", "\r", "\0", "\x0b", "\x7f", "\ufeff", "\u2028", "é", "𝒶", "0", "1", "-", "+", ".",
        "e", "E", "00", "1.5e+3", "NaN", "Infinity", "-Infinity", "true", "false", "null", "nul", "True",
        "None", "undefined", '"a"', "{}", "[]", ",]", ",}",
    ]
)  # fmt: skip
_documents = (_files | _values).map(lambda value: json.dumps(value, indent=1, ensure_ascii=False))


@st.composite
def spoilt(draw) -> str:
    """JSON with one to four pieces put in or cut out, or nothing but pieces."""
    text = draw(_documents) if draw(st.integers(0, 3)) else ""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(_json_bits) + text[at + draw(st.integers(0, 2)) :]
    return text.encode("utf-8", "replace").decode()


def python_json(text: str):
    """(value, None) or (None, JSONDecodeError) of CPython; NaN is no JSON (RFC 8259 section 6)."""

    def refuse(word):
        raise json.JSONDecodeError(
            "constant", text, re.search(r"-?(NaN|Infinity)", blank_strings(text)).start()
        )

    try:
        return json.loads(text, parse_constant=refuse), None
    except json.JSONDecodeError as error:
        return None, error


def blank_strings(text: str) -> str:
    return re.sub(r'"(\\.|[^"\\])*"', lambda found: "_" * len(found[0]), text, flags=re.DOTALL)


def place(error: json.JSONDecodeError) -> int:
    """The index at which the policy file's reader reports what CPython does.

    The same as CPython's but in four cases, where CPython names the inside of a token or what follows it, and
    a person wants the token itself: the string that has a line break or a control character in it, the
    backslash of a wrong escape, the number or word that begins as a valid one, the comma too many.
    """
    text, at = error.doc, error.pos
    before = text[:at].rstrip(" \t\r\n")
    if error.msg.startswith("Invalid control character"):
        return [found.start() for found in re.finditer(r'(?<!\\)(?:\\\\)*"', text[:at])][-1]
    if error.msg.startswith("Invalid \\"):
        return text.rindex("\\", 0, at + 1)
    if error.msg.startswith("Unterminated string") and re.search(r"(?<!\\)(\\\\)*\\\Z", text[at:]):
        return len(text) - 1
    if before.endswith(",") and error.msg.startswith("Expecting"):
        closed = {"Expecting value": "]", "Expecting property name": "}"}
        if any(error.msg.startswith(words) and text[at : at + 1] == end for words, end in closed.items()):
            return len(before) - 1  # CPython from 3.13 on says so too
    for token in (
        re.search(r"-?[0-9][0-9.eE+-]*\Z", text[:at]),
        re.search(r"(true|false|null)\Z", text[:at]),
    ):
        if token and error.msg.startswith(("Extra data", "Expecting ',' delimiter")):
            longer = _NUMBER.match(text, token.start()) if token[0][0] in "-0123456789" else None
            longer = longer or re.compile("[A-Za-z]+").match(text, token.start())
            if longer and longer.end() > at:
                return token.start()
    return at


def has_long_number(text: str) -> bool:
    """Whether test_a_long_number_is_json says the rest."""
    return re.search(r"[0-9.eE+-]{21}", blank_strings(text)) is not None


def line_and_column(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


def test_json_is_what_cpython_takes_for_it():
    outcomes = Counter()

    @deterministic(1000)
    @example('{"a": "\\ud800"}')
    @example("[" * 9 + "]" * 9)
    @example('{"a": 1, "a": 2}')
    @example("\ufeff{}")
    @example("")
    @given(spoilt() | _documents)
    def check(text):
        text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")  # one is read over
        _, wrong = python_json(text)
        faults = getattr(refusal(text.encode()), "faults", ())
        reasons = [fault.reason for fault in faults]
        outcomes[wrong is None] += 1
        if _DEEP in reasons or "file too large" in reasons or has_long_number(text):
            return  # refused before the rest is looked at
        if wrong is None:
            assert _SYNTAX not in reasons
        else:
            syntax = [fault for fault in faults if fault.reason == _SYNTAX]
            assert len(syntax) == 1 and syntax[0] is faults[-1]
            assert syntax[0].field == line_and_column(text, place(wrong)), (wrong, syntax)

    check()
    assert min(outcomes[True], outcomes[False]) > 100, outcomes


def test_a_long_number_is_json():
    """RFC 8259 section 6 has no limit: the fault is the value's, not the syntax's."""
    error = refusal('{"version": 1, "max_age": 100000000000000000000000}')
    assert len(error.faults) == 1
    assert error.faults[0].reason != _SYNTAX


_broken_bytes = st.binary(max_size=40) | st.builds(
    lambda text, at, piece: text.encode()[:at] + piece + text.encode()[at:],
    _documents.map(lambda text: text.encode("utf-8", "replace").decode()),
    st.integers(0, 60),
    st.sampled_from(
        [b"", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xe2\x82", b"\x80"]
    ),
)


def test_bytes_that_are_not_utf8_are_placed_as_cpython_places_them():
    """RFC 3629: overlong forms, surrogates and what is past U+10FFFF too."""
    outcomes = Counter()

    @deterministic(400)
    @given(_broken_bytes)
    def check(data):
        error = refusal(data)
        try:
            data.decode()
            outcomes[True] += 1
            assert error is None or "not UTF-8" not in str(error)
        except UnicodeDecodeError as wrong:
            outcomes[False] += 1
            before = data[: wrong.start].decode()
            assert [fault.reason for fault in error.faults] == ["not UTF-8"]
            assert error.faults[0].field == line_and_column(before + "?", len(before))
            assert error.faults[0].value == data[wrong.start]

    check()
    assert min(outcomes[True], outcomes[False]) > 40, outcomes


def test_a_str_with_a_lone_surrogate_is_not_utf8():
    assert [fault.reason for fault in refusal('{"\ud800": 1}').faults] == ["not UTF-8"]


@pytest.mark.parametrize(("size", "reasons"), [(8192, []), (8193, ["file too large"])])
def test_the_largest_file(size, reasons):
    text = '{"version": 1}'
    error = refusal(text.encode() + b" " * (size - len(text)))
    assert [fault.reason for fault in getattr(error, "faults", ())] == reasons


# --- the lists of a preflight

_list_bits = st.sampled_from(
    [
        "x-token", "X-TOKEN", "x-other", "content-type", "*", ",", ",,", " ", "\t", ";", '"', "x y", "\0",
        "\x0b", "\x7f", "é", "K", "\r", "\n", ":", "a" * 1000, "x-token," * 60, "sec-a", "authorization",
    ]
)  # fmt: skip
_lists = (
    st.lists(_list_bits, max_size=8).map(",".join) | st.lists(_list_bits, max_size=8).map("".join) | _texts
)
_LOOP = asyncio.new_event_loop()


def preflight(app: Microdot, method: str, names: str):
    headers = NoCaseDict()
    headers["Origin"] = "https://example.com"
    headers["Access-Control-Request-Method"] = method
    headers["Access-Control-Request-Headers"] = names
    request = MicrodotRequest(app, ("127.0.0.1", 1), "OPTIONS", "/", "1.1", headers)
    return _LOOP.run_until_complete(app.dispatch_request(request))


@pytest.mark.parametrize(
    "allowed", [None, ["X-Token", "authorization", "k"], []], ids=["any", "some", "none"]
)
def test_the_lists_of_a_preflight(allowed):
    """Allow-Headers comes back for a list of allowed tokens within the limits, and for nothing else."""
    outcomes = Counter()
    app = Microdot()
    CORS(app, ["https://example.com"], allowed_headers=allowed, allowed_methods=["PUT"] if allowed else None)
    safe = {name.lower() for name in allowed or ()}

    @deterministic(400)
    @given(_lists, st.sampled_from(["PUT", "put", "PATCH", "*", ""]) | _texts)
    def check(names, method):
        answer = preflight(app, method, names)
        items = [item.strip(" \t") for item in names.split(",")]
        items = [item for item in items if item]
        tokens = all(_TOKEN.fullmatch(item) and (allowed is None or item.lower() in safe) for item in items)
        good = names != "" and tokens and len(items) <= _LIST_NAMES and len(names) <= _LIST_BYTES
        echoed = answer.headers.get("Access-Control-Allow-Headers")
        assert echoed == (names if good else None)
        methods = answer.headers.get("Access-Control-Allow-Methods")
        assert methods == (method if method == "PUT" or (not allowed and _TOKEN.fullmatch(method)) else None)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "https://example.com"
        assert all(
            0x20 <= ord(char) < 0x7F or char == "\t" for value in answer.headers.values() for char in value
        )
        outcomes[good] += 1

    check()
    assert outcomes[False] > 40 and outcomes[True] > 4, outcomes

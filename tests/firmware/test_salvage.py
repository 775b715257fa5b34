"""What is known of a refused head is what every reader of it would see."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camcors.http.head import Refusal
from camcors.http.parse import parse
from camcors.http.salvage import salvage

_PREFLIGHT = (
    b"OPTIONS /api/led?a HTTP/1.1\r\n"
    b"Host: camera:80\r\n"
    b"origin: http://a.example\r\n"
    b"X-Other: 1\r\n"
    b"Access-Control-Request-Method:PUT\r\n"
    b"Access-Control-Request-Headers:  x-a,x-b \r\n"
    b"Referer: http://a.example/\r\n"
    b"\r\n"
    b"Origin: http://in-the-body.example\r\n"
)
_LINES = _PREFLIGHT.split(b"\r\n")

_bits = st.sampled_from(
    [
        b"\r\n", b"\r", b"\n", b"\0", b" ", b"\t", b":", b"\x0b", b"\x85", b"\xe9", b"\r\n\r\n", b"\r\n ",
        b"%", b"\x01",
        b"\r\nOrigin: http://b.example", b"\nOrigin: http://b.example", b"\rOrigin: http://b.example\r",
        b"\r\norigin : http://b.example", b"\r\nHost: b", b"GET / HTTP/1.1\r\n", b"HTTP/2.0", b"\r\nnonsense",
    ]
)  # fmt: skip


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """The preflight, cut short or with up to three pieces put in or cut out, its lines in any order."""
    lines = [_LINES[0], *draw(st.permutations(_LINES[1:7]))]
    data = b"\r\n".join([*lines, *_LINES[7:]])
    # The first changes nothing.
    old, new = draw(
        st.sampled_from([(b"GET", b"GET"), (b"/api", b"/%zz"), (b"X-Other: 1", b"X-Other: \x01")])
    )
    data = data.replace(old, new)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(_bits) + data[at + draw(st.integers(0, 2)) :]
    return data[: draw(st.integers(0, len(data))) if draw(st.booleans()) else len(data)]


def seen_by(line_end: bytes, data: bytes, name: bytes) -> list[bytes]:
    """The values of a header for a reader that ends lines so, and forgives spaces."""
    found = re.findall(rb"(?i)(?:^|%b)[ \t]*%b[ \t]*:([^\r\n]*)" % (line_end, name), data)
    return [value.strip(b" \t") for value in found]


def test_whole() -> None:
    found = salvage(_PREFLIGHT)
    assert found
    method, path, version, headers = found
    assert (method, path, version) == ("OPTIONS", "/api/led", "1.1")
    assert dict(headers.items()) == {
        "host": "camera:80",
        "origin": "http://a.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "x-a,x-b",
        "referer": "http://a.example/",
    }


def test_every_beginning_has_complete_lines_only() -> None:
    """Cut anywhere: a header is there once the line after it can have begun."""
    for size in range(len(_PREFLIGHT) + 1):
        found = salvage(_PREFLIGHT[:size])
        begun = _PREFLIGHT[: min(size, _PREFLIGHT.index(b"\r\n\r\n") + 2)].split(b"\r\n")[1:-1]
        names = {line.partition(b":")[0].decode().lower() for line in begun} - {"x-other"}
        assert set(found[3].keys() if found else ()) == (names if "host" in names else set())


def test_nothing_is_seen_that_another_reader_does_not_see() -> None:
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=4000,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(heads())
    def check(data: bytes) -> None:
        found = salvage(data)
        outcomes["found" if found else "not"] += 1
        head = data.partition(b"\r\n\r\n")[0]
        if found:
            for name, value in found[3].items():
                for line_end in (rb"\r\n", rb"\n", rb"\r\n?|\n"):
                    assert seen_by(line_end, head, name.encode())[:1] == [value.encode()]
                    assert len(seen_by(line_end, head, name.encode())) <= 1 + (b"\r\n\r\n" not in data)
            assert data.startswith(found[0].encode() + b" ")
        if b"\r\n\r\n" not in data:
            return
        try:
            method, target, _, headers = parse(head)
        except Refusal:
            outcomes["refused"] += bool(found)
            return
        # What is a request is seen as the request that it is.
        if "host" in headers and found:
            outcomes["request"] += 1
            assert (method, target.partition("?")[0]) == found[:2]
            assert all(headers[name] == value for name, value in found[3].items())

    check()
    assert min(outcomes[name] for name in ("found", "not", "refused", "request")) > 40, outcomes

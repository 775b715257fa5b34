"""The parser of the stream, in the browser that runs it: whole, byte by byte, and split at every byte."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.kit.pages import Site

_PARSE = """async ([streams, boundary, partMax]) => {
  const { MultipartParser } = await import("/dashboard/js/multipart.js");
  const bytes = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  return streams.map((chunks) => {
    const parts = [];
    const onPart = ({ headers, body }) => parts.push([Object.fromEntries(headers), String.fromCharCode(...body)]);
    const parser = new MultipartParser(boundary, onPart, partMax);
    try {
      for (const chunk of chunks) parser.push(bytes(chunk));
    } catch (error) {
      return [parts, error.constructor.name + ": " + error.message];
    }
    return [parts, parser.isBetween];
  });
}"""

_LONG = "x" * 300
_HEAD = "--frame\r\nContent-Length: 3\r\n\r\n"
_THREE = {"content-length": "3"}

# What, the stream, its parts, whether it ended between two parts or the fault.
ROWS = [
    ("nothing", "", [], True),
    ("one part with its length", f"{_HEAD}abc\r\n", [[_THREE, "abc"]], True),
    ("two parts", f"{_HEAD}abc\r\n{_HEAD}def\r\n", [[_THREE, "abc"], [_THREE, "def"]], True),
    ("as the camera sends it", f"\r\n{_HEAD}abc\r\n\r\n{_HEAD}def\r\n", [[_THREE, "abc"], [_THREE, "def"]], True),
    ("the end", f"{_HEAD}abc\r\n--frame--\r\nepilogue --frame", [[_THREE, "abc"]], True),
    ("nothing after the end", f"--frame--\r\n{_HEAD}abc\r\n", [], True),
    ("a preamble", f"hello --frame\r\nthere\r\n{_HEAD}abc\r\n", [[_THREE, "abc"]], True),
    ("blanks after a delimiter", "--frame \t\r\nContent-Length: 3\r\n\r\nabc\r\n", [[_THREE, "abc"]], True),
    ("no length", "--frame\r\nA: b\r\n\r\nabc\r\n--frame--", [[{"a": "b"}, "abc"]], True),
    ("no length and no headers", "--frame\r\n\r\nabc\r\n--frame--", [[{}, "abc"]], True),
    ("an empty body without length", "--frame\r\nA: b\r\n\r\n\r\n--frame--", [[{"a": "b"}, ""]], True),
    ("an empty body and no line of its own", "--frame\r\nA: b\r\n\r\n--frame--", [[{"a": "b"}, ""]], True),
    ("an empty body with its length", "--frame\r\nContent-Length: 0\r\n\r\n\r\n", [[{"content-length": "0"}, ""]], True),
    ("no end", "--frame\r\n\r\nabc", [], False),
    ("cut within a body", f"{_HEAD}ab", [], False),
    ("cut within the headers", "--frame\r\nContent-Le", [], False),
    ("the boundary within a body of known length", "--frame\r\nContent-Length: 11\r\n\r\n\r\n--frame\r\n\r\n",
     [[{"content-length": "11"}, "\r\n--frame\r\n"]], True),
    ("a longer word that begins as the boundary", "--frame\r\n\r\na\r\n--frames\r\nb\r\n--frame--",
     [[{}, "a\r\n--frames\r\nb"]], True),
    ("almost the boundary", "--frame\r\n\r\na\r\n--fram\r\n-\r\n\r\n--frame--", [[{}, "a\r\n--fram\r\n-\r\n"]], True),
    ("all bytes", "--frame\r\nContent-Length: 256\r\n\r\n" + "".join(map(chr, range(256))) + "\r\n",
     [[{"content-length": "256"}, "".join(map(chr, range(256)))]], True),
    ("names in any case, values trimmed", "--frame\r\ncONTENT-lENGTH:3\r\nX:  a: b \r\n\r\nabc\r\n",
     [[{"content-length": "3", "x": "a: b"}, "abc"]], True),
    ("a length that is none", "--frame\r\nContent-Length: -3\r\n\r\nabc", [], "MultipartError: a part's Content-Length is not a number"),
    ("a header without a name", "--frame\r\nhello\r\n\r\n", [], "MultipartError: a part has a header without a name"),
    ("a part that is too large", "--frame\r\nContent-Length: 301\r\n\r\n", [], "MultipartError: a part is larger than 300 bytes"),
    ("the largest part", f"--frame\r\nContent-Length: 300\r\n\r\n{_LONG}\r\n", [[{"content-length": "300"}, _LONG]], True),
    ("too much without a length", f"--frame\r\n\r\n{_LONG}{_LONG}", [], "MultipartError: a part is larger than 300 bytes"),
    ("headers without end", "--frame\r\n" + "A: b\r\n" * 1500, [], "MultipartError: the headers of a part are too long"),
]  # fmt: skip


def _splits(stream: str) -> list[list[str]]:
    """Whole, byte by byte, and in two at every byte of a stream that is not long."""
    halves = [[stream[:at], stream[at:]] for at in range(1, len(stream))] if len(stream) < 1000 else []
    return [[stream], list(stream), *halves]


@pytest.fixture(scope="module")
def parse(browser, site: Site):
    opened = browser.new_page()
    opened.goto(site.origin())
    yield lambda streams, boundary="frame": opened.evaluate(_PARSE, [streams, boundary, 300])
    opened.close()


@pytest.mark.parametrize(("about", "stream", "parts", "end"), ROWS, ids=[row[0] for row in ROWS])
def test_every_split_of_a_stream_gives_the_same_parts(parse, about, stream, parts, end):
    for split, found in zip(_splits(stream), parse(_splits(stream))):
        assert found == [parts, end], (about, split)


def test_parts_larger_than_the_buffer(page: Page, site: Site):
    page.goto(site.origin())
    found = page.evaluate("""async () => {
      const { MultipartParser } = await import("/dashboard/js/multipart.js");
      const body = new Uint8Array(300_000).map((_, index) => (index * 7) % 251);
      const head = new TextEncoder().encode("--frame\\r\\nContent-Length: 300000\\r\\n\\r\\n");
      const one = new Uint8Array([...head, ...body, 13, 10]);
      const stream = new Uint8Array([...one, ...one, ...one]);
      let same = 0;
      const parser = new MultipartParser("frame", ({ body: got }) => {
        same += got.length === body.length && got.every((byte, index) => byte === body[index]);
      });
      for (let at = 0; at < stream.length; at += 1460) parser.push(stream.subarray(at, at + 1460));
      return [same, parser.buffer.length];
    }""")
    assert found[0] == 3
    assert found[1] < 1_000_000  # it owns one buffer, of the largest part and not of the stream


BOUNDARIES = [
    ("multipart/x-mixed-replace; boundary=frame", "frame"),
    ('multipart/x-mixed-replace; boundary="a b"', "a b"),
    ("Multipart/Mixed;charset=x; Boundary=--b", "--b"),
    ("multipart/x-mixed-replace", None),
    ("image/jpeg", None),
    ("text/html; boundary=frame", None),
    (None, None),
]


@pytest.mark.parametrize(("content_type", "boundary"), BOUNDARIES)
def test_boundary_of_a_content_type(page: Page, site: Site, content_type, boundary):
    page.goto(site.origin())
    script = 'async (type) => (await import("/dashboard/js/multipart.js")).boundaryOf(type)'
    assert page.evaluate(script, content_type) == boundary

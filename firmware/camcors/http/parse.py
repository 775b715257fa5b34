"""The head of a request as it stands on the wire: what is valid. In the heap only while it is used.

RFC 9110 and RFC 9112 are followed strictly; where they leave a choice, or where a camera is safer
without:

- A target is a path (`/path?query`), or the same in absolute-form, as section 3.2.2 of RFC 9112 demands,
  if its scheme is http and its authority that of the Host header: the guards judge one host, not two.
- Transfer-Encoding is `chunked` or 501; with Content-Length, in HTTP/1.0 or given twice it is 400.
- A repeated Content-Length is 400 also if its values are equal: section 6.3 of RFC 9112 lets a server
  take them as one, but no client sends them.
- A header's value is opaque bytes (RFC 9110 section 5.5): text if it is UTF-8, else a character for each
  byte (ISO-8859-1). Control characters in it but HTAB are 400.
- HTTP/1.0 and 1.1 are spoken, any other version is 505.
- A connection with a client of HTTP/1.0 is closed after one answer, whatever it asks for.

Where the image has C for it (firmware/native/head.c), most heads never come here.
"""

import re

from strict.compat import const, lower
from strict.token import is_token

from .head import ALONE, Headers, Refusal, is_host, is_made_of, is_name

try:
    import _head
except ImportError:  # CPython, and an image that others have built
    _head = None

_DIGITS = "0123456789"
_SPACE = const(32)
# Browsers leave some of the last ones as they are.
_TARGET = "/abcdefghijklmnopqrstuvwxyz?=&0123456789-._ABCDEFGHIJKLMNOPQRSTUVWXYZ%~!$'()*+;:[]@,\"<>\\^`{|}"
_HEX = "0123456789abcdefABCDEF"

_NOT_A_PATH = "the request target is not a path; write /path?query in ASCII"

# Two of these with different meanings to two readers are how requests are smuggled.
_SINGLE = ("host", "origin", "content-length", "content-type", "authorization", "transfer-encoding")

# Whether bytes hold anything but visible ASCII, spaces and tabs. match() and `.*?` because search() takes
# twice the time on MicroPython; what it does not find allocates nothing. No pattern may hold a NUL there.
_find_strange = re.compile(b".*?[^ -~\t]").match
_CONTROL = re.compile(b"[\x01-\x08\x0a-\x1f\x7f]")
# What MicroPython takes for UTF-8 and RFC 3629 section 4 does not: overlong forms, surrogates, too high.
_NOT_RFC_3629 = re.compile(
    b"[\xc0\xc1\xf5-\xff]|\xe0[\x80-\x9f]|\xed[\xa0-\xbf]|\xf0[\x80-\x8f]|\xf4[\x90-\xbf]"
)

# Names that browsers send, so that they are not allocated for each request. C has its own, in flash: what is
# left to parse() is rare, and the table would take 3 KB.
_NAMES = {}
for _name in () if _head else (
    "Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers",
    "Access-Control-Request-Method", "Authorization", "Cache-Control", "Connection",
    "Content-Length", "Content-Type", "Cookie", "DNT", "Expect", "Host", "If-None-Match", "Origin",
    "Pragma", "Priority", "Referer", "Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform",
    "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-GPC", "Upgrade",
    "Upgrade-Insecure-Requests", "User-Agent",
):  # fmt: skip
    _NAMES[_name.encode()] = _NAMES[_name.lower().encode()] = _name.lower()


def is_strange(data):
    """Return whether `data` (bytes) holds anything but visible ASCII, spaces and tabs."""
    return _find_strange(data) is not None


def has_control(data):
    """Return whether `data` (bytes) holds a control character but HTAB."""
    return b"\0" in data or _CONTROL.search(data) is not None


def parse(head):
    """Split a head (bytes, without the empty line) into (method, target, version, headers).

    target: the path and the query, as they came. version: "1.0" or "1.1". headers: Headers; repeated
    ones are joined as RFC 9110 section 5.3 says. Raises Refusal for anything that is not to the letter.
    """
    headers = Headers()
    end = head.find(b"\r\n")
    method, target, version = _parse_request_line(head if end < 0 else head[:end])
    while end >= 0:
        start = end + 2
        end = head.find(b"\r\n", start)
        _add_header(headers, head, start, len(head) if end < 0 else end)
    _check_headers(version, headers)
    if not target.startswith("/"):
        target = _origin_form(target, headers)
    return method, target, version, headers


def _parse_request_line(line):
    """Return (method, target, version) of the line (bytes); the target may be in absolute-form."""
    try:
        parts = line.decode().split(" ")
    except UnicodeError:
        raise Refusal(400, _NOT_A_PATH)
    if len(parts) != 3 or not is_token(parts[0]):
        raise Refusal(400, _fault_of(line))
    method, target, version = parts
    if (
        len(version) != 8
        or version[:5] != "HTTP/"
        or version[6] != "."
        or not (version[5] in _DIGITS and version[7] in _DIGITS)
    ):
        raise Refusal(400, "the request line does not end in HTTP/1.1")
    if version[5:] not in ("1.0", "1.1"):
        raise Refusal(505, "the camera speaks HTTP/1.1 and HTTP/1.0")
    if not is_made_of(target, _TARGET) or not (target[0] == "/" or lower(target[:7]) == "http://"):
        raise Refusal(400, _NOT_A_PATH)
    if "%" in target:
        _check_escapes(target)
    return method, target, version[5:]


def _fault_of(line):
    if b"\r" in line or b"\n" in line:
        return ALONE
    return "the request line is not METHOD, target and HTTP/1.1, one space apart"


def _origin_form(target, headers):
    """Return the path and query of a target in absolute-form, http://authority/path?query."""
    rest = target[7:]
    path = rest.find("/")
    query = rest.find("?")
    end = min(len(rest) if path < 0 else path, len(rest) if query < 0 else query)
    if lower(rest[:end]) != lower(headers.get("host", "")):
        raise Refusal(400, "the host in the request target is not that of the header Host")
    return rest[end:] if end == path else "/" + rest[end:]


def _check_escapes(target):
    for part in target.split("%")[1:]:
        if len(part) < 2 or part[0] not in _HEX or part[1] not in _HEX:
            raise Refusal(400, "a percent sign without two hex digits; write it as %25")


def _add_header(headers, head, start, end):
    """Add the header line that `head` (bytes) holds from `start` to `end`."""
    colon = head.find(b":", start, end)
    name = head[start:colon] if colon > start else b""
    small = _NAMES.get(name)
    if small is None:
        if not is_name(name):
            raise Refusal(400, "a header line is not Name: value on one line, the colon at the name")
        small = name.decode().lower()
    start = colon + 1
    if start < end and head[start] == _SPACE:
        start += 1
    value = head[start:end]
    if value and (value[0] <= _SPACE or value[-1] <= _SPACE):  # MicroPython's strip() looks at every byte
        value = value.strip(b" \t")
    value = _strange_text(value) if _find_strange(value) else value.decode()
    known = len(headers)
    first = headers.setdefault(small, value)
    if len(headers) == known:
        if small in _SINGLE:
            raise Refusal(400, "the header " + small + " is there twice")
        headers[small] = first + ("; " if small == "cookie" else ", ") + value


def _strange_text(value):
    """Return a header's value (bytes) as text: UTF-8 if it is that, else a character for each byte."""
    if b"\r" in value or b"\n" in value:
        raise Refusal(400, ALONE)
    if has_control(value):
        raise Refusal(400, "a control character stands in a header's value")
    if not _NOT_RFC_3629.search(value):
        try:
            return value.decode()
        except UnicodeError:
            pass
    return from_latin1(value)


def from_latin1(value):
    """Return `value` (bytes) as text, a character for each byte."""
    # By way of UTF-8, since MicroPython decodes nothing else, and its chr() keeps what it makes for good.
    wide = bytearray(2 * len(value))
    size = 0
    for byte in value:
        if byte > 127:
            wide[size] = 0xC0 | byte >> 6
            size += 1
            byte = 0x80 | byte & 0x3F
        wide[size] = byte
        size += 1
    return bytes(memoryview(wide)[:size]).decode()


def _check_headers(version, headers):
    if "host" not in headers:
        if version == "1.1":
            raise Refusal(400, "the header Host is missing")
    elif not is_host(headers["host"]):
        raise Refusal(400, "the header Host is not a host name with an optional port")
    length = headers.get("content-length")
    if length is not None and not is_made_of(length, _DIGITS):
        raise Refusal(400, "the header Content-Length is not one whole number")
    coding = headers.get("transfer-encoding")
    if coding is not None:
        _check_coding(coding, length, version)
        headers.is_chunked = True
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise Refusal(417, "the camera knows no expectation but 100-continue")


def _check_coding(coding, length, version):
    """Raise Refusal unless the coding, and nothing else, frames the body (RFC 9112 section 6.1)."""
    if length is not None:
        raise Refusal(400, "Transfer-Encoding and Content-Length exclude each other")
    if version == "1.0":
        raise Refusal(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length")
    if lower(coding) != "chunked":  # str.lower() of CPython makes a k of the Kelvin sign
        raise Refusal(501, "the camera takes no Transfer-Encoding but chunked")

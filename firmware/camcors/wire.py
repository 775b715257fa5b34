"""The head of a request as it stands on the wire.

RFC 9110 and RFC 9112 are followed strictly; where they leave a choice, or where a camera is safer
without:

- Only origin-form targets (`/path?query`). Absolute-form is for proxies, and it would name a
  second host beside the Host header that the guards judge: 400, though RFC 9112 section 3.2.2
  wants servers to take it.
- Transfer-Encoding in a request is 501, with Content-Length 400.
- A repeated Content-Length is 400 also if its values are equal: section 6.3 of RFC 9112 lets a server
  take them as one, but no client sends them.
- A head that is not UTF-8 is 400: MicroPython's str holds nothing else.
- HTTP/1.0 and 1.1 are spoken, any other version is 505.
- A connection with a client of HTTP/1.0 is closed after one answer, whatever it asks for.
"""

from cors.compat import const
from microdot.microdot import NoCaseDict

# MicroPython's strip() looks for each character from the beginning, so what is common comes first.
_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TOKEN = _LOWER + "-" + _UPPER + _DIGITS + "!#$%&'*+.^_`|~"  # RFC 9110 section 5.6.2
_TOKEN_BYTES = _TOKEN.encode()
_SPACE = const(32)
_HOST = _DIGITS + ".:" + _LOWER + "-" + _UPPER + "_~!$&'()*+;=[]%"
# Browsers leave some of the last ones as they are.
_TARGET = "/" + _LOWER + "?=&" + _DIGITS + "-._" + _UPPER + "%~!$'()*+;:[]@,\"<>\\^`{|}"
_HEX = "0123456789abcdefABCDEF"
_METHOD_MAX = const(25)  # bytes; no method is so long

_ALONE = "a CR or LF stands alone; end each line with CR LF"

# Two of these with different meanings to two readers are how requests are smuggled.
_SINGLE = ("host", "origin", "content-length", "content-type", "authorization")

# Names that browsers send, so that they are not made anew for each request.
_NAMES = {}
for _name in (
    "Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers",
    "Access-Control-Request-Method", "Authorization", "Cache-Control", "Connection",
    "Content-Length", "Content-Type", "Cookie", "DNT", "Expect", "Host", "If-None-Match", "Origin",
    "Pragma", "Priority", "Referer", "Sec-CH-UA", "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform",
    "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User", "Sec-GPC", "Upgrade",
    "Upgrade-Insecure-Requests", "User-Agent",
):  # fmt: skip
    _NAMES[_name.encode()] = _NAMES[_name.lower().encode()] = _name.lower()


class Refusal(Exception):
    """What came is answered by the layer itself: args are (status, reason in words), and the
    microdot.Request if there is one."""


def _is_made_of(text, allowed):
    # strip() stops at the first strange character from either side: one call, no loop.
    return bool(text) and not text.strip(allowed)


class Headers(NoCaseDict):
    """The headers of a request by name, in any case; the names are kept in lower case.

    It is filled by parse(), through setdefault() with small names, and needs none of NoCaseDict's
    copying and mapping.
    """

    def __init__(self):
        self.keymap = {}

    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value)


def is_token(text):
    """Whether `text` (str) is one of RFC 9110 section 5.6.2."""
    return _is_made_of(text, _TOKEN)


def wants_close(version, headers):
    """Whether the client wants one answer only, RFC 9112 section 9.3."""
    options = headers.get("connection")
    if version == "1.0":
        return True
    if options is None or options == "keep-alive":
        return False
    return "close" in [option.strip(" \t") for option in options.lower().split(",")]


def check_start(data):
    """Raises Refusal if `data`, the first bytes of an unfinished head, does not begin as HTTP.

    So a client that speaks TLS or SSH is told at once instead of at the time-out.
    """
    line, end, _ = data.partition(b"\n")
    if end and line[-1:] != b"\r":
        raise Refusal(400, _ALONE)
    if end:
        parse(line[:-1] + b"\r\nHost: x")
    method = line[:_METHOD_MAX].partition(b" ")[0]
    if not _is_made_of(method, _TOKEN_BYTES) or len(method) == _METHOD_MAX:
        raise Refusal(400, "this is not an HTTP request (the camera speaks http, not https)")


def parse(head):
    """Splits a head (bytes, without the empty line) into (method, target, version, headers).

    headers: Headers; repeated ones are joined as RFC 9110 section 5.3 says. version: "1.0" or
    "1.1". Raises Refusal for anything that is not to the letter.
    """
    breaks = head.count(b"\n")
    if head.count(b"\r") != breaks:
        raise Refusal(400, _ALONE)
    if b"\0" in head:
        raise Refusal(400, "a NUL byte stands in the headers")
    size = len(head)
    headers = Headers()
    try:
        end = _end_of_line(head, 0, size)
        method, target, version = _parse_request_line(head[:end].decode())
        while end < size:
            breaks -= 1
            start = end + 2
            end = _end_of_line(head, start, size)
            _add_header(headers, head, start, end)
    except UnicodeError:
        raise Refusal(400, "the headers are not UTF-8")
    if breaks:
        raise Refusal(400, _ALONE)
    _check_headers(version, headers)
    return method, target, version, headers


def _end_of_line(head, start, size):
    end = head.find(b"\r\n", start)
    return size if end < 0 else end


def _parse_request_line(line):
    parts = line.split(" ")
    if len(parts) != 3 or not _is_made_of(parts[0], _TOKEN):
        raise Refusal(400, "the request line is not METHOD, target and HTTP/1.1, one space apart")
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
    if target[0:1] != "/" or not _is_made_of(target, _TARGET):
        raise Refusal(400, "the request target is not a path; write /path?query in ASCII")
    if "%" in target:
        _check_escapes(target)
    return method, target, version[5:]


def _check_escapes(target):
    for part in target.split("%")[1:]:
        if len(part) < 2 or part[0] not in _HEX or part[1] not in _HEX:
            raise Refusal(400, "a percent sign without two hex digits; write it as %25")


def _add_header(headers, head, start, end):
    """Adds the header line that `head` (bytes) holds from `start` to `end`."""
    colon = head.find(b":", start, end)
    name = head[start:colon] if colon > start else b""
    small = _NAMES.get(name)
    if small is None:
        if not _is_made_of(name, _TOKEN_BYTES):
            raise Refusal(400, "a header line is not Name: value on one line, the colon at the name")
        small = name.decode().lower()
    start = colon + 1
    if start < end and head[start] == _SPACE:
        start += 1
    value = head[start:end].strip(b" \t").decode()
    known = len(headers)
    first = headers.setdefault(small, value)
    if len(headers) == known:
        if small in _SINGLE:
            raise Refusal(400, "the header " + small + " is there twice")
        headers[small] = first + ("; " if small == "cookie" else ", ") + value


def _check_headers(version, headers):
    if "host" not in headers:
        if version == "1.1":
            raise Refusal(400, "the header Host is missing")
    elif not _is_made_of(headers["host"], _HOST):
        raise Refusal(400, "the header Host is not a host name with an optional port")
    length = headers.get("content-length")
    if length is not None and not _is_made_of(length, _DIGITS):
        raise Refusal(400, "the header Content-Length is not one whole number")
    if "transfer-encoding" in headers:
        if length is not None:
            raise Refusal(400, "Transfer-Encoding and Content-Length exclude each other")
        raise Refusal(501, "the camera takes no Transfer-Encoding; send a Content-Length")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise Refusal(417, "the camera knows no expectation but 100-continue")

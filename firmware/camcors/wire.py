"""HTTP/1.1 as it stands on the wire: the head of a request parsed, the head of an answer written.

RFC 9110 and RFC 9112 are followed strictly; where they leave a choice, or where a camera is safer
without:

- Only origin-form targets (`/path?query`). Absolute-form is for proxies, and it would name a
  second host beside the Host header that the guards judge: 400, though RFC 9112 section 3.2.2
  wants servers to take it.
- Transfer-Encoding in a request is 501, with Content-Length 400.
- A head that is not UTF-8 is 400: MicroPython's str holds nothing else.
- HTTP/1.0 and 1.1 are spoken, any other version is 505.
- Every answer closes the connection.
"""

from cors.compat import const
from microdot import Response

_DIGITS = "0123456789"
_ALNUM = _DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = _ALNUM + "!#$%&'*+-.^_`|~"  # RFC 9110 section 5.6.2
_HOST = _ALNUM + "-._~!$&'()*+;=:[]%"
_TARGET = _ALNUM + "-._~!$&'()*+;=:[]%/?@,\"<>\\^`{|}"  # browsers leave some of these as they are
_HEX = "0123456789abcdefABCDEF"
_METHOD_MAX = const(25)  # bytes; no method is so long

# Two of these with different meanings to two readers are how requests are smuggled.
_SINGLE = ("host", "origin", "content-length", "content-type", "authorization")

_PHRASES = {
    100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted",
    203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content",
    206: "Partial Content", 207: "Multi-Status", 300: "Multiple Choices", 301: "Moved Permanently",
    302: "Found", 303: "See Other", 304: "Not Modified", 307: "Temporary Redirect",
    308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
    417: "Expectation Failed", 418: "I'm a teapot", 421: "Misdirected Request",
    422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early",
    426: "Upgrade Required", 428: "Precondition Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 451: "Unavailable For Legal Reasons",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    507: "Insufficient Storage", 511: "Network Authentication Required",
}  # fmt: skip
_CLASSES = ("Continue", "OK", "Multiple Choices", "Bad Request", "Internal Server Error")


class Refusal(Exception):
    """What came is answered by the layer itself: args are (status, reason in words), and the
    microdot.Request if there is one."""


def _is_made_of(text, allowed):
    # strip() stops at the first strange character from either side: one call, no loop.
    return bool(text) and not text.strip(allowed)


def check_start(data):
    """Raises Refusal if `data`, the first bytes of an unfinished head, does not begin as HTTP.

    So a client that speaks TLS or SSH is told at once instead of at the time-out.
    """
    line, end, _ = data.partition(b"\n")
    if end and line[-1:] != b"\r":
        raise Refusal(400, "a CR or LF stands alone; end each line with CR LF")
    if end:
        parse(line[:-1] + b"\r\nHost: x")
    method = line[:_METHOD_MAX].partition(b" ")[0]
    if not _is_made_of(method, _TOKEN.encode()) or len(method) == _METHOD_MAX:
        raise Refusal(400, "this is not an HTTP request (the camera speaks http, not https)")


def parse(head):
    """Splits a head (bytes, without the empty line) into (method, target, version, headers).

    headers: dict of str, names in lower case, repeated ones joined as RFC 9110 section 5.3 says.
    version: "1.0" or "1.1". Raises Refusal for anything that is not to the letter.
    """
    breaks = head.count(b"\r\n")
    if head.count(b"\r") != breaks or head.count(b"\n") != breaks:
        raise Refusal(400, "a CR or LF stands alone; end each line with CR LF")
    if b"\0" in head:
        raise Refusal(400, "a NUL byte stands in the headers")
    try:
        lines = head.decode().split("\r\n")
    except UnicodeError:
        raise Refusal(400, "the headers are not UTF-8")
    method, target, version = _parse_request_line(lines[0])
    headers = {}
    for i in range(1, len(lines)):
        _add_header(headers, lines[i])
    _check_headers(version, headers)
    return method, target, version, headers


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


def _add_header(headers, line):
    name, colon, value = line.partition(":")
    if not colon or not _is_made_of(name, _TOKEN):
        raise Refusal(400, "a header line is not Name: value on one line, the colon at the name")
    name = name.lower()
    value = value.strip(" \t")
    if name in headers:
        if name in _SINGLE:
            raise Refusal(400, "the header " + name + " is there twice")
        value = headers[name] + ("; " if name == "cookie" else ", ") + value
    headers[name] = value


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


def phrase(status):
    """The reason phrase (str) of a status code (int): RFC 9110 section 15, else its class's."""
    return _PHRASES.get(status) or _CLASSES[min(max(status // 100, 1), 5) - 1]


def has_body(status):
    """Whether an answer with this status (int) may have content (RFC 9110 section 6.4.1)."""
    return status >= 200 and status != 204 and status != 304


def head_of(response, length):
    """The status line and headers of `response` (microdot.Response) with the empty line, bytes.

    length: bytes of the content, or None if it is not known. Raises ValueError if a header would
    break the head, so that no value can write headers of its own.
    """
    status = response.status_code
    lines = ["HTTP/1.1 {} {}".format(status, response.reason or phrase(status))]
    content = has_body(status)
    typed = not content
    for name, value in response.headers.items():
        lower = name.lower()
        if lower == "connection":
            continue
        if lower == "content-length" and (length is not None or not content):
            continue  # ours is the true one
        typed = typed or lower == "content-type"
        for item in value if isinstance(value, list) else (value,):
            lines.append(name + ": " + str(item))
        if not _is_made_of(name, _TOKEN):
            raise ValueError("the header name " + repr(name) + " is not a token")
    if not typed:
        lines.append("Content-Type: " + Response.default_content_type + "; charset=UTF-8")
    if content and length is not None:
        lines.append("Content-Length: " + str(length))
    lines.append("Connection: close\r\n\r\n")
    text = "\r\n".join(lines)
    breaks = len(lines) + 1
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
        raise ValueError("a header's value holds a line break")
    return text.encode()

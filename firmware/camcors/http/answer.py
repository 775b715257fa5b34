"""The head of an answer as it stands on the wire, RFC 9112 section 4 and RFC 9110 section 15."""

from microdot import Response
from strict.token import is_token

try:
    from _head import write
except ImportError:

    def write(status, reason, headers, kind, length, is_last, body):
        """Return the head of an answer and `body` behind it (bytes), None if only _head_of() can tell."""
        return None


# Pairs, since a dict would be in the heap; the most usual comes first.
_PHRASES = (
    (200, "OK"), (100, "Continue"), (101, "Switching Protocols"), (201, "Created"), (202, "Accepted"),
    (203, "Non-Authoritative Information"), (204, "No Content"), (205, "Reset Content"),
    (206, "Partial Content"), (207, "Multi-Status"), (300, "Multiple Choices"), (301, "Moved Permanently"),
    (302, "Found"), (303, "See Other"), (304, "Not Modified"), (307, "Temporary Redirect"),
    (308, "Permanent Redirect"), (400, "Bad Request"), (401, "Unauthorized"), (402, "Payment Required"),
    (403, "Forbidden"), (404, "Not Found"), (405, "Method Not Allowed"), (406, "Not Acceptable"),
    (407, "Proxy Authentication Required"), (408, "Request Timeout"), (409, "Conflict"), (410, "Gone"),
    (411, "Length Required"), (412, "Precondition Failed"), (413, "Content Too Large"),
    (414, "URI Too Long"), (415, "Unsupported Media Type"), (416, "Range Not Satisfiable"),
    (417, "Expectation Failed"), (418, "I'm a teapot"), (421, "Misdirected Request"),
    (422, "Unprocessable Content"), (423, "Locked"), (424, "Failed Dependency"), (425, "Too Early"),
    (426, "Upgrade Required"), (428, "Precondition Required"), (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"), (451, "Unavailable For Legal Reasons"),
    (500, "Internal Server Error"), (501, "Not Implemented"), (502, "Bad Gateway"),
    (503, "Service Unavailable"), (504, "Gateway Timeout"), (505, "HTTP Version Not Supported"),
    (507, "Insufficient Storage"), (511, "Network Authentication Required"),
)  # fmt: skip
_CLASSES = ("Continue", "OK", "Multiple Choices", "Bad Request", "Internal Server Error")

# These headers are ours, whatever a handler has set; told by their sizes, since lower() allocates.
_OURS = ("connection", "content-length", "transfer-encoding", "x-content-type-options")
_OURS_SIZES = (10, 14, 17, 22)
# What is no script, style or picture by its type is none (Fetch, "determine nosniff"). It stands here since
# hooks may fail, and answers to what is no request have none.
_NO_SNIFFING = "\r\nX-Content-Type-Options: nosniff\r\n"
_CONTENT_TYPE_SIZE = 12

# Names of headers that are tokens, each looked at once; an application has few.
_tokens = set()
_TOKENS_MAX = 64


def phrase(status):
    """Return the reason phrase (str) of a status code (int): RFC 9110 section 15, else its class's."""
    for code, words in _PHRASES:
        if code == status:
            return words
    return _CLASSES[min(max(status // 100, 1), 5) - 1]


def has_body(status):
    """Return whether an answer with this status (int) may have content (RFC 9110 section 6.4.1)."""
    return status >= 200 and status != 204 and status != 304


def head_of(response, length, is_last, body=b""):
    """Return the status line and headers of `response` (microdot.Response) with the empty line, and behind
    it `body` (bytes-like), bytes.

    length: bytes of the content, or None if it is not known. is_last: whether the connection ends
    with this answer, as it must if the length is not known. Raises ValueError if a header would
    break the head, so that no value can write headers of its own.

    What is plain is written in C (firmware/native/head_write.c), where the image has it.
    """
    status = response.status_code
    reason = response.reason or phrase(status)
    kind = Response.default_content_type
    data = write(status, reason, response.headers, kind, length, is_last, body)
    return _head_of(response, reason, length, is_last) + body if data is None else data


def _head_of(response, reason, length, is_last):
    status = response.status_code
    parts = ["HTTP/1.1 ", str(status) + " ", reason, _NO_SNIFFING]
    add = parts.append  # half the heap of lines that are put together one by one
    content = has_body(status)
    typed = not content
    for name, value in response.headers.items():
        size = len(name)
        if size in _OURS_SIZES and name.lower() in _OURS:
            continue
        if name not in _tokens:
            _check_name(name)
        typed = typed or (size == _CONTENT_TYPE_SIZE and name.lower() == "content-type")
        for item in value if isinstance(value, list) else (value,):
            _add_line(add, name, str(item))
    if not typed:
        _add_line(add, "Content-Type", Response.default_content_type + "; charset=UTF-8")
    if content and length is not None:
        _add_line(add, "Content-Length", str(length))
    if is_last:
        _add_line(add, "Connection", "close")
    add("\r\n")
    text = "".join(parts)
    breaks = len(parts) // 4 + 2  # each line is four parts; the first holds two, the last is the empty one
    if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
        raise ValueError("a header's value holds a line break")
    return text.encode()


def _check_name(name):
    if not is_token(name):
        raise ValueError("the header name " + repr(name) + " is not a token")
    if len(_tokens) < _TOKENS_MAX:
        _tokens.add(name)


def _add_line(add, name, value):
    add(name)
    add(": ")
    add(value)
    add("\r\n")

"""What can be known of a head that is refused, so that the page that sent it may read why.

A head is refused for a fault anywhere in it, or before all of it has come; the page's origin, its method and
what a preflight asks for may be there all the same. They count only if no reader can take them for others:
in complete lines to the letter, none of them twice, beside a Host that the guards can judge.
"""

from strict import fault
from strict.compat import const

from .head import Headers, is_host, is_name
from .parse import from_latin1, has_control, is_strange

#: The headers by which CORS and the guards decide, and the one that the answer's form follows.
_WANTED = (
    b"accept", b"host", b"origin", b"referer", b"access-control-request-method",
    b"access-control-request-headers", b"access-control-request-private-network",
)  # fmt: skip
_SHOWN_MAX = const(40)


def salvage(data):
    """Return (method, path, version, headers) of a refused request, or () where nothing is certain.

    data: bytes from the request line on, perhaps less than the head, perhaps more. What is returned is as
    parse() has it, but without the query and the headers that nothing is decided by.
    """
    end = data.find(b"\r\n\r\n")
    lines = data[: len(data) if end < 0 else end].split(b"\r\n")
    if end < 0:
        rest = lines.pop()  # a line that has come in part, perhaps with half a line end
        if _breaks(rest[:-1] if rest.endswith(b"\r") else rest):
            return ()
    first = _first_line(lines[0]) if lines else ()
    headers = _headers(lines[1:]) if first else None
    if not headers or not is_host(headers.get("host", "")):
        return ()
    return first + (headers,)


def _breaks(line):
    return b"\r" in line or b"\n" in line or b"\0" in line


def _first_line(line):
    """Return (method, path, version) of a request line that is three words for every reader, else ()."""
    words = line.split(b" ")
    if len(words) != 3 or b"\t" in line or has_control(line):
        return ()
    method, target, version = words
    if not is_name(method) or not target or version[:5] != b"HTTP/":
        return ()
    path = target.partition(b"?")[0]
    return method.decode(), "/" if is_strange(path) else path.decode(), "1.1"


def _headers(lines):
    """Return Headers of the wanted ones, or None if a line is broken or one of them is there twice."""
    headers = Headers()
    for line in lines:
        colon = line.find(b":")
        if not is_name(line[: max(colon, 0)]) or _breaks(line):
            return None
        name = line[:colon].lower()
        if name in _WANTED:
            name = name.decode()
            value = line[colon + 1 :].strip(b" \t")
            if name in headers or is_strange(value):
                if name == "accept":  # a list; nothing is decided by it
                    continue
                return None
            headers.setdefault(name, value.decode())
    return headers


def describe_long(data, most):
    """Return the words for a head of more than `most` bytes, of which `data` (bytes) has come: what is so
    long, by its name and never by its value."""
    head, end, _ = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    longest = 0
    for i in range(len(lines)):
        if len(lines[i]) > len(lines[longest]):
            longest = i
    line = lines[longest]
    size = str(len(line)) + (" bytes" if end or longest < len(lines) - 1 else " bytes or more")
    what = "the headers are longer than {} bytes; raise limits.head_bytes of /camera.json, or ".format(most)
    if len(line) < most // 4:
        return what + "send fewer of them: {} have come".format(len(lines) - 1)
    if not longest:
        return what + "shorten the request line, which has " + size
    name = line[:_SHOWN_MAX].partition(b":")[0]
    text = what + "shorten the header " + fault.show(from_latin1(name)) + ", which has " + size
    if name.lower() == b"cookie":
        text += ": delete the cookies of this host name in the browser"
    return text

"""The head of a request, as far as each request needs it. parse.py says what is valid.

What browsers send is split in C (firmware/native/head.c), where the image has it. That takes nothing but
what it is certain of, and says the same of it as parse(), which is the definition.
"""

from microdot.microdot import NoCaseDict
from strict.compat import const
from strict.token import TOKEN

try:
    import _head
except ImportError:  # CPython, and an image that others have built
    _head = None

# MicroPython's strip() looks for each character from the beginning, so what is common comes first. Each is
# written out: what is frozen costs no heap, and a sum of texts is none that can be frozen.
_TOKEN_BYTES = TOKEN.encode()
_HOST = "0123456789.:abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ_~!$&'()*+;=[]%"
_METHOD_MAX = const(25)  # bytes; no method is so long

ALONE = "a CR or LF stands alone; end each line with CR LF"
_NOT_HTTP = "this is not an HTTP request (the camera speaks http, not https)"


class Refusal(Exception):
    """What came is answered by the layer itself: args are (status, reason in words), and perhaps the code
    (strict.error) where the status has several."""


def is_made_of(text, allowed):
    """Return whether `text` (str or bytes) is not empty and has only the characters of `allowed`."""
    # strip() stops at the first strange character from either side: one call, no loop.
    return bool(text) and not text.strip(allowed)


class Headers(NoCaseDict):
    """The headers of a request by name, in any case; the names are kept in lower case.

    It is filled by parse(), through setdefault() with small names, or by split(), and needs none of
    NoCaseDict's copying and mapping.

    is_chunked: whether the body comes in chunks (RFC 9112 section 7.1).
    """

    is_chunked = False
    keymap = {}  # in the class: it stays empty, since no name has upper case letters

    def __init__(self):
        pass

    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value)

    if _head:  # the same, without the small name that those of NoCaseDict allocate
        get = _head.get
        __contains__ = _head.has
        __getitem__ = _head.item


def is_name(data):
    """Return whether `data` (bytes) can be a header's name, a token."""
    return is_made_of(data, _TOKEN_BYTES)


def is_host(text):
    """Return whether `text` (str) can be the header Host: a name or address, and perhaps a port."""
    return is_made_of(text, _HOST)


def wants_close(version, headers):
    """Return whether the client wants one answer only, RFC 9112 section 9.3."""
    options = headers.get("connection")
    if version == "1.0":
        return True
    if options is None or options == "keep-alive":
        return False
    return options == "close" or "close" in [option.strip(" \t") for option in options.lower().split(",")]


def check_start(data):
    """Raise Refusal if `data`, the first bytes of an unfinished head, does not begin as HTTP.

    So a client that speaks TLS or SSH is told at once instead of at the time-out. What is HTTP is refused
    with all of its head: the page that sent it may read why.
    """
    line, end, _ = data.partition(b"\n")
    if end:
        if line[-1:] != b"\r":
            raise Refusal(400, ALONE)
        words = line[:-1].split(b" ")
        if len(words) != 3 or words[2][:5] != b"HTTP/":
            raise Refusal(400, _NOT_HTTP)
    method = line[:_METHOD_MAX].partition(b" ")[0]
    if not is_name(method) or len(method) == _METHOD_MAX:
        raise Refusal(400, _NOT_HTTP)


def find_end(buffer, start, end):
    """Return where the empty line begins that ends a head (int), -1 for nowhere. `buffer` (bytearray) is
    looked at from `start` to `end`."""
    return buffer.find(b"\r\n\r\n", start, end)


def split(buffer, start, end, kind, recent):
    """Return what parse() makes of the head that `buffer` (bytearray) holds from `start` to `end`, with
    headers of the class `kind`; or None if only parse() can tell. Values that came before are taken from
    `recent` (list), the others are put there."""
    return None


#: For split(): what came last under each known name, but for what is secret.
recent = []

if _head:
    find_end = _head.find_end
    split = _head.split
    recent = [None] * _head.KNOWN

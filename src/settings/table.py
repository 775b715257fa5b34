"""Every field of /camera.json, once: the camera, the command, the forms, the schema and docs/ read it here.

A row: name, kind, limit, default, who reads it, words for people. Names end in their unit, unless they count
things. Kinds are those of strict.field, and of `check` below. Literals all, so a frozen table takes no heap.
The object `camera` has the fields of the board's camera driver, in the FIELDS of its fields.py.
"""

from strict import address, field, reasons

# The object itself.
FIELDS = (
    ("name", "name", 32, "camcors", "camcors.start",
     "host name, which the network knows as NAME.local: letters, digits and hyphens"),
    ("title", "text", 64, "", "camcors.state",
     "what people call the camera, on its page and on the dashboard; if it is empty, they see the name"),
    ("host", "ipv4", None, "0.0.0.0", "camcors.serving", "address to listen on, 0.0.0.0 for all"),
    ("port", "int", (1, 65535), 80, "camcors.serving", "port to listen on"),
    ("trusted_proxies", "addresses", 8, (), "camcors.http.forwarded",
     "addresses of your own proxies: what they say of scheme, host and client by X-Forwarded-Proto, -Host "
     "and -For counts, and they get plain http; from anybody else it is ignored"),
)  # fmt: skip

# The object `tls`: https, once /tls/cert.der and /tls/key.der are in flash.
TLS = (
    ("port", "int", (1, 65535), 443, "camcors.https", "port for https"),
    ("plain", "choice", ("redirect", "serve", "off"), "redirect", "camcors.https",
     "what the port for plain http does then: send everybody on to https, serve as before, or not listen"),
)  # fmt: skip

# The object `wifi`: the network to join, for boards with a radio.
WIFI = (
    ("ssid", "ssid", 32, None, "camcors_esp32.station", "name of the network, 1 to 32 bytes"),
    ("password", "password", None, "", "camcors_esp32.station",
     "8 to 63 ASCII characters or 64 hex digits; empty for an open network. It is never shown"),
)  # fmt: skip

# The object `limits`: what one client, and all together, may take. The defaults suit an ESP32.
LIMITS = (
    ("connections", "int", (1, 256), 6, "camcors.http.server",
     "clients that are served at a time; on an ESP32 at most ten"),
    # 32 is enough for three browsers that ask for twelve pictures each at once.
    ("slot_wait_ms", "int", (1000, 10000), 2000, "camcors.http.admission",
     "how long one more client waits for a connection before it gets 503"),
    ("slot_waiters", "int", (0, 256), 32, "camcors.http.admission",
     "clients that may wait so; on an ESP32, which has 12 TCP connections, at most four"),
    ("tls_handshakes", "int", (1, 16), 2, "camcors.http.handshakes",
     "TLS handshakes at a time; the next one waits"),
    ("tls_handshake_ms", "int", (1000, 60000), 10000, "camcors.http.phases",
     "for all of a handshake and the wait for it; then the client is dropped"),
    ("head_bytes", "int", (512, 65536), 8192, "camcors.http.exchange",
     "request line and headers, and again all extensions and trailers of a body in chunks; more gets 431, "
     "which names the longest header"),
    ("body_bytes", "int", (256, 1048576), 16384, "camcors.http.exchange",
     "a request's body, by Content-Length or in chunks; more gets 413. The camera's own paths take at most "
     "2048"),
    ("head_timeout_ms", "int", (100, 600000), 10000, "camcors.http.phases",
     "for all of the headers; later gets 408"),
    ("body_timeout_ms", "int", (100, 600000), 10000, "camcors.http.phases",
     "for all of the body; later gets 408"),
    ("write_timeout_ms", "int", (100, 600000), 20000, "camcors.http.phases",
     "for the client to take an answer, or one picture of a stream; then it is dropped"),
    ("keepalive_requests", "int", (1, 1000000), 100, "camcors.http.exchange",
     "answers on one connection, of which the last says Connection: close"),
    # Longer than the pauses of clients that poll: a request that crosses the close is lost. It may be, since
    # an idle connection gives way to whoever wants its slot.
    ("keepalive_timeout_ms", "int", (100, 600000), 75000, "camcors.http.phases",
     "a connection that is idle for so long is closed"),
    # The camera sends no pings: they would prove that a client is there, not that it needs its slot.
    ("handler_idle_ms", "int", (100, 3600000), 60000, "camcors.http.phases",
     "a connection whose handler in /main.py waits so long for its client, as a WebSocket's does, and sends "
     "nothing, is closed; a ping of either side keeps it"),
    ("stream_viewers", "int", (0, 64), 4, "camcors.stream",
     "streams at a time; one more gets 503. It is lowered to one less than connections"),
    ("stream_fps", "int", (1, 60), 25, "camcors.stream", "pictures a second at most"),
    ("drain_bytes", "int", (0, 4194304), 262144, "camcors.http.exchange",
     "how much of a refused request is still read, so that the client can read the answer"),
    ("linger_ms", "int", (0, 10000), 1000, "camcors.http.phases", "for how long it is read"),
)  # fmt: skip

_HEX = "0123456789abcdefABCDEF"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def find(rows, name):
    """Return the row of `name` (str), or None."""
    for row in rows:
        if row[0] == name:
            return row
    return None


def names(rows):
    """Return the names of `rows` (list of str)."""
    return [row[0] for row in rows]


def check(kind, limit, value):
    """Return None if `value` is good, else (reason, remedy), as strict.field.check does."""
    if kind == "name":
        words = "write letters, digits and hyphens, at most %d, and no hyphen at either end" % limit
        return None if type(value) is str and _is_name(value, limit) else (reasons.BAD_NAME, words)
    if kind == "ipv4":
        words = 'write an IPv4 address of the camera, or "0.0.0.0" for all'
        is_good = type(value) is str and address.ipv4(value) is not None
        return None if is_good else (reasons.BAD_IPV4, words)
    if kind == "ssid":
        words = "write the network's name, 1 to %d bytes" % limit
        return None if type(value) is str and _is_ssid(value, limit) else (reasons.BAD_SSID, words)
    if kind == "password":
        words = "write 8 to 63 ASCII characters or 64 hex digits, or none for an open network"
        is_good = type(value) is str and (value == "" or _is_password(value))
        return None if is_good else (reasons.BAD_PASSWORD, words)
    if kind == "addresses":
        words = 'write a list of at most %d IPv4 addresses, such as ["192.168.1.2"]' % limit
        return None if _are_addresses(value, limit) else (reasons.BAD_IPV4, words)
    return field.check(kind, limit, value)


def _is_name(text, most):
    if not 0 < len(text) <= most or text.strip(_ALNUM + "-"):
        return False
    return text[0] != "-" and text[-1] != "-"


def _are_addresses(value, most):
    if type(value) is not list or len(value) > most:
        return False
    return not [each for each in value if type(each) is not str or address.ipv4(each) is None]


def _is_ssid(text, most):
    """Return whether `text` is the name of a network (IEEE 802.11-2020, 9.4.2.2: at most 32 octets)."""
    try:
        return 0 < len(text.encode()) <= most and not field.has_surrogate(text)
    except UnicodeError:  # half a surrogate pair, on CPython
        return False


def _is_password(text):
    """Return whether `text` is a passphrase or a key (IEEE 802.11-2020, annex J.4)."""
    if len(text) == 64:
        return not text.strip(_HEX)
    return 8 <= len(text) <= 63 and not [char for char in text if not " " <= char <= "~"]

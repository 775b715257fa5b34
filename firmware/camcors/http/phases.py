"""The phases of a connection in one table, and the words for its client.

exchange.py says how they follow each other, and why.
"""

from strict.compat import const

# Phases. NEW, IDLE and HEAD come first: a head may begin in them.
NEW = const(0)
IDLE = const(1)
HEAD = const(2)
BODY = const(3)
CHUNKS = const(4)
RUNNING = const(5)
LISTENING = const(6)
SENDING = const(7)
LINGERING = const(8)
WAITING = const(9)
TURNED_AWAY = const(10)
DELAYED = const(11)
SHAKING = const(12)

# What the end of a connection costs, in the order in which it is given up.
NOTHING = const(0)  # its client expects the end at any time (RFC 9112 section 9.3.1)
REQUEST = const(1)  # one that is not complete; the client may send it again
SILENCE = const(2)  # a handler waits for its client, as that of a silent WebSocket does
ANSWER = const(3)  # one has begun, by the server or by a handler
WORK = const(4)  # a handler has sent nothing, and might leave half of its work done

# Columns of PHASES.
LIMIT = const(0)  # the name in Limits, None for no limit
LATE = const(1)  # what a client is told that it is late with, None for nothing
CUT_OFF = const(2)  # the words if the client's end cuts its request off
COST = const(3)
IS_TIMEOUT = const(4)  # whether the end by the time counts as a time-out
IS_VANISHED = const(5)  # whether a lost client counts as vanished

_HEAD_ENDS = "the request ends before its headers do"
_BODY_ENDS = "the body is shorter than its Content-Length"
_CHUNKS_END = "the body ends before its last chunk"

PHASES = (
    ("head_timeout_ms", None, None, NOTHING, True, False),  # NEW
    ("keepalive_timeout_ms", None, None, NOTHING, False, False),  # IDLE: a client may leave between requests
    ("head_timeout_ms", "the headers", _HEAD_ENDS, REQUEST, True, True),  # HEAD
    ("body_timeout_ms", "the body", _BODY_ENDS, REQUEST, True, True),  # BODY
    ("body_timeout_ms", "the body", _CHUNKS_END, REQUEST, True, True),  # CHUNKS
    (None, None, None, WORK, False, True),  # RUNNING
    ("handler_idle_ms", None, None, SILENCE, True, True),  # LISTENING
    ("write_timeout_ms", None, None, ANSWER, True, True),  # SENDING
    ("linger_ms", None, None, ANSWER, False, True),  # LINGERING
    (None, None, None, WORK, False, True),  # WAITING: slot_wait_ms is Admission's
    ("linger_ms", None, None, WORK, True, True),  # TURNED_AWAY
    (None, None, None, NOTHING, False, True),  # DELAYED: a wrong token's answer; anybody else comes first
    (
        "tls_handshake_ms",
        None,
        None,
        REQUEST,
        True,
        False,
    ),  # SHAKING: nothing can be said before TLS is there
)

# What else a client is told.
WORDS_LATE = "{} did not arrive in time"
WORDS_EVICTED = "{} came too slowly while others waited for a connection"
WORDS_FULL = "all {} connections are in use; close a page, or raise limits.connections of /camera.json"
WORDS_NO_MEMORY = "the camera has no memory left for this request"
WORDS_NO_TLS = "this port speaks https; write https:// in the address"
WORDS_NO_METHOD = "the camera knows no such method; names of methods are in capitals"

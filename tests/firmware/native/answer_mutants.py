"""Runs in the camera's MicroPython: what C writes of an answer's head, beside what Python writes.

usage: camcors-host answer_mutants.py SEED COUNT. Prints as JSON of how many of COUNT answers C was certain,
and those of which it wrote anything else than Python.
"""

import json
import random
import sys

from camcors.http import answer
from microdot import Response

_NAMES = (
    "Content-Type", "content-type", "Content-Length", "CONNECTION", "transfer-Encoding", "Vary",
    "x-Content-type-Options", "Cache-Control", "Set-Cookie", "X-A", "x-a", "Location", "", "A b", "A:",
    "X\r\n", "X-\xe9", "Allow", "Content-Typf", "Content-Lengti",
)  # fmt: skip
_VALUES = (
    "", "a", "no-store", "text/html", "a, b", " a ", "a\tb", "a\r\nX: b", "a\n", "\0", "\x7f", "caf\xe9",
    "\u20ac", "~" * 99, 1, 0, None, True, ["a", "b"], ["a"], [], ["a\r\n"], b"a", 1.5,
)  # fmt: skip
_STATUSES = (200, 200, 201, 204, 206, 301, 304, 404, 500, 599, 100, 199, 999, 1000, -1, True, "200")
_REASONS = (None, None, "", "Fine", "Not\r\nfine", "\xe9")
_LENGTHS = (None, 0, 1, 87, 1 << 20, 9999999999, 10000000000, -1, 1 << 70)
_BODIES = (b"", b"{}", b"a\r\n\0\xff", bytearray(b"abc"), memoryview(b"abc"))
_SHOWN_MAX = 20


def outcome(write, *args):
    """Return what `write` returns (bytes), or the name of what it raises (str)."""
    try:
        return write(*args)
    except Exception as error:
        return type(error).__name__


def python(response, reason, length, is_last, body):
    return answer._head_of(response, reason, length, is_last) + body


def main(seed, count):
    random.seed(seed)
    certain = 0
    different = []
    for _ in range(count):
        response = Response(b"", random.choice(_STATUSES), reason=random.choice(_REASONS))
        if random.randrange(8) == 0:
            response.headers = {}
        for _ in range(random.randrange(5)):
            response.headers[random.choice(_NAMES)] = random.choice(_VALUES[: random.choice((5, 50))])
        status, length, body = response.status_code, random.choice(_LENGTHS), random.choice(_BODIES)
        is_last = random.randrange(2) == 1
        reason = response.reason or ("OK" if isinstance(status, str) else answer.phrase(status))
        kind = Response.default_content_type
        found = outcome(answer.write, status, reason, response.headers, kind, length, is_last, body)
        if found is not None:
            certain += 1
            wanted = outcome(python, response, reason, length, is_last, body)
            if (found != wanted or type(found) is not bytes) and len(different) < _SHOWN_MAX:
                different.append(repr((status, response.headers, length, is_last, body, found, wanted)))
    print(json.dumps({"certain": certain, "different": different}))


main(int(sys.argv[1]), int(sys.argv[2]))

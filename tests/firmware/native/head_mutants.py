"""Runs in the camera's MicroPython: what C makes of a head, beside what parse() makes of it.

usage: camcors-host head_mutants.py SEED COUNT, with heads to begin with on standard input, in hexadecimal, a
line each, up to an empty line. Prints as JSON how many of COUNT mutants C was certain of, and those (in
hexadecimal) of which it said anything else than parse().
"""

import json
import random
import sys

from camcors.http.head import Headers, Refusal, recent, split
from camcors.http.parse import parse

_PIECES = (
    b"\r\n", b"\r", b"\n", b"\r\n\r\n", b": ", b":", b" ", b"  ", b"\t", b"\0", b"\x7f", b"\x80",
    b"\xc3\xa9", b"%", b"%2F", b"%f", b"#", b"?", b"&", b",", b";", b"/", b"//", b"http://camera/",
    b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"HTTP/2.0", b"GET ", b"HEAD ", b"POST ", b"get ", b"BREW ",
    b"CONNECT ", b"\r\nHost: a", b"\r\nhost: b:80", b"\r\nHost:", b"\r\nContent-Length: 3",
    b"\r\nContent-Length: 0x3", b"\r\ncontent-length: 0000000000007", b"\r\nTransfer-Encoding: chunked",
    b"\r\nExpect: 100-continue", b"\r\nCookie: a=b; c=d", b"\r\nX-A: b", b"\r\nx-a:",
    b"\r\nOrigin: https://a.example", b"\r\nX-" + b"n" * 62 + b": v", b"\r\nConnection: close", b"\r\n a",
    b"\r\nA b: c", b"\r\n: c", b"[::1]", b"a@b", b"\xff",
)  # fmt: skip
_BYTES = ((32, 127), (32, 127), (0, 256))
_BY_HAND = 16  # of heads.txt; the others hardly differ
_SHOWN_MAX = 20


def mutant(heads):
    """Return one of `heads` (list of bytes), mostly of those by hand, with one to three changes."""
    head = random.choice(heads if random.randrange(4) == 0 else heads[:_BY_HAND])
    for _ in range(random.choice((1, 1, 2, 3))):
        how = random.randrange(8)
        start = random.randrange(len(head) + 1)
        end = min(start + random.randrange(1, 12), len(head))
        piece = head[start:end]
        if how < 3:
            if how:  # between two lines
                start = head.find(b"\r\n", start) % (len(head) + 1)
            head = head[:start] + random.choice(_PIECES) + head[start:]
        elif how == 3:
            head = head[:start] + head[end:]
        elif how == 4:
            head = head[:end] + piece + head[end:]
        elif how == 5:
            piece = piece.upper() if random.randrange(2) else piece.lower()
            head = head[:start] + piece + head[end:]
        elif how == 6:
            head = head[:start] + bytes([random.randrange(*random.choice(_BYTES))]) + head[start + 1 :]
        else:
            head = _with_line_of(head, random.choice(heads))
    return head


def _with_line_of(head, other):
    lines = other.split(b"\r\n")
    at = head.find(b"\r\n", random.randrange(len(head) + 1))
    return head if at < 0 else head[:at] + b"\r\n" + random.choice(lines) + head[at:]


def parsed(head):
    """Return what parse() makes of `head`, None for a refusal."""
    try:
        return parse(head)
    except Refusal:
        return None


def is_same(one, other):
    """Return whether two results of parse() are the same, types and all."""
    if other is None or one[:3] != other[:3]:
        return False
    mine, theirs = one[3], other[3]
    if type(mine) is not Headers or mine.keymap or mine.is_chunked != theirs.is_chunked:
        return False
    if dict(mine.items()) != dict(theirs.items()):
        return False
    texts = list(one[:3]) + list(mine.keys()) + list(mine.values())
    return all([type(text) is str for text in texts])


def main(seed, count):
    heads = []
    while line := sys.stdin.readline().strip():
        heads.append(bytes.fromhex(line))
    random.seed(seed)
    certain = 0
    different = []
    for number in range(count):
        head = mutant(heads) if number >= len(heads) else heads[number]
        before = number % 7
        buffer = bytearray(b"\r\nHost:"[:before] + head + b"\r\n\r\nGET")
        found = split(buffer, before, before + len(head), Headers, recent)
        if found is not None:
            certain += 1
            if not is_same(found, parsed(head)) and len(different) < _SHOWN_MAX:
                different.append(head.hex())
    print(json.dumps({"certain": certain, "different": different}))


main(int(sys.argv[1]), int(sys.argv[2]))

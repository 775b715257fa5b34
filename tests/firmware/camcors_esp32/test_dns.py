"""DNS of the access point: what a datagram is answered, to the byte, and that none does harm."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcors_esp32 import dns
from tests.kit.camera import PROGRAM, TOP

HERE = Path(__file__).resolve().parent
ADDRESS = (192, 168, 4, 1)
A = (1, 1)  # type and class


def name(*labels: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def numbers(*words: int) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)


def query(
    qname: bytes,
    kind: tuple[int, int] = A,
    flags: int = 0x0100,
    counts: tuple[int, ...] = (1, 0, 0, 0),
    after: bytes = b"",
) -> bytes:
    return numbers(0xCAFE, flags, *counts) + qname + numbers(*kind) + after


def reply(qname: bytes, kind: tuple[int, int] = A, flags: int = 0x8580, found: bool = True) -> bytes:
    record = b"\xc0\x0c" + numbers(1, 1, 0, 0, 4) + bytes(ADDRESS) if found else b""
    return numbers(0xCAFE, flags, 1, int(found), 0, 0) + qname + numbers(*kind) + record


APPLE = name("captive", "apple", "com")
MIXED = name("CoNnEcTiViTyChEcK", "gstatic", "com")  # draft-vixie-dnsext-dns0x20: the case is kept
ROOT = name()
LONGEST = name("a" * 63, "b" * 63, "c" * 63, "d" * 61)
TOO_LONG = name("a" * 63, "b" * 63, "c" * 63, "d" * 62)
EDNS = b"\0" + numbers(41, 1232, 0, 0, 0)
COOKIE = b"\0" + numbers(41, 1232, 0, 0, 12, 10, 8) + b"12345678"

# What a phone sends, and what it gets, b"" for nothing.
TABLE = {
    "A": (query(APPLE), reply(APPLE)),
    "A, the case of its letters kept": (query(MIXED), reply(MIXED)),
    "A of one label": (query(name("camcors")), reply(name("camcors"))),
    "A of a name with any bytes": (query(b"\2\0\xff\0"), reply(b"\2\0\xff\0")),
    "A of the root": (query(ROOT), reply(ROOT)),
    "A of the longest name": (query(LONGEST), reply(LONGEST)),
    "A without recursion": (query(APPLE, flags=0), reply(APPLE, flags=0x8480)),
    "A with AD and CD": (query(APPLE, flags=0x0130), reply(APPLE)),
    "A with EDNS": (query(APPLE, counts=(1, 0, 0, 1), after=EDNS), reply(APPLE)),
    "A with an EDNS cookie": (query(APPLE, counts=(1, 0, 0, 1), after=COOKIE), reply(APPLE)),
    "A with noise behind": (query(APPLE, after=b"\xff" * 200), reply(APPLE)),
    "AAAA": (query(APPLE, (28, 1)), reply(APPLE, (28, 1), found=False)),
    "HTTPS": (query(APPLE, (65, 1)), reply(APPLE, (65, 1), found=False)),
    "ANY": (query(APPLE, (255, 1)), reply(APPLE, (255, 1), found=False)),
    "PTR": (query(name("1", "4", "168", "192", "in-addr", "arpa"), (12, 1)),
            reply(name("1", "4", "168", "192", "in-addr", "arpa"), (12, 1), found=False)),
    "type 257": (query(APPLE, (257, 1)), reply(APPLE, (257, 1), found=False)),
    "A of class CH": (query(APPLE, (1, 3)), reply(APPLE, (1, 3), found=False)),
    "A of class 257": (query(APPLE, (1, 257)), reply(APPLE, (1, 257), found=False)),
    "nothing": (b"", b""),
    "half a head": (query(APPLE)[:11], b""),
    "a head": (query(APPLE)[:12], b""),
    "half a name": (query(APPLE)[:20], b""),
    "no type": (query(APPLE)[:-4], b""),
    "half a class": (query(APPLE)[:-1], b""),
    "a name too long": (query(TOO_LONG), b""),
    "a name without an end": (numbers(0xCAFE, 0x0100, 1, 0, 0, 0) + b"\x3f" * 400, b""),
    "a label of 64 bytes": (query(b"\x40" + b"a" * 64 + b"\0"), b""),
    "a pointer to itself": (query(b"\xc0\x0c"), b""),
    "a pointer behind a label": (query(b"\1a\xc0\x0c"), b""),
    "an answer": (reply(APPLE), b""),
    "an answer without records": (query(APPLE, flags=0x8180), b""),
    "cut off": (query(APPLE, flags=0x0300), b""),
    "IQUERY": (query(APPLE, flags=0x0900), b""),
    "UPDATE": (query(APPLE, flags=0x2800), b""),
    "no question": (query(APPLE, counts=(0, 0, 0, 0)), b""),
    "two questions": (query(APPLE, counts=(2, 0, 0, 0), after=APPLE + numbers(*A)), b""),
    "257 questions": (query(APPLE, counts=(257, 0, 0, 0)), b""),
    "with an answer": (query(APPLE, counts=(1, 1, 0, 0)), b""),
    "with 256 answers": (query(APPLE, counts=(1, 256, 0, 0)), b""),
    "with an authority": (query(APPLE, counts=(1, 0, 1, 0)), b""),
    "with 256 authorities": (query(APPLE, counts=(1, 0, 256, 0)), b""),
}  # fmt: skip


def answer(datagram: bytes) -> bytes:
    """The answer on CPython, into a buffer that holds another answer already."""
    buffer = bytearray(b"\xaa" * dns.REPLY_MAX)
    size = dns.answer(datagram[: dns.QUERY_MAX], ADDRESS, buffer)
    assert len(buffer) == dns.REPLY_MAX
    assert bytes(buffer[size:]) == b"\xaa" * (dns.REPLY_MAX - size)
    return bytes(buffer[:size])


@pytest.mark.parametrize("case", TABLE)
def test_answer(case: str) -> None:
    datagram, expected = TABLE[case]
    assert answer(datagram) == expected


def test_the_longest() -> None:
    assert len(query(LONGEST)) == dns.QUERY_MAX
    assert len(answer(query(LONGEST))) == dns.REPLY_MAX


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: query(b"")[:12] + tail))
def test_any_datagram(datagram: bytes) -> None:
    """It is dropped, or gets its own question back with at most one record."""
    got = answer(datagram)
    if got:
        end = len(got) - 16 * got[7]
        assert got[12:end] == datagram[12:end]
        assert got == datagram[:2] + got[2:4] + numbers(1, got[7], 0, 0) + got[12:]
        assert got[7] == (got[end - 4 : end] == numbers(*A))


def test_both_pythons_give_the_same(program: Path, tmp_path: Path) -> None:
    """The table, and datagrams of it with changed bytes; MicroPython allocates nothing for any."""
    luck = random.Random(9)
    datagrams = [datagram for datagram, _ in TABLE.values() if datagram]
    for datagram in list(datagrams):
        for _ in range(50):
            changed = bytearray(datagram)
            for _ in range(luck.randint(1, 4)):
                at = luck.randrange(len(changed))
                changed[at] = luck.choice((0, 1, 63, 64, 192, 255, luck.randrange(256)))
            datagrams.append(bytes(changed[: luck.choice((len(changed), luck.randrange(len(changed)) + 1))]))
    datagrams = [datagram[: dns.QUERY_MAX] for datagram in datagrams]
    corpus = tmp_path / "datagrams"
    corpus.write_text("".join(datagram.hex() + "\n" for datagram in datagrams))
    path = os.pathsep.join(str(TOP / part) for part in ("src", "firmware", "build/generated"))
    done = subprocess.run(
        [PROGRAM, HERE / "dns_answers.py", corpus],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stderr == ""
    given_back = [bytes.fromhex(line) for line in done.stdout.splitlines()]
    assert given_back == [answer(datagram) for datagram in datagrams]
    assert sum(map(bool, given_back)) > 250

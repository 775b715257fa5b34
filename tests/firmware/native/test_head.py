"""The head of a request in C: it says only what parse() of parse.py says, and reads no byte beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.bench import chrome
from tests.firmware.native import heads
from tests.kit.camera import PROGRAM

MANY, SEED = 6000, 19

G = b"GET / HTTP/1.1\r\n"
H = G + b"Host: a\r\n"

#: Heads that C is certain of.
CERTAIN = {
    "Chrome's": chrome.head("/api/status?a=%2Fb", "127.0.0.1:8080", True)[:-4],
    "the shortest": G + b"Host: a",
    "every method": b"PATCH / HTTP/1.1\r\nHost: a",
    "spaces around a value": G + b"Host:   a  \r\nX:  b c ",
    "no space, no value": G + b"Host:a\r\nX:",
    "names of any case": G + b"hOSt: [::1]:80\r\nACCEPT-encoding: gzip\r\nX-Any`Name: b",
    "a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000003",
    "40 headers": H + b"\r\n".join(b"X-%d: b" % number for number in range(39)),
    "a name of 64 bytes": H + 64 * b"n" + b": a",
}
#: Heads that are left to parse(), whether it takes them or not.
LEFT = {
    "nothing": b"",
    "no headers": G[:-2],
    "no Host": G + b"X: a",
    "HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a",
    "another method": b"QUERY / HTTP/1.1\r\nHost: a",
    "absolute-form": b"GET http://a/ HTTP/1.1\r\nHost: a",
    "asterisk-form": b"OPTIONS * HTTP/1.1\r\nHost: a",
    "a fragment": b"GET /#a HTTP/1.1\r\nHost: a",
    "half an escape": b"GET /%4 HTTP/1.1\r\nHost: a",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: a",
    "chunks": H + b"Transfer-Encoding: chunked",
    "an expectation": H + b"Expect: 100-continue",
    "a name twice": H + b"Accept: a\r\naccept: b",
    "an unknown name twice": H + b"X-A: a\r\nX: b\r\nx-a: c",
    "a length of 10 digits": H + b"Content-Length: 0000000003",
    "a length that is none": H + b"Content-Length: +3",
    "a Host that is none": G + b"Host: a/b",
    "an empty Host": G + b"Host: ",
    "a folded line": H + b"X: a\r\n b",
    "a space before the colon": H + b"X : a",
    "a line end alone": H + b"X: a\nY: b",
    "a tab": H + b"X: a\tb",
    "a NUL": H + b"X: a\0b",
    "a byte above 127": H + b"X: \xe9",
    "half a line end": H[:-1],
    "a line end too much": H,
    "41 headers": H + b"\r\n".join(b"X-%d: b" % number for number in range(40)),
    "a name of 65 bytes": H + 65 * b"n" + b": a",
    "65536 bytes": H + b"X: " + (65536 - len(H) - 3) * b"x",
}

SPLIT = """import sys
from _head import split
from camcors.http.head import Headers, recent
while line := sys.stdin.readline().strip():
    head = bytes.fromhex(line)
    print(split(head, 0, len(head), Headers, recent) is not None)
"""
#: A call of split() with what is no place in the buffer, or no class over dict -> what it raises.
WRONG = {
    "split(b'', -1, 0, Headers, recent)": "ValueError",
    "split(b'', 0, 1, Headers, recent)": "ValueError",
    "split(b'ab', 2, 1, Headers, recent)": "ValueError",
    "split(b'ab', 0, sys.maxsize, Headers, recent)": "ValueError",
    "split(1, 0, 1, Headers, recent)": "TypeError",
    "split('ab', None, 1, Headers, recent)": "TypeError",
    "split(H, 0, len(H), int, recent)": "TypeError",
    "split(H, 0, len(H), object, recent)": "TypeError",
    "split(H, 0, len(H), list, recent)": "TypeError",
    "split(H, 0, len(H), None, recent)": "TypeError",
    "split(H, 0, len(H), Headers, recent[1:])": "ValueError",
    "split(H, 0, len(H), Headers, None)": "TypeError",
}


def run(folder: Path, script: str, given: str = "") -> list[str]:
    """Return the lines that a script prints in the camera's MicroPython."""
    path = folder / "script.py"
    path.write_text(script)
    command = [str(PROGRAM), str(path)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("rows", [CERTAIN, LEFT], ids=["certain", "left"])
def test_what_c_is_certain_of(tmp_path: Path, rows: dict[str, bytes]) -> None:
    said = run(tmp_path, SPLIT, "".join(f"{head.hex()}\n" for head in rows.values() if head) + "\n")
    assert dict(zip([what for what in rows if rows[what]], said, strict=True)) == {
        what: str(rows is CERTAIN) for what in rows if rows[what]
    }


@pytest.mark.usefixtures("program")
def test_what_is_wrong_raises(tmp_path: Path) -> None:
    lines = ["import sys", "from _head import split", "from camcors.http.head import Headers, recent"]
    lines.append(f"H = {CERTAIN['the shortest']!r}")
    for call in WRONG:
        lines += ["try:", f"    {call}", "except Exception as error:", "    print(type(error).__name__)"]
    assert run(tmp_path, "\n".join(lines)) == list(WRONG.values())


#: A header of two requests in a row -> whether the value of the second is the same object.
KEPT = {
    "Accept: a, b": True,
    "User-Agent: " + 160 * "x": True,
    "User-Agent: " + 161 * "x": False,
    "Authorization: Bearer x": False,
    "Cookie: a=b": False,
    "X-Own: a": False,
}
KEEP = f"""
from _head import split
from camcors.http.head import Headers, recent
def values(line):
    head = b"GET / HTTP/1.1\\r\\nHost: a\\r\\n" + line.encode()
    return split(head, 0, len(head), Headers, recent)[3][line.split(":")[0]]
for line in {list(KEPT)}:
    print(values(line) is values(line), values(line) == line.split(": ")[1])
"""


@pytest.mark.usefixtures("program")
def test_a_value_that_comes_again_is_not_made_again(tmp_path: Path) -> None:
    said = dict(zip(KEPT, run(tmp_path, KEEP), strict=True))
    assert said == {line: f"{is_kept} True" for line, is_kept in KEPT.items()}


@pytest.mark.usefixtures("program")
def test_c_says_what_python_says() -> None:
    found = heads.compare(MANY, SEED)
    assert [bytes.fromhex(text) for text in found["different"]] == []
    assert found["certain"] > MANY // 10


@pytest.mark.usefixtures("program")
def test_c_writes_what_python_writes() -> None:
    found = heads.compare_answers(MANY, SEED)
    assert found["different"] == []
    assert found["certain"] > MANY // 12


#: What a request's headers are asked -> what they say, or what they raise.
ASKED = {
    "h.get('Host')": "'a'",
    "h.get('HOST', 1)": "'a'",
    "h.get('host', default=1)": "'a'",
    "h.get('X-B')": "None",
    "h.get('X-B', 1)": "1",
    "h.get('X-B', default=1)": "1",
    "'hOST' in h, 'host ' in h, 'x-a' in h, '' in h": "(True, False, True, False)",
    "h['Host'], h['X-a']": "('a', 'b')",
    "h['X-B']": "KeyError",
    "h.get('N' * 64), h.get('n' * 65), h.get('L' * 65)": "('c', None, 'd')",
    "h.get()": "TypeError",
    "h.get('a', 1, 2)": "TypeError",
    "h.get('a', other=1)": "TypeError",
    "h.get('a', 1, default=2)": "TypeError",
    "type(h).get(h, 'Host')": "'a'",
    "type(h).get(1, 'Host')": "TypeError",
}
ASK = f"""
from camcors.http.parse import parse
h = parse(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nX-A: b\\r\\n" + 64 * b"n" + b": c\\r\\n" + 65 * b"l" + b": d")[3]
for asked in {list(ASKED)}:
    try:
        print(repr(eval(asked)))
    except Exception as error:
        print(type(error).__name__)
"""


@pytest.mark.usefixtures("program")
def test_what_headers_say(tmp_path: Path) -> None:
    assert dict(zip(ASKED, run(tmp_path, ASK), strict=True)) == ASKED


#: What the camera and handlers do to a request's headers -> what is then there under Host, X-New and X-A.
CHANGES = {
    "pass": "('a', None, 'b')",
    "h['HOST'] = 'c'": "('c', None, 'b')",
    "h['X-New'] = 'c'": "('a', 'c', 'b')",
    "h['x-a'] = 'c'": "('a', None, 'c')",
    "h.pop('host'); h['Host'] = 'c'": "('c', None, 'b')",
    "h.pop('x-a'); h.setdefault('x-new', 'c')": "('a', 'c', None)",
    "h.pop('host'); h.pop('x-a')": "(None, None, None)",
    "h.setdefault('host', 'c')": "('a', None, 'b')",
    "h.clear(); h['host'] = 'c'": "('c', None, None)",
    "[h.setdefault('x-%d' % n, '') for n in range(99)]; h['x-new'] = str(len(h))": "('a', '101', 'b')",
}
CHANGE = f"""
from _head import split
from camcors.http.head import Headers, recent
from camcors.http.parse import parse
head = b"GET / HTTP/1.1\\r\\nHost: a\\r\\nX-A: b"
for change in {list(CHANGES)}:
    for h in split(head, 0, len(head), Headers, recent)[3], parse(head)[3]:
        exec(change)
        assert len(h) == len(list(h.keys())) and ("Host" in h) == ("host" in list(h.keys()))
        print(tuple([h.get(name) for name in ("Host", "X-New", "X-A")]))
"""


@pytest.mark.usefixtures("program")
def test_headers_change_the_same_whoever_has_made_them(tmp_path: Path) -> None:
    said = run(tmp_path, CHANGE)
    assert dict(zip(CHANGES, zip(said[::2], said[1::2], strict=True), strict=True)) == {
        change: (shown, shown) for change, shown in CHANGES.items()
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program: head_split() and the other reader, with the sanitizers of this computer's compiler."""
    built = tmp_path_factory.mktemp("head") / "head"
    command = ["gcc", *heads.SANITIZERS, "-fsanitize=address,undefined", "-DALONE", *map(str, heads.FILES)]
    subprocess.run([*command, "-o", built], check=True)
    return built


def test_no_byte_beside_the_head_is_read(alone: Path, tmp_path: Path) -> None:
    """Each head of the corpus and of the tables, and each of its beginnings."""
    paths = []
    for number, head in enumerate([*heads.corpus(), *CERTAIN.values(), *LEFT.values()]):
        for size in range(max(0, len(head) - 90), len(head) + 1):
            paths.append(tmp_path / f"{number}_{size}")
            paths[-1].write_bytes(head[:size])
    done = subprocess.run([alone, *paths], capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)

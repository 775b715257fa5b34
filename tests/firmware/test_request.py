"""What handlers get is what Microdot makes of a request, and nothing of one is another's."""

from __future__ import annotations

import io
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

G = "GET / HTTP/1.1\r\nHost: a"
HEADS = [
    G,
    "HEAD /api/status HTTP/1.1\r\nHost: a\r\nX-A: b",
    "GET /?a=%41&b HTTP/1.0",
    "GET /? HTTP/1.1\r\nHost: a",
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3",
    "POST /a HTTP/1.1\r\nHost: a\r\nCONTENT-TYPE: application/json",
    G + "\r\nCookie: a=b; c",
]
SCRIPT = f"""
from camcors.http.parse import parse
from camcors.http.request import _PLAIN, make_request
from microdot import Request

def attributes(request):
    return dict(request.__dict__)

def differing(head):
    asked = parse(head.encode())
    made = attributes(make_request("app", ("10.0.0.1", 1), asked, b"abc", "https"))
    wanted = attributes(Request("app", ("10.0.0.1", 1), *asked, body=b"abc", scheme="https"))
    plain = attributes(_PLAIN)
    found = sorted(set(made) ^ set(wanted))
    for name in wanted:
        fixed = made[name] is None or isinstance(made[name], (str, bytes, int, bool, tuple))
        same = type(made[name]) is type(wanted[name]) if name == "g" else made[name] == wanted[name]
        if not same or (made[name] is plain[name] and not fixed):
            found.append(name)
    return found

for head in {HEADS}:
    print(differing(head))
print(len(attributes(_PLAIN)) > 20, attributes(_PLAIN.g))
"""
SAID = "[]\n" * len(HEADS) + "True {}\n"


def test_on_cpython() -> None:
    with redirect_stdout(io.StringIO()) as said:
        exec(SCRIPT, {})
    assert said.getvalue() == SAID


def test_on_micropython(program: Path, tmp_path: Path) -> None:
    (tmp_path / "request.py").write_text(SCRIPT)
    done = subprocess.run([program, tmp_path / "request.py"], capture_output=True, text=True, timeout=30)
    assert (done.stdout, done.stderr) == (SAID, "")


#: What is no object to copy -> what is said.
NONE = {
    "copy(1)": "TypeError",
    "copy({})": "TypeError",
    "copy(Headers())": "TypeError",
    "copy(int)": "TypeError",
}


def test_what_is_not_copied(program: Path, tmp_path: Path) -> None:
    lines = ["from _head import copy", "from camcors.http.head import Headers"]
    for call in NONE:
        lines += ["try:", f"    {call}", "except Exception as error:", "    print(type(error).__name__)"]
    (tmp_path / "copy.py").write_text("\n".join(lines))
    done = subprocess.run([program, tmp_path / "copy.py"], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines() == list(NONE.values())

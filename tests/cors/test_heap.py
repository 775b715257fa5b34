"""10,000 requests leave the heap where it was, and no name of theirs among the interned strings.

Measured in the MicroPython program of the camera on your desk, with the modules that are frozen into it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

REQUESTS = 10_000
# The collector takes what looks like a pointer on the stack for one: a few objects may seem alive.
SLACK_BYTES = 512

_SCRIPT = """
import asyncio, gc, micropython
from cors import CORS
from microdot import Microdot, Request, microdot
from microdot.microdot import NoCaseDict

REQUESTS = {requests}
kept = []
app = Microdot()
CORS(app, {origins!r}, allow_credentials={credentials}, allowed_methods=["PUT", "DELETE"],
     allowed_headers=["X-Token"], expose_headers=["X-Count"], max_age=600)

@app.get("/status")
async def status(request):
    return {{"ok": True}}, 200, {{"X-Count": "1", "Vary": "Accept"}}

@app.put("/plain")
async def plain(request):
    return "plain"

@app.get("/abort")
async def abort(request):
    app.abort(400, "abort")

@app.get("/fail")
async def fail(request):
    raise ValueError

@app.errorhandler(ValueError)
async def failed(request, error):
    return "failed", 500

def origin(i):
    return (
        "https://www.example.com",  # exact
        "https://page-%d.example.org" % i,  # wildcard, another one each time
        "http://localhost:%d" % (1 + i % 65535),  # any port
        "https://stranger-%d.example.net" % i,  # refused, another one each time
        "https://page-%d.example.org.evil-%d.net" % (i, i),
        "null",
        None,
    )[i % 7]

def request(i):
    method, path = (
        ("GET", "/status"), ("PUT", "/plain"), ("OPTIONS", "/status"), ("OPTIONS", "/missing-%d" % i),
        ("GET", "/missing-%d" % i), ("DELETE", "/status"), ("GET", "/abort"), ("POST", "/big"),
    )[i % 8]
    if i % 100 == 0:
        method, path = "GET", "/fail"
    headers = NoCaseDict()
    headers["Host"] = "camera.local"
    if origin(i):
        headers["Origin"] = origin(i)
    if method == "OPTIONS":
        headers["Access-Control-Request-Method"] = ("PUT", "PATCH", "METHOD-%d" % i)[i % 3]
        headers["Access-Control-Request-Headers"] = ("x-token", "x-token, x-other-%d" % i)[i % 2]
    if path == "/big":
        headers["Content-Length"] = "99999999"
    return Request(app, ("127.0.0.1", 1), method, path, "1.1", headers)

async def serve(count, first, statuses):
    for i in range(first, first + count):
        asked = request(i)
        answer = await app.dispatch_request(asked)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        if "Access-Control-Allow-Origin" in answer.headers:
            statuses["allowed"] = statuses.get("allowed", 0) + 1
        {leak}

def heap():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()

async def main():
    statuses = {{}}
    await serve(400, 0, statuses)  # what the first requests of each kind leave is theirs for good
    statuses.clear()
    await serve(8, 0, statuses)
    statuses = {{key: 0 for key in (200, 204, 400, 404, 405, 413, 500, "allowed")}}
    micropython.qstr_info()
    before = heap()
    await serve(REQUESTS, 400, statuses)
    after = heap()
    micropython.qstr_info()
    print(before)
    print(after)
    print([[str(key), value] for key, value in statuses.items()])

microdot.print_exception = lambda error: None  # or each /fail prints its traceback
asyncio.run(main())
"""

_LISTED = ["https://www.example.com", "https://*.example.org", "http://localhost:*"]


def run(program: Path, folder: Path, *, origins=_LISTED, leak: str = "pass", requests: int = REQUESTS):
    """Serve `requests` -> (growth of the heap in bytes, strings interned, counts of answers)."""
    script = folder / "heap.py"
    script.write_text(
        _SCRIPT.format(requests=requests, origins=origins, credentials=origins != "*", leak=leak),
        encoding="utf-8",
    )
    done = subprocess.run(
        [program, script], capture_output=True, text=True, timeout=100, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    interned = [line for line in lines if line.startswith("qstr pool:")]
    assert len(interned) == 2, lines
    strings = [int(line.partition("n_qstr=")[2].partition(",")[0]) for line in interned]
    before, after, counts = lines[-3:]
    return int(after) - int(before), strings[1] - strings[0], dict(json.loads(counts.replace("'", '"')))


@pytest.mark.parametrize("origins", [_LISTED, "*"], ids=["listed", "any"])
def test_requests_leave_the_heap_where_it_was(program, tmp_path, origins):
    grown, interned, answers = run(program, tmp_path, origins=origins)
    assert grown <= SLACK_BYTES
    assert interned == 0
    assert sum(answers[status] for status in answers if status != "allowed") == REQUESTS
    assert min(answers.values()) >= REQUESTS // 100
    assert (answers["allowed"] == REQUESTS) is (origins == "*")


@pytest.mark.parametrize(
    ("leak", "requests", "interned"),
    [
        ("kept.append([])", 100, 0),  # few: scattered over the heap, more leave no room for their own list
        ("kept.append(answer.headers) if i % 100 == 0 else None", 2000, 0),
        ("setattr(app, 'origin_%d' % i, 1)", 500, 500),
    ],
    ids=["a list a request", "an answer in a hundred", "a name a request"],
)
def test_a_leak_is_seen(program, tmp_path, leak, requests, interned):
    """The measure itself: what one request, or one in a hundred, keeps is found."""
    grown, strings, _ = run(program, tmp_path, leak=leak, requests=requests)
    assert grown > 2 * SLACK_BYTES
    assert strings == interned


_READ = """
import gc
from cors.policy import Policy
from strict import json as strict_json

data = open({path!r}, "rb").read()

def bytes_of(call):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    kept = call(data)
    taken = gc.mem_alloc() - before
    gc.enable()
    return taken

print(len(data), bytes_of(lambda data: strict_json.read(data)[1]), bytes_of(Policy.from_json))
"""


def test_what_reading_the_largest_policy_takes(program: Path, tmp_path: Path) -> None:
    """With what is garbage at once, for each byte of the text. The JSON alone: hardly more than the value."""
    origins = [f"https://camera-{i:03}.department.example-company.org" for i in range(113)]
    policy = {"$schema": "ü" * 1000, "version": 1, "allowed_origins": origins, "max_age": 600}
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy, ensure_ascii=False))
    script = tmp_path / "read.py"
    script.write_text(_READ.format(path=str(path)))
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    size, read, whole = map(int, done.stdout.split())
    assert 8000 < size <= 8192
    assert read < 2.5 * size
    assert whole < 60 * size

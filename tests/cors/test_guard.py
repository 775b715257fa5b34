"""Guard as a Python object: what one request of the tables cannot show, stock Microdot's server, the heap."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from cors import CORS, Policy
from cors import guard as guard_module
from cors.guard import Guard, own_names
from microdot import Microdot, Request, Response
from microdot.microdot import NoCaseDict
from microdot.websocket import with_websocket
from strict import error, sender

ALLOWED = "https://a.example"
FOREIGN = "https://evil.example"
CORP = "Cross-Origin-Resource-Policy"
CSP = "Content-Security-Policy"
PORTS = (("http", 80), ("https", 8443))


def guarded(own=("camera.local",), **fields):
    app = Microdot()
    cors = CORS(app)
    cors.policy = Policy(**{"allowed_origins": [ALLOWED], **fields})
    app.route("/", methods=["GET", "POST"])(lambda request: "hello")
    return app, cors, Guard(app, cors, own, PORTS)


def ask(app, method="GET", host="camera.local", origin=None):
    headers = NoCaseDict({"host": host})
    if origin is not None:
        headers["origin"] = origin
    return asyncio.run(app.dispatch_request(Request(app, ("127.0.0.1", 1), method, "/", "1.1", headers)))


def status(*args, **fields):
    return ask(*args, **fields).status_code


def test_the_instance_is_wrapped_and_not_the_class():
    before = Microdot.dispatch_request
    app, _, _ = guarded()
    assert Microdot.dispatch_request is before
    other = Microdot()
    other.get("/")(lambda request: "hello")
    assert status(app, host="evil.example") == 421
    assert status(other, host="evil.example") == 200
    assert CORP not in ask(other).headers


def test_own_is_in_force_at_the_next_request():
    app, _, guard = guarded(own=())
    assert status(app, host="porch.lan") == 421
    assert status(app, "POST", "10.0.0.7", "http://porch.lan") == 403
    guard.own = ("porch.lan",)
    assert status(app, host="porch.lan") == 200
    assert status(app, "POST", "10.0.0.7", "http://porch.lan") == 200
    guard.own = ("10.0.0.8",)
    assert status(app, host="porch.lan") == 421
    assert status(app, "POST", "10.0.0.7", "http://porch.lan") == 403


def test_own_names():
    names = ["Porch", "Porch.local", "Porch.lan", "Porch.home.arpa", "Porch.internal"]
    assert own_names("Porch") == (*names, "Porch.localdomain", "Porch.home")


@pytest.mark.parametrize(
    ("ports", "origin", "answer"),
    [
        (PORTS, "http://camera.local", 200),
        (PORTS, "https://camera.local:8443", 200),
        (PORTS, "http://camera.local:8443", 403),
        (PORTS, "https://camera.local", 403),
        ((("https", 443),), "https://camera.local", 200),
        ((("https", 443),), "http://camera.local", 403),
        ((), "http://camera.local", 403),
        ((), "http://10.0.0.7:9000", 200),
    ],
)
def test_own_is_at_its_own_ports(ports, origin, answer):
    app = Microdot()
    app.post("/")(lambda request: "hello")
    Guard(app, CORS(app), ("camera.local",), ports)
    assert status(app, "POST", "10.0.0.7:9000", origin) == answer


def test_a_policy_is_in_force_at_the_next_request():
    app, cors, _ = guarded(own=())
    assert status(app, host="camera.example.com") == 421
    cors.policy = Policy(
        allowed_origins=["https://b.example"],
        allowed_hosts=["camera.example.com"],
        resource_policy="cross-origin",
    )
    assert ask(app, host="camera.example.com").headers[CORP] == "cross-origin"
    assert ask(app, host="camera.example.com").headers[CSP] == "frame-ancestors 'self' https://b.example"
    cors.policy = Policy(block_cross_origin_writes=False)
    assert status(app, "POST", "10.0.0.7", FOREIGN) == 200
    cors.policy = Policy()
    assert status(app, "POST", "10.0.0.7", FOREIGN) == 403


def test_a_list_of_origins_changed_in_place_is_in_force_at_the_next_request():
    app, cors, _ = guarded()
    assert status(app, "POST", origin="https://b.example") == 403
    cors.allowed_origins.append("https://b.example")
    assert status(app, "POST", origin="https://b.example") == 200
    assert ask(app).headers[CSP] == f"frame-ancestors 'self' {ALLOWED} https://b.example"
    cors.allowed_origins.clear()
    assert ask(app).headers[CSP] == "frame-ancestors 'self'"
    assert status(app, "POST", origin=ALLOWED) == 403


# On an access point (portal): method, host, origin -> status. The policy allows ALLOWED.
PORTAL = [
    ("GET", "evil.example", None, 302),
    ("HEAD", "evil.example", FOREIGN, 302),
    ("GET", "evil.example:80", ALLOWED, 302),
    ("GET", "camera.", None, 302),
    ("get", "evil.example", None, 421),
    ("POST", "evil.example", "http://evil.example", 421),
    ("POST", "evil.example", ALLOWED, 421),
    ("OPTIONS", "evil.example", ALLOWED, 421),
    ("GET", "192.168.4.1", None, 200),
    ("GET", "camera.local", None, 200),
    ("POST", "192.168.4.1", FOREIGN, 403),
    ("POST", "192.168.4.1", "http://192.168.4.1", 200),
]


@pytest.mark.parametrize(("method", "host", "origin", "answer"), PORTAL)
def test_a_portal_redirects_what_looks_at_a_foreign_name(method, host, origin, answer):
    app, _, guard = guarded()
    guard.portal = "192.168.4.1"
    response = ask(app, method, host, origin)
    assert response.status_code == answer
    if answer == 302:
        assert response.headers.pop(CSP, "") == ("" if origin else f"frame-ancestors 'self' {ALLOWED}")
        expected = {"Location": "http://192.168.4.1/", "Cache-Control": "no-store", CORP: "same-origin"}
        assert response.headers == expected
        assert (response.body, response.is_head) == (b"", method == "HEAD")
    guard.portal = None
    assert ask(app, method, host, origin).status_code == (421 if answer == 302 else answer)


def test_a_portal_names_a_port_that_is_not_the_default():
    app = Microdot()
    guard = Guard(app, CORS(app), (), (("http", 8080),))
    guard.portal = "192.168.4.1"
    assert ask(app, host="evil.example").headers["Location"] == "http://192.168.4.1:8080/"


def test_what_was_judged_before_decides_nothing():
    """One good Host and its origins are remembered: neither a bad one, nor the one before, gains by that."""
    app, _, _ = guarded(own=())
    for host, answer in [("10.0.0.7", 200), ("evil.example", 421), ("10.0.0.7", 200), ("10.0.0.8", 200)] * 2:
        assert status(app, host=host) == answer
    assert status(app, "POST", "10.0.0.7", "http://10.0.0.7") == 200
    assert status(app, "POST", "10.0.0.8", "http://10.0.0.7") == 403
    assert status(app, "POST", "evil.example", "http://10.0.0.8") == 421
    request = Request(app, ("127.0.0.1", 1), "POST", "/", "1.0", NoCaseDict({"Origin": "http://10.0.0.8"}))
    assert asyncio.run(app.dispatch_request(request)).status_code == 403


def test_the_header_is_on_an_answer_that_a_later_hook_puts_in_its_place():
    app, _, _ = guarded()
    app.after_request(lambda request, response: Response("another"))
    app.after_error_request(lambda request, response: Response("another", 500))
    for answer in (ask(app), ask(app, "PURGE")):
        assert answer.headers[CORP] == "same-origin"
        assert answer.headers[CSP] == f"frame-ancestors 'self' {ALLOWED}"


def test_the_header_is_set_where_a_handler_put_a_plain_dict():
    app, _, _ = guarded()

    @app.after_request
    def plain(request, response):
        response.headers = {"cross-origin-resource-policy": "cross-origin", CSP.upper(): "sandbox"}

    ours = f"frame-ancestors 'self' {ALLOWED}"
    assert ask(app).headers == {CORP: "same-origin", CSP: ["sandbox", ours]}


def test_an_answer_that_is_used_again_stays_as_it_is():
    app, _, _ = guarded()
    response = Response("kept")
    app.get("/kept")(lambda request: response)
    for _ in range(2):
        headers = NoCaseDict({"Host": "camera.local"})
        request = Request(app, ("127.0.0.1", 1), "GET", "/kept", "1.1", headers)
        headers = asyncio.run(app.dispatch_request(request)).headers
        assert headers[CORP] == "same-origin"
        assert headers[CSP] == f"frame-ancestors 'self' {ALLOWED}"
    assert list(response.headers).count(CORP) == 1


def test_a_refusal_has_its_type_whatever_the_application_s_type_is(monkeypatch):
    monkeypatch.setattr(Response, "default_content_type", "text/html")
    app, _, _ = guarded()
    response = ask(app, host="<script>alert(1)</script>")
    response.complete()
    assert response.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert json.loads(response.body)["code"] == error.FOREIGN_HOST


def test_a_long_name_is_cut():
    app, _, _ = guarded()
    assert len(ask(app, host="a" * 5000).body) < 400
    assert len(ask(app, "POST", origin="a" * 5000).body) < 400


def test_a_name_is_never_cut_in_the_line_to_write():
    name = ".".join(["a" * 60] * 4)
    app, _, _ = guarded()
    assert json.loads(ask(app, host=name).body)["remedy"].endswith(f': "allowed_hosts": ["{name}"]')


# With the server of stock Microdot.


def exchange(app, data):
    """What `app`, served by Microdot's own server, answers to `data` (bytes)."""

    async def run():
        server = await app.start_server(host="127.0.0.1", port=0, start_serving=False)
        await server.start_serving()
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(data)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        server.close()
        return head.decode().split("\r\n")

    return asyncio.run(run())


def test_stock_server_refuses():
    app, _, _ = guarded()
    head = exchange(app, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert head[0] == "HTTP/1.0 421 Misdirected Request"
    assert f"{CORP}: same-origin" in head
    assert f"{CSP}: frame-ancestors 'self' {ALLOWED}" in head
    head = exchange(app, b"post / HTTP/1.1\r\nHost: camera.local\r\nORIGIN: null\r\n\r\n")
    assert head[0] == "HTTP/1.0 403 Forbidden"


def test_stock_server_and_a_request_that_cannot_be_parsed():
    app, _, _ = guarded()
    head = exchange(app, b"nonsense\r\n\r\n")
    assert head[0].startswith("HTTP/1.0 400 ")
    assert f"{CORP}: same-origin" in head
    assert f"{CSP}: frame-ancestors 'self' {ALLOWED}" in head


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (FOREIGN, "HTTP/1.0 403 Forbidden"),
        ("http://camera.local:3000", "HTTP/1.0 403 Forbidden"),
        ("http://camera.local", "HTTP/1.1 101 Switching Protocols"),
        (ALLOWED, "HTTP/1.1 101 Switching Protocols"),
        (None, "HTTP/1.1 101 Switching Protocols"),
    ],
)
def test_stock_server_and_websocket(origin, line):
    app, _, _ = guarded()
    opened = []

    @app.get("/echo")
    @with_websocket
    async def echo(request, ws):
        opened.append(origin)

    rows = ["GET /echo HTTP/1.1", "Host: camera.local", "Upgrade: WebSocket", "Connection: Upgrade"]
    rows += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    rows += [f"Origin: {origin}"] if origin else []
    head = exchange(app, "\r\n".join([*rows, "", ""]).encode())
    assert head[0] == line
    assert bool(opened) is (" 101 " in line)
    assert not dict(Response.already_handled.headers)


# In the MicroPython program of the camera on your desk.

# A coroutine and three header entries, as a 64-bit machine counts them.
PASSING_BYTES = 320

_SCRIPT = """
import gc
from cors import CORS, Policy
from cors import guard as guard_module
from cors.guard import Guard
from microdot import Microdot, Request
from microdot.microdot import NoCaseDict

def application(count):
    app = Microdot()
    app.route("/", methods=["GET", "PUT"])(lambda request: "hello")
    cors = CORS(app)
    names = ["host%d.example.com" % i for i in range(count)]
    cors.policy = Policy(allowed_origins=["https://" + name for name in names], allowed_hosts=names)
    if count:
        Guard(app, cors, ("192.168.1.5", "camera.local"), (("http", 8080),))
    return app

def cost(app, method, fields, count=100):
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for i in range(count):
        headers = NoCaseDict()
        for name, value in fields:
            headers[name] = value
        request = Request(app, ("127.0.0.1", 1), method, "/", "1.1", headers, body=b"")
        try:
            app.dispatch_request(request).send(None)
        except StopIteration as end:
            assert end.value.status_code == 200
    used = (gc.mem_alloc() - before) // count
    gc.enable()
    return used

HOST = ("Host", "192.168.1.5:8080")
for method, fields in (
    ("GET", (HOST,)),
    ("GET", (HOST, ("Origin", "https://evil.example"))),
    ("PUT", (HOST,)),
    ("PUT", (HOST, ("Origin", "http://192.168.1.5:8080"))),
    ("GET", (("Host", "HOST0.example.com."), ("Origin", "https://evil.example"))),
):
    costs = []
    for app in [application(n) for n in (0, 1, 10, 100)]:
        cost(app, method, fields)
        costs.append(cost(app, method, fields))
    print([used - costs[0] for used in costs[1:]])

app = application(10)
def serve(first, count):
    for i in range(first, first + count):
        headers = NoCaseDict()
        headers["Host"] = ("host%d.example.com" % (i % 10), "evil%d.example" % i, "camera.local")[i % 3]
        headers["Origin"] = "https://stranger%d.example" % i
        method = ("GET", "PUT")[i % 2]
        request = Request(app, ("127.0.0.1", 1), method, "/", "1.1", headers, body=b"")
        try:
            app.dispatch_request(request).send(None)
        except StopIteration:
            pass

def heap():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()

serve(0, 300)
before = heap()
serve(300, 5000)
print(heap() - before)
"""


def test_heap(program: Path, tmp_path: Path):
    """A request that passes costs the same for every number of hosts; 5,000 of all kinds leave nothing."""
    script = tmp_path / "guard_heap.py"
    script.write_text(_SCRIPT)
    done = subprocess.run([program, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *rows, growth = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    assert len(rows) == 5
    for costs in rows:
        assert 0 < costs[0] <= PASSING_BYTES, rows
        assert len(set(costs)) == 1, rows
    assert growth <= 512  # what looks like a pointer on the stack may keep a few objects


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        (None, "camera.local", (sender.NO_ORIGIN, sender.NO_ORIGIN)),
        ("http://camera.local", "camera.local", (sender.OWN, sender.OWN)),
        ("http://camera.local", "10.0.0.7", (sender.OWN, sender.OWN)),
        ("http://10.0.0.7:9000", "10.0.0.7:9000", (sender.OWN, sender.OWN)),
        ("http://10.0.0.7:9001", "10.0.0.7:9000", (sender.FOREIGN, sender.FOREIGN)),
        (ALLOWED, "camera.local", (sender.FOREIGN, sender.TRUSTED)),
        (FOREIGN, "camera.local", (sender.FOREIGN, sender.FOREIGN)),
        ("null", "camera.local", (sender.FOREIGN, sender.FOREIGN)),
    ],
)
def test_whose_page_sends_a_request(origin, host, expected):
    """Without allow_credentials, and with it."""
    found = []
    for allow_credentials in (False, True):
        app, _, guard = guarded(allow_credentials=allow_credentials)
        assert ask(app, host=host, origin=origin).status_code == 200
        headers = NoCaseDict({"host": host} if origin is None else {"host": host, "origin": origin})
        found.append(guard.sender(Request(app, ("127.0.0.1", 1), "GET", "/", "1.1", headers)))
    assert tuple(found) == expected


def test_whose_page_sends_is_asked_while_others_come():
    """A handler may ask after it has waited: for the request it has, and by the policy of that moment."""
    app, _, guard = guarded(allowed_hosts=["cam.example"], allow_credentials=True)
    headers = NoCaseDict({"host": "cam.example", "origin": "https://cam.example"})
    first = Request(app, ("127.0.0.1", 1), "POST", "/", "1.1", headers, scheme="https")
    assert asyncio.run(app.dispatch_request(first)).status_code == 200
    assert guard.sender(first) == sender.OWN
    assert status(app) == 200
    assert guard.sender(first) == sender.OWN
    headers["origin"] = "http://camera.local"
    assert guard.sender(first) == sender.OWN
    headers["origin"] = "http://cam.example"
    assert status(app, host="cam.example") == 200
    assert guard.sender(first) == sender.FOREIGN
    guard.listen(PORTS, True)
    headers["origin"] = ALLOWED
    assert guard.sender(first) == sender.TRUSTED
    headers["origin"] = "http://camera.local"
    assert guard.sender(first) == sender.FOREIGN


def test_without_memory_for_who_may_frame_nobody_else_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list may be as long as the policy. The request is answered, and the next one tries again."""
    app, _, _ = guarded()
    real = guard_module.frame_ancestors

    def without_memory(origins):
        if origins:
            raise MemoryError
        return real(origins)

    monkeypatch.setattr(guard_module, "frame_ancestors", without_memory)
    assert ask(app).headers[CSP] == "frame-ancestors 'self'"
    assert ask(app, origin=ALLOWED).status_code == 200
    monkeypatch.setattr(guard_module, "frame_ancestors", real)
    assert ask(app).headers[CSP] == f"frame-ancestors 'self' {ALLOWED}"

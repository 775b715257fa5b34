"""The guards of the running camera, over real sockets."""

from __future__ import annotations

import json
import socket
import time

import httpx
import pytest

from cors.guard import own_names
from tests.kit.camera import Camera
from tests.kit.small_board import needs_long_head

ALLOWED = "http://localhost:8000"
FOREIGN = "http://evil.example"
CORP = "cross-origin-resource-policy"
CSP = "content-security-policy"
FRAMING = f"frame-ancestors 'self' {ALLOWED}"
LEVEL = {"level": 1}

_WEBSOCKET = """\
from camcors import app
from microdot.websocket import with_websocket

@app.get('/echo')
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())
"""


def raw(camera: Camera, *rows: str) -> bytes:
    """What the camera answers to these lines of a head, up to its first 4 KB."""
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall("\r\n".join([*rows, "", ""]).encode())
        return client.recv(4096)


def handshake(camera: Camera, *rows: str) -> bytes:
    """The head that the camera answers to these lines of a head."""
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall("\r\n".join([*rows, "", ""]).encode())
        return b"".join(iter(client.makefile("rb").readline, b"\r\n"))


def level(camera: Camera) -> int:
    return int(httpx.get(f"{camera.url}/api/status").json()["camera"]["led"])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (None, 200),
        ("localhost:{port}", 200),
        ("camcors:{port}", 200),
        ("camcors.local:{port}", 200),
        ("CAMCORS.LOCAL.:{port}", 200),
        ("camcors.home.arpa", 200),
        ("camcors.lan:{port}", 200),
        ("other.local", 421),
        ("camcors.:{port}", 421),
        ("localhost.:{port}", 421),
        ("host.docker.internal:{port}", 421),
        ("192.168.7.9", 200),
        ("[fe80::1]:{port}", 200),
        ("evil.example:{port}", 421),
        ("camcors.local.evil.example", 421),
        ("127.0.0.1.nip.io:{port}", 421),
        ("[fe80::1%25eth0]", 421),
        ("127.1", 421),
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/status", "/nowhere"])
def test_host(camera: Camera, host: str | None, status: int, path: str) -> None:
    headers = {"Host": host.format(port=camera.port)} if host else {}
    answer = httpx.get(camera.url + path, headers=headers)
    assert answer.status_code == (404 if status == 200 and path == "/nowhere" else status)
    assert answer.headers[CORP] == "same-origin"
    assert answer.headers[CSP].endswith(FRAMING)
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 421:
        assert answer.reason_phrase == "Misdirected Request"
        assert answer.json()["code"] == "foreign-host"
        assert answer.headers["vary"] == "Accept, Origin, Referer"


def test_http_1_0_without_host(camera: Camera) -> None:
    assert raw(camera, "GET /api/status HTTP/1.0").startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "PUT"])
@pytest.mark.parametrize(("origin", "allowed"), [(ALLOWED, ALLOWED), (FOREIGN, None), ("null", None)])
def test_a_foreign_host_is_readable_to_allowed_pages(
    camera: Camera, method: str, origin: str, allowed: str | None
) -> None:
    headers = {"Host": "evil.example", "Origin": origin, "Access-Control-Request-Method": "PUT"}
    answer = httpx.request(method, f"{camera.url}/api/led", headers=headers)
    assert answer.status_code == 421
    assert answer.headers.get("access-control-allow-origin") == allowed


def test_the_refusal_of_a_host_says_what_to_write(new_camera: Camera) -> None:
    """The line in it, as it stands, lets the name in."""
    url, headers = f"{new_camera.url}/api/camera", {"Host": f"host.docker.internal:{new_camera.port}"}
    refused = httpx.get(url, headers=headers)
    assert refused.status_code == 421
    line = refused.json()["remedy"].partition("in /policy.json: ")[2]
    assert line == '"allowed_hosts": ["host.docker.internal"]'
    new_camera.put("policy.json", '{"version": 1, ' + line + "}")
    end = time.monotonic() + 20
    while httpx.get(url, headers=headers).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        (ALLOWED, 200),
        ("http://127.0.0.1:{port}", 200),
        ("http://127.0.0.1:9999", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1:{port}", 403),
        ("http://camcors.local", 403),
        ("http://camcors.local:{port}", 200),
        ("http://camcors.lan:{port}", 200),
        (FOREIGN, 403),
        ("null", 403),
        ("http://localhost:8001", 403),
        ("http://127.0.0.2", 403),
        ("http://camcors.local.evil.example", 403),
    ],
)
def test_write(camera: Camera, origin: str | None, status: int) -> None:
    assert httpx.put(f"{camera.url}/api/led", json={"level": 0}).status_code == 200
    headers = {"Origin": origin.format(port=camera.port)} if origin else {}
    answer = httpx.put(f"{camera.url}/api/led", json=LEVEL, headers=headers)
    assert answer.status_code == status
    assert level(camera) == (1 if status == 200 else 0)
    assert answer.headers[CORP] == "same-origin"
    if status == 403:
        assert answer.json()["code"] == "foreign-write"
        assert "block_cross_origin_writes" in answer.json()["remedy"]
        assert answer.headers["vary"] == "Accept, Origin, Referer"
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_page_of_the_same_host_writes_where_the_address_is_not_known(camera: Camera) -> None:
    headers = {"Host": "192.168.7.9:8080", "Origin": "http://192.168.7.9:8080"}
    assert httpx.put(f"{camera.url}/api/led", json=LEVEL, headers=headers).status_code == 200
    for origin in ("http://192.168.7.9:8081", "http://192.168.7.9", "https://192.168.7.9:8080"):
        headers["Origin"] = origin
        assert httpx.put(f"{camera.url}/api/led", json=LEVEL, headers=headers).status_code == 403


def test_a_method_in_lower_case_is_a_write(camera: Camera) -> None:
    head = raw(camera, "put /api/led HTTP/1.1", "Host: 127.0.0.1", f"Origin: {FOREIGN}")
    assert head.startswith(b"HTTP/1.1 403 Forbidden\r\n")


def test_a_form_of_an_evil_page(camera: Camera) -> None:
    """Go out without a preflight (Fetch, CORS-safelisted request-header)."""
    headers = {"Origin": FOREIGN, "Content-Type": "text/plain"}
    answer = httpx.post(f"{camera.url}/api/led", content=b'{"level": 100, "x": "="}', headers=headers)
    assert answer.status_code == 403


def test_too_large_a_body_of_an_evil_page(camera: Camera) -> None:
    answer = httpx.put(f"{camera.url}/api/led", content=b" " * 20000, headers={"Origin": FOREIGN})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/capture", "/api/camera", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_every_answer_says_who_may_embed_and_frame_it(camera: Camera, method: str, path: str) -> None:
    answer = httpx.request(method, camera.url + path)
    assert answer.headers.get_list(CORP) == ["same-origin"]
    assert answer.headers.get_list(CSP)[-1:] == [FRAMING]
    is_page = path == "/" and method in ("GET", "HEAD")
    assert len(answer.headers.get_list(CSP)) == (2 if is_page else 1)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


REFUSED = [
    ("GET / HTTP/1.1", 400),  # no Host
    ("GET /%zz HTTP/1.1\r\nHost: 127.0.0.1", 400),
    ("GET /?a=%ff HTTP/1.1\r\nHost: 127.0.0.1", 400),
    ("\x15\x03\x01\x02 HTTP/1.1", 400),
    ("POST /api/led HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999", 413),
    ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: the best", 417),
    ("GET / HTTP/1.1\r\nHost: evil.example", 421),
    pytest.param("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + 9000 * "x", 431, marks=needs_long_head),
    ("GET / HTTP/2.0\r\nHost: 127.0.0.1", 505),
]


@pytest.mark.parametrize(("head", "status"), REFUSED)
def test_every_refusal_says_who_may_frame_it(camera: Camera, head: str, status: int) -> None:
    lines = raw(camera, head).partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert lines.count(f"Content-Security-Policy: {FRAMING}") == 1
    assert lines.count("X-Content-Type-Options: nosniff") == 1
    assert len([line for line in lines if line.lower().startswith("content-security-policy:")]) == 1


def test_answers_to_pages_name_nobody_who_may_frame_them(camera: Camera) -> None:
    for origin in (ALLOWED, FOREIGN):
        answer = httpx.get(f"{camera.url}/api/status", headers={"Origin": origin})
        assert CSP not in answer.headers
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_stream_and_a_preflight_have_a_resource_policy(camera: Camera) -> None:
    with httpx.stream("GET", f"{camera.url}/api/stream") as answer:
        assert answer.headers.get_list(CORP) == ["same-origin"]
        assert answer.headers.get_list(CSP) == [FRAMING]
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    headers = {"Origin": ALLOWED, "Access-Control-Request-Method": "PUT"}
    answer = httpx.options(f"{camera.url}/api/led", headers=headers)
    assert (answer.status_code, answer.headers.get_list(CORP)) == (204, ["same-origin"])


def test_the_three_fields_of_the_policy(new_camera: Camera) -> None:
    policy = {
        "version": 1,
        "resource_policy": "cross-origin",
        "allowed_hosts": ["camera.example.com"],
        "block_cross_origin_writes": False,
    }
    new_camera.put("policy.json", json.dumps(policy))
    new_camera.put("camera.json", '{"name": "Porch"}')
    new_camera.reset()
    new_camera.wait_ready()

    def status(host: str) -> int:
        return httpx.get(f"{new_camera.url}/api/camera", headers={"Host": host}).status_code

    answered = ["camera.example.com", "127.0.0.1", "porch", "porch.local:80", "localhost", "192.168.7.9"]
    refused = ["camcors.local", "camcors", "other.example.com"]
    assert [status(host) for host in answered] == [200] * len(answered)
    assert [status(host) for host in refused] == [421] * len(refused)
    answer = httpx.put(f"{new_camera.url}/api/led", json=LEVEL, headers={"Origin": FOREIGN})
    assert (answer.status_code, answer.headers[CORP]) == (200, "cross-origin")
    assert "access-control-allow-origin" not in answer.headers


def test_websocket(new_camera: Camera) -> None:
    new_camera.put("main.py", _WEBSOCKET)
    new_camera.reset()
    new_camera.wait_ready()
    rows = ["GET /echo HTTP/1.1", "Host: 127.0.0.1", "Upgrade: WebSocket", "Connection: Upgrade"]
    rows += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    for origin in (FOREIGN, "null", "http://127.0.0.1.evil.example", "http://127.0.0.1:9999"):
        answer = raw(new_camera, *rows, f"Origin: {origin}")
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n"), origin
        assert b'"code": "foreign-websocket"' in answer
    origins = ([], [f"Origin: {ALLOWED}"], [f"Origin: {new_camera.url}"])
    for answer in (handshake(new_camera, *rows, *origin) for origin in origins):
        assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer  # RFC 6455, 1.3


@pytest.mark.parametrize("address", ["10.0.0.7", None])
def test_the_camera_s_own_hosts(camera: Camera, address: str | None) -> None:
    code = f"""
from camcors.serving import own_hosts
class Network:
    name = "n"
    address = {address!r}
print(own_hosts(Network))
"""
    assert camera.exec(code) == repr(own_names("n") + ((address,) if address else ())) + "\n"


def test_the_guard_knows_the_camera_s_port(camera: Camera) -> None:
    assert (
        camera.exec("from camcors import start\nprint(start.state.guard.ports)")
        == f"(('http', {camera.port}),)\n"
    )


def test_a_refused_name_is_said_where_its_user_looks(new_camera: Camera) -> None:
    """Home Assistant's user never sees the 421 that its proxy's name gets."""
    assert new_camera.status()["refused"] is None
    for host in ("host.docker.internal:8123", "cam.example", "cam.example"):
        assert httpx.get(new_camera.url, headers={"Host": host}).status_code == 421
    assert new_camera.status()["refused"] == {"host": "cam.example", "count": 3}
    new_camera.wait_for('camcors: refused: a request for the name "', 10)
    httpx.get(new_camera.url, headers={"Host": "x" * 100})
    assert new_camera.status()["refused"] == {"host": "x" * 64, "count": 4}

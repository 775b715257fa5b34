"""The running camera from another origin, over real sockets: what the README shows."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import time

import httpx
import pytest
from PIL import Image

from camcors import routes
from strict import error
from tests.kit.camera import PROGRAM, TOP, Camera
from tests.kit.pages import wait_until
from tests.kit.small_board import needs_card, needs_long_head

ALLOWED = "http://localhost:8000"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
PREFLIGHT_VARY = "Origin, Referer, Access-Control-Request-Method, Access-Control-Request-Headers"


def access_headers(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("HEAD", "/", None, 200),
        ("GET", "/api/status", None, 200),
        ("GET", "/api/capture", None, 200),
        ("GET", "/api/camera", None, 200),
        ("PUT", "/api/camera", b"{}", 200),
        ("PUT", "/api/camera", b'{"quality": 0}', 400),
        ("PUT", "/api/led", b'{"level": 1}', 200),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/api/led", None, 405),
        ("PUT", "/api/led", b" " * 20000, 413),
        ("OPTIONS", "/api/led", None, 200),
    ],
)
@pytest.mark.parametrize("origin", [ALLOWED, "http://localhost:8001", "null", None])
def test_every_answer_follows_the_policy(
    camera: Camera, method: str, path: str, body: bytes | None, status: int, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    if method in ("PUT", "DELETE") and origin not in (ALLOWED, None):
        status = 403  # the write guard
    answer = httpx.request(method, camera.url + path, content=body, headers=headers)
    assert answer.status_code == status
    assert access_headers(answer) == ({"access-control-allow-origin": ALLOWED} if origin == ALLOWED else {})
    chosen_by = "Accept, " if status != 200 else "Accept-Encoding, " if path == "/" else ""
    assert answer.headers["vary"] == chosen_by + "Origin, Referer"


@pytest.mark.parametrize("path", ["/api/camera", "/nowhere"])
@pytest.mark.parametrize("origin", [ALLOWED, "http://evil.example"])
def test_preflight(camera: Camera, path: str, origin: str) -> None:
    answer = httpx.options(camera.url + path, headers={"Origin": origin, **PREFLIGHT})
    assert (answer.status_code, answer.reason_phrase, answer.content) == (204, "No Content", b"")
    assert "content-length" not in answer.headers
    assert answer.headers["vary"] == PREFLIGHT_VARY
    allowed = {
        "access-control-allow-origin": ALLOWED,
        "access-control-allow-methods": "PUT",
        "access-control-allow-headers": "content-type",
    }
    assert access_headers(answer) == (allowed if origin == ALLOWED else {})


def test_a_new_policy_is_in_force_after_a_reset(new_camera: Camera) -> None:
    policy = {
        "version": 1,
        "allowed_origins": ["https://*.example.com"],
        "allow_credentials": True,
        "allowed_methods": ["GET"],
        "expose_headers": ["X-Frame-Id"],
        "max_age": 60,
    }
    new_camera.put("policy.json", json.dumps(policy))
    new_camera.reset()
    new_camera.wait_ready()
    origin = "https://dash.example.com"
    answer = httpx.get(f"{new_camera.url}/api/capture", headers={"Origin": origin})
    assert access_headers(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Frame-Id",
    }
    preflight = httpx.options(f"{new_camera.url}/api/led", headers={"Origin": origin, **PREFLIGHT})
    assert access_headers(preflight) == {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "60",
    }
    assert access_headers(httpx.get(f"{new_camera.url}/", headers={"Origin": ALLOWED})) == {}


@needs_card
def test_a_capture_is_a_jpeg_of_the_chosen_size(camera: Camera) -> None:
    for name, size in (("QVGA", (320, 240)), ("VGA", (640, 480))):
        assert httpx.put(f"{camera.url}/api/camera", json={"frame_size": name}).status_code == 200
        answer = httpx.get(f"{camera.url}/api/capture")
        assert answer.headers["content-type"] == "image/jpeg"
        assert int(answer.headers["x-frame-id"]) >= 1
        assert re.fullmatch(r"\d+\.\d{3}", answer.headers["x-timestamp"])
        picture = Image.open(io.BytesIO(answer.content))
        picture.load()
        assert (picture.format, picture.size) == ("JPEG", size)


def parts(stream: httpx.Response, count: int) -> list[tuple[int, bytes]]:
    """The first parts of a running multipart stream, by the Content-Length of each: (frame id, JPEG)."""
    found: list[tuple[int, bytes]] = []
    data = b""
    for chunk in stream.iter_raw():
        data += chunk
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].decode()
            assert head.lstrip().startswith("--frame\r\n")
            length = int(re.search(r"Content-Length: (\d+)", head)[1])
            if len(data) < end + 4 + length:
                break
            number = int(re.search(r"X-Frame-Id: (\d+)", head)[1])
            found.append((number, data[end + 4 : end + 4 + length]))
            data = data[end + 4 + length :]
            if len(found) == count:
                return found
    raise AssertionError(f"the stream ended after {len(found)} parts")


REPLACED = "multipart/x-mixed-replace; boundary=frame"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", REPLACED),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", REPLACED),  # <img> in Chromium
        ("multipart/x-mixed-replace", REPLACED),
        ("multipart/mixed", "multipart/mixed; boundary=frame"),
        ("Multipart/Mixed, */*;q=0.1", "multipart/mixed; boundary=frame"),
        ("multipart/mixed;q=0", REPLACED),
        ("multipart/mixed;q=0.5, multipart/x-mixed-replace", REPLACED),
        ("multipart/*", REPLACED),
    ],
)
def test_who_asks_for_multipart_mixed_gets_it(camera: Camera, accept: str, kind: str) -> None:
    end = time.monotonic() + 20
    while camera.status()["clients"]["viewers"] and time.monotonic() < end:  # of the rows before
        time.sleep(0.05)
    with httpx.stream("GET", f"{camera.url}/api/stream", headers={"Accept": accept}) as answer:
        assert answer.headers["content-type"] == kind
        assert answer.headers["vary"] == "Accept, Origin, Referer"


@pytest.mark.parametrize("query", ["?action=stream", "?action=snapshot", "?action"])
def test_an_address_of_mjpg_streamer_is_no_page(camera: Camera, query: str) -> None:
    answer = httpx.get(f"{camera.url}/{query}", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "error": "there is no ?action= here",
            "code": "not-found",
            "remedy": routes.REMEDY,
        },
    )


@needs_card
def test_the_stream_moves_and_each_part_is_a_jpeg(camera: Camera) -> None:
    with httpx.stream("GET", f"{camera.url}/api/stream", headers={"Origin": ALLOWED}) as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        assert access_headers(answer) == {"access-control-allow-origin": ALLOWED}
        got = parts(answer, 5)
    numbers = [number for number, _ in got]
    assert numbers == sorted(set(numbers))
    assert len({jpeg for _, jpeg in got}) == 5
    for _, jpeg in got:
        Image.open(io.BytesIO(jpeg)).load()


def sees_one(camera: Camera) -> bool:
    """Take one picture of a stream and vanish; return whether there was a slot."""
    with httpx.stream("GET", f"{camera.url}/api/stream") as answer:
        assert answer.status_code in (200, 503)
        return answer.status_code == 200 and len(parts(answer, 1)) == 1


def test_a_client_that_vanishes_in_a_stream_frees_its_slot(camera: Camera) -> None:
    """Six, one after the other: there are four slots, and each is free again within two seconds."""
    for _ in range(6):
        wait_until(lambda: sees_one(camera), 2)
    wait_until(lambda: httpx.get(f"{camera.url}/api/status").json()["clients"]["viewers"] == 0, 2)
    assert httpx.get(f"{camera.url}/api/status").json()["clients"]["faults"] == 0


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x15\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"400"),
        (b"hello\r\n\r\n", b"400"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
            b"431",
            marks=needs_long_head,
        ),
        (b"PUT /api/led HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n", b"413"),
    ],
)
def test_what_is_no_request_gets_its_status_and_the_next_client_is_served(
    camera: Camera, request_bytes: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := client.recv(4096):
            answer += chunk
    assert answer.split(b" ")[:2] == [b"HTTP/1.1", status]
    assert httpx.get(f"{camera.url}/api/status").status_code == 200


def test_a_handler_that_finds_no_memory(camera: Camera) -> None:
    camera.exec("from camcors import app\n@app.get('/full')\ndef full(request): raise MemoryError")
    answer = httpx.get(camera.url + "/full", headers={"Origin": ALLOWED})
    said = {"error": "the camera has no memory left for this request", "code": "no-memory"}
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, said, "5")
    assert answer.headers["Access-Control-Allow-Origin"] == ALLOWED


def test_the_cases_hold_inside_the_frozen_firmware(program: object) -> None:
    done = subprocess.run(
        [PROGRAM, TOP / "tests" / "cors" / "run_cases.py"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = re.fullmatch(r"(\d+) rows, 0 failures, micropython", done.stdout.splitlines()[-1])
    assert last is not None, done.stdout
    assert int(last[1]) >= 250


def test_status_tells_what_it_should(camera: Camera) -> None:
    report = httpx.get(f"{camera.url}/api/status").json()
    assert report["board"] == "HOST"
    assert report["firmware"] == "0.1.0"
    assert re.fullmatch(r"1\.\d+\.\d+", report["micropython"])
    assert report["policy"]["state"] == "active"
    assert re.fullmatch(r"[0-9a-f]{12}", report["policy"]["digest"])
    access = {"state": "active", "tokens": 0, "open": "control", "role": "control", "wrong_tokens": 0}
    assert report["access"] == access
    assert set(report["heap"]) == {"used", "free", "system_free", "sampled_s"}
    assert report["heap"]["used"] > 0
    assert report["heap"]["system_free"] >= 89_344
    assert 0 <= report["heap"]["sampled_s"] <= report["uptime_s"]
    assert report["faults"] == []
    always = {"name", "title", "board", "micropython", "firmware", "uptime_s", "restart", "network", "heap"}
    always |= {"policy", "access", "tls", "refused", "faults"}
    assert set(report) == always | {"camera", "frames", "clients"}


def test_the_heap_is_measured_beside_the_requests(camera: Camera) -> None:
    """Answer repeat one sample until the next, which comes by itself, 5 s later at the earliest."""
    reports = [httpx.get(f"{camera.url}/api/status").json()["heap"]]
    end = time.monotonic() + 60
    while len({report["sampled_s"] for report in reports}) < 3 and time.monotonic() < end:
        time.sleep(0.1)
        reports.append(httpx.get(f"{camera.url}/api/status").json()["heap"])
    samples = {report["sampled_s"]: report for report in reports}
    assert all(report == samples[report["sampled_s"]] for report in reports)
    first, second, third = samples
    assert second > first
    assert third - second >= 5


@pytest.mark.parametrize(
    ("origin", "allowed"), [(ALLOWED, {"access-control-allow-origin": ALLOWED}), ("null", {})]
)
def test_an_answer_of_the_connection_layer_follows_the_policy(
    camera: Camera, origin: str, allowed: dict[str, str]
) -> None:
    answer = httpx.get(f"{camera.url}/api/stream?fps=%FF", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]) == (400, "the query is not percent-encoded UTF-8")
    assert access_headers(answer) == allowed
    assert answer.headers["vary"] == "Accept, Origin, Referer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505),
        (b"PUT /api/led HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        pytest.param(b"GET / HTTP/1.1\r\nA: " + b"a" * 9000, 431, marks=needs_long_head),
        (b"GET /nowhere HTTP/1.0\r\n\r\n", 404),
        (b"DELETE / HTTP/1.0\r\n\r\n", 405),
        (b"PUT /api/led HTTP/1.0\r\nContent-Length: 99999\r\n\r\n", 413),
        (b"GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n", 421),
    ],
)
def test_every_refusal_says_who_may_embed_it(camera: Camera, data: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"\r\nCross-Origin-Resource-Policy: same-origin\r\n") == 1
    assert answer.count(b"\r\nVary: Accept, Origin, Referer\r\n") == 1


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/led", "PUT, OPTIONS"),
        ("DELETE", "/api/camera", "GET, PUT, HEAD, OPTIONS"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(camera: Camera, method: str, path: str, allow: str) -> None:
    answer = httpx.request(method, camera.url + path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert answer.json() == {"error": f"this path takes {allow}", "code": "wrong-method"}


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "words"),
    [
        pytest.param("GET", "/nowhere", {}, 404, "there is nothing at this path; ask for /", id="API"),
        pytest.param("GET", "/", {"Host": "evil.example"}, 421, "the camera does not answer", id="guard"),
        pytest.param(
            *("GET", "/", {"Cookie": "a" * 9000}, 431, "the headers are longer"),
            id="connection",
            marks=needs_long_head,
        ),
        pytest.param("GET", "/%zz", {}, 400, "a percent sign without", id="parser"),
    ],
)
def test_who_opens_a_page_gets_words_and_a_program_json(
    camera: Camera, method: str, path: str, more: dict[str, str], status: int, words: str
) -> None:
    said = httpx.request(method, camera.url + path, headers={**BROWSER, **more})
    assert (said.status_code, said.headers["content-type"]) == (status, "text/plain; charset=UTF-8")
    assert said.text.startswith(words) and said.text.endswith("\n")
    answer = httpx.request(method, camera.url + path, headers={"Accept": "*/*", **more})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json; charset=UTF-8")
    assert error.status_of(answer.json()["code"]) == status
    for each in (said, answer):
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["vary"].split(", ")[0] == "Accept"


def test_a_preflight_is_answered_whatever_the_query(camera: Camera) -> None:
    answer = httpx.options(f"{camera.url}/api/led?x=%FF", headers={"Origin": ALLOWED, **PREFLIGHT})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ALLOWED


@pytest.mark.parametrize("head", [b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/9.9\r\nHost: a\r\n\r\n"])
def test_a_refused_head_request_has_no_content(camera: Camera, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", camera.port), timeout=10) as client:
        client.sendall(head)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.endswith(b"\r\n\r\n")
    assert b"\r\nVary: Accept, Origin, Referer\r\n" in answer

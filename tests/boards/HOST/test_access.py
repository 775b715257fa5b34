"""The lock of the running camera, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from access.roles import ROLES
from tests.kit.camera import OPEN, Camera, free_port
from tests.kit.tokens import TOKENS, access_file, bearer

IN_FORCE_S = 2
ALLOWED = "http://localhost:8000"
MISSING = "no /access.json; the camera is locked; to make a token: camcors token add NAME --role view"
_MAIN = """\
from camcors import access, app

@app.get('/closed')
async def closed(request):
    return 'closed'

@app.get('/open')
@access.public
async def opened(request):
    return 'open'

@app.get('/admin')
@access.needs('admin')
async def admin(request):
    return 'admin'
"""


def ask(camera: Camera, path: str = "/api/status", method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(method, camera.url + path, headers=headers, timeout=20)


def status(camera: Camera, *names: str) -> list[int]:
    return [ask(camera, **bearer(name)).status_code for name in names]


def wait(camera: Camera, name: str, expected: int) -> None:
    """Ask once, after the time that an edit may take: a wrong token more would wait for longer each time."""
    time.sleep(IN_FORCE_S)
    assert status(camera, name) == [expected]


@pytest.fixture
def locked(program: Path, tmp_path: Path) -> Iterator[Camera]:
    """A camera with a new flash, as a person has it."""
    with Camera(tmp_path / "flash.bin", access=None) as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera with a token of each role."""
    flash = tmp_path_factory.mktemp("camera") / "flash.bin"
    with Camera(flash, access=None) as running:
        running.wait_ready()
        running.put("access.json", access_file(*ROLES))
        time.sleep(IN_FORCE_S)
        yield running


def test_a_new_camera_is_locked_and_says_what_to_do(locked: Camera) -> None:
    assert f"camcors: {MISSING}" in locked.lines
    assert ask(locked, "/").status_code == 200
    for path in ("/api/status", "/api/capture", "/api/stream", "/api/camera", "/api/access", "/nowhere"):
        answer = ask(locked, path)
        assert (answer.status_code, answer.json()["code"]) == (401, "no-token")
        assert "camcors token add NAME --role " in answer.json()["remedy"]
    assert ask(locked, "/api/led", "PUT").status_code == 401
    assert ask(locked, **bearer("view")).json()["code"] == "wrong-token"


def test_a_page_reads_that_it_is_locked(locked: Camera) -> None:
    answer = ask(locked, Origin=ALLOWED)
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert answer.headers["www-authenticate"] == 'Bearer realm="camcors"'
    answer = ask(locked)
    assert answer.headers.get_list("www-authenticate") == [
        'Basic realm="camcors", charset="UTF-8"',
        'Bearer realm="camcors"',
    ]
    answer = ask(locked, "/api/led", "OPTIONS", Origin=ALLOWED, **{"Access-Control-Request-Method": "PUT"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, ALLOWED)


def test_the_file_is_in_force_within_two_seconds(locked: Camera) -> None:
    locked.put("access.json", access_file("view"))
    wait(locked, "view", 200)
    found = ask(locked, **bearer("view")).json()
    assert MISSING not in found["faults"]
    assert found["access"] == {
        "state": "active",
        "tokens": 1,
        "open": None,
        "role": "view",
        "wrong_tokens": found["access"]["wrong_tokens"],
    }
    locked.put("access.json", access_file("control"))
    wait(locked, "view", 401)
    assert status(locked, "control") == [200]
    locked.put("access.json", "{")
    time.sleep(IN_FORCE_S)
    assert status(locked, "control") == [200]  # it was meant
    locked.exec("import os; os.remove('/access.json')")
    wait(locked, "control", 401)


def test_an_open_camera_that_gets_a_faulty_file_is_locked(program: Path, tmp_path: Path) -> None:
    with Camera(tmp_path / "flash.bin", access=OPEN) as camera:
        camera.wait_ready()
        assert ask(camera).json()["access"] == {
            "state": "active",
            "tokens": 0,
            "open": "control",
            "role": "control",
            "wrong_tokens": 0,
        }
        camera.put("access.json", OPEN.replace("may watch", "can watch"))
        end = time.monotonic() + IN_FORCE_S
        while ask(camera).status_code == 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        camera.reset()
        camera.wait_ready()
        assert ask(camera).status_code == 401


def test_a_token_that_is_removed_ends_its_streams_and_no_other(locked: Camera) -> None:
    locked.put("access.json", access_file("view", "control"))
    wait(locked, "view", 200)
    with contextlib.ExitStack() as stack:
        ended, stays = (
            stack.enter_context(
                httpx.stream("GET", locked.url + "/api/stream", headers=bearer(name))
            ).iter_raw()
            for name in ("view", "control")
        )
        assert next(ended) and next(stays)
        locked.put("access.json", access_file("control"))
        begun = time.monotonic()
        for _ in ended:
            assert time.monotonic() < begun + IN_FORCE_S + 1
        seen = time.monotonic()
        assert status(locked, "view") == [401]
        for _ in stays:
            if time.monotonic() > seen + 1:
                break
        else:
            raise AssertionError("the other stream ended")
        assert locked.exec("from camcors.start import state; print(state.lock.access.tokens[0].name)")


@pytest.mark.parametrize("name", ROLES)
def test_the_real_paths(camera: Camera, name: str) -> None:
    headers = bearer(name)
    assert ask(camera, "/api/capture", **headers).content[:2] == b"\xff\xd8"
    assert httpx.get(f"{camera.url}/api/status", auth=("any", TOKENS[name])).status_code == 200
    answer = httpx.put(f"{camera.url}/api/led", json={"level": 1}, headers=headers)
    assert answer.status_code == (403 if name == "view" else 200)
    answer = ask(camera, "/api/access", **headers)
    assert answer.status_code == (200 if name == "admin" else 403)
    for secret_text in TOKENS.values():
        assert secret_text not in answer.text
    made = httpx.post(f"{camera.url}/api/links", json={"path": "/api/capture", "for_s": 60}, headers=headers)
    assert ask(camera, made.json()["path"]).headers["content-type"] == "image/jpeg"


def test_a_session_of_the_camera_s_own_page(camera: Camera) -> None:
    with httpx.Client(base_url=camera.url, headers={"Origin": camera.url}) as client:
        assert client.put("/api/led", json={"level": 1}).status_code == 401
        assert client.post("/api/session", json={"token": TOKENS["control"]}).json()["role"] == "control"
        assert client.put("/api/led", json={"level": 1}).status_code == 200
        assert client.delete("/api/session").status_code == 204
        assert client.put("/api/led", json={"level": 1}).status_code == 401


def test_a_wrong_token_waits_is_counted_and_said(locked: Camera) -> None:
    begun = time.monotonic()
    assert status(locked, "wrong") == [401]
    assert time.monotonic() - begun >= 0.25
    locked.wait_for("camcors: refused: 1 with a wrong token")
    code = "from camcors.start import state\nprint(state.report()['access']['wrong_tokens'])"
    assert locked.exec(code) == "1\n"
    assert not [line for line in locked.drain() if TOKENS["wrong"] in line]


def test_who_guesses_takes_no_slot_from_others(camera: Camera) -> None:
    """The answers to six clients wait, in all slots; that to the next one, with a right token, does not."""
    head = f"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKENS['wrong']}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for is_last in (False, True):  # the answers to the second six wait for 4 s each
            clients = [
                stack.enter_context(socket.create_connection(("127.0.0.1", camera.port), timeout=20))
                for _ in range(6)
            ]
            for client in clients:
                client.sendall(head.encode())
            for client in [] if is_last else clients:
                assert client.recv(4096).startswith(b"HTTP/1.1 401 ")
                client.close()
        assert ask(camera, **bearer("view")).status_code == 200
        assert [client for client in clients if client.recv(4096) == b""]  # one gave way, without an answer


def test_handlers_of_main_py(locked: Camera) -> None:
    locked.put("access.json", access_file(*ROLES))
    locked.put("main.py", _MAIN)
    locked.reset()
    locked.wait_ready()
    found = {path: ask(locked, path).status_code for path in ("/closed", "/open", "/admin")}
    assert found == {"/closed": 401, "/open": 200, "/admin": 401}
    found = {path: ask(locked, path, **bearer("view")).status_code for path in found}
    assert found == {"/closed": 200, "/open": 200, "/admin": 403}
    assert ask(locked, "/admin", **bearer("admin")).text == "admin"


def test_remote_saves_the_file_checked_and_puts_it_in_force(locked: Camera) -> None:
    code = """
from binascii import hexlify
from hashlib import sha256
from camcors import remote
data = {data!r}
remote.collect(data, True)
wanted = str(hexlify(sha256(data).digest()), "ascii")
print(remote.save("/access.json", wanted, remote.digest("/access.json")))
print(remote.look()["access"]["tokens"])
"""
    assert locked.exec(code.format(data=access_file("view").encode())) == "None\n1\n"
    assert status(locked, "view") == [200]
    assert locked.exec(code.format(data=b'{"tokens": 5}')).splitlines()[0].startswith("tokens: ")
    assert status(locked, "view") == [200]


_POWER_ONS = 200
_ASKED = ("/api/capture", "/api/status", "/api/stream", "/api/access")


def first_answer(port: int, path: str, end: float) -> int:
    """The status of the first answer that a camera gives after its power came on."""
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            if answer := line.recv(64):
                return int(answer.split()[1])
    raise AssertionError("no answer")


def test_no_power_on_answers_before_it_is_locked(program: Path, tmp_path: Path) -> None:
    """Somebody asks all the time, from before the start."""
    flash, port = tmp_path / "flash.bin", free_port()
    found: dict[tuple[str, int], int] = {}
    for i in range(_POWER_ONS):
        path = _ASKED[i % len(_ASKED)]
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(first_answer, port, path, time.monotonic() + 60)
            with Camera(flash, port=port, access=access_file("view")) as camera:
                key = (path, asking.result())
                found[key] = found.get(key, 0) + 1
                if i in (0, _POWER_ONS - 1):
                    assert status(camera.wait_ready(), "view") == [200]
    assert found == {(path, 401): _POWER_ONS // len(_ASKED) for path in _ASKED}

"""The server's thread beside the person's: a full heap, a second loop of asyncio, a server that ends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import httpx
import pytest

from tests.kit.camera import Camera


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.run(nothing())",
        "asyncio.run_until_complete(nothing())",
        "asyncio.new_event_loop()",
        "asyncio.get_event_loop().run_forever()",
        "asyncio.get_event_loop().run_until_complete(nothing())",
        "__import__('camcors').app.run()",
    ],
)
def test_a_second_loop_of_asyncio_is_refused(new_camera: Camera, call: str) -> None:
    """It would share the tasks and the poller of the server's thread, and end in a crash."""
    new_camera.put("main.py", f"import asyncio\nasync def nothing():\n    pass\n{call}\n")
    new_camera.reset()
    new_camera.wait_ready()
    for _ in range(5):
        assert new_camera.status()["board"] == "HOST"
    said = " ".join(new_camera.drain())
    assert "asyncio runs in the camera's thread; write handlers for camcors.app, or use _thread" in said


def test_a_server_that_ends_starts_anew(new_camera: Camera) -> None:
    new_camera.exec("from camcors.start import state; state.poll_policy = None")
    new_camera.wait_for("camcors: the server ended: TypeError(")
    new_camera.wait_ready()
    found = new_camera.status()
    assert found["faults"] == []
    assert found["restart"]["cause"] == "server-ended"
    assert found["restart"]["reason"].startswith("TypeError(")
    new_camera.reset()
    new_camera.wait_ready()
    assert new_camera.status()["restart"] == {"cause": "reset", "reason": None}


def test_a_handler_that_exits_ends_no_camera(new_camera: Camera) -> None:
    route = "import sys\nfrom camcors import app\n@app.get('/exit')\ndef leave(request):\n    sys.exit(1)\n"
    new_camera.put("main.py", route)
    new_camera.reset()
    new_camera.wait_ready()
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(new_camera.url + "/exit", timeout=2)
    new_camera.wait_ready()
    assert new_camera.status()["restart"] == {"cause": "server-ended", "reason": "SystemExit(1,)"}


def test_a_server_that_never_served_is_left_to_the_person(new_camera: Camera) -> None:
    """It would only end again: the REPL stays, and says why."""
    new_camera.exec("from camcors.start import state; state.has_served = False; state.poll_policy = None")
    new_camera.wait_for("camcors: the server ended: TypeError(")
    time.sleep(7)  # a restart comes after 5 s
    assert "the server ended" in new_camera.exec("print(state.faults)")
    assert not [line for line in new_camera.drain() if line.startswith("ready ")][1:]


def wait_for_rest(camera: Camera) -> None:
    """Until it serves and nobody watches: a viewer that has left is noticed with the next picture."""
    limit = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if not camera.status()["clients"]["viewers"]:
                return
        assert time.monotonic() < limit
        time.sleep(0.1)


FILL_THE_HEAP = """
import gc, time

def fill(holds):  # a function, since new globals would need memory
    kept = None
    for size in (65536, 4096, 512, 64, 16):
        try:
            while True:
                kept = [kept, bytearray(size)]
        except MemoryError:
            pass
    end = time.ticks_add(time.ticks_ms(), 2000)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        try:
            while holds:
                kept = [kept, None]
        except MemoryError:
            pass
        try:
            time.sleep_ms(1)
        except MemoryError:
            pass
    while kept:  # link by link: a stale pointer on the stack would keep the whole chain
        link = kept
        kept = link[0]
        link[0] = link[1] = None

fill(HOLDS)
gc.collect()
"""


@pytest.mark.parametrize("holds", [False, True])
def test_a_full_heap_ends_no_camera(new_camera: Camera, holds: bool) -> None:
    """While it is full, clients are refused, pictures fail, and at worst the board restarts."""
    end = threading.Event()

    def ask() -> None:
        while not end.is_set():
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(new_camera.url + "/api/status", timeout=1)

    def watch() -> None:
        while not end.is_set():
            with contextlib.suppress(httpx.HTTPError), httpx.stream("GET", stream, timeout=1) as answer:
                for _ in answer.iter_raw():
                    if end.is_set():
                        break

    stream = new_camera.url + "/api/stream"
    threads = [threading.Thread(target=target) for target in (ask, ask, watch, watch)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(1 if holds else 2):
            new_camera.exec(FILL_THE_HEAP.replace("HOLDS", str(holds)))
    finally:
        end.set()
        for thread in threads:
            thread.join(20)
    wait_for_rest(new_camera)
    with httpx.stream("GET", stream, timeout=10) as answer:
        assert answer.status_code == 200
        assert next(answer.iter_raw()).startswith(b"--frame")
    late = socket.create_connection(("127.0.0.1", new_camera.port), timeout=15)
    with contextlib.closing(late):
        late.sendall(b"GET / HT")
        assert late.recv(100).startswith(b"HTTP/1.1 408 ")  # deadlines are kept, too
    assert new_camera.process.poll() is None

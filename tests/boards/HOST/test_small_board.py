"""The camera with words of 32 bits in the heap that an ESP32 without PSRAM leaves it: 111 KB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cors import Policy
from tests.kit.camera import Camera
from tests.kit.pages import wait_until
from tests.kit.small_board import HEAP, PICTURE, give_blank, policy_of_8_kb, room
from tests.kit.small_load import load


@pytest.fixture(scope="module")
def small(program32: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    flash = tmp_path_factory.mktemp("small") / "flash.bin"
    with Camera(flash, program=program32, heap=HEAP) as running:
        yield running.wait_ready()


def test_it_is_a_board_of_32_bits(small: Camera) -> None:
    assert small.exec("import sys\nprint(sys.maxsize)") == f"{2**31 - 1}\n"


def test_what_is_free_is_in_one_piece(program32: Path, tmp_path: Path) -> None:
    """After the start, a picture has room."""
    with Camera(tmp_path / "flash.bin", program=program32, heap=HEAP) as camera:
        used, largest = room(camera.wait_ready())
    assert largest >= 48 * 1024, used


def test_six_idle_clients(program32: Path, tmp_path: Path) -> None:
    """What a request took is given back; a client that is kept costs half a kilobyte."""
    with (
        Camera(tmp_path / "flash.bin", program=program32, heap=HEAP) as camera,
        contextlib.ExitStack() as stack,
    ):
        camera.wait_ready()
        for _ in range(6):
            client = stack.enter_context(httpx.Client(base_url=camera.url, timeout=5))
            assert client.get("/api/camera").status_code == 200
        wait_until(lambda: room(camera)[0] <= 62 * 1024)
        assert camera.status()["clients"]["connections"] == 6  # one of them gave way to this request


def test_it_serves_without_a_fault(small: Camera) -> None:
    for path in ("/", "/api/status", "/api/camera", "/api/status"):
        assert httpx.get(small.url + path, timeout=5).status_code == 200
    status = httpx.get(small.url + "/api/status", timeout=5).json()
    assert status["faults"] == []
    assert status["clients"]["faults"] == 0
    assert 100_000 < status["heap"]["used"] + status["heap"]["free"] <= HEAP


def test_a_policy_of_8_kb(program32: Path, tmp_path: Path) -> None:
    """It is put in force, and what a page asks for is answered.
    The list of who may frame an answer is for documents only, and may find no room."""
    text = policy_of_8_kb()
    policy_of_it = Policy.from_json(text)
    with Camera(tmp_path / "flash.bin", program=program32, heap=HEAP) as camera:
        camera.wait_ready().put("policy.json", text)
        headers = {"Origin": policy_of_it.allowed_origins[-1]}

        def answer() -> httpx.Response:
            return httpx.get(camera.url + "/api/status", headers=headers, timeout=5)

        wait_until(lambda: "Access-Control-Allow-Origin" in answer().headers, every=0.5)
        policy = answer().json()["policy"]
        assert (policy["state"], policy["digest"]) == ("active", policy_of_it.digest)
        assert camera.drain()[-1] == f"ready {camera.url}"


def test_four_streams_and_two_who_poll(program32: Path, tmp_path: Path) -> None:
    """Pictures of 10 KB, beside the picture itself: nothing fails."""
    with Camera(tmp_path / "flash.bin", program=program32, heap=HEAP + PICTURE) as camera:
        give_blank(camera.wait_ready())
        frames, answers = load(camera, 40)
        assert (frames, set(answers)) == ([40] * 4, {200})
        status = camera.status()
        assert (status["frames"]["failed"], status["clients"]["faults"]) == (0, 0)

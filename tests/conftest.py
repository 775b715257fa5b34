"""Fixtures of the tests that need the built camera."""

from __future__ import annotations

import functools
import gc
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from camcors_build import pages

from tests.kit.authority import Authority
from tests.kit.camera import PROGRAM, PROGRAM32, TOP, Camera
from tests.kit.order import spread
from tests.kit.small_board import TEST_HEAP, is_for_camera, skip_without_room

# Python's collector would look at all tests again and again while they are collected, and then beside each.
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if IS_WORKER:
    gc.disable()

# What the build freezes of firmware/pages, for the firmware on CPython.
pages.load()

# httpx reads this machine's certificates for each call, of plain HTTP too: ten times the work of the call.
httpx._transports.default.create_ssl_context = functools.cache(httpx.create_ssl_context)

# Under nohup, and in some CI, these are ignored, and what the tests start would inherit that.
for signum, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(signum) is signal.SIG_IGN:
        signal.signal(signum, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let `make test` take the files in an order that keeps all of its workers busy to the end, and
    `make test-small` only those tests that run on the camera."""
    if TEST_HEAP:
        items[:] = [item for item in items if is_for_camera(item)]
    for item in items:
        skip_without_room(item)
    if IS_WORKER:
        items[:] = spread(items)


def pytest_collection_finish() -> None:
    """From here on, the collector looks only at what the tests make."""
    if IS_WORKER:
        import hypothesis  # noqa: F401  it asks who holds a generator of random numbers, and would miss them

        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def program() -> Path:
    if not PROGRAM.is_file():
        pytest.fail(f"{PROGRAM} is not built; run: make {'host32' if TEST_HEAP else 'host'}")
    return PROGRAM


@pytest.fixture(scope="session")
def program32() -> Path:
    """The camera of 32 bits; skips where gcc has no libraries for it."""
    if subprocess.run(["sh", TOP / "tools/camcors_build/check.sh", "builds32"]).returncode:
        pytest.skip("gcc has no libraries for 32 bits: sudo apt install gcc-multilib")
    if not PROGRAM32.is_file():
        pytest.fail(f"{PROGRAM32} is not built; run: make host32")
    return PROGRAM32


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whose certificates Chromium and Firefox trust here."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera with a new flash, shared by the tests of a module."""
    with Camera(tmp_path_factory.mktemp("camera") / "flash.bin") as running:
        yield running.wait_ready()


@pytest.fixture
def new_camera(program: Path, tmp_path: Path) -> Iterator[Camera]:
    """A camera with a new flash for one test alone."""
    with Camera(tmp_path / "flash.bin") as running:
        yield running.wait_ready()

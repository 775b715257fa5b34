"""The browsers and a page's server, as the dashboard's tests have them, and cameras that are locked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.camera import Camera
from tests.kit.engines.fixtures import browser, firefox, tab, webkit
from tests.kit.pages import Site
from tests.kit.tokens import access_file, bearer, give

__all__ = ["browser", "firefox", "tab", "webkit"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@contextlib.contextmanager
def _locked(flash: Path) -> Iterator[Camera]:
    """Run a camera that knows a token of each role but admin."""
    with Camera(flash, access=None) as running:
        give(running.wait_ready(), access_file("view", "control"))
        running.headers = bearer("view")
        yield running


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    with _locked(tmp_path_factory.mktemp("camera") / "flash.bin") as running:
        yield running


@pytest.fixture
def new_camera(program: Path, tmp_path: Path) -> Iterator[Camera]:
    with _locked(tmp_path / "flash.bin") as running:
        yield running

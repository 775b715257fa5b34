"""The browsers, pages on other origins, and the dashboard as a person starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.camera import Camera
from tests.kit.engines.fixtures import browser, firefox, tab, webkit
from tests.kit.pages import Dashboard, Site, Start
from tests.kit.tokens import access_file, give

__all__ = ["browser", "firefox", "tab", "webkit"]


def is_fault(text: str) -> bool:
    """Whether the console's `text` says that a page broke its own policy. A camera's refusal of a frame is none."""
    return "Security Policy" in text and "frame-ancestors" not in text


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own. A fault of its scripts, or of its security policy, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if is_fault(said.text) else None)
    yield opened
    context.close()
    assert faults == []


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def start_camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start one more camera with a new flash, which lives as long as the module's tests."""
    with ExitStack() as stack:

        def start() -> Camera:
            flash = tmp_path_factory.mktemp("camera") / "flash.bin"
            return stack.enter_context(Camera(flash)).wait_ready()

        yield start


@pytest.fixture(scope="module")
def dashboard(camera: Camera) -> Iterator[Dashboard]:
    """`camcors dashboard` with the module's camera on its --port."""
    with Dashboard("--port", camera.repl) as running:
        yield running


@pytest.fixture(scope="module")
def locked(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera that knows a token of each role but admin."""
    with Camera(tmp_path_factory.mktemp("locked") / "flash.bin", access=None) as camera:
        give(camera.wait_ready(), access_file("view", "control"))
        yield camera

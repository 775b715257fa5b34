"""The browsers, pages on other origins, and the dashboard as a person starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kit.camera import Camera
from tests.kit.chromium import ARGUMENTS, find_chromium
from tests.kit.engines.chromium import new_tab
from tests.kit.engines.firefox import Firefox
from tests.kit.engines.tab import Tab
from tests.kit.engines.webkit import WebKit, display
from tests.kit.pages import Dashboard, Site, Start


# A browser is shared by the package's tests that one worker runs one after the other. Not by all of its tests:
# Playwright keeps a loop running in the thread, in which others could then not run theirs.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; names below .example lead to this machine."""
    path = find_chromium()
    if path is None:
        pytest.fail("Chromium is missing; install it with: sudo apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="package")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    running = Firefox(tmp_path_factory.mktemp("firefox"))
    yield running
    running.close()


@pytest.fixture(scope="package")
def webkit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebKit]:
    with display() as screen:
        running = WebKit(screen, tmp_path_factory.mktemp("webkit") / "driver.log")
        yield running
        running.close()


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def tab(request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A page of each engine. Names below localhost lead here in all of them."""
    running = request.getfixturevalue("browser" if request.param == "chromium" else request.param)
    with new_tab(running) if request.param == "chromium" else running.new_tab() as opened:
        yield opened


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

"""Who may show the camera in a frame, in Chromium and in Firefox; a refused frame holds no viewer slot."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from marionette_driver.marionette import Marionette
from playwright.sync_api import Browser

from tests.kit.camera import Camera, free_port
from tests.kit.pages import Site, Tap, allow, status, wait_until

DASHBOARD, FOREIGN = "dashboard.example", "evil.example"

#: Opens a URL in a page, and runs a script there.
Open = Callable[[str], Callable[[str], object]]

TAGS = {
    "iframe": "<iframe src={}></iframe>",
    "iframe, sandboxed": "<iframe sandbox src={}></iframe>",
    "iframe, sandboxed with scripts": "<iframe sandbox='allow-scripts allow-same-origin' src={}></iframe>",
    "object": "<object data={} width=300 height=200></object>",
    "embed": "<embed src={} width=300 height=200>",
}


@contextlib.contextmanager
def in_firefox(folder: Path) -> Iterator[Open]:
    """Debian's Firefox, headless, driven by Mozilla's own client; two names below .example lead here."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.fail("Firefox is missing; install it with: sudo apt install firefox-esr")
    port = free_port()
    prefs = {"marionette.port": port, "network.dns.localDomains": f"{DASHBOARD},{FOREIGN}"}
    firefox = Marionette(
        host="127.0.0.1",
        port=port,
        bin=program,
        headless=True,
        prefs=prefs,
        gecko_log=str(folder / "gecko.log"),
        startup_timeout=90,
    )
    try:
        firefox.start_session()

        def open_page(url: str) -> Callable[[str], object]:
            firefox.navigate(url)
            return firefox.execute_script

        yield open_page
        firefox.quit(in_app=True)
    finally:
        firefox.cleanup()
        firefox.profile = None  # or it is removed once more when Python ends


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def open_page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    if request.param == "firefox":
        with in_firefox(tmp_path_factory.mktemp("firefox")) as opened:
            yield opened
        return
    browser: Browser = request.getfixturevalue("browser")
    page = browser.new_page()

    def open_in_chromium(url: str) -> Callable[[str], object]:
        page.goto(url)
        return lambda script: page.evaluate(f"() => {{{script}}}")

    yield open_in_chromium
    page.close()


@pytest.fixture(scope="module")
def framed(camera: Camera, site: Site) -> Camera:
    """A camera that allows the dashboard's origin."""
    allow(camera, site.origin(DASHBOARD))
    return camera


def viewers(camera: Camera) -> int:
    return int(status(camera)["clients"]["viewers"])


def add(run: Callable[[str], object], tag: str, url: str) -> None:
    run(f"document.body.insertAdjacentHTML('beforeend', {json.dumps(TAGS[tag].format(json.dumps(url)))})")


@pytest.mark.parametrize("tag", TAGS)
def test_a_refused_frame_holds_no_viewer_slot(open_page: Open, framed: Camera, site: Site, tag: str) -> None:
    wait_until(lambda: viewers(framed) == 0)
    with Tap(framed) as tap:
        run = open_page(site.origin(FOREIGN))
        add(run, tag, f"{tap.url}/api/stream")
        wait_until(lambda: ("GET /api/stream", 200) in tap.heard)
        wait_until(lambda: viewers(framed) == 0)
        assert run("return document.body.lastChild.isConnected") is True


@pytest.mark.parametrize("tag", ["iframe", "iframe, sandboxed with scripts"])
def test_an_allowed_page_frames_the_camera_s_page(
    open_page: Open, framed: Camera, site: Site, tag: str
) -> None:
    """The camera's page runs there: it shows its picture, for which it takes a viewer slot."""
    wait_until(lambda: viewers(framed) == 0)
    run = open_page(site.origin(DASHBOARD))
    add(run, tag, f"{framed.url}/")
    wait_until(lambda: viewers(framed) == 1)
    run("document.body.lastChild.remove()")
    wait_until(lambda: viewers(framed) == 0)


def test_a_foreign_page_does_not_frame_the_camera_s_page(open_page: Open, framed: Camera, site: Site) -> None:
    with Tap(framed) as tap:
        run = open_page(site.origin(FOREIGN))
        run(
            "return new Promise(done => {const frame = document.createElement('iframe');"
            f"frame.onload = done; frame.src = {json.dumps(tap.url + '/')}; document.body.append(frame)}})"
            ".then(() => true)"
        )
        run(
            f"return fetch({json.dumps(tap.url + '/api/camera')}, {{mode: 'no-cors'}}).then(() => 1, () => 0)"
        )
        wait_until(lambda: ("GET /api/camera", 200) in tap.heard)
        assert [line for line, _ in tap.heard] == ["GET /", "GET /api/camera"]

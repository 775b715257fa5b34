"""Who may show the camera in a frame, in each engine; a refused frame holds no viewer slot."""

from __future__ import annotations

import json

import pytest

from tests.kit.camera import Camera
from tests.kit.engines.tab import Tab
from tests.kit.pages import Site, Tap, allow, status, wait_until

DASHBOARD, FOREIGN = "dashboard.localhost", "evil.localhost"

TAGS = {
    "iframe": "<iframe src={}></iframe>",
    "iframe, sandboxed": "<iframe sandbox src={}></iframe>",
    "iframe, sandboxed with scripts": "<iframe sandbox='allow-scripts allow-same-origin' src={}></iframe>",
    "object": "<object data={} width=300 height=200></object>",
    "embed": "<embed src={} width=300 height=200>",
}


@pytest.fixture(scope="module")
def framed(camera: Camera, site: Site) -> Camera:
    """A camera that allows the dashboard's origin."""
    allow(camera, site.origin(DASHBOARD))
    return camera


#: A frame that goes as its stream begins may leave WebKit's connection open, and read no more: then the camera's
#: `write_timeout_ms`, which is 20 s, frees the slot.
SECONDS = 40


def viewers(camera: Camera) -> int:
    return int(status(camera)["clients"]["viewers"])


def add(tab: Tab, tag: str, url: str) -> None:
    tab.run(f"document.body.insertAdjacentHTML('beforeend', {json.dumps(TAGS[tag].format(json.dumps(url)))})")


@pytest.mark.parametrize("tag", TAGS)
def test_a_refused_frame_holds_no_viewer_slot(tab: Tab, framed: Camera, site: Site, tag: str) -> None:
    wait_until(lambda: viewers(framed) == 0)
    with Tap(framed) as tap:
        tab.open(site.origin(FOREIGN))
        add(tab, tag, f"{tap.url}/api/stream")
        wait_until(lambda: ("GET /api/stream", 200) in tap.heard)
        wait_until(lambda: viewers(framed) == 0)
        assert tab.run("return document.body.lastChild.isConnected") is True


@pytest.mark.parametrize("tag", ["iframe", "iframe, sandboxed with scripts"])
def test_an_allowed_page_frames_the_camera_s_page(tab: Tab, framed: Camera, site: Site, tag: str) -> None:
    """The camera's page runs there: it shows its picture, for which it takes a viewer slot."""
    wait_until(lambda: viewers(framed) == 0)
    tab.open(site.origin(DASHBOARD))
    add(tab, tag, f"{framed.url}/")
    wait_until(lambda: viewers(framed) == 1)
    tab.run("document.body.lastChild.remove()")
    wait_until(lambda: viewers(framed) == 0, SECONDS)


def test_a_foreign_page_does_not_frame_the_camera_s_page(tab: Tab, framed: Camera, site: Site) -> None:
    with Tap(framed) as tap:
        tab.open(site.origin(FOREIGN))
        tab.run(
            "await new Promise(done => {const frame = document.createElement('iframe');"
            f"frame.onload = done; frame.src = {json.dumps(tap.url + '/')}; document.body.append(frame)}})"
        )
        tab.run(
            f"return fetch({json.dumps(tap.url + '/api/camera')}, {{mode: 'no-cors'}}).then(() => 1, () => 0)"
        )
        wait_until(lambda: ("GET /api/camera", 200) in tap.heard)
        assert [line for line, _ in tap.heard] == ["GET /", "GET /api/camera"]

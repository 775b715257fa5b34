"""The camera's own page, at /, in Chromium."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.kit.camera import TOP, Camera
from tests.kit.pages import Start, watch


@pytest.fixture(scope="module")
def kitchen(start_camera: Start) -> Camera:
    """A camera with a name, and with a fault in each of its files."""
    camera = start_camera()
    camera.put("camera.json", '{"name": "kitchen", "prot": 8080}')
    camera.put("policy.json", '{"version": 2}')
    camera.reset()
    return camera.wait_ready()


def is_live(page: Page) -> bool:
    return page.locator("#state").inner_text() == "Live" and page.evaluate(
        "document.getElementById('view').naturalWidth > 0"
    )


def test_it_shows_the_picture_and_the_name(page: Page, camera: Camera, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 1180, "height": 760})
    page.goto(camera.url + "/")
    watch(page, lambda: is_live(page))
    expect(page).to_have_title("camcors")
    expect(page.locator("#faults")).to_be_empty()
    page.wait_for_timeout(3500)  # the status after the first one counts the viewer
    folder = TOP / ".github" if os.environ.get("CAMCORS_SCREENSHOTS") else tmp_path
    page.screenshot(path=folder / "camera.png")


def test_it_shows_the_faults(page: Page, kitchen: Camera) -> None:
    page.goto(kitchen.url + "/")
    expect(page).to_have_title("kitchen")
    expect(page.locator("#faults")).to_contain_text('/camera.json: prot: unknown key; write "port"')
    expect(page.locator("#faults")).to_contain_text("/policy.json: version")


def test_it_follows_what_others_set(page: Page, camera: Camera) -> None:
    page.goto(camera.url + "/")
    watch(page, lambda: is_live(page))
    quality = page.get_by_label("Quality")
    expect(quality).to_have_value("80")
    assert (
        httpx.put(camera.url + "/api/camera", json={"quality": 33, "frame_size": "QVGA"}).status_code == 200
    )
    assert httpx.put(camera.url + "/api/led", json={"level": 44}).status_code == 200
    expect(quality).to_have_value("33")
    expect(page.get_by_label("Frame size")).to_have_value("QVGA")
    expect(page.get_by_label("Lamp")).to_have_value("44")
    quality.fill("90")  # what a person does here is sent, and stays
    watch(page, lambda: httpx.get(camera.url + "/api/camera").json()["quality"] == 90)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(3500)
    expect(quality).to_have_value("90")
    httpx.put(camera.url + "/api/camera", json={"quality": 80, "frame_size": "VGA"})
    httpx.put(camera.url + "/api/led", json={"level": 0})

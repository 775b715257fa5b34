"""The README's pictures: CAMCORS_SCREENSHOTS=1 writes them to .github, and each run takes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.kit.camera import TOP
from tests.kit.pages import Dashboard, add_camera, allow, is_live, tile, watch

_FOLDER = TOP / ".github"


@pytest.fixture(scope="module")
def three(start_camera):
    return [start_camera() for _ in range(3)]


def prepare(page: Page, url: str, cameras: list) -> None:
    page.goto(url)
    for camera in cameras:
        add_camera(page, camera.url)
    page.locator(".toast").get_by_role("button", name="Dismiss").click()
    page.evaluate("document.activeElement.blur()")
    for camera in cameras[:2]:
        watch(page, lambda camera=camera: is_live(page, camera.url))
    expect(tile(page, cameras[2].url).locator(".why")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1500)


def take(page: Page, tmp_path: Path, name: str) -> None:
    folder = _FOLDER if os.environ.get("CAMCORS_SCREENSHOTS") else tmp_path
    page.screenshot(path=folder / name)
    size = page.viewport_size
    with Image.open(folder / name) as picture:
        assert size is not None and picture.size == (size["width"], size["height"])
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 100


@pytest.mark.timeout(240)
def test_screenshots(browser: Browser, three: list, tmp_path: Path):
    with Dashboard("--port", three[0].repl) as server:
        for camera in three[:2]:
            allow(camera, server.url, "https://*.example.com", expose_headers=["X-Frame-Id", "X-Timestamp"])
        desk = browser.new_context(
            viewport={"width": 1280, "height": 520}, color_scheme="light", reduced_motion="reduce"
        )
        page = desk.new_page()
        prepare(page, server.url, three)
        take(page, tmp_path, "dashboard.png")
        desk.close()
        dark = browser.new_context(
            viewport={"width": 1280, "height": 1060}, color_scheme="dark", reduced_motion="reduce"
        )
        page = dark.new_page()
        prepare(page, server.url, three)
        tile(page, three[0].url).locator(".picture").click()
        page.get_by_role("button", name="Which origins may do what?").click()
        page.locator(".origins tbody tr").first.wait_for()
        watch(page, lambda: "…" not in page.locator(".large-side").inner_text(), 30)
        if os.environ.get("CAMCORS_SCREENSHOTS"):
            page.wait_for_timeout(40_000)  # something for the plots to show
        page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
        take(page, tmp_path, "dashboard-camera.png")
        dark.close()
        phone = browser.new_context(
            viewport={"width": 390, "height": 780}, color_scheme="light", reduced_motion="reduce"
        )
        page = phone.new_page()
        prepare(page, server.url, [three[2], *three[:2]][::-1])
        page.evaluate("scrollTo(0, 0)")
        take(page, tmp_path, "dashboard-phone.png")
        phone.close()

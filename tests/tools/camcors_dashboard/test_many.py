"""Two dashboards and four cameras at once; a camera has four places for viewers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.kit.pages import (
    Dashboard,
    add_camera,
    allow,
    is_live,
    status,
    tile,
    wait_until,
    watch,
)


@pytest.fixture(scope="module")
def four(start_camera):
    return [start_camera() for _ in range(4)]


def test_two_dashboards_and_four_cameras(browser: Browser, four):
    with Dashboard() as one, Dashboard() as two:
        for camera in four:
            allow(camera, one.url, two.url)
        contexts = [browser.new_context(viewport={"width": 1280, "height": 1000}) for _ in range(2)]
        pages = []
        for context, server in zip(contexts, (one, two)):
            page = context.new_page()
            page.goto(server.url)
            for camera in four:
                add_camera(page, camera.url)
            pages.append(page)
        for page in pages:
            watch(page, lambda page=page: all(is_live(page, camera.url) for camera in four), 40)
        assert [status(camera)["clients"]["viewers"] for camera in four] == [2, 2, 2, 2]
        frames = [status(camera)["frames"]["captured"] for camera in four]
        watch(pages[0], lambda: all(status(c)["frames"]["captured"] > n + 5 for c, n in zip(four, frames)))
        contexts[0].close()
        wait_until(lambda: [status(camera)["clients"]["viewers"] for camera in four] == [1, 1, 1, 1])
        assert all(is_live(pages[1], camera.url) for camera in four)
        contexts[1].close()


def test_the_fifth_viewer_waits_for_a_place(browser: Browser, four):
    camera = four[0]
    with Dashboard() as server:
        allow(camera, server.url)
        contexts = [browser.new_context() for _ in range(5)]
        pages = []
        for number, context in enumerate(contexts):
            page = context.new_page()
            page.goto(server.url)
            add_camera(page, camera.url)
            pages.append(page)
            if number < 4:
                watch(page, lambda page=page: is_live(page, camera.url))
        busy = tile(pages[4], camera.url).locator('.why[data-cause="busy"]')
        expect(busy).to_contain_text("All 4 stream slots are taken", timeout=20_000)
        expect(tile(pages[4], camera.url).locator(".state")).to_have_text("Busy")
        contexts[0].close()
        watch(pages[4], lambda: is_live(pages[4], camera.url), 30)
        for context in contexts[1:]:
            context.close()

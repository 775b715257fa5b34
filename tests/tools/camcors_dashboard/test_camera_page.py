"""The camera's own page, at /, in Chromium."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.kit.camera import TOP, Camera
from tests.kit.pages import Dashboard, Start, Tap, add_camera, allow, settings_of, tile, watch
from tests.kit.pages import is_live as is_tile_live


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


def test_below_a_path_of_a_proxy(page: Page, camera: Camera) -> None:
    with Tap(camera, "/cam") as proxy:
        page.goto(f"{proxy.url}/cam/")
        watch(page, lambda: is_live(page))
        with page.expect_download():
            page.get_by_role("button", name="Save a picture").click()
        page.get_by_label("Contrast").fill("1")
        page.get_by_label("Lamp").fill("7")
        watch(page, lambda: settings_of(camera)["contrast"] == 1)
        watch(page, lambda: httpx.get(camera.url + "/api/status").json()["camera"]["led"] == 7)
        page.get_by_label("Contrast").fill("0")
        page.get_by_label("Lamp").fill("0")
        watch(page, lambda: settings_of(camera)["contrast"] == 0)
        assert [line for line, status in proxy.heard if status != 200] == []
        assert all(line.split(" ")[1].startswith("/cam/") for line, _ in proxy.heard)


_COLOURS = """() => {
  const colour = (element, name) => element ? getComputedStyle(element)[name] : "none";
  const primary = document.querySelector("#shot, .large .primary");
  const card = [...document.querySelectorAll("h2")].find((each) => each.textContent === "Settings").closest("section");
  return [
    colour(document.body, "backgroundColor"), colour(document.body, "color"),
    colour(card, "backgroundColor"), colour(card, "borderTopColor"),
    colour(primary, "backgroundColor"), colour(primary, "color"),
    colour(document.querySelector("#state, .large .state"), "color"), colour(document.querySelector("dt"), "color"),
  ];
}"""
_WORDS = """() => {
  const words = (selector) => [...document.querySelectorAll(selector)].map((each) => each.firstChild.textContent.trim());
  const headings = words("h2").filter((each) => ["Settings", "Status"].includes(each));
  return { facts: words("dt"), fields: words("main #form label, .fields label"), headings };
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_the_words_the_order_and_the_colours_of_the_dashboard(
    page: Page, camera: Camera, dashboard: Dashboard, scheme: str
) -> None:
    allow(camera, dashboard.url)
    page.emulate_media(color_scheme=scheme)
    page.goto(camera.url + "/")
    watch(page, lambda: is_live(page))
    own = page.evaluate(_WORDS), page.evaluate(_COLOURS)
    states = [page.locator("#state").inner_text()]
    page.get_by_role("button", name="Pause").click()
    watch(page, lambda: page.locator("#state").inner_text() == "Paused")
    states += [page.locator("#state").inner_text(), page.locator("#hold").inner_text()]
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    watch(page, lambda: is_tile_live(page, camera.url))
    tile(page, camera.url).locator(".picture").click()
    page.get_by_label("Frame size").wait_for()
    watch(page, lambda: page.locator('.large[data-state="live"]').count())
    assert (page.evaluate(_WORDS), page.evaluate(_COLOURS)) == own
    assert len(own[0]["facts"]) == 10 and "Upside down" in own[0]["fields"]
    live = page.locator(".large .state").inner_text()
    page.get_by_role("button", name="Pause").click()
    watch(page, lambda: page.locator(".large .state").inner_text() == "Paused")
    assert [live, "Paused", page.locator('[aria-pressed="true"]').inner_text()] == states


def test_it_fits_a_phone(page: Page, camera: Camera) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(camera.url + "/")
    watch(page, lambda: is_live(page))
    assert page.evaluate("document.documentElement.scrollWidth") == 390

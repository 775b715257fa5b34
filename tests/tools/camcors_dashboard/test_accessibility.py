"""What WCAG 2.2 asks that a program can check: names, contrast, size, reflow, structure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.camera import Camera
from tests.kit.pages import Dashboard, add_camera, allow, is_live, tile, watch

# Each visible text with its contrast against the nearest background colour (WCAG 2.2, "contrast ratio").
_CONTRASTS = """() => {
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (text) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 200) return colour;
      if (at.matches(".frame")) return [7, 9, 10, 255];
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest("option")) continue;
    const text = element instanceof SVGElement ? getComputedStyle(element).fill : getComputedStyle(element).color;
    const pair = [luminance(parse(text)), luminance(behind(element))].sort((a, b) => b - a);
    found.push([node.data.trim(), (pair[0] + 0.05) / (pair[1] + 0.05)]);
  }
  return found;
}"""

# Elements that take the focus, with their accessible size in CSS pixels.
_SIZES = """() => [...document.querySelectorAll("button, a[href], input, select, summary")]
  .filter((element) => element.checkVisibility() && !element.closest("p") && !element.matches(".skip"))
  .map((element) => [element.outerHTML.slice(0, 120), element.getBoundingClientRect()])
  .map(([html, box]) => [html, box.width, box.height])"""


@pytest.fixture(scope="module", autouse=True)
def allowed(camera: Camera, dashboard: Dashboard) -> None:
    allow(camera, dashboard.url)


@pytest.fixture(scope="module", params=["empty", "dialog", "grid", "large", "blocked"])
def shown(
    request: pytest.FixtureRequest, browser: Browser, camera: Camera, dashboard: Dashboard
) -> Iterator[Page]:
    """A page in one of the dashboard's states, shared by the tests of that state."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(dashboard.url)
    if request.param == "dialog":
        page.get_by_role("button", name="Add a camera").click()
        page.get_by_label("Address").fill("a b")
        page.keyboard.press("Enter")
    if request.param in ("grid", "large"):
        add_camera(page, camera.url)
        watch(page, lambda: is_live(page, camera.url))
    if request.param in ("grid", "blocked"):
        add_camera(page, "http://127.0.0.1:9")
        expect(tile(page, "http://127.0.0.1:9").locator(".why")).to_be_visible(timeout=20_000)
    if request.param == "large":
        tile(page, camera.url).locator(".picture").click()
        page.get_by_label("Frame size").wait_for()
        page.get_by_role("button", name="Which origins may do what?").wait_for()
    if request.param == "blocked":
        tile(page, "http://127.0.0.1:9").locator(".picture").press("Enter")
        expect(page.locator(".connection .why")).to_be_visible(timeout=20_000)
    yield page
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(shown: Page, scheme: Literal["light", "dark"]):
    shown.emulate_media(color_scheme=scheme)
    found = shown.evaluate(_CONTRASTS)
    assert len(found) > 4
    assert [pair for pair in found if pair[1] < 4.5] == []


def test_everything_that_takes_the_focus_has_a_name(shown: Page):
    session = shown.context.new_cdp_session(shown)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    roles = (
        "button",
        "textbox",
        "slider",
        "spinbutton",
        "switch",
        "combobox",
        "link",
        "img",
        "image",
        "dialog",
    )
    named = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]
    assert len(named) >= 2
    for node in named:
        assert node["name"]["value"].strip(), node


def test_targets_are_large_enough(shown: Page):
    """WCAG 2.2, 2.5.8: at least 24 by 24 pixels."""
    assert [each for each in shown.evaluate(_SIZES) if min(each[1:]) < 23.9] == []


def test_it_fits_a_narrow_window(shown: Page):
    """WCAG 2.2, 1.4.10: no scrolling to the side at 320 pixels."""
    shown.set_viewport_size({"width": 320, "height": 640})
    script = """[...document.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > 320.5)
      .map((each) => each.outerHTML.slice(0, 100))"""
    assert (shown.evaluate("document.documentElement.scrollWidth"), shown.evaluate(script)) == (320, [])
    shown.set_viewport_size({"width": 1280, "height": 900})


def test_headings_go_down_one_by_one(shown: Page):
    script = """[...document.querySelectorAll("h1, h2, h3, h4")].filter((each) => each.checkVisibility()).map((each) => +each.tagName[1])"""
    levels = shown.evaluate(script)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_ids_are_unique_and_labels_lead_somewhere(shown: Page):
    found = shown.evaluate("""() => {
      const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
      const names = ["aria-labelledby", "aria-describedby", "for"];
      const used = names.flatMap((name) => [...document.querySelectorAll(`[${name}]`)].flatMap((each) => each.getAttribute(name).split(" ")));
      return [ids, used];
    }""")
    assert len(found[0]) == len(set(found[0]))
    assert set(found[1]) <= set(found[0])


def test_the_focus_can_be_seen_and_goes_in_the_order_of_the_page(
    page: Page, camera: Camera, dashboard: Dashboard
):
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    page.reload()
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        names.append(focused.get_attribute("aria-label") or focused.inner_text())
        assert focused.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"
    host = camera.url.removeprefix("http://")
    assert names == [
        "Skip to the cameras",
        "Tiles",
        "Colours: Auto. Change",
        "Add a camera",
        f"Open camcors, {host}",
        "Save a picture of camcors",
        "Remove camcors",
    ]


def test_no_motion_for_those_who_do_not_want_it(page: Page, dashboard: Dashboard):
    page.goto(dashboard.url)
    add_camera(page, "http://127.0.0.1:9")
    script = """document.getAnimations().filter((each) => each.playState === "running").length"""
    assert page.evaluate(script) == 0


def test_changes_are_told(page: Page, dashboard: Dashboard):
    page.goto(dashboard.url)
    add_camera(page, "http://127.0.0.1:9")
    expect(page.locator("#toasts[role=status]")).to_contain_text("127.0.0.1:9 was added.")
    expect(page.locator("#count[role=status]")).to_have_text("1 camera")

"""The two pages of the recipes, in each engine."""

from __future__ import annotations

import contextlib
import io
import json
import re

import httpx
import pytest
from PIL import Image, ImageStat
from playwright.sync_api import Browser, Error

from tests.kit.camera import Camera
from tests.kit.card import bars, is_card
from tests.kit.engines.tab import Tab, picture
from tests.kit.pages import Site, allow, set_policy, wait_until
from tests.kit.recipe import blocks, fill, section
from tests.kit.tokens import TOKENS

PICTURE, BRIGHTNESS = blocks("A page of your own", "html")
(MODULE,) = blocks("A page of your own", "js")
_UNKNOWN = "the camera does not know this token"


@pytest.fixture
def pages(camera: Camera, site: Site) -> str:
    """The origin of both pages, which the camera allows with the header that they need."""
    for path, text in (("/picture", PICTURE), ("/brightness", BRIGHTNESS)):
        site.answers[path] = (200, {"Content-Type": "text/html"}, text.encode())
    site.answers["/camera.js"] = (200, {"Content-Type": "text/javascript"}, fill(MODULE, camera).encode())
    allow(camera, site.origin(), allowed_headers=["Authorization"])
    return site.origin()


def open_new(tab: Tab, origin: str, path: str) -> None:
    """Open a page in a tab that has no token."""
    tab.open(origin)
    tab.run("sessionStorage.clear()")
    tab.open(origin + path)


def is_asked(tab: Tab) -> bool:
    return tab.run("return !document.querySelector('form').hidden")


def write_token(tab: Tab, role: str) -> None:
    """Write a token into the page's form, as a person does."""
    wait_until(lambda: is_asked(tab))
    tab.run("const field = document.querySelector('input'); field.value = ''; field.focus()")
    tab.type(TOKENS[role] + "\n")


def shows_picture(tab: Tab) -> bool:
    left, top = tab.run(
        "const at = document.querySelector('img').getBoundingClientRect(); return [at.x, at.y]"
    )
    return is_card(bars(picture(tab).crop((int(left), int(top), int(left) + 640, int(top) + 480))))


def width(tab: Tab) -> int:
    return tab.run("return document.querySelector('img').naturalWidth")


def test_a_page_shows_the_picture(tab: Tab, pages: str) -> None:
    open_new(tab, pages, "/picture")
    write_token(tab, "wrong")
    wait_until(lambda: tab.run("return document.querySelector('form output').value") == _UNKNOWN)
    assert (is_asked(tab), width(tab)) == (True, 0)
    write_token(tab, "view")
    wait_until(lambda: shows_picture(tab))
    assert not is_asked(tab)
    address = tab.run("return document.querySelector('img').src")
    assert "link=" in address and TOKENS["view"] not in address


def test_a_page_reads_the_brightness(tab: Tab, pages: str, camera: Camera) -> None:
    open_new(tab, pages, "/brightness")
    write_token(tab, "view")
    said = wait_until(lambda: tab.run("return document.querySelector('#brightness').value"))
    taken = httpx.get(f"{camera.url}/api/capture", headers=camera.headers)
    with Image.open(io.BytesIO(taken.content)) as image:
        mean = sum(ImageStat.Stat(image.convert("RGB")).mean) / 3
    assert abs(int(said) - mean) < 6


def test_a_tab_keeps_the_token_and_nothing_else_does(tab: Tab, pages: str) -> None:
    open_new(tab, pages, "/brightness")
    write_token(tab, "view")
    wait_until(lambda: tab.run("return document.querySelector('#brightness').value"))
    tab.open(f"{pages}/picture")
    wait_until(lambda: width(tab) == 640)
    assert not is_asked(tab)
    stored = tab.run("return [{...sessionStorage}, {...localStorage}, document.cookie]")
    assert stored == [{"token": TOKENS["view"]}, {}, ""]


def test_a_policy_with_a_list_that_lacks_the_header(tab: Tab, pages: str, camera: Camera) -> None:
    allow(camera, pages, allowed_headers=["Content-Type"])
    tab.open(pages)
    options = json.dumps({"headers": {"Authorization": f"Bearer {TOKENS['view']}"}})
    # No other page asks for this path: engines keep what a preflight allowed.
    asked = f"fetch('{camera.url}/api/camera', {options}).then(() => 'read', (error) => error.name)"
    assert tab.run(f"return {asked}") == "TypeError"


def test_a_plain_img_shows_nothing(tab: Tab, pages: str, camera: Camera) -> None:
    """Not with the token in its address either: no engine sends that for a picture."""
    tab.open(pages)
    for user in ("", f"me:{TOKENS['view']}@"):
        address = camera.url.replace("//", f"//{user}") + "/api/capture"
        tab.run(
            "const image = new Image(); window.shown = null;"
            "image.onload = () => { window.shown = true; }; image.onerror = () => { window.shown = false; };"
            f"image.src = {json.dumps(address)}"
        )
        wait_until(lambda: tab.run("return window.shown !== null"))
        assert tab.run("return window.shown") is False, user


def test_a_page_that_is_not_allowed_reads_nothing(tab: Tab, pages: str, camera: Camera) -> None:
    set_policy(camera, allowed_origins=[])
    tab.open(pages)
    asked = f"fetch('{camera.url}/api/capture').then(() => 'read', (error) => error.name)"
    assert tab.run(f"return {asked}") == "TypeError"


@pytest.mark.parametrize(("role", "shown"), [("view", 640), ("wrong", 0)])
def test_an_address_with_a_token_in_chromium_alone(
    browser: Browser, camera: Camera, role: str, shown: int
) -> None:
    """As in a Browser source of OBS, which is a Chromium."""
    (url,) = {*re.findall(r"\*Browser\* source with the URL `(\S+)`", section("OBS"))}
    context = browser.new_context()
    page = context.new_page()
    # A stream loads without end, and a refusal asks for another password.
    with page.expect_response("**/api/stream") as answered, contextlib.suppress(Error):
        page.goto(fill(url, camera, token=TOKENS[role]), wait_until="commit")
    assert answered.value.status == (200 if shown else 401)
    if shown:
        wait_until(lambda: page.evaluate("document.querySelector('img')?.naturalWidth") == shown)
    context.close()

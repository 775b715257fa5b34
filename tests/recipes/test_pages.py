"""The two pages of the recipes, in each engine."""

from __future__ import annotations

import io

import httpx
import pytest
from PIL import Image, ImageStat

from tests.kit.camera import Camera
from tests.kit.card import bars, is_card
from tests.kit.engines.tab import Tab, picture
from tests.kit.pages import Site, allow, set_policy, wait_until
from tests.kit.recipe import blocks, fill

PICTURE, BRIGHTNESS = blocks("A page of your own", "html")
_MARGIN = 8  # a page's, where no style says otherwise


@pytest.fixture
def pages(camera: Camera, site: Site) -> str:
    """The origin of both pages, which the camera allows."""
    for path, text in (("/picture", PICTURE), ("/brightness", BRIGHTNESS)):
        site.answers[path] = (200, {"Content-Type": "text/html"}, fill(text, camera).encode())
    allow(camera, site.origin())
    return site.origin()


def shows_picture(tab: Tab) -> bool:
    corner = picture(tab).crop((_MARGIN, _MARGIN, _MARGIN + 640, _MARGIN + 480))
    return is_card(bars(corner))


def test_a_page_shows_the_picture(tab: Tab, pages: str) -> None:
    tab.open(f"{pages}/picture")
    wait_until(lambda: shows_picture(tab))


def test_a_page_reads_the_brightness(tab: Tab, pages: str, camera: Camera) -> None:
    tab.open(f"{pages}/brightness")
    said = wait_until(lambda: tab.run("return document.querySelector('output').value"))
    with Image.open(io.BytesIO(httpx.get(f"{camera.url}/api/capture").content)) as image:
        mean = sum(ImageStat.Stat(image.convert("RGB")).mean) / 3
    assert abs(int(said) - mean) < 6


def test_a_page_that_is_not_allowed_reads_nothing(tab: Tab, pages: str, camera: Camera) -> None:
    set_policy(camera, allowed_origins=[])
    tab.open(pages)
    asked = f"fetch('{camera.url}/api/capture').then(() => 'read', (error) => error.name)"
    assert tab.run(f"return {asked}") == "TypeError"

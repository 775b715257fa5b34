"""The pages of the recipe over https, as pages of the Internet, and a camera in the local network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.authority import Authority
from tests.kit.camera import Camera
from tests.kit.pages import allow, watch
from tests.kit.recipe import blocks
from tests.kit.spaces import Spaces, camera_behind, permit
from tests.kit.spaces import browser as browser
from tests.kit.tokens import TOKENS

PICTURE = blocks("A page of your own", "html")[0]
(MODULE,) = blocks("A page of your own", "js")
PAGE = "https://dashboard.example.com"
_PAGES = """
location /recipe/ {{
    root {folder};
    types {{ text/html html; text/javascript js; }}
}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("nginx")
    (found / "recipe").mkdir()
    (found / "recipe" / "picture.html").write_text(PICTURE)
    return found


@pytest.fixture(scope="module")
def spaces(authority: Authority, camera: Camera, folder: Path) -> Iterator[Spaces]:
    here = Spaces(authority)
    more = _PAGES.format(folder=folder) + camera_behind(camera.url)
    with here.serving(folder, more):
        allow(camera, here.url(PAGE), allowed_headers=["Authorization"])
        yield here


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def width(page: Page) -> int:
    return int(page.evaluate("document.querySelector('img').naturalWidth"))


@pytest.mark.parametrize(
    "camera_origin",
    ["http://192.168.4.1", "http://127.0.0.1", "https://camera.home.example"],
)
def test_a_picture_in_chromium(page: Page, spaces: Spaces, folder: Path, camera_origin: str) -> None:
    module = MODULE.replace("http://192.168.1.7", spaces.url(camera_origin))
    (folder / "recipe" / "camera.js").write_text(module)
    page.goto(spaces.url(PAGE))
    page.evaluate(f"sessionStorage.setItem('token', '{TOKENS['view']}')")
    address = f"{spaces.url(PAGE)}/recipe/picture.html"
    permit(page, "denied")
    page.goto(address)
    expect(page.locator("output")).to_have_text(
        "Allow this page your network, left of its address, and reload."
    )
    permit(page, "granted")
    page.goto(address)
    watch(page, lambda: width(page) == 640)
    expect(page.locator("form")).to_be_hidden()


def test_what_the_browser_will_ask_is_said_first(page: Page, spaces: Spaces, folder: Path) -> None:
    """A name over plain http is asked about because the page says that it is near."""
    camera = spaces.url("http://camera.home.example")
    (folder / "recipe" / "camera.js").write_text(MODULE.replace("http://192.168.1.7", camera))
    said: list[str] = []
    page.expose_function("saying", lambda words: said.append(words))
    page.goto(spaces.url(PAGE))
    permit(page, "prompt")
    page.goto(f"{spaces.url(PAGE)}/recipe/picture.html")
    page.evaluate(
        "new MutationObserver(() => saying(document.querySelector('output').value))"
        ".observe(document.querySelector('output'), {childList: true})"
    )
    page.locator("input").fill(TOKENS["view"])
    page.keyboard.press("Enter")
    output = page.locator("output")
    expect(output).to_have_text("Failed to fetch")  # without a window, Chromium cannot ask
    assert said == ["The browser may ask about your network: answer Allow.", "Failed to fetch"]
    permit(page, "granted")
    page.evaluate(f"sessionStorage.setItem('token', '{TOKENS['view']}')")
    with page.expect_response(lambda answer: answer.request.method == "POST") as linked:
        page.reload()
    assert (linked.value.url, linked.value.status) == (f"{camera}/api/links", 200)

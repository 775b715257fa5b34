"""Logging in to the camera's own page: by a link, by its form; what a role sees; what of a token stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from camcors_build.pages import PAGE_MAX, WINDOW_BITS
from playwright.sync_api import Browser, Page, Request, expect

from tests.kit.camera import OPEN, Camera
from tests.kit.engines.tab import Tab
from tests.kit.pages import wait_until, watch
from tests.kit.tokens import TOKENS, access_file, give

NO_TOKEN = "this needs a token of the role view; make a token: camcors token add NAME --role view"
OPEN_VIEW = access_file("control", open_view="anyone in this network may watch")


# -- in all engines

_SEEN = """
const shown = (id) => !document.getElementById(id).closest('[hidden]');
const view = document.getElementById('view');
return {
  state: document.getElementById('state').innerText, form: shown('login'), main: shown('main'),
  settings: shown('settings'), picture: view.naturalWidth > 0, refusal: document.getElementById('refusal').innerText,
  who: shown('who') ? document.getElementById('who').innerText : '',
};
"""
_KEPT = """
const text = [document.documentElement.outerHTML, document.getElementById('token').value, location.href,
  JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, document.referrer].join('\\n');
return [text.includes('camcors_0'), document.cookie, location.hash];
"""


def seen(tab: Tab) -> dict[str, Any]:
    return tab.run(_SEEN)


@pytest.fixture
def fresh(tab: Tab, locked: Camera) -> Tab:
    """A tab that is not logged in, whatever the engine's profile knows from before."""
    tab.open(locked.url + "/")
    tab.run("await fetch('api/session', { method: 'DELETE' })")
    tab.open("about:blank")
    return tab


def test_a_link_logs_in_and_leaves_no_token(fresh: Tab, locked: Camera) -> None:
    fresh.open(f"{locked.url}/#token={TOKENS['control']}")
    wait_until(lambda: seen(fresh)["picture"])
    wait_until(lambda: seen(fresh)["state"] == "Live")
    assert fresh.run(_KEPT) == [False, "", ""]
    assert seen(fresh) == {
        "state": "Live", "form": False, "main": True, "settings": True, "picture": True, "refusal": "",
        "who": "Log out",
    }  # fmt: skip
    fresh.open(locked.url + "/")
    wait_until(lambda: seen(fresh)["state"] == "Live")


def test_the_form_logs_in_and_out(fresh: Tab, locked: Camera) -> None:
    fresh.open(locked.url + "/")
    wait_until(lambda: seen(fresh)["form"])
    assert seen(fresh) == {
        "state": "Locked", "form": True, "main": False, "settings": False, "picture": False,
        "refusal": NO_TOKEN, "who": "",
    }  # fmt: skip
    fresh.click("#token")
    fresh.type(f"{TOKENS['view']}\n")
    wait_until(lambda: seen(fresh)["state"] == "Live")
    wait_until(lambda: seen(fresh)["picture"])
    assert fresh.run(_KEPT) == [False, "", ""]
    assert seen(fresh)["settings"] is False
    fresh.click("#who")
    wait_until(lambda: seen(fresh)["form"])
    assert (seen(fresh)["main"], seen(fresh)["refusal"]) == (False, NO_TOKEN)


# -- in Chromium


@pytest.fixture
def sent(page: Page) -> list[Request]:
    """The requests that the page sends."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    return sent


@pytest.fixture
def told(page: Page) -> list[str]:
    """What the page's console has said, and each challenge that it got."""
    told: list[str] = []
    page.on("console", lambda said: told.append(f"{said.type}: {said.text}"))
    page.on("response", lambda answer: told.append(answer.headers.get("www-authenticate", "")))
    return told


#: What Chromium writes of each answer that is an error, whatever the page does.
_OF_CHROMIUM = "error: Failed to load resource: the server responded with a status of 401 (Unauthorized)"


def rest(told: list[str]) -> set[str]:
    return set(told) - {"", _OF_CHROMIUM}


def log_in(page: Page, camera: Camera, name: str) -> None:
    page.goto(f"{camera.url}/#token={TOKENS[name]}")
    expect(page.locator("#state")).to_have_text("Live")


def test_a_session_that_ends_brings_the_form_back(page: Page, locked: Camera, told: list[str]) -> None:
    log_in(page, locked, "control")
    assert rest(told) == set()
    give(locked, access_file("view"))
    try:
        expect(page.locator("#login")).to_be_visible()
        expect(page.locator("#refusal")).to_have_text(NO_TOKEN)
        assert rest(told) == {'Bearer realm="camcors"'}
        asked = len(told)
        page.wait_for_timeout(3500)  # longer than until the next look
        assert len(told) == asked
    finally:
        give(locked, access_file("view", "control"))


def test_a_session_that_ends_while_the_picture_is_held(
    page: Page, locked: Camera, sent: list[Request]
) -> None:
    """A browser opens its own log-in for an <img> that gets a challenge of Basic."""
    log_in(page, locked, "control")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_have_text("Paused")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)  # no look in between
    page.context.clear_cookies()
    sent.clear()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#login")).to_be_visible()
    assert [each.url for each in sent] == [locked.url + "/api/status"]


def test_a_wrong_token_is_said(page: Page, locked: Camera, told: list[str]) -> None:
    words = "the camera does not know this token; write it as it was shown; if it was removed, make another: "
    words += "camcors token add NAME --role view"
    page.goto(f"{locked.url}/#token={TOKENS['wrong']}")
    expect(page.locator("#refusal")).to_have_text(words, timeout=30_000)  # it is held back
    expect(page.locator("#main")).to_be_hidden()
    assert page.url == locked.url + "/"
    page.get_by_label("Token").fill(f" {TOKENS['view']} ")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#login")).to_be_hidden()
    assert rest(told) == {'Bearer realm="camcors", error="invalid_token"', 'Bearer realm="camcors"'}


def test_a_link_that_is_opened_in_a_page_of_the_camera(page: Page, locked: Camera) -> None:
    page.goto(locked.url + "/")
    expect(page.locator("#login")).to_be_visible()
    page.goto(f"{locked.url}/#token={TOKENS['view']}")  # which loads nothing again
    expect(page.locator("#state")).to_have_text("Live")
    page.goto("about:blank")
    page.go_back()
    assert page.url == locked.url + "/"


def test_each_request_says_that_a_script_sends_it(page: Page, locked: Camera, sent: list[Request]) -> None:
    """The camera knows by the header where a browser sends no Sec-Fetch-Dest, as over http in a network."""
    log_in(page, locked, "control")
    page.get_by_label("Lamp").fill("3")
    with page.expect_download():
        page.get_by_role("button", name="Save a picture").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#login")).to_be_visible()
    fetched = [each for each in sent if each.resource_type == "fetch"]
    assert {(each.method, each.url.removeprefix(locked.url)) for each in fetched} == {
        ("POST", "/api/session"), ("GET", "/api/status"), ("GET", "/api/camera"), ("PUT", "/api/led"),
        ("GET", "/api/capture"), ("DELETE", "/api/session"),
    }  # fmt: skip
    assert {each.headers.get("x-requested-with") for each in fetched} == {"camcors"}


@pytest.mark.parametrize(("name", "is_shown"), [("view", False), ("control", True)])
def test_what_a_role_sees(page: Page, locked: Camera, name: str, is_shown: bool) -> None:
    log_in(page, locked, name)
    expect(page.locator("dt", has_text="Role").locator("+ dd")).to_have_text(name)
    expect(page.get_by_role("heading", name="Settings")).to_be_visible(visible=is_shown)
    expect(page.get_by_label("Lamp")).to_be_visible(visible=is_shown)
    with page.expect_download():
        page.get_by_role("button", name="Save a picture").click()


def test_password_managers_know_the_form(page: Page, locked: Camera) -> None:
    page.goto(locked.url + "/")
    expect(page.locator("#login")).to_be_visible()
    fields = page.locator("#login input").evaluate_all(
        "all => all.map(each => [each.type, each.autocomplete])"
    )
    assert fields == [["text", "username"], ["password", "current-password"]]
    assert page.locator("#login input").first.input_value() == "camcors"


@pytest.mark.parametrize(("access", "button"), [(OPEN, None), (OPEN_VIEW, "Log in")])
def test_an_open_camera_shows_no_form(
    page: Page, program: Path, tmp_path: Path, access: str, button: str | None, told: list[str]
) -> None:
    with Camera(tmp_path / "flash.bin", access=OPEN) as camera:
        camera.wait_ready()
        if access != OPEN:
            give(camera, access)
        page.goto(camera.url + "/")
        expect(page.locator("#state")).to_have_text("Live")
        expect(page.locator("#login")).to_be_hidden()
        expect(page.locator("#who")).to_be_visible(visible=button is not None)
        assert rest(told) == set()
        if button is None:
            return expect(page.get_by_label("Lamp")).to_be_visible()
        expect(page.get_by_label("Lamp")).to_be_hidden()
        page.locator("#who").click()
        page.get_by_label("Token").fill(TOKENS["control"])
        page.keyboard.press("Enter")
        expect(page.get_by_label("Lamp")).to_be_visible()
        expect(page.locator("#login")).to_be_hidden()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Lamp")).to_be_hidden()
        expect(page.locator("#state")).to_have_text("Live")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(browser: Browser, locked: Camera, tmp_path: Path, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    page.goto(locked.url + "/")
    expect(page.locator("#login")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.screenshot(path=tmp_path / "form.png")
    log_in(page, locked, "control")
    watch(page, lambda: page.evaluate("document.getElementById('view').naturalWidth > 0"))
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.screenshot(path=tmp_path / "page.png")
    context.close()


def test_the_page_is_longer_than_the_window_in_which_the_camera_unpacks_it(locked: Camera) -> None:
    """Who takes no gzip gets the same page as a browser."""
    packed = httpx.get(locked.url + "/")
    plain = httpx.get(locked.url + "/", headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert plain.text == packed.text
    assert 2**WINDOW_BITS < len(plain.content) <= PAGE_MAX

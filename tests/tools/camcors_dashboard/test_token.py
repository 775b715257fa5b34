"""The dashboard and a locked camera: where its token is asked for, kept, shown and forgotten, and who gets it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.kit.camera import Camera
from tests.kit.engines.tab import Tab
from tests.kit.pages import Dashboard, Site, Start, add_camera, is_live, run_camcors, tile, wait_until, watch
from tests.kit.tokens import TOKENS, access_file, bearer, give

NO_TOKEN = "This needs a token of the role view; make a token: camcors token add NAME --role view."
WRONG = "The camera does not know this token; write it as it was shown; if it was removed, make another: "
WRONG += "camcors token add NAME --role view."
BOTH = access_file("view", "control")
KEY = "camcors.cameras"


def put_policy(camera: Camera, *origins: str, **fields: object) -> None:
    camera.put("policy.json", json.dumps({"version": 1, "allowed_origins": list(origins), **fields}))
    wait_until(
        lambda: (
            origins == tuple(in_force(camera)["allowed_origins"])
            and in_force(camera).items() >= fields.items()
        )
    )


def in_force(camera: Camera) -> dict[str, Any]:
    return json.loads(camera.exec("from camcors import cors\nprint(cors.policy.to_json())"))


@pytest.fixture(scope="module")
def served(locked: Camera) -> Iterator[Dashboard]:
    """A dashboard that the locked camera allows, and that does not know of it."""
    with Dashboard() as running:
        put_policy(locked, running.url)
        yield running


def link(dashboard: Dashboard, camera: Camera, name: str) -> str:
    """The link that `make run` prints."""
    return f"{dashboard.url}/#camera={quote(camera.url, safe='')}&token={TOKENS[name]}"


# -- in all engines

_ASKED = """
const why = document.querySelector('.tile .why');
return why && [why.dataset.cause, ...[...why.children].map((each) => each.innerText)];
"""


def add(tab: Tab, url: str) -> None:
    wait_until(lambda: tab.run("return !document.getElementById('empty').hidden"))
    tab.click("#add")
    wait_until(lambda: tab.run("return document.activeElement.id") == "address")
    tab.type(f"{url}\n")


def state(tab: Tab) -> str | None:
    return tab.run("return document.querySelector('.tile')?.dataset.state")


def test_the_tile_asks_for_the_token_and_again_once_it_is_removed(
    tab: Tab, served: Dashboard, locked: Camera
) -> None:
    tab.open(served.url)
    add(tab, locked.url)
    wait_until(lambda: tab.run(_ASKED) == ["token", "This camera is locked", NO_TOKEN])
    tab.click(".tile input")
    tab.type(f"{TOKENS['control']}\n")
    wait_until(lambda: state(tab) == "live")
    tab.open("about:blank")
    tab.open(served.url)  # where it is kept
    wait_until(lambda: state(tab) == "live")
    assert TOKENS["control"] in tab.run(f"return localStorage.getItem('{KEY}')")
    assert tab.run("return document.documentElement.outerHTML.includes('camcors_0')") is False
    give(locked, access_file("view"))
    try:
        wait_until(lambda: tab.run(_ASKED) == ["token", "Another token is needed", WRONG], 30)
        tab.click(".tile input")
        tab.type(f"{TOKENS['view']}\n")
        wait_until(lambda: state(tab) == "live")
    finally:
        give(locked, BOTH)


def test_a_link_brings_camera_and_token(tab: Tab, locked: Camera) -> None:
    with Dashboard("--camera", locked.url) as dashboard:
        put_policy(locked, dashboard.url)
        tab.open(link(dashboard, locked, "view"))
        wait_until(lambda: state(tab) == "live")
        assert tab.run("return location.href") == dashboard.url + "/"


# -- in Chromium


@pytest.fixture
def sent(page: Page) -> list[Request]:
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    return sent


def authorized(sent: list[Request]) -> dict[str, set[str]]:
    """The origins that got a header Authorization, each with what was in it."""
    found: dict[str, set[str]] = {}
    for request in sent:
        header = request.headers.get("authorization")
        if header is not None:
            found.setdefault("/".join(request.url.split("/")[:3]), set()).add(header)
    return found


def kept(page: Page) -> dict[str, str | None]:
    stored = json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "[]")
    return {each["url"]: each.get("token") for each in stored}


@pytest.fixture
def large(page: Page, served: Dashboard, locked: Camera, request: pytest.FixtureRequest) -> Page:
    """The locked camera large, with the token of the role that the test names."""
    asking(page, served, locked).fill(TOKENS[getattr(request, "param", "control")])
    page.keyboard.press("Enter")
    watch(page, lambda: is_live(page, locked.url))
    tile(page, locked.url).locator(".picture").click()
    expect(page.locator(".large dt", has_text="Role").locator("+ dd")).not_to_have_text("–")
    return page


def asking(page: Page, dashboard: Dashboard, camera: Camera) -> Locator:
    """Add a camera that is locked. Return the field in which its tile asks for the token."""
    put_policy(camera, dashboard.url)
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    return tile(page, camera.url).get_by_label("Token")


def test_what_is_written_is_checked(
    page: Page, served: Dashboard, locked: Camera, sent: list[Request]
) -> None:
    field = asking(page, served, locked)
    field.fill(TOKENS["view"][:-1])
    page.keyboard.press("Enter")
    expect(tile(page, locked.url).locator(".field-error")).to_have_text(
        "A token is “camcors_” and 26 letters and digits."
    )
    expect(field).to_be_focused()
    assert kept(page) == {locked.url: None}
    assert authorized(sent) == {}
    expect(tile(page, locked.url)).to_contain_text("Kept in this browser, and sent to this camera only.")


@pytest.mark.parametrize("place", ["tile", "large"])
def test_a_token_half_written_stays_when_the_words_change(
    page: Page, served: Dashboard, locked: Camera, place: str
) -> None:
    asking(page, served, locked)
    if place == "large":
        tile(page, locked.url).locator(".picture").click()
    shown = page.locator(".connection" if place == "large" else ".tile")
    token = TOKENS["view"]
    shown.get_by_label("Token").press_sequentially(token[:20])
    said = {"error": "Something else", "remedy": "do this", "code": "no-token"}
    allowed = {"Access-Control-Allow-Origin": served.url}
    page.route("**/api/status", lambda route: route.fulfill(status=401, json=said, headers=allowed))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(shown).to_contain_text("Something else; do this.")
    page.unroute("**/api/status")
    page.keyboard.type(token[20:] + "\n")
    watch(page, lambda: is_live(page, locked.url))


def test_it_is_sent_with_each_request_and_forgotten(
    large: Page, served: Dashboard, locked: Camera, sent: list[Request]
) -> None:
    token = "Bearer " + TOKENS["control"]
    expect(large.locator(".large")).to_contain_text("kept in this browser")
    large.locator("#field-led").fill("2")
    large.keyboard.press("Enter")
    watch(large, lambda: "Found out with real requests" in large.locator(".large-side").inner_text(), 30)
    expect(large.locator(".verdicts tr", has_text="Show a token")).to_contain_text("yes")
    expect(large.locator(".verdicts")).not_to_contain_text("401")
    large.get_by_role("button", name="Pause").click()
    expect(large.locator(".large .state")).to_have_text("Paused")
    large.get_by_role("button", name="Resume").click()
    watch(large, lambda: any("/api/stream" in each.url for each in sent))
    assert authorized(sent) == {locked.url: {token}}
    assert {each.url.removeprefix(locked.url) for each in sent if "authorization" in each.headers} == {
        "/api/status", "/api/camera", "/api/capture", "/api/led", "/api/stream",
    }  # fmt: skip
    large.get_by_role("button", name="Forget").click()
    expect(large.locator('.connection .why[data-cause="token"]')).to_contain_text(NO_TOKEN)
    assert kept(large) == {locked.url: None}
    sent.clear()
    large.get_by_role("button", name="Try again").click()
    watch(large, lambda: sent)
    assert authorized(sent) == {}


@pytest.mark.parametrize("large", ["view"], indirect=True)
def test_what_a_role_may_not_is_not_shown(large: Page, locked: Camera) -> None:
    expect(large.locator(".large dt", has_text="Role").locator("+ dd")).to_have_text("view")
    expect(large.get_by_text("The role here is view: it may look, and set nothing.")).to_be_visible()
    expect(large.locator("#field-led")).to_have_count(0)
    expect(large.get_by_role("button", name="Save a picture")).to_be_visible()


def test_a_role_that_has_become_too_low_is_said(large: Page, locked: Camera) -> None:
    lamp = large.locator("#field-led")
    expect(lamp).to_be_visible()
    lower = json.loads(access_file("control"))
    lower["tokens"][0]["role"] = "view"
    large.route("**/api/status", lambda route: route.abort())  # it has not been told yet
    give(locked, json.dumps(lower))
    try:
        asked = {"headers": bearer("control"), "json": {"level": 0}}
        wait_until(lambda: httpx.put(locked.url + "/api/led", **asked).status_code == 403, every=1)
        lamp.fill("9")
        large.keyboard.press("Enter")
        expect(large.locator(".field-error", has_text="this needs the role control")).to_have_text(
            "this needs the role control, and the token has view; "
            "make a token: camcors token add NAME --role control"
        )
    finally:
        give(locked, BOTH)


def test_a_wrong_token_is_sent_no_further(
    page: Page, served: Dashboard, locked: Camera, sent: list[Request]
) -> None:
    """Each wrong one makes the camera slower for others who are wrong, and stands in its log."""
    asking(page, served, locked).fill(TOKENS["wrong"])
    page.keyboard.press("Enter")
    # The answer to a wrong one is held back for up to four seconds.
    expect(tile(page, locked.url).get_by_text(WRONG)).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)  # status and stream have both been told
    count = len(authorized_requests(sent))
    page.wait_for_timeout(5000)
    assert len(authorized_requests(sent)) == count <= 2


def authorized_requests(sent: list[Request]) -> list[Request]:
    return [each for each in sent if "authorization" in each.headers]


def test_a_token_for_more_on_a_camera_that_all_may_see(page: Page, served: Dashboard, locked: Camera) -> None:
    put_policy(locked, served.url)
    give(locked, access_file("control", open_view="anyone in this network may watch"))
    try:
        page.goto(served.url)
        add_camera(page, locked.url)
        watch(page, lambda: is_live(page, locked.url))
        tile(page, locked.url).locator(".picture").click()
        expect(page.get_by_text("The role here is view")).to_be_visible()
        page.get_by_label("Token").fill(TOKENS["control"])
        page.keyboard.press("Enter")
        expect(page.locator("#field-led")).to_be_visible()
    finally:
        give(locked, BOTH)


# -- the policy


@pytest.fixture(params=["served", "alone"])
def place(request: pytest.FixtureRequest, served: Dashboard, site: Site) -> str:
    return served.url + "/" if request.param == "served" else site.origin() + "/dashboard/"


def commands(box: Locator) -> list[str]:
    return box.locator(".command code").all_inner_texts()


@pytest.mark.parametrize(
    ("listed", "asked"), [([], "Authorization"), (["Content-Type"], "Content-Type,Authorization")]
)
def test_a_policy_without_the_header_is_told_apart_from_a_blocked_origin(
    page: Page, place: str, locked: Camera, listed: list[str], asked: str
) -> None:
    origin = "/".join(place.split("/")[:3])
    put_policy(locked, origin, allowed_headers=listed)
    page.goto(place)
    add_camera(page, locked.url)
    tile(page, locked.url).get_by_label("Token").fill(TOKENS["control"])
    page.keyboard.press("Enter")
    box = tile(page, locked.url).locator('.why[data-cause="header"]')
    expect(box).to_contain_text("The token’s header is not allowed", timeout=30_000)
    assert commands(box) == [f"camcors policy set allowed_headers {asked}"]
    run_camcors(locked, commands(box)[0])
    watch(page, lambda: is_live(page, locked.url), 30)


def test_a_locked_camera_that_does_not_allow_the_page_is_known_as_one(
    page: Page, served: Dashboard, locked: Camera
) -> None:
    put_policy(locked)
    page.goto(served.url)
    add_camera(page, locked.url)
    box = tile(page, locked.url).locator('.why[data-cause="origin"]')
    expect(box).to_be_visible(timeout=30_000)
    assert commands(box) == [f"camcors policy allow {served.url}"]
    run_camcors(locked, commands(box)[0])
    expect(tile(page, locked.url).get_by_label("Token")).to_be_visible(timeout=30_000)


def test_the_first_policy_lets_the_dashboard_show_a_token(start_camera: Start) -> None:
    asked = {
        "Origin": "http://localhost:8000",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = httpx.options(start_camera().url + "/api/camera", headers=asked)
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"


# -- who gets it


def test_the_server_is_told_the_token_only_where_the_person_asks_for_it(
    large: Page, served: Dashboard, locked: Camera, sent: list[Request]
) -> None:
    put_policy(locked)
    examine = large.get_by_role("button", name="Examine with the token")
    expect(examine).to_be_visible(timeout=30_000)
    to_server = [each for each in sent if each.url.startswith(served.url)]
    assert [each.url for each in to_server if each.method == "POST"] != []
    assert not any(TOKENS["control"] in f"{each.url}{each.post_data}{each.headers}" for each in to_server)
    sent.clear()
    examine.click()
    expect(large.locator(".examination")).to_contain_text("It is a camcors camera: HOST", timeout=30_000)
    told = [each for each in sent if TOKENS["control"] in (each.post_data or "")]
    assert [(each.method, each.url) for each in told] == [("POST", served.url + "/doctor")]
    assert not any(TOKENS["control"] in each.url for each in sent)
    assert TOKENS["control"] not in large.locator("body").inner_text()


def test_nothing_of_a_token_is_printed(locked: Camera) -> None:
    with Dashboard() as dashboard:
        question = {
            "url": locked.url,
            "headers": [["Authorization", "Bearer " + TOKENS["view"]], ["X-A", "1"]],
        }
        headers = {"Origin": dashboard.url, "Content-Type": "application/json"}
        put_policy(locked, dashboard.url, allowed_headers=["X-A"])
        answer = httpx.post(dashboard.url + "/doctor", headers=headers, json=question, timeout=60)
        assert answer.json()["code"] == "PREFLIGHT_AUTHORIZATION"
        assert "camcors_0" not in answer.text
        dashboard.process.send_signal(signal.SIGINT)
        assert dashboard.process.communicate(timeout=10) == ("", "")


# -- links


def test_a_link_to_a_new_camera_asks_first(
    page: Page, served: Dashboard, locked: Camera, sent: list[Request]
) -> None:
    put_policy(locked, served.url)
    page.goto(link(served, locked, "view"))
    dialog = page.get_by_role("dialog", name="Add this camera?")
    expect(dialog).to_contain_text(locked.url)
    assert page.url == served.url + "/"
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert (kept(page), [each for each in sent if each.url.startswith(locked.url)]) == ({}, [])
    page.goto(link(served, locked, "view"))  # which loads nothing again
    dialog.get_by_role("button", name="Add").click()
    watch(page, lambda: is_live(page, locked.url))
    assert kept(page) == {locked.url: TOKENS["view"]}
    page.goto("about:blank")
    page.go_back()
    assert page.url == served.url + "/"


def test_a_link_does_not_replace_a_token_unasked(large: Page, served: Dashboard, locked: Camera) -> None:
    large.goto(link(served, locked, "wrong"))
    dialog = large.get_by_role("dialog", name="Replace the token?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert kept(large) == {locked.url: TOKENS["control"]}
    large.goto(link(served, locked, "view"))
    dialog.get_by_role("button", name="Replace").click()
    watch(large, lambda: kept(large) == {locked.url: TOKENS["view"]})
    large.goto(link(served, locked, "view"))  # nothing to ask
    watch(large, lambda: large.url == served.url + "/")
    expect(dialog).to_have_count(0)


def test_a_link_sends_nobody_elses_token(
    large: Page, served: Dashboard, locked: Camera, start_camera: Start, sent: list[Request]
) -> None:
    """A stranger's link, to a camera of the stranger's."""
    other = start_camera()
    put_policy(other, served.url)
    large.goto(link(served, other, "wrong"))
    large.get_by_role("dialog").get_by_role("button", name="Add").click()
    watch(large, lambda: other.url in authorized(sent))
    assert authorized(sent)[other.url] == {"Bearer " + TOKENS["wrong"]}
    assert authorized(sent).get(locked.url, set()) <= {"Bearer " + TOKENS["control"]}


LINKS = [
    ("camera=ftp%3A%2F%2Fx&token=" + TOKENS["view"], "A camera speaks http or https, not ftp."),
    ("camera=camera.local&token=" + TOKENS["view"][:-1], "A token is “camcors_” and 26 letters and digits."),
    ("camera=&token=" + TOKENS["view"], "Write the camera’s address"),
]


@pytest.mark.parametrize(("fragment", "words"), LINKS)
def test_a_link_that_is_not_good_is_said(page: Page, served: Dashboard, fragment: str, words: str) -> None:
    page.goto(f"{served.url}/#{fragment}")
    expect(page.locator(".toast")).to_contain_text(f"This link was not taken. {words}")
    assert (page.url, kept(page)) == (served.url + "/", {})


def test_an_odd_token_in_the_browser_is_none(page: Page, served: Dashboard, locked: Camera) -> None:
    put_policy(locked, served.url)
    page.goto(served.url)
    stored = [{"url": locked.url, "token": "x\r\ny"}]
    page.evaluate(f"stored => localStorage.setItem('{KEY}', JSON.stringify(stored))", stored)
    page.reload()
    expect(tile(page, locked.url).get_by_label("Token")).to_be_visible()

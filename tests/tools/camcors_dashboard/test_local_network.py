"""The dashboard as a page of the Internet, and cameras in the local network: what is asked, refused and mixed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.kit import reach
from tests.kit.authority import Authority, put_pair
from tests.kit.camera import Camera
from tests.kit.engines.firefox import Firefox, FirefoxTab
from tests.kit.engines.webkit import display
from tests.kit.pages import FILES, add_camera, allow, is_live, set_policy, tile, wait_until, watch
from tests.kit.reach import ROWS, Row
from tests.kit.spaces import KINDS, Spaces, camera_behind, permit
from tests.kit.spaces import browser as browser
from tests.kit.spaces import firefox as firefox

_SHOWN = 30_000
PUBLIC, PLAIN = "https://dashboard.example.com", "http://dashboard.example.com"
LITERAL, NAMED, SECURE = "http://192.168.4.1", "http://camera.home.example", "https://camera.home.example"
HERE = "http://127.0.0.1"
QUESTIONS: Any = reach.WORDS["asks"]

_DASHBOARD = """
include /etc/nginx/mime.types;
location /dashboard/ {{ alias {files}/; }}
"""


@pytest.fixture(scope="module")
def secure(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera that serves https by itself, once `spaces` has given it a certificate."""
    with Camera(tmp_path_factory.mktemp("secure") / "flash.bin") as running:
        yield running.wait_ready()


@pytest.fixture(scope="module")
def spaces(
    authority: Authority, camera: Camera, secure: Camera, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spaces]:
    """Each port serves the dashboard, and is a camera as well."""
    here = Spaces(authority, secure.tls_port)
    folder = tmp_path_factory.mktemp("nginx")
    more = _DASHBOARD.format(files=FILES) + camera_behind(camera.url)
    with here.serving(folder, more):
        allow(camera, *(here.url(page) for page in (PUBLIC, PLAIN)))
        allow(secure, here.url(PUBLIC))
        put_pair(secure, here.leaf)
        wait_until(lambda: secure.report()["tls"]["state"] == "active")
        yield here


def open_dashboard(page: Page, spaces: Spaces, origin: str, permission: str = "prompt") -> None:
    page.goto(f"{spaces.url(origin)}/dashboard/index.html")
    if origin.startswith("https:"):
        permit(page, permission)
        page.reload()


def asked_of_cameras(page: Page) -> list[str]:
    """Return the list that gets what the page asks of cameras."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/api/" in request.url else None)
    return seen


def box(page: Page, url: str, cause: str) -> Locator:
    found = tile(page, url).locator(f'.why[data-cause="{cause}"]')
    expect(found).to_be_visible(timeout=_SHOWN)
    return found


@pytest.mark.parametrize("camera_origin", [LITERAL, NAMED, SECURE, HERE, "http://camcors.local"])
def test_with_the_permission_the_picture_comes(page: Page, spaces: Spaces, camera_origin: str) -> None:
    """Of a name over http because the page says that it is local."""
    open_dashboard(page, spaces, PUBLIC, "granted")
    url = spaces.url(camera_origin)
    add_camera(page, url)
    watch(page, lambda: is_live(page, url))


def test_a_camera_with_a_certificate_of_its_own(page: Page, spaces: Spaces, secure: Camera) -> None:
    open_dashboard(page, spaces, PUBLIC, "granted")
    url = f"https://camcors.local:{secure.tls_port}"
    add_camera(page, url)
    watch(page, lambda: is_live(page, url))


@pytest.mark.parametrize(
    ("camera_origin", "kind"), [(LITERAL, "local"), (NAMED, "local"), (SECURE, "local"), (HERE, "loopback")]
)
def test_what_the_browser_will_ask_is_said_first(
    page: Page, spaces: Spaces, camera_origin: str, kind: str
) -> None:
    """Nothing is sent before the person presses the button. Without a window, Chromium cannot ask."""
    open_dashboard(page, spaces, PUBLIC)
    seen = asked_of_cameras(page)
    url = spaces.url(camera_origin)
    add_camera(page, url)
    said = box(page, url, "ask")
    expect(said).to_contain_text("The browser will ask")
    expect(said).to_contain_text(f"“{QUESTIONS['chromium'][kind]}”")
    expect(tile(page, url).locator(".state")).to_have_text("Waiting for you")
    assert seen == []
    tile(page, url).get_by_role("button", name="Ask now").click()
    expect(box(page, url, "ask")).to_contain_text("No answer")
    assert seen == [f"{url}/api/status"]
    expect(tile(page, url).get_by_role("button", name="Ask again")).to_be_visible()
    permit(page, "granted")
    watch(page, lambda: is_live(page, url))


def test_a_refused_permission(page: Page, spaces: Spaces) -> None:
    open_dashboard(page, spaces, PUBLIC, "denied")
    seen = asked_of_cameras(page)
    url = spaces.url(LITERAL)
    add_camera(page, url)
    said = box(page, url, "permission")
    expect(said).to_contain_text("Your network is blocked for this page")
    expect(said).to_contain_text(f"“{QUESTIONS['chromium']['local']}” is no")
    expect(said).to_contain_text("change “Local network”")
    expect(tile(page, url).locator(".state")).to_have_text("Blocked")
    assert seen == []
    permit(page, "granted")
    watch(page, lambda: is_live(page, url))
    permit(page, "denied")
    box(page, url, "permission")


def test_a_blocked_origin_is_something_else(page: Page, spaces: Spaces, camera: Camera) -> None:
    set_policy(camera, allowed_origins=[])
    open_dashboard(page, spaces, PUBLIC, "granted")
    url = spaces.url(LITERAL)
    add_camera(page, url)
    said = box(page, url, "unclear")
    expect(said.locator("code")).to_have_text(f"camcors policy allow {spaces.url(PUBLIC)}")
    allow(camera, spaces.url(PUBLIC), spaces.url(PLAIN))
    watch(page, lambda: is_live(page, url), 40)


def test_mixed_content_names_two_ways_out(page: Page, spaces: Spaces) -> None:
    open_dashboard(page, spaces, PUBLIC, "granted")
    url = spaces.url("http://93.184.215.14")
    add_camera(page, url)
    assert box(page, url, "mixed").locator("code").all_inner_texts() == [
        "camcors tls setup",
        "camcors dashboard",
    ]
    tile(page, url).locator(".picture").press("Enter")
    said = page.locator('.connection .why[data-cause="mixed"]')
    expect(said).to_contain_text("mixed content", timeout=_SHOWN)
    assert said.locator("code").all_inner_texts() == ["camcors tls setup", "camcors dashboard"]


def test_a_public_page_over_http_is_not_even_asked(page: Page, spaces: Spaces) -> None:
    open_dashboard(page, spaces, PLAIN)
    url = spaces.url(LITERAL)
    add_camera(page, url)
    said = box(page, url, "permission")
    expect(said).to_contain_text("The browser guards your network")
    expect(said.locator("code")).to_have_text("camcors dashboard")


def test_one_answer_is_for_all_cameras(page: Page, spaces: Spaces) -> None:
    open_dashboard(page, spaces, PUBLIC)
    urls = [spaces.url(each) for each in (LITERAL, SECURE, "http://camcors.local")]
    for url in urls:
        add_camera(page, url)
        box(page, url, "ask")
    permit(page, "granted")
    for url in urls:
        watch(page, lambda url=url: is_live(page, url))


def test_chromium_asks_in_its_window(browser: Browser, spaces: Spaces) -> None:
    """The question stays as long as the person needs, and the picture comes with the answer."""
    with display() as screen, spaces.chromium(screen, browser) as running:
        page = running.new_context().new_page()
        open_dashboard(page, spaces, PUBLIC)
        seen = asked_of_cameras(page)
        url = spaces.url(LITERAL)
        add_camera(page, url)
        tile(page, url).get_by_role("button", name="Ask now").click()
        expect(box(page, url, "ask")).to_contain_text("The browser asks")
        expect(tile(page, url).get_by_role("button", name="Ask now")).to_have_count(0)
        # What needs no permission passes meanwhile; the camera's answer does not come.
        assert page.evaluate("fetch('/dashboard/icon.svg').then(({status}) => status)") == 200
        assert seen == [f"{url}/api/status"]
        expect(box(page, url, "ask")).to_contain_text("The browser asks")
        permit(page, "granted")
        watch(page, lambda: is_live(page, url))


_ADD = "localStorage.setItem('camcors.cameras', JSON.stringify(%s.map((url) => ({url}))))"


def open_in_firefox(tab: FirefoxTab, spaces: Spaces, permission: str, *cameras: str) -> None:
    origin = spaces.url(PUBLIC)
    for kind in KINDS:
        tab.permit(f"{kind}-network", permission, origin)
    tab.open(origin)
    tab.run(_ADD % json.dumps(cameras))
    tab.open(f"{origin}/dashboard/index.html")


def told(tab: FirefoxTab, cause: str) -> str:
    """Return what the tile says, once it names `cause`."""
    selector = json.dumps(f'.why[data-cause="{cause}"]')
    return str(wait_until(lambda: tab.run(f"return document.querySelector({selector})?.textContent ?? ''")))


def comes_alive(tab: FirefoxTab) -> None:
    wait_until(lambda: tab.run("return document.querySelector('.tile').dataset.state") == "live", 40)


def test_firefox_blocks_plain_http(firefox: Firefox, spaces: Spaces) -> None:
    """Whatever the permission is."""
    with firefox.new_tab() as tab:
        open_in_firefox(tab, spaces, "granted", spaces.url(LITERAL))
        said = told(tab, "mixed")
    assert "An https page, an http camera" in said
    assert "camcors tls setup" in said


def test_firefox_asks_about_https(firefox: Firefox, spaces: Spaces) -> None:
    with firefox.new_tab() as tab:
        open_in_firefox(tab, spaces, "prompt", spaces.url(SECURE))
        said = told(tab, "ask")
        assert "The browser will ask" in said
        assert f"“{QUESTIONS['firefox']['local']}”" in said
        tab.click(".ask")
        wait_until(lambda: "The browser asks" in told(tab, "ask"))
        tab.permit("local-network", "granted", spaces.url(PUBLIC))
        comes_alive(tab)


def test_firefox_with_the_permission_and_without(firefox: Firefox, spaces: Spaces) -> None:
    with firefox.new_tab() as tab:
        open_in_firefox(tab, spaces, "denied", spaces.url(SECURE))
        said = told(tab, "permission")
        assert f"“{QUESTIONS['firefox']['local']}” is no" in said
        assert "“Access local network devices”" in said
        tab.permit("local-network", "granted", spaces.url(PUBLIC))
        comes_alive(tab)


def test_firefox_and_a_camera_with_a_certificate_of_its_own(
    firefox: Firefox, spaces: Spaces, secure: Camera
) -> None:
    with firefox.new_tab() as tab:
        open_in_firefox(tab, spaces, "granted", f"https://camcors.local:{secure.tls_port}")
        comes_alive(tab)


# --- the script's judgement, by the table

FAMILIES = {
    "chromium": {"asks": True, "declares": True},
    "firefox": {"asks": True, "declares": False},
    "other": {"asks": False, "declares": False},
}
_JUDGE = """async (rows) => {
  const { judge, targetOf } = await import("/dashboard/js/reach.js");
  const { explain } = await import("/dashboard/js/place.js");
  return rows.map(([page, camera, browser]) => {
    const [at, url] = [new URL(page), new URL(camera)];
    const verdict = judge(at, url, browser);
    const said = explain(verdict, at, url, browser);
    return [targetOf(at, url, browser) ?? "", verdict, said?.text ?? ""];
  });
}"""


def is_known(row: Row) -> bool:
    """Whether a page can know where both are. It takes its own name for public, and a camera's for local."""
    page, camera = row.page.partition("//")[2], row.camera.partition("//")[2]
    is_page_taken = page != "page.home.example"
    return is_page_taken and camera not in ("camera.here.example", "camera.example.com")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_script_judges_as_the_table(page: Page, spaces: Spaces, family: str) -> None:
    page.goto(spaces.url(PUBLIC))
    found = page.evaluate(_JUDGE, [[row.page, row.camera, FAMILIES[family]] for row in ROWS])
    rows = [(row, *said) for row, said in zip(ROWS, found) if is_known(row)]
    by_option = [each for each in rows if each[0].target == each[1]]
    assert {(row.page, row.camera) for row, *_ in by_option} == {(row.page, row.camera) for row, *_ in rows}
    assert [verdict for _, _, verdict, _ in by_option] == [row.verdict(family) for row, *_ in by_option]
    assert [row for row, _, _, words in by_option if row.words(family) not in words] == []


def test_the_script_promises_nothing_of_names(page: Page, spaces: Spaces) -> None:
    """Where it does not know an address it may announce a question that does not come, and never the reverse."""
    page.goto(spaces.url(PUBLIC))
    family = FAMILIES["chromium"]
    rows = [row for row in ROWS if not is_known(row)]
    found = page.evaluate(_JUDGE, [[row.page, row.camera, family] for row in rows])
    wrong = [
        row
        for row, (target, verdict, _) in zip(rows, found)
        if row.target == target and row.chromium == "asks" and verdict not in ("asks", "insecure")
    ]
    assert wrong == []

"""The dashboard as a person uses it: cameras, live pictures, settings, keyboard."""

from __future__ import annotations

import io
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.kit.camera import Camera, free_port
from tests.kit.pages import (
    Dashboard,
    Site,
    add_camera,
    allow,
    is_live,
    settings_of,
    status,
    tile,
    watch,
)

_PIXELS = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum = (sum * 31 + data[at] + data[at + 1] + data[at + 2]) % 1000000007;
  return [width, height, sum, [...data.slice(0, 3)]];
}"""


@pytest.fixture(scope="module", autouse=True)
def allowed(camera: Camera, dashboard: Dashboard) -> None:
    """The dashboard of this module may read its camera."""
    allow(camera, dashboard.url, expose_headers=["X-Frame-Id", "X-Timestamp"])


@pytest.fixture
def opened(page: Page, dashboard: Dashboard) -> Page:
    page.goto(dashboard.url)
    return page


@pytest.fixture
def large(opened: Page, camera: Camera) -> Page:
    """The module's camera, large and live."""
    add_camera(opened, camera.url)
    tile(opened, camera.url).locator(".picture").click()
    watch(opened, lambda: opened.locator('.large[data-state="live"]').count())
    return opened


def stored(page: Page) -> list[dict[str, Any]]:
    return json.loads(page.evaluate('localStorage.getItem("camcors.cameras") ?? "[]"'))


def test_an_allowed_page_sees_moving_frames_and_reads_their_pixels(opened: Page, camera: Camera):
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    canvas = tile(opened, camera.url).locator("canvas")
    first = canvas.evaluate(_PIXELS)
    assert first[:2] == [640, 480]
    assert min(first[3]) > 240  # the test card's first bar is white
    watch(opened, lambda: canvas.evaluate(_PIXELS)[2] != first[2])
    watch(opened, lambda: "fps · 640 × 480" in tile(opened, camera.url).inner_text())


def test_the_list_stays_in_the_browser(opened: Page, camera: Camera):
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    known = {"url": camera.url, "credentials": False, "said": "camcors"}
    watch(opened, lambda: stored(opened) == [known])
    opened.reload()
    expect(tile(opened, camera.url)).to_be_visible()


# What the person writes, what the page says to it; "" if it is taken, as the address that follows.
ADDRESSES = [
    ("192.168.4.1", "", "http://192.168.4.1"),
    (" camera.local:8080/ ", "", "http://camera.local:8080"),
    ("https://camera.example", "", "https://camera.example"),
    ("HTTP://Camera.Local:80", "", "http://camera.local"),
    ("[::1]:8080", "", "http://[::1]:8080"),
    ("", "Write the camera’s address, such as 192.168.4.1 or http://camera.local.", None),
    ("my camera", "An address has no spaces. Write one, such as 192.168.4.1 or http://camera.local.", None),
    ("http://", "That is not an address. Write one, such as 192.168.4.1 or http://camera.local.", None),
    ("camera:99999", "That is not an address. Write one, such as 192.168.4.1 or http://camera.local.", None),
    ("ftp://camera.local", "A camera speaks http or https, not ftp. Write http://camera.local.", None),
    ("http://me:secret@camera.local",
     "A browser sends no name or password from an address. Write http://camera.local.", None),
    ("http://camera.local/api/stream",
     "Write only the camera’s address, without a path: http://camera.local", None),
    ("camera.local?x", "Write only the camera’s address, without a path: http://camera.local", None),
    ("known.local", "http://known.local is on the dashboard already.", None),
    ("HTTP://KNOWN.local:80/", "http://known.local is on the dashboard already.", None),
]  # fmt: skip


def test_addresses(opened: Page):
    add_camera(opened, "http://known.local")
    expected = [{"url": "http://known.local", "credentials": False}]
    field = opened.get_by_label("Address")
    for written, said, url in ADDRESSES:
        opened.get_by_role("button", name="Add a camera").click()
        field.fill(written)
        opened.keyboard.press("Enter")
        if url is None:
            expect(opened.get_by_role("alert")).to_have_text(said)
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(field).to_be_focused()
            opened.get_by_role("button", name="Cancel").click()
        else:
            expected.append({"url": url, "credentials": False})
        expect(opened.get_by_role("dialog")).to_be_hidden()
        assert stored(opened) == expected, written


FAULTY = ["", "nonsense", "{}", '[{"url": "javascript:alert(1)"}]', "[1]", '[{"url": "http://a b"}]']


def test_a_faulty_list_in_the_browser_is_none(opened: Page):
    for text in FAULTY:
        opened.evaluate('(text) => localStorage.setItem("camcors.cameras", text)', text)
        opened.reload()
        expect(opened.get_by_role("heading", name="No cameras yet")).to_be_visible()


def test_removing_can_be_undone(opened: Page):
    for url in ("http://a.local", "http://b.local", "http://c.local"):
        add_camera(opened, url)
    opened.get_by_role("button", name="Remove b.local").click()
    expect(tile(opened, "http://b.local")).to_have_count(0)
    assert [each["url"] for each in stored(opened)] == ["http://a.local", "http://c.local"]
    opened.get_by_role("button", name="Undo").click()
    expect(tile(opened, "http://b.local").locator(".picture")).to_be_focused()
    assert [each["url"] for each in stored(opened)] == ["http://a.local", "http://b.local", "http://c.local"]


def test_two_tabs_show_the_same_list(opened: Page, dashboard: Dashboard):
    other = opened.context.new_page()
    other.goto(dashboard.url)
    add_camera(opened, "http://a.local")
    expect(tile(other, "http://a.local")).to_be_visible()


def test_the_keyboard_alone(opened: Page, camera: Camera):
    urls = ["http://a.local", camera.url, "http://c.local", "http://d.local", "http://e.local"]
    for url in urls:
        add_camera(opened, url)
    pictures = [tile(opened, url).locator(".picture") for url in urls]
    pictures[0].focus()
    for key, index in (
        ("ArrowRight", 1),
        ("ArrowDown", 4),
        ("ArrowUp", 1),
        ("ArrowLeft", 0),
        ("ArrowLeft", 0),
    ):
        opened.keyboard.press(key)
        expect(pictures[index]).to_be_focused()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Enter")
    heading = opened.locator(".large-name")
    expect(heading).to_be_focused()
    expect(heading).to_have_text("camcors")
    opened.keyboard.press("ArrowRight")
    expect(heading).to_have_text("c.local")
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("ArrowLeft")
    expect(heading).to_have_text("a.local")
    opened.keyboard.press("Escape")
    expect(pictures[0]).to_be_focused()
    expect(opened.locator(".large")).to_have_count(0)


def test_the_browsers_back_button_closes_a_camera(opened: Page):
    add_camera(opened, "http://a.local")
    tile(opened, "http://a.local").locator(".picture").click()
    expect(opened.locator(".large")).to_be_visible()
    opened.go_back()
    expect(opened.locator(".large")).to_have_count(0)
    expect(tile(opened, "http://a.local")).to_be_visible()


def test_a_snapshot_is_the_cameras_own_picture(large: Page, tmp_path: Path):
    with large.expect_download() as download:
        large.get_by_role("button", name="Save a picture").click()
    download.value.save_as(tmp_path / "picture.jpg")
    name = download.value.suggested_filename
    assert name.startswith("camcors-") and name.endswith(".jpg")
    with Image.open(tmp_path / "picture.jpg") as picture:
        picture.load()
        assert (picture.format, picture.size) == ("JPEG", (640, 480))


def test_the_last_seconds_are_a_film(large: Page, tmp_path: Path, site: Site):
    large.wait_for_timeout(2500)
    with large.expect_download() as download:
        large.get_by_role("button", name="Save the last seconds").click()
    download.value.save_as(tmp_path / "film")
    ending = download.value.suggested_filename.rsplit(".")[-1]
    assert ending in ("webm", "mp4")
    site.answers["/film"] = (200, {"Content-Type": f"video/{ending}"}, (tmp_path / "film").read_bytes())
    viewer = large.context.new_page()
    viewer.goto(site.origin() + "/")
    found = viewer.evaluate("""async () => {
      const film = Object.assign(document.createElement("video"), { src: "/film", muted: true });
      await new Promise((resolve, reject) => { film.onloadeddata = resolve; film.onerror = reject; });
      const canvas = new OffscreenCanvas(film.videoWidth, film.videoHeight);
      const context = canvas.getContext("2d");
      context.drawImage(film, 0, 0);
      return [film.videoWidth, film.videoHeight, [...context.getImageData(10, 10, 1, 1).data]];
    }""")
    assert found[:2] == [640, 480]
    assert min(found[2]) > 200  # the white bar


def test_where_the_browser_cannot_record_the_button_says_so(page: Page, dashboard: Dashboard, camera: Camera):
    page.add_init_script("delete window.MediaRecorder")
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    tile(page, camera.url).locator(".picture").click()
    film = page.get_by_role("button", name="Save the last seconds")
    expect(film).to_have_attribute("aria-disabled", "true")
    expect(film).to_have_attribute("title", "This browser has no MediaRecorder.")
    film.click(force=True)
    expect(page.locator(".toast")).to_contain_text("This browser has no MediaRecorder.")


def test_settings_are_the_cameras_own(large: Page, camera: Camera):
    expect(large.get_by_label("Frame size")).to_have_value("VGA")
    assert large.get_by_label("Frame size").locator("option").all_inner_texts() == [
        "QQVGA", "QVGA", "CIF", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA"
    ]  # fmt: skip
    slider = large.get_by_role("slider", name="Quality, slider")
    assert [slider.get_attribute(name) for name in ("min", "max")] == ["1", "100"]
    large.get_by_label("Frame size").select_option("QVGA")
    large.get_by_role("switch", name="Mirror").check()
    large.get_by_role("spinbutton", name="Quality").fill("40")
    large.keyboard.press("Enter")
    large.get_by_role("slider", name="Lamp, slider").fill("60")
    wanted = {"frame_size": "QVGA", "hmirror": True, "quality": 40}
    watch(
        large, lambda: wanted.items() <= settings_of(camera).items() and status(camera)["camera"]["led"] == 60
    )
    watch(large, lambda: large.locator(".large canvas").evaluate(_PIXELS)[:2] == [320, 240])
    camera_settings = {"frame_size": "VGA", "hmirror": False, "quality": 80}
    large.evaluate(
        """async ([url, json]) => fetch(url, { method: "PUT", body: JSON.stringify(json) })""",
        [f"{camera.url}/api/camera", camera_settings],
    )


REFUSED = [
    ("Quality", "0", "quality must be a whole number from 1 to 100"),
    ("Quality", "101", "quality must be a whole number from 1 to 100"),
    ("Brightness", "1.5", "brightness must be a whole number from -2 to 2"),
    ("Contrast", "", "contrast must be a whole number from -2 to 2"),
    ("Lamp", "-1", "level must be a whole number from 0 (off) to 100"),
]


@pytest.mark.parametrize(("field", "value", "said"), REFUSED)
def test_what_the_camera_refuses_is_said_at_the_field(large: Page, camera: Camera, field, value, said):
    before = settings_of(camera)
    box = large.get_by_role("spinbutton", name=field)
    box.fill(value)
    large.keyboard.press("Tab")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(large.locator(f"#{box.get_attribute('aria-describedby')}")).to_have_text(said)
    assert settings_of(camera) == before
    box.fill("1")
    large.keyboard.press("Tab")
    expect(box).not_to_have_attribute("aria-invalid", "true")


def test_status_and_plots(large: Page, camera: Camera):
    facts = large.locator(".facts")
    expect(facts).to_contain_text("BoardHOST")
    expect(facts).to_contain_text("Viewers1 of 4")
    plots = large.get_by_role("img", name="over the last 5 minutes")
    expect(plots).to_have_count(2)
    watch(large, lambda: "used –" not in (plots.nth(1).get_attribute("aria-label") or ""))
    assert "KB" in (plots.nth(1).get_attribute("aria-label") or "")
    watch(large, lambda: (large.locator(".plot-line").nth(0).get_attribute("d") or "").count("L") >= 1)
    for words in ("−5 min", "now"):
        assert large.locator(".plot text", has_text=words).count() == 2


def test_the_stream_ends_while_nobody_sees_it(opened: Page, camera: Camera):
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    assert status(camera)["clients"]["viewers"] == 1
    opened.evaluate("""() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    watch(opened, lambda: status(camera)["clients"]["viewers"] == 0)
    opened.evaluate("""() => {
      delete document.visibilityState;
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    watch(opened, lambda: is_live(opened, camera.url))


def test_a_tile_out_of_sight_has_no_stream(opened: Page, camera: Camera):
    opened.set_viewport_size({"width": 400, "height": 500})
    add_camera(opened, camera.url)
    for number in range(4):
        add_camera(opened, f"http://{number}.local")
    watch(opened, lambda: status(camera)["clients"]["viewers"] == 1)
    opened.evaluate("scrollTo(0, document.body.scrollHeight)")
    watch(opened, lambda: status(camera)["clients"]["viewers"] == 0)
    opened.evaluate("scrollTo(0, 0)")
    watch(opened, lambda: is_live(opened, camera.url))


def test_pause_ends_the_stream_and_keeps_the_picture(large: Page, camera: Camera):
    large.get_by_role("button", name="Pause").click()
    watch(large, lambda: status(camera)["clients"]["viewers"] == 0)
    assert min(large.locator(".large canvas").evaluate(_PIXELS)[3]) > 240
    large.get_by_role("button", name="Resume").click()
    watch(large, lambda: large.locator('.large[data-state="live"]').count())


def test_it_comes_back_after_the_camera_was_away(opened: Page, camera: Camera):
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    camera.reset()
    watch(opened, lambda: tile(opened, camera.url).get_attribute("data-state") != "live")
    watch(opened, lambda: is_live(opened, camera.url), 40)


def test_the_policy_card_tells_what_this_page_may_do(large: Page, dashboard: Dashboard):
    rows = large.locator(".verdicts").first.locator("tbody tr")
    watch(large, lambda: "…" not in large.locator(".verdicts").first.inner_text(), 30)
    found = {row.locator("th").inner_text(): row.locator("td").inner_text().strip() for row in rows.all()}
    assert found == {
        "Read an answer (GET)": "yes",
        "Send cookies and logins": "no",
        "Send a POST\nendpoint: answers 405 to POST: this path takes GET, HEAD, OPTIONS": "yes",
        "Send a PUT\nendpoint: answers 405 to PUT: this path takes GET, HEAD, OPTIONS": "yes",
        "Send a DELETE\nendpoint: answers 405 to DELETE: this path takes GET, HEAD, OPTIONS": "yes",
        "Set Content-Type: application/json": "yes",
        "Set a header of its own (X-Requested-With)": "yes",
        "Show a picture with a plain <img>": "yes",
        "Show the camera in an <iframe>": "yes",
        "Read X-Frame-Id and X-Timestamp": "yes",
    }


def test_which_origins_may_do_what_by_the_commands_engine(large: Page, dashboard: Dashboard, camera: Camera):
    allow(camera, dashboard.url, "https://*.example.com", allowed_methods=["GET"])
    large.get_by_role("button", name="Which origins may do what?").wait_for()
    watch(large, lambda: status(camera)["policy"]["digest"][:12] in large.locator(".large-side").inner_text())
    large.get_by_role("button", name="Which origins may do what?").click()
    rows = large.locator(".origins tbody tr")
    rows.first.wait_for()
    found = {row.locator("code").inner_text(): row.locator("td").all_inner_texts() for row in rows.all()}
    assert found == {
        dashboard.url: ["yes", "no", "no", "yes"],
        "https://*.example.com": ["yes", "no", "no", "no"],
        camera.url: ["yes", "yes", "yes", "yes"],
        "https://any-other-site.example": ["no", "no", "no", "no"],
    }
    allow(camera, dashboard.url, expose_headers=["X-Frame-Id", "X-Timestamp"])


def test_colours_follow_the_system_and_the_switch(browser, dashboard: Dashboard):
    for scheme, expected in (("light", "rgb(243, 245, 246)"), ("dark", "rgb(13, 17, 20)")):
        context = browser.new_context(color_scheme=scheme)
        opened = context.new_page()
        opened.goto(dashboard.url)
        paper = "getComputedStyle(document.body).backgroundColor"
        assert opened.evaluate(paper) == expected
        for name, colour in (
            ("Light", "rgb(243, 245, 246)"),
            ("Dark", "rgb(13, 17, 20)"),
            ("Auto", expected),
        ):
            opened.locator("#theme").click()
            expect(opened.locator("#theme")).to_have_accessible_name(f"Colours: {name}. Change")
            assert opened.evaluate(paper) == colour
            opened.reload()
            assert opened.evaluate(paper) == colour
        context.close()


def test_nothing_is_asked_of_anybody_else(page: Page, dashboard: Dashboard, camera: Camera):
    asked: set[str] = set()
    page.on("request", lambda request: asked.add("/".join(request.url.split("/")[:3])))
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    watch(page, lambda: is_live(page, camera.url))
    assert {each for each in asked if not each.startswith("blob:")} == {dashboard.url, camera.url}


def test_no_layout_jumps(opened: Page, camera: Camera):
    opened.evaluate("""() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
      }).observe({ type: "layout-shift", buffered: true });
    }""")
    add_camera(opened, camera.url)
    add_camera(opened, "http://127.0.0.1:9")
    watch(opened, lambda: is_live(opened, camera.url))
    opened.wait_for_timeout(1500)
    assert opened.evaluate("window.shift") == 0


def test_a_camera_that_the_server_offers(page: Page, camera: Camera):
    with Dashboard("--camera", camera.url) as offering:
        page.goto(offering.url)
        page.get_by_role("button", name=f"Add {camera.url.removeprefix('http://')}").click()
        expect(tile(page, camera.url)).to_be_visible()


def test_files_alone_work_on_any_server(page: Page, site: Site, camera: Camera, dashboard: Dashboard):
    allow(camera, dashboard.url, site.origin())
    page.goto(site.origin() + "/dashboard/")
    add_camera(page, camera.url)
    watch(page, lambda: is_live(page, camera.url))


def test_the_dashboard_asks_for_a_stream_that_every_engine_reads(opened: Page, camera: Camera, page: Page):
    asked: list[str | None] = []
    page.on(
        "request",
        lambda request: asked.append(request.headers.get("accept")) if "/api/stream" in request.url else None,
    )
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    assert asked == ["multipart/mixed"]


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/x-mixed-replace"])
def test_either_type_of_a_stream_is_read(opened: Page, site: Site, kind: str):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), "white").save(buffer, "JPEG")
    part = b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + buffer.getvalue() + b"\r\n"
    anyone = {"Access-Control-Allow-Origin": "*"}
    site.answers["/api/status"] = (200, anyone, b"{}")
    site.answers["/api/stream"] = (
        200,
        {**anyone, "Content-Type": f"{kind}; boundary=b"},
        part * 2 + b"--b\r\n",
    )
    url = site.origin("127.0.0.1")
    add_camera(opened, url)
    watch(opened, lambda: tile(opened, url).locator("canvas").evaluate(_PIXELS)[:2] == [32, 24])


def test_a_persons_name_goes_before_the_cameras_own_and_stays(large: Page, camera: Camera, tmp_path: Path):
    field = large.get_by_role("textbox", name="Name")
    expect(field).to_have_attribute("placeholder", "camcors")
    field.fill(" Front <b>door</b> ")
    large.keyboard.press("Enter")
    expect(large.locator(".large-name")).to_have_text("Front <b>door</b>")
    with large.expect_download() as download:
        large.get_by_role("button", name="Save a picture").click()
    assert download.value.suggested_filename.startswith("Front-b-door-b-")
    large.go_back()
    expect(tile(large, camera.url).get_by_role("heading")).to_have_text("Front <b>door</b>")
    large.reload()
    expect(tile(large, camera.url).get_by_role("heading")).to_have_text("Front <b>door</b>")
    tile(large, camera.url).locator(".picture").click()
    large.get_by_role("textbox", name="Name").fill("")
    large.keyboard.press("Enter")
    expect(large.locator(".large-name")).to_have_text("camcors")


def test_a_camera_that_is_gone_keeps_its_name(opened: Page):
    known = [{"url": f"http://127.0.0.1:{free_port()}", "credentials": False, "said": "kitchen"}]
    opened.evaluate("(list) => localStorage.setItem('camcors.cameras', JSON.stringify(list))", known)
    opened.reload()
    expect(opened.get_by_role("heading", name="kitchen")).to_be_visible()


def shown_order(page: Page) -> list[str]:
    return [
        (each.get_attribute("data-url") or "").removeprefix("http://") for each in page.locator(".tile").all()
    ]


def test_tiles_go_to_another_place_by_key_mouse_and_button(opened: Page):
    for url in ("http://a.local", "http://b.local", "http://c.local"):
        add_camera(opened, url)
    tile(opened, "http://a.local").locator(".picture").focus()
    opened.keyboard.press("Alt+ArrowRight")
    expect(tile(opened, "http://a.local").locator(".picture")).to_be_focused()
    assert shown_order(opened) == ["b.local", "a.local", "c.local"]
    tile(opened, "http://c.local").drag_to(tile(opened, "http://b.local"))
    assert shown_order(opened) == ["c.local", "b.local", "a.local"]
    tile(opened, "http://c.local").locator(".picture").click()
    opened.get_by_role("button", name="Later").click()
    opened.go_back()
    assert shown_order(opened) == ["b.local", "c.local", "a.local"]
    opened.reload()
    expect(opened.locator(".tile")).to_have_count(3)
    assert shown_order(opened) == ["b.local", "c.local", "a.local"]
    key = "new KeyboardEvent('keydown', {key: 'ArrowLeft', altKey: true, bubbles: true, cancelable: true})"
    first = tile(opened, "http://b.local").locator(".picture")
    assert first.evaluate(f"(picture) => picture.dispatchEvent({key})") is False  # or the browser goes back
    opened.keyboard.press("Tab")
    tile(opened, "http://b.local").locator(".picture").focus()
    opened.keyboard.press("ArrowRight")
    expect(tile(opened, "http://c.local").locator(".picture")).to_be_focused()


def test_settings_follow_what_others_set(large: Page, camera: Camera):
    quality = large.get_by_role("spinbutton", name="Quality")
    quality.wait_for()
    contrast = large.get_by_role("spinbutton", name="Contrast")
    contrast.focus()
    large.keyboard.press("ArrowUp")  # a person is at it: what is written there stays
    httpx.put(camera.url + "/api/camera", json={"quality": 41, "hmirror": True, "frame_size": "CIF"})
    httpx.put(camera.url + "/api/led", json={"level": 9})
    expect(quality).to_have_value("41")
    expect(large.get_by_role("slider", name="Quality, slider")).to_have_value("41")
    expect(large.get_by_role("switch", name="Mirror")).to_be_checked()
    expect(large.get_by_label("Frame size")).to_have_value("CIF")
    expect(large.get_by_role("spinbutton", name="Lamp")).to_have_value("9")
    expect(contrast).to_have_value("1")
    expect(contrast).to_be_focused()
    before = {"quality": 80, "hmirror": False, "frame_size": "VGA", "contrast": 0}
    httpx.put(camera.url + "/api/camera", json=before)
    httpx.put(camera.url + "/api/led", json={"level": 0})


def test_the_size_of_the_tiles_and_the_full_screen(opened: Page, camera: Camera):
    for url in (camera.url, "http://b.local", "http://c.local", "http://d.local", "http://e.local"):
        add_camera(opened, url)
    lefts = "(tiles) => new Set(tiles.map((each) => each.getBoundingClientRect().left)).size"
    columns = {}
    for size in ("Small", "Medium", "Large"):
        opened.get_by_label("Tiles").select_option(size)
        columns[size] = opened.locator(".tile").evaluate_all(lefts)
    assert columns == {"Small": 4, "Medium": 3, "Large": 2}
    opened.reload()
    expect(opened.get_by_label("Tiles")).to_have_value("Large")
    tile(opened, camera.url).locator(".picture").click()
    opened.get_by_role("button", name="Full screen").click()
    watch(opened, lambda: opened.evaluate("document.fullscreenElement?.className") == "frame")
    opened.evaluate("document.exitFullscreen()")


def test_on_a_phone_the_settings_come_before_the_plots(large: Page):
    large.get_by_label("Frame size").wait_for()
    tops = "() => ['#settings-title', '.plots'].map((each) => document.querySelector(each).getBoundingClientRect().top)"
    large.set_viewport_size({"width": 390, "height": 844})
    settings, plots = large.evaluate(tops)
    assert settings < plots
    assert large.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_tile_says_within_a_second_what_it_waits_for(opened: Page):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        add_camera(opened, f"http://{place}")
        waiting = tile(opened, f"http://{place}").locator(".waiting")
        expect(waiting).to_have_text(f"Waiting for {place} to answer …", timeout=1000)
        expect(waiting).to_contain_text("Trying again", timeout=30_000)


def test_pictures_never_stand_beside_blocked(opened: Page, camera: Camera):
    """The status may be refused while a stream runs on."""
    add_camera(opened, camera.url)
    watch(opened, lambda: is_live(opened, camera.url))
    opened.route("**/api/status*", lambda route: route.abort())
    tile(opened, camera.url).locator(".picture").click()
    expect(opened.locator(".connection .why")).to_be_visible(timeout=30_000)
    line = opened.locator(".large .tile-line")
    expect(line).to_contain_text("fps")
    assert line.locator(".state").inner_text() == "Live"


def test_what_the_page_tries_leaves_no_error_in_the_console(page: Page, dashboard: Dashboard, camera: Camera):
    allow(camera, dashboard.url, allowed_methods=["GET"], allowed_headers=[])
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(dashboard.url)
    add_camera(page, camera.url)
    tile(page, camera.url).locator(".picture").click()
    table = page.locator(".verdicts").first
    watch(page, lambda: "unknown" in table.inner_text() or "Read X-" in table.inner_text(), 40)
    watch(page, lambda: "…" not in table.inner_text(), 40)
    refused = table.locator("tr", has=page.locator(".verdict.is-no")).locator("th").all_inner_texts()
    assert "Send a PUT" in refused and "Send cookies and logins" in refused
    assert errors == []
    allow(camera, dashboard.url, expose_headers=["X-Frame-Id", "X-Timestamp"])

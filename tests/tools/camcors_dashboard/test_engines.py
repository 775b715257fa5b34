"""What people see of a camera in Chromium, Firefox and WebKit: the dashboard, pages of their own, pixels."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from tests.kit.camera import Camera
from tests.kit.card import bars, is_card
from tests.kit.engines.fixtures import whole_browser
from tests.kit.engines.tab import Tab, picture
from tests.kit.pages import Dashboard, Site, allow, run_camcors, set_policy, status, wait_until

browser = whole_browser

OWN, FOREIGN = "own.localhost", "foreign.localhost"


def viewers(camera: Camera) -> int:
    return int(status(camera)["clients"]["viewers"])


@pytest.fixture(autouse=True)
def idle(camera: Camera) -> None:
    """Nobody looks at the camera when a test begins."""
    wait_until(lambda: viewers(camera) == 0)


# -- the dashboard


def state(tab: Tab) -> str | None:
    return tab.run("return document.querySelector('.tile')?.dataset.state")


def add_camera(tab: Tab, url: str) -> None:
    """Add a camera as a person does, by mouse and keyboard, once the page listens to them."""
    wait_until(lambda: tab.run("return !document.getElementById('empty').hidden"))
    tab.click("#add")
    wait_until(lambda: tab.run("return document.activeElement.id") == "address")
    tab.type(f"{url}\n")
    wait_until(lambda: tab.run("return document.querySelectorAll('.tile').length") == 1)


_CANVAS = """
const canvas = document.querySelector('.tile canvas');
const { width, height } = canvas;
const context = canvas.getContext('2d');
const at = (x) => [...context.getImageData(x, height / 8, 1, 1).data];
let sum = 0;
for (const each of context.getImageData(0, 0, width, height).data) sum = (sum * 31 + each) % 1000000007;
return { size: [width, height], bars: [at(width / 16), at(width * 3 / 16)], sum };
"""


def test_the_dashboard_shows_a_moving_picture(tab: Tab, dashboard: Dashboard, camera: Camera) -> None:
    allow(camera, dashboard.url)
    tab.open(dashboard.url)
    add_camera(tab, camera.url)
    wait_until(lambda: state(tab) == "live")
    first = tab.run(_CANVAS)
    assert first["size"] == [640, 480]
    assert is_card(first["bars"])
    wait_until(lambda: tab.run(_CANVAS)["sum"] != first["sum"])
    assert viewers(camera) == 1
    tab.open("about:blank")
    wait_until(lambda: viewers(camera) == 0, 2)


_CATCH = (
    "const make = URL.createObjectURL; URL.createObjectURL = (blob) => (window.saved = blob, make(blob));"
)
_CAUGHT = """
if (!window.saved) return null;
const bytes = new Uint8Array(await window.saved.arrayBuffer());
return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
"""


def test_a_picture_is_saved(tab: Tab, dashboard: Dashboard, camera: Camera) -> None:
    allow(camera, dashboard.url)
    tab.open(dashboard.url)
    add_camera(tab, camera.url)
    wait_until(lambda: state(tab) == "live")
    tab.run(_CATCH)
    tab.click("button[aria-label^='Save a picture']")
    saved = base64.b64decode(wait_until(lambda: tab.run(_CAUGHT)))
    with Image.open(io.BytesIO(saved)) as image:
        assert (image.format, image.size) == ("JPEG", (640, 480))
        assert is_card(bars(image))


def test_a_page_that_is_not_allowed_says_why(tab: Tab, dashboard: Dashboard, camera: Camera) -> None:
    set_policy(camera, allowed_origins=[])
    tab.open(dashboard.url)
    add_camera(tab, camera.url)
    command = f"camcors policy allow {dashboard.url}"
    said = "return [document.querySelector('.tile .why')?.dataset.cause,"
    said += "document.querySelector('.tile .why .command code')?.innerText]"
    wait_until(lambda: tab.run(said) == ["origin", command], 30)
    run_camcors(camera, command)
    wait_until(lambda: state(tab) == "live", 30)


# -- a page of one's own


@pytest.fixture
def own(camera: Camera, site: Site) -> str:
    """The origin of a page that the camera allows."""
    allow(camera, site.origin(OWN))
    return site.origin(OWN)


_PIXELS = """
const at = (image) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [1, 3].map((bar) => [...context.getImageData(image.width * bar / 16, image.height / 8, 1, 1).data]);
};
"""


def test_a_page_reads_the_pixels_of_a_picture(tab: Tab, own: str, camera: Camera) -> None:
    tab.open(own)
    colours = tab.run(f"""{_PIXELS}
        const answer = await fetch({json.dumps(camera.url + "/api/capture")});
        return at(await createImageBitmap(await answer.blob()));""")
    assert is_card(colours)


def test_a_page_reads_the_pixels_of_an_image_with_crossorigin(tab: Tab, own: str, camera: Camera) -> None:
    tab.open(own)
    colours = tab.run(f"""{_PIXELS}
        const image = new Image();
        image.crossOrigin = 'anonymous';
        image.src = {json.dumps(camera.url + "/api/capture")};
        await image.decode();
        return at(image);""")
    assert is_card(colours)


_SECOND_PART = """
const leave = new AbortController();
const answer = await fetch(URL, { headers: { Accept: 'multipart/mixed' }, signal: leave.signal });
const reader = answer.body.getReader();
let bytes = new Uint8Array(0);
const find = (from, ...wanted) => bytes.findIndex((_, at) => at >= from && wanted.every((byte, k) => bytes[at + k] === byte));
for (;;) {
  const start = find(0, 0xff, 0xd8, 0xff);
  const end = start < 0 ? -1 : find(start, 0xff, 0xd9);
  const next = end < 0 ? -1 : find(end, 0xff, 0xd8, 0xff);
  if (next >= 0) {
    leave.abort();
    const jpeg = new Blob([bytes.slice(start, end + 2)], { type: 'image/jpeg' });
    return [answer.headers.get('Content-Type').split(';')[0], at(await createImageBitmap(jpeg))];
  }
  const { value } = await reader.read();
  const longer = new Uint8Array(bytes.length + value.length);
  longer.set(bytes);
  longer.set(value, bytes.length);
  bytes = longer;
}
"""


def test_a_page_reads_the_pixels_of_the_stream(tab: Tab, own: str, camera: Camera) -> None:
    tab.open(own)
    url = json.dumps(f"{camera.url}/api/stream")
    kind, colours = tab.run(_PIXELS + _SECOND_PART.replace("URL", url, 1))
    assert kind == "multipart/mixed"
    assert is_card(colours)
    wait_until(lambda: viewers(camera) == 0, 2)


# -- <img>

_SHOW = """
document.body.style.margin = 0;
document.body.innerHTML = '<img width=640 height=480 style="display: block">';
const image = document.body.firstChild;
window.failed = false;
image.onerror = () => { window.failed = true; };
"""


def show(tab: Tab, url: str) -> None:
    tab.run(f"{_SHOW} image.src = {json.dumps(url)};")


def shown(tab: Tab) -> bool:
    return is_card(bars(picture(tab).crop((0, 0, 640, 480))))


@pytest.mark.parametrize("path", ["/api/stream", "/api/capture"])
def test_a_plain_image_on_an_allowed_page(tab: Tab, own: str, camera: Camera, path: str) -> None:
    tab.open(own)
    show(tab, camera.url + path)
    wait_until(lambda: shown(tab))
    assert tab.run("return [window.failed, document.querySelector('img').naturalWidth]") == [False, 640]


def test_an_image_that_leaves_frees_its_slot(tab: Tab, own: str, camera: Camera) -> None:
    tab.open(own)
    show(tab, f"{camera.url}/api/stream")
    wait_until(lambda: shown(tab) and viewers(camera) == 1)
    tab.open("about:blank")
    wait_until(lambda: viewers(camera) == 0, 2)


@pytest.mark.parametrize("path", ["/api/stream", "/api/capture"])
def test_a_plain_image_on_a_foreign_page_stays_blank(
    tab: Tab, own: str, site: Site, camera: Camera, path: str
) -> None:
    tab.open(site.origin(FOREIGN))
    show(tab, camera.url + path)
    wait_until(lambda: tab.run("return window.failed"))
    assert not shown(tab)
    wait_until(lambda: viewers(camera) == 0, 2)


def test_the_camera_s_own_page(tab: Tab, camera: Camera) -> None:
    tab.open(f"{camera.url}/")
    wait_until(lambda: tab.run("return document.getElementById('state').innerText") == "Live")
    wait_until(lambda: tab.run("return document.getElementById('view').naturalWidth") == 640)

"""A hostile camera: what it may make the page hold and show is bounded, and the tile says what was refused."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.kit.pages import Dashboard, Site, add_camera, tile, watch

Write = Callable[[bytes], object]
MULTIPART = "Content-Type: multipart/x-mixed-replace; boundary=frame"
STATUS = {"board": "HOST", "name": "n", "policy": {"state": "active", "digest": "0" * 12, "error": None}}


def jpeg(width: int, height: int, **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("L", (width, height), 99).save(made, "JPEG", **options)
    return made.getvalue()


def resized(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header says another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


def part(body: bytes, head: bytes = b"") -> bytes:
    return b"--frame\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"\r\n"


class HostileCamera:
    """Answers each path by a function that gets what writes to the client; another path is never answered.

    begun, open, written: answers to each path, those that go on, bytes.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Write], None]] = {}
        self.begun: dict[str, int] = {}
        self.open: dict[str, int] = {}
        self.written: dict[str, int] = {}
        self.gone = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]

                def write(data: bytes) -> None:
                    self.wfile.write(data)
                    camera.written[path] = camera.written.get(path, 0) + len(data)

                camera.begun[path] = camera.begun.get(path, 0) + 1
                camera.open[path] = camera.open.get(path, 0) + 1
                try:
                    camera.answers.get(path, lambda write: camera.gone.wait())(write)
                except OSError:
                    pass  # the page has enough
                camera.open[path] -= 1

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.gone.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hostile() -> Iterator[HostileCamera]:
    made = HostileCamera()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Dashboard]:
    with Dashboard() as running:
        yield running


@pytest.fixture
def opened(page: Page, server: Dashboard) -> Page:
    """The dashboard, which counts what it decodes."""
    page.add_init_script("""
      const decode = window.createImageBitmap;
      window.decoded = 0;
      window.createImageBitmap = (...all) => (window.decoded++, decode(...all));
    """)
    page.goto(server.url)
    return page


def head(*lines: str, status: int = 200) -> bytes:
    first = [f"HTTP/1.1 {status} x", "Access-Control-Allow-Origin: *", "Connection: close"]
    return "\r\n".join([*first, *lines, "", ""]).encode()


def stream(*pieces: bytes, endless: bytes = b"", kind: str = MULTIPART) -> Callable[[Write], None]:
    """Some pieces, then one without end; without it, the end is never said."""

    def answer(write: Write) -> None:
        write(head(kind))
        for piece in pieces:
            write(piece)
        while endless:
            write(endless)
        time.sleep(60)

    return answer


def as_json(value: object) -> Callable[[Write], None]:
    return lambda write: write(head("Content-Type: application/json") + json.dumps(value).encode())


SMALL = jpeg(64, 48)
FAULTY = "The stream is faulty: "
TOO_LARGE = " pixels is larger than 2592 × 1944, the most that is shown."

# What it sends as its stream, what the tile says.
STREAMS = [
    ("a large picture", stream(part(resized(SMALL, 16000, 12000))), f"{FAULTY}a picture of 16000 × 12000{TOO_LARGE}"),
    ("a wide picture", stream(part(resized(SMALL, 2593, 1))), f"{FAULTY}a picture of 2593 × 1{TOO_LARGE}"),
    ("a square picture", stream(part(resized(SMALL, 2592, 1945))), f"{FAULTY}a picture of 2592 × 1945{TOO_LARGE}"),
    ("a large part", stream(b"--frame\r\nContent-Length: 2097153\r\n\r\n"),
     f"{FAULTY}a part is larger than 2097152 bytes."),
    ("a part without end", stream(b"--frame\r\n\r\n", endless=b"x" * 65536),
     f"{FAULTY}a part is larger than 2097152 bytes."),
    ("headers without end", stream(b"--frame\r\n", endless=b"A: b\r\n" * 1000),
     f"{FAULTY}the headers of a part are too long."),
    ("long headers", stream(b"--frame\r\n" + b"A: b\r\n" * 3000 + b"\r\n"),
     f"{FAULTY}the headers of a part are too long."),
    ("no parts", stream(endless=b"x" * 4096), f"{FAULTY}there are no parts in it."),
    ("nothing after the end", stream(b"--frame--\r\n", endless=b"x" * 4096), None),
    ("another kind", stream(endless=b"x" * 4096, kind="Content-Type: text/html"),
     "What answers here is not a camera’s stream; check the address: a camera’s own page shows its picture."),
    ("a long boundary", stream(kind=f"Content-Type: multipart/x-mixed-replace; boundary={'f' * 71}"),
     "What answers here is not a camera’s stream; check the address: a camera’s own page shows its picture."),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_a_hostile_stream(
    opened: Page, hostile: HostileCamera, answer: Callable[[Write], None], said: str | None
) -> None:
    hostile.answers = {"/api/status": as_json(STATUS), "/api/stream": answer}
    add_camera(opened, hostile.url)
    why = tile(opened, hostile.url).locator(".why")
    if said is None:
        expect(tile(opened, hostile.url).locator(".state")).not_to_have_text("Connecting", timeout=20_000)
    else:
        expect(why.locator("p")).to_have_text(said, timeout=20_000)
        expect(tile(opened, hostile.url).locator(".state")).to_have_text("Error")
    assert opened.evaluate("window.decoded") == 0
    assert opened.evaluate("document.querySelector('canvas').width") == 640


def test_what_is_refused_is_not_read_on(opened: Page, hostile: HostileCamera) -> None:
    """Each attempt ends before the next one begins."""
    html = stream(endless=b"x" * 65536, kind="Content-Type: text/html")
    hostile.answers = {"/api/status": as_json(STATUS), "/api/stream": html}
    add_camera(opened, hostile.url)
    watch(opened, lambda: hostile.begun.get("/api/stream", 0) >= 4, 40)
    watch(opened, lambda: hostile.open["/api/stream"] <= 1)


def test_pictures_up_to_the_bound_are_shown(opened: Page, hostile: HostileCamera) -> None:
    """Those that are no JPEG, or damaged, are passed over."""
    large = jpeg(2592, 1944)
    bad = [b"", b"<svg/>", b"\x89PNG\r\n", SMALL[:20], resized(SMALL, 64, 0), b"\xff\xd8\xff\xda" + SMALL]
    hostile.answers = {"/api/status": as_json(STATUS), "/api/stream": stream(*map(part, bad), part(large))}
    add_camera(opened, hostile.url)
    watch(opened, lambda: "fps · 2592 × 1944" in tile(opened, hostile.url).inner_text())
    assert opened.evaluate("window.decoded") == 1


def endless_json(write: Write) -> None:
    write(head("Content-Type: application/json") + b'{"board": "')
    while True:
        write(b"x" * 65536)


def slow_json(write: Write) -> None:
    write(head("Content-Type: application/json") + b'{"board": "')
    while True:
        write(b"x")
        time.sleep(0.1)


TOO_LONG = "The answer is longer than 65536 bytes, or comes to no end."

# What it sends as its status, what the tile says.
STATUSES = [
    ("without end", endless_json, TOO_LONG),
    ("slower and slower", slow_json, TOO_LONG),
    ("no JSON", lambda write: write(head() + b"<h1>"), "The answer is not JSON."),
    ("an error without end", lambda write: [write(head(status=500)), *iter(lambda: write(b"y" * 9999), 0)],
     "y" * 400 + "…"),
    ("an error with controls",
     lambda write: write(head(status=500) + json.dumps({"error": "a\u202e\x1b[2J\nb"}).encode()),
     "A\ufffd\ufffd[2J b."),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES])
def test_a_hostile_status(
    opened: Page, hostile: HostileCamera, answer: Callable[[Write], None], said: str
) -> None:
    hostile.answers = {"/api/status": answer}
    add_camera(opened, hostile.url)
    found = tile(opened, hostile.url).locator(".why p")
    expect(found).to_have_text(said[0].upper() + said[1:], timeout=25_000)
    assert hostile.written["/api/status"] < 16 << 20  # what the buffers of both ends take


HTML = "<img src=x onerror=alert(1)>" * 9
ODD: list[Any] = [
    None, [], 5, "text", [[[]]],
    {"name": {}, "uptime_s": "x", "clients": 5, "frames": [], "heap": {"used": "x", "free": None}, "policy": 7,
     "faults": 5, "camera": None},
    {"name": HTML, "policy": {"state": HTML, "digest": 5}, "faults": [{}, None, HTML, *["f" * 500] * 99],
     "heap": {"used": 1e308, "free": -1e308}, "uptime_s": -5, "frames": {"captured": HTML, "failed": [1]}},
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_status_breaks_nothing(opened: Page, hostile: HostileCamera, value: Any) -> None:
    hostile.answers = {"/api/status": as_json(value), "/api/stream": stream(part(SMALL), part(SMALL))}
    hostile.answers["/api/camera"] = as_json({"ranges": {"ok": {"min": 1, "max": 2}}, "ok": 1})
    add_camera(opened, hostile.url)
    watch(opened, lambda: "64 × 48" in tile(opened, hostile.url).inner_text())
    tile(opened, hostile.url).locator(".picture").click()
    expect(opened.locator(".fields label")).to_contain_text("Ok")
    facts = opened.locator(".facts dd")
    expect(facts).to_have_count(10)
    for text in facts.all_inner_texts():
        assert "NaN" not in text and "undefined" not in text and len(text) < 100
    assert all(len(text) < 30 for text in opened.locator(".plot-key").all_inner_texts())
    assert len(opened.locator(".large-name").inner_text()) <= 65
    assert len(opened.title()) < 100
    assert opened.locator(".faults li").count() <= 33
    assert opened.locator("main img").count() == 1  # the icon of the empty page


FIELDS: list[tuple[Any, list[str]]] = [
    ({"ranges": {"a": {"min": 0, "max": 5}, "b": {"values": [True, False]}}, "a": 1}, ["A", "B"]),
    ({"ranges": [1]}, []),
    ({"ranges": {"a": None, "b": {"min": "x", "max": 5}, "c": {"values": [{}]}, "d": {"values": list(range(65))}}}, []),
    ({"ranges": {"<b>": {"min": 0, "max": 1}, "x" * 65: {"min": 0, "max": 1}, "ok": {"min": 0, "max": 1}}}, ["Ok"]),
    ({"ranges": {f"f{number:03}": {"min": 0, "max": 1} for number in range(500)}}, [f"F{n:03}" for n in range(64)]),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "labels"), FIELDS, ids=range(len(FIELDS)))
def test_odd_settings(opened: Page, hostile: HostileCamera, settings: Any, labels: list[str]) -> None:
    hostile.answers = {"/api/status": as_json(STATUS), "/api/stream": stream(part(SMALL), part(SMALL))}
    hostile.answers["/api/camera"] = as_json(settings)
    add_camera(opened, hostile.url)
    tile(opened, hostile.url).locator(".picture").click()
    watch(opened, lambda: "Shown as soon" not in opened.locator(".fields").inner_text())
    assert [text.split()[0] for text in opened.locator(".fields label").all_inner_texts()] == labels


def test_a_camera_that_asks_for_an_eternal_pause(opened: Page, hostile: HostileCamera) -> None:
    """A timer of 2^32 ms would fire at once."""
    asked: list[float] = []

    def busy(write: Write) -> None:
        asked.append(time.monotonic())
        write(
            head("Retry-After: 4294967.296", "Access-Control-Expose-Headers: Retry-After", status=503)
            + b"busy"
        )

    hostile.answers = {"/api/status": as_json(STATUS), "/api/stream": busy}
    add_camera(opened, hostile.url)
    expect(tile(opened, hostile.url).locator(".state")).to_have_text("Busy")
    opened.wait_for_timeout(1500)  # without the bound it came again in no time
    assert len(asked) == 1


def test_the_list_has_an_end(opened: Page) -> None:
    opened.evaluate("""() => localStorage.setItem("camcors.cameras",
      JSON.stringify(Array.from({ length: 90 }, (_, n) => ({ url: `http://127.9.9.${n + 1}` }))))""")
    opened.reload()
    expect(opened.locator(".tile")).to_have_count(64)
    opened.get_by_role("button", name="Add a camera").click()
    opened.get_by_label("Address").fill("http://127.9.9.200")
    opened.keyboard.press("Enter")
    said = "The dashboard shows 64 cameras at most. Remove one first."
    expect(opened.locator("#address-error")).to_have_text(said)


# The sizes of pictures, and of each beginning of the last one.
_SIZES = """async (pictures) => {
  const { sizeOf } = await import("/dashboard/js/jpeg.js");
  const read = (bytes) => {
    const size = sizeOf(bytes);
    return size && [size.width, size.height];
  };
  const all = pictures.map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));
  const last = all.at(-1);
  return [all.map(read), [...last.keys()].map((at) => read(last.subarray(0, at)))];
}"""
WHOLE = jpeg(640, 480, exif=b"Exif\0\0" + bytes(300), comment=b"\xff\xc0" * 20)
PICTURES: list[tuple[str, bytes, list[int] | None]] = [
    ("baseline", SMALL, [64, 48]),
    ("progressive", jpeg(65, 47, progressive=True), [65, 47]),
    ("segments before", WHOLE, [640, 480]),
    ("fill bytes", b"\xff\xd8\xff\xff\xff" + SMALL[3:], [64, 48]),
    ("the largest", resized(SMALL, 65535, 65535), [65535, 65535]),
    ("a height that comes later", resized(SMALL, 64, 0), None),
    ("no picture", b"", None),
    ("another format", b"\x89PNG\r\n\x1a\n" + bytes(99), None),
    ("lossless", SMALL.replace(b"\xff\xc0", b"\xff\xc3"), None),
    ("a scan first", b"\xff\xd8\xff\xda\x00\x02" + SMALL[2:], None),
    ("a length of 0", b"\xff\xd8\xff\xe0\x00\x00" + SMALL[2:], None),
    ("bytes between segments", b"\xff\xd8\x00" + SMALL[2:], None),
]  # fmt: skip


def test_the_size_of_a_jpeg(page: Page, site: Site) -> None:
    page.goto(site.origin())
    pictures = [picture.decode("latin-1") for _, picture, _ in PICTURES]
    sizes, cut = page.evaluate(_SIZES, [*pictures, WHOLE.decode("latin-1")])
    assert sizes[:-1] == [size for *_, size in PICTURES]
    known = WHOLE.index(b"\xff\xc0\x00") + 9
    assert cut == [None] * known + [[640, 480]] * (len(WHOLE) - known)


def test_a_film_is_bounded(page: Page, site: Site) -> None:
    """A recording that grows past its bound is thrown away, and another one begins."""
    page.goto(site.origin())
    found = page.evaluate("""async () => {
      const { Recorder } = await import("/dashboard/js/recorder.js");
      const canvas = document.createElement("canvas");
      const context = canvas.getContext("2d");
      const recorder = new Recorder(canvas, 1000);
      const first = recorder.segments[0];
      const draw = setInterval(() => {
        context.fillStyle = `rgb(${Math.random() * 255} 9 9)`;
        context.fillRect(0, 0, Math.random() * 300, 150);
      }, 20);
      while (recorder.segments.includes(first)) await new Promise((resolve) => setTimeout(resolve, 50));
      clearInterval(draw);
      const kept = recorder.segments.length;
      recorder.close();
      return [first.recorder.state, first.chunks.length, first.size > 1000, kept];
    }""")
    assert found == ["inactive", 0, True, 1]

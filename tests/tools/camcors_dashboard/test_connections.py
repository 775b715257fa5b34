"""Chromium's connections to the camera: kept ones, and streams that stay open."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.kit.camera import Camera
from tests.kit.pages import Site, Start, allow, set_policy, status, wait_until, watch

# Events from the one after Last-Event-ID on; each connection ends after some, and the browser comes back.
MAIN = """
import asyncio
from camcors import app
from microdot.sse import with_sse

LAST = 1000
AT_A_TIME = 20


@app.get("/events")
@with_sse
async def events(request, sse):
    number = int(request.headers.get("Last-Event-ID", "0"))
    for number in range(number + 1, min(number + AT_A_TIME, LAST) + 1):
        await sse.send({"number": number}, event="count", event_id=str(number), retry=0.05)
        await asyncio.sleep_ms(20)


@app.get("/forever")
@with_sse
async def forever(request, sse):
    while True:
        await sse.send("on")
        await asyncio.sleep_ms(20)
"""

LISTEN = """([url, wanted]) => new Promise((resolve) => {
  const source = new EventSource(url);
  const seen = [];
  let connections = 0;
  source.onopen = () => { connections += 1; };
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) resolve("refused"); };
  source.addEventListener("count", (event) => {
    seen.push(JSON.parse(event.data).number);
    if (seen.length === wanted) { source.close(); resolve({ seen, connections }); }
  });
})"""
BLOCKED = """(url) => new Promise((resolve) => {
  const source = new EventSource(url);
  source.onmessage = () => { source.close(); resolve("read"); };
  source.onerror = () => { source.close(); resolve("blocked"); };
})"""


@pytest.fixture(scope="module")
def events(start_camera: Start) -> Camera:
    """A camera with routes of its own for events."""
    camera = start_camera()
    camera.put("main.py", MAIN)
    camera.reset()
    return camera.wait_ready()


def test_event_source_reads_on_after_each_end(page: Page, site: Site, events: Camera) -> None:
    """From another origin: every event once and in order, although each connection ends after 20."""
    allow(events, site.origin("a.example"))
    page.goto(site.origin("a.example") + "/")
    found = page.evaluate(LISTEN, [f"{events.url}/events", 90])
    assert found == {"seen": list(range(1, 91)), "connections": 5}
    assert status(events)["clients"]["faults"] == 0


def test_event_source_of_a_foreign_page_is_blocked(page: Page, site: Site, events: Camera) -> None:
    set_policy(events, allowed_origins=[site.origin("a.example")])
    page.goto(site.origin("b.example") + "/")
    assert page.evaluate(BLOCKED, f"{events.url}/forever") == "blocked"


def test_event_sources_that_are_closed_leave_nothing(page: Page, site: Site, events: Camera) -> None:
    """Three at a time, again and again, from pages that are left without a word."""
    allow(events, site.origin("a.example"))
    open_three = """(url) => Promise.all([1, 2, 3].map(() => new Promise((resolve) => {
      new EventSource(url).onmessage = resolve;
    })))"""
    for _ in range(4):
        page.goto(site.origin("a.example") + "/")
        page.evaluate(open_three, f"{events.url}/forever")
    page.goto("about:blank")
    left = wait_until(lambda: status(events)["clients"]["connections"] == 1 and status(events)["clients"])
    assert (left["faults"], left["refused"]) == (0, 0)


def test_requests_share_connections(page: Page, site: Site, camera: Camera) -> None:
    """60 of one page, some at a time, with and without bodies, take the few connections that Chromium opens."""
    allow(camera, site.origin("a.example"))
    page.goto(site.origin("a.example") + "/")
    before = status(camera)["clients"]
    script = """async (url) => {
      const ask = (i) => i % 3
        ? fetch(`${url}/api/status?${i}`).then((answer) => answer.json())
        : fetch(`${url}/api/led`, { method: "PUT", body: '{"level": 5}' }).then((answer) => answer.json());
      for (let i = 0; i < 60; i += 3) await Promise.all([ask(i), ask(i + 1), ask(i + 2)]);
      return "done";
    }"""
    assert page.evaluate(script, camera.url) == "done"
    after = status(camera)["clients"]
    assert after["requests"] - before["requests"] >= 60 + 1
    assert after["accepted"] - before["accepted"] <= 6 + 1
    assert [after[name] - before[name] for name in ("faults", "refused", "rejected")] == [0, 0, 0]


def test_pictures_in_pages_that_come_and_go(page: Page, site: Site, camera: Camera) -> None:
    """A stream in an <img> starts again and again; each one that is left gives its slot back."""
    set_policy(camera, allowed_origins=[], resource_policy="cross-origin")
    script = """(url) => new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve(image.naturalWidth);
      image.onerror = reject;
      image.src = url;
      document.body.append(image);
    })"""
    for i in range(8):
        page.goto(site.origin("a.example") + "/")
        assert page.evaluate(script, f"{camera.url}/api/stream?fps=10&{i}") == 640
    page.goto("about:blank")
    watch(page, lambda: status(camera)["clients"]["viewers"] == 0)

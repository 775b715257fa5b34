"""Chromium and the model of a browser decide alike, over the same camera and the same policies.

Each row is fetched by a page in Chromium, through a tap that hears what is really sent, and by the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from camcors_cli.browser import requests
from camcors_cli.browser.agent import Browser as Model
from camcors_cli.browser.fetch import Request, Response
from playwright.sync_api import Frame, Page

from tests.kit.camera import Camera
from tests.kit.pages import Site, Tap, set_policy, status

_FETCH = """async ([url, method, headers, credentials]) => {
  try {
    const response = await fetch(url, { method, headers, credentials });
    return { readable: true, status: response.status, headers: [...response.headers.keys()].sort() };
  } catch {
    return { readable: false, status: null, headers: [] };
  }
}"""

JSON = ("Content-Type", "application/json")
TOKEN = ("X-Token", "1")
REQUESTS: list[tuple[str, list[tuple[str, str]], str]] = [
    ("GET", [], "omit"),
    ("GET", [], "include"),
    ("HEAD", [], "omit"),
    ("OPTIONS", [], "omit"),
    ("POST", [("Content-Type", "text/plain")], "omit"),
    ("POST", [JSON], "omit"),
    ("PUT", [], "omit"),
    ("PUT", [], "include"),
    ("PUT", [JSON], "omit"),
    ("put", [], "omit"),
    ("PATCH", [], "omit"),
    ("patch", [], "omit"),
    ("DELETE", [], "include"),
    ("GET", [TOKEN], "omit"),
    ("GET", [TOKEN], "include"),
    ("GET", [TOKEN, ("X-Other", "1")], "omit"),
    ("GET", [("Authorization", "Basic YTpi")], "omit"),
    ("GET", [("Accept", "a(b")], "omit"),
    ("GET", [("Range", "bytes=0-10")], "omit"),
    ("GET", [("Range", "bytes=-10")], "omit"),
    ("TRACE", [], "omit"),
]

# Policies, each with the hosts of the pages that ask; "null" is a sandboxed frame's.
POLICIES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "one origin": ({"allowed_origins": ["http://a.example:{port}"]}, ["a.example", "b.example", "null"]),
    "any origin": ({"allowed_origins": "*"}, ["a.example", "null"]),
    "null": ({"allowed_origins": ["null"]}, ["a.example", "null"]),
    "a pattern": ({"allowed_origins": ["http://*.a.example:{port}"]}, ["a.example", "x.y.a.example"]),
    "credentials": (
        {"allowed_origins": ["http://localhost:{port}"], "allow_credentials": True},
        ["localhost", "127.0.0.1"],
    ),
    "lists": (
        {
            "allowed_origins": ["http://a.example:{port}"],
            "allowed_methods": ["GET", "PUT"],
            "allowed_headers": ["x-token"],
            "expose_headers": ["X-Frame-Id"],
            "max_age": 600,
        },
        ["a.example", "b.example"],
    ),
    "lists and credentials": (
        {
            "allowed_origins": ["http://localhost:{port}"],
            "allow_credentials": True,
            "allowed_methods": ["PUT"],
            "allowed_headers": ["Content-Type"],
            "expose_headers": ["X-Frame-Id", "X-Timestamp"],
            "max_age": 0,
        },
        ["localhost"],
    ),
}


@pytest.fixture(scope="module")
def tap(camera: Camera) -> Iterator[Tap]:
    with Tap(camera) as running:
        yield running


def put_in_force(camera: Camera, site: Site, name: str) -> None:
    fields = dict(POLICIES[name][0])
    if isinstance(fields["allowed_origins"], list):
        fields["allowed_origins"] = [each.format(port=site.port) for each in fields["allowed_origins"]]
    set_policy(camera, **fields)


def open_frame(page: Page, site: Site, host: str) -> Frame:
    """A page of `host`, or a sandboxed frame, whose origin is opaque."""
    if host != "null":
        page.goto(site.origin(host) + "/")
        return page.main_frame
    body = b"<!doctype html><iframe sandbox=allow-scripts src=/></iframe>"
    site.answers["/sandbox"] = (200, {"Content-Type": "text/html"}, body)
    page.goto(site.origin("a.example") + "/sandbox")
    frame = page.frames[1]
    assert frame.evaluate("self.origin") == "null"
    return frame


def ask_model(camera: Camera, origin: str, target: str, request: tuple[Any, ...]) -> tuple[Any, list[str]]:
    """The model's verdict over the camera's real answers, and the methods that it sent.

    (Playwright's event loop has this thread.)
    """
    method, headers, credentials = request
    sent: list[str] = []

    def send(asked: Request) -> Response:
        sent.append(asked.method)
        return requests.send(asked)[0]

    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(Model(send).fetch, origin, camera.url + target, method, headers, credentials)
        return asking.result(30), sent


@pytest.mark.parametrize("name", POLICIES)
def test_chromium_and_the_model_agree(page: Page, site: Site, camera: Camera, tap: Tap, name: str):
    put_in_force(camera, site, name)
    seen = []
    for host in POLICIES[name][1]:
        frame = open_frame(page, site, host)
        origin = "null" if host == "null" else site.origin(host)
        for number, request in enumerate(REQUESTS):
            target = f"/api/status?row={name.replace(' ', '-')}-{host}-{number}"
            found = frame.evaluate(_FETCH, [tap.url + target, *request])
            model, sent = ask_model(camera, origin, target, request)
            names = sorted({name.lower() for name, _ in model.readable_headers})
            expected = {"readable": model.readable, "status": model.status, "headers": names}
            assert found == expected, (name, host, request)
            assert tap.requests(target) == sent, (name, host, request)
            seen.append(model.readable)
    assert len(seen) == len(REQUESTS) * len(POLICIES[name][1])
    assert True in seen and False in seen


def test_there_are_enough_rows():
    assert len(REQUESTS) * sum(len(hosts) for _, hosts in POLICIES.values()) >= 200


EXPOSED = [
    (None, []),
    (["X-Frame-Id"], ["x-frame-id"]),
    (["X-Frame-Id", "X-Timestamp"], ["x-frame-id", "x-timestamp"]),
]


@pytest.mark.parametrize(("exposed", "readable"), EXPOSED)
def test_exposed_headers_are_readable_others_not(page, site, camera, exposed, readable):
    set_policy(camera, allowed_origins=[site.origin("a.example")], expose_headers=exposed)
    page.goto(site.origin("a.example") + "/")
    found = page.evaluate(_FETCH, [f"{camera.url}/api/capture", "GET", [], "omit"])
    assert found["status"] == 200
    assert [name for name in found["headers"] if name.startswith("x-")] == readable


_IMAGE = """async ([src, crossOrigin, referrerPolicy]) => {
  const image = new Image();
  image.referrerPolicy = referrerPolicy;
  if (crossOrigin) image.crossOrigin = crossOrigin;
  image.src = src;
  try { await image.decode(); } catch { return "blocked"; }
  const context = new OffscreenCanvas(4, 4).getContext("2d");
  context.drawImage(image, 0, 0);
  try { context.getImageData(0, 0, 1, 1); } catch { return "shown"; }
  return "readable";
}"""

# The policy's fields beside the origin of the page a.example, the page, crossorigin, referrerpolicy, what becomes
# of it.
IMAGES = [
    ({}, "a.example", None, "", "shown"),
    ({}, "a.example", None, "no-referrer", "blocked"),
    ({}, "b.example", None, "", "blocked"),
    ({}, "b.example", None, "unsafe-url", "blocked"),
    ({}, "a.example", "anonymous", "", "readable"),
    ({}, "a.example", "anonymous", "no-referrer", "readable"),
    ({}, "b.example", "anonymous", "", "blocked"),
    ({"resource_policy": "cross-origin"}, "b.example", None, "", "shown"),
    ({"resource_policy": "same-site"}, "b.example", None, "", "blocked"),
]


@pytest.mark.parametrize(("fields", "host", "cross_origin", "referrer_policy", "outcome"), IMAGES)
def test_who_may_embed_the_picture(page, site, camera, fields, host, cross_origin, referrer_policy, outcome):
    set_policy(camera, allowed_origins=[site.origin("a.example")], **fields)
    page.goto(site.origin(host) + "/")
    asked = [f"{camera.url}/api/capture", cross_origin, referrer_policy]
    assert page.evaluate(_IMAGE, asked) == outcome
    model = Model(lambda asked: requests.send(asked)[0])
    if cross_origin is None and referrer_policy != "no-referrer":
        with ThreadPoolExecutor(1) as thread:
            verdict = thread.submit(model.embed, site.origin(host), f"{camera.url}/api/capture").result(30)
        assert (verdict.blocked_by is None) == (outcome == "shown")


def test_a_form_of_another_origin_changes_nothing(page: Page, site: Site, camera: Camera, tap: Tap):
    set_policy(camera, allowed_origins=[site.origin("a.example")])
    before = status(camera)["camera"]["led"]
    page.goto(site.origin("b.example") + "/")
    page.evaluate(
        """(action) => {
          const form = document.createElement("form");
          Object.assign(form, { action, method: "POST", enctype: "text/plain", target: "sink" });
          const field = Object.assign(document.createElement("input"), { name: '{"level": 77, "a": "', value: '"}' });
          const sink = Object.assign(document.createElement("iframe"), { name: "sink" });
          form.append(field);
          document.body.append(sink, form);
          form.submit();
        }""",
        f"{tap.url}/api/led",
    )
    for _ in range(200):
        if tap.requests("/api/led"):
            break
        page.wait_for_timeout(50)
    assert [each for each in tap.heard if "/api/led" in each[0]] == [("POST /api/led", 403)]
    assert status(camera)["camera"]["led"] == before


def test_a_write_of_another_origin_changes_nothing(page: Page, site: Site, camera: Camera):
    set_policy(camera, allowed_origins=[site.origin("a.example")])
    before = status(camera)["camera"]["led"]
    page.goto(site.origin("b.example") + "/")
    script = """async (url) => fetch(url, { method: "POST", mode: "no-cors", body: '{"level": 78}' }).catch(() => null)"""
    page.evaluate(script, f"{camera.url}/api/led")
    assert status(camera)["camera"]["led"] == before


def test_a_rebinding_host_is_refused(page: Page, camera: Camera):
    url = f"http://rebind.example:{camera.port}/"
    answer = page.goto(url)
    assert answer is not None and answer.status == 421
    assert answer.text().startswith("the camera does not answer to the name")
    found = page.evaluate(_FETCH, [f"{url}api/status", "GET", [], "include"])
    assert found["status"] == 421  # same origin, so that the page reads the refusal, and nothing else
    body = page.evaluate("async (url) => (await fetch(url)).text()", f"{url}api/status")
    assert "uptime" not in body


def test_the_camera_is_its_own_page(page: Page, camera: Camera):
    answer = page.goto(camera.url + "/")
    assert answer is not None and answer.status == 200
    found = page.evaluate(_FETCH, [f"{camera.url}/api/status", "GET", [TOKEN], "include"])
    assert found["status"] == 200


def test_the_preflight_is_kept_as_long_as_max_age_says(page: Page, site: Site, camera: Camera, tap: Tap):
    for age, preflights in ((600, 1), (0, 2)):
        set_policy(camera, allowed_origins=[site.origin("a.example")], max_age=age)
        page.goto(site.origin("a.example") + "/")
        target = f"/api/status?age={age}"
        for _ in range(2):
            assert page.evaluate(_FETCH, [tap.url + target, "PUT", [TOKEN], "omit"])["readable"]
        assert tap.requests(target).count("OPTIONS") == preflights
        assert tap.requests(target).count("PUT") == 2

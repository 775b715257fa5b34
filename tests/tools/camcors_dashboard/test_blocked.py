"""Why is it blocked? Each cause is made for real, named on the page, and fixed by the command that it shows."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.kit.camera import Camera, free_port
from tests.kit.pages import (
    Dashboard,
    Site,
    add_camera,
    allow,
    is_live,
    run_camcors,
    set_policy,
    tile,
    watch,
)
from tests.kit.places import SPACES

_SHOWN = 30_000  # milliseconds: a diagnosis asks several times


def open_large(page: Page, url: str) -> None:
    add_camera(page, url)
    tile(page, url).locator(".picture").press("Enter")


def why(page: Page, cause: str, within: str = ".connection") -> Locator:
    """The explanation, once it names `cause`."""
    box = page.locator(f'{within} .why[data-cause="{cause}"]')
    expect(box).to_be_visible(timeout=_SHOWN)
    return box


def commands(box: Locator) -> list[str]:
    return box.locator(".command code").all_inner_texts()


@pytest.fixture
def served(page: Page, dashboard: Dashboard) -> Page:
    """The dashboard by `camcors dashboard`, which can ask a camera by itself."""
    page.goto(dashboard.url)
    return page


@pytest.fixture
def alone(page: Page, site: Site) -> Page:
    """The dashboard's files on a server that can do nothing else."""
    page.goto(site.origin() + "/dashboard/")
    return page


def test_an_origin_that_is_taken_out_of_the_policy(served: Page, dashboard: Dashboard, camera: Camera):
    allow(camera, dashboard.url)
    messages: list[str] = []
    served.on("console", lambda said: messages.append(said.text))
    open_large(served, camera.url)
    watch(served, lambda: is_live(served, camera.url))
    run_camcors(camera, f"camcors policy deny {dashboard.url}")
    box = why(served, "origin")
    assert any("blocked by CORS policy: No 'Access-Control-Allow-Origin'" in each for each in messages)
    expect(box).to_contain_text(f"does not list {dashboard.url}")
    assert commands(box) == [f"camcors policy allow {dashboard.url}"]
    run_camcors(camera, commands(box)[0])
    expect(served.locator(".connection")).to_be_hidden(timeout=_SHOWN)
    watch(served, lambda: is_live(served, camera.url))


def test_the_command_is_copied(served: Page, camera: Camera, dashboard: Dashboard):
    set_policy(camera, allowed_origins=[])
    served.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=dashboard.url)
    add_camera(served, camera.url)
    expect(tile(served, camera.url).locator('.why[data-cause="origin"]')).to_be_visible(timeout=_SHOWN)
    tile(served, camera.url).get_by_role("button", name="Copy").click()
    expect(tile(served, camera.url).get_by_text("Copied")).to_be_visible()
    assert served.evaluate("navigator.clipboard.readText()") == f"camcors policy allow {dashboard.url}"


def test_the_one_camera_that_the_server_offers_is_named_in_the_command(page: Page, camera: Camera):
    set_policy(camera, allowed_origins=[])
    repl = camera.repl
    with Dashboard("--port", repl, "--camera", camera.url) as near:
        page.goto(near.url)
        page.get_by_role("button", name="Add 127").click()
        tile(page, camera.url).locator(".picture").press("Enter")
        assert commands(why(page, "origin")) == [f"camcors policy allow {near.url} --port {repl}"]
        run_camcors(camera, commands(why(page, "origin"))[0])
        watch(page, lambda: is_live(page, camera.url), 30)


def test_without_the_command_a_refused_origin_and_no_camera_look_alike(
    alone: Page, site: Site, camera: Camera
):
    """Cross-Origin-Resource-Policy: same-origin keeps even the opaque answer from a page."""
    set_policy(camera, allowed_origins=[])
    open_large(alone, camera.url)
    box = why(alone, "unclear")
    assert commands(box) == [f"camcors policy allow {site.origin()}"]
    expect(box.get_by_role("link")).to_have_attribute("href", camera.url)
    run_camcors(camera, commands(box)[0])
    watch(alone, lambda: is_live(alone, camera.url), 30)


def test_without_the_command_an_opaque_answer_tells_them_apart(alone: Page, site: Site, camera: Camera):
    set_policy(camera, allowed_origins=[], resource_policy="cross-origin")
    open_large(alone, camera.url)
    box = why(alone, "origin")
    assert commands(box) == [f"camcors policy allow {site.origin()}"]


def test_without_the_command_a_running_stream_tells_them_apart(alone: Page, site: Site, camera: Camera):
    allow(camera, site.origin())
    open_large(alone, camera.url)
    watch(alone, lambda: is_live(alone, camera.url))
    set_policy(camera, allowed_origins=[])
    assert commands(why(alone, "origin")) == [f"camcors policy allow {site.origin()}"]


def test_unreachable(served: Page):
    open_large(served, f"http://127.0.0.1:{free_port()}")
    box = why(served, "unreachable")
    expect(box).to_contain_text("refuses the connection")
    assert commands(box) == []


def test_without_the_command_a_silent_camera_is_unreachable(alone: Page):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        open_large(alone, f"http://127.0.0.1:{silent.getsockname()[1]}")
        expect(why(alone, "unreachable")).to_contain_text("Nothing answers")


@pytest.fixture(params=["served", "alone"])
def either(request: pytest.FixtureRequest, camera: Camera) -> Iterator[tuple[Page, str]]:
    """Both ways to serve the page, and its origin."""
    page: Page = request.getfixturevalue(request.param)
    yield page, page.evaluate("location.origin")


# The policy's fields, the cause, what the page says, its commands, what is in force after them.
REFUSED_WRITES = [
    ({"allowed_methods": ["GET"]}, "method", "PUT", "camcors policy set allowed_methods"),
    ({"allowed_headers": []}, "header", "Content-Type", "camcors policy set allowed_headers"),
]


@pytest.mark.parametrize(("fields", "cause", "words", "command"), REFUSED_WRITES, ids=["method", "header"])
def test_a_method_or_header_that_is_not_allowed(either, camera: Camera, fields, cause, words, command):
    page, origin = either
    allow(camera, origin, **fields)
    open_large(page, camera.url)
    page.get_by_role("switch", name="Mirror").check()
    box = why(page, cause, ".large-side")
    expect(box).to_contain_text(words)
    assert commands(box)[0].startswith(command)
    run_camcors(camera, commands(box)[0])
    page.get_by_role("switch", name="Mirror").uncheck()
    expect(page.locator(".large-side .why")).to_have_count(0, timeout=_SHOWN)


@pytest.mark.parametrize("origins", ["any", "listed"])
def test_credentials_that_are_not_allowed(either, camera: Camera, origins: str):
    page, origin = either
    set_policy(camera, allowed_origins="*" if origins == "any" else [origin])
    open_large(page, camera.url)
    watch(page, lambda: is_live(page, camera.url))
    page.get_by_role("switch", name="Send cookies and logins").check()
    box = why(page, "credentials")
    for command in commands(box):
        run_camcors(camera, command)
    watch(page, lambda: is_live(page, camera.url), 40)
    expect(page.locator(".connection")).to_be_hidden(timeout=_SHOWN)


def test_busy(served: Page, dashboard: Dashboard, camera: Camera):
    allow(camera, dashboard.url)
    with ExitStack() as stack:
        for _ in range(4):
            viewer = stack.enter_context(socket.create_connection(("127.0.0.1", camera.port), timeout=10))
            viewer.sendall(b"GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            viewer.recv(100)
        open_large(served, camera.url)
        expect(why(served, "busy")).to_contain_text(
            "All 4 stream slots are taken; close a viewer or try again later."
        )
        assert commands(why(served, "busy")) == []
    watch(served, lambda: is_live(served, camera.url), 40)


ERRORS = [
    (500, json.dumps({"error": "the sensor is gone; reset the camera"}).encode(), "The sensor is gone; reset the camera."),
    (404, b"", "The camera answers with the error 404."),
    (403, b"go away", "Go away."),
    (200, b"hello", "What answers here is not a camera’s stream; check the address: a camera’s own page shows its picture."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "body", "words"), ERRORS)
def test_http_errors_in_the_cameras_words(served: Page, site: Site, code: int, body: bytes, words: str):
    anyone = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
    site.answers["/api/stream"] = (code, anyone, body)
    site.answers["/api/status"] = (200, anyone, b"{}")
    open_large(served, site.origin("camera.example"))
    expect(why(served, "http")).to_contain_text(words)


def test_the_script_never_contradicts_the_command(page: Page, site: Site):
    """It knows fewer hosts, and has nobody to ask for the address of a name: of these it says "other"."""
    page.goto(site.origin() + "/")
    script = """async (hosts) => {
      const { space } = await import("/dashboard/js/reach.js");
      return hosts.map((host) => space(new URL(`http://${host}/`).hostname));
    }"""
    rows = [(host, space) for host, space in SPACES if host and "%" not in host and host != "::1"]
    said = page.evaluate(script, [host for host, _ in rows])
    wrong = [row for row, word in zip(rows, said) if word not in ("other", row[1].name.lower())]
    assert wrong == []
    assert set(said) == {"loopback", "local", "other"}
    known = {"127.0.0.1", "localhost", "a.localhost", "[::1]", "10.0.0.1", "192.168.4.1", "172.16.0.1",
             "169.254.3.4", "100.64.0.1", "camcors.local", "[fd00::1]"}  # fmt: skip
    assert [host for (host, _), word in zip(rows, said) if host in known and word == "other"] == []


SAID = {
    "verdict": "blocked", "reason": "mixed content: browsers block it", "code": "MIXED_CONTENT",
    "commands": [], "remarks": ["to let it through: serve the page near"], "is_camera": True,
    "browsers": {"chromium": "blocked"}, "steps": [{"mark": "no", "text": "mixed content"}],
}  # fmt: skip

# What the server says differs from SAID, and the cause that the page names.
JUDGED = [
    ({}, "mixed"),
    ({"code": "LOCAL_NETWORK", "reason": "Chrome refuses"}, "permission"),
    ({"verdict": "unreachable", "code": "UNREACHABLE"}, "unreachable"),
    ({"code": "HOST_REFUSED"}, "host"),
    ({"code": "SOMETHING_NEW"}, "other"),
]


@pytest.mark.parametrize(("differs", "cause"), JUDGED)
def test_the_page_takes_the_servers_word(
    page: Page, dashboard: Dashboard, differs: dict[str, Any], cause: str
):
    page.route("**/doctor", lambda route: route.fulfill(json={**SAID, **differs}))
    page.goto(dashboard.url)
    open_large(page, f"http://127.0.0.1:{free_port()}")
    why(page, cause)


def test_the_endpoint_is_a_line_of_its_own(page: Page, dashboard: Dashboard):
    refused = {"endpoint": {"works": False, "text": "answers 405: this path takes GET", "status": 405}}
    page.route("**/doctor", lambda route: route.fulfill(json={**SAID, **refused}))
    page.goto(dashboard.url)
    open_large(page, f"http://127.0.0.1:{free_port()}")
    facts = why(page, "mixed").locator("li")
    assert facts.evaluate_all("items => items.map((each) => each.textContent)") == [
        "Mixed content.",
        "Endpoint: answers 405: this path takes GET.",
    ]


def test_an_endpoint_that_refuses_is_no_matter_of_cors(either, site: Site):
    page, _ = either
    body = b'{"error": "there is nothing at this path", "code": "not-found"}'
    for path in ("/api/status", "/api/stream"):  # either may be answered first
        site.answers[path] = (404, {"Access-Control-Allow-Origin": "*"}, body)
    open_large(page, site.origin("127.0.0.1"))
    facts = why(page, "http").locator("li")
    cors, endpoint = facts.evaluate_all("items => items.map((each) => each.textContent)")
    assert cors == "CORS: allowed, since this page can read the answer."
    assert re.fullmatch("Endpoint: answers GET /api/(status|stream) with 404.", endpoint)


def test_the_advice_is_the_list_that_explain_gives(either, camera: Camera):
    page, origin = either
    allow(camera, origin, allowed_methods=["GET", "DELETE"])
    open_large(page, camera.url)
    page.get_by_role("switch", name="Mirror").check()
    assert commands(why(page, "method", ".large-side"))[0] == (
        "camcors policy set allowed_methods GET,DELETE,PUT"
    )


def test_an_address_that_is_no_camera_has_a_remedy(served: Page, site: Site):
    site.answers.clear()
    open_large(served, site.origin("127.0.0.1"))
    box = why(served, "other")
    expect(box).to_contain_text(
        "it is not a camcors camera. Remove it here and add the camera by its own address"
    )
    assert commands(box) == []


def test_https_that_does_not_answer_has_a_remedy(either, camera: Camera):
    page, _ = either
    url = camera.url.replace("http:", "https:")
    open_large(page, url)
    box = page.locator(".connection .why")
    words = f"Open {url} in a tab. A warning there means that this browser does not trust the camera’s certificate yet"
    expect(box).to_contain_text(words, timeout=_SHOWN)
    assert commands(box)[0] == f"camcors tls trust --check {url}"

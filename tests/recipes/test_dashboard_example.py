"""The reference's example in browsers: https://dashboard.example.com with a cookie, and no other origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from cors import Policy
from tests.kit.authority import Authority, put_pair
from tests.kit.camera import Camera, free_port
from tests.kit.card import bars, is_card
from tests.kit.chromium import chromium
from tests.kit.engines.firefox import Firefox
from tests.kit.engines.tab import Tab, picture
from tests.kit.names import Names
from tests.kit.nginx import nginx
from tests.kit.pages import wait_until
from tests.kit.recipe import blocks, section
from tests.kit.tokens import TOKENS, access_file, bearer, give

RECIPE = "An https page with a log-in"
(PAGE,) = blocks(RECIPE, "html")
(POLICY,) = blocks(RECIPE, "json")
DASHBOARD = "https://dashboard.example.com"
CAMERA = "https://camcors.local"
#: Each is a foreign one. Of the same site are another port and a name below it: browsers send the cookie.
OTHERS = [
    "https://dashboard.example.com:8443",
    "https://sub.dashboard.example.com",
    "https://www.example.com",
    "https://dashboard.example.org",
    "https://dashboard.example.com.evil.example",
    "http://dashboard.example.com",
]
_SERVERS = """
default_type text/html;
root {folder};
server {{ listen 127.0.0.1:{plain}; }}
server {{
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {leaf.certificate};
    ssl_certificate_key {leaf.key};
}}
"""
_MAIN = """
from camcors import app

app.seen = 0

@app.get("/seen")
@app.post("/seen")
async def seen(request):
    app.seen += 1
    return {}

@app.get("/count")
async def count(request):
    return str(app.seen)
"""


def _host(origin: str) -> str:
    return origin.split("//")[1].split(":")[0]


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Camera]:
    """A camera by the recipe, with a handler that counts who reaches it."""
    with Camera(tmp_path_factory.mktemp("camera") / "flash.bin", access=None) as running:
        give(running.wait_ready(), access_file("control"))
        running.put("main.py", _MAIN)
        running.put("policy.json", POLICY)
        put_pair(running, authority.leaf(_host(CAMERA), "127.0.0.1"))
        running.reset()
        running.wait_for("ready https://")
        found = running.report()
        assert found["policy"] == {
            "state": "active",
            "digest": Policy.from_json(POLICY).digest,
            "error": None,
        }
        yield running


@pytest.fixture(scope="module")
def owner(camera: Camera, authority: Authority) -> Iterator[httpx.Client]:
    """A program with a token."""
    with httpx.Client(base_url=camera.tls_url, verify=authority.trust, headers=bearer("control")) as client:
        yield client


@pytest.fixture(scope="module")
def names(camera: Camera, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Names]:
    """The recipe's page at DASHBOARD, and an empty one at each origin."""
    folder, tls, plain = tmp_path_factory.mktemp("pages"), free_port(), free_port()
    (folder / "index.html").write_text(PAGE)
    (folder / "empty.html").write_text("<!doctype html><title>Page</title>")
    places = {(_host(CAMERA), 443): camera.tls_port}
    for origin in (DASHBOARD, *OTHERS):
        scheme, name, *port = origin.replace("//", "").split(":")
        usual = 443 if scheme == "https" else 80
        places[name, int(port[0]) if port else usual] = tls if scheme == "https" else plain
    leaf = authority.leaf(*{_host(origin) for origin in (DASHBOARD, *OTHERS)})
    with (
        nginx(folder, _SERVERS.format(folder=folder, plain=plain, tls=tls, leaf=leaf), tls),
        Names(places) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def browser(names: Names, authority: Authority) -> Iterator[Browser]:
    with chromium(names.rules(), authority) as running:
        yield running


@pytest.fixture(scope="module")
def firefox(
    names: Names, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Firefox]:
    profile = tmp_path_factory.mktemp("firefox")
    authority.trust_in(profile)
    running = Firefox(profile, names.preferences())
    yield running
    running.close()


both = pytest.mark.parametrize("tab", ["chromium", "firefox"], indirect=True)

_ASK = """
const camera = %s;
const include = { credentials: "include" };
const get = (path, options) => fetch(camera + path, { ...include, ...options })
  .then((answer) => answer.type === "opaque" ? "opaque" : answer.status, (error) => error.name);
const put = (level) => get("/api/led", { method: "PUT", body: JSON.stringify({ level }) });
const logIn = (token) => get("/api/session", { method: "POST", body: JSON.stringify({ token }) });
const plain = (method, path) => get(path, { method, mode: "no-cors" });
const stream = async () => {
  try {
    const headers = { Accept: "multipart/mixed" };
    const answer = await fetch(camera + "/api/stream", { ...include, headers });
    if (!answer.ok) return answer.status;
    const reader = answer.body.getReader();
    let size = 0;
    while (size < 50000) size += (await reader.read()).value.length;
    await reader.cancel();
    return answer.headers.get("Content-Type").split(";")[0];
  } catch (error) { return error.name; }
};
const show = (path, cors) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve("shown");
  image.onerror = () => resolve("not shown");
  if (cors) image.crossOrigin = "use-credentials";
  image.src = camera + path;
});
return [%s];
"""
_IN_A_SANDBOX = """
const frame = document.createElement("iframe");
frame.sandbox = "allow-scripts";
const tell = "then((told) => parent.postMessage([origin, told], '*'))";
frame.srcdoc = "<script>(async () => {" + %s + "})()." + tell + "</" + "script>";
const told = new Promise((resolve) => { onmessage = (event) => resolve(event.data); });
document.body.append(frame);
return told;
"""
TOKEN = json.dumps(TOKENS["control"])
#: What a page does -> what comes of it where the camera takes it, and where it does not.
TRIED = {
    "get('/api/status')": (200, "TypeError"),
    "put(7)": (200, "TypeError"),
    "stream()": ("multipart/mixed", "TypeError"),
    "show('/api/capture', true)": ("shown", "not shown"),
    "show('/api/stream', true)": ("shown", "not shown"),
    "get('/seen')": (200, "TypeError"),
    "get('/seen', { method: 'POST' })": (200, "TypeError"),
}
#: What only a foreign page has to try: answers that it may not read, and pictures without asking.
BLIND = {
    "plain('GET', '/seen')",
    "plain('POST', '/seen')",
    "show('/api/capture')",
    "show('/api/stream')",
}


def script(*what: str) -> str:
    return _ASK % (json.dumps(CAMERA), ", ".join(f"await {each}" for each in what))


def led(owner: httpx.Client) -> int:
    return int(owner.get("/api/status").json()["camera"]["led"])


def seen(owner: httpx.Client) -> list[int]:
    """How often a handler was reached, and how bright the LED is."""
    return [int(owner.get("/count").text), led(owner)]


def open_logged_in(tab: Tab) -> None:
    tab.open(f"{DASHBOARD}/empty.html")
    assert tab.run(script(f"logIn({TOKEN})")) == [200]


@both
def test_the_page_of_the_recipe(tab: Tab, owner: httpx.Client) -> None:
    tab.open(DASHBOARD + "/")
    wait_until(lambda: tab.run("return document.querySelector('output').value.includes('token')"))
    for role, said in (("wrong", "does not know this token"), ("control", "pictures so far")):
        tab.run("const field = document.querySelector('input'); field.value = ''; field.focus()")
        tab.type(TOKENS[role] + "\n")
        wait_until(lambda said=said: said in tab.run("return document.querySelector('output').value"))
    assert tab.run("return document.querySelector('form').hidden")
    wait_until(lambda: shows_picture(tab))
    for level in (7, 0):
        tab.run(f"const led = document.querySelector('#led'); led.value = {level}; led.onchange()")
        wait_until(lambda level=level: led(owner) == level)
    tab.open(DASHBOARD + "/")  # again: the session is still there
    wait_until(lambda: "pictures so far" in tab.run("return document.querySelector('output').value"))
    assert tab.run("return [{...sessionStorage}, {...localStorage}, document.cookie]") == [{}, {}, ""]
    (log_out,) = re.findall(r"`(fetch\(.+\))`", section(RECIPE))
    assert tab.run(f"const camera = {CAMERA!r}; return (await {log_out}).status") == 204
    assert tab.run(script("get('/api/status')")) == [401]


def shows_picture(tab: Tab) -> bool:
    left, top = tab.run(
        "const at = document.querySelector('img').getBoundingClientRect(); return [at.x, at.y]"
    )
    return is_card(bars(picture(tab).crop((int(left), int(top), int(left) + 640, int(top) + 480))))


@both
def test_what_the_page_may(tab: Tab, owner: httpx.Client) -> None:
    tab.open(f"{DASHBOARD}/empty.html")
    assert tab.run(script("get('/api/status')", "put(7)", "stream()")) == [401, 401, 401]
    before, _ = seen(owner)
    open_logged_in(tab)
    assert dict(zip(TRIED, tab.run(script(*TRIED)))) == {each: good for each, (good, _) in TRIED.items()}
    assert seen(owner) == [before + 2, 7]


def check_foreign(tab: Tab, owner: httpx.Client, found: list[object], before: list[int]) -> None:
    tried = [*TRIED, f"logIn({TOKEN})"]
    assert dict(zip(tried, found)) == {
        **{each: bad for each, (_, bad) in TRIED.items()},
        tried[-1]: "TypeError",
    }
    blind = dict(zip(sorted(BLIND), found[len(tried) :]))
    assert {each: said for each, said in blind.items() if each.startswith("show")} == {
        "show('/api/capture')": "not shown",
        "show('/api/stream')": "not shown",
    }
    assert seen(owner) == before
    tab.open(f"{DASHBOARD}/empty.html")
    assert tab.run(script("get('/api/status')", "put(0)")) == [200, 200]  # the session is still its own


ALL = script(*TRIED, f"logIn({TOKEN})", *sorted(BLIND))


@both
@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_origin_may_do_any_of_it(tab: Tab, owner: httpx.Client, origin: str) -> None:
    """Though the browser has the cookie, and sends it from pages of the same site."""
    open_logged_in(tab)
    assert tab.run(script("put(3)")) == [200]
    before = seen(owner)
    tab.open(f"{origin}/empty.html")
    assert tab.run("return origin") == origin
    check_foreign(tab, owner, tab.run(ALL), before)


@both
def test_no_sandboxed_frame_of_the_page_itself_may(tab: Tab, owner: httpx.Client) -> None:
    open_logged_in(tab)
    assert tab.run(script("put(3)")) == [200]
    before = seen(owner)
    shown, found = tab.run(_IN_A_SANDBOX % json.dumps(ALL))
    assert shown == "null"
    check_foreign(tab, owner, found, before)


def test_its_cookie(camera: Camera, authority: Authority) -> None:
    """As the browser gets it, and that a foreign origin gets none."""
    given = {}
    for origin in (DASHBOARD, *OTHERS, "null"):
        answer = httpx.post(
            f"{camera.tls_url}/api/session",
            json={"token": TOKENS["control"]},
            headers={"Origin": origin},
            verify=authority.trust,
        )
        given[origin] = answer.headers.get("Set-Cookie")
    (text,) = re.findall(r"cookie is `(.+?)`", section(RECIPE))
    cookie = given.pop(DASHBOARD)
    more = text.removeprefix("HttpOnly; ")
    assert re.fullmatch(f"camcors_session=[0-9a-f]{{32}}; HttpOnly; Path=/; {more}", cookie)
    assert set(given.values()) == {None}

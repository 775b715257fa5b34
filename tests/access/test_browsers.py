"""What pages get from a locked camera, in each engine: tokens, cookies of three kinds, links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Error

from access.roles import ROLES
from cors import Policy
from tests.kit.authority import Authority
from tests.kit.camera import Camera, free_port
from tests.kit.engines.tab import Tab
from tests.kit.nginx import nginx
from tests.kit.pages import Site, wait_until
from tests.kit.tokens import TOKENS, access_file, bearer

_ASK = """
const at = %s;
const bearer = (token) => ({headers: {Authorization: "Bearer " + token}});
const put = (more) => ({method: "PUT", body: JSON.stringify({level: 7}), ...more,
  headers: {"Content-Type": "application/json", ...more.headers}});
const withCookie = {credentials: "include"};
const get = (path, options) =>
  fetch(at + path, options).then((answer) => answer.status, (error) => error.name);
const show = (path) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve("shown");
  image.onerror = () => resolve("not shown");
  image.src = at + path;
});
const socket = (path) => new Promise((resolve) => {
  const line = new WebSocket(at.replace("http", "ws") + path);
  line.onopen = () => line.send("open");
  line.onmessage = (event) => { line.close(); resolve(event.data); };
  line.onerror = () => resolve("no socket");
});
const events = (path) => new Promise((resolve) => {
  const source = new EventSource(at + path);
  source.onmessage = (event) => { source.close(); resolve(event.data); };
  source.onerror = () => { source.close(); resolve("no events"); };
});
const logIn = (token) => get("/api/session", {method: "POST", ...withCookie,
  headers: {"Content-Type": "application/json"}, body: JSON.stringify({token})});
return [%s];
"""
_WITH_COOKIE = ("get('/api/status', withCookie)", "get('/api/led', put(withCookie))")
_MAIN = """
from camcors import app
from microdot.websocket import with_websocket

@app.get('/socket')
@with_websocket
async def socket(request, ws):
    await ws.send(await ws.receive())

@app.get('/events')
async def events(request):
    return 'data: open\\n\\n', 200, {'Content-Type': 'text/event-stream'}
"""


@pytest.fixture(scope="module")
def camera(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    """A camera with a token of each role, and paths of a person's own."""
    flash = tmp_path_factory.mktemp("camera") / "flash.bin"
    with Camera(flash, access=None) as running:
        running.wait_ready().put("main.py", _MAIN)
        running.put("access.json", access_file(*ROLES))
        running.put("camera.json", '{"trusted_proxies": ["127.0.0.1"]}')
        running.reset()
        yield running.wait_ready()


def ask(tab: Tab, url: str, *what: str) -> list[object]:
    """Return what each expression gives, one after the other, in the page that is open."""
    return tab.run(_ASK % (json.dumps(url), ", ".join(f"await {each}" for each in what)))


def allow(camera: Camera, *origins: str, **fields: object) -> None:
    """Put a policy in force that allows what a page with a token needs."""
    needed = {"allowed_headers": ["Authorization", "Content-Type"], "allowed_methods": ["GET", "PUT"]}
    text = json.dumps({"version": 1, "allowed_origins": origins, **needed, **fields})
    camera.put("policy.json", text)
    wait_until(lambda: report(camera)["policy"]["digest"] == Policy.from_json(text).digest)


def report(camera: Camera) -> dict:
    return httpx.get(f"{camera.url}/api/status", headers=bearer("view")).json()


def level(camera: Camera) -> int:
    return report(camera)["camera"]["led"]


def dim(camera: Camera) -> None:
    httpx.put(f"{camera.url}/api/led", json={"level": 0}, headers=bearer("control"))


def link(camera: Camera, path: str) -> str:
    wish = {"path": path, "for_s": 600}
    return httpx.post(f"{camera.url}/api/links", json=wish, headers=bearer("view")).json()["path"]


def log_in(tab: Tab, camera: Camera, role: str) -> None:
    """Log in on the camera's own page."""
    tab.open(f"{camera.url}/")
    assert ask(tab, camera.url, f"logIn({json.dumps(TOKENS[role])})") == [200]


def test_the_cameras_own_page(tab: Tab, camera: Camera) -> None:
    dim(camera)
    tab.open(f"{camera.url}/")
    looked = ("get('/api/status')", "show('/api/capture')", "get('/api/led', put({}))")
    assert ask(tab, camera.url, *looked) == [401, "not shown", 401]
    log_in(tab, camera, "view")
    assert ask(tab, camera.url, *looked) == [200, "shown", 403]
    assert level(camera) == 0
    log_in(tab, camera, "control")
    assert ask(tab, camera.url, *looked, "get('/api/access')") == [200, "shown", 200, 403]
    assert level(camera) == 7
    assert ask(tab, camera.url, "get('/api/session', {method: 'DELETE'})") == [204]
    tab.open(f"{camera.url}/")  # a page shows again the pictures that it has
    assert ask(tab, camera.url, *looked) == [401, "not shown", 401]


def test_a_page_that_is_allowed_shows_a_token(tab: Tab, camera: Camera, site: Site) -> None:
    allow(camera, site.origin())
    dim(camera)
    tab.open(site.origin())
    asked = {
        "get('/api/status')": 401,
        f"get('/api/status', bearer('{TOKENS['view']}'))": 200,
        f"get('/api/status', bearer('{TOKENS['wrong']}'))": 401,
        f"get('/api/led', put(bearer('{TOKENS['view']}')))": 403,
        "show('/api/capture')": "not shown",
        f"show('{link(camera, '/api/capture')}')": "shown",
        f"socket('{link(camera, '/socket')}')": "open",
        "socket('/socket')": "no socket",
        f"events('{link(camera, '/events')}')": "open",
        "events('/events')": "no events",
        f"get('{link(camera, '/api/status')}')": 200,
        f"get('{link(camera, '/api/capture')}'.replace('capture', 'status'))": 401,
    }
    assert dict(zip(asked, ask(tab, camera.url, *asked))) == asked
    assert level(camera) == 0
    assert ask(tab, camera.url, f"get('/api/led', put(bearer('{TOKENS['control']}')))") == [200]
    assert level(camera) == 7


@pytest.mark.parametrize(("headers", "found"), [(["Content-Type"], "TypeError"), (None, 200)])
def test_a_token_needs_a_policy_that_allows_its_header(
    tab: Tab, camera: Camera, site: Site, headers: list[str] | None, found: object
) -> None:
    allow(camera, site.origin(), allowed_headers=headers)
    tab.open(site.origin())
    # No other test asks for this path: engines keep what a preflight allowed.
    asked = ("get('/api/camera')", f"get('/api/camera', bearer('{TOKENS['view']}'))")
    assert ask(tab, camera.url, *asked) == [401, found]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_foreign_page_has_no_use_of_a_session(tab: Tab, camera: Camera, site: Site, host: str) -> None:
    """The second one is at another port of the camera's host: browsers send it the cookie."""
    allow(camera)
    dim(camera)
    log_in(tab, camera, "control")
    tab.open(site.origin(host))
    plain = "{method: 'POST', mode: 'no-cors', body: JSON.stringify({level: 7}), ...withCookie}"
    asked = {
        "get('/api/status')": "TypeError",
        "get('/api/status', withCookie)": "TypeError",
        f"get('/api/status', bearer('{TOKENS['view']}'))": "TypeError",
        "get('/api/led', put(withCookie))": "TypeError",
        "show('/api/capture')": "not shown",
        f"show('{link(camera, '/api/capture')}')": "not shown",
        "socket('/socket')": "no socket",
        "events('/events')": "no events",
        f"socket('{link(camera, '/socket')}')": "no socket",
        f"logIn('{TOKENS['control']}')": "TypeError",
    }
    assert dict(zip(asked, ask(tab, camera.url, *asked))) == asked
    ask(tab, camera.url, f"get('/api/led', {plain})")
    assert level(camera) == 0


def test_a_page_at_another_port_with_credentials(tab: Tab, camera: Camera, site: Site) -> None:
    """Of the same site: its requests have the cookie, though that is SameSite=Strict."""
    origin = site.origin("127.0.0.1")
    allow(camera, origin, allow_credentials=True)
    dim(camera)
    log_in(tab, camera, "control")
    tab.open(origin)
    assert ask(tab, camera.url, *_WITH_COOKIE) == [200, 200]
    assert level(camera) == 7


def test_a_page_of_another_site_with_credentials_over_http(tab: Tab, camera: Camera, site: Site) -> None:
    """The cookie is SameSite=Strict, so no page of another site has it."""
    allow(camera, site.origin(), allow_credentials=True)
    log_in(tab, camera, "control")
    tab.open(site.origin())
    assert ask(tab, camera.url, *_WITH_COOKIE) == [401, 401]


_SERVERS = """
server {{
    listen 127.0.0.1:{camera_port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    location / {{
        proxy_pass {camera};
        proxy_set_header Host {host};
        proxy_set_header X-Forwarded-Proto https;
        proxy_http_version 1.1;
    }}
}}
"""
_PAGE = """
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    default_type text/html;
    location / {{ return 200 "<!doctype html><title>Page</title>"; }}
}}
"""
_UNTRUSTED = "ERR_CERT_AUTHORITY_INVALID|SEC_ERROR_UNKNOWN_ISSUER|insecure certificate|NS_ERROR"


@pytest.fixture(scope="module")
def https(
    camera: Camera, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, int]]:
    """The ports of the camera and of a page over https."""
    folder = tmp_path_factory.mktemp("nginx")
    leaf = authority.leaf("127.0.0.1", "localhost", "other.localhost")
    ports = free_port(), free_port()
    shown = {"certificate": leaf.certificate, "key": leaf.key}
    host = camera.url.removeprefix("http://")
    servers = _SERVERS.format(camera=camera.url, host=host, camera_port=ports[0], **shown)
    servers += _PAGE.format(port=ports[1], **shown)
    with nginx(folder, servers, ports[0]):
        yield ports


@pytest.mark.parametrize("tab", ["chromium", "firefox"], indirect=True)
def test_no_page_of_a_foreign_authority_opens(tab: Tab, tmp_path: Path) -> None:
    """Else the tests over https would show nothing."""
    leaf, port = Authority(tmp_path).leaf("localhost"), free_port()
    page = _PAGE.format(port=port, certificate=leaf.certificate, key=leaf.key)
    with nginx(tmp_path, page, port), pytest.raises((Error, AssertionError), match=_UNTRUSTED):
        tab.open(f"https://localhost:{port}")


@pytest.mark.parametrize("tab", ["chromium", "firefox"], indirect=True)
def test_a_page_of_another_site_with_credentials_over_https(
    tab: Tab, camera: Camera, https: tuple[int, int]
) -> None:
    """Its cookie is SameSite=None, Secure and Partitioned: no page of a third site has it."""
    url, page = f"https://127.0.0.1:{https[0]}", f"https://localhost:{https[1]}"
    other = f"https://other.localhost:{https[1]}"
    allow(camera, page, allow_credentials=True, allowed_methods=["GET", "PUT", "DELETE"])
    dim(camera)
    tab.open(page)
    assert ask(tab, url, *_WITH_COOKIE) == [401, 401]
    assert ask(tab, url, f"logIn('{TOKENS['control']}')", *_WITH_COOKIE) == [200, 200, 200]
    assert level(camera) == 7
    tab.open(other)
    dim(camera)
    assert ask(tab, url, *_WITH_COOKIE) == ["TypeError", "TypeError"]
    allow(camera, page, other, allow_credentials=True, allowed_methods=["GET", "PUT", "DELETE"])
    assert ask(tab, url, *_WITH_COOKIE) == [401, 401]
    assert level(camera) == 0
    tab.open(page)
    assert ask(tab, url, "get('/api/session', {method: 'DELETE', ...withCookie})", *_WITH_COOKIE) == [
        204,
        401,
        401,
    ]

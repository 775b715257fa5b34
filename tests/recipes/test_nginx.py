"""nginx in front of the camera, by the recipe: TLS, the path /cam/, and the lock.

The camera has no certificate; or one, and sends on to https all who ask over plain http but the proxy; or one
that the proxy checks, since it asks over https itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.kit.authority import Authority, put_pair
from tests.kit.camera import Camera, free_port
from tests.kit.card import bars, is_card
from tests.kit.nginx import nginx
from tests.kit.pages import set_policy, status, wait_until
from tests.kit.recipe import block, decode, fill, refusal
from tests.kit.tokens import TOKENS, access_file, bearer, give

RECIPE = "Behind nginx or Caddy"
SENDS_ON = {"none": False, "own": True, "checked": True}


@dataclass(frozen=True)
class Proxy:
    origin: str
    trust: ssl.SSLContext

    def request(self, method: str, path: str, **more: object) -> httpx.Response:
        return httpx.request(method, f"{self.origin}{path}", verify=self.trust, **more)  # type: ignore[arg-type]

    def address(self, role: str | None) -> str:
        """Return the stream's address with a token, None for none."""
        return self.origin.replace("//", f"//me:{TOKENS[role]}@" if role else "//") + "/cam/api/stream"


def server(
    camera: Camera, authority: Authority, port: int, location: str = "", is_checked: bool = False
) -> str:
    """Return the recipe's server, with more in its location. is_checked: it asks the camera over https."""
    leaf = authority.leaf("localhost")
    text = fill(
        block(RECIPE, "nginx", "server {"),
        camera,
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server_name home.example": "server_name localhost",
            "/etc/ssl/home.example.crt": leaf.certificate,
            "/etc/ssl/home.example.key": leaf.key,
            "location /cam/ {\n": f"location /cam/ {{\n{location}\n",
        },
    )
    return text.replace(f"proxy_pass {camera.url}/;\n", over_tls(camera, authority)) if is_checked else text


def over_tls(camera: Camera, authority: Authority) -> str:
    """Return what the recipe has in place of proxy_pass."""
    places = {
        f"127.0.0.1:{camera.port}": f"127.0.0.1:{camera.tls_port}",
        "/etc/nginx/camcors-authority.crt": authority.certificate,
    }
    return fill(block(RECIPE, "nginx", "proxy_ssl_verify on"), camera, places)


@pytest.fixture(scope="module", params=SENDS_ON)
def certificate(request: pytest.FixtureRequest) -> str:
    """Whose certificate the camera has, and whether the proxy checks it."""
    return str(request.param)


@pytest.fixture(scope="module")
def camera(
    program: Path, certificate: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Camera]:
    """A camera by the recipe. Its proxy has the address of this machine, as the tests have."""
    with Camera(tmp_path_factory.mktemp("camera") / "flash.bin", access=None) as running:
        give(running.wait_ready(), access_file("view", "control"))
        settings = block(RECIPE, "json", "trusted_proxies")
        running.put("camera.json", settings.replace("192.168.1.2", "127.0.0.1"))
        if certificate != "none":
            put_pair(running, authority.leaf("camcors.local"))
        running.reset()
        running.wait_for("ready http://")
        running.headers = bearer("view")
        set_policy(running, allowed_hosts=["home.example"])
        yield running


@pytest.fixture(scope="module")
def proxy(
    camera: Camera, certificate: str, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    text = server(camera, authority, port, is_checked=certificate == "checked")
    with nginx(folder, text, port):
        yield Proxy(f"https://localhost:{port}", authority.trust)


def test_ffmpeg_decodes_the_stream(proxy: Proxy, camera: Camera) -> None:
    pictures = decode(["-i", proxy.address("view")], 20)
    assert all(is_card(bars(Image.frombytes("RGB", (640, 480), rgb))) for rgb in pictures)
    wait_until(lambda: status(camera)["clients"]["viewers"] == 0, 5)


@pytest.mark.parametrize("role", [None, "wrong"])
def test_the_stream_without_a_token_and_with_a_wrong_one(proxy: Proxy, role: str | None) -> None:
    assert "401 Unauthorized" in refusal(["-i", proxy.address(role)])


#: Host of the browser's request, and the status through the proxy: as if the camera itself were asked.
HOSTS = [("home.example", 200), ("home.example:8443", 200), ("evil.example", 421), ("127.0.0.1", 200)]


@pytest.mark.parametrize(("host", "code"), HOSTS)
def test_the_camera_judges_the_name_that_the_browser_asked(proxy: Proxy, host: str, code: int) -> None:
    answer = proxy.request("GET", "/cam/api/status", headers={"Host": host, **bearer("view")})
    assert answer.status_code == code


#: (Host, Origin, what the client forges, the status of a write)
WRITES = [
    ("home.example", "https://home.example", {}, 200),
    ("home.example:8443", "https://home.example:8443", {}, 200),
    ("home.example", "https://home.example:8443", {}, 403),
    ("home.example", "http://home.example", {}, 403),
    ("home.example", "https://evil.example", {}, 403),
    ("home.example", "null", {}, 403),
    ("home.example", "http://home.example", {"X-Forwarded-Proto": "http"}, 403),
    ("home.example", "https://evil.example", {"X-Forwarded-Host": "evil.example"}, 403),
    ("evil.example", "https://evil.example", {"X-Forwarded-Host": "home.example"}, 421),
]


@pytest.mark.parametrize(("host", "origin", "forged", "code"), WRITES)
def test_who_may_write_through_it(
    proxy: Proxy, host: str, origin: str, forged: dict[str, str], code: int
) -> None:
    """The proxy's page is the camera's own, and what a client says of it changes nothing."""
    headers = {"Host": host, "Origin": origin, **forged, **bearer("control")}
    answer = proxy.request("PUT", "/cam/api/led", json={"level": 0}, headers=headers)
    assert answer.status_code == code


def test_who_is_sent_on_to_https(proxy: Proxy, camera: Camera, certificate: str) -> None:
    """Not the proxy, but anybody else, whatever they say."""
    assert proxy.request("GET", "/cam/").status_code == 200
    code = 308 if SENDS_ON[certificate] else 200
    forged = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "home.example",
        "X-Forwarded-For": "127.0.0.1",
    }
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2")) as other:
        assert other.get(f"{camera.url}/", headers=forged).status_code == code


def test_a_link_made_through_it(proxy: Proxy) -> None:
    wish = {"path": "/api/capture", "for_s": 60}
    link = proxy.request("POST", "/cam/api/links", json=wish, headers=bearer("view")).json()["path"]
    assert proxy.request("GET", f"/cam{link}").headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("certificate", ["checked"], indirect=True)
def test_a_certificate_of_another_authority(camera: Camera, authority: Authority, tmp_path: Path) -> None:
    """nginx checks the camera's, and asks no other."""
    (tmp_path / "other").mkdir()
    other, port = Authority(tmp_path / "other"), free_port()
    text = server(camera, authority, port, is_checked=True)
    assert str(authority.certificate) in text
    with nginx(tmp_path, text.replace(str(authority.certificate), str(other.certificate)), port):
        answer = Proxy(f"https://localhost:{port}", authority.trust).request("GET", "/cam/")
    assert answer.status_code == 502


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def is_live(page: Page) -> bool:
    return bool(page.evaluate("document.getElementById('view').naturalWidth") == 640)


def test_a_session_by_the_recipe(proxy: Proxy, camera: Camera, page: Page) -> None:
    """Its cookie is for https, and for the whole origin: what stands beside /cam/ may show the stream."""
    page.goto(f"{proxy.origin}/cam/#token={TOKENS['control']}")
    expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
    wait_until(lambda: is_live(page))
    assert page.url == f"{proxy.origin}/cam/"
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["path"], cookie["secure"], cookie["httpOnly"]) == (
        "camcors_session",
        "/",
        True,
        True,
    )
    put = "fetch('/cam/api/led', {method: 'PUT', body: '{\"level\": 0}'}).then((answer) => answer.status)"
    assert page.evaluate(put) == 200
    page.goto(f"{proxy.origin}/beside")
    page.set_content("<img src='/cam/api/capture'>")
    wait_until(lambda: page.evaluate("document.querySelector('img').naturalWidth") == 640)


_PASSWORD = """
auth_basic home;
auth_basic_user_file {passwords};
"""


@pytest.mark.parametrize(("include", "code", "role"), [("", 401, None), ("include {file};", 200, "view")])
def test_a_proxy_with_a_password_of_its_own(
    camera: Camera,
    authority: Authority,
    browser: Browser,
    tmp_path: Path,
    include: str,
    code: int,
    role: str | None,
) -> None:
    """What a browser shows it would be a wrong token, so it shows one in its place, by the recipe."""
    port, passwords, file = free_port(), tmp_path / "passwords", tmp_path / "camera.token"
    passwords.write_text("me:{PLAIN}secret\n")
    file.write_text(block(RECIPE, "nginx", "TOKEN").replace("TOKEN", TOKENS["view"]))
    location = _PASSWORD.format(passwords=passwords) + include.format(file=file)
    with nginx(tmp_path, server(camera, authority, port, location), port):
        proxy = Proxy(f"https://localhost:{port}", authority.trust)
        assert proxy.request("GET", "/cam/api/status").status_code == 401
        answer = proxy.request("GET", "/cam/api/status", auth=("me", "secret"))
        assert answer.status_code == code
        assert answer.json().get("access", {}).get("role") == role
        if role is not None:
            person = {"username": "me", "password": "secret"}
            page = browser.new_context(http_credentials=person).new_page()  # type: ignore[arg-type]
            page.goto(f"{proxy.origin}/cam/")
            wait_until(lambda: is_live(page))
            page.context.close()

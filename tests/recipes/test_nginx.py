"""nginx in front of the camera, by the recipe: TLS, the path /cam/, and the lock."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.kit.authority import Authority
from tests.kit.camera import Camera, free_port
from tests.kit.card import bars, is_card
from tests.kit.nginx import nginx
from tests.kit.pages import allow, set_policy, status, wait_until
from tests.kit.recipe import block, decode, fill, refusal
from tests.kit.tokens import TOKENS, bearer


@dataclass(frozen=True)
class Proxy:
    origin: str
    trust: ssl.SSLContext

    def request(self, method: str, path: str, **more: object) -> httpx.Response:
        return httpx.request(method, f"{self.origin}{path}", verify=self.trust, **more)  # type: ignore[arg-type]

    def address(self, role: str | None) -> str:
        """Return the stream's address with a token, None for none."""
        return self.origin.replace("//", f"//me:{TOKENS[role]}@" if role else "//") + "/cam/api/stream"


def server(camera: Camera, authority: Authority, port: int, location: str = "") -> str:
    """Return the recipe's server, with more in its location."""
    leaf = authority.leaf("localhost")
    return fill(
        block("Behind nginx or Caddy", "nginx", "server {"),
        camera,
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server_name home.example": "server_name localhost",
            "/etc/ssl/home.example.crt": leaf.certificate,
            "/etc/ssl/home.example.key": leaf.key,
            "location /cam/ {\n": f"location /cam/ {{\n{location}\n",
        },
    )


@pytest.fixture(scope="module")
def proxy(camera: Camera, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with nginx(folder, server(camera, authority, port), port):
        yield Proxy(f"https://localhost:{port}", authority.trust)


def test_ffmpeg_decodes_the_stream(proxy: Proxy, camera: Camera) -> None:
    pictures = decode(["-i", proxy.address("view")], 20)
    assert all(is_card(bars(Image.frombytes("RGB", (640, 480), rgb))) for rgb in pictures)
    wait_until(lambda: status(camera)["clients"]["viewers"] == 0, 5)


@pytest.mark.parametrize("role", [None, "wrong"])
def test_the_stream_without_a_token_and_with_a_wrong_one(proxy: Proxy, role: str | None) -> None:
    assert "401 Unauthorized" in refusal(["-i", proxy.address(role)])


def test_the_camera_takes_the_proxys_host(proxy: Proxy) -> None:
    answer = proxy.request("GET", "/cam/api/status", headers=bearer("view"))
    assert (answer.status_code, answer.json()["policy"]["state"]) == (200, "active")


@pytest.mark.parametrize(("is_allowed", "code"), [(False, 403), (True, 200)])
def test_who_may_write_through_it(proxy: Proxy, camera: Camera, is_allowed: bool, code: int) -> None:
    """A browser sends the proxy's origin, which is not the camera's own."""
    set_policy(camera, allowed_origins=[proxy.origin] if is_allowed else [])
    headers = {"Origin": proxy.origin, **bearer("control")}
    answer = proxy.request("PUT", "/cam/api/led", json={"level": 0}, headers=headers)
    assert answer.status_code == code


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def is_live(page: Page) -> bool:
    return bool(page.evaluate("document.getElementById('view').naturalWidth") == 640)


def test_a_session_by_the_recipe(proxy: Proxy, camera: Camera, page: Page) -> None:
    """Its cookie is for https, and for the whole origin: what stands beside /cam/ may show the stream."""
    allow(camera, proxy.origin, allow_credentials=True)
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


@pytest.mark.parametrize("is_allowed", [False, True])
def test_no_session_without_credentials(proxy: Proxy, camera: Camera, page: Page, is_allowed: bool) -> None:
    set_policy(camera, allowed_origins=[proxy.origin] if is_allowed else [])
    with page.expect_response("**/api/session") as refused:
        page.goto(f"{proxy.origin}/cam/#token={TOKENS['control']}")
    assert refused.value.status == 403
    assert page.context.cookies() == []
    assert not is_live(page)


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
    file.write_text(block("Behind nginx or Caddy", "nginx", "TOKEN").replace("TOKEN", TOKENS["view"]))
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

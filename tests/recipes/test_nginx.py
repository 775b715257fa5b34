"""nginx in front of the camera, by the recipe: TLS, and the path /cam/."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.kit.camera import Camera, free_port
from tests.kit.card import bars, is_card
from tests.kit.nginx import nginx
from tests.kit.pages import allow, set_policy, status, wait_until
from tests.kit.recipe import blocks, decode, fill, make_certificate


@dataclass(frozen=True)
class Proxy:
    origin: str
    trust: ssl.SSLContext

    def request(self, method: str, path: str, **more: object) -> httpx.Response:
        return httpx.request(method, f"{self.origin}{path}", verify=self.trust, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def proxy(camera: Camera, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    certificate, key = make_certificate(folder)
    port = free_port()
    (recipe,) = blocks("Behind nginx or Caddy", "nginx")
    server = fill(
        recipe,
        camera,
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server_name home.example": "server_name localhost",
            "/etc/ssl/home.example.crt": certificate,
            "/etc/ssl/home.example.key": key,
        },
    )
    with nginx(folder, server, port):
        yield Proxy(f"https://localhost:{port}", ssl.create_default_context(cafile=str(certificate)))


def test_ffmpeg_decodes_the_stream(proxy: Proxy, camera: Camera) -> None:
    pictures = decode(["-i", f"{proxy.origin}/cam/api/stream"], 20)
    assert all(is_card(bars(Image.frombytes("RGB", (640, 480), rgb))) for rgb in pictures)
    wait_until(lambda: status(camera)["clients"]["viewers"] == 0, 5)


def test_the_camera_takes_the_proxys_host(proxy: Proxy) -> None:
    answer = proxy.request("GET", "/cam/api/status")
    assert (answer.status_code, answer.json()["policy"]["state"]) == (200, "active")


@pytest.mark.parametrize(("is_allowed", "code"), [(False, 403), (True, 200)])
def test_who_may_write_through_it(proxy: Proxy, camera: Camera, is_allowed: bool, code: int) -> None:
    """A browser sends the proxy's origin, which is not the camera's own."""
    set_policy(camera, allowed_origins=[proxy.origin] if is_allowed else [])
    answer = proxy.request("PUT", "/cam/api/led", json={"level": 0}, headers={"Origin": proxy.origin})
    assert answer.status_code == code


def test_the_cameras_page_is_live(proxy: Proxy, camera: Camera, browser: Browser) -> None:
    allow(camera, proxy.origin)
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{proxy.origin}/cam/")
    expect(page.locator("#state")).to_have_text("Live", timeout=20_000)
    wait_until(lambda: page.evaluate("document.getElementById('view').naturalWidth") == 640)
    context.close()

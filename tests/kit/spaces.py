"""Servers in the three address spaces of Local Network Access, all of them on the loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.kit import reach
from tests.kit.authority import Authority
from tests.kit.camera import free_port
from tests.kit.chromium import chromium
from tests.kit.engines.firefox import Firefox
from tests.kit.nginx import nginx

KINDS = ("local", "loopback")  # what a browser has a permission for
_SERVER = """
server {{
    listen 127.0.0.1:{port}{ssl};
    default_type text/html;
    location / {{
        add_header Access-Control-Allow-Origin *;
        return 200 "<!doctype html><title>Page</title>";
    }}
    location /picture {{ empty_gif; }}
    {more}
}}
"""
_CAMERA = """
location /api/ {{
    proxy_pass {url};
    proxy_set_header Host {host};
    proxy_http_version 1.1;
    proxy_buffering off;
}}
"""
_TLS = " ssl;\n    ssl_certificate {0.certificate};\n    ssl_certificate_key {0.key}"


def camera_behind(url: str) -> str:
    """Return what makes the camera at `url` answer at every port."""
    return _CAMERA.format(url=url, host=urlsplit(url).netloc)


class Spaces:
    """nginx on a port for each scheme and address space, which says the same as page and as camera.

    authority: whose certificate it has, for all hosts of the table. near: other ports in the local network.
    """

    def __init__(self, authority: Authority, *near: int):
        self._authority = authority
        self._near = near
        self.leaf = authority.leaf(*reach.SPACES)
        self.ports = {
            (scheme, space): free_port() for scheme in ("http", "https") for space in ("public", *KINDS)
        }

    @contextlib.contextmanager
    def serving(self, folder: Path, more: str = "") -> Iterator[None]:
        """more: what stands in each `server` block besides."""
        servers = [
            _SERVER.format(port=port, ssl=_TLS.format(self.leaf) if scheme == "https" else "", more=more)
            for (scheme, _), port in self.ports.items()
        ]
        with nginx(folder, "".join(servers), max(self.ports.values())):
            yield

    def url(self, origin: str) -> str:
        """Return an origin of the table with its port here."""
        return f"{origin}:{self.ports[urlsplit(origin).scheme, reach.space_of(origin)]}"

    def _places(self, space: str) -> list[str]:
        ports = [port for (_, each), port in self.ports.items() if each == space]
        return [f"127.0.0.1:{port}" for port in (*ports, *(self._near if space == "local" else ()))]

    @contextlib.contextmanager
    def chromium(self, screen: str | None = None, beside: Browser | None = None) -> Iterator[Browser]:
        """Chromium that takes each port for an address of its space. screen, beside: as for `chromium`."""
        here = ",".join(f"MAP {host} 127.0.0.1" for host in reach.SPACES).removeprefix("MAP ")
        taken = ",".join(f"{place}={space}" for space in ("public", *KINDS) for place in self._places(space))
        overrides = f"--ip-address-space-overrides={taken}"
        with chromium(here, self._authority, overrides, screen=screen, beside=beside) as running:
            yield running

    def firefox(self, profile: Path) -> Firefox:
        """Firefox that does the same."""
        self._authority.trust_in(profile)
        prefix = "network.lna.address_space"
        preferences = {
            "network.dns.localDomains": ",".join(reach.SPACES),
            f"{prefix}.public.override": ",".join(self._places("public")),
            f"{prefix}.private.override": ",".join(self._places("local")),
        }
        return Firefox(profile, preferences)


def permit(page: Page, state: str) -> None:
    """Answer Chromium for the person, for both kinds: "granted", "denied", or "prompt" for not yet."""
    session = page.context.new_cdp_session(page)
    context = session.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    browser = page.context.browser
    assert browser is not None
    whole = browser.new_browser_cdp_session()
    for kind in KINDS:
        answer = {"permission": {"name": f"{kind}-network"}, "setting": state, "browserContextId": context}
        whole.send("Browser.setPermission", {**answer, "origin": page.evaluate("location.origin")})


@pytest.fixture(scope="module")
def browser(spaces: Spaces) -> Iterator[Browser]:
    """Chromium before the module's own `spaces`."""
    with spaces.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def firefox(spaces: Spaces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox before them."""
    running = spaces.firefox(tmp_path_factory.mktemp("firefox"))
    yield running
    running.close()

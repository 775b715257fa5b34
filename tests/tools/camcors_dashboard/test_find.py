"""Cameras that the network has are found by name and offered, and nothing that answers is trusted."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from camcors_cli.dashboard.find import Finder
from camcors_cli.dashboard.server import Server
from playwright.sync_api import Page, expect
from zeroconf import DNSIncoming

from tests.kit.authority import Authority
from tests.kit.camera import Camera, free_port
from tests.kit.pages import Site, Start, allow, is_live, tile, watch

_GROUP, _PORT = "224.0.0.251", 5353
_LOOPBACK = "127.0.0.1"
_ANSWER, _CLASS_IN, _TYPE_A, _TTL_S = 0x8400, 1, 1, 120


def encode(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"


@contextmanager
def responder(addresses: dict[str, str]) -> Iterator[None]:
    """Answer mDNS questions for these names on the loopback, as a board does (RFC 6762, 6.7)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((_GROUP, _PORT))  # what is sent to the group, and nothing else
    member = socket.inet_aton(_GROUP) + socket.inet_aton(_LOOPBACK)
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    listener.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                data, sender = listener.recvfrom(9000)
            except TimeoutError:
                continue
            for question in DNSIncoming(data).questions:
                address = addresses.get(question.name.lower())
                if address is None or question.type != _TYPE_A:
                    continue
                head = data[:2] + struct.pack("!HHHHH", _ANSWER, 1, 1, 0, 0)
                asked = encode(question.name) + struct.pack("!HH", _TYPE_A, _CLASS_IN)
                record = struct.pack("!HHIH", _TYPE_A, _CLASS_IN, _TTL_S, 4) + socket.inet_aton(address)
                listener.sendto(head + asked + encode(question.name) + record, sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)
        listener.close()


@contextmanager
def serving(finder: Finder) -> Iterator[Server]:
    """The dashboard's server."""
    with Server(free_port(), [], None, finder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def test_a_camera_of_the_network_is_found_by_its_name(camera: Camera):
    with responder({"camcors.local.": _LOOPBACK, "camcors-3.local.": _LOOPBACK, "printer.local.": _LOOPBACK}):
        found = Finder([_LOOPBACK], camera.port).find()
    assert found == [{"url": camera.url, "name": "camcors"}]


def test_where_nothing_answers_nothing_is_found():
    with responder({}):
        assert Finder([_LOOPBACK], free_port()).find() == []


@pytest.mark.parametrize("address", ["8.8.8.8", _LOOPBACK])
def test_what_is_no_camera_is_not_offered(site: Site, address: str):
    site.answers["/api/status"] = (200, {}, b'{"title": "a trap"}')
    with responder({"camcors.local.": address}):
        assert Finder([_LOOPBACK], site.port).find() == []


def found_at(site: Site, status: int, headers: dict[str, str], body: dict[str, str]) -> list[dict[str, str]]:
    """What is found where /api/status is answered so."""
    site.answers["/api/status"] = (status, headers, json.dumps(body).encode())
    with responder({"camcors.local.": _LOOPBACK}):
        return Finder([_LOOPBACK], site.port).find()


@pytest.mark.parametrize(("status", "code"), [(401, "no-token"), (403, "role-too-low"), (401, "other")])
def test_a_locked_camera_is_offered_by_its_name(site: Site, status: int, code: str):
    """It does not say what it calls itself; but that it has a lock."""
    offered = [{"url": f"http://{_LOOPBACK}:{site.port}", "name": "camcors.local"}]
    assert found_at(site, status, {}, {"code": code}) == (offered if code != "other" else [])


@pytest.fixture(scope="module")
def secure(start_camera: Start, tmp_path_factory: pytest.TempPathFactory) -> tuple[Camera, Authority]:
    """A camera with a certificate, and who has signed that."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    leaf, camera = authority.leaf(_LOOPBACK), start_camera()
    camera.put("camera.json", '{"title": "Porch"}')
    camera.exec("import os; os.mkdir('/tls')")
    camera.put("tls/key.der", leaf.key_der)
    camera.put("tls/cert.der", leaf.certificate_der)
    camera.reset()
    camera.wait_for(f"ready {camera.tls_url}")
    return camera, authority


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_camera_with_https_is_offered_by_that(
    secure: tuple[Camera, Authority], is_trusted: bool, monkeypatch: pytest.MonkeyPatch
):
    """What it calls itself counts if its certificate is trusted here."""
    camera, authority = secure
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with responder({"camcors.local.": _LOOPBACK}):
        found = Finder([_LOOPBACK], camera.port).find()
    assert found == [{"url": camera.tls_url, "name": "Porch" if is_trusted else "camcors.local"}]


@pytest.mark.parametrize(
    "location",
    ["https://127.0.0.2/api/status", "https://evil.example/api/status", "http://127.0.0.1:{}/api/status",
     "/api/status", "https://127.0.0.1:99999/", "https://[::1", ""],
)  # fmt: skip
def test_a_redirect_to_elsewhere_is_not_followed(site: Site, location: str):
    headers = {"Location": location.format(site.port)}
    assert found_at(site, 308, headers, {"code": "use-https", "error": "x"}) == []


def test_the_page_offers_it_and_adds_it_with_a_click(page: Page, camera: Camera):
    with responder({"camcors.local.": _LOOPBACK}), serving(Finder([_LOOPBACK], camera.port)) as server:
        allow(camera, server.url)
        page.goto(server.url)
        page.get_by_role("button", name=f"Add camcors, {camera.url.removeprefix('http://')}").click()
        expect(tile(page, camera.url)).to_be_visible()
        watch(page, lambda: is_live(page, camera.url))
        page.get_by_role("button", name="Add a camera").click()
        expect(page.get_by_role("dialog")).to_contain_text(
            "No new camera was found by the name camcors.local"
        )


def test_a_search_that_fails_says_so(page: Page):
    class Broken(Finder):
        def find(self) -> list[dict[str, str]]:
            raise OSError("no interface")

    with serving(Broken([_LOOPBACK], 1)) as server:
        page.goto(server.url)
        expect(page.locator("main")).to_contain_text(
            "The network was not asked (no interface); add the camera by its address."
        )


def test_a_found_name_is_text(page: Page, site: Site):
    with serving(Finder([_LOOPBACK], 1)) as server:
        hostile = {"found": [{"url": "http://192.168.4.1", "name": "<img src=x onerror=alert(1)>"}, None, 7]}
        page.route("**/find", lambda route: route.fulfill(body=json.dumps(hostile)))
        page.goto(server.url)
        expect(
            page.get_by_role("button", name="Add <img src=x onerror=alert(1)>, 192.168.4.1")
        ).to_be_visible()

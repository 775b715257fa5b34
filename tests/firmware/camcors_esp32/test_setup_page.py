"""The set-up form: who may send it, what it writes, and what it never shows."""

from __future__ import annotations

import base64
import hashlib
import html
import http.client
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.kit.camera import PROGRAM, TOP, free_port

HERE = Path(__file__).resolve().parent
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SSID = "wifi.ssid: not the name of a network; write the network's name, 1 to 32 bytes"
PASSWORD = "wifi.password: not a Wi-Fi password; write 8 to 63 ASCII characters or 64 hex digits"
PASSWORD += ", or none for an open network"
NETWORKS = ['küche <5 GHz> & "co"', "home"]


class Device:
    """The camera in set-up mode; `lines` is what it has printed."""

    def __init__(self, python: str, folder: Path):
        self.folder = folder
        self.settings = folder / "camera.json"
        self.port = free_port()
        self.own = f"http://127.0.0.1:{self.port}"
        command = [str(PROGRAM)] if python == "micropython" else [sys.executable, "-u"]
        path = os.pathsep.join(str(TOP / part) for part in ("src", "firmware", "build/generated"))
        self.process = subprocess.Popen(
            [*command, str(HERE / "setup_device.py"), str(self.port), str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        self.lines: list[str] = []
        self.restarted = threading.Event()
        self.ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.ready.wait(20)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line == "ready\n":
                self.ready.set()
            if line == "restart\n":
                self.restarted.set()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            headers = {name: ", ".join(answer.headers.get_all(name, [])) for name in answer.headers}
            return answer.status, headers, answer.read().decode()
        finally:
            connection.close()

    def send(self, **fields: str) -> tuple[int, dict[str, str], str]:
        """The form as the camera's own page sends it."""
        return self.request("POST", "/", urlencode(fields).encode(), {**FORM, "Origin": self.own})

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(params=["cpython", "micropython"])
def device(request: pytest.FixtureRequest, program: Path, tmp_path: Path) -> Iterator[Device]:
    running = Device(request.param, tmp_path)
    try:
        yield running
        assert running.process.poll() is None
    finally:
        running.close()


def test_the_page(device: Device) -> None:
    device.settings.write_text('{"wifi": {"ssid": "old home", "password": "old secret"}}')
    for path in ("/", "/?again"):
        status, headers, page = device.request("GET", path)
        assert status == 200
        assert [html.unescape(name) for name in re.findall('<option value="([^"]*)">', page)] == NETWORKS
        assert f"<p>Found: {', '.join(html.escape(name) for name in NETWORKS)}. <a" in page
        assert "old" not in page
        (key,) = [line.split()[1] for line in device.lines if line.startswith("key ")]
        assert key not in page
    own, guards = headers["Content-Security-Policy"].split(", ")
    assert guards == "frame-ancestors 'self' http://friend.example"
    policy = dict(part.split(" ", 1) for part in own.split("; "))
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'", "img-src": "data:", "style-src": f"'sha256-{digest}'",
        "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("same-origin", "no-store")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "<script" not in page
    assert sorted(set(re.findall(r'(?:src|href|action)="?([^" >]*)', page))) == ["/", "/?again", "data:,"]
    assert not device.settings.with_name("camera.json.new").exists()


@pytest.mark.parametrize(
    ("ssid", "password"),
    [
        ("home", "a secret"),
        ("küche & <co>+%", "8 letter"),
        ("x" * 32, "0123456789abcdef" * 4),
        ("cafe", ""),
    ],
)
def test_it_writes_the_network_and_keeps_the_rest(device: Device, ssid: str, password: str) -> None:
    others = {"name": "porch", "port": 8080, "camera": {"quality": 50}}
    device.settings.write_text(json.dumps({**others, "wifi": {"ssid": "old", "password": "old secret"}}))
    (device.folder / "setup").touch()
    status, _, page = device.send(ssid=ssid, password=password)
    assert status == 200
    assert html.escape(ssid, quote=False) in page
    assert 'href="http://camcors.local/"' in page
    assert json.loads(device.settings.read_text()) == {**others, "wifi": {"ssid": ssid, "password": password}}
    assert sorted(path.name for path in device.folder.iterdir()) == ["camera.json", "camera.record.json"]
    assert device.restarted.wait(10)
    shown = page + "".join(device.lines) + device.request("GET", "/api/status")[2]
    assert "old secret" not in shown
    assert not password or password not in shown


def test_it_makes_the_file(device: Device) -> None:
    assert device.send(ssid="home", password="a secret")[0] == 200
    assert json.loads(device.settings.read_text()) == {"wifi": {"ssid": "home", "password": "a secret"}}


BAD = [
    ({"ssid": "", "password": "a secret"}, SSID),
    ({"password": "a secret"}, SSID),
    ({"ssid": "x" * 33, "password": "a secret"}, SSID),
    ({"ssid": "ü" * 17, "password": "a secret"}, SSID),
    ({"ssid": "x" * 9000, "password": "a secret"}, SSID),
    ({"ssid": "home", "password": "s3cret!"}, PASSWORD),
    ({"ssid": "home", "password": "s3cret!" * 10}, PASSWORD),
    ({"ssid": "home", "password": "s3cret!ü"}, PASSWORD),
    ({"ssid": "", "password": "s3cret!"}, f"{SSID}. {PASSWORD}"),
]


@pytest.mark.parametrize(("fields", "words"), BAD)
def test_bad_values_change_nothing(device: Device, fields: dict[str, str], words: str) -> None:
    status, _, page = device.send(**fields)
    (said,) = re.findall('<p role="alert">(.*?)</p>', page)
    assert (status, html.unescape(said)) == (400, words)
    assert "s3cret!" not in page
    assert "a secret" not in page
    assert not device.settings.exists()
    assert not device.restarted.is_set()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"ssid": "home", "password": ""}', "application/json"),
        (b"ssid=home&password=", "text/plain"),
        (b"ssid=%zz", FORM["Content-Type"]),
        (b"ssid=%ff", FORM["Content-Type"]),
    ],
)
def test_what_is_not_the_form_is_refused(device: Device, body: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Origin": device.own}
    status, _, page = device.request("POST", "/", body, headers)
    assert status == 400
    assert "Send the form as the page does." in page
    assert not device.settings.exists()


# (headers, status). The policy allows http://friend.example and switches its write guard off.
FOREIGN = [
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://friend.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://127.0.0.1"}, 403),
    ({"Origin": "https://127.0.0.1:PORT"}, 403),
    ({}, 403),
    ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ({"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT"}, 421),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_nobody_else_may_send_it(device: Device, headers: dict[str, str], status: int) -> None:
    given = {name: value.replace("PORT", str(device.port)) for name, value in headers.items()}
    body = urlencode({"ssid": "evil", "password": "12345678"}).encode()
    assert device.request("POST", "/", body, {**FORM, **given})[0] == status
    assert not device.settings.exists()
    assert not device.restarted.is_set()


def test_a_rebound_name_does_not_see_the_page(device: Device) -> None:
    assert device.request("GET", "/", headers={"Host": "evil.example"})[0] == 421


@pytest.mark.parametrize("content", ["{", "[]", '{"name": "x",}', "{" + " " * 8192 + "}"])
def test_a_faulty_file_is_left_alone(device: Device, content: str) -> None:
    device.settings.write_text(content)
    status, _, page = device.send(ssid="home", password="a secret")
    assert status == 409
    assert "/camera.json is not a JSON object of at most 8192 bytes; fix it or remove it over USB" in page
    assert device.settings.read_text() == content
    assert not device.restarted.is_set()


def test_other_faults_of_the_file_are_said_and_nothing_is_written(device: Device) -> None:
    """With a last good copy, a faulty file would not count: the new network with it."""
    content = '{"port": 0, "camera": {"quality": 200, "ae_level": 1}}'
    device.settings.write_text(content)
    status, _, page = device.send(ssid="home", password="a secret")
    assert status == 409
    said = "port: 0: out of range; write a whole number from 1 to 65535. "
    said += (
        "camera.quality: 200: out of range; write a whole number from 1 to 100; fix it or remove it over USB"
    )
    assert said in page
    assert device.settings.read_text() == content
    assert not device.restarted.is_set()


def test_a_file_that_cannot_be_written_is_reported(device: Device) -> None:
    (device.folder / "camera.json.new").mkdir()
    status, _, page = device.send(ssid="home", password="a secret")
    assert status == 500
    assert "cannot write " in page
    assert not device.restarted.is_set()

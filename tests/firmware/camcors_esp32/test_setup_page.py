"""The set-up form: who may send it, what it writes, and what it never shows."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from access.document import Access
from tests.kit.camera import TOP
from tests.kit.setup import FORM, Device

SSID = "wifi.ssid: not the name of a network; write the network's name, 1 to 32 bytes"
PASSWORD = "wifi.password: not a Wi-Fi password; write 8 to 63 ASCII characters or 64 hex digits"
PASSWORD += ", or none for an open network"
NETWORKS = [('küche <5 GHz> & "co"', "strong"), ("home", "good"), ("far & away", "weak")]

SETUP_CSS = (TOP / "firmware/pages/setup.css").read_text()

_ROW = re.compile(
    '<input type="radio" name="network" id="n([0-9]+)" value="([^"]*)"( checked)?>'
    '<label for="n([0-9]+)">(.*?) <span>(.*?)</span></label>'
)
_OTHER = re.compile('<input type="radio" name="network" id="other" value=""( checked)? required>')
_TYPED = re.compile('<input name="ssid" value="([^"]*)"')


def rows(page: str) -> list[tuple[str, bool, str]]:
    """The networks in the form: name, whether it is chosen, strength."""
    found = _ROW.findall(page)
    assert [row[0] for row in found] == [row[3] for row in found] == [str(i) for i in range(len(found))]
    names = [html.unescape(row[1]) for row in found]
    assert names == [html.unescape(row[4]) for row in found]
    return [(name, bool(row[2]), row[5]) for name, row in zip(names, found, strict=True)]


def typed(page: str) -> tuple[str, bool]:
    """The name in the text field, and whether it is to be taken."""
    (name,) = _TYPED.findall(page)
    (checked,) = _OTHER.findall(page)
    return html.unescape(name), bool(checked)


PYTHONS = ["cpython", "micropython"]


@contextlib.contextmanager
def running(python: str, folder: Path) -> Iterator[Device]:
    device = Device(python, folder)
    try:
        yield device
        assert device.process.poll() is None
    finally:
        device.close()


@pytest.fixture(params=PYTHONS)
def device(request: pytest.FixtureRequest, program: Path, tmp_path: Path) -> Iterator[Device]:
    with running(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="module", params=PYTHONS)
def untouched(
    request: pytest.FixtureRequest, program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Device]:
    """A device for the requests that change nothing."""
    with running(request.param, tmp_path_factory.mktemp("untouched")) as made:
        yield made


def test_the_page(device: Device) -> None:
    device.settings.write_text('{"wifi": {"ssid": "old home", "password": "old secret"}}')
    for path in ("/", "/?again"):
        status, headers, page = device.request("GET", path)
        assert status == 200
        assert rows(page) == [(name, False, strength) for name, strength in NETWORKS]
        assert typed(page) == ("", False)
        assert "old home" not in page
        assert "old secret" not in page
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
    assert sorted(set(re.findall(r'(?:src|href|action)="?([^" >]*)', page))) == ["./", "./?again", "data:,"]
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
    device.access.write_text('{"tokens": []}')
    status, _, page = device.send(ssid=ssid, password=password)
    assert status == 200
    assert html.escape(ssid, quote=False) in page
    assert 'href="http://camcors.local/"' in page
    assert json.loads(device.settings.read_text()) == {**others, "wifi": {"ssid": ssid, "password": password}}
    assert sorted(path.name for path in device.folder.iterdir()) == [
        "access.json", "camera.json", "camera.record.json",
    ]  # fmt: skip
    assert device.restarted.wait(10)
    shown = page + "".join(device.lines) + device.request("GET", "/api/status")[2]
    assert "old secret" not in shown
    assert not password or password not in shown


# What is chosen of the list and typed beside it, the network that is meant; the form afterwards, had the
# password been wrong: the choice in the list, and what stands in the text field.
CHOICES = [
    ({"network": "home"}, "home", "home", ""),
    ({"network": "home", "ssid": "typed before"}, "home", "home", ""),
    ({"network": "", "ssid": "hidden one"}, "hidden one", None, "hidden one"),
    ({"network": NETWORKS[0][0], "ssid": ""}, NETWORKS[0][0], NETWORKS[0][0], ""),
    ({"ssid": "no list"}, "no list", None, "no list"),
    ({"network": "", "ssid": "home"}, "home", "home", ""),
    ({"network": "gone meanwhile", "ssid": ""}, "gone meanwhile", None, "gone meanwhile"),
]


@pytest.mark.parametrize(("fields", "ssid", "chosen", "text"), CHOICES)
def test_a_network_is_chosen_or_typed(
    device: Device, fields: dict[str, str], ssid: str, chosen: str | None, text: str
) -> None:
    status, _, page = device.send(**fields, password="short")
    assert status == 400
    assert rows(page) == [(name, name == chosen, strength) for name, strength in NETWORKS]
    assert typed(page) == (text, bool(text))
    assert device.send(**fields, password="a secret")[0] == 200
    assert json.loads(device.settings.read_text())["wifi"]["ssid"] == ssid


@pytest.mark.parametrize("python", PYTHONS)
def test_where_none_is_found_the_name_is_typed(program: Path, tmp_path: Path, python: str) -> None:
    with contextlib.closing(Device(python, tmp_path, "none")) as device:
        page = device.request("GET", "/?again")[2]
    assert rows(page) == []
    assert "No network was found." in page
    assert typed(page) == ("", True)


def test_it_makes_the_file(device: Device) -> None:
    assert device.send(ssid="home", password="a secret")[0] == 200
    assert json.loads(device.settings.read_text()) == {"wifi": {"ssid": "home", "password": "a secret"}}


_TOKEN = re.compile("<code>(camcors_[0-9a-z]{26})</code>")
_FORM = re.compile('<input type="hidden" name="form" value="([0-9a-f]{32})">')


def shown(page: str) -> str:
    (token,) = _TOKEN.findall(page)
    return token


def known(device: Device) -> list[tuple[str, str, str]]:
    """The tokens that the camera knows: name, role, hash."""
    access = Access.from_json(device.access.read_text())
    assert access.open_role is None
    return [(token.name, token.role, token.sha256.hex()) for token in access.tokens]


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def test_a_camera_without_tokens_gets_its_first_and_shows_it_once(device: Device) -> None:
    status, headers, page = device.send(ssid="home", password="a secret")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    token = shown(page)
    assert "Write this token down" in page
    assert "It is not shown again." in page
    assert "camcors token add NAME --role control" in page
    assert known(device) == [("setup", "control", digest(token))]
    assert not device.restarted.wait(0.5)  # it is written down first
    again = device.finish()[2] + device.request("GET", "/")[2] + device.request("GET", "/api/status")[2]
    assert 'href="http://camcors.local/"' in again
    assert "<b>home</b>" in again
    assert device.restarted.wait(10)
    kept = "".join(path.read_text() for path in device.folder.iterdir())
    assert token not in again + kept + "".join(device.lines)


# What the access file says of a camera for which nobody gets a token here.
OTHERS = [
    '{"version": 1, "tokens": [{"name": "a", "role": "view", "sha256": "' + "0" * 64 + '"}]}',
    '{"version": 1, "tokens": []}',
    '{"open": "anyone in this network may watch and control"}',
    "{",
    "",
]


@pytest.mark.parametrize("text", OTHERS)
def test_a_camera_that_has_an_access_file_gives_nobody_a_token(device: Device, text: str) -> None:
    device.access.write_text(text)
    form = _FORM.findall(device.request("GET", "/")[2])[0]
    for _ in range(2):
        status, _, page = device.send(form=form, ssid="home", password="a secret")
        assert (status, _TOKEN.findall(page)) == (200, [])
        assert "Saved" in page
    assert device.access.read_text() == text
    assert device.restarted.wait(10)


def test_a_form_that_is_sent_twice_shows_the_token_that_counts(device: Device) -> None:
    form = _FORM.findall(device.request("GET", "/")[2])[0]
    first = shown(device.send(form=form, ssid="home", password="a secret")[2])
    second = shown(device.send(form=form, ssid="home", password="a secret")[2])
    assert first != second
    assert known(device) == [("setup", "control", digest(second))]


def test_another_form_gets_no_token_after_the_first(device: Device) -> None:
    """A second phone in the camera's network, or one without a form."""
    forms = [_FORM.findall(device.request("GET", "/")[2])[0] for _ in range(2)]
    assert forms[0] != forms[1]
    token = shown(device.send(form=forms[0], ssid="home", password="a secret")[2])
    for fields in ({"form": forms[1]}, {"form": ""}, {}):
        assert _TOKEN.findall(device.send(ssid="home", password="a secret", **fields)[2]) == []
    assert known(device) == [("setup", "control", digest(token))]


def test_a_token_that_another_made_meanwhile_stays(device: Device) -> None:
    form = _FORM.findall(device.request("GET", "/")[2])[0]
    shown(device.send(form=form, ssid="home", password="a secret")[2])
    device.access.write_text(OTHERS[0])
    assert _TOKEN.findall(device.send(form=form, ssid="home", password="a secret")[2]) == []
    assert device.access.read_text() == OTHERS[0]


def test_bad_values_make_no_token(device: Device) -> None:
    assert device.send(ssid="home", password="short")[0] == 400
    assert device.send(written="yes")[0] == 400  # nothing was saved
    assert not device.access.exists()


def test_where_it_cannot_be_written_the_page_says_how_to_make_one(device: Device) -> None:
    device.folder.joinpath("access.json.new").mkdir()
    device.folder.joinpath("access.json.new", "x").touch()
    status, _, page = device.send(ssid="home", password="a secret")
    assert (status, _TOKEN.findall(page)) == (200, [])
    (said,) = re.findall('<p role="alert">(.*?)</p>', page)
    assert said.endswith("To make one: camcors token add NAME --role control")
    assert device.restarted.wait(10)


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
def test_nobody_else_may_send_it(untouched: Device, headers: dict[str, str], status: int) -> None:
    given = {name: value.replace("PORT", str(untouched.port)) for name, value in headers.items()}
    body = urlencode({"ssid": "evil", "password": "12345678"}).encode()
    assert untouched.request("POST", "/", body, {**FORM, **given})[0] == status
    assert not untouched.settings.exists()
    assert not untouched.restarted.is_set()


# Where a phone or a computer looks whether it is in the internet (method, host, target); what is not there
# yet, any page. A name with a dot at its end, another port and a name in capitals are no way around.
PROBES = [
    ("GET", "connectivitycheck.gstatic.com", "/generate_204"),
    ("GET", "connectivitycheck.android.com", "/generate_204"),
    ("GET", "clients3.google.com", "/generate_204"),
    ("GET", "play.googleapis.com", "/generate_204"),
    ("GET", "www.google.com", "/gen_204"),
    ("HEAD", "connectivitycheck.platform.hicloud.com", "/generate_204"),
    ("GET", "captive.apple.com", "/hotspot-detect.html"),
    ("GET", "www.apple.com", "/library/test/success.html"),
    ("GET", "www.msftconnecttest.com", "/connecttest.txt"),
    ("GET", "www.msftconnecttest.com", "/redirect"),
    ("GET", "www.msftncsi.com", "/ncsi.txt"),
    ("GET", "detectportal.firefox.com", "/canonical.html"),
    ("GET", "detectportal.firefox.com", "/success.txt?ipv4"),
    ("GET", "nmcheck.gnome.org", "/check_network_status.txt"),
    ("GET", "evil.example", "/"),
    ("HEAD", "evil.example", "/"),
    ("GET", "evil.example", "/?again"),
    ("GET", "evil.example", "/api/status"),
    ("GET", "evil.example", "/api/capture"),
    ("GET", "evil.example", "http://evil.example/api/stream"),
    ("GET", "EVIL.example:PORT", "/"),
    ("GET", "evil.example.", "/"),
    ("GET", "evil.example:x", "/"),
    ("GET", "camcors.evil.example", "/"),
    ("GET", "127.0.0.1.evil.example", "/"),
    ("GET", "0x7f000001", "/"),
]


@pytest.mark.parametrize(("method", "host", "target"), PROBES)
def test_a_foreign_name_leads_to_the_form(untouched: Device, method: str, host: str, target: str) -> None:
    sent = {"Host": host.replace("PORT", str(untouched.port)), "Origin": "http://friend.example"}
    status, headers, body = untouched.request(method, target, headers=sent)
    assert (status, body) == (302, "")
    assert headers == {
        "Location": untouched.own + "/",
        "Cache-Control": "no-store",
        "Content-Length": "0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    status, _, page = untouched.request("GET", "/")
    assert status == 200
    assert "<form" in page


# What is no look at a page: refused, as where there is no access point.
REFUSED = [
    ("POST", "/", {}),
    ("PUT", "/api/camera", {}),
    ("PUT", "/api/led", {"Origin": "http://friend.example"}),
    ("OPTIONS", "/", {}),
    ("OPTIONS", "/api/camera", {"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}),
    ("DELETE", "/", {}),
    ("TRACE", "/", {}),
    ("PROPFIND", "/", {}),
    ("get", "/", {}),
]


@pytest.mark.parametrize(("method", "path", "headers"), REFUSED)
def test_nothing_else_is_done_for_a_foreign_name(
    untouched: Device, method: str, path: str, headers: dict[str, str]
) -> None:
    body = b"" if method == "TRACE" else b"{}"
    assert untouched.request(method, path, body, {"Host": "evil.example", **headers})[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:PORT", "camcors", "camcors.local", "localhost"])
def test_its_own_names_show_the_form(untouched: Device, host: str) -> None:
    headers = {"Host": host.replace("PORT", str(untouched.port))}
    status, _, page = untouched.request("GET", "/", headers=headers)
    assert status == 200
    assert "<form" in page


def test_dns(device: Device) -> None:
    """Noise, an empty datagram and another phone's query do not keep it from answering."""
    query = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7captive\5apple\3com\0\0\1\0\1"
    answer = b"\x12\x34\x85\x80\0\1\0\1" + query[8:] + b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        for each in (phone, other):
            each.connect(("127.0.0.1", device.dns_port))
            each.settimeout(0.5)
        for noise in (b"noise", b"\xff" * 1400, query[:-1]):
            phone.send(noise)
        assert asked(phone, query) == answer
        phone.send(b"")
        assert asked(other, b"\xab" + query[1:]) == b"\xab" + answer[1:]
        assert asked(phone, query) == answer


def asked(client: socket.socket, query: bytes) -> bytes:
    """The answer to `query`, which is sent again as a phone does."""
    for _ in range(20):
        try:
            client.send(query)
            return client.recv(600)
        except (TimeoutError, ConnectionRefusedError):
            continue
    raise TimeoutError


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


def colours(css: str) -> dict[str, str]:
    return {name: each for name, each in re.findall(r"--([a-z-]+): (#[0-9a-f]+);", css)}


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Each colour of text, and what it stands on.
TEXTS = [
    ("ink", "page"), ("ink", "card"), ("dim", "page"), ("dim", "card"), ("bad", "page"), ("accent", "page"),
    ("accent", "card"), ("on-accent", "accent"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "behind"), TEXTS)
def test_text_can_be_read(scheme: str, text: str, behind: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5."""
    light, dark = re.split("@media .prefers-color-scheme: dark.", SETUP_CSS)
    found = colours(light if scheme == "light" else dark.partition("\n}\n")[0])
    darker, lighter = sorted((luminance(found[text]), luminance(found[behind])))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_text_has_those_colours_only() -> None:
    used = set(re.findall(r"(?<!-)\bcolor: ([^;]+);", SETUP_CSS))
    assert used - {"inherit"} == {f"var(--{text})" for text, _ in TEXTS}
    assert re.findall(r"p\[role\] \{\s+color: ([^;]+);", SETUP_CSS) == ["var(--bad)"]

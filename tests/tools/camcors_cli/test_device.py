"""`camcors` info, reset and wifi against a running camera."""

from __future__ import annotations

import contextlib
import json
import sys
import time

import httpx
import pytest

from tests.kit.camera import Camera
from tests.kit.terminal import Terminal

SECRET = "correct horse 7"
RULES = "write 8 to 63 ASCII characters or 64 hex digits, or none for an open network (--open)"
FAULTY = "/camera.json on the camera is not a valid settings file (1 fault)"


def status(camera: Camera) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{camera.url}/api/status").json()
    return found


def settings(camera: Camera) -> object:
    return json.loads(camera.content("camera.json") or b"null")


def forget_settings(camera: Camera) -> None:
    camera.put("camera.json", "")
    camera.exec("import os; os.remove('/camera.json')")


def test_info_says_what_the_camera_says(camera: Camera) -> None:
    done = camera.camcors_process("info", "--json")
    info, said = json.loads(done.stdout), status(camera)
    assert (done.stderr, done.returncode) == ("", 0)
    keys = {"port", "board", "micropython", "firmware", "uptime_s", "heap", "policy", "faults", "started"}
    keys |= {"name", "title", "network", "restart", "refused", "access", "tls"}
    assert set(info) == keys | {"machine", "version", "filesystem"}
    for key in ("name", "title", "board", "micropython", "firmware", "network", "policy", "faults", "tls"):
        assert info[key] == said[key]
    assert info["refused"] is None
    assert (info["port"], info["started"]) == (camera.repl, True)
    assert info["filesystem"]["size"] == 832 * 1024
    assert 0 < info["filesystem"]["free"] < info["filesystem"]["size"]
    assert 0 <= info["uptime_s"] <= said["uptime_s"]
    assert 0 < info["heap"]["used"] < info["heap"]["free"]


def test_info_as_a_table(camera: Camera) -> None:
    lines = camera.camcors("info").stdout.splitlines()
    names = ["port", "camera", "board", "firmware", "MicroPython", "flash", "heap", "started"]
    names += ["after", "policy", "lock", "https", "faults"]
    assert [line.split()[0] for line in lines] == names
    assert lines[2].split(maxsplit=1)[1] == "HOST (camcors HOST)"
    assert [line.split() for line in lines[-2:]] == [["https", "missing"], ["faults", "0"]]


def test_reset_starts_the_camera_again(camera: Camera) -> None:
    before = status(camera)["policy"]
    with httpx.stream("GET", f"{camera.url}/api/stream", timeout=20) as stream:
        pieces = stream.iter_raw()
        next(pieces)
        began = time.monotonic()
        done = camera.camcors_process("reset", "--json")
        with contextlib.suppress(httpx.TransportError):  # as the kernel closes it
            for _ in pieces:
                assert time.monotonic() < began + 20
    report = json.loads(done.stdout)
    assert (done.stderr, done.returncode) == ("", 0)
    assert report["policy"] == before
    assert report["uptime_s"] <= time.monotonic() - began
    camera.wait_ready()
    said = f"started again; policy active {report['policy']['digest']}\n"
    assert camera.camcors("reset").stdout == said
    camera.wait_ready()


def test_a_password_is_asked_for_and_never_shown(camera: Camera) -> None:
    camera.put("camera.json", '{"name": "door", "camera": {"quality": 70}}')
    port = camera.repl
    command = [sys.executable, "-m", "camcors_cli", "wifi", "set", "home net", "--json"]
    with Terminal(command, CAMCORS_PORT=port) as terminal:
        terminal.wait_for("Password of home net: ")
        terminal.type(SECRET, "Enter")
        assert terminal.wait() == 0, terminal.screen
        screen = terminal.screen
    assert '"ssid": "home net"' in screen and '"password_set": true' in screen
    wifi = {"ssid": "home net", "password": SECRET}
    assert settings(camera) == {"name": "door", "camera": {"quality": 70}, "wifi": wifi}

    assert camera.camcors("reset").stderr == ""
    camera.wait_ready()
    shown = [screen, *camera.drain(), json.dumps(status(camera))]
    for args in (["wifi", "status"], ["wifi", "status", "--json"], ["info", "--json"], ["policy", "show"]):
        done = camera.camcors(*args)
        shown += [done.stdout, done.stderr]
    assert status(camera)["faults"] == []
    assert not [text for text in shown if SECRET in text]


def test_a_password_from_standard_input(camera: Camera) -> None:
    forget_settings(camera)
    key = "0123456789abcdef" * 4
    done = camera.camcors_process("wifi", "set", "n", "--password-stdin", stdin=f"{key}\r\n")
    said = ("saved; the camera joins n when it starts: camcors reset\n", "", 0)
    assert (done.stdout, done.stderr, done.returncode) == said
    assert settings(camera) == {"wifi": {"ssid": "n", "password": key}}
    done = camera.camcors_process("wifi", "status")
    assert done.stdout.splitlines()[:2] == ["network   n", "password  set"]


def test_an_open_network(camera: Camera) -> None:
    forget_settings(camera)
    none = camera.camcors("wifi", "status")
    assert none.stdout.splitlines()[0] == "network  none; camcors wifi set SSID chooses one"
    done = camera.camcors("wifi", "set", "n", "--open", "--json")
    assert json.loads(done.stdout) == {"ssid": "n", "password_set": False}
    assert settings(camera) == {"wifi": {"ssid": "n", "password": ""}}
    done = camera.camcors("wifi", "status", "--json")
    expected = {"ssid": "n", "password_set": False, "network": status(camera)["network"]}
    assert json.loads(done.stdout) == expected
    assert "password  none, an open network\n" in camera.camcors("wifi", "status").stdout


NOT_STARTED = "not started; remove the file /disable if there is one, and start it with camcors reset"


@pytest.mark.parametrize(
    ("network", "rows"),
    [
        (
            {"state": "connected", "address": "10.0.0.7", "name": "n", "rssi": -48, "error": None},
            ["state    connected", "name     n.local", "address  10.0.0.7", "signal   -48 dBm"],
        ),
        (
            {"state": "connecting", "address": None, "name": "n", "rssi": None, "error": "wrong password"},
            ["state    connecting", "name     n.local", "error    wrong password"],
        ),
        (
            {"state": "access-point", "address": "10.0.0.1", "name": "n", "rssi": None, "error": None},
            [
                "state    an access point of its own, with a page that sets the network",
                "name     n.local",
                "address  10.0.0.1",
            ],
        ),
        (
            {"state": "off", "address": None, "name": "n", "rssi": None, "error": "the radio reports: 1"},
            ["state    the radio is off", "name     n.local", "error    the radio reports: 1"],
        ),
        (
            {"state": "wired", "address": "127.0.0.1", "name": "n", "rssi": None, "error": None},
            ["state    wired; this board has no Wi-Fi", "name     n.local", "address  127.0.0.1"],
        ),
        (
            {"state": "down", "address": None, "name": "n", "rssi": None, "error": "no address by DHCP"},
            [
                "state    wired, and down; this board has no Wi-Fi",
                "name     n.local",
                "error    no address by DHCP",
            ],
        ),
        (
            {"state": "{new}", "address": None, "name": "n", "rssi": None, "error": None},
            ["state    {new}", "name     n.local"],
        ),
        (None, [f"state    {NOT_STARTED}"]),
    ],
)
def test_wifi_status_says_what_the_camera_reports(
    camera: Camera, network: dict[str, object] | None, rows: list[str]
) -> None:
    forget_settings(camera)
    code = "from camcors.start import state\nclass Network:\n report = lambda self: {!r}\n"
    code += "_before = state.network\nstate.network = {}\n"
    camera.exec(code.format(network, "Network()" if network else None))
    try:
        shown = camera.camcors("wifi", "status")
        as_json = camera.camcors("wifi", "status", "--json")
    finally:
        camera.exec("state.network = _before")
    assert shown.stdout.splitlines() == ["network  none; camcors wifi set SSID chooses one", *rows]
    assert json.loads(as_json.stdout) == {"ssid": None, "password_set": False, "network": network}


@pytest.mark.parametrize("password", ["", "1234567", "x" * 64, "pass\twort", "größe123"])
def test_what_is_no_password(camera: Camera, password: str) -> None:
    done = camera.camcors("wifi", "set", "n", "--password-stdin", stdin=f"{password}\n")
    said = f"camcors: that is not a Wi-Fi password; {RULES}\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 1)


@pytest.mark.parametrize("ssid", ["", "x" * 33, "ü" * 17])
def test_what_is_no_network(camera: Camera, ssid: str) -> None:
    done = camera.camcors("wifi", "set", ssid, "--open")
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr.endswith(
        "Invalid value for SSID: not the name of a network; write the network's name, 1 to 32 bytes\n"
    )


def test_without_a_terminal_there_is_nobody_to_ask(camera: Camera) -> None:
    done = camera.camcors_process("wifi", "set", "n")
    assert (done.stdout, done.returncode) == ("", 2)
    words = "there is no terminal to ask for the password; use --password-stdin or --open\n"
    assert done.stderr.endswith(words)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"name": ', "line 1, column 10: not JSON; write the missing value"),
        ("[1]", 'file: wrong type; write one object, such as {"name": "camcors"}'),
        (b"\xff", "line 1, column 1: not UTF-8; save the file as UTF-8"),
        ('{"port": 0}', "port: 0: out of range; write a whole number from 1 to 65535"),
    ],
)
def test_faulty_settings_are_not_touched(camera: Camera, content: str | bytes, line: str) -> None:
    camera.put("camera.json", content)
    remedy = "nothing was changed; mpremote resume edit :camera.json changes it, "
    remedy += "mpremote resume rm :camera.json removes it"
    said = f"camcors: {FAULTY}\n/camera.json on the camera:1: {line}\n{remedy}\n"
    done = camera.camcors("wifi", "set", "n", "--open")
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 1)
    assert camera.content("camera.json") == (content.encode() if isinstance(content, str) else content)


def test_what_only_the_camera_knows_is_refused_by_it(camera: Camera) -> None:
    """With a last good copy a faulty file would not count, and the new network with it."""
    content = '{"camera": {"quality": 200, "zoom": 2}}'
    camera.put("camera.json", content)
    done = camera.camcors("wifi", "set", "n", "--open")
    said = (
        "camcors: the camera did not take the settings: camera.zoom: unknown key; write one of brightness, "
    )
    said += "contrast, frame_size, hmirror, quality, standby_s, vflip. camera.quality: 200: out of range; "
    said += "write a whole number from 1 to 100; nothing was changed\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", said, 4)
    assert camera.content("camera.json") == content.encode()


def test_a_byte_order_mark_is_read_over(camera: Camera) -> None:
    camera.put("camera.json", b'\xef\xbb\xbf{"title": "K\xc3\xbcche 2", "wifi": {"ssid": "old"}}')
    assert camera.camcors("wifi", "status").stdout.splitlines()[0] == "network   old"
    assert camera.camcors("wifi", "set", "n", "--open").returncode == 0
    assert settings(camera) == {"title": "Küche 2", "wifi": {"ssid": "n", "password": ""}}


def test_the_status_of_a_file_that_is_no_object(camera: Camera) -> None:
    camera.put("camera.json", '{"wifi": hunter2}')
    done = camera.camcors("wifi", "status")
    words = "line 1, column 10: not JSON; write a value: a string goes in double quotes"
    said = ["camcors: " + FAULTY, "/camera.json on the camera:1: " + words]
    assert (done.stdout, done.stderr.splitlines(), done.returncode) == ("", said, 1)


def test_settings_whose_network_is_no_object(camera: Camera) -> None:
    camera.put("camera.json", '{"wifi": "n"}')
    done = camera.camcors("wifi", "status")
    assert (done.stdout.splitlines()[0], done.returncode) == (
        "network  none; camcors wifi set SSID chooses one",
        0,
    )

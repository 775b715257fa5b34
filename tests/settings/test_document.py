"""/camera.json: every fault with its place and remedy; on CPython and in the frozen HOST."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcors.limits import Limits
from settings.document import defaults, read
from settings.table import FIELDS, LIMITS, TLS, WIFI
from strict import fault, reasons
from tests.kit.camera import TOP, Camera

CAMERA = {"quality": ("int", (1, 100)), "hmirror": ("bool", None)}
TABLE = {row[0]: (row[3], *row[2]) for row in LIMITS}
DEFAULTS = {
    "name": "camcors",
    "title": "",
    "host": "0.0.0.0",
    "port": 80,
    "trusted_proxies": (),
    "camera": {},
    "tls": {"port": 443, "plain": "redirect"},
    "wifi": None,
}
NAME = "not a name for a host; write letters, digits and hyphens, at most 32, and no hyphen at either end"
PORT = "write a whole number from 1 to 65535"
HOST = 'not an IPv4 address as a browser writes it; write an IPv4 address of the camera, or "0.0.0.0" for all'
PAGE = TOP / "docs" / "api.md"
KEYS = "write one of camera, host, limits, name, port, title, tls, trusted_proxies, wifi"
SSID = "write the network's name, 1 to 32 bytes"
NO_SSID = "wifi.ssid: missing; " + SSID
BAD_SSID = "wifi.ssid: not the name of a network; " + SSID
PASSWORD = (
    "wifi.password: not a Wi-Fi password; write 8 to 63 ASCII characters or 64 hex digits, "
    "or none for an open network"
)
VIEWERS = "write at most {}, one less than connections"
CONNECTIONS = "write a whole number from 1 to 256"
TITLE = "write text of at most 64 characters, without control characters"


def loaded(text: str | bytes) -> tuple[dict[str, object], dict[str, int], list[str]]:
    """(settings without limits, limits other than the default, lines of faults)."""
    settings, faults = read(text, CAMERA)
    settings = settings or defaults()
    limits = settings.pop("limits")
    changed = {name: value for name, value in limits.items() if value != TABLE[name][0]}
    return settings, changed, fault.lines(faults).splitlines()


@pytest.mark.parametrize("text", ["{}", b"{}", " {} \n", '{"$schema": "./camera.schema.json"}'])
def test_defaults(text: str) -> None:
    assert loaded(text) == (DEFAULTS, {}, [])


def test_all_good() -> None:
    given = {
        "name": "Cam-1",
        "title": "Küche 2 \U0001f3a5",
        "host": "127.0.0.1",
        "port": 8080,
        "trusted_proxies": ["192.168.1.2", "10.0.0.1"],
        "tls": {"port": 8443, "plain": "off"},
        "camera": {"quality": 9, "hmirror": True},
        "limits": {
            "connections": 8,
            "stream_fps": 60,
            "keepalive_requests": 1,
            "keepalive_timeout_ms": 600000,
        },
        "wifi": {"ssid": "küche", "password": "pass word"},
    }
    settings, limits, faults = loaded(json.dumps(given))
    assert limits == given.pop("limits")
    assert (settings, faults) == (given, [])


# (text, faults); each case has a good port beside the fault, which must count
FAULTS = [
    ('"name": 5', ["name: 5: " + NAME]),
    ('"name": ""', ['name: "": ' + NAME]),
    ('"name": "-cam"', ['name: "-cam": ' + NAME]),
    ('"name": "cam-"', ['name: "cam-": ' + NAME]),
    ('"name": "my cam"', ['name: "my cam": ' + NAME]),
    ('"name": "küche"', ['name: "k\\u00fcche": ' + NAME]),
    (f'"name": "{"a" * 33}"', [f'name: "{"a" * 33}": ' + NAME]),
    ('"host": "localhost"', ['host: "localhost": ' + HOST]),
    ('"host": "256.0.0.1"', ['host: "256.0.0.1": ' + HOST]),
    ('"host": "1.2.3"', ['host: "1.2.3": ' + HOST]),
    ('"host": null', ["host: null: " + HOST]),
    ('"camera": []', ['camera: wrong type; write an object, such as {"quality": 80}']),
    ('"camera": {"quality": 0}', ["camera.quality: 0: out of range; write a whole number from 1 to 100"]),
    ('"camera": {"hmirror": 1}', ["camera.hmirror: 1: wrong type; write true or false"]),
    ('"camera": {"qualty": 5}', ['camera.qualty: unknown key; write "quality"']),
    ('"limits": 5', ['limits: wrong type; write an object, such as {"stream_fps": 10}']),
    (
        '"stream_fps": 10',
        ['stream_fps: unknown key; write it in limits, such as {"limits": {"stream_fps": 25}}'],
    ),
    (
        '"limits": {"connections": 0}',
        ["limits.connections: 0: out of range; " + CONNECTIONS],
    ),
    (
        '"limits": {"keepalive_requests": 0}',
        ["limits.keepalive_requests: 0: out of range; write a whole number from 1 to 1000000"],
    ),
    (
        '"limits": {"keepalive_timeout_ms": 99}',
        ["limits.keepalive_timeout_ms: 99: out of range; write a whole number from 100 to 600000"],
    ),
    (
        '"limits": {"keepalive_timeout": 5000}',
        ['limits.keepalive_timeout: unknown key; write "keepalive_timeout_ms"'],
    ),
    (
        '"limits": {"connections": true}',
        ["limits.connections: true: wrong type; " + CONNECTIONS],
    ),
    ('"limits": {"body_byte": 1}', ['limits.body_byte: unknown key; write "body_bytes"']),
    ('"Name": "x"', ['Name: unknown key; write "name"']),
    ('"password": "hunter2"', ["password: unknown key; " + KEYS]),
    ('"wifi": "hunter2"', ['wifi: wrong type; write an object, such as {"ssid": "name", "password": "..."}']),
    ('"wifi": {}', [NO_SSID]),
    ('"wifi": {"ssid": ""}', [BAD_SSID]),
    (f'"wifi": {{"ssid": "{"ü" * 17}"}}', [BAD_SSID]),
    ('"wifi": {"ssid": "\\ud800"}', [BAD_SSID]),
    ('"wifi": {"ssid": 5, "password": "hunter2"}', [PASSWORD, BAD_SSID]),
    ('"wifi": {"ssid": "a", "password": null}', [PASSWORD]),
    ('"wifi": {"ssid": "a", "password": "passwört"}', [PASSWORD]),
    (f'"wifi": {{"ssid": "a", "password": "{"a" * 63}g"}}', [PASSWORD]),
    (f'"wifi": {{"ssid": "a", "password": "{"a" * 65}"}}', [PASSWORD]),
    ('"wifi": {"ssid": "a", "pasword": "hunter22"}', ['wifi.pasword: unknown key; write "password"']),
    ('"title": 5', ["title: 5: wrong type; " + TITLE]),
    ('"title": "a\\nb"', ['title: "a\\u000ab": control character; ' + TITLE]),
    ('"title": "\\ud83d"', ['title: "\\ud83d": control character; ' + TITLE]),
    (
        '"name": 1, "camera": {"quality": 0, "hmirror": 0}',
        [
            "camera.hmirror: 0: wrong type; write true or false",
            "camera.quality: 0: out of range; write a whole number from 1 to 100",
            "name: 1: " + NAME,
        ],
    ),
]


@pytest.mark.parametrize(("text", "faults"), FAULTS)
def test_faults(text: str, faults: list[str]) -> None:
    settings, limits, found = loaded('{"port": 8081, ' + text + "}")
    assert (settings, limits) == ({**DEFAULTS, "port": 8081}, {})
    assert sorted(found) == faults


@pytest.mark.parametrize("password", ["", "8 letter", "~" * 63, "0123456789abcdefABCDEF" * 2 + "0" * 20])
def test_good_password(password: str) -> None:
    wifi = {"ssid": "x" * 32, "password": password}
    settings, _, faults = loaded(json.dumps({"wifi": wifi}))
    assert (settings["wifi"], faults) == (wifi, [])
    assert loaded('{"wifi": {"ssid": "a"}}')[0]["wifi"] == {"ssid": "a", "password": ""}


@pytest.mark.parametrize("port", ["0", "65536", "-1", "true", '"80"', "80.0", "null"])
def test_bad_port(port: str) -> None:
    settings, _, faults = loaded(f'{{"port": {port}, "name": "x"}}')
    assert settings == {**DEFAULTS, "name": "x"}
    reason = "out of range" if port.lstrip("-").isdigit() else "wrong type"
    assert faults == [f"port: {port}: {reason}; {PORT}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "line 1, column 1: not JSON; write the missing value"),
        ("[]", 'file: wrong type; write one object, such as {"name": "camcors"}'),
        ('{"port": 1,}', "line 1, column 11: not JSON; remove the last comma"),
        (
            '{"wifi": hunter2}',
            "line 1, column 10: not JSON; write a value: a string goes in double quotes",
        ),
        (b"\xff", "line 1, column 1: not UTF-8; save the file as UTF-8"),
        ("{" + " " * 8192 + "}", "file: 8194: file too large; write at most 8192 bytes"),
    ],
)
def test_syntax(text: str | bytes, line: str) -> None:
    assert loaded(text) == (DEFAULTS, {}, [line])


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_never_raises_for_any_text(text: str | bytes) -> None:
    settings, _, faults = loaded(text)
    assert faults or settings.keys() == DEFAULTS.keys()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEY = st.sampled_from(["name", "port", "host", "camera", "limits", "wifi", "ssid", "password"]) | st.text()


@given(st.dictionaries(KEY, JSON | st.dictionaries(KEY, JSON, max_size=3), max_size=5))
def test_never_raises_for_any_object(value: object) -> None:
    settings, _, faults = loaded(json.dumps(value))
    assert all(": " in line for line in faults)
    assert set(settings) == set(DEFAULTS)


def test_limits_refuse_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"^limits.connections: 0: out of range; write a whole number from 1 to 256$"
    ):
        Limits(connections=0)
    with pytest.raises(ValueError, match=r"^limits.nothing: unknown; write one of body_bytes, "):
        Limits(nothing=1)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_limit_is_tunable_in_its_range(name: str) -> None:
    default, low, high = TABLE[name]
    assert low <= default <= high
    for value in (low, high):
        given = {name: value} if name == "connections" else {"connections": 256, name: value}
        _, limits, faults = loaded(json.dumps({"limits": given}))
        assert (limits.get(name, default), faults) == (value, [])
    for value in (low - 1, high + 1):
        assert len(loaded(json.dumps({"limits": {name: value}}))[2]) == 1


@pytest.mark.parametrize(
    ("given", "viewers", "faults"),
    [
        ({}, 4, []),
        ({"connections": 5}, 4, []),
        ({"connections": 4}, 3, []),
        ({"connections": 1}, 0, []),
        ({"stream_viewers": 5}, 5, []),
        (
            {"stream_viewers": 6},
            5,
            ["limits.stream_viewers: 6: out of range; " + VIEWERS.format(5)],
        ),
        (
            {"connections": 2, "stream_viewers": 4},
            1,
            ["limits.stream_viewers: 4: out of range; " + VIEWERS.format(1)],
        ),
    ],
)
def test_streams_leave_a_connection(given: dict[str, int], viewers: int, faults: list[str]) -> None:
    settings, found = read(json.dumps({"limits": given}), {})
    assert settings is not None
    assert (settings["limits"]["stream_viewers"], fault.lines(found).splitlines()) == (viewers, faults)


@pytest.mark.parametrize(
    "text",
    [
        b'\xef\xbb\xbf{"name": "a"}',
        b'{\r\n\t"name":\t"a"\r\n}\r\n',
        b'\xef\xbb\xbf{\r\n"name": "\\u0061"}',
    ],
)
def test_what_editors_add_is_read_over(text: bytes) -> None:
    assert loaded(text) == ({**DEFAULTS, "name": "a"}, {}, [])


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("K\\u00fcche 2", "Küche 2"),
        ("\\ud83d\\ude00!", "\U0001f600!"),
        ("\\\\ud83d\\ude00", None),
        ("\\ude00\\ud83d", None),
        ("\U0001f600" * 64, "\U0001f600" * 64),
        ("\U0001f600" * 65, None),
    ],
)
def test_title(written: str, title: str | None) -> None:
    settings, _, faults = loaded(f'{{"title": "{written}"}}')
    assert (settings["title"], bool(faults)) == (title or "", title is None)


def test_a_board_that_is_not_known_may_have_any_camera_field() -> None:
    settings, faults = read('{"camera": {"zoom": 9}}', None)
    assert settings is not None
    assert (settings["camera"], faults) == ({"zoom": 9}, [])


def test_no_value_that_may_be_a_secret_is_in_a_fault() -> None:
    for text in (
        '{"wifi": {"ssid": "n", "password": "hunt"}}',
        '{"wifi": {"ssid": "hunter2hunter2hunter2hunter2hunter", "password": "hunter22"}}',
        '{"wifi": "hunter2"}',
        '{"pasword": "hunter2"}',
        '{"wifi": {"pasword": "hunter2"}}',
        '{"wifi": hunter2}',
        '{"hunter2": 1, "hunter2": 2',
        '["hunter2"]',
        '"hunter2"',
    ):
        _, faults = read(text, {})
        assert faults
        shown = [each for each in faults if each.reason != reasons.UNKNOWN_KEY or "hunter" not in each.field]
        assert "hunt" not in fault.lines(shown), text


def test_every_row_has_a_reader_that_knows_it() -> None:
    """Who reads a field is named in the table; its file has the field's name."""
    for row in FIELDS + WIFI + TLS + LIMITS:
        name, reader, words = row[0], row[4], row[5]
        source = TOP / "firmware" / (reader.replace(".", "/") + ".py")
        assert name in source.read_text(), (name, reader)
        assert len(words) > 10


ON_THE_CAMERA = """
import json
from settings.document import read
from strict.fault import lines
def show(text):
    chosen, faults = read(text, %r)
    print(json.dumps([chosen and chosen["title"], lines(faults)]))
"""


def test_the_frozen_reader_says_the_same(camera: Camera) -> None:
    texts = ['{"port": 8081, ' + text + "}" for text, _ in FAULTS]
    texts += [
        '{"title": "' + text + '"}' for text in (r"\ud83d\ude00", r"\\ud83d\ude00", r"\ud83d", "K\u00fcche")
    ]
    texts += ["", "[]", '{"port": 1,}', "\ufeff{}", '\ufeff{"name":\r\n\t5}']
    calls = "\n".join(f"show({text.encode()!r})" for text in texts)
    found = [json.loads(line) for line in camera.exec(ON_THE_CAMERA % CAMERA + calls).splitlines()]
    expected = []
    for text in texts:
        chosen, faults = read(text.encode(), CAMERA)
        expected.append([chosen and chosen["title"], fault.lines(faults)])
    assert found == expected

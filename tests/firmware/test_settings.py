"""/camera.json: every fault in one line with its remedy, and the rest counts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camcors.limits import TABLE, Limits
from camcors.settings import load
from strict.field import Choice, Range
from tests.kit.camera import TOP

FIELDS = {"quality": Range(1, 100), "hmirror": Choice(False, True)}
DEFAULTS = {"name": "camcors", "host": "0.0.0.0", "port": 80, "camera": {}, "wifi": None}
LABEL = "write letters, digits and hyphens, at most 32"
PORT = "write a whole number from 1 to 65535"
HOST = 'write an IPv4 address of the camera, or "0.0.0.0" for all'
PAGE = TOP / "docs" / "api.md"
KEYS = "write one of camera, host, limits, name, port, wifi"
SSID = "wifi.ssid: write the network's name, 1 to 32 bytes"
PASSWORD = 'wifi.password: write 8 to 63 ASCII characters or 64 hex digits, or "" of an open network'


def loaded(text: object) -> tuple[dict[str, object], dict[str, int], list[str]]:
    settings, faults = load(text, FIELDS)
    limits = settings.pop("limits")
    assert type(limits) is Limits
    changed = {name: value for name, value in vars(limits).items() if value != TABLE[name][0]}
    return settings, changed, faults


@pytest.mark.parametrize("text", [None, "{}", b"{}", " {} \n"])
def test_defaults(text: object) -> None:
    assert loaded(text) == (DEFAULTS, {}, [])


def test_all_good() -> None:
    given = {
        "name": "Cam-1",
        "host": "127.0.0.1",
        "port": 8080,
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
    ('"name": 5', ["name: 5: " + LABEL]),
    ('"name": ""', ['name: "": ' + LABEL]),
    ('"name": "-cam"', ['name: "-cam": ' + LABEL]),
    ('"name": "cam-"', ['name: "cam-": ' + LABEL]),
    ('"name": "my cam"', ['name: "my cam": ' + LABEL]),
    ('"name": "küche"', ['name: "k\\u00fcche": ' + LABEL]),
    (f'"name": "{"a" * 33}"', [f'name: "{"a" * 33}": ' + LABEL]),
    ('"host": "localhost"', ['host: "localhost": ' + HOST]),
    ('"host": "256.0.0.1"', ['host: "256.0.0.1": ' + HOST]),
    ('"host": "1.2.3"', ['host: "1.2.3": ' + HOST]),
    ('"host": null', ["host: null: " + HOST]),
    ('"camera": []', ['camera: []: write an object, such as {"quality": 80}']),
    ('"camera": {"quality": 0}', ["camera.quality: 0: write a whole number from 1 to 100"]),
    ('"camera": {"hmirror": 1}', ["camera.hmirror: 1: write one of false, true"]),
    ('"camera": {"qualty": 5}', ['camera.qualty: unknown key: write "quality"']),
    ('"limits": 5', ['limits: 5: write an object, such as {"stream_fps": 10}']),
    (
        '"stream_fps": 10',
        ['stream_fps: unknown key: write it in limits, as in {"limits": {"stream_fps": 25}}'],
    ),
    ('"limits": {"connections": 0}', ["limits.connections: 0: write a whole number from 1 to 256"]),
    (
        '"limits": {"keepalive_requests": 0}',
        ["limits.keepalive_requests: 0: write a whole number from 1 to 1000000"],
    ),
    (
        '"limits": {"keepalive_timeout_ms": 99}',
        ["limits.keepalive_timeout_ms: 99: write a whole number from 100 to 600000"],
    ),
    (
        '"limits": {"keepalive_timeout": 5000}',
        ['limits.keepalive_timeout: unknown key: write "keepalive_timeout_ms"'],
    ),
    (
        '"limits": {"connections": true}',
        ["limits.connections: true: write a whole number from 1 to 256"],
    ),
    ('"limits": {"body_byte": 1}', ['limits.body_byte: unknown key: write "body_bytes"']),
    ('"Name": "x"', ['Name: unknown key: write "name"']),
    ('"password": "hunter2"', ["password: unknown key: " + KEYS]),
    ('"wifi": "hunter2"', ['wifi: write an object, such as {"ssid": "name", "password": "..."}']),
    ('"wifi": {}', [SSID]),
    ('"wifi": {"ssid": ""}', [SSID]),
    (f'"wifi": {{"ssid": "{"ü" * 17}"}}', [SSID]),
    ('"wifi": {"ssid": "\\ud800"}', [SSID]),
    ('"wifi": {"ssid": 5, "password": "hunter2"}', [PASSWORD, SSID]),
    ('"wifi": {"ssid": "a", "password": null}', [PASSWORD]),
    ('"wifi": {"ssid": "a", "password": "passwört"}', [PASSWORD]),
    (f'"wifi": {{"ssid": "a", "password": "{"a" * 63}g"}}', [PASSWORD]),
    (f'"wifi": {{"ssid": "a", "password": "{"a" * 65}"}}', [PASSWORD]),
    ('"wifi": {"ssid": "a", "pasword": "hunter22"}', ['wifi.pasword: unknown key: write "password"']),
    (
        '"name": 1, "camera": {"quality": 0, "hmirror": 0}',
        [
            "camera.hmirror: 0: write one of false, true",
            "camera.quality: 0: write a whole number from 1 to 100",
            "name: 1: " + LABEL,
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
    assert faults == [f"port: {port}: {PORT}"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1, column 1: not JSON: write the missing value"),
        ("[]", 'file: not an object: write one object, such as {"name": "camcors"}'),
        ('{"port": 1,}', "line 1, column 11: not JSON: remove the last comma"),
        (
            '{"wifi": hunter2}',
            "line 1, column 10: not JSON: write a value: a string goes in double quotes",
        ),
        (b"\xff", "line 1, column 1: not UTF-8: save the file as UTF-8"),
        ("{" + " " * 8192 + "}", "file: 8194 bytes: write at most 8192"),
    ],
)
def test_syntax(text: object, fault: str) -> None:
    assert loaded(text) == (DEFAULTS, {}, [fault])


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_never_raises_for_any_text(text: object) -> None:
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
    assert all("\n" not in fault for fault in faults)
    assert set(settings) == set(DEFAULTS)


def test_limits_refuse_at_once() -> None:
    with pytest.raises(ValueError, match=r"^limits.connections: 0: write a whole number from 1 to 256$"):
        Limits(connections=0)
    with pytest.raises(ValueError, match=r"^limits.nothing: unknown; write one of body_bytes, "):
        Limits(nothing=1)


def test_readme_names_every_limit() -> None:
    """A row may hold two limits, of one range or two."""
    rows = PAGE.read_text().partition("| limit | default |")[2].partition("\n\n")[0].splitlines()[2:]
    found = {}
    for row in rows:
        names, defaults, ranges = (cell.strip().split(", ") for cell in row.split("|")[1:4])
        for i, name in enumerate(names):
            low, high = ranges[min(i, len(ranges) - 1)].split("…")
            found[name.strip("`")] = int(defaults[min(i, len(defaults) - 1)]), int(low), int(high)
    assert found == TABLE


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_limit_is_tunable_in_its_range(name: str) -> None:
    default, low, high = TABLE[name]
    assert low <= default <= high
    assert name in (Limits.__doc__ or "")
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
        ({"stream_viewers": 6}, 5, ["limits.stream_viewers: 6: write at most 5, one less than connections"]),
        (
            {"connections": 2, "stream_viewers": 4},
            1,
            ["limits.stream_viewers: 4: write at most 1, one less than connections"],
        ),
    ],
)
def test_streams_leave_a_connection(given: dict[str, int], viewers: int, faults: list[str]) -> None:
    settings, found = load(json.dumps({"limits": given}), {})
    assert (settings["limits"].stream_viewers, found) == (viewers, faults)

"""`camcors settings check`: every fault of a file with its line, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from camcors_build import drivers
from camcors_cli.image import boards
from camcors_cli.ui import faults

from settings import document
from strict.fault import Fault
from tests.kit.camera import TOP

ESP32, CARD = "XIAO_ESP32S3_SENSE", "HOST"
FAULTY = """\
{
  "name": "my cam",
  "a key of more characters than a fault shows": 1,
  "camera": {
    "quality": 200,
    "zoom": 2
  },
  "limits": {"stream_fps": 0,
    "connections": 2, "stream_viewers": 4},
  "wifi": {
    "password": "hunter2"
  }
}
"""
NAME = "not a name for a host; write letters, digits and hyphens, at most 32, and no hyphen at either end"
SAID = [
    "camcors: camera.json is not a valid settings file (8 faults)",
    f'camera.json:2: name: "my cam": {NAME}',
    "camera.json:3: a key of more characters than a : unknown key; "
    "write one of camera, host, limits, name, port, title, tls, trusted_proxies, wifi",
    "camera.json:5: camera.quality: 200: out of range; write a whole number from 1 to 100",
    "camera.json:6: camera.zoom: unknown key; "
    "write one of brightness, contrast, frame_size, hmirror, quality, standby_s, vflip",
    "camera.json:8: limits.stream_fps: 0: out of range; write a whole number from 1 to 60",
    "camera.json:9: limits.stream_viewers: 4: out of range; write at most 1, one less than connections",
    "camera.json:10: wifi.ssid: missing; write the network's name, 1 to 32 bytes",
    "camera.json:11: wifi.password: not a Wi-Fi password; "
    "write 8 to 63 ASCII characters or 64 hex digits, or none for an open network",
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "camera.json"


def test_all_faults_with_their_lines_and_no_secret(run, file: Path) -> None:
    file.write_text(FAULTY)
    done = run("settings", "check", "camera.json", "--board", CARD)
    assert (done.exit_code, done.stdout, done.stderr.splitlines()) == (1, "", SAID)


def test_for_programs(run, file: Path) -> None:
    file.write_text(FAULTY)
    done = run("settings", "check", "camera.json", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)["faults"]
    assert [each["field"] for each in found[:3]] == [
        "name",
        "a key of more characters than a ",
        "camera.quality",
    ]
    assert found[0] == {
        "line": 2,
        "field": "name",
        "value": "my cam",
        "reason": NAME.partition("; ")[0],
        "remedy": NAME.partition("; ")[2],
    }
    assert found[-1].keys() == {"line", "field", "reason", "remedy"}  # what may be a secret has no value
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "board", "status"),
    [
        ("{}", None, 0),
        ('\ufeff{\r\n\t"title": "Küche 2"\r\n}', None, 0),
        ('{"$schema": "./camera.schema.json", "wifi": {"ssid": "a", "password": "8 letter"}}', None, 0),
        ('{"camera": {"frame_size": "QSXGA", "ae_level": -5}}', None, 0),
        ('{"camera": {"frame_size": "QSXGA", "ae_level": -5}}', ESP32, 0),
        ('{"camera": {"frame_size": "QSXGA"}}', CARD, 1),
        ('{"camera": {"ae_level": 0}}', CARD, 1),
        ('{"camera": {"ae_level": -6}}', None, 1),
        ('{"camera": {"zoom": 1}}', None, 1),
        ('{"version": 1, "allowed_origins": []}', None, 1),
        ("", None, 1),
    ],
)
def test_whether_a_file_is_valid(run, file: Path, text: str, board: str | None, status: int) -> None:
    file.write_bytes(text.encode())
    command = ["settings", "check", "camera.json", *(["--board", board] if board else [])]
    done = run(*command)
    said = "camera.json is a valid settings file\n" if status == 0 else ""
    assert (done.exit_code, done.stdout) == (status, said)
    as_json = run(*command, "--json")
    assert as_json.exit_code == status
    assert bool(json.loads(as_json.stdout)["faults"]) == bool(status)


def test_every_board_has_a_driver_that_says_what_it_takes() -> None:
    for name in boards.names():
        assert boards.read(name).camera, name


def test_every_drivers_fields_are_in_the_installed_command() -> None:
    listed = (TOP / "pyproject.toml").read_text()
    for driver in drivers.every(TOP / "firmware"):
        path = f"firmware/{driver}/fields.py"
        assert f'"{path}" = "camcors_cli/tree/{path}"\n' in listed


def test_what_any_board_takes_is_the_widest() -> None:
    one = {"a": ("int", (0, 5)), "b": ("choice", ("x", "y")), "c": ("bool", None)}
    other = {"a": ("int", (-2, 3)), "b": ("choice", ("z", "y")), "d": ("int", (1, 1))}
    assert drivers.widest({"one": one, "other": other}) == {
        "a": ("int", (-2, 5)),
        "b": ("choice", ("x", "y", "z")),
        "c": ("bool", None),
        "d": ("int", (1, 1)),
    }


def test_a_driver_without_fields_may_take_anything() -> None:
    assert drivers.fields(TOP / "firmware", "camcors_host") is None
    assert document.read('{"camera": {"zoom": 1}}', None)[1] == []


PLACES = [
    ("a", 2),
    ("b", 3),
    ("b.c", 4),
    ("b[1]", 3),
    ("d", 5),
    ("d[1]", 7),
    ("d.e", 5),  # missing: that of its object
    ("f.g", 8),
    ("line 9, column 1", 9),
    ("file", None),
]


@pytest.mark.parametrize(("field", "line"), PLACES)
def test_the_line_of_a_field(field: str, line: int | None) -> None:
    text = b'{\n"a": 1,\n"b": {\n"c": 1},\n"d": [\n1,\n2],\n"f.g": 3}'
    (located,) = faults.locate(text, [Fault(field, 1, "unknown key", "remove it")])
    assert located.line == line

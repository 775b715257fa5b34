"""`camcors reset --factory`: nothing that is the person's is left, on the camera and in its flash."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from camcors_cli.cli import main
from camcors_cli.commands import reset
from camcors_cli.device import board
from camcors_cli.image import boards
from click.testing import CliRunner

from access import secret
from access.document import Access
from tests.kit.camera import Camera
from tests.kit.fake_board import PLAIN, FakeBoard, transport
from tests.kit.line import Cut, Line, after_text
from tests.kit.terminal import Terminal

PASSWORD = "correct horse battery"
TOKEN = secret.PREFIX + "a" * 26
HASH = secret.hash_of(TOKEN).hex()
NVS = b"what the radio remembers"
POLICY = '{"version": 1, "allowed_origins": ["https://mine.example"]}'
FILES = {
    "/policy.json": POLICY,
    "/camera.json": json.dumps({"name": "porch", "wifi": {"ssid": "Home", "password": PASSWORD}}),
    "/access.json": Access().with_token("mine", "admin", HASH).to_json(),
    "/main.py": "# mine-only\n",
    "/data/diary.txt": "mine-only " * 900,
}
SECRETS = [PASSWORD, HASH, "mine-only", "mine.example", NVS.decode()]
AS_NEW = "started again, as a new image leaves it; camcors token add NAME --role view makes a token; "
AS_NEW += "policy active "
_FILL = """
import os
from esp32 import Partition
try: os.mkdir("/data")
except OSError: pass
for name, text in {files!r}.items():
    with open(name, "w") as f: f.write(text)
block = bytearray(4096)
block[:{length}] = {nvs!r}
Partition.find(Partition.TYPE_DATA, label="nvs")[0].writeblocks(1, block)
from camcors import remote
remote.look()
"""
_TREE = """
import json, os
print(json.dumps(sorted(name for name, _ in __import__("camcors.remote").remote.entries())))
"""


@pytest.fixture
def mine(program: Path, tmp_path: Path) -> Iterator[Camera]:
    """A camera with FILES, and something in the partition of the radio."""
    with Camera(tmp_path / "flash.bin", access=None) as camera:
        camera.wait_ready()
        camera.exec(_FILL.format(files=FILES, nvs=NVS, length=len(NVS)))
        assert has_all(camera)
        yield camera


def tree(camera: Camera) -> list[str]:
    found: list[str] = json.loads(camera.exec(_TREE))
    return found


def assert_as_new(camera: Camera) -> None:
    """It is as a camera with a new image: the files, the lock, the policy, and each block of the flash."""
    new = ["/policy.good.json", "/policy.json", "/policy.record.json"]
    assert tree(camera) == new
    shown = httpx.get(f"{camera.url}/api/status", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (shown.status_code, shown.json()["code"]) == (401, "wrong-token")
    assert (
        camera.content("policy.json")
        == b'{\n  "version": 1,\n  "allowed_origins": ["http://localhost:8000"]\n}\n'
    )
    flash = camera.flash.read_bytes()
    for text in SECRETS:
        assert text.encode() not in flash
    (nvs,) = (each for each in boards.read("HOST").table if each.name == "nvs")
    assert not flash[nvs.offset : nvs.end].strip(b"\xff")


def test_nothing_is_left(mine: Camera) -> None:
    done = mine.camcors_process("reset", "--factory", "--yes")
    assert (done.stdout[: len(AS_NEW)], done.returncode) == (AS_NEW, 0)
    lines = done.stderr.splitlines()
    listed = "/access.good.json, /access.json, /access.record.json, /camera.json, /data/diary.txt, /main.py, "
    assert lines[0].startswith(f"camcors: this removes for good its files: {listed}")
    assert lines[0].endswith(
        "; all tokens: 1; what its radio remembers: networks, and the password of its own access point"
    )
    assert lines[1:] == [
        "camcors: no /access.json; the camera is locked; to make a token: camcors token add NAME --role view",
    ]
    mine.wait_ready()
    assert_as_new(mine)
    assert mine.camcors("token", "add", "first", "--role", "view").returncode == 0


def test_in_json(mine: Camera) -> None:
    done = mine.camcors("reset", "--factory", "--yes", "--json")
    said = json.loads(done.stdout)
    assert set(FILES) <= set(said["removed"])
    assert (said["access"]["state"], said["restart"]["cause"]) == ("missing", "reset")
    assert "removed" not in json.loads(mine.camcors("reset", "--json").stdout)


def test_it_asks(mine: Camera) -> None:
    done = mine.camcors_process("reset", "--factory", "--json")
    said = json.loads(done.stdout)
    assert (said["error"].splitlines()[0], done.returncode) == (
        "nothing was removed: there is no terminal to ask at", 1,
    )  # fmt: skip
    assert len(said["removes"]) == 3
    for keys, status in (("n", 1), ("y", 0)):
        command = [sys.executable, "-m", "camcors_cli", "reset", "--factory"]
        with Terminal(command, CAMCORS_PORT=mine.repl) as terminal:
            terminal.wait_for("Remove all of it? [y/N]:")
            assert has_all(mine)
            terminal.type(keys, "Enter")
            assert terminal.wait() == status
    mine.wait_ready()
    assert_as_new(mine)


def has_all(camera: Camera) -> bool:
    """Return whether the secrets are in the flash; the REPL is the command's now."""
    return all(text.encode() in camera.flash.read_bytes() for text in SECRETS)


# Where the line is cut; whether the files are there still.
STAGES: list[tuple[str, Cut, bool]] = [
    ("before", after_text("_remote.let_go("), True),
    ("the first block", after_text("_remote.erase('nvs', 0, 16)"), True),
    ("the files", after_text("_remote.erase('vfs', 0, 16)]) + '\\x1f')\x04"), False),
    ("the last blocks", after_text("_remote.erase('vfs', 192, 16)"), False),
    ("the restart", after_text("_remote.restart("), False),
]  # fmt: skip


@pytest.mark.parametrize("power", [False, True], ids=["the line", "the power"])
@pytest.mark.parametrize(("cut", "kept"), [row[1:] for row in STAGES], ids=[row[0] for row in STAGES])
def test_a_cut_leaves_all_or_none_and_it_can_be_done_again(
    mine: Camera, cut: Cut, kept: bool, power: bool
) -> None:
    with Line(mine.repl, cut) as line:
        done = mine.camcors("reset", "--factory", "--yes", "--port", line.port)
    assert line.was_cut
    assert done.returncode == 3, done.stderr
    camera = mine
    if power:
        mine.stop(signal.SIGKILL)
        camera = Camera(mine.flash, access=None, port=mine.port)
    with camera:
        if power:
            camera.wait_ready()
            found = [camera.content(name[1:]) for name in ("/main.py", "/access.json", "/camera.json")]
            assert all(found) if kept else not any(found)
            shown = {"Authorization": f"Bearer {TOKEN}"}
            status = httpx.get(f"{camera.url}/api/status", headers=shown).status_code
            assert status == (200 if kept else 401)
        done = camera.camcors("reset", "--factory", "--yes")
        assert (done.stdout[: len(AS_NEW)], done.returncode) == (AS_NEW, 0), done.stderr
        camera.wait_ready()
        assert_as_new(camera)


def test_the_watchdog_does_not_end_it(program: Path, tmp_path: Path) -> None:
    with Camera(tmp_path / "flash.bin", access=None, watchdog_ms=1000) as camera:
        camera.wait_ready()
        camera.exec("from camcors import remote; remote.let_go()")
        end = time.monotonic() + 3  # of the board's own clock: three times what it would wait
        while time.monotonic() < end:
            time.sleep(0.1)
            assert camera.process.poll() is None
        assert not [line for line in camera.drain() if "camcors: the watchdog" in line]
        assert camera.camcors("reset", "--factory", "--yes").returncode == 0


def test_a_camera_that_is_not_started(program: Path, tmp_path: Path) -> None:
    with Camera(tmp_path / "flash.bin", access=None) as camera:
        camera.wait_ready()
        camera.disable()
        assert camera.camcors("reset", "--factory", "--yes").returncode == 0
        camera.wait_ready()
        assert "/disable" not in tree(camera)


def test_modules_that_are_files_are_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeBoard()
    fake.facts = {**PLAIN, "has_firmware": False}
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    done = CliRunner().invoke(main, ["reset", "--factory", "--yes", "--port", "fake"])
    said = "camcors: the camera's modules are files of this board, which would go as well; "
    assert (done.stderr, done.exit_code) == (f"{said}camcors install --remove takes them off\n", 4)
    assert "erase" not in ",".join(fake.asked)


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (0, "the board's flash has no partition nvs; flash it again: camcors flash IMAGE"),
        (1 << 40, "the board's answer makes no sense while erasing nvs: out of range; "
         "the firmware on the board may be of another version than this command"),
    ],
)  # fmt: skip
def test_an_odd_number_of_blocks(monkeypatch: pytest.MonkeyPatch, total: int, said: str) -> None:
    fake = FakeBoard()
    fake.odd = {"installable": {**PLAIN, "has_firmware": True}, "erase": total}
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    done = CliRunner().invoke(main, ["reset", "--factory", "--yes", "--port", "fake"])
    assert (done.stderr.splitlines()[-1], done.exit_code) == (f"camcors: {said}", 4)


def test_a_file_of_an_odd_name_goes_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeBoard()
    fake.odd = {"installable": {**PLAIN, "has_firmware": True}, "entries": [["/a\\\x1b", 1], ["/d", None]]}
    monkeypatch.setattr(board, "open_port", lambda device: transport(fake))
    done = CliRunner().invoke(main, ["reset", "--factory", "--yes", "--port", "fake"])
    assert done.stderr.startswith("camcors: this removes for good its files: /a\\\\x1b; all tokens: 1; ")
    assert fake.asked.count("erase") == 2


def test_yes_belongs_to_factory() -> None:
    done = CliRunner().invoke(main, ["reset", "--yes"])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: --yes belongs to --factory")


@pytest.mark.parametrize("name", [each for each in boards.names() if boards.read(each).table])
def test_every_board_has_these_partitions(name: str) -> None:
    found = {each.name for each in boards.read(name).table}
    assert set(reset._PARTITIONS) <= found

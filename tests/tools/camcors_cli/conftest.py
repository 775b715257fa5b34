"""The command in this process, and boards whose data are made up."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from camcors_cli.cli import main
from camcors_cli.image import boards
from click.testing import CliRunner, Result

from tests.kit.camera import Camera

Command = Callable[..., Result]

CSV_4MB = """\
nvs,      data, nvs,     0x9000,   0x4000
otadata,  data, ota,     0xd000,   0x2000
phy_init, data, phy,     0xf000,   0x1000
ota_0,    app,  ota_0,   0x10000,  0x190000
ota_1,    app,  ota_1,   0x1a0000, 0x190000
vfs,      data, fat,     0x330000, 0xd0000
"""
CSV_8MB = """\
nvs,      data, nvs,     0x9000,   0x4000
otadata,  data, ota,     0xd000,   0x2000
ota_0,    app,  ota_0,   0x10000,  0x200000
ota_1,    app,  ota_1,   0x210000, 0x200000
vfs,      data, fat,     0x410000, 0x3f0000
"""


@pytest.fixture
def run() -> Command:
    """Run `camcors` with the arguments; `input` is its standard input."""

    def run(*args: object, input: str = "", env: dict[str, str] | None = None) -> Result:
        done = CliRunner().invoke(main, [str(each) for each in args], input, env, prog_name="camcors")
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture
def chip_boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BOARD has an ESP32 and 4 MB of flash, BOARD_S3 an ESP32-S3 and 8 MB; HOST is the real one."""
    host = boards.read("HOST")
    folder = tmp_path / "boards"
    (folder / "common").mkdir(parents=True)
    (folder / "common" / "partitions-4MB.csv").write_text(CSV_4MB)
    (folder / "common" / "partitions-8MB.csv").write_text(CSV_8MB)
    chips = {"esp32": {"name": "ESP32"}, "esp32s3": {"name": "ESP32-S3"}}
    (folder / "common" / "chips.json").write_text(json.dumps(chips))
    for name, mcu, megabytes in (("BOARD", "esp32", 4), ("BOARD_S3", "esp32s3", 8), ("HOST", "", 4)):
        drivers = {"camera": "camcors_esp32" if mcu else "camcors_testcard"}
        data = {"flash_size": megabytes << 20, "drivers": drivers, **({"mcu": mcu} if mcu else {})}
        (folder / name).mkdir()
        (folder / name / "board.json").write_text(json.dumps(data))
    monkeypatch.setattr(boards, "_BOARDS", folder)
    assert boards.read("HOST") == host


@pytest.fixture
def on(run: Command) -> Command:
    """Run `camcors` against a running camera, its first argument."""

    def on(camera: Camera, *args: object, **named: str) -> Result:
        return run(*args, env={"CAMCORS_PORT": camera.repl}, **named)

    return on


class CutLine:
    """A line to a camera's REPL that is cut after `size` bytes of the host's; `sent` counts them."""

    def __init__(self, camera: Camera, size: int):
        self._camera, self._size, self.sent = camera, size, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        host, _ = self._listener.accept()
        board = self._camera.serial()
        with host, board, self._listener:
            while self.sent < self._size:
                ready, _, _ = select.select([host, board], [], [])
                for each in ready:
                    data = each.recv(65536 if each is board else self._size - self.sent)
                    if not data:
                        return
                    (host if each is board else board).sendall(data)
                    self.sent += len(data) if each is host else 0

    def wait(self) -> None:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


@pytest.fixture
def cut() -> Iterator[Callable[[Camera, int], CutLine]]:
    """Make lines that are cut."""
    made: list[CutLine] = []

    def cut(camera: Camera, size: int) -> CutLine:
        made.append(CutLine(camera, size))
        return made[-1]

    yield cut
    for each in made:
        each.wait()

"""The command in this process, and boards whose data are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from camcors_cli import boards
from camcors_cli.cli import main
from click.testing import CliRunner, Result

Command = Callable[..., Result]

CSV_4MB = """\
nvs,      data, nvs,     0x9000,   0x6000
phy_init, data, phy,     0xf000,   0x1000
factory,  app,  factory, 0x10000,  0x1f0000
vfs,      data, fat,     0x200000, 0x200000
"""
CSV_8MB = """\
nvs,      data, nvs,     0x9000,   0x6000
factory,  app,  factory, 0x10000,  0x2f0000
romfs,    data, 0x8f,    0x300000, 0x100000
vfs,      data, fat,     0x400000, 0x400000
"""


@pytest.fixture
def run() -> Command:
    """Runs `camcors` with the arguments; `input` is its standard input."""

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
    (folder / "common" / "4.csv").write_text(CSV_4MB)
    (folder / "common" / "8.csv").write_text(CSV_8MB)
    for name, chip, megabytes in (("BOARD", "ESP32", 4), ("BOARD_S3", "ESP32-S3", 8), ("HOST", "", 4)):
        data = {"flash_size": megabytes << 20, "partitions": f"{megabytes}.csv"} | (
            {"chip": chip} if chip else {}
        )
        (folder / name).mkdir()
        (folder / name / "board.json").write_text(json.dumps(data))
    monkeypatch.setattr(boards, "_folder", lambda: folder)
    assert boards.read("HOST") == host

"""The name of a board, as a person writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from camcors_cli.cli import main
from camcors_cli.image import boards
from click.testing import CliRunner

# What is written for a board, and the remedy.
NO_BOARDS = [
    ("XIAO", "did you mean XIAO_ESP32S3_SENSE?"),
    ("xiao-sense", "did you mean XIAO_ESP32S3_SENSE?"),
    ("esp32cam", "did you mean AI_THINKER_ESP32_CAM?"),
    ("M5", "did you mean M5STACK_CAMS3_UNIT or M5STACK_TIMER_CAMERA?"),
    ("QEMU_ESP23", "did you mean QEMU_ESP32?"),
    ("ESP", f"write one of {', '.join(boards.names())}"),
    ("nothing", f"write one of {', '.join(boards.names())}"),
    ("", f"write one of {', '.join(boards.names())}"),
]


@pytest.mark.parametrize(("written", "remedy"), NO_BOARDS)
def test_what_is_not_a_board(written: str, remedy: str) -> None:
    for command in (["image", written], ["settings", "check", "--board", written, "-"]):
        done = CliRunner().invoke(main, command)
        assert done.stderr.splitlines()[-1].endswith(f": there is no board {written}; {remedy}")
        assert done.exit_code == 2


def test_what_is_flashed_is_a_board_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["flash", "XIAO"])
    assert done.stderr.splitlines()[-1].endswith("there is no board XIAO; did you mean XIAO_ESP32S3_SENSE?")
    assert done.exit_code == 2
    done = CliRunner().invoke(main, ["flash", "xiao.bin"])
    assert done.stderr.startswith("camcors: there is no xiao.bin; ")
    Path("XIAO").write_bytes(b"x")
    assert CliRunner().invoke(main, ["flash", "XIAO"]).exit_code == 1  # a file, and no image

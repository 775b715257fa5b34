"""Builds build/X/firmware.bin: MicroPython's ESP32 port with this project's modules frozen in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import boards, esp_idf, frozen, pinned, sizes, source, wraps
from .boards import TOP, Board
from .esp_idf import Idf
from .frozen import BUILD
from .source import BuildError, Source, with_status


def make_command(board: Board, src: Source, out: Path) -> list[str]:
    """Return the call of the port's makefile. Every path is absolute: make runs in ports/esp32."""
    return [
        "make",
        "--no-print-directory",
        "-C",
        str(src.path / "ports" / "esp32"),
        f"BOARD_DIR={board.path}",
        f"BUILD={out}",
        f"USER_C_MODULES={TOP / board.data['user_c_modules']}",
        f"FROZEN_MANIFEST={board.path / 'manifest.py'}",
    ]


def environment(idf: Idf, src: Source, cross: Path, drivers: dict[str, str]) -> dict[str, str]:
    """Return what the port's makefile and boards/common/board.cmake read."""
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "V")}
    env |= idf.environment() | drivers
    env |= {"MICROPY_MPYCROSS": str(cross), "MICROPY_GIT_TAG": f"v{src.version}"}
    return env


def camera_drivers(board: Board) -> dict[str, str]:
    """Return the sources of the camera driver, by the variables that name them; none without a sensor."""
    pins = (pinned.CAMERA_API, pinned.ESP32_CAMERA) if board.data["camera"] else ()
    return {pin.variable: str(pinned.find(pin, BUILD)) for pin in pins}


def start_over_if_changed(board: Board, out: Path, inputs: list[str]) -> None:
    """Drop the build folder when its inputs changed: ESP-IDF keeps an sdkconfig after its fragments do."""
    files = [board.path / "board.json", *sorted((TOP / "boards" / "common").glob("*"))]
    texts = [*inputs, *(path.read_text() for path in files if path.suffix != ".py")]
    mark = out.with_name("inputs")
    if not mark.is_file() or mark.read_text() != "\n".join(texts):
        shutil.rmtree(out, ignore_errors=True)
    frozen.write_if_changed(mark, "\n".join(texts))


def build(board: Board) -> Path:
    """Build, check and report -> the image. Raises BuildError with one line that says what to do."""
    idf = esp_idf.find()
    src = source.find_pinned(BUILD)
    print(f"{board.id}: {src}, {idf}", flush=True)
    drivers = camera_drivers(board)
    cross = frozen.mpy_cross(src)
    frozen.copy_microdot()
    frozen.write_pages()
    frozen.make_lib()
    frozen.write_board(board)
    out = BUILD / board.id / "idf"
    start_over_if_changed(board, out, [str(src.path), src.version, str(idf.path), idf.version, str(drivers)])
    if not (out / "micropython.bin").is_file():
        print("compiling ESP-IDF and MicroPython; five to twenty minutes", flush=True)
    shown = None if os.environ.get("V") else subprocess.DEVNULL
    command = idf.command(make_command(board, src, out))
    with Components(board, src):
        status = subprocess.run(command, env=environment(idf, src, cross, drivers), stdout=shown).returncode
        if status == esp_idf.NO_ENVIRONMENT:
            raise BuildError(
                f"{idf.path}/export.sh failed, as said above; make idf installs what it looks for"
            )
        if status:
            raise BuildError(f"the build failed; make firmware BOARD={board.id} V=1 shows its steps")
    return finish(board, out)


class Components:
    """What ESP-IDF's component manager may fetch during a build: what MicroPython's own lock file has.

    The camera driver is one component more than that file knows, so the manager resolves again, for which it
    needs the network, and rewrites the file. It keeps what it had, TinyUSB's commit on a branch among it
    (idf-component-manager 2.4.1, version_solver.py), unless that is impossible.
    MicroPython before 1.27 has no such file.
    """

    def __init__(self, board: Board, src: Source) -> None:
        folder = src.path / "ports" / "esp32" / "lockfiles"
        self.lock = folder / f"dependencies.lock.{board.data['mcu']}"
        self.before = self.lock.read_text() if self.lock.is_file() else None

    def __enter__(self) -> Components:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Raise BuildError if other components were taken; the next build starts from the old file.

        Of a build that failed for another reason the file goes back too: the manager writes it first of all.
        """
        if self.before is None:
            return
        if failure is not None:
            self.lock.write_text(self.before)
            return
        new = set(re.findall(r"component_hash: (\w+)", self.lock.read_text()))
        new -= set(re.findall(r"component_hash: (\w+)", self.before))
        if new:
            self.lock.write_text(self.before)
            hashes = ", ".join(sorted(new))
            raise BuildError(f"other components than {self.lock} has: {hashes}; use ESP-IDF {esp_idf.PINNED}")


def finish(board: Board, out: Path) -> Path:
    """Check what was built in `out`, print the sizes and put the image at build/X/firmware.bin."""
    frozen.check_frozen(out / "frozen_content.c", board)
    wraps.check(out / "micropython.map", board)
    rows = sizes.parts(board, out)
    report = sizes.report(rows, sizes.frozen_bytes(out))
    print(report, flush=True)
    sizes.check(board, rows)
    check_record(board, (out / "firmware.bin").read_bytes())
    image = out.parent / "firmware.bin"
    shutil.copyfile(out / "firmware.bin", image)
    for_release(board, out, report)
    print(f"{image}: flash it at {board.chip['flash_offset']:#x}")
    return image


def check_record(board: Board, image: bytes) -> None:
    """Raises BuildError unless the image leaves the record of the slots blank: then the bootloader starts
    the first one, which the image fills (esp-idf v5.5.1, bootloader_support/src/bootloader_utility.c)."""
    offset = board.chip["flash_offset"]
    for row in board.table():
        if row.subtype == "ota" and image[row.offset - offset : row.end - offset].strip(b"\xff"):
            raise BuildError(f"{board.id}: firmware.bin has something in {row.name}, which must be blank")


def for_release(board: Board, out: Path, report: str) -> None:
    """Put what a release has of a board into build/X/release, each file by the board's name.

    The application alone is what an update over the air writes; its ELF explains a backtrace.
    """
    folder = out.parent / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copyfile(out / "firmware.bin", folder / f"{board.id}.bin")
    for kind in ("bin", "elf"):
        shutil.copyfile(out / f"micropython.{kind}", folder / f"{board.id}-application.{kind}")
    (folder / f"{board.id}-sizes.txt").write_text(f"{report}\n")


@with_status
def main(arguments: list[str]) -> None:
    chosen = boards.every() if arguments == ["--all"] else [boards.load(" ".join(arguments))]
    for board in chosen:
        if not board.is_esp32:
            raise BuildError(f"{board.id} is not an ESP32; make host builds it")
        build(board)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

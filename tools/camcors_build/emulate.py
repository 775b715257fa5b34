"""Starts the camera in Espressif's QEMU: the image of boards/QEMU_ESP32, its flash and its efuses.

Source of the arguments and of the efuse block: esp-idf v5.5.1, tools/idf_py_actions/qemu_ext.py;
of the fields in that block: components/efuse/esp32/esp_efuse_table.csv.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from . import boards, esp_idf, firmware_image, partitions
from .boards import Board
from .esp_idf import Idf
from .frozen import BUILD
from .repl_link import ReplLink
from .source import BuildError, with_status

QEMU = "qemu-system-xtensa"
GET_QEMU = "run make idf, or idf_tools.py install qemu-xtensa with your own ESP-IDF"

EFUSE_SIZE = 124
#: A locally administered address (IEEE 802, section 8.2).
MAC = bytes.fromhex("02000063616d")


def crc8(data: bytes) -> int:
    """CRC-8 with the polynomial 0x31, reflected, as the chip's ROM checks the MAC in its efuses."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


def efuses(mac: bytes) -> bytes:
    """Return the efuses of an ESP32 of revision 3 with that MAC and its CRC; all other bits are 0."""
    block = bytearray(EFUSE_SIZE)
    block[4:10] = mac[::-1]
    block[10] = crc8(mac)
    block[13] = 0x80  # CHIP_VER_REV1, bit 15 of word 3
    block[22] = 0x10  # CHIP_VER_REV2, bit 20 of word 5
    return bytes(block)


def flash_path(board: Board) -> Path:
    """Return where the emulator's flash is kept."""
    return BUILD / board.id / "flash.bin"


def flash_image(board: Board, image: bytes, old: bytes | None) -> bytes:
    """Return the whole flash: erased, the firmware at its offset, and the filesystem of `old`, the last
    image."""
    size, offset = board.data["flash_size"], board.chip["flash_offset"]
    vfs = next(row for row in board.table() if row.name == "vfs")
    if offset + len(image) > vfs.offset:
        raise BuildError(f"{board.id}: the firmware reaches into the filesystem at {vfs.offset:#x}")
    flash = bytearray(b"\xff" * size)
    flash[offset : offset + len(image)] = image
    if old is not None and len(old) == size:
        found = old[partitions.TABLE_OFFSET :][: partitions.TABLE_SIZE]
        if found != partitions.encode(board.table()):
            raise BuildError(
                f"{flash_path(board)} has the layout of an earlier version; "
                f"camcors migrate {flash_path(board)} brings its files over"
            )
        flash[vfs.offset : vfs.end] = old[vfs.offset : vfs.end]
    return bytes(flash)


def command(flash: Path, efuse: Path, port: int, host: str) -> list[str]:
    """Return the emulator's command line. It has no PSRAM (no -m) and no watchdogs, which its clock would
    trip.

    The REPL is a pseudo-terminal: a TCP port of QEMU would be open to every page in every browser.
    """
    return [
        QEMU,
        "-machine",
        "esp32",
        "-display",
        "none",
        "-monitor",
        "none",
        "-drive",
        f"file={flash},if=mtd,format=raw",
        "-drive",
        f"file={efuse},if=none,format=raw,id=efuse",
        "-global",
        "driver=nvram.esp32.efuse,property=drive,value=efuse",
        "-global",
        "driver=timer.esp32.timg,property=wdt_disable,value=true",
        "-nic",
        f"user,model=open_eth,hostfwd=tcp:{host}:{port}-:80",
        "-serial",
        "pty",
    ]


def check_qemu(idf: Idf) -> None:
    """Raises BuildError if there is no emulator or if it is not Espressif's, which alone has the chip."""
    env = {**os.environ, **idf.environment()}
    ask = idf.command([QEMU, "-machine", "help"])
    try:
        done = subprocess.run(ask, env=env, capture_output=True, text=True, timeout=120)
    except FileNotFoundError:
        raise BuildError(f"no {QEMU}; {GET_QEMU}") from None
    if done.returncode:
        raise BuildError(f"no {QEMU}; {GET_QEMU}")
    if not any(line.split()[:1] == ["esp32"] for line in done.stdout.splitlines()):
        raise BuildError(f"{QEMU} has no machine esp32: it is not Espressif's; {GET_QEMU}")


def terminal(line: str) -> str | None:
    """Return the pseudo-terminal that QEMU names in this line of its output (chardev/char-pty.c)."""
    found = re.match(r"char device redirected to (/dev/pts/\d+) \(label serial0\)$", line)
    return found[1] if found else None


def run(command: list[str], env: dict[str, str], link: ReplLink, ready: str) -> int:
    """Run the emulator until it ends, its REPL under the name of `link` -> its status."""
    # In a session of its own, so that a signal gets to QEMU through any wrapper, and once.
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if (target := terminal(line)) is None:
                    print(line, end="", flush=True)
                    continue
                os.chmod(target, 0o600)  # openpty() gives it to the group tty as well on most systems
                link.point(target)
                print(ready, flush=True)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    return process.returncode


def emulate(port: int, repl: Path, host: str) -> int:
    """Build, write flash and efuses, run the emulator until it ends -> its status."""
    board = boards.load("QEMU_ESP32")
    idf = esp_idf.find()
    check_qemu(idf)
    image = firmware_image.build(board)
    flash, efuse = flash_path(board), BUILD / board.id / "efuse.bin"
    flash.write_bytes(flash_image(board, image.read_bytes(), flash.read_bytes() if flash.is_file() else None))
    efuse.write_bytes(efuses(MAC))
    env = {**os.environ, **idf.environment()}
    with ReplLink(repl) as link:
        try:
            ready = f"repl {repl}\nsoon http://{host}:{port}"
            return run(idf.command(command(flash, efuse, port, host)), env, link, ready)
        except KeyboardInterrupt:
            return 0


@with_status
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--repl", type=Path, default=BUILD / "QEMU_ESP32" / "repl")
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the link goes with the emulator
    return emulate(options.port, options.repl, options.host)


if __name__ == "__main__":
    sys.exit(main())

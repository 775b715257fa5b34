"""make emulate: the flash image, the efuses, the emulator's command line, and what is said without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from camcors_build import boards, emulate, esp_idf, firmware_image, partitions
from camcors_build.esp_idf import Idf
from camcors_build.source import BuildError

from tests.kit.pts import Pts

BOARD = boards.load("QEMU_ESP32")
MACHINES = "Supported machines are:\nesp32                Espressif ESP32 machine\nnone  empty machine\n"


def stand_in(path: Path, output: str, status: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho \"$@\" >> {path}.log\ncat <<'END'\n{output}END\nexit {status}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH, with an idf.py: ESP-IDF's environment is set up."""
    stand_in(tmp_path / "bin" / "idf.py", "")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), "/usr/bin", "/bin"]))
    monkeypatch.setattr(emulate, "QEMU", "qemu-system-xtensa-of-this-test")
    return tmp_path / "bin"


def test_the_flash_holds_the_firmware_at_its_offset() -> None:
    table = partitions.encode(BOARD.table())
    image = b"boot".ljust(0x7000, b"\xff") + table.ljust(0x8000, b"\xff") + b"app"
    flash = emulate.flash_image(BOARD, image, None)
    assert len(flash) == 4 << 20
    assert flash[:0x1000] == b"\xff" * 0x1000
    assert flash[0x1000:0x1004] == b"boot"
    assert flash[0x8000 : 0x8000 + len(table)] == table
    assert flash[0x10000:0x10003] == b"app"
    assert set(flash[0x10003:]) == {0xFF}


def test_the_filesystem_of_the_last_image_is_kept() -> None:
    old = bytearray(b"\0" * (4 << 20))
    table = partitions.encode(BOARD.table())
    old[0x8000 : 0x8000 + len(table)] = table
    old[0x330000:0x330005] = b"files"
    flash = emulate.flash_image(BOARD, b"new", bytes(old))
    assert flash[0x330000:0x330005] == b"files"
    assert flash[0x32FFFF] == 0xFF
    assert emulate.flash_image(BOARD, b"new", b"too short") == emulate.flash_image(BOARD, b"new", None)


def test_a_flash_of_another_layout_is_never_written_over() -> None:
    old = bytearray(b"\xff" * (4 << 20))
    before = [partitions.Partition("vfs", "data", "fat", 0x200000, 0x200000)]
    old[0x8000:0x8C00] = partitions.encode(before)
    with pytest.raises(BuildError) as raised:
        emulate.flash_image(BOARD, b"new", bytes(old))
    path = emulate.BUILD / "QEMU_ESP32" / "flash.bin"
    words = f"{path} has the layout of an earlier version; camcors migrate {path} brings its files over"
    assert str(raised.value) == words


def test_a_firmware_that_reaches_the_filesystem_is_refused() -> None:
    fits = 0x330000 - 0x1000
    emulate.flash_image(BOARD, bytes(fits), None)
    with pytest.raises(BuildError, match="the firmware reaches into the filesystem at 0x330000"):
        emulate.flash_image(BOARD, bytes(fits + 1), None)


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"123456789", 0xA1),  # the check value of CRC-8/MAXIM-DOW in the catalogue of CRC algorithms
        (b"", 0x00),
        (bytes(6), 0x00),
    ],
)
def test_the_crc_of_the_mac(data: bytes, crc: int) -> None:
    assert emulate.crc8(data) == crc


def test_the_efuses_hold_the_mac_and_the_revision() -> None:
    mac = bytes((0x02, 0x11, 0x22, 0x33, 0x44, 0x55))
    block = emulate.efuses(mac)
    assert len(block) == 124
    # esp_efuse_table.csv: the first byte of the MAC is at bit 72, the last at bit 32, its CRC at bit 80.
    assert block[4:11] == bytes((0x55, 0x44, 0x33, 0x22, 0x11, 0x02, emulate.crc8(mac)))
    rest = bytearray(block)
    rest[4:11] = bytes(7)
    # qemu_ext.py: the default block of an ESP32, revision 3.
    assert bytes(rest) == bytes.fromhex("00" * 13 + "80" + "00" * 8 + "10" + "00" * 101)


def test_the_address_is_locally_administered_and_of_one_interface() -> None:
    assert len(emulate.MAC) == 6 and emulate.MAC[0] & 0b11 == 0b10


def test_the_command_line() -> None:
    command = emulate.command(Path("f.bin"), Path("e.bin"), 8080, "127.0.0.1")
    assert " ".join(command) == (
        "qemu-system-xtensa -machine esp32 -display none -monitor none"
        " -drive file=f.bin,if=mtd,format=raw"
        " -drive file=e.bin,if=none,format=raw,id=efuse"
        " -global driver=nvram.esp32.efuse,property=drive,value=efuse"
        " -global driver=timer.esp32.timg,property=wdt_disable,value=true"
        " -nic user,model=open_eth,hostfwd=tcp:127.0.0.1:8080-:80"
        " -serial pty"
    )


@pytest.mark.parametrize(
    ("output", "status", "message"),
    [
        (None, 0, "^no qemu-system-xtensa-of-this-test; run make idf, or idf_tools.py install qemu-xtensa"),
        ("", 1, "^no qemu-system-xtensa-of-this-test; run make idf"),
        ("sim  sim machine\n", 0, "has no machine esp32: it is not Espressif's; run make idf"),
        ("esp32s3  Espressif ESP32S3 machine\n", 0, "has no machine esp32: it is not Espressif's"),
    ],
)
def test_a_missing_or_other_emulator_is_one_line(
    programs: Path, tmp_path: Path, output: str | None, status: int, message: str
) -> None:
    if output is not None:
        stand_in(programs / emulate.QEMU, output, status)
    with pytest.raises(BuildError, match=message) as raised:
        emulate.check_qemu(Idf(tmp_path, "5.5.1"))
    assert "\n" not in str(raised.value)


# Opens a pseudo-terminal as QEMU does, also to its group, and hears until "end".
QEMU = """\
import os, sys, tty
with open(__file__ + ".log", "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1] == "-machine" and sys.argv[2] == "help":
    print(MACHINES)
    sys.exit()
board, port = os.openpty()
tty.setraw(port)
os.fchmod(port, 0o660)
print("before")
print(os.getpid(), file=open(__file__ + ".pid", "w"), flush=True)
print(f"char device redirected to {os.ttyname(port)} (label serial0)", flush=True)
got = b""
while not got.endswith(b"end"):
    got += os.read(board, 100)
os.write(board, b"heard")
os.read(board, 1)
print("after")
"""


class Started:
    """emulate.emulate() in a thread, with a stand-in for QEMU."""

    def __init__(self, repl: Path):
        self.status: list[int] = []
        self._thread = threading.Thread(
            target=lambda: self.status.append(emulate.emulate(8081, repl, "127.0.0.1"))
        )
        self._thread.start()
        end = time.monotonic() + 20
        while not repl.is_symlink():
            assert time.monotonic() < end and self._thread.is_alive()
            time.sleep(0.01)

    def wait(self) -> int:
        self._thread.join(timeout=20)
        return self.status[0]


@pytest.fixture
def image(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is built, with QEMU's stand-in installed."""
    program = programs / emulate.QEMU
    program.write_text(f"#!{sys.executable}\nMACHINES = {MACHINES!r}\n{QEMU}")
    program.chmod(0o755)
    image = tmp_path / "build" / BOARD.id / "firmware.bin"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"firmware")
    monkeypatch.setattr(emulate, "BUILD", tmp_path / "build")
    monkeypatch.setattr(esp_idf, "find", lambda: Idf(tmp_path, "5.5.1"))
    monkeypatch.setattr(firmware_image, "build", lambda board: image)
    return image


def test_the_emulator_is_started_on_a_new_flash(
    programs: Path, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repl = image.with_name("repl")
    started = Started(repl)
    assert repl.stat().st_mode & 0o7777 == 0o600
    with Pts(str(repl)) as line:
        line.sendall(b"end")
        assert line.recv(5) == b"heard"
        line.sendall(b"!")
        assert started.wait() == 0
    assert not repl.is_symlink() and sorted(path.name for path in image.parent.iterdir()) == [
        "efuse.bin",
        "firmware.bin",
        "flash.bin",
    ]
    assert capsys.readouterr().out == f"before\nrepl {repl}\nsoon http://127.0.0.1:8081\nafter\n"
    flash, efuse = image.with_name("flash.bin"), image.with_name("efuse.bin")
    assert flash.read_bytes() == emulate.flash_image(BOARD, b"firmware", None)
    assert efuse.read_bytes() == emulate.efuses(emulate.MAC)
    calls = (programs / f"{emulate.QEMU}.log").read_text().splitlines()
    assert calls == ["-machine help", " ".join(emulate.command(flash, efuse, 8081, "127.0.0.1")[1:])]


def test_a_name_that_is_taken_starts_no_emulator(programs: Path, image: Path) -> None:
    repl = image.with_name("repl")
    repl.write_text("mine")
    with pytest.raises(BuildError, match="is there and is not what a camera has left"):
        emulate.emulate(8081, repl, "127.0.0.1")
    assert (programs / f"{emulate.QEMU}.log").read_text() == "-machine help\n"
    assert repl.read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("char device redirected to /dev/pts/7 (label serial0)\n", "/dev/pts/7"),
        ("char device redirected to /dev/pts/12 (label serial0)", "/dev/pts/12"),
        ("char device redirected to /dev/pts/7 (label compat_monitor0)\n", None),
        ("char device redirected to /etc/passwd (label serial0)\n", None),
        ("x char device redirected to /dev/pts/7 (label serial0)\n", None),
        ("char device redirected to /dev/pts/../../etc/passwd (label serial0)\n", None),
    ],
)
def test_the_terminal_that_qemu_names(line: str, found: str | None) -> None:
    assert emulate.terminal(line) == found


@pytest.mark.parametrize("is_wrapped", [False, True], ids=["plain", "wrapped"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_emulator_and_removes_the_name(
    programs: Path, image: Path, signum: int, is_wrapped: bool
) -> None:
    """Also where the emulator on PATH is a shell script that waits for the real one."""
    repl = image.with_name("repl")
    program = programs / emulate.QEMU
    pid = program.with_name(program.name + ".pid")
    if is_wrapped:
        real = program.rename(programs / "real-qemu")
        pid = real.with_name(real.name + ".pid")
        program.write_text(f'#!/bin/sh\n{real} "$@"\nexit $?\n')
        program.chmod(0o755)
    code = f"""
import signal, subprocess, sys
from pathlib import Path
from camcors_build import emulate, esp_idf, firmware_image
from camcors_build.esp_idf import Idf
emulate.QEMU, emulate.BUILD = {emulate.QEMU!r}, Path({str(image.parents[1])!r})
esp_idf.find = lambda: Idf(Path("/"), "5.5.1")
firmware_image.build = lambda board: Path({str(image)!r})
sys.argv = ["emulate.py", "--repl", {str(repl)!r}]
sys.exit(emulate.main())
"""
    command = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        while process.stdout.readline() != f"repl {repl}\n":
            assert process.poll() is None
        process.send_signal(signum)
        assert process.wait(timeout=20) == 0
    assert not repl.is_symlink()
    wait_until_gone(int(pid.read_text()))


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < end, "QEMU runs on"
        time.sleep(0.02)


def test_without_esp_idf_it_says_how_to_get_it(
    programs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("IDF_PATH", raising=False)
    monkeypatch.setattr(esp_idf.find, "__defaults__", (tmp_path / "cache",))
    monkeypatch.setattr("sys.argv", ["emulate.py"])
    assert emulate.main() == 1
    assert capsys.readouterr().err == "camcors: no ESP-IDF: set IDF_PATH to version 5.5.1, or run make idf\n"

"""camcors migrate: the files of a flash image stay, whatever happens; the image of before is kept."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_build import boards as build_boards
from camcors_build import emulate, partitions
from camcors_build.partitions import Partition
from camcors_cli.commands import migrate
from camcors_cli.image import boards, filesystem

from tests.kit.camera import PROGRAM, Camera, free_port

BEFORE = [
    Partition("nvs", "data", "nvs", 0x9000, 0x6000),
    Partition("phy_init", "data", "phy", 0xF000, 0x1000),
    Partition("factory", "app", "factory", 0x10000, 0x1F0000),
    Partition("vfs", "data", "fat", 0x200000, 0x200000),
]
POLICY = b'{"version": 1, "allowed_origins": ["https://a.example"]}'
FILES = {
    "/policy.json": POLICY,
    "/main.py": b"# mine",
    "/lib/mine/__init__.py": bytes(range(256)) * 40,
    "/empty": b"",
    "/tls/cert.der": b"a certificate",
    "/tls/key.der": b"its key",
}


def image(files: dict[str, bytes] | None, table: list[Partition] = BEFORE) -> bytes:
    vfs = filesystem.find(table)
    content = b"\xff" * vfs.size if files is None else filesystem.make(vfs.size, files)
    start = b"\xff" * partitions.TABLE_OFFSET + partitions.encode(table)
    return (start.ljust(vfs.offset, b"\xff") + content).ljust(4 << 20, b"\xff")


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    path = tmp_path / "flash.bin"
    path.write_bytes(image(FILES))
    path.chmod(0o600)
    return path


def test_all_files_stay(run, flash: Path) -> None:
    old = flash.read_bytes()
    done = run("migrate", flash)
    assert (done.exit_code, done.stderr) == (0, "")
    before = f"{flash}.before"
    assert (
        done.stdout
        == f"{flash} has this version's layout, and its 6 files; {before} is the image of before\n"
    )
    data, board = flash.read_bytes(), boards.read("HOST")
    assert partitions.decode(data[0x8000:0x8C00]) == board.table
    assert (len(data), flash.stat().st_mode & 0o777) == (4 << 20, 0o600)
    assert filesystem.read(data[filesystem.find(board.table).offset :], "") == FILES
    assert Path(before).read_bytes() == old
    assert sorted(path.name for path in flash.parent.iterdir()) == ["flash.bin", "flash.bin.before"]


def test_the_camera_says_what_to_do_and_serves_afterwards(run, flash: Path) -> None:
    old = flash.read_bytes()
    command = [PROGRAM, "--port", str(free_port()), "--flash", flash]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said = f"{flash} has the layout of an earlier version; camcors migrate {flash} brings its files over"
    assert (done.returncode, done.stdout + done.stderr) == (1, f"camcors-host: {said}\n")
    assert flash.read_bytes() == old
    assert run("migrate", flash).exit_code == 0
    with Camera(flash) as camera:
        assert camera.wait_ready().content("policy.json") == POLICY


def test_the_flash_of_the_emulator(run, flash: Path) -> None:
    """It holds an application too, which make emulate builds again."""
    data = bytearray(flash.read_bytes())
    data[0x1000:0x1003] = data[0x10000:0x10003] = b"app"
    flash.write_bytes(data)
    assert run("migrate", flash).exit_code == 0
    started = emulate.flash_image(build_boards.load("QEMU_ESP32"), b"new", flash.read_bytes())
    assert started[0x1000:0x1003] == b"new"
    assert filesystem.read(started[filesystem.find(boards.read("QEMU_ESP32").table).offset :], "") == FILES


def test_a_link_stays_and_what_it_leads_to_is_replaced(run, flash: Path) -> None:
    old, link = flash.read_bytes(), flash.with_name("link.bin")
    link.symlink_to(flash.name)
    assert run("migrate", link).exit_code == 0
    assert link.is_symlink() and link.read_bytes() == flash.read_bytes() != old
    assert flash.with_name("flash.bin.before").read_bytes() == old


@pytest.mark.parametrize("files", [None, {}])
def test_an_image_without_files(run, flash: Path, files: dict[str, bytes] | None) -> None:
    flash.write_bytes(image(files))
    done = run("migrate", flash, "--json")
    assert json.loads(done.stdout) == {"file": str(flash), "files": [], "before": f"{flash}.before"}


def test_one_of_this_version_is_left_alone(run, flash: Path) -> None:
    flash.write_bytes(image(FILES, boards.read("HOST").table))
    before = flash.read_bytes()
    done = run("migrate", flash)
    assert (done.exit_code, done.stdout) == (0, f"{flash} has this version's layout already\n")
    assert flash.read_bytes() == before
    assert [path.name for path in flash.parent.iterdir()] == ["flash.bin"]


LARGE = {"/large": bytes(1 << 20)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"short", "is not a flash image: it has 5 bytes, not 4194304; name the file of --flash"),
        (b"\xff" * (4 << 20), "is not a flash image: there is none; name the file of --flash"),
        (image(FILES)[:0x200000].ljust(4 << 20, b"\0"), "cannot be read (LittleFSError"),
        (image(LARGE), "do not fit in the filesystem of 851968 bytes"),
    ],
    ids=["short", "erased", "damaged", "too full"],
)
def test_refused_and_left_alone(run, flash: Path, data: bytes, message: str) -> None:
    flash.write_bytes(data)
    done = run("migrate", flash)
    assert done.exit_code != 0
    assert message in done.stderr
    assert flash.read_bytes() == data
    assert [path.name for path in flash.parent.iterdir()] == ["flash.bin"]


def test_an_image_of_before_that_is_there_is_not_lost(run, flash: Path) -> None:
    before = flash.with_name("flash.bin.before")
    before.write_bytes(b"older")
    done = run("migrate", flash)
    assert (done.exit_code, done.stderr) == (
        1,
        f"camcors: {before} exists, an image of before; move it away\n",
    )
    assert before.read_bytes() == b"older"
    assert flash.read_bytes() == image(FILES)


def test_a_running_camera_keeps_its_flash(run, camera: Camera) -> None:
    done = run("migrate", camera.flash)
    assert done.exit_code != 0
    assert done.stderr == f"camcors: {camera.flash} is the flash of a running camera; end it first\n"


def test_a_disk_without_hard_links(run, flash: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(migrate.os, "link", link)
    done = run("migrate", flash)
    said = f"cannot keep {flash} as {flash}.before: Operation not permitted; copy it to another disk first"
    assert (done.exit_code, done.stderr) == (4, f"camcors: {said}\n")
    assert flash.read_bytes() == image(FILES)
    assert [path.name for path in flash.parent.iterdir()] == ["flash.bin"]


@pytest.mark.parametrize("step", ["fsync", "link", "replace"])
def test_what_is_cut_off_can_be_run_again(
    run, flash: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path if step == "replace" else migrate.os, step, cut)
        assert run("migrate", flash).exit_code != 0
    assert flash.read_bytes() == image(FILES)
    assert run("migrate", flash).exit_code == 0
    assert flash.with_name("flash.bin.before").read_bytes() == image(FILES)


def test_only_migrate_needs_what_windows_lacks() -> None:
    # pyserial and mpremote take what this system has.
    code = "import mpremote.console, serial, sys; sys.modules.update(fcntl=None, termios=None)"
    code += "; import camcors_cli.cli"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

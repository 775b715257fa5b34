"""camcors flash, against the mock of the ROM bootloader: what is written, what stays, what is refused."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from camcors_build import partitions
from camcors_cli.image import boards, filesystem
from esp32_mock_bootloader import protocol, server

from tests.kit import chips
from tests.kit.chips import Flash, bootloader

VFS, VFS_SIZE = 0x330000, 0xD0000
OWN = random.Random(7).randbytes(VFS_SIZE)  # the board's own filesystem, whatever is in it
NVS = random.Random(8).randbytes(0x4000)

pytestmark = pytest.mark.usefixtures("chip_boards")


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(chips.merged("esp32", boards.read("BOARD").table))
    return path


@pytest.fixture
def image(run, firmware: Path, tmp_path: Path) -> Path:
    """The firmware with a policy."""
    policy, path = tmp_path / "policy.json", tmp_path / "image.bin"
    policy.write_text('{"version": 1}')
    done = run("image", "BOARD", "--firmware", firmware, "--policy", policy, "--output", path)
    assert done.exit_code == 0, done.stderr
    return path


def used(vfs: bytes = OWN, **table: int) -> Flash:
    """The flash of a board that ran a firmware of the same layout."""
    old = chips.merged("esp32", boards.read("BOARD").table, app=chips.image("esp32", 150_000, seed=5))
    flash = Flash(b"\xff" * 0x1000 + old)
    flash.data[0x9000:0xD000] = NVS
    flash.data[0xD000:0xF000] = b"\x02".ljust(0x2000, b"\0")  # the second slot is the one that starts
    flash.data[VFS:] = vfs
    return flash


def padded(data: bytes) -> bytes:
    return data.ljust((len(data) + 3) // 4 * 4, b"\xff")


def assert_holds(flash: Flash, path: Path) -> None:
    """What the image has up to the filesystem is in the flash."""
    data = path.read_bytes()[: VFS - 0x1000]
    app = 0x10000 - 0x1000
    assert flash.read(0x1000, 20_080) == data[:20_080]
    assert flash.read(0x8000, 0xC00) == data[0x7000:0x7C00]
    assert flash.read(0x10000, 100_080) == data[app : app + 100_080]


def test_a_new_board_gets_all(run, image: Path) -> None:
    flash = Flash()
    with bootloader("esp32", flash) as port:
        done = run("flash", "BOARD", image, "--port", port, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert_holds(flash, image)
    assert flash.read(VFS, VFS_SIZE) == image.read_bytes()[VFS - 0x1000 :]
    assert json.loads(done.stdout) == {
        "port": port,
        "chip": "ESP32",
        "flash_size": 4 << 20,
        "file": str(image),
        "written": [
            {"name": "bootloader", "address": 0x1000, "bytes": 20_080},
            {"name": "partition table", "address": 0x8000, "bytes": 0x1000},
            {"name": "otadata", "address": 0xD000, "bytes": 0x2000},
            {"name": "ota_0", "address": 0x10000, "bytes": 100_080},
            {"name": "vfs", "address": VFS, "bytes": VFS_SIZE},
        ],
        "files": "written",
    }


def test_for_a_person(run, firmware: Path) -> None:
    with bootloader("esp32", Flash()) as port:
        done = run("flash", firmware, "--port", port)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{firmware} is on the ESP32 on {port}, verified; it starts now",
        "bootloader       0x1000   20080 bytes",
        "partition table  0x8000   4096 bytes",
        "otadata          0xd000   8192 bytes",
        "ota_0            0x10000  100080 bytes",
        "no files: the camera makes its filesystem when it first starts",
    ]


@pytest.mark.parametrize("what", ["image", "firmware"])
def test_the_files_of_the_board_are_kept_byte_for_byte(run, request, what: str) -> None:
    path = request.getfixturevalue(what)
    flash = used()
    with bootloader("esp32", flash) as port:
        done = run("flash", path, "--port", port, "--json")
    assert done.exit_code == 0
    assert_holds(flash, path)
    assert flash.read(VFS, VFS_SIZE) == OWN
    assert flash.read(0x9000, 0x4000) == NVS
    assert flash.read(0xD000, 0x2000) == b"\xff" * 0x2000  # so the first slot starts, which was written
    assert json.loads(done.stdout)["files"] == "kept"
    assert all(address + size <= VFS for address, size in flash.writes)
    assert flash.erased == 0


def test_erase_writes_the_files_of_the_image(run, image: Path) -> None:
    flash = used()
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port, "--erase", "--json")
    assert done.exit_code == 0
    assert_holds(flash, image)
    assert flash.read(VFS, VFS_SIZE) == image.read_bytes()[VFS - 0x1000 :]
    assert flash.erased == 1
    assert not flash.read(0x9000, 0x4000).strip(b"\xff")
    assert json.loads(done.stdout)["files"] == "written"


def test_an_erased_filesystem_gets_that_of_the_image(run, image: Path) -> None:
    flash = used(b"\xff" * VFS_SIZE)
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port, "--json")
    assert json.loads(done.stdout)["files"] == "written"
    assert flash.read(VFS, VFS_SIZE) == image.read_bytes()[VFS - 0x1000 :]


def other_table(flash: Flash) -> None:
    rows = [partitions.Partition("vfs", "data", "fat", VFS, 0x40000)]
    flash.data[0x8000:0x8C00] = partitions.encode([*boards.read("BOARD").table[:3], *rows])


def table_before(flash: Flash) -> None:
    """The one of 4 MB with one slot."""
    rows = [
        partitions.Partition("nvs", "data", "nvs", 0x9000, 0x6000),
        partitions.Partition("phy_init", "data", "phy", 0xF000, 0x1000),
        partitions.Partition("factory", "app", "factory", 0x10000, 0x1F0000),
        partitions.Partition("vfs", "data", "fat", 0x200000, 0x200000),
    ]
    flash.data[0x8000:0x8C00] = partitions.encode(rows)


def no_table(flash: Flash) -> None:
    flash.data[0x8000:0x8C00] = bytes(0xC00)


@pytest.mark.parametrize("change", [table_before, other_table, no_table])
def test_another_layout_is_refused_and_nothing_written(run, image: Path, change) -> None:
    flash = used()
    change(flash)
    before = bytes(flash.data)
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port)
    assert done.exit_code == 1
    assert done.stderr == (
        "camcors: the flash of this board is laid out differently from the image, so its files cannot stay; "
        "camcors backup saves them; then flash with --erase, and camcors restore brings them back\n"
    )
    assert (bytes(flash.data), flash.writes) == (before, [])
    with bootloader("esp32", flash) as port:
        assert run("flash", image, "--port", port, "--erase").exit_code == 0
    assert_holds(flash, image)


@pytest.mark.parametrize(
    ("chip", "name"), [("esp32s3", "ESP32-S3"), ("esp32s2", "ESP32-S2"), ("esp32c3", "ESP32-C3")]
)
def test_another_chip_is_refused_and_nothing_written(run, image: Path, chip: str, name: str) -> None:
    flash = Flash()
    with bootloader(chip, flash) as port:
        done = run("flash", image, "--port", port, "--erase", "--json")
    assert done.exit_code == 1
    assert (
        json.loads(done.stdout)["error"] == f"the board on {port} has an {name}, and {image} is for an ESP32"
    )
    assert (flash.writes, flash.erased) == ([], 0)


def test_an_s3_with_8_mb(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s3.bin"
    path.write_bytes(chips.merged("esp32s3", boards.read("BOARD_S3").table, flash="8MB"))
    with bootloader("esp32s3", Flash()) as port:  # the mock's 4 MB
        done = run("flash", path, "--port", port)
    assert done.exit_code == 1
    assert f"the board has 4194304 bytes of flash, and {path} is for 8388608" in done.stderr
    chips.set_flash_size(monkeypatch, 8)
    flash = Flash()
    with bootloader("esp32s3", flash) as port:
        done = run("flash", "BOARD_S3", path, "--port", port, "--json")
    assert done.exit_code == 0
    assert [each["name"] for each in json.loads(done.stdout)["written"]] == [
        "bootloader",
        "partition table",
        "otadata",
        "ota_0",
    ]
    assert flash.read(0, 20_080) == path.read_bytes()[:20_080]


def test_a_bit_that_is_written_wrong_is_found(run, image: Path) -> None:
    flash = used()
    flash.flips = 0x10000 + 4321
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port)
    assert done.exit_code == 4
    assert done.stderr == (
        "camcors: writing ota_0 at 0x10000 failed: MD5 of file does not match data in flash!; "
        "the board may not start now; run the same command again\n"
    )
    assert flash.read(VFS, VFS_SIZE) == OWN


@pytest.mark.parametrize(
    ("garbled", "is_written"), [(range(4, 5), True), (range(4, 10), True), (range(4, 99), False)]
)
def test_a_block_that_arrives_garbled_is_sent_again(
    run, image: Path, monkeypatch, garbled: range, is_written: bool
) -> None:
    """Once, for longer than esptool tries, and for good. The ROM calls it 0107, esptool's stub 01C1."""
    real, blocks = server.checksum_valid, itertools.count()

    def checksum_valid(cmd: int, checksum: int, data: bytes) -> bool:
        if cmd in (protocol.CMD_FLASH_DATA, protocol.CMD_FLASH_DEFL_DATA) and next(blocks) in garbled:
            return False
        return bool(real(cmd, checksum, data))

    monkeypatch.setattr(server, "checksum_valid", checksum_valid)
    flash = used()
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port)
    if is_written:
        assert (done.exit_code, done.stderr) == (0, "")
        assert_holds(flash, image)
    else:
        assert done.exit_code == 4
        assert done.stderr == (
            "camcors: writing ota_0 at 0x10000 failed: Failed to write to target flash after seq 0 "
            "(result was 01C1: Unknown result); the board may not start now; run the same command again\n"
        )
        monkeypatch.undo()
        with bootloader("esp32", flash) as port:
            assert run("flash", image, "--port", port).exit_code == 0
        assert_holds(flash, image)
    assert flash.read(VFS, VFS_SIZE) == OWN


def test_a_line_that_breaks_once_is_taken_up_again(run, image: Path) -> None:
    flash = used()
    flash.fails_at = 5
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port)
    assert done.exit_code == 0, done.stderr
    assert_holds(flash, image)
    assert flash.read(VFS, VFS_SIZE) == OWN


def test_a_line_that_breaks_for_good(run, image: Path) -> None:
    flash = used()
    flash.fails_at = 5
    with bootloader("esp32", flash, stays=False) as port:
        done = run("flash", image, "--port", port)
    assert done.exit_code == 3
    assert done.stderr.startswith("camcors: the board was lost while writing ota_0 at 0x10000 (")
    assert done.stderr.endswith(
        "); check the cable; the board may not start now; run the same command again\n"
    )
    assert flash.read(VFS, VFS_SIZE) == OWN


def test_nobody_answers(run, image: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = f"socket://127.0.0.1:{silent.getsockname()[1]}"
        done = run("flash", image, "--port", port)
    assert done.exit_code == 3
    assert done.stderr == (
        f"camcors: no bootloader of an ESP32 answers on {port}; "
        "hold the board's BOOT button (or IO0 to ground), press RESET, and try again\n"
    )


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        ([], 2, "write [BOARD] [IMAGE]: a board, an image, or both"),
        (["BOARD", "x.bin", "y.bin"], 2, "write [BOARD] [IMAGE]: a board, an image, or both"),
        (["NONE", "x.bin"], 2, "there is no board NONE; write one of BOARD, BOARD_S3, HOST"),
        (["HOST"], 2, "HOST has no chip; start it with build/HOST/camcors-host --flash IMAGE"),
        (["x.bin"], 4, "there is no x.bin; name another file"),
        (["BOARD"], 4, "there is no build/BOARD/firmware.bin; make firmware BOARD=BOARD builds one"),
        (["BOARD_S3", "firmware.bin"], 1, "firmware.bin is for an ESP32, and BOARD_S3 has an ESP32-S3"),
        (["firmware.bin", "--port", "/dev/none"], 3, "there is no /dev/none"),
        (["firmware.bin", "--port", "socket://127.0.0.1:1"], 3, "nothing answers on socket://127.0.0.1:1"),
        (["firmware.bin", "--port", "none://x"], 3, "none://x is not a port"),
    ],
)
def test_refused(run, firmware: Path, monkeypatch, args: list[str], status: int, message: str) -> None:
    monkeypatch.chdir(firmware.parent)
    done = run("flash", *args)
    assert (done.exit_code, done.stdout) == (status, "")
    assert message in done.stderr


def test_esptools_own_logger_is_back_afterwards(run, firmware: Path) -> None:
    from esp_pylib.logger import EspLog

    before = EspLog.instance
    with bootloader("esp32", Flash()) as port:
        run("flash", firmware, "--port", port)
    assert EspLog.instance is before


def test_the_kept_filesystem_is_recognised_as_the_camera_does(run, image: Path) -> None:
    """One byte in the second superblock block is enough: the camera would not format that either."""
    vfs = bytearray(b"\xff" * VFS_SIZE)
    vfs[2 * 4096 - 1] = 0
    assert not filesystem.is_blank(vfs)
    flash = used(bytes(vfs))
    with bootloader("esp32", flash) as port:
        done = run("flash", image, "--port", port, "--json")
    assert json.loads(done.stdout)["files"] == "kept"
    assert flash.read(VFS, VFS_SIZE) == vfs

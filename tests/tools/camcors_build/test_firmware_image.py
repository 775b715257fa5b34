"""make firmware: what is run, what is checked after it, and what is said; ESP-IDF and make are stand-ins."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from camcors_build import boards, esp_idf, firmware_image, frozen, pinned, sizes, source, wraps
from camcors_build.boards import TOP, Board
from camcors_build.esp_idf import Idf
from camcors_build.source import BuildError, Source

SOURCE = """\
#define MICROPY_VERSION_MAJOR 1
#define MICROPY_VERSION_MINOR 28
#define MICROPY_VERSION_MICRO 0
"""
#: Takes the place of make: notes its call, and leaves what the port's build leaves.
MAKE = """\
#!/bin/sh
for word in "$@"; do echo "$word"; case $word in BUILD=*) out=${word#BUILD=};; esac; done > "$LOG"
echo "$IDF_PATH $MICROPY_MPYCROSS $MICROPY_GIT_TAG $CAMERA_API_DIR $ESP32_CAMERA_DIR${MAKEFLAGS-}" >> "$LOG"
[ -z "$COMPONENT" ] || echo "    component_hash: $COMPONENT" >> "$LOCKFILE"
[ -n "$FAIL" ] && exit "$FAIL"
mkdir -p "$out/bootloader" "$out/partition_table" "$out/frozen_mpy/cors"
head -c 26000 /dev/zero > "$out/bootloader/bootloader.bin"
head -c 3072 /dev/zero > "$out/partition_table/partition-table.bin"
head -c "$APP" /dev/zero > "$out/micropython.bin"
head -c 300 /dev/zero > "$out/frozen_mpy/cors/origin.mpy"
echo image > "$out/firmware.bin"
echo elf > "$out/micropython.elf"
cp "$FROZEN" "$out/frozen_content.c"
cp "$MAP" "$out/micropython.map"
"""
#: Of every board.
SHARED = {
    *("gc_get_max_new_split", "mp_thread_deinit"),
    *("mbedtls_ecp_mul_restartable", "mbedtls_ssl_config_defaults", "mbedtls_ssl_write"),
}
WRAPPED = {*SHARED, "esp_camera_fb_get", "esp_camera_deinit"}
NAMES = 'const char mp_frozen_names[] = {{\n{}\n"\\0"\n}};\n'


class Bench:
    """A build folder of its own, with stand-ins on PATH."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.build, self.log = path, path / "build", path / "log"
        self.board = boards.load("AI_THINKER_ESP32_CAM")
        header = path / "micropython" / "py" / "mpconfig.h"
        header.parent.mkdir(parents=True)
        header.write_text(SOURCE)
        self.lock = path / "micropython" / "ports" / "esp32" / "lockfiles" / "dependencies.lock.esp32"
        self.lock.parent.mkdir(parents=True)
        self.lock.write_text("    component_hash: 0ff9da\n")
        for name, text in (("make", MAKE), ("idf.py", "#!/bin/sh\n")):
            program = path / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
        for module in (firmware_image, frozen):
            monkeypatch.setattr(module, "BUILD", self.build)
        monkeypatch.setattr(esp_idf, "find", lambda: Idf(path / "idf", "5.5.1"))
        monkeypatch.setattr(pinned, "find", lambda pin, cache: cache / pin.name)
        monkeypatch.setattr(frozen, "mpy_cross", lambda src: path / "mpy-cross")
        self.freeze(frozen.required_modules(self.board))
        self.link(wraps.required(self.board))
        monkeypatch.setenv("MPY_DIR", str(path / "micropython"))
        monkeypatch.setenv("PATH", f"{path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("MAKEFLAGS", "never seen")
        for name, value in (
            ("LOG", self.log),
            ("FROZEN", path / "frozen.c"),
            ("MAP", path / "map"),
            ("APP", 1_500_000),
            ("FAIL", ""),
            ("COMPONENT", ""),
            ("LOCKFILE", self.lock),
        ):
            monkeypatch.setenv(name, str(value))

    def freeze(self, names: set[str]) -> None:
        lines = "\n".join(f'"{name}\\0"' for name in sorted(names))
        (self.path / "frozen.c").write_text(NAMES.format(lines))

    def link(self, names: set[str]) -> None:
        left_out = [
            "Discarded input sections",
            "",
            *(f" .text.__wrap_{name}" for name in sorted(WRAPPED - names)),
        ]
        kept = ["Linker script and memory map", "", *(f" .text.__wrap_{name}" for name in sorted(names))]
        (self.path / "map").write_text("\n".join([*left_out, "", *kept, ""]))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_the_port_is_built_with_our_board_and_modules(bench: Bench) -> None:
    image = firmware_image.build(bench.board)
    assert (image, image.read_text()) == (bench.build / bench.board.id / "firmware.bin", "image\n")
    drivers = f"{bench.build / 'micropython-camera-API'} {bench.build / 'esp32-camera'}"
    assert bench.log.read_text().splitlines() == [
        "--no-print-directory",
        "-C",
        str(bench.path / "micropython" / "ports" / "esp32"),
        f"BOARD_DIR={TOP / 'boards' / 'AI_THINKER_ESP32_CAM'}",
        f"BUILD={bench.build / 'AI_THINKER_ESP32_CAM' / 'idf'}",
        f"USER_C_MODULES={TOP / 'boards' / 'common' / 'micropython.cmake'}",
        f"FROZEN_MANIFEST={TOP / 'boards' / 'AI_THINKER_ESP32_CAM' / 'manifest.py'}",
        f"{bench.path / 'idf'} {bench.path / 'mpy-cross'} v1.28.0 {drivers}",
    ]
    assert "NAME = 'AI_THINKER_ESP32_CAM'" in (image.parent / "generated" / "board.py").read_text()


def test_the_components_are_those_that_micropython_locked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPONENT", "0ff9da")
    firmware_image.build(bench.board)
    monkeypatch.setenv("COMPONENT", "e41105")
    before = bench.lock.read_text()
    said = f"^other components than {bench.lock} has: e41105; use ESP-IDF 5.5.1$"
    with pytest.raises(BuildError, match=said):
        firmware_image.build(bench.board)
    assert bench.lock.read_text() == before
    bench.lock.unlink()  # MicroPython before 1.27
    firmware_image.build(bench.board)


def test_the_sizes_are_printed(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    image = firmware_image.build(bench.board)
    assert capsys.readouterr().out.splitlines() == [
        "AI_THINKER_ESP32_CAM: MicroPython 1.28.0 from MPY_DIR, ESP-IDF 5.5.1",
        "compiling ESP-IDF and MicroPython; five to twenty minutes",
        "part                offset       bytes        room        free",
        "bootloader          0x1000       26000       28672        2672",
        "partition table     0x8000        3072        4096        1024",
        "nvs                 0x9000           –       16384",
        "otadata             0xd000           –        8192",
        "phy_init            0xf000           –        4096",
        "ota_0              0x10000     1500000     1638400      138400",
        "ota_1             0x1a0000           –     1638400",
        "vfs               0x330000           –      851968",
        "frozen modules, in the app: 300 bytes of bytecode",
        f"{image}: flash it at 0x1000",
    ]


def test_an_app_over_its_budget_fails_with_both_numbers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP", "1572865")
    with pytest.raises(BuildError, match=r"the app is 1572865 bytes, over its budget of 1572864$"):
        firmware_image.build(bench.board)
    assert not (bench.build / bench.board.id / "firmware.bin").exists()


def test_a_part_without_room_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP", "1638401")
    with pytest.raises(BuildError, match=r"ota_0 is 1638401 bytes and has room for 1638400$"):
        firmware_image.build(bench.board)


@pytest.mark.parametrize(
    ("at", "is_blank"), [(0xCFFF, True), (0xD000, False), (0xEFFF, False), (0xF000, True)]
)
def test_an_image_that_names_a_slot_fails(bench: Bench, at: int, is_blank: bool) -> None:
    image = bytearray(b"\xff" * 0x10000)
    image[at - 0x1000] = 0
    if is_blank:
        return firmware_image.check_record(bench.board, bytes(image))
    with pytest.raises(BuildError, match=r"firmware\.bin has something in otadata, which must be blank$"):
        firmware_image.check_record(bench.board, bytes(image))
    return None


def test_the_build_looks_at_the_record_of_the_slots(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware_image, "check_record", lambda board, image: seen.append((board, image)))
    seen: list[tuple[Board, bytes]] = []
    firmware_image.build(bench.board)
    assert seen == [(bench.board, b"image\n")]


def test_a_module_that_is_not_frozen_fails(bench: Bench) -> None:
    bench.freeze(frozen.required_modules(bench.board) - {"cors/guard.py"})
    with pytest.raises(BuildError, match=r"not frozen: cors/guard\.py;"):
        firmware_image.build(bench.board)


def test_what_is_wrapped() -> None:
    assert wraps.required(boards.load("AI_THINKER_ESP32_CAM")) == WRAPPED
    assert wraps.required(boards.load("QEMU_ESP32")) == SHARED


@pytest.mark.parametrize("name", sorted(WRAPPED))
def test_a_wrap_that_did_not_take_fails(bench: Bench, name: str) -> None:
    bench.link(WRAPPED - {name})
    with pytest.raises(BuildError, match=rf"^not linked in: {name}; add -Wl,--wrap= for each beside"):
        firmware_image.build(bench.board)
    assert not (bench.build / bench.board.id / "firmware.bin").exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("2", "the build failed; make firmware BOARD=AI_THINKER_ESP32_CAM V=1 shows its steps"),
        ("3", "/idf/export.sh failed, as said above; make idf installs what it looks for"),
    ],
)
def test_a_build_that_fails_says_what_to_do(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    """What it had already made of the lock file is undone, or the next build would believe it."""
    monkeypatch.setenv("FAIL", status)
    monkeypatch.setenv("COMPONENT", "e41105")
    before = bench.lock.read_text()
    with pytest.raises(BuildError, match=f"{re.escape(said)}$"):
        firmware_image.build(bench.board)
    assert bench.lock.read_text() == before


def test_what_a_release_has_is_in_one_folder(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    folder = bench.build / bench.board.id / "release"
    folder.mkdir(parents=True)
    (folder / "of-the-build-before").touch()
    firmware_image.build(bench.board)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    table = files.pop("AI_THINKER_ESP32_CAM-sizes.txt").decode()
    assert table in capsys.readouterr().out
    assert table.splitlines()[0].split() == ["part", "offset", "bytes", "room", "free"]
    assert files == {
        "AI_THINKER_ESP32_CAM.bin": b"image\n",
        "AI_THINKER_ESP32_CAM-application.bin": bytes(1_500_000),
        "AI_THINKER_ESP32_CAM-application.elf": b"elf\n",
    }


def test_the_emulators_board_needs_no_camera_driver(bench: Bench) -> None:
    board = boards.load("QEMU_ESP32")
    assert firmware_image.camera_drivers(board) == {}
    src = Source(bench.path, "here")
    assert f"USER_C_MODULES={TOP}/firmware/camcors_qemu/micropython.cmake" in firmware_image.make_command(
        board, src, bench.build
    )


def test_a_changed_input_starts_the_build_over(bench: Bench) -> None:
    out = bench.build / "X" / "idf"
    for inputs, is_kept in ((["a"], False), (["a"], True), (["b"], False)):
        (out / "sdkconfig").parent.mkdir(parents=True, exist_ok=True)
        (out / "sdkconfig").touch()
        firmware_image.start_over_if_changed(bench.board, out, inputs)
        assert (out / "sdkconfig").exists() == is_kept


def test_a_table_without_an_app_is_refused() -> None:
    with pytest.raises(BuildError, match="the partition table has no app"):
        sizes.app_slot([])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no board given; write BOARD= and one of AI_THINKER_ESP32_CAM,"),
        (["NOPE"], "no board NOPE; write BOARD= and one of AI_THINKER_ESP32_CAM,"),
        (["HOST"], "HOST is not an ESP32; make host builds it"),
    ],
)
def test_a_wrong_board_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert firmware_image.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"camcors: {message}") and error.count("\n") == 1


def test_all_builds_every_board(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Board] = []
    monkeypatch.setattr(firmware_image, "build", built.append)
    assert firmware_image.main(["--all"]) == 0
    assert built == boards.every()


def test_the_esp32_port_is_built_from_the_pinned_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPY_DIR", raising=False)
    monkeypatch.setattr(source, "REPOSITORY", str(tmp_path / "nowhere"))
    with pytest.raises(BuildError, match=r"; set MPY_DIR to the source of MicroPython 1\.28\.0$"):
        source.find_pinned(tmp_path / "cache")
    (tmp_path / "cache" / "micropython-1.25.0").mkdir()  # Debian's serves the camera on your desk alone
    (tmp_path / "cache" / "micropython-1.28.0").mkdir()
    assert source.find_pinned(tmp_path / "cache").path.name == "micropython-1.28.0"

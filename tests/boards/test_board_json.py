"""A board.json with a mistake, and a board that is added: by its folder, without Python."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from camcors_build import board_notes, boards, frozen, host, source
from camcors_build.boards import BOARDS

from tests.kit import cmake

MISSING = object()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """boards/MY_BOARD of another tree, a copy of ESP_EYE."""
    for name in ("boards/common", "src", "firmware"):
        shutil.copytree(BOARDS.parent / name, tmp_path / name)
    shutil.copy(BOARDS.parent / "manifest.py", tmp_path)
    monkeypatch.setattr(boards, "BOARDS", tmp_path / "boards")
    return Path(shutil.copytree(BOARDS / "ESP_EYE", tmp_path / "boards" / "MY_BOARD"))


def write(folder: Path, key: str, value: Any) -> None:
    path = folder / "board.json"
    data = json.loads(path.read_text())
    if value is MISSING:
        del data[key]
    else:
        data[key] = value
    path.write_text(json.dumps(data))


def test_a_copied_folder_is_a_board(folder: Path, tmp_path: Path) -> None:
    write(folder, "product", "Garden Camera")
    write(folder, "mcu", "esp32s3")
    write(folder, "usb", "native and bridge")
    write(folder, "psram_mode", "octal")
    write(folder, "flash_size", 16 << 20)
    found = cmake.configure(folder, tmp_path / "build")
    assert found.variables["IDF_TARGET"] == "esp32s3"
    assert found.macros == {
        "MICROPY_HW_BOARD_NAME": '"Espressif Garden Camera"',
        "MICROPY_HW_MCU_NAME": '"ESP32S3"',
        "MICROPY_PY_BLUETOOTH": "(0)",
        "MICROPY_CAMERA_MODEL_ESP_EYE": "(1)",
        "MICROPY_HW_ENABLE_USBDEV": "(0)",
        "MICROPY_HW_ENABLE_UART_REPL": "(1)",
    }
    assert found.sdkconfig.splitlines()[-3:] == [
        "CONFIG_ESPTOOLPY_FLASHSIZE_16MB=y",
        "CONFIG_PARTITION_TABLE_CUSTOM=y",
        f'CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="{tmp_path}/boards/common/partitions-16MB.csv"',
    ]
    board = boards.load("MY_BOARD")
    assert [each.id for each in boards.every()] == ["MY_BOARD"]
    assert (board.name, board.chip["flash_offset"], board.table()[-1].end) == (
        "Espressif Garden Camera",
        0,
        16 << 20,
    )
    generated = tmp_path / "build" / "MY_BOARD" / "generated"
    generated.mkdir(parents=True)
    (generated / "board.py").write_text(board.module("1.2.3"))
    (generated / "board_drivers.py").write_text(board.drivers())
    (generated / "module_names.py").write_text(frozen.module_names(board))
    microdot = tmp_path / "build" / "pypi" / "microdot"
    frozen.copy_microdot()
    shutil.copytree(frozen.BUILD / "pypi" / "microdot", microdot)
    frozen.write_pages()
    shutil.copytree(frozen.BUILD / "generated", tmp_path / "build" / "generated")
    files = {name for _, name in host.manifest_files(source.find(frozen.BUILD), folder / "manifest.py")}
    assert frozen.required_modules(board) <= files


CHIP: dict[str, Any] = {"chip": "X", "does": "it", "sda": "CAM_SDA", "scl": "CAM_SCL", "address": 117}
CHIP |= {"writes": [[0, 55]], "delay_ms": 0}
REFUSED = '{"levels": {}, "i2c": {"chip": '
#: What is wrong with a power chip, the chip, what is said.
CHIPS: list[tuple[str, dict[str, Any], str]] = [
    ("pin", {**CHIP, "sda": "SDA"}, "SDA is not in pins.csv"),
    ("address", {**CHIP, "address": 0x78}, REFUSED),
    ("what it does", {name: CHIP[name] for name in CHIP if name != "does"}, REFUSED),
    ("register", {**CHIP, "writes": [[0, 256]]}, REFUSED),
    ("write", {**CHIP, "writes": [[0]]}, REFUSED),
    ("delay", {**CHIP, "delay_ms": -1}, REFUSED),
]

BAD = {
    "chip missing": ("mcu", MISSING, "missing; ", "missing; "),
    "flash missing": ("flash_size", MISSING, "missing; ", "missing; "),
    "camera missing": ("camera", MISSING, "missing; ", "missing; "),
    "unknown chip": ("mcu", "esp32c3", '"esp32c3"; write "esp32" or "esp32s3"', '"esp32c3" is not in'),
    "wrong size": ("flash_size", 5 << 20, "5242880; write the bytes of 4MB or 8MB or 16MB", "5242880; "),
    "a byte more": ("flash_size", (4 << 20) + 1, "4194305; ", "4194305; "),
    "size as text": ("flash_size", "4MB", '"4MB"; write a number', "4MB; "),
    "octal on an ESP32": ("psram_mode", "octal", '"octal"; write null', '"octal" is not a mode of the esp32'),
    "a quote in a name": ("product", '7" camera', '"7\\" camera"; write text without', None),
    "usb": ("usb", "USB-C", '"USB-C"; write "adapter" or', None),
    "led": ("led", True, 'true; write "active-high" or "active-low" or null', None),
    "camera's members": ("camera", {"model": "X"}, '{"model": "X"}; write null or {', None),
    "defaults for what is no sensor": ("defaults", {"ov2640": {}}, '{"ov2640": {}}; write {"any"', None),
    "a default twice": (
        "defaults",
        {"any": {"vflip": True}, "OV2640": {"vflip": False}},
        '{"any": {"vflip": true}, "OV2640": {"vflip": false}}; write {"any"',
        None,
    ),
    "level as text": ("level", "compiled", '"compiled"; write {"reached": "checked"}, or', None),
    "tried without a date": ("level", {"reached": "compiled"}, '{"reached": "compiled"}; write {', None),
    "not tried, with a date": (
        "level",
        {"reached": "checked", "date": "2026-11-27"},
        '{"reached": "checked", "date": ',
        None,
    ),
    "another level": ("level", {"reached": "run"}, '{"reached": "run"}; write {', None),
    "no smaller PSRAM": (
        "psram_least",
        8 << 20,
        "8388608; write less than psram_size, or leave it out",
        None,
    ),
    "no PSRAM at all": ("psram_least", 0, "0; write less than psram_size", None),
    "shared as text": ("shared", "microSD card", '"microSD card"; write {"microSD card": {"LED": ', None),
    "shared without pins": ("shared", {"LCD": {}}, '{"LCD": {}}; write {"microSD card"', None),
    "shared signal": ("shared", {"LCD": {"LED": 2}}, '{"LCD": {"LED": 2}}; write {"microSD card"', None),
    "shared pin": ("shared", {"LCD": {"LAMP": "CS"}}, "LAMP is not in pins.csv", None),
    "power's pin": ("power", {"levels": {"HOLD": 1}, "i2c": None}, "HOLD is not in pins.csv", None),
    "power's level": (
        "power",
        {"levels": {"LED": 2}, "i2c": None},
        '{"levels": {"LED": 2}, "i2c": null}; w',
        None,
    ),
    **{
        f"power chip, {name}": ("power", {"levels": {}, "i2c": chip}, said, None)
        for name, chip, said in CHIPS
    },
    "unknown": ("flash", 1, "unknown; the keys are ", None),
}


@pytest.mark.parametrize(("key", "value", "said", "cmakes"), BAD.values(), ids=list(BAD))
def test_a_mistake_is_one_line_with_the_file_and_the_key(
    folder: Path, tmp_path: Path, key: str, value: Any, said: str, cmakes: str | None
) -> None:
    write(folder, key, value)
    with pytest.raises(source.BuildError) as failure:
        boards.load("MY_BOARD")
    assert str(failure.value).startswith(f"{folder}/board.json: {key}: {said}")
    assert "\n" not in str(failure.value)
    if cmakes:
        done = cmake.run(folder, tmp_path / "build")
        (line,) = cmake.message(done)
        assert (done.returncode, line.startswith(f"{folder}/board.json: {key}: {cmakes}")) == (1, True), line


@pytest.mark.parametrize(
    ("text", "said"), [("{", "Expecting property name"), ("[]", "write one JSON object")]
)
def test_a_file_that_is_not_an_object(folder: Path, tmp_path: Path, text: str, said: str) -> None:
    (folder / "board.json").write_text(text)
    with pytest.raises(source.BuildError, match=f"^{folder}/board.json: {said}"):
        boards.load("MY_BOARD")
    done = cmake.run(folder, tmp_path / "build")
    (line,) = cmake.message(done)
    assert (done.returncode, line.startswith(f"{folder}/board.json: ")) == (1, True)


def test_what_is_shared_and_fed_is_said_in_words(folder: Path) -> None:
    write(folder, "shared", {"microSD card": {"LED": "chip select", "CAM_D0": "DATA1"}})
    write(folder, "power", {"levels": {"LED": 0}, "i2c": {**CHIP, "does": "feeds it"}})
    board = boards.load("MY_BOARD")
    assert board_notes.of(board) == [
        "The microSD card shares GPIO22 (LED, its chip select), GPIO34 (CAM_D0, its DATA1).",
        "GPIO22 (LED) is held low from the start, and over restarts.",
        "The X (I2C address 0x75) feeds it.",
    ]
    assert "does" not in board.power()["i2c"]
    write(folder, "psram_least", 4 << 20)
    assert boards.psram(boards.load("MY_BOARD")) == "8 MB, some 4 MB; 4 MB used"

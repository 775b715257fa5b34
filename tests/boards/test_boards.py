"""Every ESP32 board's folder, read as the port's build would; there is no board and no ESP-IDF here."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from camcors_build import boards, frozen, source
from camcors_build.boards import BOARDS, TOP, Board

from tests.kit import cmake
from tests.kit import port_facts as facts
from tests.kit.cmake import Configured

ALL = boards.every()
CAMERAS = [board for board in ALL if board.data["camera"]]
EXPECTED = {
    "AI_THINKER_ESP32_CAM",
    "DFROBOT_FIREBEETLE2_S3",
    "ESP32_S3_EYE",
    "ESP_EYE",
    "ESP_WROVER_KIT_CAM",
    "FREENOVE_ESP32_S3_CAM",
    "FREENOVE_ESP32_WROVER_CAM",
    "M5STACK_CAMS3_UNIT",
    "M5STACK_TIMER_CAMERA",
    "QEMU_ESP32",
    "TTGO_T_CAMERA_PLUS",
    "XIAO_ESP32S3_SENSE",
}
FILES = {"board.json", "manifest.py", "mpconfigboard.cmake", "mpconfigboard.h", "pins.csv"}


def each(chosen: list[Board]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("board", chosen, ids=lambda board: board.id)


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Board], Configured]:
    """The board as the port has it, by the real CMake; each board once."""

    @functools.cache
    def configure(name: str) -> Configured:
        return cmake.configure(BOARDS / name, tmp_path_factory.mktemp(name) / "build")

    return lambda board: configure(board.id)


def test_every_board_is_known_here() -> None:
    assert {board.id for board in ALL} == EXPECTED


@each(ALL)
def test_a_folder_has_what_the_port_reads_and_nothing_else(board: Board) -> None:
    assert {path.name for path in board.path.iterdir()} == FILES


@each(ALL)
def test_what_the_port_expects_is_a_stub_and_the_same_for_every_board(board: Board) -> None:
    for name in ("manifest.py", "mpconfigboard.cmake", "mpconfigboard.h"):
        text = (board.path / name).read_text()
        assert text == (BOARDS / "ESP_EYE" / name).read_text()
        assert text.count("\n") <= 3
    assert (TOP / board.data["user_c_modules"]).is_file()


@each(ALL)
def test_pins_and_figures_are_cited(board: Board) -> None:
    for cited in board.data["sources"]:
        assert set(cited) == {"repository", "file", "at", "for"}
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", cited["repository"])
        assert cited["file"] and cited["for"]
        assert re.fullmatch(r"v[\d.]+|[0-9a-f]{40}", cited["at"])
    if board.data["camera"]:
        assert sum("camera pins" in cited["for"] for cited in board.data["sources"]) >= 1


@each(CAMERAS)
def test_a_camera_has_the_psram_that_the_driver_needs(board: Board) -> None:
    assert board.data.get("psram_least", board.data["psram_size"]) >= 4 << 20


@each(ALL)
def test_the_chip_maps_as_much_psram_as_its_address_space_has(board: Board) -> None:
    assert board.chip["psram_mapped"] == facts.PSRAM_MAPPED[board.data["mcu"]]


#: The fragments of the port by chip and PSRAM, of boards with a sensor.
PORT = {
    ("esp32", "quad"): ["240mhz", "spiram"],
    ("esp32s3", "octal"): ["240mhz", "spiram_sx", "spiram_oct"],
    ("esp32", None): [],
}


@each(ALL)
def test_what_cmake_makes_of_a_board(board: Board, configured: Callable[[Board], Configured]) -> None:
    data, found = board.data, configured(board)
    port = source.find(frozen.BUILD).path / "ports" / "esp32" / "boards"
    names = ["base", *PORT[data["mcu"], data["psram_mode"]]]
    common = BOARDS / "common"
    ours = [*data.get("sdkconfig", []), "camera", *(["psram"] if data["psram_mode"] else [])]
    ours.append(f"{data['flash_size'] >> 20}MB")
    files = [port / f"sdkconfig.{name}" for name in names] + [common / f"sdkconfig.{name}" for name in ours]
    table = common / f"partitions-{data['flash_size'] >> 20}MB.csv"
    assert found.sdkconfig == "".join(path.read_text() for path in files) + (
        f'CONFIG_PARTITION_TABLE_CUSTOM=y\nCONFIG_PARTITION_TABLE_CUSTOM_FILENAME="{table}"\n'
    )
    assert {**found.variables, "MICROPY_LIB_DIR": Path(found.variables["MICROPY_LIB_DIR"]).resolve()} == {
        "IDF_TARGET": data["mcu"],
        "EXTRA_COMPONENT_DIRS": cmake.CAMERA_DRIVER if data["camera"] else "",
        "MICROPY_PY_TINYUSB": "OFF",
        "MICROPY_PY_BTREE": "OFF",
        "MICROPY_LIB_DIR": frozen.LIB,
        "MICROPY_FROZEN_MANIFEST": str(port / "manifest.py"),  # make firmware names ours
    }
    assert found.macros == macros(data)


def macros(data: dict[str, Any]) -> dict[str, str]:
    """What mpconfigboard.h says of such a board; ports/esp32/mpconfigport.h reads all but the camera's."""
    expected = {
        "MICROPY_HW_BOARD_NAME": f'"{data["vendor"]} {data["product"]}"',
        "MICROPY_HW_MCU_NAME": {"esp32": '"ESP32"', "esp32s3": '"ESP32S3"'}[data["mcu"]],
        "MICROPY_PY_BLUETOOTH": "(0)",
    }
    if data["camera"]:
        expected[f"MICROPY_CAMERA_MODEL_{data['camera']['model']}"] = "(1)"
    if data["mcu"] == "esp32s3":
        expected["MICROPY_HW_ENABLE_USBDEV"] = "(0)"
    if data["usb"].startswith("native and "):
        expected["MICROPY_HW_ENABLE_UART_REPL"] = "(1)"
    return expected


@each(ALL)
def test_the_ports_fragments_exist_in_every_release(board: Board) -> None:
    used = {"base", *PORT[board.data["mcu"], board.data["psram_mode"]]}
    assert {release: used - known for release, known in facts.FRAGMENTS.items() if used - known} == {}


def test_chips_json_names_fragments_of_every_release() -> None:
    named = {name for chip in boards.chips().values() for mode in chip["psram"].values() for name in mode}
    assert {release: named - known for release, known in facts.FRAGMENTS.items() if named - known} == {}


def test_what_our_fragments_set() -> None:
    lines = [
        line
        for path in sorted((BOARDS / "common").glob("sdkconfig.*"))
        for line in path.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert [line for line in lines if not re.fullmatch(r'CONFIG_[A-Z0-9_]+=("[^"]*"|y|n|\d+|)', line)] == []
    assert {line.split("=")[0] for line in lines} <= facts.CONFIG_NAMES
    assert "CONFIG_BT_ENABLED=n" in lines


def test_cmake_run_by_itself_says_how_to_build(tmp_path: Path) -> None:
    done = cmake.run(BOARDS / "ESP_EYE", tmp_path / "build", {})
    said = "ESP32_CAMERA_DIR is not set: build with make firmware BOARD=ESP_EYE"
    assert (done.returncode, cmake.message(done)) == (1, [said])


@each(CAMERAS)
def test_the_pins_are_those_of_the_camera_model(board: Board) -> None:
    known = facts.CAMERA_MODELS[board.data["camera"]["model"]]
    assert {name: pin for name, pin in board.pins().items() if name.startswith("CAM_")} == known


@each(ALL)
def test_pins_exist_and_nothing_else_uses_them(board: Board) -> None:
    pins, mcu = board.pins(), board.data["mcu"]
    taken = facts.TAKEN[mcu] | facts.PSRAM_PINS.get((mcu, board.data["psram_mode"]), set())
    if board.data["usb"].startswith("native and "):
        taken |= facts.UART0_PINS
    assert {name: pin for name, pin in pins.items() if pin not in facts.GPIOS[mcu]} == {}
    assert {name: pin for name, pin in pins.items() if pin in taken} == {}
    assert sorted(set(pins.values())) == sorted(pins.values()), "a pin is used twice"


@each(ALL)
def test_what_is_driven_can_be_driven(board: Board) -> None:
    pins = board.pins()
    outputs = {"CAM_XCLK", "CAM_SDA", "CAM_SCL", "CAM_PWDN", "CAM_RESET", "LED", "LAMP"}
    outputs |= set((board.data["power"] or {"levels": {}})["levels"])
    driven = {name: pin for name, pin in pins.items() if name in outputs}
    cannot = facts.INPUT_ONLY[board.data["mcu"]]
    assert {name: pin for name, pin in driven.items() if pin in cannot} == {}


@each(ALL)
def test_every_pin_has_a_use(board: Board) -> None:
    power = board.data["power"] or {"levels": {}}
    lights = {name for name in ("LED", "LAMP") if board.data[name.lower()]}
    rest = {name for name in board.pins() if not name.startswith("CAM_")}
    assert rest == lights | set(power["levels"])


@each(ALL)
def test_partitions_fit_and_leave_the_app_its_budget(board: Board) -> None:
    rows = board.table()
    assert rows[-1].end == board.data["flash_size"]
    first, second = (row for row in rows if row.type == "app")
    assert (first.subtype, second.subtype, first.size) == ("ota_0", "ota_1", second.size)
    assert first.offset == 0x10000 and second.offset % 0x10000 == 0
    measured = facts.MEASURED_QEMU if board.id == "QEMU_ESP32" else facts.MEASURED_APP[board.data["mcu"]]
    assert measured + facts.APP_RESERVE <= board.data["app_budget"] <= first.size
    (vfs,) = (row for row in rows if row.name == "vfs")
    assert (vfs.type, vfs.subtype) == ("data", "fat")
    assert vfs.size >= 832 << 10
    assert [row.name for row in rows] == ["nvs", "otadata", "phy_init", "ota_0", "ota_1", "vfs"]


@each(ALL)
def test_the_port_makes_its_pins_from_pins_csv(board: Board, tmp_path: Path) -> None:
    src = source.find(frozen.BUILD)
    tool = src.path / "ports" / "esp32" / "boards"
    command = ["python3", tool / "make-pins.py", "--board-csv", board.path / "pins.csv"]
    command += ["--prefix", tool / "pins_prefix.c", "--output-source", tmp_path / "pins.c"]
    done = subprocess.run([*command, "--output-header", tmp_path / "pins.h"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    made = (tmp_path / "pins.c").read_text()
    assert [name for name in board.pins() if f"MP_QSTR_{name})" not in made] == []

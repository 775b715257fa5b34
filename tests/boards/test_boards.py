"""Every ESP32 board's folder, read as the port's build would; there is no board and no ESP-IDF here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from camcors_build import boards, frozen, source
from camcors_build.boards import BOARDS, TOP, Board

from tests.boards import port_facts as facts
from tests.boards.cmake_reader import Cmake

ALL = boards.every()
CAMERAS = [board for board in ALL if board.data["camera"]]
EXPECTED = {
    "AI_THINKER_ESP32_CAM",
    "DFROBOT_FIREBEETLE2_S3",
    "ESP32_S3_EYE",
    "ESP_EYE",
    "ESP_WROVER_KIT_CAM",
    "FREENOVE_ESP32_S3_CAM",
    "M5STACK_CAMS3_UNIT",
    "M5STACK_TIMER_CAMERA",
    "QEMU_ESP32",
    "TTGO_T_CAMERA_PLUS",
    "XIAO_ESP32S3_SENSE",
}
FILES = {"board.json", "manifest.py", "mpconfigboard.cmake", "mpconfigboard.h", "pins.csv"}

SCHEMA: dict[str, object] = {
    "id": str,
    "product": str,
    "vendor": str,
    "mcu": {"esp32", "esp32s3"},
    "chip": {"ESP32", "ESP32-S3"},
    "flash_size": {4 << 20, 8 << 20, 16 << 20},
    "psram_size": {0, 4 << 20, 8 << 20},
    "psram_mode": {"quad", "octal", None},
    "flash_offset": {0x0, 0x1000},
    "partitions": str,
    "app_budget": int,
    "server_stack_bytes": int,
    "usb": {"adapter", "bridge", "native", "native and bridge", "pseudo-terminal"},
    "led": {"active-high", "active-low", None},
    "lamp": {"active-high", "active-low", None},
    "camera": (dict, type(None)),
    "power": (dict, type(None)),
    "user_c_modules": str,
    "drivers": dict,
    "features": list,
    "level": {"described, checked without a board", "compiled", "emulated", "run on hardware"},
    "sources": list,
}

#: Macro of mpconfigboard.h -> what it may be set to; ports/esp32/mpconfigport.h reads all but the camera's.
MACROS = {
    "MICROPY_HW_BOARD_NAME": r'"[^"]+"',
    "MICROPY_HW_MCU_NAME": r'"ESP32(S3)?"',
    "MICROPY_PY_BLUETOOTH": r"\(0\)",
    "MICROPY_HW_ENABLE_USBDEV": r"\(0\)",
    "MICROPY_HW_ENABLE_UART_REPL": r"\(1\)",
}


#: What the port's CMakeLists.txt has set when it includes the board's file.
STARTING = {"CMAKE_BINARY_DIR": ["/build"], "MICROPY_BOARD": ["X"], "MICROPY_BOARD_DIR": ["/X"]}


def each(chosen: list[Board]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("board", chosen, ids=lambda board: board.id)


def configured(board: Board) -> Cmake:
    """The board's mpconfigboard.cmake as ports/esp32/CMakeLists.txt includes it."""
    cmake = Cmake(dict(STARTING), {"ESP32_CAMERA_DIR": "/sources/esp32-camera"})
    cmake.read(board.path / "mpconfigboard.cmake")
    return cmake


def sdkconfig(board: Board) -> dict[str, str]:
    """What our own fragments set: CONFIG_ name -> value, the last one counting."""
    cmake = configured(board)
    texts = [
        cmake.written[name] if name in cmake.written else Path(name).read_text()
        for name in cmake.variables["SDKCONFIG_DEFAULTS"]
        if name.startswith("/")
    ]
    lines = [line for text in texts for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r'CONFIG_[A-Z0-9_]+=("[^"]*"|y|n|\d+|)', line)] == []
    return dict(line.split("=", 1) for line in lines)


def macros(board: Board) -> dict[str, str]:
    lines = [line for line in (board.path / "mpconfigboard.h").read_text().splitlines() if line.strip()]
    found = [re.fullmatch(r"#define (\w+) (.+)", line) for line in lines if not line.startswith("//")]
    assert None not in found, "mpconfigboard.h has only #define NAME value and comments"
    return {match[1]: match[2] for match in found if match}


def test_the_boards_are_those_of_the_issue() -> None:
    assert {board.id for board in ALL} == EXPECTED


@each(ALL)
def test_a_folder_has_what_the_port_reads_and_nothing_else(board: Board) -> None:
    assert {path.name for path in board.path.iterdir()} == FILES


@each(ALL)
def test_board_json_keeps_to_the_schema(board: Board) -> None:
    data = board.data
    assert set(data) == set(SCHEMA)
    for key, value in data.items():
        kind = SCHEMA[key]
        assert value in kind if isinstance(kind, set) else isinstance(value, kind), f"{key}: {value!r}"  # type: ignore[arg-type]
    assert data["id"] == board.path.name
    assert data["chip"].replace("-", "").lower() == data["mcu"]
    assert data["flash_offset"] == {"esp32": 0x1000, "esp32s3": 0}[data["mcu"]]
    assert (data["psram_size"] > 0) == (data["psram_mode"] is not None)
    assert data["partitions"] == f"partitions-{boards.size(data['flash_size']).replace(' ', '')}.csv"
    assert (TOP / data["user_c_modules"]).is_file()


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
    assert board.data["psram_size"] >= 4 << 20
    assert set(board.data["camera"]) == {"model", "xclk_mhz", "frame_buffers"}
    assert board.data["camera"]["xclk_mhz"] in range(1, 41)  # modcamera.c: 40 MHz at most
    assert board.data["camera"]["frame_buffers"] in (1, 2)


@each(ALL)
def test_sdkconfig_fragments_exist_in_every_release(board: Board) -> None:
    cmake = configured(board)
    fragments = cmake.variables["SDKCONFIG_DEFAULTS"]
    ports = [name for name in fragments if not name.startswith("/")]
    assert ports[0] == "boards/sdkconfig.base"
    for release, known in facts.FRAGMENTS.items():
        missing = [name for name in ports if name not in {f"boards/sdkconfig.{known}" for known in known}]
        assert missing == [], release
    ours = [name for name in fragments if name.startswith("/")]
    assert [name for name in ours if name not in cmake.written and not Path(name).is_file()] == []
    assert len(set(fragments)) == len(fragments)


@each(ALL)
def test_the_fragments_fit_the_psram(board: Board) -> None:
    names = {Path(name).name for name in configured(board).variables["SDKCONFIG_DEFAULTS"]}
    chosen = {name.removeprefix("sdkconfig.") for name in names if "spiram" in name}
    mode = (board.data["mcu"], board.data["psram_mode"])
    known = {("esp32", "quad"): {"spiram"}, ("esp32s3", "octal"): {"spiram_sx", "spiram_oct"}}
    assert chosen == known.get(mode, set())


@each(ALL)
def test_the_variables_of_mpconfigboard_cmake(board: Board) -> None:
    cmake = configured(board)
    values = cmake.variables
    assert values["IDF_TARGET"] == [board.data["mcu"]]
    assert values["MICROPY_PY_TINYUSB"] == ["OFF"]
    assert values["MICROPY_PY_BTREE"] == ["OFF"]
    assert Path(values["MICROPY_LIB_DIR"][0]).resolve() == frozen.LIB
    wanted = ["/sources/esp32-camera"] if board.data["camera"] else None
    assert values.get("EXTRA_COMPONENT_DIRS") == wanted
    ours = {"SDKCONFIG_DEFAULTS", "IDF_TARGET", "MICROPY_PY_TINYUSB", "MICROPY_PY_BTREE", "MICROPY_LIB_DIR"}
    ours |= {"EXTRA_COMPONENT_DIRS", "CAMCORS_FLASH", "CAMCORS_CAMERA", "CAMCORS_SDKCONFIG"}
    assert set(values) - ours == {*STARTING, "CMAKE_CURRENT_LIST_DIR"}


def test_cmake_run_by_itself_says_how_to_build() -> None:
    cmake = Cmake({**STARTING, "MICROPY_BOARD": ["ESP_EYE"]})
    with pytest.raises(ValueError, match="build with make firmware BOARD=ESP_EYE"):
        cmake.read(BOARDS / "ESP_EYE" / "mpconfigboard.cmake")


@each(ALL)
def test_what_our_fragments_set(board: Board) -> None:
    config = sdkconfig(board)
    assert set(config) <= facts.CONFIG_NAMES
    assert int(config["CONFIG_LWIP_MAX_SOCKETS"]) <= 16  # the range of ESP-IDF 5.3
    assert config["CONFIG_BT_ENABLED"] == "n"
    table = config["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"].strip('"')
    assert Path(table).is_absolute()
    assert Path(table).resolve() == BOARDS / "common" / board.data["partitions"]
    sizes = {name: value for name, value in config.items() if name.startswith("CONFIG_ESPTOOLPY_FLASHSIZE_")}
    (chosen,) = (name for name, value in sizes.items() if value == "y")
    assert chosen == f"CONFIG_ESPTOOLPY_FLASHSIZE_{board.data['flash_size'] >> 20}MB"
    assert config.get("CONFIG_ETH_USE_OPENETH") == ("y" if board.id == "QEMU_ESP32" else None)


@each(ALL)
def test_the_macros_of_mpconfigboard_h(board: Board) -> None:
    found = macros(board)
    camera = board.data["camera"]
    if camera:
        assert found.pop(f"MICROPY_CAMERA_MODEL_{camera['model']}") == "(1)"
    assert [name for name, value in found.items() if not re.fullmatch(MACROS.get(name, ""), value)] == []
    assert found["MICROPY_HW_MCU_NAME"] == f'"{board.data["mcu"].upper()}"'
    assert "MICROPY_HW_BOARD_NAME" in found and "MICROPY_PY_BLUETOOTH" in found
    assert ("MICROPY_HW_ENABLE_USBDEV" in found) == (board.data["mcu"] == "esp32s3")
    assert ("MICROPY_HW_ENABLE_UART_REPL" in found) == (board.data["usb"] == "native and bridge")


@each(CAMERAS)
def test_the_pins_are_those_of_the_camera_model(board: Board) -> None:
    known = facts.CAMERA_MODELS[board.data["camera"]["model"]]
    assert {name: pin for name, pin in board.pins().items() if name.startswith("CAM_")} == known


@each(ALL)
def test_pins_exist_and_nothing_else_uses_them(board: Board) -> None:
    pins, mcu = board.pins(), board.data["mcu"]
    taken = facts.TAKEN[mcu] | facts.PSRAM_PINS.get((mcu, board.data["psram_mode"]), set())
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
    (app,) = (row for row in rows if row.type == "app")
    assert app.offset == 0x10000
    wanted = facts.MEASURED_APP[board.data["mcu"]] + facts.APP_RESERVE
    assert wanted <= board.data["app_budget"] <= app.size
    (vfs,) = (row for row in rows if row.name == "vfs")
    assert (vfs.type, vfs.subtype) == ("data", "fat")
    assert vfs.size >= 2 << 20
    assert {row.name for row in rows} - {"romfs"} == {"nvs", "phy_init", "factory", "vfs"}


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

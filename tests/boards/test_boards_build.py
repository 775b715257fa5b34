"""What the build makes of the boards' data: the frozen board.py, the manifests, the page's table."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from camcors_build import boards, drivers, frozen, host, marked, source, wraps
from camcors_build.boards import BOARDS, Board
from camcors_build.source import BuildError

from strict import field
from tests.kit import c, cmake

ALL = boards.every()
CAMERAS = [board for board in ALL if board.data["camera"]]


def each(chosen: list[Board]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("board", chosen, ids=lambda board: board.id)


@each(ALL)
def test_board_py_compiles_and_says_what_the_firmware_reads(board: Board, tmp_path: Path) -> None:
    text = board.module("1.2.3")
    path = tmp_path / "board.py"
    path.write_text(text)
    cross = frozen.mpy_cross(source.find(frozen.BUILD))
    assert subprocess.run([cross, "-o", tmp_path / "board.mpy", path]).returncode == 0
    names: dict[str, object] = {}
    exec(text, names)
    assert {name for name in names if name.isupper()} == {
        "NAME",
        "FIRMWARE",
        "SERVER_STACK_BYTES",
        "SETTINGS",
        "CAMERA",
        "LED",
        "LAMP",
        "POWER",
        "DEFAULTS",
    }


@each(ALL)
def test_the_camera_driver_takes_the_boards_defaults(board: Board) -> None:
    fields = drivers.fields(boards.TOP / "firmware", board.data["drivers"]["camera"])
    assert fields is not None
    for sensor, chosen in board.data.get("defaults", {}).items():
        assert sensor in ("any", "OV2640", "OV3660", "OV5640")
        for name, value in chosen.items():
            assert field.check(*fields[name], value) is None, (sensor, name)


def test_the_defaults_are_frozen() -> None:
    assert module_of("QEMU_ESP32")["DEFAULTS"] == {"any": {"frame_size": "QQVGA"}}
    assert module_of("AI_THINKER_ESP32_CAM")["DEFAULTS"] == {}


def module_of(name: str) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(boards.load(name).module("1.2.3"), names)
    return names


def test_board_py_of_the_ai_thinker() -> None:
    module = module_of("AI_THINKER_ESP32_CAM")
    assert module["CAMERA"] == {
        "data_pins": (5, 18, 19, 21, 36, 39, 34, 35),
        "pclk_pin": 22,
        "vsync_pin": 25,
        "href_pin": 23,
        "sda_pin": 26,
        "scl_pin": 27,
        "xclk_pin": 0,
        "powerdown_pin": 32,
        "reset_pin": -1,
        "xclk_freq": 20_000_000,
        "fb_count": 2,
    }
    assert (module["LED"], module["LAMP"]) == ((33, False), (4, True))
    assert module["POWER"] == {"levels": (), "i2c": None}


def test_board_py_of_boards_that_power_the_sensor() -> None:
    assert module_of("M5STACK_TIMER_CAMERA")["POWER"] == {"levels": ((33, 1),), "i2c": None}
    assert module_of("DFROBOT_FIREBEETLE2_S3")["POWER"] == {
        "levels": (),
        "i2c": {
            "chip": "AXP313A",
            "sda": 1,
            "scl": 2,
            "address": 0x36,
            # Outputs on, then ALDO 0.5 V + 7 * 0.1 V and DLDO 0.5 V + 23 * 0.1 V.
            "writes": ((0x00, 0x04), (0x10, 0x19), (0x16, 7), (0x17, 23)),
            "delay_ms": 10,
        },
    }


def test_board_py_of_a_board_that_stays_on() -> None:
    assert module_of("TTGO_T_CAMERA_PLUS")["POWER"] == {
        "levels": (),
        # SYS_CTL0 with bit 1, "boost keep on"; the camera's own bus.
        "i2c": {
            "chip": "IP5306",
            "sda": 18,
            "scl": 23,
            "address": 0x75,
            "writes": ((0x00, 0x37),),
            "delay_ms": 0,
        },
    }


def test_board_py_of_the_boards_without_a_sensor() -> None:
    for name in ("HOST", "QEMU_ESP32"):
        module = module_of(name)
        assert (module["CAMERA"], module["LED"], module["LAMP"]) == (None, None, None)


@pytest.mark.parametrize("board", boards.every(), ids=lambda board: board.id)
def test_a_manifest_freezes_what_its_image_must_have(board: boards.Board) -> None:
    frozen.copy_microdot()
    frozen.write_pages()
    frozen.make_lib()
    frozen.write_board(board)
    names = {name for _, name in host.manifest_files(source.find(frozen.BUILD), board.path / "manifest.py")}
    assert frozen.required_modules(board) <= names


def test_what_camcors_install_brings_has_the_esp32s_drivers() -> None:
    text = (BOARDS / "common" / "manifest_stock.py").read_text()
    assert 'package("camcors_esp32", base_path="../../firmware")' in text.splitlines()


@each([boards.load("QEMU_ESP32"), boards.load("ESP_EYE"), boards.load("XIAO_ESP32S3_SENSE")])
def test_our_c_modules_are_linked_and_keep_our_manifest(board: Board, tmp_path: Path) -> None:
    found = cmake.link(board, tmp_path)
    own = {"camera_wait.c", "modcamera.c"} if board.data["camera"] else {"open_eth.c"}
    assert (found.manifest, found.sources) == (
        "ours",
        {"esp32_heap.c", *c.SHARED, *own},
    )
    wraps.check(found.map_file, board)


def test_all_boards_have_the_c_of_one_of_these() -> None:
    modules = {board.id: board.data["user_c_modules"] for board in ALL if board.data["camera"]}
    assert set(modules.values()) == {"boards/common/micropython.cmake"}
    assert {board.id for board in ALL} - set(modules) == {"QEMU_ESP32"}


@pytest.mark.parametrize(
    "name", ["gc_get_max_new_split", "esp_camera_fb_get", "esp_camera_deinit", "mp_thread_deinit"]
)
def test_a_wrap_that_is_forgotten_fails_the_build(name: str, tmp_path: Path) -> None:
    board = boards.load("ESP_EYE")
    for folder in ("boards/common", "firmware"):
        shutil.copytree(boards.TOP / folder, tmp_path / folder)
    for path in (tmp_path / "firmware").rglob("micropython.cmake"):
        path.write_text(path.read_text().replace(f"-Wl,--wrap={name}", ""))
    found = cmake.link(board, tmp_path / "image", tmp_path / board.data["user_c_modules"])
    with pytest.raises(BuildError, match=f"^not linked in: {name}; add -Wl,--wrap= for each "):
        wraps.check(found.map_file, board)


def test_the_port_ends_its_threads_before_their_heap() -> None:
    """Our C ends the server in a wrapped function, which must be one that it calls before that."""
    port = (source.find(frozen.BUILD).path / "ports" / "esp32" / "main.c").read_text()
    assert port.index("soft_reset_exit:") < port.index("mp_thread_deinit();") < port.index("gc_sweep_all();")


def test_the_table_in_the_docs_is_current() -> None:
    text = boards.PAGE.read_text()
    assert boards.with_table(text) == text, "run make table"


def test_each_trial_is_described() -> None:
    dates = {board.data["level"]["date"] for board in ALL if "date" in board.data["level"]}
    assert dates == set(json.loads((BOARDS / "common" / "trials.json").read_text()))
    assert not [board.id for board in ALL if board.data["level"]["reached"] == "on hardware"]


def test_the_list_for_the_workflow(capsys: pytest.CaptureFixture[str]) -> None:
    assert boards.main(["list"]) == 0
    assert json.loads(capsys.readouterr().out) == [board.id for board in ALL]


#: Pins of the camera and the lights that another part is on as well, by the sources in board.json.
SHARED = {
    "AI_THINKER_ESP32_CAM": {"microSD card": {4}},
    "DFROBOT_FIREBEETLE2_S3": {"display on the GDI connector": {21}},
    "ESP_WROVER_KIT_CAM": {"microSD card": {2, 4, 21}, "LCD": {5, 18, 19, 21, 22, 23, 25}},
    "FREENOVE_ESP32_WROVER_CAM": {"microSD card": {2}},
    "XIAO_ESP32S3_SENSE": {"microSD card": {21}},
}


def test_what_shares_its_pins_is_named() -> None:
    found = {
        board.id: {part: {board.pins()[name] for name in pins} for part, pins in board.data["shared"].items()}
        for board in ALL
        if "shared" in board.data
    }
    assert found == SHARED


def test_psram_is_what_the_board_has_and_what_its_chip_maps() -> None:
    words = {board.id: boards.psram(board) for board in ALL}
    two = "8 MB, some 4 MB; 4 MB used"
    assert {name: said for name, said in words.items() if said != "8 MB"} == {
        "AI_THINKER_ESP32_CAM": two,
        "ESP_EYE": "8 MB; 4 MB used",
        "ESP_WROVER_KIT_CAM": two,
        "FREENOVE_ESP32_WROVER_CAM": two,
        "M5STACK_TIMER_CAMERA": "8 MB; 4 MB used",
        "QEMU_ESP32": "–",
        "TTGO_T_CAMERA_PLUS": "8 MB; 4 MB used",
    }


def test_a_fault_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boards, "PAGE", tmp_path / "boards.md")
    boards.PAGE.write_text("no table")
    assert boards.main(["table"]) == 1
    said = f"camcors: docs/boards.md has no table of boards; write {' and '.join(marked.marks('boards'))}\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("name", ["", "AI_THINKER", "../boards/HOST", "common"])
def test_an_unknown_board_names_the_known_ones(name: str) -> None:
    with pytest.raises(source.BuildError, match="write BOARD= and one of AI_THINKER_ESP32_CAM, DFROBOT"):
        boards.load(name)


@pytest.mark.parametrize("row", ["LED", "LED,33", "LED,GPIO33,1", "LED,GPIO33\nLED,GPIO4"])
def test_a_bad_row_of_pins_is_refused(tmp_path: Path, row: str) -> None:
    (tmp_path / "pins.csv").write_text(row + "\n")
    with pytest.raises(source.BuildError, match="write name,GPIOn, each name once"):
        Board(tmp_path, {}).pins()

"""The ESP32's driver and network against fakes of its modules, faults included, on both Pythons."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.camera import PROGRAM, TOP, free_port

HERE = Path(__file__).resolve().parent

NOT_FOUND = "the Wi-Fi network is not in reach; check its name, and that it is a 2.4 GHz one"
REFUSED = "the Wi-Fi network refused the camera; check the password"
FAST = "20 MHz with 2 buffers"
SLOW = "10 MHz with 2 buffers"
TWICE = FAST + ", " + SLOW
ABSENT = "no camera sensor that the driver knows answers; tried {}; switch off, reseat its ribbon cable, "
ABSENT += "and check its power and its model"
NO_SENSOR = ABSENT.format(TWICE)
NO_JPEG = "the sensor {} makes no JPEG, which the camera needs; fit an OV2640, an OV3660 or an OV5640"
COARSEST = "pictures outgrow their buffer at quality 1; choose another frame_size"
STALLED = "the sensor has stopped sending pictures, and is restarted once a minute; check its power "
STALLED += "(docs/boards.md, Known troubles)"
NO_FRAME = "the sensor answers but sends no picture; tried {}; check its power, and that the image is the "
NO_FRAME += "board's (docs/boards.md, Known troubles)"
UNSET = "the sensor answers but does not take its settings; tried {}; check its power "
UNSET += "(docs/boards.md, Known troubles)"
RUNS = "camcors: camera: the sensor runs with {}, after it did not with {}"
NO_PSRAM = "no PSRAM found, and pictures need it; check that the board is the one the firmware is for"
NO_ROOM_AFTER = "the PSRAM has no room for the pictures, or the sensor's bus failed; tried {}; "
NO_ROOM_AFTER += "choose a smaller frame_size, or reset"
NO_ROOM = NO_ROOM_AFTER.format(FAST)
THRICE = TWICE + ", 10 MHz with 1 buffer"
NOT_TAKEN = "the sensor did not take it; try again, and check its cable and power if it stays so"
RESTARTED = "the sensor was restarted"
BOUND = ["192.168.4.1", 53]
HELPERS = ("ask", "booted", "capture", "next_part", "resolved", "started")
SIZES = ["QVGA", "CIF", "HVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA"]
SWITCH = {"values": [False, True]}
LEVEL = {"min": -2, "max": 2}


def report(
    state: str, address: str | None = None, rssi: int | None = None, error: str | None = None
) -> object:
    return {"state": state, "address": address, "name": "camcors", "rssi": rssi, "error": error}


NETWORK = {
    "joins_a_network": [
        report("off"),
        report("connecting"),
        report("connected", "192.168.1.7", -48),
        ["192.168.1.7"],
        True,
        [[0, "hostname", "camcors"], [0, "sta", True], [0, "connect", "home"]],
        0,
    ],
    "joins_an_open_network": "connected",
    # The first attempt fails after 2 s; of the next ones the radio tells the old reason until 15 s are over.
    "tries_on_with_longer_pauses": [
        [0, 3000, 20000, 39000, 62000, 93000, 140000, 215000, 290000, 365000],
        report("connecting", error=NOT_FOUND),
        [],
        True,
    ],
    "takes_a_network_that_comes_late": ["connected", None, [2000]],  # noticed within 1 s, tried 1 s later
    "names_a_wrong_password": report("connecting", error=REFUSED),
    "comes_back_when_the_network_does": [
        report("connecting", error=NOT_FOUND),
        "connected",
        ["192.168.1.7", None, "192.168.1.7"],
    ],
    "learns_another_address": ["192.168.1.99", ["192.168.1.7", "192.168.1.99"]],
    "keeps_a_connection_over_a_soft_reset": [1, 1, "connected"],
    "keeps_a_connection_to_a_name_of_32_bytes": [32, [["connected", 1], ["connected", 1], ["connected", 2]]],
    "says_that_a_new_name_needs_a_reset": [
        ["connected", "garden", "garden"],
        ["connected", "garden", "garden"],
        ["connected", "gate", "garden"],
    ],
    "joins_though_a_soft_reset_broke_a_join_off": ["connected", [0, 1000]],
    "survives_a_radio_that_fails": [
        report("off", error="the radio reports: WiFi Out of Memory"),
        report("off", error="the radio reports: Wifi Unknown Error 0x3001"),
        True,
        "connected",
    ],
    "sets_the_host_name_before_it_joins": ["c" * 32, True],
    "opens_a_closed_access_point": [
        report("access-point", "192.168.4.1"),
        {"ssid": "camcors-1A2B", "security": 3, "key": True},
        True,
        ["192.168.4.1"],
        True,
        [["küche", -40], ["far", -50]],
        False,
    ],
    "opens_an_access_point_when_a_file_asks_for_it": ["access-point", []],
    "keeps_the_key_of_the_access_point": [True, True],
    "never_leaves_an_open_access_point": [
        [False, "off", "the radio reports: Wifi Invalid Password"],
        True,
        3,
        "access-point",
    ],
    "opens_though_the_scan_fails": ["access-point", []],
    "scans_again_where_a_scan_finds_nothing": [[["home", -40]], []],
    "answers_dns_while_the_access_point_is_up": [
        ["192.168.4.1"],
        [["192.168.4.1", "closed"], "connecting"],
        [["192.168.4.1", "closed", "192.168.4.1"], "access-point"],
        "closed",
    ],
    "dns_survives_errors": [
        ["open", BOUND, False, ["phone", 35], ["phone", 35], "close"],
        ["open", BOUND, False, ["phone", 35], ["phone", 35], "close"],
        # An empty datagram, after which the port reads nothing more from the socket.
        [
            "open",
            BOUND,
            False,
            "close",
            "open",
            BOUND,
            False,
            ["phone", 35],
            "close",
        ],
        # The port is taken at first, and then there is no memory.
        ["open", "close", "open", "close", "open", BOUND, False, ["phone", 35], "close"],
    ],
    "closes_the_access_point_when_there_is_a_network": [False, "connected"],
    # [milliseconds since the start, lit], the last four of: connecting, connected, connected with a camera
    # that fails, not in reach, access point.
    "blinks_by_state": [
        [[0, True], [500, False], [1000, True]],
        [[3500, False], [4000, False], [4500, False], [5000, False]],
        [[4700, False], [4800, True], [4900, False], [5000, True]],
        [[19700, False], [19800, True], [19900, False], [20000, True]],
        [[100, False], [250, True], [350, False], [2000, True]],
    ],
}

CAMERA = {
    "starts_the_sensor": [
        ["camera", None, {}, {}],
        [],
        [
            "OV2640",
            None,
            {
                "frame_size": "SVGA", "quality": 100, "brightness": 0, "contrast": 0, "saturation": 0,
                "hmirror": False, "vflip": True, "whitebal": True, "wb_mode": 0, "gain_ctrl": True,
                "agc_gain": 5, "exposure_ctrl": True, "aec_value": 300, "ae_level": 0, "special_effect": 0,
                "standby_s": 60,
            },
            {
                "frame_size": {"values": SIZES}, "quality": {"min": 1, "max": 100}, "brightness": LEVEL,
                "contrast": LEVEL, "saturation": LEVEL, "hmirror": SWITCH, "vflip": SWITCH,
                "whitebal": SWITCH, "wb_mode": {"min": 0, "max": 4}, "gain_ctrl": SWITCH,
                "agc_gain": {"min": 0, "max": 30}, "exposure_ctrl": SWITCH,
                "aec_value": {"min": 0, "max": 1200}, "ae_level": LEVEL,
                "special_effect": {"min": 0, "max": 6}, "standby_s": {"min": 0, "max": 3600},
            },
        ],
        ["init", 10, 72, 2, 1],  # VGA, quality 80, two buffers, GrabMode.LATEST
        [["quality", 91], ["vflip", True]],
    ],
    "powers_the_sensor_first": [
        ["pin", 13, 1, True],
        ["pwm", 4, 1000, 0],
        ["pwm", 33, 1000, 65535],
        ["i2c", 2, 1],
        ["write", 54, 0, 4],
        ["write", 54, 16, 25],
    ],
    "says_what_is_wrong": [
        [NO_SENSOR], [NO_FRAME.format(THRICE)], [NO_PSRAM], [], ["the camera does not start"], [[], None],
    ],
    # From then on only the one that it answered to.
    "asks_a_sensor_with_a_slower_clock": [
        [[], NO_FRAME.format(SLOW), [255, 216], [20000000, 10000000, 10000000, 10000000]],
        [[], NO_FRAME.format(SLOW), [255, 216], [20000000, 10000000, 10000000, 10000000]],
    ],
    # A row for each attempt, a column for each of: other, absent, full, unset, silent.
    "chooses_the_next_attempt": [
        [None, [10000000, 2], [20000000, 1], [10000000, 2], [10000000, 2]],
        [None, [10000000, 1], None, [10000000, 1], [10000000, 1]],
        [None, None, [10000000, 1], None, [10000000, 1]],
        [None, None, None, None, None],
        [None, None, [8000000, 1], None, [8000000, 1]],
    ],
    "tries_a_slower_clock_and_one_buffer": [
        [[[20, 2]], [], [], [255, 216]],
        [
            [[20, 2], [10, 2]],
            [RUNS.format(SLOW, FAST)], [], [255, 216],
        ],
        [[[20, 2], [10, 2], [10, 1]], [RUNS.format("10 MHz with 1 buffer", TWICE)], [], [255, 216]],
        [[[20, 2], [10, 2], [10, 1]], [RUNS.format("10 MHz with 1 buffer", TWICE)], [], [255, 216]],
        [[[20, 2], [10, 2], [10, 1]], [], [NO_FRAME.format(THRICE)], None],
        [
            [[20, 2], [20, 1]],
            [RUNS.format("20 MHz with 1 buffer", FAST)], [], [255, 216],
        ],
        [
            [[20, 2], [20, 1], [10, 1]],
            [RUNS.format("10 MHz with 1 buffer", FAST + ", 20 MHz with 1 buffer")],
            [], [255, 216],
        ],
        [[[20, 2], [20, 1]], [], [NO_ROOM_AFTER.format(FAST + ", 20 MHz with 1 buffer")], None],
    ],
    "stays_with_one_buffer_once_it_has_found_it": [[3], [3], [[10, 1]], 8000],
    "tells_what_it_has_reached": [
        [[NO_FRAME.format(TWICE)], [[20, 2], [10, 2]]],
        [[NO_FRAME.format(THRICE)], [[20, 2], [10, 2], [10, 1]]],
        [[UNSET.format(TWICE)], [[20, 2], [10, 2]]],
        [[], [[20, 2], [10, 2]]],
        [["the camera does not start: OSError(12, 'ESP_ERR_NO_MEM')"], [[20, 2]]],
        [[NO_FRAME.format(TWICE)], [[20, 2], [10, 2]]],
    ],
    "tries_nothing_slower_than_a_slow_board": [[NO_FRAME.format("10 MHz with 1 buffer")], [[10, 1]]],
    "names_a_sensor_without_jpeg": [
        [[NO_JPEG.format("GC2145")], {}, [20000000, 10000000, 10000000], ["deinit"]],
        [NO_JPEG.format("there")],
    ],
    "lowers_the_quality_of_pictures_that_outgrow_their_buffer": [
        ["pictures outgrow their buffer at quality 90; lowered to 80",
         "pictures outgrow their buffer at quality 80; lowered to 70"],
        [255, 216], 70, 8000, None, 90,
    ],
    "rests_when_no_quality_fits": [
        ["pictures outgrow their buffer at quality 11; lowered to 1"] + 3 * [COARSEST],
        8000, COARSEST, [255, 216], None, 0,
    ],
    "keeps_a_lowered_quality_over_a_new_start": [
        70, 8000, [[255, 216], 70, True, 0], RESTARTED, [[255, 216], 70, True, 0],
    ],
    "forgets_a_lowered_quality_once_another_is_set": 2 * [
        [85, [255, 216], 85], [80, [255, 216], 80], [70, [255, 216], 70],
    ],
    "does_not_wake_when_no_quality_fits": [
        [COARSEST, COARSEST], [True, COARSEST, 0], [255, 216], None,
    ],
    "serves_without_a_sensor": [NO_SENSOR, 1, {}, {}, 30],
    "finds_a_sensor_that_comes_later": [NO_SENSOR, RESTARTED, [255, 216, [2], 1], None, True],
    "never_looks_again_for_psram": [NO_PSRAM, []],
    "copies_each_picture": [[255, 216, [2], 1], [255, 216, [3], 2], 0],
    "viewers_keep_their_picture": [[64, 255, 216, [2]], [64, 255, 216, [3]]],
    "waits_without_the_lock": [STALLED, [1000, 2000, 3000], 0, STALLED],
    "lets_all_who_wait_go_together": [STALLED] * 6,
    # 40 failed captures in 160 s and more: one start, and then one a minute at 4 s each.
    "starts_a_stalled_sensor_anew_once_a_minute": [5, 16000, RESTARTED, [255, 216], None, [True, 2]],
    "drops_a_stale_picture_of_one_buffer": [[1, 0], [255, 216, [3], 1], 2, 0],
    "goes_on_with_one_buffer_after_a_stall": [[255, 216], STALLED, [[255, 216]] * 3, 1, 0],
    "gives_back_a_buffer_that_there_is_no_memory_to_show": [
        "no memory for the picture; choose a smaller frame_size or quality",
        [255, 216],
        0,
    ],
    "takes_the_pins_of_the_module_where_the_board_names_none": [
        ["the module camera knows no pins, and /lib/board.py names none; write them there as CAMERA"],
        [],
        [[2, 1]],
        None,
    ],
    "survives_a_soft_reset": [[], ["deinit", "init"], None],
    "rests_and_wakes_for_the_next_picture": [
        [255, 216],
        [True, ["deinit"], [["pin", 32, 1, None], ["pin", 0, "in", True]], None],
        True, [255, 2], False, [True, True, 50], [12],  # milliseconds of the power chip
    ],
    "never_waits_for_days_after_waking": [1000, 1000, None],
    "takes_settings_while_it_rests": [
        [True, ["SVGA", True, 5], [], ["ValueError"]], [255, 216], [11, True, "SVGA", 5],
    ],
    "says_what_a_sensor_refuses_on_waking": [
        ["camcors: camera.frame_size: the sensor OV2640 refused it: " + NO_ROOM], [255, 216], "VGA", None,
    ],
    "drops_what_one_buffer_holds_since_the_waking": [[3], 0],
    "wakes_to_a_sensor_that_is_gone": [[ABSENT.format(FAST), False, {}], False, [255, 216], True],
    "rests_only_once_no_other_thread_waits": [False, [255, 216], True],
    "rests_whatever_the_driver_says": [
        2 * [[True, [255, 216]]],
        ["camcors: camera: the sensor stays on in standby: invalid pin; "
         "check powerdown_pin and xclk_pin of CAMERA"],
        False,
    ],
    "has_a_standby_of_its_own": [60, [], [], 30, 0],
    "narrows_the_settings_to_the_sensor": [
        [[], "QSXGA", True, -3],
        [
            [
                "camera.frame_size: the sensor OV2640 refused it: frame_size must be one of "
                + ", ".join(f'"{size}"' for size in SIZES),
                "camera.brightness: the sensor OV2640 refused it: "
                "brightness must be a whole number from -2 to 2",
                "camera.sharpness: the sensor OV2640 has no such setting",
            ],
            "UXGA",
            False,
            -2,
        ],
    ],
    "maps_the_quality": [[1, 63], [2, 63], [50, 35], [99, 7], [100, 6]],
    "keeps_the_settings_over_a_new_frame_size": ["UXGA", 2, True, 15],
    "goes_back_when_a_frame_size_fails": [[NO_ROOM], None, "SVGA", 2, [255, 216]],
    "starts_smaller_when_the_wished_frame_size_fails": [
        ["camera.frame_size: the sensor OV2640 refused it: " + NO_ROOM], None, "VGA", 2,
    ],
    "takes_each_frame_size_of_the_sensor": [9, True],
    "restarts_where_a_frame_size_is_refused_before_the_end": [
        "Invalid grab_mode", None, "VGA", 2, [255, 216],
    ],
    "reads_back_what_was_set": [[NOT_TAKEN, NOT_TAKEN], 0, "VGA", 1],
    "can_set_again_what_it_has_read": 1200,
    "starts_with_what_the_board_says_of_its_sensor": [[], True, False, 1, True],
    "refuses_bad_values": ["ValueError", "ValueError", "ValueError", "KeyError"],
    "dims_the_lamp": [
        [["duty", 4, 32767], ["duty", 4, 65535], ["duty", 4, 0], ["duty", 33, 62259], ["duty", 33, 65535]],
        0,
    ],
    "leaves_an_led_that_a_person_set": [["duty", 33, 62259], ["duty", 33, 32768], ["duty", 33, 65535]],
    "has_no_lamp": [0, []],
}  # fmt: skip


BOOT = {
    "boots_the_radio_before_the_sensor": [
        [0],
        [2012],  # after the join, and 12 ms for the power chip
        report("connected", "192.168.1.7", -48),
        {"name": "OV2640", "led": 0, "standby": False, "error": None},
        405,
        421,
    ],
    "boots_without_a_sensor_and_a_network": [
        report("access-point", "192.168.4.1"),
        {"name": "camera", "led": 0, "standby": False, "error": NO_SENSOR},
        NO_SENSOR,
        [200, {"ranges": {}}],
        [503, {"error": NO_SENSOR, "code": "no-sensor"}],
        [302, 421],
        200,
    ],
}


def run(*command: object) -> str:
    path = os.pathsep.join(str(TOP / folder) for folder in ("src", "firmware", "build/generated"))
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


@functools.cache
def forked() -> dict[str, tuple[int, str]]:
    """The exit status and the output of each case on CPython, whose imports take longer than a case."""
    return json.loads(run(sys.executable, HERE / "forked.py", *PLAYED))


def play(python: str, case: str) -> list[str]:
    """What the case prints, line by line."""
    if python == "micropython":
        return run(PROGRAM, HERE / "cases.py", case, free_port()).splitlines()
    status, printed = forked()[case]
    assert status == 0, printed
    return printed.splitlines()


# What uses the flash: [the files are mounted, the station is on, the access point is on].
UNUSED = [False, False, False]
FACTORY = {
    "erases_the_flash_that_nobody_uses": [
        [True, True, False],
        [[True, True, False]],
        [2, 4, 4, 0],
        [["nvs", 0, UNUSED], ["vfs", 0, UNUSED], ["vfs", 2, UNUSED], ["vfs", 3, UNUSED]],
        "",
    ],
    "lets_go_of_the_flash_again": [["vfs", 0, UNUSED], ["vfs", 2, UNUSED], ["vfs", 3, UNUSED]],
    "says_that_a_block_is_worn_out": [5, "the flash does not erase its block 0 of vfs"],
}

PLAYED = NETWORK | CAMERA | FACTORY
CASES = [(python, *item) for python in ("cpython", "micropython") for item in PLAYED.items()]
# The start measures the heap, which CPython has no word for.
CASES += [("micropython", *item) for item in BOOT.items()]


@pytest.mark.parametrize(("python", "case", "outcome"), CASES)
def test_case(program: Path, python: str, case: str, outcome: object) -> None:
    said = play(python, case)
    assert json.loads(said[-1]) == outcome
    assert "a secret" not in "".join(said)
    assert sum("gate.local answers after a hard reset: camcors reset" in line for line in said) == (
        case == "says_that_a_new_name_needs_a_reset"
    )


def test_every_case_is_in_the_table() -> None:
    written = [line.split("(")[0] for line in (HERE / "cases.py").read_text().split("\nasync def ")[1:]]
    assert sorted(written) == sorted([*PLAYED, *BOOT, *HELPERS])

"""What a board.json must say, checked once when it is read; boards/README.md says what each key means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .source import BuildError

#: How far a board was tried, each with all before it.
LEVELS = ("described", "checked", "compiled", "emulated", "on hardware")
_LEVEL = ("reached", "date", "as")


class Key(NamedTuple):
    """Whether a value fits, and what to write instead of one that does not."""

    fits: Callable[[Any], bool]
    words: str


def _one_of(*values: str | None) -> Key:
    return Key(lambda value: value in values, " or ".join(map(json.dumps, values)))


def _is_text(value: Any) -> bool:
    """Text that can stand in a C string."""
    return isinstance(value, str) and bool(re.fullmatch(r'[^"\\@\x00-\x1f]+', value))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_camera(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and set(value) == {"model", "xclk_mhz", "frame_buffers"}
        and bool(re.fullmatch(r"\w+", str(value["model"])))
        and value["xclk_mhz"] in range(1, 41)  # modcamera.c: 40 MHz at most
        and value["frame_buffers"] in (1, 2)
    )


def _is_drivers(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"camera", "network"}


def _is_byte(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 255


def _is_i2c(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and set(value) == {"chip", "does", "sda", "scl", "address", "writes", "delay_ms"}
        and all(_is_text(value[name]) for name in ("chip", "does", "sda", "scl"))
        and value["address"] in range(0x08, 0x78)
        and isinstance(value["writes"], list)
        and all(
            isinstance(each, list) and len(each) == 2 and all(map(_is_byte, each)) for each in value["writes"]
        )
        and _is_count(value["delay_ms"])
    )


def _is_power(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and set(value) == {"levels", "i2c"}
        and isinstance(value["levels"], dict)
        and all(type(level) is int and level in (0, 1) for level in value["levels"].values())
        and _is_i2c(value["i2c"])
    )


def _is_shared(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(pins, dict) and pins and all(map(_is_text, (part, *pins, *pins.values())))
        for part, pins in value.items()
    )


def _is_defaults(value: Any) -> bool:
    """No field both for any sensor and for one, so that there is no order between them."""
    if not isinstance(value, dict) or not all(isinstance(chosen, dict) for chosen in value.values()):
        return False
    everywhere = set(value.get("any", ()))
    return all(
        name == "any" or (re.fullmatch(r"[A-Z]+\d+", name) and not everywhere & set(chosen))
        for name, chosen in value.items()
    )


def _is_level(value: Any) -> bool:
    """What was tried has a date; trials.json says with which versions, and what was improvised."""
    if not isinstance(value, dict) or value.get("reached") not in LEVELS or not set(value) <= {*_LEVEL}:
        return False
    was_tried = LEVELS.index(value["reached"]) > LEVELS.index("checked")
    return was_tried == ("date" in value) and all(isinstance(each, str) for each in value.values())


_TEXT = Key(_is_text, "text without quotes, backslashes and @")
_COUNT = Key(_is_count, "a number")
_LIST = Key(lambda value: isinstance(value, list), "a list")
_POLARITY = _one_of("active-high", "active-low", None)

ANY = {
    "product": _TEXT,
    "flash_size": _COUNT,
    "drivers": Key(_is_drivers, '{"camera": "camcors_...", "network": "camcors_..."}'),
    "server_stack_bytes": _COUNT,
    "features": _LIST,
}
ESP32 = {
    **ANY,
    "vendor": _TEXT,
    "mcu": _TEXT,
    "psram_size": _COUNT,
    "psram_mode": _one_of("quad", "octal", None),
    "app_budget": _COUNT,
    "usb": _one_of("adapter", "bridge", "native", "native and bridge", "native and UART", "pseudo-terminal"),
    "led": _POLARITY,
    "lamp": _POLARITY,
    "camera": Key(_is_camera, 'null or {"model": "...", "xclk_mhz": 1 to 40, "frame_buffers": 1 or 2}'),
    "power": Key(_is_power, 'null or {"levels": {"PIN": 0 or 1}, "i2c": null or what boards/README.md says}'),
    "user_c_modules": _TEXT,
    "level": Key(
        _is_level, '{"reached": "checked"}, or "compiled" and what follows it with a date of trials.json'
    ),
    "sources": _LIST,
}
OPTIONAL = {
    "also": _TEXT,
    "psram_least": _COUNT,
    "shared": Key(
        _is_shared, '{"microSD card": {"LED": "chip select"}}, the pins by their names in pins.csv'
    ),
    "sdkconfig": _LIST,
    "defaults": Key(
        _is_defaults, '{"any": {"vflip": true}, "OV3660": {"hmirror": true}}, no field in any and in a sensor'
    ),
}


def read(path: Path, chips: dict[str, Any], sizes: list[str]) -> dict[str, Any]:
    """Return the board's data. Raise BuildError, one line with the file and the key.

    `sizes` are the sizes of flash that there are files for, such as "4MB".
    """
    try:
        data = json.loads(path.read_text())
    except ValueError as exc:
        raise BuildError(f"{path}: {exc}") from None
    if not isinstance(data, dict):
        raise BuildError(f"{path}: write one JSON object")
    required = ESP32 if (path.parent / "mpconfigboard.cmake").is_file() else ANY
    for name, (fits, words) in {**OPTIONAL, **required}.items():
        if name not in data and name in OPTIONAL:
            continue
        if name not in data or not fits(data[name]):
            found = json.dumps(data[name]) if name in data else "missing"
            raise BuildError(f"{path}: {name}: {found}; write {words}")
    if unknown := sorted(set(data) - set(required) - set(OPTIONAL)):
        raise BuildError(f"{path}: {unknown[0]}: unknown; the keys are {', '.join(required | OPTIONAL)}")
    _check_related(path, data, chips, sizes)
    return data


def _check_related(path: Path, data: dict[str, Any], chips: dict[str, Any], sizes: list[str]) -> None:
    if data["flash_size"] % (1 << 20) or f"{data['flash_size'] >> 20}MB" not in sizes:
        raise BuildError(f"{path}: flash_size: {data['flash_size']}; write the bytes of {' or '.join(sizes)}")
    if "mcu" not in data:
        return
    if data["mcu"] not in chips:
        raise BuildError(
            f"{path}: mcu: {json.dumps(data['mcu'])}; write {' or '.join(map(json.dumps, chips))}"
        )
    mode, modes = data["psram_mode"], chips[data["mcu"]]["psram"]
    if bool(data["psram_size"]) != (mode is not None) or (mode and mode not in modes):
        raise BuildError(
            f"{path}: psram_mode: {json.dumps(mode)};"
            f" write null where psram_size is 0, else {' or '.join(map(json.dumps, modes))}"
        )
    least = data.get("psram_least")
    if least is not None and not 0 < least < data["psram_size"]:
        raise BuildError(f"{path}: psram_least: {least}; write less than psram_size, or leave it out")

"""This project's C compiles without a warning: for the computer, and for a processor like the ESP32's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import c

HOST, BOARDS = c.host_files(), c.board_files()

needs_xtensa = pytest.mark.skipif(
    c.XTENSA is None, reason="no xtensa-lx106-elf-gcc: apt install gcc-xtensa-lx106"
)


def each(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", files, ids=lambda path: str(path.relative_to(c.FIRMWARE)))


def test_no_file_is_forgotten() -> None:
    names = {"camera_wait.c", "esp32_heap.c", "open_eth.c", *c.SHARED}
    assert {path.name for path in BOARDS} == names
    assert len(HOST) > 10


@each(HOST)
def test_for_the_computer(tmp_path: Path, path: Path) -> None:
    assert c.faults(c.for_host(c.generate(tmp_path, HOST)), path) == []


@each(BOARDS)
def test_the_boards_c_for_the_computer(tmp_path: Path, path: Path) -> None:
    assert c.faults(c.for_boards_on_host(c.generate(tmp_path, BOARDS)), path) == []


@needs_xtensa
@each(BOARDS)
def test_for_xtensa(tmp_path: Path, path: Path) -> None:
    assert c.faults(c.for_xtensa(c.generate(tmp_path, BOARDS)), path) == []


BAD = {
    "a conversion that loses bits": ("int f(long long x) { return x; }", "-Werror=conversion"),
    "a wrong type": (
        "#include <stddef.h>\nint *f(char *x) { return x; }",
        "-Werror=incompatible-pointer-types",
    ),
    "an unused argument": ("int f(int x) { return 1; }", "-Werror=unused-parameter"),
}


@pytest.mark.parametrize("compiler", ["the computer's", pytest.param("Xtensa's", marks=needs_xtensa)])
@pytest.mark.parametrize("what", BAD)
def test_what_would_be_said(tmp_path: Path, compiler: str, what: str) -> None:
    text, said = BAD[what]
    path = tmp_path / "bad.c"
    path.write_text(text + "\n")
    command = c.for_host if compiler == "the computer's" else c.for_xtensa
    (fault,) = c.faults(command(c.generate(tmp_path / "made", [])), path)
    assert fault.startswith("bad.c:") and fault.endswith(f"[{said}]")


@needs_xtensa
@pytest.mark.parametrize(
    "line",
    [
        "#define CONFIG_LWIP_MAX_ACTIVE_TCP 13",
        "#define CONFIG_SPIRAM 0",  # with the send buffer of a board that has PSRAM
        "#define CONFIG_ESP_WIFI_TX_BA_WIN 7",
        "#define CONFIG_ESP_WIFI_RX_BA_WIN 7",
    ],
)
def test_a_configuration_that_takes_more_than_the_reserve_is_no_image(tmp_path: Path, line: str) -> None:
    folder = c.generate(tmp_path, BOARDS)
    name = line.split()[1]
    usual = (c.HEADERS / "sdkconfig.h").read_text().splitlines()
    lines = [line if row.startswith(f"#define {name} ") else row for row in usual]
    assert lines != usual
    (folder / "sdkconfig.h").write_text("\n".join(lines) + "\n")
    (said,) = c.faults(c.for_xtensa(folder), c.FIRMWARE / "native" / "esp32_heap.c")
    assert said.endswith('leaves: correct its numbers"')

"""This project's C under a compiler: MicroPython's headers, stand-ins for ESP-IDF's (tests/kit/esp_idf)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from camcors_build import frozen, source

TOP = Path(__file__).resolve().parents[2]
FIRMWARE = TOP / "firmware"
HEADERS = TOP / "tests" / "kit" / "esp_idf"
#: Debian's compiler for the ESP8266, an Xtensa with words of 32 bits; it comes without a C library.
XTENSA = shutil.which("xtensa-lx106-elf-gcc")

#: In firmware/native, of every board and of the camera on your desk.
SHARED = (
    "bearer.c",
    "head.c",
    "head_split.c",
    "head_write.c",
    "receive.c",
    "repl.c",
    "system_heap.c",
    "tls.c",
)

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")


def host_files() -> list[Path]:
    """Return the C of the camera on your desk."""
    return [
        *sorted((FIRMWARE / "camcors_host").glob("*.c")),
        *(FIRMWARE / "native" / name for name in SHARED),
    ]


def board_files() -> list[Path]:
    """Return the C of the boards."""
    host = set((FIRMWARE / "camcors_host").glob("*.c"))
    return sorted(set(FIRMWARE.rglob("*.c")) - host)


def system(*folders: Path) -> list[str]:
    """Return the options for headers of others, which may warn as they like."""
    return [f"-isystem{folder}" for folder in folders]


def micropython() -> Path:
    return source.find(frozen.BUILD).path


def for_host(generated: Path) -> list[str]:
    """Return how the unix port's makefile calls gcc, with our warnings."""
    port = micropython() / "ports" / "unix"
    mbedtls = TOP / "boards" / "HOST" / "mbedtls_config.h"
    return [
        *("gcc", "-std=gnu99", "-DMICROPY_PY_THREAD=1", "-DMICROPY_PY_THREAD_GIL=0", *WARNINGS),
        *(f"-I{FIRMWARE / 'native'}", f"-I{FIRMWARE / 'camcors_host'}"),
        *system(
            generated,
            TOP / "boards" / "HOST",
            micropython(),
            port,
            micropython() / "lib" / "mbedtls" / "include",
        ),
        f'-DMBEDTLS_CONFIG_FILE="{mbedtls}"',
    ]


def for_boards_on_host(generated: Path) -> list[str]:
    """Return the same for the C of the boards, as far as the computer's own compiler can see."""
    return [*for_host(generated), "-DESP_PLATFORM", "-Dcheck_esp_err=check_esp_err_", *system(HEADERS)]


def for_xtensa(generated: Path) -> list[str]:
    """Return how a cross compiler is called for a board, with the ESP32 port's own headers."""
    assert XTENSA
    return [
        *(XTENSA, "-std=gnu17", "-ffreestanding", "-DESP_PLATFORM", *WARNINGS, f"-I{FIRMWARE / 'native'}"),
        *system(generated, TOP / "boards" / "QEMU_ESP32", micropython(), micropython() / "ports" / "esp32"),
        *system(HEADERS, HEADERS / "libc", micropython() / "lib" / "mbedtls" / "include"),
        f'-DMBEDTLS_CONFIG_FILE="{HEADERS / "mbedtls_config.h"}"',
    ]


def generate(folder: Path, files: list[Path]) -> Path:
    """Write what the port's build generates, with the names that `files` ask for; return `folder`."""
    # serial.c includes this one.
    included = micropython() / "shared" / "runtime" / "sys_stdio_mphal.c"
    texts = "".join(path.read_text() for path in (*files, included))
    rows = [
        f'QDEF0(MP_QSTR_{name}, 0, 0, "{name}")' for name in sorted(set(re.findall(r"MP_QSTR_(\w+)", texts)))
    ]
    headers = folder / "genhdr"
    headers.mkdir(parents=True)
    (headers / "qstrdefs.generated.h").write_text("\n".join(['QDEF0(MP_QSTRnull, 0, 0, "")', *rows]) + "\n")
    pointers = re.findall(r"^MP_REGISTER_ROOT_POINTER\((.*)\);$", texts, re.MULTILINE)
    (headers / "root_pointers.h").write_text("".join(f"{pointer};\n" for pointer in pointers))
    for name in ("moduledefs.h", "mpversion.h"):
        (headers / name).touch()
    (folder / "camcors_board.h").touch()
    return folder


def faults(command: list[str], path: Path) -> list[str]:
    """Return what the compiler says of a file, with the file's name for its path."""
    done = subprocess.run([*command, "-fsyntax-only", path], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if re.search(r": (warning|error|fatal error): ", line)]
    assert bool(said) == bool(done.returncode), done.stderr
    return [line.replace(f"{path}:", f"{path.name}:") for line in said]

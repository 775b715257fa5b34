"""Runs the real CMake on a board: the port's own CMakeLists.txt, with a stand-in for ESP-IDF."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import cmake
from camcors_build import frozen, source
from camcors_build.boards import TOP, Board

from tests.kit import c

PROGRAM = Path(cmake.CMAKE_BIN_DIR) / "cmake"

#: The variables that the port or ESP-IDF reads after the board's file.
ASKED = (
    "IDF_TARGET",
    "EXTRA_COMPONENT_DIRS",
    "MICROPY_PY_TINYUSB",
    "MICROPY_PY_BTREE",
    "MICROPY_LIB_DIR",
    "MICROPY_FROZEN_MANIFEST",
)
CAMERA_DRIVER = "/sources/esp32-camera"

# The port includes this before project(), and the releases from 1.26 on call the function.
_PROJECT = """
function(idf_build_set_property)
endfunction()
macro(project)
  foreach(name {asked})
    file(APPEND ${{CMAKE_BINARY_DIR}}/asked "${{name}}=${{${{name}}}}\\n")
  endforeach()
endmacro()
"""


class Configured(NamedTuple):
    """What the port has after it included the board's file. sdkconfig: all fragments, in their order."""

    variables: dict[str, str]
    sdkconfig: str
    macros: dict[str, str]


def run(folder: Path, build: Path, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Configure ports/esp32 in `build` for the board in `folder`."""
    idf = build.with_name(f"{build.name}-idf") / "tools" / "cmake"
    idf.mkdir(parents=True)
    (idf / "project.cmake").write_text(_PROJECT.format(asked=" ".join(ASKED)))
    environ = {"ESP32_CAMERA_DIR": CAMERA_DRIVER} if environ is None else environ
    clean = {name: value for name, value in os.environ.items() if name != "ESP32_CAMERA_DIR"}
    port = source.find(frozen.BUILD).path / "ports" / "esp32"
    command = [PROGRAM, "-G", "Unix Makefiles", "-S", port, "-B", build]
    command += [f"-DMICROPY_BOARD={folder.name}", f"-DMICROPY_BOARD_DIR={folder}"]
    env = {**clean, **environ, "IDF_PATH": str(idf.parents[1])}
    return subprocess.run(command, capture_output=True, text=True, env=env)


def configure(folder: Path, build: Path) -> Configured:
    done = run(folder, build)
    assert done.returncode == 0, done.stderr
    variables = dict(line.split("=", 1) for line in (build / "asked").read_text().splitlines())
    return Configured(variables, (build / "sdkconfig.combined").read_text(), _macros(folder, build))


def _macros(folder: Path, build: Path) -> dict[str, str]:
    """What mpconfigboard.h defines, as the compiler reads it."""
    command = ["gcc", "-E", "-dM", "-undef", "-nostdinc", f"-I{build}", folder / "mpconfigboard.h"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^#define ((?!__)\w+) (.+)$", text, re.MULTILINE))


# py/usermod.cmake and ports/esp32/esp32_common.cmake of MicroPython bring a board's C modules into a
# component, whose library is linked with that of the driver. So do these lines, with stand-ins for other C.
_LINKED = """
cmake_minimum_required(VERSION 3.16)
project(micropython C)
set(MICROPY_DIR {micropython})
set(MICROPY_FROZEN_MANIFEST ours)
set(USER_C_MODULES {modules})
include(${{MICROPY_DIR}}/py/usermod.cmake)
add_compile_options(-ffunction-sections -fdata-sections {options})
add_library(driver STATIC {stand_ins}/driver.c {stand_ins}/mbedtls.c)
set(port {stand_ins}/gc.c {stand_ins}/gccollect.c {stand_ins}/mpthreadport.c {stand_ins}/modtls.c)
add_library(main STATIC ${{port}})
target_link_libraries(main usermod)
add_executable(micropython.elf {stand_ins}/main.c)
target_link_libraries(micropython.elf main driver)
target_link_options(micropython.elf PRIVATE -Wl,--gc-sections -Wl,-Map=${{CMAKE_BINARY_DIR}}/micropython.map)
message(STATUS "manifest: ${{MICROPY_FROZEN_MANIFEST}}")
message(STATUS "sources: ${{MICROPY_SOURCE_USERMOD}}")
"""
#: What the map is made from: the functions that are wrapped, each in a file of its own, as upstream has them.
_STAND_INS = {
    "gc.c": "unsigned long gc_get_max_new_split(void);\n"
    "unsigned long gc_room(void) { return gc_get_max_new_split(); }\n",
    "gccollect.c": "unsigned long gc_get_max_new_split(void) { return 1; }\n",
    "mpthreadport.c": "void mp_thread_deinit(void) {}\n",
    "modtls.c": "int mbedtls_ssl_write(void *ssl, void *data, unsigned long size);\n"
    "int mbedtls_ecp_mul_restartable(void *, void *, void *, void *, void *, void *, void *);\n"
    "int mbedtls_ssl_config_defaults(void *conf, int endpoint, int transport, int preset);\n"
    "int tls(void) { return mbedtls_ssl_write(0, 0, 0) + mbedtls_ssl_config_defaults(0, 1, 0, 0)"
    " + mbedtls_ecp_mul_restartable(0, 0, 0, 0, 0, 0, 0); }\n",
    "mbedtls.c": "int mbedtls_ssl_write(void *ssl, void *data, unsigned long size) { return 0; }\n"
    "int mbedtls_ecp_mul_restartable(void *a, void *b, void *c, void *d, void *e, void *f, void *g)"
    " { return 0; }\n"
    "int mbedtls_ssl_config_defaults(void *conf, int end, int transport, int preset) { return 0; }\n"
    "int mbedtls_ssl_handshake(void *ssl) { return 0; }\n"
    "int mbedtls_ssl_close_notify(void *ssl) { return 0; }\n"
    "void mbedtls_ssl_ticket_init(void *ticket) {}\nvoid mbedtls_ssl_ticket_free(void *ticket) {}\n"
    "int mbedtls_ssl_ticket_setup(void *ticket) { return 0; }\n"
    "void mbedtls_ssl_conf_session_tickets_cb(void *conf) {}\n"
    "int mbedtls_ssl_ticket_write(void) { return 0; }\nint mbedtls_ssl_ticket_parse(void) { return 0; }\n"
    "void esp_fill_random(void *buf, unsigned long len) {}\n"
    "void *mp_thread_get_state(void) { return 0; }\n",
    "modcamera.c": "void *esp_camera_fb_get(void);\nint esp_camera_deinit(void);\n"
    "int camera(void) { return esp_camera_fb_get() ? 0 : esp_camera_deinit(); }\n",
    "driver.c": "void *esp_camera_fb_get(void) { return 0; }\nint esp_camera_deinit(void) { return 0; }\n"
    "unsigned long heap_caps_get_total_size(unsigned caps) { return caps; }\n"
    "unsigned long heap_caps_get_free_size(unsigned caps) { return caps; }\n"
    "unsigned long heap_caps_get_largest_free_block(unsigned caps) { return caps; }\n"
    "char mp_state_ctx[65536];\n"
    "unsigned nlr_push(void *buffer) { return !buffer; }\nvoid nlr_pop(void) {}\n"
    "void *mp_call_function_0(void *function) { return function; }\n"
    "int mp_thread_mutex_lock(void *mutex, int wait) { return mutex && wait; }\n"
    "void mp_thread_mutex_unlock(void *mutex) { (void)mutex; }\n",
    "main.c": "unsigned long gc_room(void);\nvoid mp_thread_deinit(void);\nint camera(void);\n"
    "int tls(void);\n"
    "int main(void) { mp_thread_deinit(); return (int)gc_room() + tls() CAMERA; }\n",
    # In the place of micropython-camera-API's.
    "micropython.cmake": "set(MICROPY_FROZEN_MANIFEST theirs)\n"
    "add_library(usermod_mp_camera INTERFACE)\n"
    "target_sources(usermod_mp_camera INTERFACE ${CMAKE_CURRENT_LIST_DIR}/modcamera.c)\n"
    "target_link_libraries(usermod INTERFACE usermod_mp_camera)\n",
}


def _quoted(option: str) -> str:
    """Return an option as CMake's own language has it."""
    escaped = option.replace('"', '\\"')
    return f'"{escaped}"'


class Linked(NamedTuple):
    """A program with a board's C modules. sources: their names; map_file: the linker's."""

    manifest: str
    sources: set[str]
    map_file: Path


def link(board: Board, folder: Path, modules: Path | None = None) -> Linked:
    """Link the board's C modules, or those of another file, with the computer's compiler."""
    stand_ins = folder / "stand-ins"
    stand_ins.mkdir(parents=True)
    for name, text in _STAND_INS.items():
        (stand_ins / name).write_text(text.replace("CAMERA", "+ camera()" if board.data["camera"] else ""))
    options = c.for_boards_on_host(c.generate(folder / "made", c.board_files()))[1:]
    lists = _LINKED.format(
        micropython=c.micropython(),
        modules=modules or TOP / board.data["user_c_modules"],
        options=" ".join(_quoted(option) for option in options if option != "-Werror"),
        stand_ins=stand_ins,
    )
    (folder / "CMakeLists.txt").write_text(lists)
    env = {**os.environ, "CAMERA_API_DIR": str(stand_ins)}
    build = folder / "build"
    command = [PROGRAM, "-G", "Unix Makefiles", "-S", folder, "-B", build]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    said = dict(re.findall(r"^-- (\w+): (.*)$", done.stdout, re.MULTILINE))
    done = subprocess.run([PROGRAM, "--build", build], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    sources = {Path(path).name for path in said["sources"].split(";")}
    return Linked(said["manifest"], sources, build / "micropython.map")


def message(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of a FATAL_ERROR."""
    lines = done.stderr.split("(message):\n", 1)[1].split("\nCall Stack", 1)[0].splitlines()
    return [line.strip() for line in lines if line.strip()]

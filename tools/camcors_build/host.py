"""Builds the camera on your desk: MicroPython's unix port with this project's modules frozen in.

`host` is build/HOST/camcors-host; `host32` is the same for words of 32 bits, as a board's, in build/HOST32/.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from . import boards, frozen, source, wraps
from .frozen import BUILD
from .source import BuildError, with_status

BOARD = boards.load("HOST")
OUT = BUILD / BOARD.id
#: What is built -> where, and what tells MicroPython's makefile.
CAMERAS: dict[str, tuple[Path, list[str]]] = {
    "host": (OUT, []),
    "host32": (BUILD / "HOST32", ["MICROPY_FORCE_32BIT=1"]),
}
#: What a board with a MicroPython of its own gets from `camcors install`, but for its board.py.
STOCK = boards.BOARDS / "common" / "manifest_stock.py"


def make(src: source.Source, cross: Path, what: str) -> None:
    out, options = CAMERAS[what]
    command = ["make", "--no-print-directory", "-C", str(src.path / "ports" / "unix"), *options]
    command += [f"-j{os.cpu_count()}", f"VARIANT_DIR={BOARD.path}", f"BUILD={out}"]
    command += [
        f"MICROPY_MPYCROSS={cross}",
        "MICROPY_MPYCROSS_DEPENDENCY=",
        f"MPY_LIB_DIR={frozen.make_lib()}",
    ]
    env = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    env["MICROPY_GIT_TAG"] = f"v{src.version}"
    # V shows the steps; MicroPython's makefile, which knows it too, would print whole command lines.
    shown = None if env.pop("V", "") else subprocess.DEVNULL
    if subprocess.run(command, env=env, stdout=shown).returncode:
        raise BuildError(f"the build failed; make {what} V=1 shows its steps")


def start_over_if_changed(src: source.Source, out: Path) -> None:
    """Objects of another source tree must not be linked, nor modules that another configuration had."""
    mark = out / "source"
    configuration = b"".join(path.read_bytes() for path in sorted(BOARD.path.glob("mpconfig*")))
    wanted = f"{src.path}\n{src.version}\n{hashlib.sha256(configuration).hexdigest()}\n"
    if mark.is_file() and mark.read_text() == wanted:
        return
    for path in out.glob("*"):
        if path.suffix != ".bin":  # a flash image holds what the person wrote
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text(wanted)


def write_generated() -> None:
    """The modules that come from the board's data: its name, and the partition table for its own flash."""
    frozen.write_board(BOARD)
    frozen.write_partition_table(BOARD)


def manifest_files(src: source.Source, manifest: Path = BOARD.path / "manifest.py") -> list[tuple[Path, str]]:
    """Return what a manifest freezes, as (file, frozen name), read with MicroPython's own tool."""
    sys.path.insert(0, str(src.path / "tools"))
    manifestfile: ModuleType = __import__("manifestfile")
    variables = {"MPY_DIR": str(src.path), "PORT_DIR": str(src.path / "ports" / "unix")}
    variables |= {"MPY_LIB_DIR": str(frozen.LIB), "BOARD_DIR": str(manifest.parent)}
    found = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, variables)
    found.execute(str(manifest))
    return [(Path(entry.full_path), entry.target_path) for entry in found.files()]


def build_mpy(src: source.Source, cross: Path, manifest: Path, out: Path) -> int:
    """Compile what `manifest` freezes to `out`/*.mpy -> how many modules."""
    shutil.rmtree(out, ignore_errors=True)
    modules = manifest_files(src, manifest)
    for path, name in modules:
        compiled = out / Path(name).with_suffix(".mpy")
        compiled.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([cross, "-s", name, "-o", compiled, path]).returncode:
            raise BuildError(f"mpy-cross refused {path}")
    return len(modules)


def build(src: source.Source, cross: Path, what: str) -> None:
    """Compile and link one of CAMERAS, and check what is in it."""
    out, _ = CAMERAS[what]
    program = out / "camcors-host"
    start_over_if_changed(src, out)
    if not program.is_file():
        print("compiling the camera; one to three minutes", flush=True)
    write_generated()
    make(src, cross, what)
    frozen.check_frozen(out / "frozen_content.c", BOARD)
    wraps.check(program.with_suffix(".map"), BOARD)
    print(f"{program}: {program.stat().st_size} bytes")


@with_status
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=(*CAMERAS, "mpy"))
    what = parser.parse_args().what
    src = source.find(BUILD)
    print(src, flush=True)
    cross = frozen.mpy_cross(src)
    frozen.copy_microdot()
    frozen.write_pages()
    if what == "mpy":
        frozen.make_lib()
        count = build_mpy(src, cross, STOCK, BUILD / "mpy")
        print(f"{BUILD / 'mpy'}: {count} modules")
    else:
        source.require_mbedtls(src)
        build(src, cross, what)


if __name__ == "__main__":
    sys.exit(main())

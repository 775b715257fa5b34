"""The frozen build: what must be in the image is in it."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from camcors_build import boards, frozen, host, source, wraps
from camcors_build.source import BuildError

from tests.kit.camera import Camera

NAMES = 'const char mp_frozen_names[] = {{\n#ifdef MP_FROZEN_STR_NAMES\n#endif\n{}\n"\\0"\n}};\n'


def frozen_content(path: Path, names: set[str]) -> Path:
    path.write_text(NAMES.format("\n".join(f'"{name}\\0"' for name in sorted(names))))
    return path


def test_all_required_modules_are_frozen(tmp_path: Path) -> None:
    frozen.check_frozen(frozen_content(tmp_path / "c", frozen.required_modules(host.BOARD)), host.BOARD)


@pytest.mark.parametrize("name", ["cors/origin.py", "microdot/cors.py", "boot.py", "strict/json.py"])
def test_a_module_that_is_not_frozen_fails_the_build(tmp_path: Path, name: str) -> None:
    content = frozen_content(tmp_path / "c", frozen.required_modules(host.BOARD) - {name})
    with pytest.raises(BuildError, match=f"not frozen: {name}; add them to manifest.py"):
        frozen.check_frozen(content, host.BOARD)


def test_the_built_image_was_checked(program: Path) -> None:
    frozen.check_frozen(program.parent / "frozen_content.c", host.BOARD)


def test_the_built_camera_has_its_wraps(program: Path, tmp_path: Path) -> None:
    built = program.with_name("camcors-host.map")
    wraps.check(built, host.BOARD)
    forgotten = tmp_path / "map"
    forgotten.write_text(built.read_text(errors="replace").replace(" .text.__wrap_socket\n", " .text.x\n"))
    with pytest.raises(BuildError, match=r"^not linked in: socket; "):
        wraps.check(forgotten, host.BOARD)


def test_frozen_modules_need_no_file_beside_the_program(program: Path, tmp_path: Path) -> None:
    (tmp_path / "cors").mkdir()
    (tmp_path / "cors" / "__init__.py").write_text("raise RuntimeError('not the frozen one')\n")
    script = tmp_path / "elsewhere" / "check.py"
    script.parent.mkdir()
    script.write_text(
        "import cors, microdot.cors\n"
        "print(cors.__file__, microdot.cors.__file__, microdot.cors.CORS is cors.CORS)\n"
    )
    copy = tmp_path / "alone"
    copy.write_bytes(program.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run([copy, script], capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert (done.stdout, done.stderr) == ("cors/__init__.py microdot/cors.py True\n", "")


def test_the_camera_ignores_modules_of_the_folder_it_was_started_in(program: Path, tmp_path: Path) -> None:
    for name in ("camcors_host", "camcors", "cors", "board"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not the frozen one')\n")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert done.stdout.startswith("camcors ")


def test_no_module_s_name_is_in_the_heap(program32: Path, tmp_path: Path) -> None:
    """What a frozen module names is in flash; micropython.qstr_info() prints what is not."""
    with Camera(tmp_path / "flash.bin", program=program32) as camera:
        named = camera.wait_ready().exec("import micropython; micropython.qstr_info(1)")
        modules = set(ast.literal_eval(camera.exec("import sys; print(sorted(sys.modules))")))
    assert "camcors.http.server" in modules
    assert {name for name in modules if f"Q({name})" in named} == set()


def test_mpy_files_are_the_modules_of_an_esp32(program: Path, tmp_path: Path) -> None:
    src = source.find(frozen.BUILD)
    out = tmp_path / "mpy"
    count = host.build_mpy(src, frozen.mpy_cross(src), host.STOCK, out)
    built = {path.relative_to(out).with_suffix(".py") for path in out.rglob("*.mpy")}
    wanted = {Path(name) for name in frozen.required_modules(boards.load("AI_THINKER_ESP32_CAM"))}
    assert wanted - {Path("board.py"), Path("board_drivers.py"), Path("module_names.py")} <= built
    assert count == len(built)
    for path in out.rglob("*.mpy"):
        assert path.read_bytes()[:2] == b"M\x06", path  # docs.micropython.org, "MicroPython .mpy files"

"""camcors install, on the camera on the desk with its frozen modules hidden: the plain MicroPython here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from camcors_build import frozen, host, source
from camcors_cli.device import modules
from camcors_cli.device.modules import Facts
from camcors_cli.ui.errors import Failure

from tests.kit.camera import Camera, free_port

# The names that are frozen in, and not those of MicroPython (asyncio); what was imported is forgotten.
_HIDE = """
import sys, asyncio
sys.path[:] = ["", "/lib"]
for n in list(sys.modules):
    if n.split(".")[0] != "asyncio":
        del sys.modules[n]
"""

# A module that is as that of a camera's, so that the check for it passes.
_CAMERA = "import sys\nsys.modules['camera'] = sys\n"

_TREE = """
import os, hashlib
def tree(path):
    for e in sorted(os.ilistdir(path or '/')):
        name = path + '/' + e[0]
        if e[1] & 0x4000:
            print(name + '/')
            tree(name)
        else:
            with open(name, 'rb') as f:
                print(name, hashlib.sha256(f.read()).digest().hex())
tree('')
"""

FACTS = Facts("a board", (1, 25, 0), 0x2B06, False, True, False)


@pytest.fixture(scope="session")
def built(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make mpy builds, but with this board's network and the test card under the names of an ESP32's."""
    src = source.find(frozen.BUILD)
    cross = frozen.mpy_cross(src)
    folder = tmp_path_factory.mktemp("built") / "mpy"
    host.build_mpy(src, cross, host.BOARD.path / "manifest.py", folder)
    drivers = folder / "camcors_esp32"
    drivers.mkdir()
    shutil.copy(folder / "camcors_host" / "network.mpy", drivers)
    shutil.rmtree(folder / "camcors_host")
    camera = folder.with_name("camera.py")
    camera.write_text("from camcors_testcard.camera import Camera\n")
    subprocess.run([cross, "-o", drivers / "camera.mpy", camera], check=True)
    return folder


@pytest.fixture
def plain(new_camera: Camera) -> Camera:
    """A board that cannot import camcors, with a module `camera` and a file of the person's."""
    new_camera.disable()
    new_camera.exec(_HIDE + _CAMERA + "with open('/mine.py', 'w') as f: f.write('# mine')\n")
    assert new_camera.exec("try:\n import camcors\nexcept ImportError: print('hidden')") == "hidden\n"
    return new_camera


def listing(camera: Camera) -> list[str]:
    return camera.exec(_TREE).splitlines()


def test_installed_modules_run_and_go_without_a_trace(plain: Camera, built: Path, on) -> None:
    before = listing(plain)
    done = on(plain, "install", "--modules", built, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert {"/lib/cors/policy.mpy", "/lib/camcors/start.mpy", "/lib/microdot/cors.mpy"} < set(said["files"])
    assert not any("asyncio" in name or "camcors_host" in name or "/boot" in name for name in said["files"])

    # They are taken from /lib, and make a camera that serves, started by the /boot.py that was written.
    port = free_port()
    plain.put("camera.json", json.dumps({"host": "127.0.0.1", "port": port}))
    code = "import os; os.remove('/disable'); exec(open('/boot.py').read())\n"
    code += "import cors, camcors.http.server, microdot.cors\n"
    code += "print(cors.__file__, camcors.http.server.__file__, microdot.cors.CORS is cors.CORS)"
    assert (
        plain.exec(_HIDE + code).splitlines()[-1]
        == "/lib/cors/__init__.mpy /lib/camcors/http/server.mpy True"
    )
    plain.wait_for(f"ready http://127.0.0.1:{port}")
    report = httpx.get(f"http://127.0.0.1:{port}/api/status").json()
    assert (report["board"], report["firmware"], report["faults"]) == ("camcors HOST", "0.1.0", [])
    assert httpx.get(f"http://127.0.0.1:{port}/api/capture").content.startswith(b"\xff\xd8")

    done = on(plain, "install", "--remove", "--json")
    assert done.exit_code == 0
    assert sorted(json.loads(done.stdout)["removed"]) == sorted([*said["files"], "/boot.py"])
    for name in ("camera.json", "camera.good.json", "camera.record.json"):  # the person's
        plain.exec(f"import os; os.remove('/{name}')")
    plain.exec("open('/disable', 'w').close()")
    assert listing(plain) == before


def test_again_writes_nothing_and_an_older_version_is_cleared(
    plain: Camera, built: Path, on, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    shutil.copytree(built, older)
    shutil.copy(built / "cors" / "rules.mpy", older / "cors" / "gone.mpy")
    shutil.copy(built / "cors" / "rules.mpy", older / "cors" / "fields.mpy")
    assert on(plain, "install", "--modules", older).exit_code == 0
    done = on(plain, "install", "--modules", built, "--json")
    assert json.loads(done.stdout)["written"] == ["/lib/cors/fields.mpy"]
    assert "/lib/cors/gone.mpy" not in " ".join(listing(plain))
    done = on(plain, "install", "--modules", built)
    assert done.stdout.splitlines()[0].endswith("are on the camcors HOST; 0 were written")


@pytest.mark.parametrize("size", [25_000, 120_000])
def test_a_line_that_is_cut_can_be_taken_up_or_undone(
    plain: Camera, built: Path, run, on, cut, size: int
) -> None:
    before = listing(plain)
    line = cut(plain, size)
    done = run("install", "--modules", built, "--port", line.url)
    line.wait()
    assert done.exit_code == 3
    assert "/boot.py" not in " ".join(listing(plain))
    if size > 100_000:
        assert on(plain, "install", "--modules", built).exit_code == 0
    assert on(plain, "install", "--remove").exit_code == 0
    assert listing(plain) == before


def test_a_boot_script_of_the_persons_is_kept(plain: Camera, built: Path, on) -> None:
    plain.put("boot.py", "import mine\n")
    before = listing(plain)
    done = on(plain, "install", "--modules", built)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "camcors: the board has a /boot.py of yours, and the camera needs one to start; "
        "--force puts it aside as /boot.py.before-camcors; --remove brings it back\n"
    )
    assert listing(plain) == before
    done = on(plain, "install", "--modules", built, "--force", "--json")
    assert done.exit_code == 0
    assert done.stderr == "camcors: your /boot.py is kept as /boot.py.before-camcors\n"
    assert json.loads(done.stdout)["boot_saved_as"] == "/boot.py.before-camcors"
    done = on(plain, "install", "--remove", "--json")
    assert json.loads(done.stdout)["boot_restored"] is True
    assert listing(plain) == before


def test_changed_files_stay_and_boot_scripts_are_not_lost(plain: Camera, built: Path, on) -> None:
    """MicroPython's own first boot.py has only comments, and needs no --force."""
    plain.put("boot.py", "# This file is executed on every boot\n#import esp\n")
    done = on(plain, "install", "--modules", built)
    assert done.exit_code == 0
    assert done.stderr == "camcors: your /boot.py with only comments is kept as /boot.py.before-camcors\n"
    plain.put("boot.py", "import other\n")
    plain.exec("with open('/lib/board.py', 'a') as f: f.write('# edited')")
    done = on(plain, "install", "--modules", built, "--force")
    assert done.exit_code == 1
    assert "a /boot.py of yours and a /boot.py.before-camcors too" in done.stderr
    done = on(plain, "install", "--remove", "--json")
    assert json.loads(done.stdout)["kept"] == ["/boot.py", "/lib/board.py"]
    left = [row.split()[0] for row in listing(plain)]
    assert {"/boot.py", "/boot.py.before-camcors", "/lib/board.py", "/mine.py"} <= set(left)
    assert not any(name.endswith(".mpy") for name in left)


def test_refusals_change_nothing(plain: Camera, built: Path, on, tmp_path: Path) -> None:
    def refused(*args: object, status: int = 1) -> str:
        before = listing(plain)
        done = on(plain, "install", *args)
        assert (done.exit_code, done.stdout) == (status, "")
        assert listing(plain) == before
        return done.stderr

    assert "nothing on this board was installed by camcors" in refused("--remove")
    assert "has no modules of the camera" in refused("--modules", tmp_path, status=4)
    old = tmp_path / "old"
    shutil.copytree(built, old)
    (old / "cors" / "rules.mpy").write_bytes(b"M\x05" + (built / "cors" / "rules.mpy").read_bytes()[2:])
    assert "cors/rules.mpy is an .mpy file of version 5, and the board takes those of version 6" in refused(
        "--modules", old
    )
    plain.exec("import os; os.mkdir('/lib'); open('/lib/board.py', 'w').close()")
    assert "the board has 1 files of yours in the way: /lib/board.py" in refused("--modules", built)
    plain.exec("import os; os.remove('/lib/board.py')")
    plain.exec("import sys; del sys.modules['camera']")
    assert "the MicroPython of this board, camcors HOST, has no module camera" in refused("--modules", built)
    plain.exec("for i in range(10):\n with open('/full%d' % i, 'wb') as f: f.write(bytes(65536))")
    assert "the modules take" in refused("--modules", built, "--without-camera")


def test_a_board_with_the_firmware_needs_no_modules(new_camera: Camera, built: Path, on) -> None:
    done = on(new_camera, "install", "--modules", built)
    assert done.exit_code == 1
    assert "the camera's modules are part of this board's firmware already" in done.stderr


def test_without_camera_leaves_the_driver_to_the_person(built: Path) -> None:
    assert "/lib/camcors_esp32/camera.mpy" in modules.collect(built, FACTS, False)
    assert "/lib/camcors_esp32/camera.mpy" not in modules.collect(built, FACTS, True)
    modules.check(FACTS._replace(has_camera=False), without_camera=True)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (FACTS._replace(version=(1, 24, 1)), "the board runs MicroPython 1.24.1"),
        (FACTS._replace(has_camera=False), "the MicroPython of this board, a board, has no module camera"),
        (FACTS._replace(has_firmware=True), "the camera's modules are part of this board's firmware already"),
    ],
)
def test_a_board_that_cannot_run_them_is_refused(facts: Facts, message: str) -> None:
    with pytest.raises(Failure, match=message) as raised:
        modules.check(facts, without_camera=False)
    assert raised.value.exit_code == 1
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("content", "mpy", "message"),
    [
        (b"M\x06\x00", 6, "x.mpy is not a compiled module"),
        (b"#!/bin/sh", 6, "x.mpy is not a compiled module"),
        (b"M\x06\x00\x1f", 5, "x.mpy is an .mpy file of version 6, and the board takes those of version 5"),
        (b"M\x06\x00\x1f", 0, "x.mpy is an .mpy file of version 6, and the board takes none"),
    ],
)
def test_a_file_that_the_board_does_not_take_is_refused(
    tmp_path: Path, content, mpy: int, message: str
) -> None:
    (tmp_path / "x.mpy").write_bytes(content)
    with pytest.raises(Failure, match=message):
        modules.collect(tmp_path, FACTS._replace(mpy=mpy), False)

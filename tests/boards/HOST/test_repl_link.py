"""The stable name of the REPL: what is replaced, what is refused, what is removed; of the emulator too."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from camcors_build.repl_link import ReplLink
from camcors_build.source import BuildError

from tests.kit.camera import PROGRAM, Camera, free_port

TARGET = "/dev/pts/987654"


def of_camera(repl: Path) -> str | None:
    """What a camera says as it ends when it cannot have that name; None if it can."""
    flash = repl.parents[1] / "flash.bin"
    command = [PROGRAM, "--flash", str(flash), "--port", str(free_port()), "--repl", str(repl)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == f"repl {repl}\n":
                assert os.readlink(repl).startswith("/dev/pts/")
                process.terminate()
                assert process.wait() == 0
                return None
            if line.startswith("camcors-host: "):
                assert process.wait() == 1
                return line.removeprefix("camcors-host: ").rstrip()
    raise AssertionError("no word of the REPL")


def of_emulator(repl: Path) -> str | None:
    try:
        with ReplLink(repl) as link:
            link.point(TARGET)
            assert os.readlink(repl) == TARGET
    except BuildError as exc:
        return str(exc)
    return None


TAKERS = pytest.mark.parametrize("take", [of_camera, of_emulator])
Take = Callable[[Path], "str | None"]


@pytest.fixture
def repl(tmp_path: Path, program: Path) -> Path:
    (tmp_path / "folder").mkdir(mode=0o755)
    return tmp_path / "folder" / "repl"


def nothing(repl: Path) -> None:
    pass


def stale(repl: Path) -> None:
    """As a killed camera leaves it."""
    repl.symlink_to(TARGET)
    Path(f"{repl}.lock").write_text(TARGET)


def stale_of_another_terminal(repl: Path) -> None:
    """Its number is some other terminal's by now."""
    repl.symlink_to("/dev/ptmx")
    Path(f"{repl}.lock").write_text("/dev/ptmx")


def record_without_link(repl: Path) -> None:
    Path(f"{repl}.lock").write_text(TARGET)


def empty_lock(repl: Path) -> None:
    Path(f"{repl}.lock").touch()


@TAKERS
@pytest.mark.parametrize(
    "before", [nothing, stale, stale_of_another_terminal, record_without_link, empty_lock]
)
def test_it_is_made_or_replaced_and_removed_at_the_end(
    repl: Path, take: Take, before: Callable[[Path], None]
) -> None:
    before(repl)
    assert take(repl) is None
    assert os.listdir(repl.parent) == []


def a_file(repl: Path) -> None:
    repl.write_text("mine")


def a_folder(repl: Path) -> None:
    repl.mkdir()


def a_link(repl: Path) -> None:
    repl.symlink_to(TARGET)


def a_link_and_another_record(repl: Path) -> None:
    repl.symlink_to("/dev/pts/1")
    Path(f"{repl}.lock").write_text("/dev/pts/12")


def a_link_that_leads_nowhere(repl: Path) -> None:
    repl.symlink_to(repl.parent / "nowhere")


def a_hard_link_in_the_place_of_a_stale_link(repl: Path) -> None:
    repl.write_text(TARGET)
    Path(f"{repl}.lock").write_text(TARGET)


def a_lock_that_is_a_link(repl: Path) -> None:
    (repl.parent / "precious").write_text("kept")
    Path(f"{repl}.lock").symlink_to(repl.parent / "precious")


def a_lock_that_is_a_folder(repl: Path) -> None:
    Path(f"{repl}.lock").mkdir()


def a_lock_that_is_a_pipe(repl: Path) -> None:
    os.mkfifo(f"{repl}.lock")


def listed(folder: Path) -> dict[str, str]:
    """All that is there, each with its kind and content."""
    found = {}
    for path in folder.iterdir():
        if path.is_symlink():
            found[path.name] = f"link {os.readlink(path)}"
        else:
            found[path.name] = f"file {path.read_text()}" if path.is_file() else f"{path.stat().st_mode:o}"
    return found


@TAKERS
@pytest.mark.parametrize(
    "before",
    [
        a_file,
        a_folder,
        a_link,
        a_link_and_another_record,
        a_link_that_leads_nowhere,
        a_hard_link_in_the_place_of_a_stale_link,
        a_lock_that_is_a_link,
        a_lock_that_is_a_folder,
        a_lock_that_is_a_pipe,
    ],
)
def test_what_is_not_a_camera_s_stays(repl: Path, take: Take, before: Callable[[Path], None]) -> None:
    before(repl)
    found = listed(repl.parent)
    words = f"{repl} (or {repl}.lock) is there and is not what a camera has left; "
    assert take(repl) == words + "move it away, or choose another with --repl"
    kept = listed(repl.parent)
    if before in (a_link_and_another_record, a_hard_link_in_the_place_of_a_stale_link):
        del found["repl.lock"]  # which was a camera's
    assert kept == found


@TAKERS
def test_another_running_camera_keeps_its_name(repl: Path, take: Take, tmp_path: Path) -> None:
    with Camera(tmp_path / "other.bin", repl=repl) as camera:
        camera.wait_for(f"repl {repl}")
        target = os.readlink(repl)
        assert take(repl) == f"{repl} is the REPL of another running camera; choose another with --repl"
        camera.wait_ready().reset()
        camera.wait_ready()
        assert take(repl) == f"{repl} is the REPL of another running camera; choose another with --repl"
        assert os.readlink(repl) == target
        assert camera.exec("print('still mine')") == "still mine\n"
        assert camera.stop() == 0
    assert take(repl) is None


def test_the_link_of_a_killed_camera_is_replaced(repl: Path, tmp_path: Path) -> None:
    for _ in range(2):
        with Camera(tmp_path / "flash.bin", repl=repl) as camera:
            camera.wait_ready()
            assert camera.exec("print('mine')") == "mine\n"
            camera.process.kill()
        assert repl.is_symlink()
    assert of_camera(repl) is None


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_goes_with_the_camera(repl: Path, tmp_path: Path, signum: int) -> None:
    with Camera(tmp_path / "flash.bin", repl=repl) as camera:
        camera.wait_ready().reset()
        camera.wait_ready()
        assert camera.stop(signum) == 0
    assert os.listdir(repl.parent) == []


def test_a_link_that_was_put_in_its_place_meanwhile_stays(repl: Path, tmp_path: Path) -> None:
    with Camera(tmp_path / "flash.bin", repl=repl) as camera:
        camera.wait_ready()
        repl.unlink()
        repl.symlink_to(TARGET)
        assert camera.stop() == 0
    assert os.readlink(repl) == TARGET


UNSAFE = (
    "others can write to the folder {}, or to one above it, and could put their REPL in the place of yours; "
)
UNSAFE += "chmod go-w it, or choose another with --repl"


@TAKERS
@pytest.mark.parametrize(
    ("above", "mode", "is_safe"),
    [
        (0o755, 0o755, True),
        (0o755, 0o700, True),
        (0o755, 0o777, False),
        (0o755, 0o1777, False),
        (0o755, 0o757, False),
        (0o777, 0o755, False),
        (0o1777, 0o755, True),
    ],
)
def test_a_folder_to_which_others_can_write_is_refused(
    tmp_path: Path, program: Path, take: Take, above: int, mode: int, is_safe: bool
) -> None:
    folder = tmp_path / "above" / "folder"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    folder.parent.chmod(above)
    assert take(folder / "repl") == (None if is_safe else UNSAFE.format(folder))
    assert os.listdir(folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
@TAKERS
@pytest.mark.parametrize(
    ("uid", "gid", "mode", "is_safe"),
    [
        (65534, 0, 0o755, False),
        (0, 65534, 0o775, False),
        (0, 65534, 0o755, True),
        (0, 0, 0o775, True),  # a group of its user alone
    ],
)
def test_a_folder_of_another_user_or_group(
    repl: Path, take: Take, uid: int, gid: int, mode: int, is_safe: bool
) -> None:
    repl.parent.chmod(mode)
    os.chown(repl.parent, uid, gid)
    assert take(repl) == (None if is_safe else UNSAFE.format(repl.parent))


@TAKERS
def test_a_folder_that_there_is_not(repl: Path, take: Take) -> None:
    said = take(repl.parent / "none" / "repl")
    assert said is not None
    assert said.startswith(f"cannot make the REPL {repl.parent}/none/repl (")
    assert said.endswith("); choose another with --repl")


def test_a_folder_behind_a_link_is_judged_by_where_it_is(repl: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(repl.parent)
    assert of_camera(tmp_path / "way" / "repl") is None
    repl.parent.chmod(0o777)
    assert of_camera(tmp_path / "way" / "repl") == UNSAFE.format(tmp_path / "way")

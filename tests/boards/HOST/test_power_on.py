"""Starting and stopping the camera on your desk: options, ports, flash images, faults."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
import littlefs
import pytest

from tests.kit.camera import ACCESS_FILES, FLASH_SIZE, OPEN, PROGRAM, VFS_OFFSET, Camera, free_port


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=20)


def filesystem(flash: Path) -> littlefs.LittleFS:
    """The partition vfs of the image, read by littlefs-python."""
    image = flash.read_bytes()
    fs = littlefs.LittleFS(block_size=4096, block_count=(FLASH_SIZE - VFS_OFFSET) // 4096, mount=False)
    fs.context.buffer = bytearray(image[VFS_OFFSET:])
    fs.mount()
    return fs


def test_first_start_makes_a_flash_image_that_littlefs_python_reads(new_camera: Camera) -> None:
    assert new_camera.stop() == 0
    assert new_camera.flash.stat().st_size == FLASH_SIZE
    fs = filesystem(new_camera.flash)
    assert fs.listdir("/") == [*ACCESS_FILES, "policy.good.json", "policy.json", "policy.record.json"]
    with fs.open("access.json") as f:
        assert f.read() == OPEN
    for name in ("policy.good.json", "policy.json"):
        with fs.open(name) as f:
            assert '"allowed_origins": ["http://localhost:8000"]' in f.read()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(new_camera: Camera, signum: int) -> None:
    assert new_camera.stop(signum) == 0
    assert new_camera.lines[-1] == "camcors: stopped"


def test_files_are_kept_over_a_restart(program: Path, tmp_path: Path) -> None:
    flash = tmp_path / "flash.bin"
    with Camera(flash) as camera:
        camera.wait_ready().exec("f = open('kept', 'w'); f.write('still here'); f.close()")
        camera.process.kill()
    with Camera(flash) as camera:
        assert camera.wait_ready().exec("print(open('kept').read())") == "still here\n"
        assert not [line for line in camera.lines if "made a new flash" in line]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--port", "0"], "write a port from 1 to 65535, not '0'"),
        (["--port", "65536"], "write a port from 1 to 65535, not '65536'"),
        (["--port", "http"], "write a port from 1 to 65535, not 'http'"),
        (["--insecure-repl-port=-1"], "write a port from 1 to 65535, not '-1'"),
        (["--insecure-repl-port", "2323"], "choose --repl or --insecure-repl-port, not both"),
        (["--insecure-repl-address", "127.0.0.1"], "--insecure-repl-address goes with --insecure-repl-port"),
        (["--repl-port", "2323"], "unknown option --repl-port"),
        (["--repl="], "--repl needs a value"),
        (["--port"], "--port needs a value"),
        (["--flash="], "--flash needs a value"),
        (["--baud", "115200"], "unknown option --baud"),
        (["--flash", "/nowhere/flash.bin"], "cannot open the flash image /nowhere/flash.bin"),
        (["--host", "192.0.2.1"], "choose an address of this machine with --host"),
        (["--host", "localhost"], "write an IPv4 address such as 127.0.0.1, not 'localhost'"),
        (["--host", "::1"], "write an IPv4 address such as 127.0.0.1, not '::1'"),
    ],
)
def test_bad_options_end_with_one_line(program: Path, tmp_path: Path, args: list[str], message: str) -> None:
    own = ["--port", str(free_port()), "--repl", str(tmp_path / "repl"), "--flash", str(tmp_path / "f")]
    done = run(*own, *args)
    assert done.returncode == 1
    assert not (tmp_path / "repl").is_symlink()
    last = done.stdout.splitlines()[-1]
    assert last.startswith("camcors-host: ")
    assert message in last


def test_help_and_version(program: Path) -> None:
    assert run("--help").stdout.startswith("usage: camcors-host [--port N]")
    assert run("--version").stdout.startswith("camcors 0.1.0, ")


def test_a_port_in_use_ends_with_the_remedy(new_camera: Camera, tmp_path: Path) -> None:
    taken = new_camera.port
    done = run("--port", str(taken), "--flash", str(tmp_path / "other.bin"))
    assert done.returncode == 1
    remedy = f"127.0.0.1:{taken} is in use; stop the other program, or choose a free port: "
    remedy += f"make run PORT={taken + 1}, or --port {taken + 1}"
    assert done.stdout.splitlines()[-1] == f"camcors-host: {remedy}"
    assert new_camera.status()["board"] == "HOST"
    assert not (tmp_path / "repl").is_symlink()


def test_two_cameras_never_share_a_flash(new_camera: Camera, tmp_path: Path) -> None:
    done = run(
        "--flash", str(new_camera.flash), "--port", str(free_port()), "--repl", str(tmp_path / "other")
    )
    assert done.returncode == 1
    assert "is the flash of another running camera; choose another file with --flash" in done.stdout
    assert new_camera.status()["policy"]["state"] == "active"


def test_the_repl_is_beside_the_flash(program: Path, tmp_path: Path) -> None:
    command = [program, "--flash", tmp_path / "flash.bin", "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"made a new flash image, {tmp_path}/flash.bin\n"
        assert process.stdout.readline() == f"repl {tmp_path}/repl\n"
        process.terminate()


OTHERS_READ = "{} was open to other users, who could read your passwords in it; now only you can"


@pytest.mark.parametrize("umask", [0o022, 0o000, 0o077])
def test_a_new_flash_image_is_for_its_user_alone(program: Path, tmp_path: Path, umask: int) -> None:
    flash = tmp_path / "flash.bin"
    half = tmp_path / "flash.bin.new"
    half.write_bytes(b"half")
    half.chmod(0o644)
    before = os.umask(umask)
    try:
        camera = Camera(flash)
    finally:
        os.umask(before)
    with camera:
        camera.wait_ready()
        assert not half.exists()
        assert flash.stat().st_mode & 0o7777 == 0o600
        assert [line for line in camera.lines if "yours alone" in line] == []


def test_the_image_is_for_its_user_alone_while_it_is_made(program: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=openat,open,chmod,fchmod", "-o", str(trace), program]
    command += ["--flash", tmp_path / "flash.bin", "--host", "192.0.2.1"]  # it ends by that address
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=20)
    opened = [line for line in trace.read_text().splitlines() if "flash.bin" in line and "O_CREAT" in line]
    assert len(opened) == 1
    assert "flash.bin.new" in opened[0] and "O_EXCL" in opened[0] and ", 0600)" in opened[0]


def test_a_flash_image_that_others_can_read_is_tightened(new_camera: Camera) -> None:
    assert new_camera.stop() == 0
    for mode, said in ((0o644, 1), (0o660, 1), (0o600, 0), (0o606, 1)):
        new_camera.flash.chmod(mode)
        with Camera(new_camera.flash) as camera:
            camera.wait_ready()
            assert new_camera.flash.stat().st_mode & 0o7777 == 0o600, oct(mode)
            assert camera.lines.count(OTHERS_READ.format(camera.flash)) == said, oct(mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_flash_image_of_another_user_is_told_of(program: Path, tmp_path: Path) -> None:
    flash = tmp_path / "flash.bin"
    with Camera(flash) as camera:
        camera.wait_ready()
        camera.stop()
    flash.chmod(0o666)
    folder = tempfile.mkdtemp()  # those of tmp_path are closed to others
    try:
        shutil.copy(program, folder)
        moved = shutil.move(flash, folder)
        os.chmod(folder, 0o755)
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", f"{folder}/camcors-host"]
        done = subprocess.run(
            [*command, "--flash", moved, "--host", "192.0.2.1", "--insecure-repl-port", str(free_port())],
            capture_output=True,
            text=True,
            timeout=20,
        )
    finally:
        shutil.rmtree(folder)
    words = "is open to other users, who can read your passwords in it; its owner can chmod go= it"
    assert done.stdout.splitlines()[0] == f"{moved} {words}"


def corrupt_superblock(image: bytearray) -> None:
    image[VFS_OFFSET : VFS_OFFSET + 0x2000] = b"\x5a" * 0x2000


def erase_table(image: bytearray) -> None:
    image[0x8000:0x9000] = b"\xff" * 0x1000


def cut_short(image: bytearray) -> None:
    del image[100:]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (corrupt_superblock, "no littlefs filesystem in the partition vfs"),
        (erase_table, "the flash has no partition named vfs"),
        (cut_short, "is not a flash image of 4194304 bytes; it was not touched: move it away"),
    ],
)
def test_a_corrupt_flash_is_reported_and_left_alone(
    program: Path, tmp_path: Path, damage: Callable[[bytearray], None], words: str
) -> None:
    flash = tmp_path / "flash.bin"
    with Camera(flash) as camera:
        camera.wait_ready()
        camera.stop()
    image = bytearray(flash.read_bytes())
    damage(image)
    flash.write_bytes(image)
    with Camera(flash) as camera:
        said = camera.wait_for("camcors: ")
        assert words in said
        camera.wait_ready()
        report = camera.report()
        assert any(words in fault for fault in report["faults"])
        assert report["policy"]["state"] == report["access"]["state"] == "missing"
        allowed = httpx.get(f"{camera.url}/api/status", headers={"Origin": "http://localhost:8000"})
        assert allowed.status_code == 401
        assert "access-control-allow-origin" not in allowed.headers
        assert camera.exec("print('repl')") == "repl\n"
    assert flash.read_bytes() == bytes(image)


LOST = (
    "the partition vfs had lost its filesystem, and a new one was made: all files of before are gone, the "
    "policy, the tokens and /camera.json too; restore a backup, or set them again"
)
LOCKED = "no /access.json; the camera is locked; to make a token: camcors token add NAME --role view"


@pytest.mark.parametrize("left", ["all the rest", "the last byte"])
def test_a_flash_whose_superblocks_are_gone_is_said_loudly(program: Path, tmp_path: Path, left: str) -> None:
    """And gets no policy of ours: the camera tells at each start that there is none."""
    flash = tmp_path / "flash.bin"
    with Camera(flash) as camera:
        camera.wait_ready().put("note", "x" * 5000)
        camera.stop()
    image = bytearray(flash.read_bytes())
    if left == "the last byte":
        image[VFS_OFFSET:] = b"\xff" * (FLASH_SIZE - VFS_OFFSET)
        image[-1] = 0xFE
    image[VFS_OFFSET : VFS_OFFSET + 0x2000] = b"\xff" * 0x2000
    flash.write_bytes(image)
    with Camera(flash) as camera:
        missing = "no /policy.json; no other origin may read the camera until there is one"
        assert camera.wait_for("camcors: ") == f"camcors: {LOST}"
        assert camera.wait_ready().report()["faults"] == [LOST, missing, LOCKED]
        camera.reset()
        camera.wait_ready()
        assert camera.report()["faults"] == [missing, LOCKED]
        assert camera.exec("import os; print(os.listdir('/'))") == "[]\n"


def test_an_erased_flash_is_new_and_locked(program: Path, tmp_path: Path) -> None:
    """Its access file of before does not come back by the command that made the image."""
    flash = tmp_path / "flash.bin"
    with Camera(flash) as camera:
        camera.wait_ready().stop()
    image = bytearray(flash.read_bytes())
    image[VFS_OFFSET:] = b"\xff" * (FLASH_SIZE - VFS_OFFSET)
    flash.write_bytes(image)
    with Camera(flash) as camera:
        assert camera.wait_ready().report()["faults"] == [LOCKED]
        assert camera.report()["policy"]["state"] == "active"


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (None, "missing", "no /policy.json; no other origin may read the camera until there is one"),
        ("{", "last-good", "/policy.json: "),
        ("[]", "last-good", "/policy.json: "),
        ('{"version": 1, "allowed_origins": "https://a.example"}', "last-good", "allowed_origins"),
        ('{"version": 1, "allowed_origin": []}', "last-good", "allowed_origins"),
        (" " * 9000, "last-good", "8192"),
    ],
)
def test_a_bad_policy_file_is_reported_and_kept(
    new_camera: Camera, content: str | None, state: str, words: str
) -> None:
    first = new_camera.status()["policy"]["digest"]
    if content is None:
        new_camera.exec("import os; os.remove('policy.json')")
    else:
        new_camera.put("policy.json", content)
    new_camera.wait_for("camcors: ")
    new_camera.reset()
    said = new_camera.wait_for("camcors: ")
    assert words in said
    new_camera.wait_ready()
    policy = new_camera.status()["policy"]
    assert (policy["state"], policy["digest"]) == (state, None if content is None else first)
    assert words.removeprefix("/policy.json: ") in policy["error"]
    answer = httpx.get(f"{new_camera.url}/api/status", headers={"Origin": "http://localhost:8000"})
    assert answer.status_code == 200
    assert ("access-control-allow-origin" in answer.headers) is (content is not None)
    if content is not None:
        assert new_camera.exec("import sys; sys.stdout.write(open('policy.json').read())") == content


def test_a_full_filesystem_does_not_stop_the_camera(new_camera: Camera) -> None:
    fill = """
for size in (8192, 4096):
    try:
        for i in range(1000):
            with open('/full%d_%d' % (size, i), 'wb') as f:
                f.write(bytes(size))
    except OSError as exc:
        print(exc.errno)
"""
    assert new_camera.exec(fill) == "28\n28\n"
    new_camera.reset()
    new_camera.wait_ready()
    assert new_camera.status()["policy"]["state"] == "active"
    write = "with open('/more', 'w') as f:\n for i in range(25): f.write('x' * 4000)"
    full = new_camera.mpremote("resume", "exec", write)
    assert full.returncode == 1
    assert "OSError: 28" in full.stdout + full.stderr
    assert new_camera.exec("import os\nfor i in range(16): os.remove('/full8192_%d' % i)") == ""
    assert new_camera.exec(write) == ""


def test_disable_leaves_only_the_repl(new_camera: Camera) -> None:
    new_camera.disable()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", new_camera.port), timeout=1).close()
    new_camera.exec("import os; os.remove('disable')")
    new_camera.reset()
    new_camera.wait_ready()


def test_camera_json_is_read_and_its_faults_are_named(new_camera: Camera) -> None:
    new_camera.put("camera.json", '{"camera": {"frame_size": "QVGA", "quality": 900}, "prot": 80}')
    new_camera.reset()
    new_camera.wait_ready()
    said = [line for line in new_camera.lines if line.startswith("camcors: /camera.json: ")]
    assert len(said) == 2
    assert any("quality" in line for line in said)
    assert any("prot" in line and "port" in line for line in said)
    assert httpx.get(f"{new_camera.url}/api/camera").json()["frame_size"] == "QVGA"


def test_main_py_adds_routes_to_the_running_camera(new_camera: Camera) -> None:
    route = "from camcors import app\n@app.get('/hello')\ndef hello(request):\n    return 'hi'\n"
    new_camera.put("main.py", route)
    new_camera.reset()
    new_camera.wait_ready()
    answer = httpx.get(f"{new_camera.url}/hello", headers={"Origin": "http://localhost:8000"})
    assert (answer.status_code, answer.text) == (200, "hi")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:8000"


def test_a_main_py_that_raises_leaves_the_camera_serving(new_camera: Camera) -> None:
    new_camera.put("main.py", "1 / 0\n")
    new_camera.reset()
    new_camera.wait_ready()
    assert new_camera.status()["board"] == "HOST"
    assert any("ZeroDivisionError" in line for line in new_camera.drain())


def test_a_camera_json_that_is_no_text_is_named_and_the_camera_serves(new_camera: Camera) -> None:
    new_camera.exec("f = open('camera.json', 'wb'); f.write(b'{\"name\": \"caf\\xe9\"}'); f.close()")
    new_camera.reset()
    new_camera.wait_ready()
    (fault,) = new_camera.status()["faults"]
    assert fault.startswith("/camera.json: line 1, column ")
    assert "UTF-8" in fault


def test_the_cameras_own_routes_come_before_those_of_main_py(new_camera: Camera) -> None:
    new_camera.put(
        "main.py", "from camcors import app\n@app.get('/<path:p>')\ndef any(r, p):\n    return 'mine'\n"
    )
    new_camera.reset()
    new_camera.wait_ready()
    assert new_camera.status()["board"] == "HOST"
    assert httpx.get(f"{new_camera.url}/other").text == "mine"

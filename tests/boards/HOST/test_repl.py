"""The unmodified mpremote works on the REPL's TCP port while the camera serves."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from camera import PROGRAM, Camera, free_port


def frames(camera: Camera) -> int:
    return int(httpx.get(f"{camera.url}/api/status").json()["frames"]["captured"])


def read_until(line: socket.socket, wanted: bytes) -> bytes:
    """All that comes up to and with `wanted`; AssertionError if the line ends before."""
    got = b""
    while wanted not in got:
        chunk = line.recv(1000)
        assert chunk, got
        got += chunk
    return got


def test_cat_shows_the_first_policy(camera: Camera) -> None:
    done = camera.mpremote("cat", ":policy.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == '{\n  "version": 1,\n  "allowed_origins": ["http://localhost:8000"]\n}\n'


@pytest.mark.parametrize("size", [0, 1, 256, 3000])
def test_cp_both_ways_keeps_every_byte(camera: Camera, tmp_path: Path, size: int) -> None:
    data = bytes(i * 7 % 256 for i in range(size))
    (tmp_path / "out").write_bytes(data)
    assert camera.mpremote("cp", str(tmp_path / "out"), ":data").returncode == 0
    assert camera.mpremote("cp", ":data", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == data
    assert hashlib.sha256(data).hexdigest() in camera.mpremote("sha256sum", ":data").stdout


def test_files_and_folders(camera: Camera) -> None:
    assert camera.mpremote("mkdir", ":folder").returncode == 0
    assert camera.mpremote("touch", ":folder/file").returncode == 0
    listing = camera.mpremote("ls", ":folder").stdout.splitlines()
    assert listing == ["ls :folder", "           0 file"]
    assert camera.mpremote("rm", ":folder/file").returncode == 0
    assert camera.mpremote("rmdir", ":folder").returncode == 0
    missing = camera.mpremote("ls", ":folder")
    assert missing.returncode == 1
    assert "folder" in missing.stderr


def test_edit_uses_the_persons_editor(camera: Camera) -> None:
    camera.exec("f = open('note', 'w'); f.write('one\\n'); f.close()")
    editor = f"{sys.executable} -c \"import sys; open(sys.argv[1], 'a').write('two\\n')\""
    assert camera.mpremote("edit", ":note", EDITOR=editor).returncode == 0
    assert camera.exec("print(open('note').read(), end='')") == "one\ntwo\n"


def test_exec_and_run(camera: Camera, tmp_path: Path) -> None:
    assert camera.mpremote("exec", "print(6 * 7)").stdout == "42\n"
    script = tmp_path / "script.py"
    script.write_text("for i in range(3):\n    print(i, 'ü')\n")
    assert camera.mpremote("run", str(script)).stdout == "0 ü\n1 ü\n2 ü\n"
    failed = camera.mpremote("exec", "1 / 0")
    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stdout + failed.stderr


def test_raw_paste_of_more_than_its_window(camera: Camera) -> None:
    code = "\n".join(f"x{i} = {i}" for i in range(2000)) + "\nprint(x1999)"
    assert camera.mpremote("exec", code).stdout == "1999\n"


def test_a_soft_reset_starts_a_new_heap_and_the_camera_again(new_camera: Camera) -> None:
    new_camera.exec("kept = 1")
    assert new_camera.exec("print(kept)") == "1\n"
    assert new_camera.mpremote("soft-reset").returncode == 0
    new_camera.wait_ready()
    assert new_camera.exec("print('kept' in globals())") == "False\n"
    assert httpx.get(f"{new_camera.url}/api/status").status_code == 200


def test_reset_starts_the_camera_again(new_camera: Camera) -> None:
    new_camera.reset()
    new_camera.wait_ready()
    assert httpx.get(f"{new_camera.url}/api/status").status_code == 200
    assert new_camera.mpremote("exec", "print('alive')").stdout == "alive\n"


@pytest.mark.parametrize("loop", ["import time\nwhile True:\n    time.sleep(1000)", "while True:\n    pass"])
def test_a_running_loop_is_interrupted(camera: Camera, loop: str) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01" + loop.encode() + b"\x04")
        time.sleep(0.3)
    camera.serial().close()
    time.sleep(0.3)
    assert camera.mpremote("exec", "print('free again')").stdout == "free again\n"


def test_a_second_connection_is_refused(camera: Camera) -> None:
    with camera.serial():
        refused = camera.mpremote("ls")
    assert refused.returncode == 1
    assert "in use by another program" in refused.stderr + refused.stdout
    time.sleep(0.3)
    assert camera.mpremote("ls").returncode == 0


def test_the_friendly_repl_answers_with_line_ends_for_a_terminal(camera: Camera) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02print('a\\nb')\r")
        got = read_until(line, b"b\r\n>>> ")
    assert b"\r\na\r\nb\r\n>>> " in got


def test_input_reads_from_the_repl(camera: Camera) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02import sys; print('got', sys.stdin.readline())\r")
        time.sleep(0.3)
        line.sendall(b"typed\r")
        read_until(line, b"got typed")


def test_the_camera_serves_while_mpremote_works(camera: Camera) -> None:
    code = "import time\nfor i in range(20):\n    time.sleep(0.05)\n    print(i)"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(camera.exec, code)
        served = 0
        while not running.done():
            assert httpx.get(f"{camera.url}/api/capture").status_code == 200
            served += 1
        assert running.result().split() == [str(i) for i in range(20)]
    assert served > 3
    assert frames(camera) >= served


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_a_browsers_request_is_never_typed_into_the_repl(camera: Camera, method: str) -> None:
    body = "\r\x03\r\nopen('typed', 'w').close()\r\n"
    with camera.serial() as line:
        line.sendall(f"{method} / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1000) == b""
    time.sleep(0.3)
    assert camera.exec("import os; print('typed' in os.listdir('/'))") == "False\n"


def test_there_is_no_shell(camera: Camera) -> None:
    assert camera.exec("import os; print(hasattr(os, 'system'))") == "False\n"


def test_a_flood_that_nobody_reads_leaves_ctrl_c_working(camera: Camera) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01while True:\n    pass\x04")
        time.sleep(0.3)
        line.sendall(b"x" * 100_000)
        time.sleep(0.3)
    time.sleep(0.3)
    assert camera.mpremote("exec", "print('free again')").stdout == "free again\n"


def test_the_port_stays_this_cameras_while_a_client_has_it(camera: Camera, tmp_path: Path) -> None:
    with camera.serial():
        args = ["--port", str(free_port()), "--flash", str(tmp_path / "f.bin")]
        other = subprocess.run(
            [PROGRAM, *args, "--repl-port", str(camera.repl_port)], capture_output=True, text=True, timeout=10
        )
    assert other.returncode == 1
    assert f"127.0.0.1:{camera.repl_port} is in use" in other.stdout
    camera.serial().close()
    time.sleep(0.3)
    assert camera.mpremote("exec", "print('still mine')").stdout == "still mine\n"

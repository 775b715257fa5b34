"""The unmodified mpremote works on the REPL's pseudo-terminal while the camera serves."""

from __future__ import annotations

import concurrent.futures
import fcntl
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import Camera, free_port
from tests.kit.pts import Pts
from tests.kit.terminal import Terminal


def frames(camera: Camera) -> int:
    return int(httpx.get(f"{camera.url}/api/status").json()["frames"]["captured"])


def read_until(line: Pts, wanted: bytes) -> bytes:
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
    code = "\n".join(f"x{i} = {i}" for i in range(150)) + "\nprint(x149)"
    assert camera.mpremote("exec", code).stdout == "149\n"


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


def start(camera: Camera, code: str) -> None:
    """Start `code` on the REPL and leave it running, with nobody there."""
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01" + code.encode() + b"\x04")
        read_until(line, b"OK")


@pytest.mark.parametrize(
    "loop",
    [
        "import time\nwhile True:\n    time.sleep(1000)",
        "while True:\n    pass",
        "while True:\n    print('x' * 60)",
    ],
)
def test_a_running_loop_is_interrupted(camera: Camera, loop: str) -> None:
    start(camera, loop)
    assert camera.mpremote("exec", "print('free again')").stdout == "free again\n"


def test_only_its_user_can_open_it(camera: Camera) -> None:
    found = os.stat(camera.repl)
    assert (found.st_mode & 0o7777, found.st_uid) == (0o600, os.geteuid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("group", ["nogroup", "tty"])
def test_another_user_cannot_open_it(camera: Camera, group: str) -> None:
    command = ["setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups"]
    pts = os.path.realpath(camera.repl)
    seen = subprocess.run([*command, "stat", "-c", "%a", pts], capture_output=True, text=True)
    assert seen.stdout == "600\n"
    for way in ("<", ">", "<>"):
        done = subprocess.run([*command, "sh", "-c", f": {way} {pts}"], capture_output=True, text=True)
        assert done.returncode != 0 and "ermission denied" in done.stderr, (way, done.stderr)


# As most systems mount it: a new terminal belongs to the group tty as well.
_OF_GROUP_TTY = """
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts /dev/pts || exit 77
mount --bind /dev/pts/ptmx /dev/ptmx || exit 77
exec "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_only_its_user_can_open_it_where_the_system_lets_a_group(program: Path, tmp_path: Path) -> None:
    code = "import os; print(oct(os.stat(os.ttyname(os.openpty()[1])).st_mode & 0o7777))"
    command = ["unshare", "--mount", "sh", "-c", _OF_GROUP_TTY, "sh"]
    usual = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True)
    if usual.returncode == 77 or "unshare" in usual.stderr:
        pytest.skip("no mount namespace here")
    assert usual.stdout == "0o620\n"
    command += [str(program), "--flash", str(tmp_path / "flash.bin"), "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while not process.stdout.readline().startswith("repl "):
                assert process.poll() is None
            pts = Path(f"/proc/{process.pid}/root") / os.readlink(tmp_path / "repl").lstrip("/")
            assert pts.stat().st_mode & 0o7777 == 0o600
        finally:
            process.terminate()


@pytest.mark.parametrize("call", ["inotify_init1", "inotify_add_watch"])
def test_it_is_served_without_inotify(program: Path, tmp_path: Path, call: str) -> None:
    """A user has 128 of them by default, and an editor may have taken them all."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")
    inject = [
        "strace",
        "-D",
        "-f",
        "-o",
        os.devnull,
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:error=EMFILE",
    ]
    with Camera(tmp_path / "flash.bin", before=inject) as camera:
        camera.wait_ready()
        assert camera.exec("print(6 * 7)") == "42\n"
        assert camera.mpremote("exec", "print(6 * 7)").stdout == "42\n"


def test_a_second_client_is_told(camera: Camera) -> None:
    with camera.serial():
        refused = camera.mpremote("ls")
    assert refused.returncode == 1
    assert "in use by another program" in refused.stderr + refused.stdout
    camera.drain()
    assert camera.mpremote("ls").returncode == 0
    camera.wait_ready()  # after mpremote's soft reset


def test_output_with_nobody_there_is_lost_and_stops_nothing(camera: Camera) -> None:
    code = "from camcors.start import state\nfor i in range(3000):\n print('x' * 60)\nstate.fault('went on')"
    start(camera, code)
    end = time.monotonic() + 20
    while "went on" not in camera.status()["faults"]:
        assert time.monotonic() < end
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02print('n' + 'ew')\r")
        assert b"xxx" not in read_until(line, b"new\r\n>>> ")


def unread(line: Pts) -> int:
    """How many bytes wait to be read."""
    (count,) = struct.unpack("i", fcntl.ioctl(line.fileno(), termios.FIONREAD, bytes(4)))
    return int(count)


def wait_until_full(line: Pts) -> None:
    """Until the terminal takes no more: what waits to be read has stayed the same."""
    end = time.monotonic() + 20
    before, count = -1, unread(line)
    while count < 4000 or count != before:
        assert time.monotonic() < end
        time.sleep(0.05)
        before, count = count, unread(line)


def test_what_a_client_left_unread_is_not_the_next_ones(camera: Camera) -> None:
    end = time.monotonic() + 10
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02print('left' * 50)\r")
        while unread(line) < 200:
            assert time.monotonic() < end
    left = 1
    while left:  # the camera may not have seen yet that the first has gone
        assert time.monotonic() < end
        time.sleep(0.01)
        with camera.serial() as line:
            left = unread(line)


def test_a_slow_reader_loses_nothing(camera: Camera) -> None:
    size = 300_000
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01")
        read_until(line, b"raw REPL; CTRL-B to exit\r\n>")
        line.sendall(
            b"import sys\nfor i in range(%d):\n sys.stdout.write('%%09d\\n' %% i)\x04" % (size // 10)
        )
        assert (line.recv(1), line.recv(1)) == (b"O", b"K")
        wait_until_full(line)
        got = b""
        while not got.endswith(b"\x04\x04>"):
            got += line.recv(777)
    assert got == b"".join(b"%09d\r\n" % i for i in range(size // 10)) + b"\x04\x04>"


def test_the_camera_serves_while_a_client_reads_nothing(new_camera: Camera) -> None:
    with new_camera.serial() as line:
        line.sendall(b"\r\x03\r\x01while True: print('x' * 60)\x04")
        read_until(line, b"OK")
        wait_until_full(line)
        assert httpx.get(f"{new_camera.url}/api/capture").status_code == 200
    assert new_camera.exec("print('free again')") == "free again\n"


def test_the_modes_of_the_last_client_are_not_the_next_ones(camera: Camera) -> None:
    with camera.serial() as line:
        mode = termios.tcgetattr(line.fileno())
        mode[0], mode[1], mode[3] = termios.ICRNL, termios.OPOST, termios.ECHO | termios.ICANON
        termios.tcsetattr(line.fileno(), termios.TCSANOW, mode)
    assert camera.exec("print('still raw')") == "still raw\n"
    with camera.serial() as line:
        assert termios.tcgetattr(line.fileno())[3] & (termios.ECHO | termios.ICANON) == 0


@pytest.mark.parametrize("code", ["import machine; machine.reset()", "import sys; sys.exit()"])
def test_a_client_keeps_its_line_over_a_reset(new_camera: Camera, code: str) -> None:
    pts = os.path.realpath(new_camera.repl)
    with new_camera.serial() as line:
        line.sendall(b"\r\x03\x02" + code.encode() + b"\r")
        read_until(line, b"MicroPython")
        new_camera.wait_for(f"ready {new_camera.url}")
        line.sendall(b"print('l' + 'ater')\r")
        read_until(line, b"later\r\n>>> ")
    assert os.path.realpath(new_camera.repl) == pts
    assert new_camera.exec("print(1)") == "1\n"


def test_mpremote_repl_in_a_terminal(camera: Camera) -> None:
    command = [sys.executable, "-m", "mpremote", "connect", camera.repl, "resume", "repl"]
    with Terminal(command) as terminal:
        terminal.wait_for("Use Ctrl-] or Ctrl-x to exit this shell")
        terminal.type("Enter")
        terminal.wait_for(">>> ")
        terminal.type("print('typed' * 2)", "Enter")
        terminal.wait_for("\ntypedtyped\n>>>")
        terminal.type("exec(\"print('lo' + 'ops')\\nwhile True: pass\")", "Enter")
        terminal.wait_for("\nloops")
        terminal.type("C-c")
        terminal.wait_for("KeyboardInterrupt:")
        terminal.type("C-x")
        assert terminal.wait() == 0
    assert camera.exec("print('free again')") == "free again\n"


def test_the_friendly_repl_answers_with_line_ends_for_a_terminal(camera: Camera) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02print('a\\nb')\r")
        got = read_until(line, b"b\r\n>>> ")
    assert b"\r\na\r\nb\r\n>>> " in got


def test_input_reads_from_the_repl(camera: Camera) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\x02import sys; print('as' + 'ks'); print('got', sys.stdin.readline())\r")
        read_until(line, b"asks\r\n")
        line.sendall(b"typed\r")
        read_until(line, b"got typed")


def test_the_camera_serves_while_mpremote_works(new_camera: Camera) -> None:
    code = "import time\nfor i in range(20):\n    time.sleep(0.05)\n    print(i)"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(new_camera.exec, code)
        served = 0
        while not running.done():
            assert httpx.get(f"{new_camera.url}/api/capture").status_code == 200
            served += 1
        assert running.result().split() == [str(i) for i in range(20)]
    assert served > 3
    assert frames(new_camera) >= served


def test_a_background_thread_prints_to_the_console_only(new_camera: Camera) -> None:
    code = "import _thread, time\ndef say():\n for i in range(50):\n  print('behind', i); time.sleep_ms(5)\n"
    code += "_thread.start_new_thread(say, ())\nfor i in range(50):\n print(i)\n time.sleep_ms(5)"
    assert new_camera.exec(code).split() == [str(i) for i in range(50)]
    new_camera.wait_for("behind 49")


def test_interrupts_while_the_collector_looks_at_the_servers_memory(new_camera: Camera) -> None:
    code = "import gc\nfor i in range(500):\n try:\n  print('collects')\n  while True:\n   gc.collect()\n"
    code += "   kept = [[each] for each in range(100)]\n except KeyboardInterrupt: pass"
    with new_camera.serial() as line:
        line.sendall(b"\r\x03\r\x01" + code.encode() + b"\x04")
        for _ in range(500):
            read_until(line, b"collects\r\n")
            line.sendall(b"\x03")
        read_until(line, b"\x04\x04>")
    assert httpx.get(f"{new_camera.url}/api/capture").status_code == 200


@pytest.mark.parametrize("size", [100, 65_536, 100_000])
def test_a_flood_that_nobody_reads_leaves_ctrl_c_working(camera: Camera, size: int) -> None:
    with camera.serial() as line:
        line.sendall(b"\r\x03\r\x01print('loops')\nwhile True:\n    pass\x04")
        # Not "OK": the program has come then, and a Ctrl-C before it runs is typed and interrupts nothing.
        read_until(line, b"loops\r\n")
        line.sendall(b"x" * size)
    done = camera.mpremote("resume", "exec", "print('free again')")
    assert (done.stdout, done.stderr) == ("free again\n", "")

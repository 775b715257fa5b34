"""From the camera's Python, by the REPL or a handler, no file of the computer is in reach."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from tests.kit.camera import PROGRAM, Camera, is_socket

EACH_VALUE = (
    "[v for m in sys.modules.values() for n in dir(m) for v in [getattr(m, n, 0)] if 'Posix' in repr(v)][0]"
)
# Each must raise; what it would give is printed.
WAYS = [
    "__import__('vfs').VfsPosix",
    "__import__('os').VfsPosix",
    "__import__('uos').VfsPosix",
    "__import__('sys').modules['vfs'].VfsPosix",
    "[m for m in sys.modules.values() if hasattr(m, 'VfsPosix')][0]",
    EACH_VALUE,
    "[v for v in globals().values() if 'Posix' in repr(v)][0]",
    "open({path!r})",
    "open({path!r}, 'w')",
    "open('../..' + {path!r})",
    "os.stat({path!r})",
    "os.listdir('/proc')",
    "os.getenv('HOME')",
    "os.putenv('HOME', '/')",
    "os.unsetenv('HOME')",
    "os.system('true')",
    "__import__('ffi')",
    "__import__('uctypes')",
    "__import__('termios')",
    "__import__('jni')",
    "__import__('btree')",
    "machine.mem8[0]",
    "machine.mem32[0]",
    "exec('@micropython.viper\\ndef f(): return ptr8(0)[0]')",
    "exec('@micropython.native\\ndef f(): pass')",
    "exec('@micropython.asm_x64\\ndef f(): pass')",
    "socket.socket(socket.AF_UNIX)",
    "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "socket.socket(16, socket.SOCK_RAW)",
    "socket.socket(38)",
    "__import__('_host').flash({path!r}, {size}, 0, b'')",
    "__import__('_host').pty({path!r} + '.repl')",
    "__import__('_host').insecure_port('127.0.0.1', 1)",
    "__import__('_host').run()",
    "[sys.modules.pop('camcors_host.life'), __import__('camcors_host.life')]",
    "__import__('camcors_host.power_on')",
    "[vfs.umount('/'), open({path!r})]",
]

SETUP = """
import gc, machine, micropython, os, socket, sys, vfs
def boot_again():
    sys.modules.pop('camcors_host.power_on', None)
    sys.argv[:] = ['-c', '--flash', {path!r}, '--port', '1']
"""


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("person") / "secret"
    path.write_bytes(b"secret".ljust(4096))
    return path


def attempt(way: str, secret: Path) -> str:
    """Code that prints "refused", or what it got."""
    wanted = way.format(path=str(secret), size=4096)
    again = "boot_again()\n    " if "power_on')" in way else ""
    return f"""{SETUP.format(path=str(secret))}
try:
    {again}print('got', {wanted})
except (OSError, AttributeError, ImportError, SyntaxError, LookupError, SystemExit):
    print('refused')
"""


@pytest.mark.parametrize(
    "way",
    [
        *(way for way in WAYS if way != EACH_VALUE),
        EACH_VALUE,
    ],
)
def test_no_way_from_the_repl(camera: Camera, secret: Path, way: str) -> None:
    said = camera.exec(attempt(way, secret)).splitlines()
    assert said[-1] == "refused", said
    assert secret.read_bytes() == b"secret".ljust(4096)
    assert sorted(path.name for path in secret.parent.iterdir()) == ["secret"]
    if "umount" in way:
        camera.reset()
        camera.wait_ready()


@pytest.mark.parametrize("fd", range(3, 12))
def test_no_descriptor_of_the_process_is_opened(camera: Camera, fd: int) -> None:
    """The flash image, the pseudo-terminal, its lock and folder are among them; sockets are Python's own, and
    are kept: the collector would close the camera's."""
    target = Path(f"/proc/{camera.process.pid}/fd/{fd}")
    was_socket = is_socket(target)
    shown = camera.exec(
        "kept = globals().get('kept', [])\n"
        "for mode in ('r', 'rb', 'r+b', 'w', 'ab'):\n"
        f" try:\n  kept.append(open({fd}, mode))\n  print(kept[-1])\n"
        " except OSError as exc:\n  print(exc.errno)"
    )
    if was_socket or is_socket(target):
        return
    assert shown.split() == ["1"] * 5


def test_a_socket_may_be_a_file(camera: Camera) -> None:
    code = f"""
import socket
s = socket.socket()
s.connect(socket.getaddrinfo('127.0.0.1', {camera.port})[0][-1])
f = s.makefile('rwb')
f.write(b'GET /api/status HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n')
print(f.readline())
"""
    assert camera.exec(code).startswith("b'HTTP/1.1 200 OK")


_HANDLER = """
import gc, machine, micropython, os, socket, sys, vfs
from camcors import app

@app.post('/run')
def run(request):
    try:
        return repr(eval(request.body.decode()))
    except Exception as exc:
        return type(exc).__name__, 403
"""


def test_no_way_from_a_handler(new_camera: Camera, secret: Path) -> None:
    new_camera.put("main.py", _HANDLER)
    new_camera.reset()
    new_camera.wait_ready()
    listed = httpx.post(
        f"{new_camera.url}/run", content="[os.listdir('/'), socket, sys, machine, vfs] and 42"
    )
    assert (listed.status_code, listed.text) == (200, "42")
    for way in WAYS:
        if "power_on" in way or "umount" in way:  # which end the server, by SystemExit or without files
            continue
        answer = httpx.post(f"{new_camera.url}/run", content=way.format(path=str(secret), size=4096))
        assert answer.status_code == 403, (way, answer.text)
    assert secret.read_bytes() == b"secret".ljust(4096)


def test_a_script_is_not_confined(program: Path, secret: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"print(open({str(secret)!r}).read(6))")
    done = subprocess.run([PROGRAM, script], capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr, done.returncode) == ("secret\n", "", 0)


@pytest.mark.parametrize(
    "way", ["flash({!r}, 4096, 0, b'')", "pty({!r})", "insecure_port('127.0.0.1', 1)", "run()"]
)
def test_a_script_has_no_camera(program: Path, tmp_path: Path, way: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"import _host\n_host.{way.format(str(tmp_path / 'x'))}")
    done = subprocess.run([PROGRAM, script], capture_output=True, text=True, timeout=20)
    assert "OSError: [Errno 1] EPERM" in done.stdout + done.stderr  # the first from MicroPython 1.28 on

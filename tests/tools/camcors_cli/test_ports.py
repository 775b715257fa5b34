"""Which port is meant, and why one does not open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from camcors_cli.cli import main
from camcors_cli.device import port
from camcors_cli.ui.errors import Failure
from click.testing import CliRunner

from tests.kit.camera import Camera, free_port

ONE = SimpleNamespace(
    device="/dev/ttyACM0", vid=0x303A, serial_number="a1", product="ESP32-S3", description="x"
)
TWO = SimpleNamespace(
    device="/dev/ttyUSB3", vid=0x10C4, serial_number="b2", product=None, description="CP2102"
)
ONBOARD = SimpleNamespace(device="/dev/ttyS0", vid=None, serial_number=None, product=None, description="n/a")
GIVE = "give it with --port or in CAMCORS_PORT, for example --port build/HOST/repl"


@pytest.mark.parametrize(
    ("boards", "given", "found"),
    [
        ([ONBOARD, ONE], None, "/dev/ttyACM0"),
        ([ONE], "", "/dev/ttyACM0"),
        ([ONE, TWO], "id:b2", "/dev/ttyUSB3"),
        ([], "a0", "/dev/ttyACM0"),
        ([], "u1", "/dev/ttyUSB1"),
        ([], "c2", "COM2"),
        ([], "port:/dev/x", "/dev/x"),
        ([], "/dev/a0", "/dev/a0"),
        ([ONE], "build/HOST/repl", "build/HOST/repl"),
    ],
)
def test_the_port_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, boards: list[SimpleNamespace], given: str | None, found: str
) -> None:
    monkeypatch.setattr(port.list_ports, "comports", lambda: boards)
    assert port.find_port(given) == found


@pytest.mark.parametrize(
    ("boards", "given", "words"),
    [
        ([ONBOARD], [], f"no board found on USB; connect one; or {GIVE}"),
        (
            [ONE, ONBOARD, TWO],
            [],
            "2 boards are connected; choose: --port /dev/ttyACM0 (ESP32-S3) or --port /dev/ttyUSB3 (CP2102)",
        ),
        ([ONE], ["--port", "id:c3"], "no board with the serial number c3; --port /dev/ttyACM0 (ESP32-S3)"),
        ([], ["--port", "id:c3"], f"no board with the serial number c3; connect it; or {GIVE}"),
        ([], ["--port", "/dev/none"], f"there is no /dev/none; connect it; or {GIVE}"),
        (
            [],
            ["--port", "foo://x"],
            f"foo://x is not a port (invalid URL, protocol 'foo' not known); {GIVE}",
        ),
    ],
)
def test_a_port_that_there_is_not(
    monkeypatch: pytest.MonkeyPatch, boards: list[SimpleNamespace], given: list[str], words: str
) -> None:
    monkeypatch.setattr(port.list_ports, "comports", lambda: boards)
    monkeypatch.delenv("CAMCORS_PORT", raising=False)
    done = CliRunner().invoke(main, ["info", *given])
    assert (done.stdout, done.stderr, done.exit_code) == ("", f"camcors: {words}\n", 3)


def unopened(name: str) -> str:
    with pytest.raises(Failure) as caught:
        port.open_port(name)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_socket_that_refuses() -> None:
    port = f"socket://127.0.0.1:{free_port()}"
    words = f"nothing answers on {port}, or another program has it; "
    words += "start the camera (make run), or end the other program (mpremote, another camcors)"
    assert unopened(port) == words


def test_a_camera_that_another_program_has(camera: Camera) -> None:
    with camera.serial():
        done = camera.camcors_process("info")
    assert done.stderr.startswith(f"camcors: {camera.repl} is busy or does not open (")
    assert done.stderr.endswith("; end the other program that has it (mpremote, Thonny, a terminal)\n")
    assert (done.stdout, done.returncode) == ("", 3)


def test_the_repl_of_a_camera_that_does_not_run(tmp_path: Path) -> None:
    repl = tmp_path / "repl"
    words = f"there is no {repl}; start the camera (make run), which says the name of its REPL; "
    words += f"or connect it; or {GIVE}"
    assert unopened(str(repl)) == words
    repl.symlink_to("/dev/pts/987654")  # as a killed camera leaves it
    assert unopened(str(repl)) == words


def test_the_repl_of_another_user(monkeypatch: pytest.MonkeyPatch, camera: Camera) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise serial.SerialException(13, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    words = f"{camera.repl} is another user's; start a camera of your own (make run)"
    assert unopened(camera.repl) == words


def test_a_serial_port_that_another_program_has() -> None:
    board, port = os.openpty()
    try:
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
        words = unopened(os.ttyname(port))
        assert words.startswith(f"{os.ttyname(port)} is busy or does not open ([Errno 11] ")
        assert words.endswith("; end the other program that has it (mpremote, Thonny, a terminal)")
    finally:
        os.close(board)
        os.close(port)


def test_no_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise serial.SerialException(13, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    words = "no permission for /dev/ttyACM0; "
    words += "add yourself to its group (sudo usermod -a -G dialout $USER) and log in again"
    assert unopened("/dev/ttyACM0") == words


def said(*args: str) -> str:
    """The usage error of a command, without the usage."""
    done = CliRunner().invoke(main, args, prog_name="camcors")
    assert (done.stdout, done.exit_code) == ("", 2)
    return done.stderr.splitlines()[-1]


NUMBER = '"9000" is the number of a TCP port, not a board\'s port; '
BROWSERS = "camcors doctor takes it; the port is that of the REPL, such as build/HOST/repl"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("dashboard --port 9000", f"{NUMBER}for the dashboard's, write --http-port 9000"),
        ("--port 9000 dashboard", f"{NUMBER}for the dashboard's, write --http-port 9000"),
        ("info --port 9000", f"{NUMBER}for a REPL at that port, write socket://127.0.0.1:9000"),
        ("policy --port 9000 show", f"{NUMBER}for a REPL at that port, write socket://127.0.0.1:9000"),
        (
            "info --port 127.0.0.1:8266",
            '"127.0.0.1:8266" is not a port; did you mean socket://127.0.0.1:8266?',
        ),
        ("info --port cam.lan:23", '"cam.lan:23" is not a port; did you mean socket://cam.lan:23?'),
        ("info --port [::1]:23", '"[::1]:23" is not a port; did you mean socket://[::1]:23?'),
        (
            "info --port http://127.0.0.1:8080",
            f'"http://127.0.0.1:8080" is an address for browsers, not a board\'s port; {BROWSERS}',
        ),
    ],
)
def test_what_is_not_the_port_of_a_board(args: str, words: str) -> None:
    assert said(*args.split()) == f"Error: Invalid value for '--port': {words}"


def test_a_number_may_be_the_name_of_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("9000").touch()
    assert CliRunner().invoke(main, ["info", "--port", "9000"]).exit_code == 3


# The command line, CAMCORS_PORT, and the port that counts.
PLACES = [
    ("info --port /x/near", "", "/x/near"),
    ("--port /x/before info", "", "/x/before"),
    ("--port /x/before info", "/x/env", "/x/before"),
    ("--port /x/before info --port /x/near", "/x/env", "/x/near"),
    ("policy --port /x/group show", "/x/env", "/x/group"),
    ("--port /x/before policy --port /x/group show", "", "/x/group"),
    ("--port /x/before wifi --port /x/group status --port /x/near", "", "/x/near"),
    ("info", "/x/env", "/x/env"),
]


@pytest.mark.parametrize(("args", "env", "port"), PLACES)
def test_a_port_is_taken_before_the_command_and_after(args: str, env: str, port: str) -> None:
    done = CliRunner().invoke(main, args.split(), env={"CAMCORS_PORT": env})
    assert done.stderr.startswith(f"camcors: there is no {port}; ")
    assert done.exit_code == 3


def test_the_port_of_the_camera_for_browsers(camera: Camera) -> None:
    port = f"socket://127.0.0.1:{camera.port}"
    done = camera.camcors_process("info", "--port", port)
    words = f"camcors: {port} speaks HTTP, so it is a port for browsers and not a REPL; "
    words += "start the camera (make run), which says the name of its REPL; camcors doctor takes the other\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", words, 3)

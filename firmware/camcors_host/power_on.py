"""Power-on of the camera on your desk: reads the options, opens flash and serial port."""

import errno
import sys

import _host
import partition_table
import vfs
from esp32 import Partition

import board
import filesystem
from strict import late

_USAGE = """\
usage: camcors-host [--port N] [--tls-port N] [--host ADDRESS] [--repl PATH] [--flash FILE]
                    [--dashboard-port N] [--access JSON]

  --port N        the camera's HTTP port (8080)
  --tls-port N    its port for https, once it has a certificate (8443)
  --host ADDRESS  the IPv4 address that it listens on (127.0.0.1)
  --repl PATH     the name of the REPL, for mpremote connect PATH: a link to a pseudo-terminal that is yours
                  alone (repl, beside the flash)
  --flash FILE    the image of the flash, made if it is not there (flash.bin)
  --dashboard-port N  where your dashboard is, on localhost: a new flash image's first policy allows it (8000)
  --access JSON   what a new flash image gets as its /access.json, up to 255 bytes with the hashes of tokens;
                  without it, the camera is locked
  --watchdog-ms N  how long the server may stand still before the watchdog resets the camera (30000)
  --version       the versions of the firmware and of MicroPython

  --insecure-repl-port N           the REPL on a TCP port instead: it has no password, so every program and
                                   every user of this machine gets it
  --insecure-repl-address ADDRESS  the IPv4 address of that port (127.0.0.1): any other gives the REPL to
                                   everybody who reaches it

camcors-host SCRIPT.py runs a script on this MicroPython with the frozen modules, without a camera.

CAMCORS_HOST_HEAP in the environment is the size of Python's heap in bytes: FIRST:MOST, between which it
grows as a board's does, or one number for a heap that does not grow.
"""

_PORT = "--insecure-repl-port"
_ADDRESS = "--insecure-repl-address"
_OFFSET_BEFORE = 0x200000  # of the filesystem, when there was one slot for an application


class UsageError(Exception):
    pass


def _port(text):
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise UsageError("write a port from 1 to 65535, not " + repr(text))
    return int(text)


def _milliseconds(text):
    if not text.isdigit() or not 1 <= int(text) <= 600000:
        raise UsageError("write milliseconds from 1 to 600000, not " + repr(text))
    return int(text)


def _address(text):
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() and int(part) < 256 for part in parts):
        raise UsageError("write an IPv4 address such as 127.0.0.1, not " + repr(text))
    return text


def _access(text):
    try:
        late.load("access.document").Access.from_json(text)
    except ValueError as exc:
        raise UsageError("--access: " + str(exc))
    return text


_OPTIONS = {
    "--port": _port,
    "--tls-port": _port,
    "--host": _address,
    "--repl": str,
    "--flash": str,
    "--dashboard-port": _port,
    "--access": _access,
    "--watchdog-ms": _milliseconds,
    _PORT: _port,
    _ADDRESS: _address,
}


def parse(args):
    """Read `args` (list of str) -> dict by option name. Raises UsageError."""
    values = {"--port": 8080, "--tls-port": 8443, "--host": "127.0.0.1", "--flash": "flash.bin"}
    args = iter(args)
    for arg in args:
        name, equals, value = arg.partition("=")
        if name not in _OPTIONS:
            raise UsageError("unknown option " + arg)
        if not equals:
            value = next(args, "")
        if not value:
            raise UsageError(name + " needs a value")
        values[name] = _OPTIONS[name](value)
    if "--repl" in values and _PORT in values:
        raise UsageError("choose --repl or " + _PORT + ", not both")
    if _ADDRESS in values and _PORT not in values:
        raise UsageError(_ADDRESS + " goes with " + _PORT)
    folder, slash, _ = values["--flash"].rpartition("/")
    values.setdefault("--repl", folder + slash + "repl")
    values.setdefault(_ADDRESS, "127.0.0.1")
    return values


def _fail(text):
    print("camcors-host: " + text)
    sys.exit(1)


def _require_free(host, port, option):
    """End with one line if another program listens there; the server itself starts much later."""
    import socket

    probe = socket.socket()
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(socket.getaddrinfo(host, port)[0][-1])
        probe.listen(1)
    except OSError as exc:
        _fail_to_listen(host, port, option, "--host", exc)
    finally:
        probe.close()


def _fail_to_listen(host, port, option, host_option, exc):
    where = host + ":" + str(port)
    if exc.errno == errno.EADDRINUSE:
        free = str(port % 65535 + 1)
        variable = "PORT=" if option == "--port" else "INSECURE_REPL_PORT="
        remedy = " is in use; stop the other program, or choose a free port: make run " + variable + free
        _fail(where + remedy + ", or " + option + " " + free)
    if exc.errno == errno.EACCES:
        _fail(where + " needs more rights than yours; choose a port from 1024 with " + option)
    error = " (error " + str(exc.errno) + ")"
    _fail("cannot listen on " + where + error + "; choose an address of this machine with " + host_option)


def _fail_to_link(path, exc):
    other = "choose another with --repl"
    folder = path.rpartition("/")[0] or ("/" if path[0] == "/" else ".")
    if exc.errno == errno.EAGAIN:
        _fail(path + " is the REPL of another running camera; " + other)
    if exc.errno == errno.EEXIST:
        _fail(
            path
            + " (or "
            + path
            + ".lock) is there and is not what a camera has left; move it away, or "
            + other
        )
    if exc.errno == errno.EPERM:
        _fail(
            "others can write to the folder "
            + folder
            + ", or to one above it, and could put their REPL in the "
            "place of yours; chmod go-w it, or " + other
        )
    _fail("cannot make the REPL " + path + " (" + str(exc) + "); " + other)


def _open_pty(path):
    """True at power-on, False after a reset. Ends the camera if the REPL cannot have that name."""
    try:
        is_power_on = _host.pty(path)
    except OSError as exc:
        _fail_to_link(path, exc)
    if is_power_on:
        print("repl " + path)
    return is_power_on


def _open_insecure_port(host, port):
    try:
        is_power_on = _host.insecure_port(host, port)
    except OSError as exc:
        _fail_to_listen(host, port, _PORT, _ADDRESS, exc)
    if is_power_on:
        print("repl socket://" + host + ":" + str(port) + " (insecure: whoever reaches it gets it)")
    return is_power_on


def _open_flash(path):
    """Return whether the image was not there, and is new."""
    size = partition_table.FLASH_SIZE
    try:
        was_made, open_to, is_private = _host.flash(path, size, partition_table.OFFSET, partition_table.TABLE)
    except OSError as exc:
        if exc.errno == errno.EAGAIN:
            _fail(path + " is the flash of another running camera; choose another file with --flash")
        if exc.errno != errno.ENODEV:
            _fail("cannot open the flash image " + path + " (" + str(exc) + ")")
        filesystem.fault = path + " is not a flash image of " + str(size) + " bytes"
        filesystem.fault += "; it was not touched: move it away, and the next start makes a new one"
        return False
    found = Partition.find(Partition.TYPE_DATA, label="vfs")
    if found and found[0].info()[2] == _OFFSET_BEFORE:
        _fail(
            path + " has the layout of an earlier version; camcors migrate " + path + " brings its files over"
        )
    if was_made:
        print("made a new flash image, " + path)
    elif open_to and is_private:
        print(path + " was open to other users, who could read your passwords in it; now only you can")
    elif open_to:
        print(path + " is open to other users, who can read your passwords in it; its owner can chmod go= it")
    return was_made


def main(args):
    """Prepare what camcors_host.life runs. Ends the process if there is nothing to run."""
    if "--help" in args:
        print(_USAGE, end="")
        sys.exit()
    if "--version" in args:
        print("camcors " + board.FIRMWARE + ", " + sys.version)
        sys.exit()
    try:
        options = parse(args)
    except UsageError as exc:
        print(_USAGE, end="")
        _fail(str(exc))
    host, port = options["--host"], options["--port"]
    if not _open_flash(options["--flash"]):  # a flash that was erased is as locked as a board's
        options.pop("--access", None)
    if _PORT in options:
        is_power_on = _open_insecure_port(options[_ADDRESS], options[_PORT])
    else:
        is_power_on = _open_pty(options["--repl"])
    if is_power_on:  # after a reset the server tries until the port is free
        _require_free(host, port, "--port")
    # From here on the only filesystem is the flash, as on a board.
    vfs.umount("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    board.SETTINGS.update(host=host, port=port, tls_port=options["--tls-port"])
    for option in ("--watchdog-ms", "--dashboard-port", "--access"):
        if option in options:
            board.SETTINGS[option[2:].replace("-", "_")] = options[option]


main(sys.argv[1:])

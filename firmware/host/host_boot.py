"""Power-on of the camera on your desk: reads the options, opens flash and serial port, boots."""

import errno
import os
import sys

import _host
import partition_table
import vfs

import board
import filesystem

_USAGE = """\
usage: camcors-host [--port N] [--repl-port N] [--host ADDRESS] [--flash FILE]

  --port N        the camera's HTTP port (8080)
  --repl-port N   the REPL's TCP port, for mpremote connect socket://ADDRESS:N (2323)
  --host ADDRESS  the IPv4 address that both listen on (127.0.0.1); anybody who reaches it gets the REPL,
                  which has no password
  --flash FILE    the image of the flash, made if it is not there (flash.bin)
  --version       the versions of the firmware and of MicroPython

camcors-host SCRIPT.py runs a script on this MicroPython with the frozen modules, without a camera.
"""


class UsageError(Exception):
    pass


def _port(text):
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise UsageError("write a port from 1 to 65535, not " + repr(text))
    return int(text)


def _address(text):
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() and int(part) < 256 for part in parts):
        raise UsageError("write an IPv4 address such as 127.0.0.1, not " + repr(text))
    return text


_OPTIONS = {"--port": _port, "--repl-port": _port, "--host": _address, "--flash": str}


def parse(args):
    """Reads `args` (list of str) -> dict by option name. Raises UsageError."""
    values = {"--port": 8080, "--repl-port": 2323, "--host": "127.0.0.1", "--flash": "flash.bin"}
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
    return values


def _fail(text):
    print("camcors-host: " + text)
    sys.exit(1)


def _require_free(host, port, option):
    """Ends with one line if another program listens there; the server itself starts much later."""
    import socket

    probe = socket.socket()
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(socket.getaddrinfo(host, port)[0][-1])
        probe.listen(1)
    except OSError as exc:
        _fail_to_listen(host, port, option, exc)
    finally:
        probe.close()


def _fail_to_listen(host, port, option, exc):
    where = host + ":" + str(port)
    if exc.errno == errno.EADDRINUSE:
        _fail(where + " is in use; stop the other program or choose a free port with " + option)
    if exc.errno == errno.EACCES:
        _fail(where + " needs more rights than yours; choose a port from 1024 with " + option)
    error = " (error " + str(exc.errno) + ")"
    _fail("cannot listen on " + where + error + "; choose an address of this machine with --host")


def _open_serial(host, port):
    try:
        return _host.serial(host, port)
    except OSError as exc:
        _fail_to_listen(host, port, "--repl-port", exc)


def _make_image(disk, path):
    """An erased flash with a partition table, written aside first: a half-made image never gets the name."""
    erased = b"\xff" * 4096
    part = path + ".new"
    with disk.open(part, "wb") as f:
        for _ in range(partition_table.FLASH_SIZE // len(erased)):
            f.write(erased)
        f.seek(partition_table.OFFSET)
        f.write(partition_table.TABLE)
    disk.rename(part, path)
    print("made a new flash image, " + path)


def _open_flash(path):
    disk = vfs.VfsPosix()
    try:
        try:
            disk.stat(path)
        except OSError as exc:
            if exc.errno != errno.ENOENT:
                raise
            _make_image(disk, path)
        _host.flash(path, partition_table.FLASH_SIZE)
    except OSError as exc:
        if exc.errno == errno.EAGAIN:
            _fail(path + " is the flash of another running camera; choose another file with --flash")
        if exc.errno == errno.ENODEV:
            filesystem.fault = path + " is not a flash image of " + str(partition_table.FLASH_SIZE) + " bytes"
            filesystem.fault += "; it was not touched: move it away, and the next start makes a new one"
        else:
            _fail("cannot open the flash image " + path + " (" + str(exc) + ")")


def main(args):
    if "--help" in args:
        print(_USAGE, end="")
        return
    if "--version" in args:
        print("camcors " + board.FIRMWARE + ", " + sys.version)
        return
    try:
        options = parse(args)
    except UsageError as exc:
        print(_USAGE, end="")
        _fail(str(exc))
    host, port = options["--host"], options["--port"]
    is_power_on = _open_serial(host, options["--repl-port"])
    if is_power_on:  # after a reset the server tries until the port is free
        _require_free(host, port, "--port")
    _open_flash(options["--flash"])
    # From here on the only filesystem is the flash, as on a board.
    vfs.umount("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    board.SETTINGS.update(host=host, port=port)
    if os.getenv("CAMCORS_WATCHDOG_MS"):  # for tests: nobody waits for half a minute
        board.SETTINGS["watchdog_ms"] = int(os.getenv("CAMCORS_WATCHDOG_MS"))
    if is_power_on:
        print("repl socket://" + host + ":" + str(options["--repl-port"]))
    _host.run()


main(sys.argv[1:])

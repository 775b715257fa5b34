"""A board that is only its raw REPL: what `camcors` asks is answered from a table, which a test makes odd.

Source of the protocol: MicroPython documentation, "The MicroPython interactive interpreter mode", raw REPL.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from camcors_cli.device import remote
from mpremote.transport_serial import SerialTransport

_ASKED = re.compile(r"print\('\\x1e' \+ _json\.dumps\((.*)\) \+ '\\x1f'\)$")

POLICY = '{"version": 1, "allowed_origins": ["https://a.example"]}'
REPORT: dict[str, Any] = {
    "name": "n",
    "title": "Küche 2",
    "board": "BOARD",
    "micropython": "1.28.0",
    "firmware": "0.1.0",
    "uptime_s": 5,
    "network": {"state": "connected", "address": "10.0.0.7", "name": "n", "rssi": -48, "error": None},
    "heap": {"used": 1000, "free": 2000},
    "policy": {"state": "active", "digest": "0123456789ab", "error": None},
    "access": {"state": "active", "tokens": 1, "open": None, "wrong_tokens": 0},
    "faults": ["a fault"],
    "restart": {"cause": "power-on", "reason": None},
    "started": True,
}
LOG = b"2 ready http://10.0.0.7:80\n75 camcors: network: the Wi-Fi network went away; retrying\n"
INFO = {
    "machine": "A board",
    "version": "3.4.0; MicroPython 1.28.0",
    "filesystem": {"size": 2097152, "free": 1048576},
    "heap": {"used": 1000, "free": 2000},
}
ABOUT = {"board": "BOARD", "firmware": "0.1.0", "machine": "A board", "micropython": "1.28.0"}
PLAIN = {
    "machine": "A board",
    "version": [1, 28, 0],
    "mpy": 0x2B06,
    "is_wide": False,
    "has_camera": True,
    "has_firmware": False,
}


class FakeBoard:
    """Owned by one test. files: content by path. odd: takes the place of the value of an expression, by it.

    twist: may change what the board prints, and its traceback, for the expression that was asked.
    """

    def __init__(self) -> None:
        self.files = {"/policy.json": POLICY.encode(), "/policy.prev.json": POLICY.encode()}
        self.files["/camera.json"] = b'{"wifi": {"ssid": "home", "password": "secret password"}}'
        self.folders = ["/lib"]
        self.odd: dict[str, Any] = {}
        self.facts: dict[str, Any] = INFO
        self.twist: Callable[[str, bytes, bytes], tuple[bytes, bytes]] = lambda asked, out, err: (out, err)
        self.asked: list[str] = []
        self.entries = 0  # into the raw REPL
        self._data = b""
        self._in, self._out = bytearray(), bytearray()
        self._mode = ""

    def write(self, data: bytes) -> int:
        """What the host sends."""
        self._in += data
        while self._step():
            pass
        return len(data)

    def _step(self) -> bool:
        if self._mode == "paste":
            code, end, rest = bytes(self._in).partition(b"\x04")
            if not end:
                return False
            self._in[:], self._mode = rest, "raw"
            self._out += b"\x04" + self._run(code.decode()) + b">"
            return True
        if self._in.startswith(b"\x05A\x01"):
            del self._in[:3]
            self._mode = "paste"
            self._out += b"R\x01\xff\xff"
            return True
        if not self._in or self._in == b"\x05" or self._in == b"\x05A":
            return False
        byte = self._in.pop(0)
        assert byte != 4, "a soft reset, which ends the camera"
        if byte == 1:
            self.entries += 1
            self._out += b"raw REPL; CTRL-B to exit\r\n>"
        return True

    def take(self) -> bytes:
        """What the board has sent since."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def _run(self, code: str) -> bytes:
        """Run what device/board.py writes; `asked` gets the functions of one exchange, and the first is also
        about the version."""
        found = _ASKED.search(code)
        called: list[str] = []
        if not found:
            call = code.rpartition("\n")[2]
            if call.startswith("_remote."):
                eval(call, {"_remote": _Remote(self, called)})
            out, err = self.twist(",".join(called), b"", b"")
            return out + b"\x04" + err + b"\x04"
        names: dict[str, Any] = {"_remote": _Remote(self, called)}
        if "_version = " in code:
            names |= {"_version": self.value("_version"), "_sys": SimpleNamespace(version="3.4.0")}
        value = eval(found[1], names)
        asked = ",".join(called) or "_version"
        self.asked.append(asked)
        out, err = self.twist(asked, b"\x1e" + json.dumps(value).encode() + b"\x1f\r\n", b"")
        return out + b"\x04" + err + b"\x04"

    def value(self, asked: str, *arguments: Any) -> Any:
        """What a function of camcors.remote returns, or the version; an odd one where a test wants that."""
        value = self._value(asked, arguments)
        return self.odd.get(asked, value)

    def _value(self, asked: str, arguments: tuple[Any, ...]) -> Any:
        if asked == "collect":
            data, is_first = arguments
            self._data = data if is_first else self._data + data
        elif asked == "begin":
            path, count = arguments
            data = self.files.get(path)
            return None if data is None else [len(data), data[:count].hex()]
        elif asked == "read":
            path, start, count = arguments
            return self.files[path][start : start + count].hex()
        elif asked == "size":
            (path,) = arguments
            return len(self.files[path]) if path in self.files else None
        elif asked == "digest":
            (path,) = arguments
            return hashlib.sha256(self.files[path]).hexdigest() if path in self.files else None
        return {
            "_version": remote.version(), "report": REPORT, "look": REPORT, "policy": POLICY,
            "facts": self.facts, "installable": self.facts, "about": ABOUT, "room": [4096, 200],
            "log": [7, 0, LOG.hex() if arguments and not arguments[0] else ""],
            "access": self.files.get("/access.json", b"{}").decode(),
            "erase": 4,
            "own_names": [["n", "n.local"], [["http", 80]]],
            "policy_before": ["/policy.prev.json", None],
            "entries": [[name, None] for name in self.folders]
            + [[name, len(data)] for name, data in self.files.items()],
        }.get(asked)  # fmt: skip


class _Remote:
    """The board's camcors.remote. called: gets the names of the functions."""

    def __init__(self, board: FakeBoard, called: list[str]):
        self._board, self._called = board, called

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self._called.append(name)
        return functools.partial(self._board.value, name)


class _Serial:
    """pyserial's side of a FakeBoard in the same process."""

    def __init__(self, board: FakeBoard):
        self._board = board
        self._buffer = memoryview(b"")

    @property
    def in_waiting(self) -> int:
        more = self._board.take()
        if more:
            self._buffer = memoryview(bytes(self._buffer) + more)
        return len(self._buffer)

    def inWaiting(self) -> int:
        return self.in_waiting

    def read(self, size: int = 1) -> bytes:
        size = min(size, self.in_waiting)
        data, self._buffer = bytes(self._buffer[:size]), self._buffer[size:]
        return data

    def write(self, data: bytes) -> int:
        return self._board.write(data)

    def close(self) -> None:
        pass


def transport(board: FakeBoard) -> SerialTransport:
    """mpremote's transport over a line to `board`."""
    made = SerialTransport.__new__(SerialTransport)
    made.in_raw_repl = False
    made.use_raw_paste = True
    made.is_pty = False
    made.serial = _Serial(board)
    return made


class Socket:
    """A FakeBoard behind socket://, for programs; a context manager."""

    def __init__(self, board: FakeBoard):
        self._board = board
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Socket:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                host, _ = self._listener.accept()
            except OSError:
                return  # closed
            with host:
                try:
                    while data := host.recv(65536):
                        self._board.write(data)
                        host.sendall(self._board.take())
                except OSError:
                    pass  # the program has ended

"""A board at the other end of mpremote's transport: its values, its files, its policy."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

from mpremote.transport import TransportError

from ..ui.errors import Failure, Status
from ..ui.output import Output
from . import answers
from .answers import Check, Odd
from .port import find_port, open_port

_INTERRUPTS = 5
_QUIET_S = 0.3
_QUIET_MAX_S = 1.5
_QUIET_BYTES = 4096  # kept of it
_RAW_REPL_S = 3
_EXEC_S = 60  # a command's end, however much it prints; mpremote gives up after 10 s of silence
_ANSWER_MAX = 1 << 20  # bytes that a board may print in one command; a listing of 10,000 files has 600 KB
_CHUNK = 384  # bytes of a file in one command: small for the board's compiler
_TRIES = 3

T = TypeVar("T")

# What the board prints besides, as a fault of the server, stands outside of these marks.
_START, _END = "\x1e", "\x1f"

_LOST = (TransportError, OSError, struct.error)


class Board:
    """A connection to one board, with its raw REPL open; a context manager.

    What runs on the board goes on, the camera too: there is no soft reset.
    """

    def __init__(self, port: str | None, output: Output):
        """Raises Failure if there is no such board, if it is busy, or if it does not answer."""
        self.port = find_port(port)
        self._output = output
        self._is_camera = False
        self._transport = open_port(self.port)
        try:
            with self._guarded("connecting"):
                self._enter()
        except Failure:
            self._close()
            raise

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with contextlib.suppress(*_LOST):  # it may be lost already, and everything is done
            self._transport.exit_raw_repl()
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._transport.close()

    def _enter(self) -> None:
        """Ends a program that has the REPL, and enters the raw REPL."""
        interrupted = False
        for _ in range(_INTERRUPTS):
            # Also mpremote's own first bytes: a camera's insecure port closes on others.
            self._transport.serial.write(b"\r\x03")
            interrupted = b"KeyboardInterrupt" in self._read_quiet() or interrupted
            with contextlib.suppress(TransportError):
                with self._limited(_RAW_REPL_S):
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_RAW_REPL_S)
                break
        else:
            raise Failure(
                f"{self.port} gives no MicroPython prompt",
                "if a program runs on the board, stop it or reset the board and try again; "
                "if the board has no MicroPython, flash the firmware",
                Status.UNREACHABLE,
            )
        if interrupted:
            self._output.note("a program on the board was interrupted; camcors reset starts it again")

    @contextlib.contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        """Raises TransportError after `seconds` or _ANSWER_MAX bytes; mpremote would read on without end."""
        port = self._transport.serial
        end, left, read = time.monotonic() + seconds, _ANSWER_MAX, port.read

        def limited(size: int = 1) -> bytes:
            nonlocal left
            data: bytes = read(size)
            left -= len(data)
            if left < 0 or (data and time.monotonic() > end):
                raise TransportError("it prints without end")
            return data

        port.read = limited
        try:
            yield
        finally:
            del port.read

    def _read_quiet(self) -> bytes:
        """What comes in until the line is quiet, or for a few times as long."""
        port = self._transport.serial
        got = b""
        start = last = time.monotonic()
        while (now := time.monotonic()) < min(last + _QUIET_S, start + _QUIET_MAX_S):
            if waiting := port.in_waiting:  # 1 on a socket, however much there is
                got = (got + port.read(waiting))[-_QUIET_BYTES:]
                last = now
            else:
                time.sleep(0.01)
        return got

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Turns whatever a lost line raises into a Failure. What mpremote did not expect, it prints."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except _LOST as exc:
            said = str(exc) or type(exc).__name__
            raise Failure(
                f"the board was lost while {what} ({said})",
                "check the cable and try again",
                Status.UNREACHABLE,
            ) from None

    def run(self, code: str, what: str = "talking to it") -> str:
        """Runs `code` -> what it printed between the marks, "" if nothing.

        Raises Failure, also if the code raises.
        """
        printed = bytearray()  # mpremote would put it together byte by byte
        with self._guarded(what), self._limited(_EXEC_S):
            _, error = self._transport.exec_raw(code, data_consumer=printed.extend)
        if error:
            raise _raised(error.decode(errors="replace"), what)
        return printed.decode(errors="replace").rpartition(_END)[0].rpartition(_START)[2]

    def ask(self, expression: str, check: Check[T], setup: str = "", what: str = "asking it") -> T:
        """The value of an expression after the statements `setup`, passed on as JSON and checked by `check`.

        The statements may run again if the answer came garbled, and share the REPL's globals: names
        of ours begin with an underscore.
        """
        code = f"import json as _json\n{setup}\nprint({_START!r} + _json.dumps({expression}) + {_END!r})"
        odd: Odd | None = None
        for _ in range(_TRIES):
            try:
                return check(answers.loads(self.run(code, what)))
            except Odd as exc:
                odd = exc
            except ValueError:  # another thread printed into it
                odd = None
        if odd:
            remedy = "the firmware on the board may be of another version than this command"
            raise Failure(f"the board's answer makes no sense while {what}: {odd}", remedy)
        raise Failure(f"the board's answer was garbled while {what}", "try again", Status.UNREACHABLE)

    def ask_camera(self, expression: str, check: Check[T], setup: str = "", what: str = "asking it") -> T:
        """As `ask`, with the firmware's `_cors` and `_state`. Raises Failure if there is no firmware."""
        if not self._is_camera:
            self._is_camera = self.ask("_camcors", answers.flag, _IMPORT)
        if not self._is_camera:
            found = self.ask("_sys.version", answers.text, "import sys as _sys")
            raise Failure(
                f"there is no camcors firmware on this board (it runs {found})",
                "flash the firmware, or choose another board with --port",
                Status.UNREACHABLE,
            )
        return self.ask(expression, check, setup, what)

    def read_file(self, path: str) -> bytes | None:
        """The content of a file, or None if there is none. Raises Failure."""
        setup = _SIZE.format(path)
        what = f"reading {path}"
        size = self.ask("_n", answers.optional(answers.whole), setup, what)
        if size is None:
            return None
        if size > answers.FILE_BYTES_MAX:
            raise Failure(f"the board says that {path} has {size} bytes", "reset the board and try again")
        data = bytearray()
        with self._output.progress(what, size) as progress:
            while len(data) < size:
                data += self._read_chunk(path, len(data))
                progress(len(data))
        return bytes(data)

    def _read_chunk(self, path: str, start: int) -> bytes:
        setup = _READ.format(path, start, _CHUNK)
        chunk = self.ask("str(_hex(_d), 'ascii')", answers.chunk(_CHUNK), setup, f"reading {path}")
        if not chunk:
            raise Failure(f"{path} became shorter while it was read", "try again")
        return chunk

    def send(self, data: bytes, what: str) -> None:
        """Puts `data` into the board's memory, as the global `_data` there; checks that it arrived whole."""
        self.run("_data = bytearray()", what)
        with self._output.progress(what, len(data)) as progress:
            for start in range(0, len(data), _CHUNK):
                self.run(f"_data += {data[start : start + _CHUNK]!r}", what)
                progress(start)
        if self.ask("_digest(_data)", answers.digest, _DIGEST, what) != hashlib.sha256(data).hexdigest():
            raise Failure(f"what arrived on the board is not what was sent, while {what}", "try again")

    def restart(self) -> None:
        """Hard-resets the board, as its button does. Nothing else can be done with this object then."""
        with self._guarded("resetting it"):
            self._transport.exec_raw_no_follow("import time, machine; time.sleep_ms(100); machine.reset()")
        self._transport.in_raw_repl = False


_IMPORT = """
try:
 from camcors import cors as _cors
 from camcors.start import state as _state
 _camcors = True
except ImportError:
 _camcors = False
"""

_SIZE = """
import os as _os
try:
 _n = _os.stat({!r})[6]
except OSError as _e:
 if _e.errno not in (2, 19): # ENOENT; ENODEV: no filesystem
  raise
 _n = None
"""

_READ = """
from binascii import hexlify as _hex
with open({!r}, "rb") as _f:
 _f.seek({})
 _d = _f.read({})
"""

_DIGEST = """
import binascii as _b, hashlib as _h
def _digest(data):
 return str(_b.hexlify(_h.sha256(data).digest()), "ascii")
"""


def _raised(traceback: str, what: str) -> Failure:
    last = traceback.strip().splitlines()[-1] if traceback.strip() else "nothing"
    if last.startswith("MemoryError"):
        return Failure(f"the board ran out of memory while {what}", "camcors reset, and try again")
    return Failure(f"the board raised {last} while {what}")

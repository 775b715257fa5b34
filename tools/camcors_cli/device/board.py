"""A board at the other end of mpremote's transport: its values, its files, its policy."""

from __future__ import annotations

import contextlib
import functools
import io
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from mpremote.transport import TransportError

from ..ui.errors import Failure, Status
from ..ui.output import Output
from . import answers, calls, remote
from .answers import Check, Odd
from .calls import CHUNK, Begun, Call
from .port import find_port, open_port

_INTERRUPTS = 5
_QUIET_S = 0.3
_QUIET_MAX_S = 1.5
_SAID_BYTES = 4096  # kept of what a board says before its prompt
_RAW_REPL_S = 3
_EXEC_S = 60  # a command's end, however much it prints; mpremote gives up after 10 s of silence
_ANSWER_MAX = 1 << 20  # bytes that a board may print in one command; a listing of 10,000 files has 600 KB
_TRIES = 3

T = TypeVar("T")

# What the board prints besides, as a fault of the server, stands outside of these marks.
_START, _END = "\x1e", "\x1f"

# What a chip says again and again whose flash was not written to the end: its ROM, then ESP-IDF's bootloader
# (v5.5.1, components/bootloader_support/src: esp_image_format.c, bootloader_utility.c).
_UNBOOTABLE = (
    b"invalid header: 0x",
    b"flash read err",
    b"Image hash failed",
    b"Checksum failed",
    b"No bootable app partitions",
    b"Failed to verify partition table",
)

_HTTP = b"HTTP/1."  # the answer of a web server to an interrupt

_LOST = (TransportError, OSError, struct.error)


class Board:
    """A connection to one board, with its raw REPL open; a context manager.

    What runs on the board goes on, the camera too: there is no soft reset.
    """

    def __init__(self, port: str | None, output: Output, is_starting: bool = False):
        """Raises Failure if there is no such board, if it is busy, or if it does not answer.

        is_starting: it was just reset, and its start is not to be interrupted.
        """
        self.port = find_port(port)
        self._output = output
        self._firmware: int | None = None  # the version of its camcors.remote, once _is_loaded
        self._runs = ""  # its sys.version, then as well
        self._is_loaded = False
        self._transport = open_port(self.port)
        try:
            with self._guarded("connecting"):
                if is_starting:
                    self._read_quiet()
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
        """End a program that has the REPL, and enter the raw REPL."""
        said: deque[int] = deque(maxlen=_SAID_BYTES)
        try:
            self._interrupt(said)
        except _LOST:
            if _HTTP in bytes(said):
                raise self._speaks_http() from None
            raise
        if b"KeyboardInterrupt" in bytes(said):
            self._output.note("a program on the board was interrupted; camcors reset starts it again")

    def _interrupt(self, said: deque[int]) -> None:
        """Enter the raw REPL by as many interrupts as a program needs; `said` gets what comes meanwhile."""
        for is_again in (False, *[True] * (_INTERRUPTS - 1)):
            if is_again:
                self._transport.serial.write(b"\r\x03")
                said.extend(self._read_quiet())
            with contextlib.suppress(TransportError):
                # mpremote interrupts too, and waits for nothing but the prompt.
                with self._limited(_RAW_REPL_S, said):
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_RAW_REPL_S)
                return
        raise self._no_prompt(bytes(said))

    def _no_prompt(self, said: bytes) -> Failure:
        if _HTTP in said:
            return self._speaks_http()
        if any(words in said for words in _UNBOOTABLE):
            return Failure(
                f"the board on {self.port} finds no firmware in its flash that starts",
                "flash it again: camcors flash IMAGE",
                Status.UNREACHABLE,
            )
        return Failure(
            f"{self.port} gives no MicroPython prompt",
            "if a program runs on the board, stop it or reset the board and try again; "
            "if the board has no MicroPython, flash the firmware",
            Status.UNREACHABLE,
        )

    def _speaks_http(self) -> Failure:
        return Failure(
            f"{self.port} speaks HTTP, so it is a port for browsers and not a REPL",
            "start the camera (make run), which says the name of its REPL; camcors doctor takes the other",
            Status.UNREACHABLE,
        )

    @contextlib.contextmanager
    def _limited(self, seconds: float, said: deque[int] | None = None) -> Iterator[None]:
        """Raises TransportError after `seconds` or _ANSWER_MAX bytes; mpremote would read on without end.

        said: gets what is read.
        """
        port = self._transport.serial
        end, left, read = time.monotonic() + seconds, _ANSWER_MAX, port.read

        def limited(size: int = 1) -> bytes:
            nonlocal left
            data: bytes = read(size)
            left -= len(data)
            if said is not None:
                said.extend(data)
            if left < 0 or (data and time.monotonic() > end):
                raise TransportError("it prints without end")
            return data

        port.read = limited
        try:
            yield
        finally:
            del port.read

    def _read_quiet(self) -> bytes:
        """Return what comes in until the line is quiet, or for a few times as long."""
        port = self._transport.serial
        got = b""
        start = last = time.monotonic()
        while (now := time.monotonic()) < min(last + _QUIET_S, start + _QUIET_MAX_S):
            if waiting := port.in_waiting:  # 1 on a socket, however much there is
                got = (got + port.read(waiting))[-_SAID_BYTES:]
                last = now
            else:
                time.sleep(0.01)
        return got

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """Turn whatever a lost line raises into a Failure. What mpremote did not expect, it prints."""
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

    def _run(self, code: str, what: str) -> str:
        """Run `code` -> what it printed between the marks, "" if nothing.

        Raises Failure, also if the code raises.
        """
        printed = bytearray()  # mpremote would put it together byte by byte
        with self._guarded(what), self._limited(_EXEC_S):
            _, error = self._transport.exec_raw(code, data_consumer=printed.extend)
        if error:
            raise _raised(error.decode(errors="replace"), what)
        return printed.decode(errors="replace").rpartition(_END)[0].rpartition(_START)[2]

    def _evaluate(self, expression: str, check: Check[T], setup: str, what: str) -> T:
        """Return the value of an expression after the statements `setup`, passed on as JSON and checked by
        `check`.

        All of it may run again if the answer came garbled, and shares the REPL's globals: names of ours
        begin with an underscore.
        """
        code = f"import json as _json\n{setup}\nprint({_START!r} + _json.dumps({expression}) + {_END!r})"
        odd: Odd | None = None
        for _ in range(_TRIES):
            try:
                return check(answers.loads(self._run(code, what)))
            except Odd as exc:
                odd = exc
            except ValueError:  # another thread printed into it
                odd = None
        if odd:
            remedy = "the firmware on the board may be of another version than this command"
            raise Failure(f"the board's answer makes no sense while {what}: {odd}", remedy)
        raise Failure(f"the board's answer was garbled while {what}", "try again", Status.UNREACHABLE)

    def _load(self) -> None:
        """Have `_remote` on the board: the firmware's where the version fits, else from our own text."""
        if not self._is_loaded:
            self._ask((), "asking for its version")

    def ask(self, check: Check[T], function: str, *arguments: object, what: str = "asking it") -> T:
        """Return what a function of camcors.remote returns on the board, checked.

        It may be called several times.
        """
        (value,) = self.ask_all(Call(check, function, *arguments), what=what)
        found: T = value
        return found

    def ask_all(self, *calls: Call, what: str) -> list[Any]:
        """Return what each of the calls returns, in their order, as `ask` does, of one exchange."""
        return self._ask(calls, what)

    def _ask(self, asked: Sequence[Call], what: str, needs_firmware: bool = False) -> list[Any]:
        if not self._is_loaded:
            found = self._ask_first(asked, what)
            if needs_firmware:
                self._check_firmware()
            if found is not None:
                return found
            self._run(remote.statements(), "preparing it")
            self._is_loaded = True
        check = functools.partial(calls.checked, asked)
        return self._evaluate(calls.expression(asked), check, "", what)

    def _ask_first(self, asked: Sequence[Call], what: str) -> list[Any] | None:
        """Return the answers, None if the board has no `_remote` of this version."""
        known = remote.version()
        check = functools.partial(calls.checked_first, asked, known)
        first = self._evaluate(calls.first_expression(asked, known), check, _VERSION, what)
        self._firmware, self._runs = first.firmware, first.runs
        self._is_loaded = first.answered is not None
        return first.answered

    def do(self, function: str, *arguments: object, what: str = "talking to it") -> None:
        """Call a function of camcors.remote on the board once. Raises Failure, also if it raises there."""
        self._load()
        self._run(remote.call(function, arguments), what)

    def require_firmware(self) -> None:
        """Raises Failure unless the board has the firmware, of a version that this command understands."""
        self._load()
        self._check_firmware()

    def _check_firmware(self) -> None:
        if self._firmware is None:
            raise Failure(
                f"there is no camcors firmware on this board (it runs {self._runs})",
                "flash the firmware, or choose another board with --port",
                Status.UNREACHABLE,
            )
        if self._firmware < remote.version():
            raise Failure(
                "the firmware on this board is older than this command",
                "flash the one of this version (camcors image, camcors flash); "
                "where camcors install put it, run that again",
            )
        if self._firmware > remote.version():
            raise Failure(
                "the firmware on this board is newer than this command",
                "install the camcors of the firmware's version",
            )

    def ask_camera(self, *calls: Call, what: str) -> list[Any]:
        """As `ask_all`, of a board with the firmware. Raises Failure if there is none."""
        if self._is_loaded:
            self._check_firmware()
        return self._ask(calls, what, needs_firmware=True)

    def read_file(self, path: str) -> bytes | None:
        """Return the content of a file, or None if there is none. Raises Failure."""
        (begun,) = self.ask_all(calls.begin(path), what=f"reading {path}")
        return self.read_on(path, begun)

    def read_on(self, path: str, begun: Begun | None) -> bytes | None:
        """Return the content of a file of which begin() has told the size and the first bytes."""
        if begun is None:
            return None
        size, data = begun
        if size > answers.FILE_BYTES_MAX:
            raise Failure(f"the board says that {path} has {size} bytes", "reset the board and try again")
        if len(data) >= size:
            return data[:size]
        with self._output.progress(f"reading {path}", size) as progress:
            while len(data) < size:
                data += self._read_chunk(path, len(data))
                progress(len(data))
        return data

    def _read_chunk(self, path: str, start: int) -> bytes:
        chunk = self.ask(answers.chunk(CHUNK), "read", path, start, CHUNK, what=f"reading {path}")
        if not chunk:
            raise Failure(f"{path} became shorter while it was read", "try again")
        return chunk

    def collect(self, data: bytes, what: str) -> None:
        """Put `data` into the board's memory, for save()."""
        with self._output.progress(what, len(data)) as progress:
            for start in range(0, len(data) or 1, CHUNK):
                self.do("collect", data[start : start + CHUNK], start == 0, what=what)
                progress(start)

    def restart(self) -> None:
        """Hard-reset the board, as its button does. Nothing else can be done with this object then."""
        self._load()
        with self._guarded("resetting it"):
            self._transport.exec_raw_no_follow(remote.call("restart", ()))
        self._transport.in_raw_repl = False


# 0: a firmware of before there was a version.
_VERSION = """
import sys as _sys
_version = None
try:
 import camcors as _camcors
 _version = 0
 from camcors import remote as _remote
 _version = _remote.VERSION
except Exception:
 pass
"""


def _raised(traceback: str, what: str) -> Failure:
    last = traceback.strip().splitlines()[-1] if traceback.strip() else "nothing"
    if last.startswith("MemoryError"):
        return Failure(f"the board ran out of memory while {what}", "camcors reset, and try again")
    return Failure(f"the board raised {last} while {what}")

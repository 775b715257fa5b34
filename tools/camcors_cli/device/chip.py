"""A chip in its bootloader, over esptool's Python API, with words for each way in which that fails."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from types import TracebackType
from typing import Any, NamedTuple

from esp_pylib.logger import EspLog, EspLogBase
from esptool import cmds
from esptool.util import FatalError, flash_size_bytes
from serial import SerialException

from ..ui.errors import Failure, Status
from ..ui.output import Output, silence_logs
from .port import find_port, unopened

_ROM_BAUD = 115200
_ATTEMPTS = 4  # of esptool, each with two kinds of reset
_PIECE = 0x10000  # what NOR flash erases in one step
_WRITES = 3  # of a piece


class Region(NamedTuple):
    """Bytes for an address of the flash, and what they are."""

    name: str
    address: int
    data: bytes


class _Log(EspLogBase):
    """esptool's words go nowhere, but for its warnings."""

    def __init__(self, output: Output):
        self._output = output

    def warn(self, *args: Any, suggestion: str | None = None) -> None:
        self._output.note("esptool: " + " ".join(map(str, args)))

    warning = warn  # by its older name, which esptool still uses

    def _drop(self, *_: Any, **__: Any) -> None:
        pass

    progress_bar = print = err = error = note = hint = debug = set_verbosity = _drop


class Chip:
    """A connection to the bootloader of one chip; a context manager, which resets the chip at its end.

    name: as "ESP32-S3". number: its id in the header of an image. flash_size: bytes.
    """

    def __init__(self, port: str | None, baud: int, output: Output):
        """Raises Failure if there is no such port, or no bootloader answers."""
        silence_logs()
        self.port = find_port(port)
        self._output = output
        self._stack = contextlib.ExitStack()
        self._stack.enter_context(_logging_to(output))
        with self._closing_on_failure():
            self._esp = self._connect()
            self.name, self.number = str(self._esp.CHIP_NAME), int(self._esp.IMAGE_CHIP_ID)
            self._stack.callback(self._esp._port.close)
            with self._guarded("preparing it"):
                self._prepare(baud)

    def __enter__(self) -> Chip:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._stack, contextlib.suppress(FatalError, OSError):  # it may be lost already
            cmds.reset_chip(self._esp, "hard-reset")

    @contextlib.contextmanager
    def _closing_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._stack.close()
            raise

    def _connect(self) -> Any:
        try:
            with self._output.progress(f"connecting to {self.port}"), _silence():
                return cmds.detect_chip(self.port, _ROM_BAUD, connect_attempts=_ATTEMPTS)
        except (FatalError, OSError, ValueError) as exc:
            if isinstance(exc, ValueError) or "Could not open" in str(exc):
                raise unopened(self.port) from None
            raise Failure(
                f"no bootloader of an ESP32 answers on {self.port}",
                "hold the board's BOOT button (or IO0 to ground), press RESET, and try again",
                Status.UNREACHABLE,
            ) from None

    def _prepare(self, baud: int) -> None:
        if self._esp.secure_download_mode:
            raise Failure("the chip is in secure download mode", "camcors cannot flash it", Status.REFUSED)
        with self._output.progress("preparing the chip"):
            self._esp = cmds.run_stub(self._esp)
            if baud != _ROM_BAUD:
                self._esp.change_baud(baud)
            cmds.attach_flash(self._esp)
            size = cmds.detect_flash_size(self._esp)
        if size is None:
            raise Failure("the size of the chip's flash is not known to esptool", "check its wiring")
        self.flash_size = int(flash_size_bytes(size))

    def read(self, address: int, size: int) -> bytes:
        """Return bytes of the flash. Raises Failure."""
        with self._guarded("reading its flash"):
            return bytes(cmds.read_flash(self._esp, address, size, no_progress=True))

    def erase(self) -> None:
        """Erase all of the flash. Raises Failure."""
        with self._guarded("erasing its flash"), self._output.progress("erasing the flash"):
            cmds.erase_flash(self._esp)

    def write(self, regions: list[Region]) -> None:
        """Write in pieces, and verify each by its MD5. Raises Failure, with the address where it stopped."""
        with self._output.progress("writing", sum(len(each.data) for each in regions)) as show:
            done = 0
            for each in regions:
                for at in range(0, len(each.data), _PIECE):
                    data = each.data[at : at + _PIECE]
                    self._write_piece(f"{each.name} at {each.address + at:#x}", each.address + at, data)
                    done += len(data)
                    show(done)

    def _write_piece(self, name: str, address: int, data: bytes) -> None:
        """esptool repeats a block at once; a noisy line or a slow chip may need the piece from its start."""
        remedy = "the board may not start now; run the same command again"
        with self._guarded(f"writing {name}", remedy):
            for left in reversed(range(_WRITES)):
                try:
                    cmds.write_flash(self._esp, [(address, data)], no_progress=True)
                    return
                except FatalError:
                    if not left:
                        raise
                finally:
                    self._take_up_stub()

    def _take_up_stub(self) -> None:
        """esptool connects again by itself to a chip that was lost, and keeps the new stub's object; the old
        one passes for the ROM's from then on (esptool 5.6, cmds.py, write_flash)."""
        if not self._esp.IS_STUB:
            self._esp = type(self._esp)(self._esp)

    @contextlib.contextmanager
    def _guarded(self, what: str, remedy: str = "try again") -> Iterator[None]:
        """Turn esptool's errors into a Failure."""
        try:
            with _silence():
                yield
        except (SerialException, OSError) as exc:
            said = f"the board was lost while {what} ({exc})"
            raise Failure(said, f"check the cable; {remedy}", Status.UNREACHABLE) from None
        except FatalError as exc:
            said = " ".join(str(exc).split())
            raise Failure(f"{what} failed: {said}", remedy) from None


def _silence() -> contextlib.redirect_stdout[io.StringIO]:
    """For what esptool prints without its log."""
    return contextlib.redirect_stdout(io.StringIO())


@contextlib.contextmanager
def _logging_to(output: Output) -> Iterator[None]:
    before = EspLog.instance
    EspLog.instance = _Log(output)
    try:
        yield
    finally:
        EspLog.instance = before

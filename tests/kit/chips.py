"""Firmware of a chip made up with esptool's own classes, and a chip that takes it: the mock of the ROM
bootloader, with a flash of ours."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Iterator

from camcors_build import partitions
from esp32_mock_bootloader import protocol
from esp32_mock_bootloader.server import BootloaderConnection, FlashImage, handle_client
from esptool.bin_image import ELFSection
from esptool.targets import CHIP_DEFS

RAM = 0x3FFC0000  # of ESP32 and ESP32-S3 alike


def image(chip: str, size: int, flash: str = "4MB", *, seed: int = 1, digest: bool = True) -> bytes:
    """A bootloader or an application of `size` random bytes in one segment."""
    rom = CHIP_DEFS[chip]
    made = rom.BOOTLOADER_IMAGE(append_digest=digest)
    made.segments = [ELFSection(b".data", RAM, random.Random(seed).randbytes(size), 0)]
    made.entrypoint = RAM
    made.flash_size_freq = rom.FLASH_SIZES[flash]
    return made.save(None)


def merged(
    chip: str,
    table: list[partitions.Partition],
    *,
    flash: str = "4MB",
    app: bytes | None = None,
    bootloader: bytes | None = None,
) -> bytes:
    """What the port's build gives: all three from the chip's flash offset on."""
    offset = CHIP_DEFS[chip].BOOTLOADER_FLASH_OFFSET
    data = (bootloader or image(chip, 20_000, flash)).ljust(partitions.TABLE_OFFSET - offset, b"\xff")
    data += partitions.encode(table)
    slot = next(each for each in table if each.type == "app")
    return data.ljust(slot.offset - offset, b"\xff") + (app or image(chip, 100_000, flash, seed=2))


class Flash(FlashImage):
    """The flash of a chip, with what can go wrong.

    writes: (address, size) of each begun write. fails_at: the number of the block at which the line breaks,
    each time it is reached, or None. flips: the address of a bit that is written wrong, or None.
    """

    def __init__(self, content: bytes = b"") -> None:
        super().__init__()
        self.data[: len(content)] = content
        self.writes: list[tuple[int, int]] = []
        self.fails_at: int | None = None
        self.flips: int | None = None
        self.erased = 0
        self.blocks = 0

    def begin_defl(self, payload: bytes) -> None:
        size, _, _, offset = struct.unpack_from("<IIII", payload)
        self._begin(offset, size)
        super().begin_defl(payload)

    def begin_plain(self, payload: bytes) -> None:
        size, _, _, offset = struct.unpack_from("<IIII", payload)
        self._begin(offset, size)
        super().begin_plain(payload)

    def _begin(self, offset: int, size: int) -> None:
        self.writes.append((offset, size))
        end = (offset + size + 4095) // 4096 * 4096  # real flash is erased by sectors, the mock's is not
        self.erase_region(offset // 4096 * 4096, end - offset // 4096 * 4096)

    def erase_all(self) -> None:
        self.erased += 1
        super().erase_all()

    def write_defl_block(self, payload: bytes) -> None:
        assert self._decompressor is not None
        self._defl_offset = self._write(self._defl_offset, self._decompressor.decompress(_block(payload)))

    def write_plain_block(self, payload: bytes) -> None:
        self._plain_offset = self._write(self._plain_offset, _block(payload))

    def _write(self, start: int, block: bytes) -> int:
        """Clear bits, as NOR flash does: 0xFF, with which esptool fills a last block, changes nothing."""
        self.blocks += 1
        if self.blocks == self.fails_at:
            raise ConnectionResetError("the cable is out")
        end = start + len(block)
        old = int.from_bytes(self.data[start:end], "big")
        self.data[start:end] = (old & int.from_bytes(block, "big")).to_bytes(len(block), "big")
        if self.flips is not None and start <= self.flips < end:
            self.data[self.flips] ^= 1
        return end


def _block(payload: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", payload)
    return payload[16 : 16 + size]


class _Patient(BootloaderConnection):
    """The mock gives up a read of the flash if the host's acknowledgement takes 50 ms."""

    def set_timeout(self, timeout: float) -> None:
        super().set_timeout(5)


class Bootloader:
    """The ROM bootloader of `chip` on a TCP port, with `flash`. `stays`: it may be connected to again."""

    def __init__(self, chip: str, flash: Flash, stays: bool = True):
        self._chip, self._flash, self._stays = chip, flash, stays
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                connected, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection = _Patient(sock=connected)
            try:
                handle_client(connection, self._stop, self._chip, exit_on_disconnect=True, flash=self._flash)
            except ConnectionResetError:
                if not self._stays:
                    break
        self._listener.close()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def bootloader(chip: str, flash: Flash, stays: bool = True) -> Iterator[str]:
    """The port of a running bootloader."""
    running = Bootloader(chip, flash, stays)
    try:
        yield running.url
    finally:
        running.stop()


def set_flash_size(monkeypatch: object, megabytes: int) -> None:
    """Give the mock's chips another flash: JEDEC's third byte is the power of two."""
    size = megabytes * 1024 * 1024
    number = protocol.MOCK_FLASH_ID & 0xFFFF | (size.bit_length() - 1) << 16
    monkeypatch.setattr(protocol, "MOCK_FLASH_ID", number)  # type: ignore[attr-defined]
    monkeypatch.setattr(protocol, "FLASH_MOCK_SIZE", size)  # type: ignore[attr-defined]

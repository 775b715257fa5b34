"""`camcors flash`: an image to a board, by its chip's bootloader."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from camcors_build import partitions
from click.shell_completion import CompletionItem

from ..image import boards
from ..ui.errors import Failure, Status
from ..ui.options import on_board
from ..ui.output import Output

if TYPE_CHECKING:
    from ..device.chip import Chip, Region
    from ..image.firmware import Firmware

_SECTOR = partitions.SECTOR_SIZE


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer boards, unless one is there, and images near; else any file."""
    found = [] if ctx.params.get("target") else boards.complete(incomplete)
    typed = glob.escape(incomplete)
    images = [path for near in (f"{typed}*.bin", f"{typed}*/*.bin") for path in sorted(glob.glob(near))]
    if "build/".startswith(incomplete):
        images += sorted(glob.glob("build/*/firmware.bin"))
    found += [CompletionItem(path) for path in images]
    return found or [CompletionItem(incomplete, type="file")]


@click.command()
@click.argument("target", nargs=-1, metavar="[BOARD] [IMAGE]", shell_complete=_complete)
@click.option("--erase", is_flag=True, help="Erase all of the flash first: the board's own files are lost.")
@click.option("--baud", type=click.IntRange(9600, 4_000_000), default=460_800, show_default=True)
@on_board
def flash(target: tuple[str, ...], erase: bool, baud: int, port: str | None, as_json: bool) -> None:
    """Write an image to a board, verify it, and start it.

    IMAGE is of `camcors image` or of the build. Without IMAGE it is BOARD's firmware,
    build/BOARD/firmware.bin. With BOARD the image is checked to be for that board; without, the chip and
    the flash must fit. The board's files (policy, settings) are kept, unless --erase is given; only on a
    board without a filesystem are the image's written.

    \b
    camcors flash camcors-XIAO_ESP32S3_SENSE.bin
    camcors flash XIAO_ESP32S3_SENSE
    """
    # esptool takes a quarter of a second to import, for which no other command should wait.
    from ..device.chip import Chip
    from ..image import firmware

    out = Output(as_json)
    board, path = _target(target)
    image = firmware.read_file(path, board)
    with Chip(port, baud, out) as chip:
        _check_chip(chip, image, path)
        keeps = not erase and _keeps_files(chip, image)
        regions = _regions(image, keeps)
        if erase:
            chip.erase()
        chip.write(regions)
    _tell(out, chip, path, regions, _files(image, keeps))


def _target(given: tuple[str, ...]) -> tuple[boards.BoardData | None, Path]:
    """Return the board, if one is named, and the image. Raises click.UsageError, Failure."""
    from ..image import firmware

    if not 1 <= len(given) <= 2:
        raise click.UsageError("write [BOARD] [IMAGE]: a board, an image, or both")
    if len(given) == 1 and not _is_board(given[0]):
        return None, Path(given[0])
    name = boards.BOARD.convert(given[0], None, click.get_current_context())
    board = boards.read(name)
    if not board.chip:
        raise click.UsageError(f"{name} has no chip; start it with build/HOST/camcors-host --flash IMAGE")
    return board, Path(given[1]) if len(given) == 2 else firmware.default_path(name)


def _is_board(text: str) -> bool:
    """Return whether `text` names a board, or what is no file and was probably meant for one."""
    if text.upper() in map(str.upper, boards.names()):
        return True
    is_word = text.replace("_", "").replace("-", "").isalnum()
    return is_word and not Path(text).exists() and bool(boards.meant(text))


def _check_chip(chip: Chip, image: Firmware, path: Path) -> None:
    if chip.number != image.chip.IMAGE_CHIP_ID:
        raise Failure(
            f"the board on {chip.port} has an {chip.name}, and {path} is for an {image.chip.CHIP_NAME}",
            "take the image of this board, or choose another board with --port",
            Status.REFUSED,
        )
    if chip.flash_size < image.flash_size:
        raise Failure(
            f"the board has {chip.flash_size} bytes of flash, and {path} is for {image.flash_size}",
            "take an image for a board with less flash",
            Status.REFUSED,
        )


def _keeps_files(chip: Chip, image: Firmware) -> bool:
    """Return whether the flash has a filesystem where the image has its own. Raises Failure if elsewhere."""
    from ..image import filesystem

    found = chip.read(partitions.TABLE_OFFSET, partitions.TABLE_SIZE)
    if not found.strip(b"\xff"):
        return False  # erased, as it comes from the factory
    try:
        table = partitions.decode(found)
    except ValueError:
        table = []
    if table != image.table:
        raise Failure(
            "the flash of this board is laid out differently from the image, so its files cannot stay",
            "camcors backup saves them; then flash with --erase, and camcors restore brings them back",
            Status.REFUSED,
        )
    vfs = filesystem.find(image.table)
    return not filesystem.is_blank(chip.read(vfs.offset, 2 * _SECTOR))


def _regions(image: Firmware, keeps: bool) -> list[Region]:
    """Return what is written: all that the image has, but nothing over the filesystem if that is kept.

    Partitions in which the image has nothing, such as nvs, stay as they are.
    """
    from ..device.chip import Region
    from ..image import filesystem

    start, table_end = image.offset, partitions.TABLE_OFFSET + _SECTOR
    regions = [
        Region("bootloader", start, image.at(start, partitions.TABLE_OFFSET).rstrip(b"\xff")),
        Region("partition table", partitions.TABLE_OFFSET, image.at(partitions.TABLE_OFFSET, table_end)),
    ]
    for part in image.table:
        if part.subtype == "ota":  # blank, it has the first slot started, to which the image goes
            regions.append(Region(part.name, part.offset, b"\xff" * part.size))
            continue
        data = image.at(part.offset, part.offset + image.app_size if part == image.app else part.end)
        if data.strip(b"\xff") and not (keeps and part.name == filesystem.LABEL):
            regions.append(Region(part.name, part.offset, data))
    return regions


def _files(image: Firmware, keeps: bool) -> str:
    """Return what became of the filesystem: "kept", "written", or "none": the camera makes it."""
    from ..image import filesystem

    vfs = filesystem.find(image.table)
    if keeps:
        return "kept"
    return "none" if filesystem.is_blank(image.at(vfs.offset, vfs.end)) else "written"


_FILES = {
    "kept": "the board's own files were kept; those of an image come with --erase",
    "written": "the image's files were written",
    "none": "no files: the camera makes its filesystem when it first starts",
}


def _tell(out: Output, chip: Chip, path: Path, regions: list[Region], files: str) -> None:
    written = [{"name": each.name, "address": each.address, "bytes": len(each.data)} for each in regions]
    result: dict[str, Any] = {"port": chip.port, "chip": chip.name, "flash_size": chip.flash_size}
    out.result({**result, "file": str(path), "written": written, "files": files})
    out.say(f"{path} is on the {chip.name} on {chip.port}, verified; it starts now")
    out.table([(each.name, f"{each.address:#x}", f"{len(each.data)} bytes") for each in regions])
    out.say(_FILES[files])

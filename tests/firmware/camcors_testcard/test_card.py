"""The test picture and its driver, judged by Pillow's decoder."""

from __future__ import annotations

import functools
import io
import re
import subprocess
import warnings
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from camcors.stream import CaptureFailed
from camcors_testcard import camera as camera_driver
from camcors_testcard import card, jpeg_tiles
from camcors_testcard.camera import FRAME_SIZES, Camera
from camcors_testcard.card import TestCard as Card
from camcors_testcard.font import GLYPHS
from camcors_testcard.layout import Layout

TOP = Path(__file__).resolve().parents[3]
SIZES = [pytest.param(*size, id=name) for name, size in FRAME_SIZES]
MOMENT = (123456, 12 * 3600_000 + 34 * 60_000 + 56_789)  # frame number, elapsed ms


@pytest.fixture(autouse=True)
def no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collections that MicroPython's heap needs take minutes beside pytest's own objects."""
    monkeypatch.setattr(card, "collect", lambda: None)


def decode(jpeg: bytes) -> Image.Image:
    """The picture; any warning, truncation or damage is an error."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Image.open(io.BytesIO(jpeg)).verify()
        image = Image.open(io.BytesIO(jpeg))
        image.load()
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    return image


@functools.cache
def card_of(width: int, height: int, quality: int, **settings) -> Card:
    """One card for all tests: test_same_inputs_same_bytes shows that what it drew before leaves no trace."""
    return Card(width, height, quality, **settings)


def draw(width: int, height: int, quality: int, *, moment=MOMENT, led=0, **settings) -> Image.Image:
    return decode(bytes(card_of(width, height, quality, **settings).frame(*moment, led)))


def box(place: tuple[int, int], rows: int, columns: int) -> tuple[int, int, int, int]:
    row, column = place
    return column * 8, row * 8, (column + columns) * 8, (row + rows) * 8


def mean(image: Image.Image) -> float:
    values = image.convert("L").tobytes()
    return sum(values) / len(values)


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of a sample."""
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


def read_text(image: Image.Image, place: tuple[int, int], length: int, scale: int) -> str:
    """The text at a place: every pixel is on its side of mid grey."""
    grey = image.convert("L")
    text = ""
    for k in range(length):
        letter = grey.crop(box((place[0], place[1] + k * scale), scale, scale)).load()
        rows = bytearray(8)
        for y in range(8 * scale):
            for x in range(8 * scale):
                if x % scale == 0 and y % scale == 0:
                    block = [letter[x + i, y + j] for i in range(scale) for j in range(scale)]
                    rows[y // scale] |= (sum(block) > 120 * len(block)) << 7 - x // scale
                    assert len({value > 120 for value in block}) == 1, (text, x, y)
        text += next((name for name, glyph in GLYPHS.items() if glyph == bytes(rows)), "?")
    return text


def read_all(image: Image.Image) -> tuple[str, str, str, str]:
    layout = Layout(*image.size)
    size_length = len(f"{image.width}x{image.height} q80")
    lines = [(layout.title, 7, layout.unit)]
    lines += [
        (place, length, layout.text_scale)
        for place, length in zip(layout.info, (12, 10, size_length), strict=True)
    ]
    title, frame, clock, size = (read_text(image, *line) for line in lines)
    return title, frame, clock, size


# -- the stream of bytes


@pytest.mark.parametrize("quality", [1, 10, 50, 80, 100])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_decodes_to_its_size(width: int, height: int, quality: int) -> None:
    card = card_of(width, height, quality)
    for number in (0, 1, 999_999, 1_000_000):
        jpeg = bytes(card.frame(number, number * 40, number % 101))
        assert jpeg[:2] == b"\xff\xd8"
        assert jpeg[-2:] == b"\xff\xd9"
        assert decode(jpeg).size == (width, height)


@pytest.mark.parametrize("vflip", [False, True])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_markers(width: int, height: int, vflip: bool) -> None:
    """One scan; a restart marker after each row but the last, in turn; 0xFF elsewhere is stuffed."""
    jpeg = bytes(card_of(width, height, 100, **({"vflip": True} if vflip else {})).frame(*MOMENT, 50))
    head, start, scan = jpeg.partition(b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00")
    assert start
    assert b"\xff\xdd\x00\x04" + (width // 8).to_bytes(2, "big") in head
    followers = [found[1] for found in re.findall(rb"\xff[^\x00]", scan, re.DOTALL)]
    assert followers == [0xD0 + k % 8 for k in range(height // 8 - 1)] + [0xD9]
    assert b"\xff\x00" in scan, "this frame shows nothing about stuffing"


@pytest.mark.parametrize("quality", range(1, 101))
def test_quantisers_are_those_of_libjpeg(quality: int) -> None:
    theirs = io.BytesIO()
    Image.new("RGB", (8, 8)).save(theirs, "JPEG", quality=quality)
    ours = draw(160, 120, quality)
    assert ours.quantization == Image.open(theirs).quantization


def test_huffman_tables_are_those_of_libjpeg() -> None:
    theirs = io.BytesIO()
    Image.new("RGB", (8, 8)).save(theirs, "JPEG", quality=80)
    ours = bytes(Card(160, 120, 80).frame(0, 0))
    tables = re.findall(rb"\xff\xc4\x00[\x1f\xb5](?:.{29}|.{179})", theirs.getvalue(), re.DOTALL)
    assert len(tables) == 4
    for table in tables:
        assert table[:34] in ours


def test_block_is_the_transform_of_the_standard() -> None:
    """Against A.3.3 in floating point: half a quantiser of 1 plus the rounding of whole cosines."""
    from math import cos, pi, sqrt

    samples = [(k * k * 37 + k * 101) % 256 for k in range(64)]
    work = [value - 128 for value in samples]
    for at in range(0, 64, 8):
        jpeg_tiles._dct_line(work, work, at, 1)
    for at in range(8):
        jpeg_tiles._dct_line(work, work, at, 8)
    for v in range(8):
        for u in range(8):
            scale = (sqrt(0.5) if u == 0 else 1) * (sqrt(0.5) if v == 0 else 1) / 4
            wanted = scale * sum(
                (samples[8 * y + x] - 128) * cos((2 * x + 1) * u * pi / 16) * cos((2 * y + 1) * v * pi / 16)
                for y in range(8)
                for x in range(8)
            )
            assert work[8 * v + u] / (1 << 28) == pytest.approx(wanted, abs=0.05)


def test_same_inputs_same_bytes() -> None:
    """What was drawn before leaves no trace."""
    fresh = bytes(Card(320, 240, 80).frame(*MOMENT, 40))
    used = Card(320, 240, 80)
    for number in range(60):
        used.frame(number, number * 1234, number)
    assert bytes(used.frame(*MOMENT, 40)) == fresh
    assert bytes(used.frame(*MOMENT, 40)) == fresh
    assert bytes(used.frame(*MOMENT, 41)) != fresh


@pytest.mark.parametrize("vflip", [False, True])
def test_buffer_grows(monkeypatch: pytest.MonkeyPatch, vflip: bool) -> None:
    wanted = bytes(Card(320, 240, 80, vflip=vflip).frame(*MOMENT, 40))
    monkeypatch.setattr(card, "_moving_room", lambda layout, quality: 0)
    assert bytes(Card(320, 240, 80, vflip=vflip).frame(*MOMENT, 40)) == wanted


# -- the picture


@pytest.mark.parametrize("quality", [30, 80, 100])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_pixel_of_the_text(width: int, height: int, quality: int) -> None:
    texts = read_all(draw(width, height, quality))
    size = f"{width}x{height} q{quality}"[: len(f"{width}x{height} q80")]
    assert texts == ("camcors", "frame 123456", "12:34:56.7", size)


@pytest.mark.parametrize(
    ("number", "elapsed_ms", "frame", "clock"),
    [
        (0, 0, "frame 000000", "00:00:00.0"),
        (999_999, 99, "frame 999999", "00:00:00.0"),
        (1_000_000, 100, "frame 000000", "00:00:00.1"),
        (7, 59_999, "frame 000007", "00:00:59.9"),
        (8, 100 * 3600_000 - 1, "frame 000008", "99:59:59.9"),
        (9, 100 * 3600_000, "frame 000009", "00:00:00.0"),
    ],
)
def test_counters(number: int, elapsed_ms: int, frame: str, clock: str) -> None:
    image = draw(160, 120, 80, moment=(number, elapsed_ms))
    assert read_all(image)[1:3] == (frame, clock)


EBU_BARS = [
    ("white", (255, 255, 255)),
    ("yellow", (191, 191, 0)),
    ("cyan", (0, 191, 191)),
    ("green", (0, 191, 0)),
    ("magenta", (191, 0, 191)),
    ("red", (191, 0, 0)),
    ("blue", (0, 0, 191)),
    ("black", (0, 0, 0)),
]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_colour_bars(width: int, height: int) -> None:
    image = draw(width, height, 90)
    layout = Layout(width, height)
    for k, (name, wanted) in enumerate(EBU_BARS):
        for row in (0, layout.ramp - 1):
            columns = [c for c in range(layout.columns) if c * 8 // layout.columns == k]
            for column in (columns[0], columns[-1]):
                found = image.getpixel((column * 8 + 4, row * 8 + 4))
                assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 6, (name, found)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_grey_ramp(width: int, height: int) -> None:
    image = draw(width, height, 90)
    y = Layout(width, height).ramp * 8 + 4
    greys = [image.getpixel((x, y)) for x in range(4, width, 8)]
    assert all(max(grey) - min(grey) <= 2 for grey in greys)
    lumas = [grey[1] for grey in greys]
    assert lumas == sorted(lumas)
    assert lumas[0] <= 2
    assert lumas[-1] >= 253


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_ball_is_where_the_formula_says(width: int, height: int) -> None:
    card = card_of(width, height, 90)
    layout = Layout(width, height)
    field = box((layout.field_top, layout.field), layout.field_rows, layout.field_columns)
    half = layout.symbol * 4
    for number in (0, 1, 2, 17, 1000):
        image = decode(bytes(card.frame(number, 0)))
        left, top, right, bottom = box(layout.ball(number), layout.symbol, layout.symbol)
        assert field[0] <= left and right <= field[2] and field[1] <= top and bottom <= field[3]
        red, _, blue = image.getpixel((left + half, top + half))
        assert red > blue + 60
        image.paste((24, 42, 66), (left, top, right, bottom))
        low_high = image.crop(field).getextrema()
        assert all(high - low <= 12 for low, high in low_high), "the ball left something behind"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_lamp(width: int, height: int) -> None:
    card = card_of(width, height, 80)
    layout = Layout(width, height)
    lamp = box(layout.lamp, layout.symbol, layout.symbol)
    images = [decode(bytes(card.frame(0, 0, led))) for led in (0, 1, 30, 60, 100, 0)]
    means = [mean(image.crop(lamp)) for image in images]
    assert means[:5] == sorted(set(means[:5]))
    assert means[4] > means[0] + 60
    assert images[5].tobytes() == images[0].tobytes()
    for image in images:
        image.paste(0, lamp)
    assert images[4].tobytes() == images[0].tobytes(), "the lamp shines outside its place"


# -- the settings


@pytest.mark.parametrize(
    ("settings", "turn"),
    [
        ({"hmirror": True}, [Image.Transpose.FLIP_LEFT_RIGHT]),
        ({"vflip": True}, [Image.Transpose.FLIP_TOP_BOTTOM]),
        ({"hmirror": True, "vflip": True}, [Image.Transpose.ROTATE_180]),
    ],
)
@pytest.mark.parametrize(("width", "height"), [(160, 120), (400, 296), (640, 480)])
def test_mirrors(width: int, height: int, settings: dict, turn: list) -> None:
    plain = draw(width, height, 80, led=70)
    turned = draw(width, height, 80, led=70, **settings).transpose(turn[0])
    assert difference(plain, turned) <= 4
    assert difference(plain, turned.transpose(turn[0])) > 200


def test_brightness_shifts_the_mean() -> None:
    ramp = (0, Layout(640, 480).ramp * 8, 640, Layout(640, 480).detail * 8)
    lumas = {}
    for level in range(-2, 3):
        image = draw(640, 480, 90, brightness=level).crop(ramp).convert("L")
        lumas[level] = image.getpixel((324, 4))
    assert [lumas[level] - lumas[0] for level in range(-2, 3)] == pytest.approx([-48, -24, 0, 24, 48], abs=2)
    means = [mean(draw(160, 120, 80, brightness=level)) for level in range(-2, 3)]
    assert all(b - a > 8 for a, b in pairwise(means)), means


def test_contrast_spreads_about_mid_grey() -> None:
    y = Layout(640, 480).ramp * 8 + 4
    for level in range(-2, 3):
        image = draw(640, 480, 95, contrast=level)
        plain = draw(640, 480, 95)
        for x in (204, 324, 404):
            grey = plain.getpixel((x, y))[1]
            wanted = 128 + (grey - 128) * (4 + level) / 4
            assert image.getpixel((x, y))[1] == pytest.approx(wanted, abs=3)


# -- the driver


GOOD = [
    ("frame_size", "UXGA"),
    ("quality", 1),
    ("quality", 100),
    ("hmirror", True),
    ("vflip", True),
    ("brightness", -2),
    ("contrast", 2),
]
BAD = [
    ("frame_size", "vga"),
    ("frame_size", 3),
    ("frame_size", None),
    ("quality", 0),
    ("quality", 101),
    ("quality", True),
    ("quality", 80.0),
    ("quality", "80"),
    ("hmirror", 1),
    ("hmirror", "true"),
    ("vflip", 0),
    ("brightness", 3),
    ("brightness", -3),
    ("contrast", None),
]


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_camera_takes(field: str, value: object) -> None:
    camera = Camera()
    camera.set(field, value)
    assert camera.get(field) == value
    assert camera.settings() == {**Camera().settings(), field: value}


@pytest.mark.parametrize(("field", "value"), BAD)
def test_camera_refuses(field: str, value: object) -> None:
    camera = Camera()
    with pytest.raises(ValueError, match=f"^{field} must be "):
        camera.set(field, value)
    assert camera.settings() == Camera().settings()


def test_camera_captures_numbered_frames() -> None:
    camera = Camera()
    camera.set("frame_size", "QQVGA")
    first = read_all(decode(bytes(camera.capture())))
    assert first == ("camcors", "frame 000000", "00:00:00.0", "160x120 q80")
    camera.set("quality", 90)
    assert read_all(decode(bytes(camera.capture())))[1::2] == ("frame 000001", "160x120 q90")
    camera.deinit()
    assert read_all(decode(bytes(camera.capture())))[1] == "frame 000002"


@pytest.mark.parametrize(("name", "size"), FRAME_SIZES)
def test_camera_frame_sizes(name: str, size: tuple[int, int]) -> None:
    camera = Camera()
    camera.set("frame_size", name)
    assert decode(bytes(camera.capture())).size == size


def test_camera_settings_reach_the_picture() -> None:
    plain = draw(640, 480, 80, moment=(0, 0))
    for field, value in [("hmirror", True), ("vflip", True), ("brightness", 1), ("contrast", 1)]:
        camera = Camera()
        camera.set(field, value)
        wanted = draw(640, 480, 80, moment=(0, 0), **{field: value})
        assert decode(bytes(camera.capture())).tobytes() == wanted.tobytes() != plain.tobytes()


def polled(camera: Camera) -> bytes:
    """The next picture, made as the server has it made."""
    while (wait_ms := camera.poll()) is not None:
        assert wait_ms == 0
    return bytes(camera.capture())


def test_camera_draws_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many, the pictures are those of one go, and the next one is another."""
    monkeypatch.setattr(camera_driver, "_milliseconds", lambda: 1000)
    stepped, at_once = Camera(), Camera()
    for led in (0, 0, 50, 50):
        stepped.led = at_once.led = led
        assert polled(stepped) == bytes(at_once.capture())
    stepped.poll()
    assert bytes(stepped.capture()) == bytes(at_once.capture())
    assert read_all(decode(polled(stepped)))[1] == "frame 000005"


def test_no_step_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most the coding of one tile and one row: in the first picture, the next, and one of another lamp."""
    work = {"rows": 0, "transforms": 0}

    def counted(cls: type, name: str, what: str) -> None:
        real = getattr(cls, name)

        def count(*args: object) -> object:
            work[what] += 1
            return real(*args)

        monkeypatch.setattr(cls, name, count)

    counted(jpeg_tiles.TileCoder, "row", "rows")
    counted(jpeg_tiles._Plane, "_ac_chunks", "transforms")
    camera = Camera()
    camera.set("frame_size", "UXGA")
    for led in (0, 0, 40):
        camera.led = led
        most = {"rows": 0, "transforms": 0}
        while camera.poll() is not None:
            most = {name: max(most[name], count) for name, count in work.items()}
            work.update(rows=0, transforms=0)
        camera.capture()
        assert most["rows"] == 1
        assert most["transforms"] <= 3


def test_camera_that_fails_in_a_drawing_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError

    camera = Camera()
    with monkeypatch.context() as patch:
        patch.setattr(card, "FrameBuffer", fail)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                polled(camera)
    assert read_all(decode(polled(camera)))[1] == "frame 000000"


@pytest.mark.parametrize(
    ("room", "frame_size", "words"),
    [
        (9_000, "VGA", "no memory for a picture of VGA; choose the frame_size QQVGA"),
        (40_000, "UXGA", "no memory for a picture of UXGA; choose the frame_size SVGA"),
        (1_000, "QVGA", "no memory for a picture of QVGA; there is none for a smaller one"),
        (1_000, "QQVGA", "no memory for a picture of QQVGA; there is none for a smaller one"),
    ],
)
def test_a_picture_without_room_names_the_largest_that_has_some(
    room: int, frame_size: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The buffer is the one large block; the search is made once for the same settings."""
    real = card.FrameBuffer
    made: list[int] = []

    def limited(header: bytes, still: list[bytes], size: int, moving: int, vflip: bool) -> object:
        made.append(size)
        if size > room:
            raise MemoryError
        return real(header, still, size, moving, vflip)

    camera = Camera()
    camera.set("frame_size", frame_size)
    with monkeypatch.context() as patch:
        patch.setattr(card, "FrameBuffer", limited)
        for _ in range(2):
            with pytest.raises(CaptureFailed) as raised:
                polled(camera)
            assert raised.value.args == (words,)
        assert made.count(max(made)) == 2
        assert all(made.count(size) == 1 for size in made if size != max(made))
    assert read_all(decode(polled(camera)))[1] == "frame 000000"


def test_setting_in_a_drawing_counts_for_the_next_one() -> None:
    """Else somebody who changes settings again and again would keep the others from any picture."""
    camera = Camera()
    camera.poll()
    camera.set("frame_size", "QVGA")
    camera.set("quality", 50)
    assert decode(polled(camera)).size == (640, 480)
    assert read_all(decode(polled(camera)))[1::2] == ("frame 000001", "320x240 q50")


def test_nothing_drawn_before_a_standby_is_shown_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer who left in the middle of a picture has left half of it behind."""
    now = [1000]
    monkeypatch.setattr(camera_driver, "_milliseconds", lambda: now[0])
    camera = Camera()
    camera.set("frame_size", "QQVGA")
    assert read_all(decode(polled(camera)))[2] == "00:00:00.0"
    assert camera.poll() == 0
    camera.stand_by()
    assert camera.is_standby
    camera.set("quality", 90)
    camera.set("standby_s", 5)
    assert camera.is_standby
    now[0] += 3_600_000
    shown = read_all(decode(polled(camera)))
    assert shown == ("camcors", "frame 000001", "01:00:00.0", "160x120 q90")
    assert not camera.is_standby


def test_a_standby_of_its_own_leaves_the_picture_alone() -> None:
    camera = Camera()
    camera.set("frame_size", "QQVGA")
    polled(camera)
    drawn = camera._card
    camera.set("standby_s", 5)
    polled(camera)
    assert (camera.standby_s, camera._card is drawn) == (5, True)


def test_camera_led() -> None:
    camera = Camera()
    layout = Layout(640, 480)
    lamp = box(layout.lamp, layout.symbol, layout.symbol)
    dark = mean(decode(bytes(camera.capture())).crop(lamp))
    camera.led = 100
    assert camera.led == 100
    assert mean(decode(bytes(camera.capture())).crop(lamp)) > dark + 60
    for bad in (-1, 101, True, 5.0, None):
        with pytest.raises(ValueError, match=r"^led must be a whole number from 0 to 100$"):
            camera.led = bad
    assert camera.led == 100


def test_frame_is_valid_until_the_next_capture() -> None:
    camera = Camera()
    frame = camera.capture()
    kept = bytes(frame)
    camera.led = 50
    camera.set("frame_size", "QVGA")
    assert bytes(frame) == kept


# -- the device


DEVICE = """
import gc
from camcors_testcard.camera import FRAME_SIZES, Camera
from camcors_testcard.card import TestCard

camera = Camera()
for name, (width, height) in FRAME_SIZES:
    for quality in (10, 80, 100):
        card = None
        card = TestCard(width, height, quality, hmirror=quality == 10, vflip=quality == 100)
        card.frame(1, 2, 3)
        with open("{}-{}.jpg".format(name, quality), "wb") as file:
            file.write(card.frame(123456, 45296789, 60))
card = None
gc.collect()
before = gc.mem_alloc()
card = TestCard(640, 480, 80)
for number in range(100):
    card.frame(number, number * 33)
gc.collect()
warm = gc.mem_alloc()
for number in range(100, 400):
    card.frame(number, number * 33)
gc.collect()
print(warm - before, gc.mem_alloc() - warm)
camera.led = 5
camera.set("frame_size", "QQVGA")
try:
    camera.set("hmirror", 1)
except ValueError as error:
    print(error)
with open("camera.jpg", "wb") as file:
    file.write(camera.capture())
"""


@pytest.fixture(scope="module")
def device(program: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """What MicroPython wrote and printed."""
    folder = tmp_path_factory.mktemp("device")
    (folder / "draw.py").write_text(DEVICE)
    run = subprocess.run([program, "draw.py"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
    return folder, run.stdout.splitlines()


@pytest.mark.parametrize("quality", [10, 80, 100])
@pytest.mark.parametrize(("name", "size"), FRAME_SIZES)
def test_device_draws_the_same(device, name: str, size: tuple[int, int], quality: int) -> None:
    jpeg = (device[0] / f"{name}-{quality}.jpg").read_bytes()
    assert decode(jpeg).size == size
    card = Card(*size, quality, hmirror=quality == 10, vflip=quality == 100)
    assert jpeg == bytes(card.frame(123456, 45296789, 60))


def test_device_costs(device) -> None:
    """Memory at VGA, quality 80: 150 KB, no growth once warm."""
    heap, growth = map(int, device[1][0].split())
    assert heap <= 150_000
    assert growth <= 1024


def test_device_camera(device) -> None:
    folder, lines = device
    assert lines[1:] == ["hmirror must be true or false"]
    image = decode((folder / "camera.jpg").read_bytes())
    assert read_all(image)[1:] == ("frame 000000", "00:00:00.0", "160x120 q80")

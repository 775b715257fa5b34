"""ffmpeg reads the camera as people, go2rtc and Frigate call it."""

from __future__ import annotations

import shlex

import pytest
from PIL import Image

from tests.kit.camera import Camera
from tests.kit.card import bars, is_card
from tests.kit.recipe import blocks, decode, fill

#: What Frigate's preset-http-mjpeg-generic has, and what go2rtc puts in front of an http address.
FRIGATE = (
    "-avoid_negative_ts make_zero -fflags nobuffer -flags low_delay -strict experimental"
    " -fflags +genpts+discardcorrupt -use_wallclock_as_timestamps 1"
)
GO2RTC = "-fflags nobuffer -flags low_delay"

# Arguments in front of the address, path, pictures.
CALLS = [
    ("", "/api/stream", 20),
    ("-f mpjpeg", "/api/stream", 20),
    (FRIGATE, "/api/stream", 20),
    (GO2RTC, "/api/stream", 20),
    ("", "/api/stream?fps=5", 5),
    ("", "/api/capture", 1),
]


def is_picture(rgb: bytes) -> bool:
    return is_card(bars(Image.frombytes("RGB", (640, 480), rgb)))


@pytest.mark.parametrize(("arguments", "path", "frames"), CALLS)
def test_ffmpeg_decodes_pictures(camera: Camera, arguments: str, path: str, frames: int) -> None:
    pictures = decode([*arguments.split(), "-i", camera.url + path], frames)
    assert all(map(is_picture, pictures))
    assert len(set(pictures)) > frames // 2  # they move


def test_the_recipe(camera: Camera) -> None:
    (text,) = blocks("ffmpeg, mpv, GStreamer")
    (line,) = [line for line in fill(text, camera).splitlines() if line.startswith("$ ffmpeg ")]
    words = shlex.split(line)[2:]
    assert all(map(is_picture, decode(words[: words.index("-c:v")], 5)))

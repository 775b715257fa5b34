"""ffmpeg reads the camera as people, go2rtc and Frigate call it."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.kit.camera import Camera
from tests.kit.card import bars, is_card
from tests.kit.recipe import block, decode, fill, refusal, section
from tests.kit.tokens import TOKENS

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


def address(camera: Camera, path: str, role: str | None = "view") -> str:
    """Return the camera's address with a token as the password, None for none."""
    return camera.url.replace("//", f"//me:{TOKENS[role]}@" if role else "//") + path


@pytest.mark.parametrize(("arguments", "path", "frames"), CALLS)
def test_ffmpeg_decodes_pictures(camera: Camera, arguments: str, path: str, frames: int) -> None:
    pictures = decode([*arguments.split(), "-i", address(camera, path)], frames)
    assert all(map(is_picture, pictures))
    assert len(set(pictures)) > frames // 2  # they move


@pytest.mark.parametrize("role", [None, "wrong"])
@pytest.mark.parametrize("arguments", ["", "-f mpjpeg", FRIGATE, GO2RTC])
def test_ffmpeg_without_a_token_and_with_a_wrong_one(
    camera: Camera, arguments: str, role: str | None
) -> None:
    said = refusal([*arguments.split(), "-i", address(camera, "/api/stream", role)])
    assert "Server returned 401 Unauthorized (authorization failed)" in said


def call(camera: Camera, folder: Path, role: str) -> list[str]:
    """Return the arguments of the recipe's input, and make the file that it names."""
    (folder / "camera.ffconcat").write_text(
        fill(block("ffmpeg", "", "ffconcat version"), camera, token=TOKENS[role])
    )
    words = shlex.split(block("ffmpeg", "", "$ ffmpeg "))[2:]
    return [
        str(folder / word) if word == "camera.ffconcat" else word for word in words[: words.index("-c:v")]
    ]


def test_the_recipe(camera: Camera, tmp_path: Path) -> None:
    arguments = call(camera, tmp_path, "view")
    assert all(map(is_picture, decode(arguments, 5)))
    assert TOKENS["view"] not in " ".join(arguments)
    shown = subprocess.run(
        ["ffmpeg", "-nostdin", *arguments, "-frames:v", "1", "-f", "null", "-"],
        capture_output=True,
        timeout=60,
    )
    assert (shown.returncode, TOKENS["view"].encode() in shown.stdout + shown.stderr) == (0, False)


def test_the_recipe_with_a_wrong_token(camera: Camera, tmp_path: Path) -> None:
    assert "camera.ffconcat: Server returned 401 Unauthorized" in refusal(call(camera, tmp_path, "wrong"))


def test_the_recipes_other_address(camera: Camera) -> None:
    (line,) = re.findall(r"`ffmpeg (-f mpjpeg .+?)`", section("ffmpeg"))
    assert all(map(is_picture, decode(shlex.split(fill(line, camera)), 5)))

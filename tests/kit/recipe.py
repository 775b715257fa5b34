"""What docs/recipes.md says, for a camera and files of a test."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from tests.kit.camera import TOP, Camera
from tests.kit.card import bars, is_card
from tests.kit.pages import wait_until
from tests.kit.tokens import TOKENS

_TEXT = (TOP / "docs" / "recipes.md").read_text()
_HOST = "192.168.1.7"
_TOKEN = "TOKEN"


def section(heading: str) -> str:
    return _TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(heading: str, kind: str = "") -> list[str]:
    """Return the fenced texts of a kind below a heading."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", section(heading), re.DOTALL | re.MULTILINE)
    return [text for language, text in fenced if language == kind]


def block(heading: str, kind: str, words: str) -> str:
    """Return the one fenced text of a kind below a heading that has these words."""
    (text,) = [text for text in blocks(heading, kind) if words in text]
    return text


def fill(
    text: str, camera: Camera, places: Mapping[str, object] | None = None, token: str = TOKENS["view"]
) -> str:
    """Return the recipe for `camera`, with a token of it. Each of `places` has to be in the text."""
    here = f"127.0.0.1:{camera.port}"
    for old, new in {f"{_HOST}:80": here, _HOST: here}.items():
        text = text.replace(old, new)
    assert here in text
    text = text.replace(_TOKEN, token)
    for old, new in (places or {}).items():
        assert old in text, old
        text = text.replace(old, str(new))
    return text


def _read(arguments: Sequence[str], frames: int) -> subprocess.CompletedProcess[bytes]:
    command = ["ffmpeg", "-v", "error", "-nostdin", *arguments, "-fps_mode", "passthrough"]
    command += ["-frames:v", str(frames), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return subprocess.run(command, capture_output=True, timeout=60)


def refusal(arguments: Sequence[str]) -> str:
    """Return what ffmpeg says of an input that gives it no picture."""
    done = _read(arguments, 1)
    assert (done.returncode != 0, done.stdout) == (True, b"")
    return done.stderr.decode()


def decode(arguments: Sequence[str], frames: int, size: tuple[int, int] = (640, 480)) -> list[bytes]:
    """Return pictures as RGB that ffmpeg decodes with these arguments of its input, each as it came."""
    done = _read(arguments, frames)
    assert done.returncode == 0, done.stderr.decode()
    length = size[0] * size[1] * 3
    assert len(done.stdout) == frames * length, done.stderr.decode()
    return [done.stdout[at : at + length] for at in range(0, len(done.stdout), length)]


def is_open(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def serving(
    command: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the end of the block, which begins when it listens."""
    with open(log, "wb") as output:
        running = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **(env or {})})
    try:
        wait_until(lambda: running.poll() is not None or is_open(port), 90)
        assert running.poll() is None, log.read_text(errors="replace")
        yield
    finally:
        running.terminate()
        running.wait(timeout=30)


def is_picture(image: Image.Image) -> bool:
    return image.size == (640, 480) and is_card(bars(image.convert("RGB")))

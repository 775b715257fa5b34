"""The camera's wait for a picture: other threads run meanwhile, and none takes the driver away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.kit import c

CAPTURE = ["the driver waits, without the GIL", "capture: a picture"]
DEINIT = ["the driver ends", "deinit: done"]

#: What another thread does during the first wait -> what happens, up to a second picture and the end.
ROWS = {
    "": [*CAPTURE, *CAPTURE, *DEINIT],
    "deinit": [CAPTURE[0], "deinit: refused", CAPTURE[1], *CAPTURE, *DEINIT],
    "capture": [CAPTURE[0], "capture: None", CAPTURE[1], *CAPTURE, *DEINIT],
    # A soft reset: the thread that waits is deleted where it is.
    "reset": [CAPTURE[0], "the threads end", *CAPTURE, *DEINIT],
}


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program: camera_wait.c for this computer."""
    folder = tmp_path_factory.mktemp("camera_wait")
    built = folder / "camera"
    files = [c.FIRMWARE / "camcors_esp32" / "camera_wait.c", Path(__file__).with_name("camera_wait_main.c")]
    subprocess.run([*c.for_boards_on_host(c.generate(folder / "made", [])), *files, "-o", built], check=True)
    return built


@pytest.mark.parametrize("meanwhile", ROWS)
def test_during_the_wait(camera: Path, meanwhile: str) -> None:
    done = subprocess.run([camera, meanwhile], capture_output=True, text=True)
    assert done.stdout.splitlines() == ROWS[meanwhile]

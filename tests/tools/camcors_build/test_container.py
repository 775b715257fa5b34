"""The container recipe, as `make lint` reads it; no container is built here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from camcors_build.boards import TOP

RECIPE = (TOP / "tools" / "camcors_build" / "Containerfile").read_text()
(BASE,) = re.findall(r"^FROM (\S+)$", RECIPE, re.MULTILINE)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("", "", ""),
        (BASE, "debian", "DL3006"),
        (BASE, "debian:latest", "DL3007"),
        (" && rm -rf /var/lib/apt/lists/*", "", "DL3009"),
        (" --yes ", " ", "DL3014"),
        (" --no-install-recommends", "", "DL3015"),
        ("COPY pyproject.toml", "ADD pyproject.toml", "DL3020"),
        ("# hadolint ignore=DL3008", "", "DL3008"),
        ("RUN git config", "RUN curl x | sh && git config", "DL4006"),
        ("RUN git config", "RUN sudo git config", "DL3004"),
    ],
)
def test_lint_sees_a_recipe_that_is_not_safe(tmp_path: Path, old: str, new: str, rule: str) -> None:
    (command,) = re.findall(r"@build/venv/bin/(hadolint .+)\n", (TOP / "Makefile").read_text())
    file = tmp_path / command.split()[-1]
    file.parent.mkdir(parents=True)
    assert old in RECIPE
    file.write_text(RECIPE.replace(old, new) if old else RECIPE)
    line = f"{Path(sys.executable).parent}/{command}"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert (bool(done.returncode), rule in done.stdout) == (bool(rule), True), done.stdout + done.stderr


def test_the_container_has_what_esp_idf_asks_for() -> None:
    """docs/en/get-started/linux-macos-setup.rst and api-guides/tools/qemu.rst at v5.5.1, by Debian's names.

    Without what Python, pip and the chip's USB bootloader (dfu-util) need where there are no wheels. CMake is
    ESP-IDF's own, and so is Ninja, but for arm64.
    """
    words = set(RECIPE.partition("--no-install-recommends")[2].partition("&&")[0].split())
    build = {
        "git",
        "flex",
        "bison",
        "gperf",
        "python3",
        "python3-venv",
        "ninja-build",
        "ccache",
        "libusb-1.0-0",
    }
    qemu = {"libgcrypt20", "libglib2.0-0t64", "libpixman-1-0", "libsdl2-2.0-0", "libslirp0"}
    assert build | qemu <= words

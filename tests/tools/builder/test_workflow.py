"""The container recipe and the workflow name the versions that the build pins. Neither is run here."""

from __future__ import annotations

import re
from pathlib import Path

import esp_idf

import boards

TOP = Path(__file__).resolve().parents[3]
WORKFLOW = (TOP / ".github" / "workflows" / "firmware.yml").read_text()


def test_the_container_has_the_pinned_esp_idf() -> None:
    recipe = (TOP / "tools" / "builder" / "Containerfile").read_text()
    assert re.findall(r"^FROM (\S+)$", recipe, re.MULTILINE) == [f"docker.io/espressif/idf:v{esp_idf.PINNED}"]


def test_the_workflow_calls_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake ([a-z-]+)", WORKFLOW))
    assert called == {"firmware", "idf"}
    assert called <= targets


def test_the_cache_follows_every_file_that_pins_a_version() -> None:
    (key,) = re.findall(r"key: sources-\$\{\{ hashFiles\((.*?)\) \}\}", WORKFLOW)
    files = re.findall(r"'([^']+)'", key)
    pinning = [
        path
        for path in sorted((TOP / "tools" / "builder").glob("*.py"))
        if re.search(r"\b[0-9a-f]{40}\b", path.read_text())
    ]
    assert sorted(TOP / name for name in files) == pinning


def test_the_matrix_is_the_list_of_boards() -> None:
    assert "boards=$(python3 tools/builder/boards.py list)" in WORKFLOW
    assert "board: ${{ fromJSON(needs.boards.outputs.boards) }}" in WORKFLOW
    assert "QEMU_ESP32" in {board.id for board in boards.every()}

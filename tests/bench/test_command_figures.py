"""What a command is timed with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import command_figures


def test_python_keeps_its_bytecode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert command_figures.seconds(["-c", "import camcors_cli.cli"], tmp_path) > 0
    assert list(tmp_path.rglob("cli.*.pyc"))

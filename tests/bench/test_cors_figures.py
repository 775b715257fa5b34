"""What the bench compiles, and whose a frozen module is."""

from __future__ import annotations

from pathlib import Path

import pytest
from camcors_build import frozen, source
from camcors_build.boards import TOP

from tests.bench import cors_figures


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("src/cors/origin.py", "cors"),
        ("src/strict/json.py", "cors"),
        ("firmware/camcors/http/server.py", "camcors"),
        ("firmware/boot.py", "boot"),
        ("firmware/microdot/cors.py", "boot"),
        ("firmware/camcors_testcard/card.py", "board"),
        ("build/HOST/generated/board.py", "board"),
        ("build/pypi/microdot/microdot.py", None),
    ],
)
def test_owner(path: str, part: str | None) -> None:
    assert cors_figures.owner(TOP / path) == part


@pytest.mark.parametrize("module", ["stock_cors", "cors"])
def test_what_is_compiled_can_be_imported(program: Path, tmp_path: Path, module: str) -> None:
    sizes = cors_figures.compile_cors(frozen.mpy_cross(source.find(frozen.BUILD)), tmp_path)
    assert min(sizes.values()) > 0
    assert cors_figures.heap_after_import(tmp_path, module, tmp_path) > 0

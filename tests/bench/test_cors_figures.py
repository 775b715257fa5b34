"""Whose a frozen module is."""

from __future__ import annotations

import pytest
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

"""The table of the real endpoints."""

from __future__ import annotations

from tests.bench import endpoint_figures


def test_figures() -> None:
    costs = {
        "/api/camera": {"new": 2e6, "kept": 1e6},
        "/api/status": {"new": 2.6e6, "kept": 1.31e6},
        "/": {"new": 3e6, "kept": 2e6},
    }
    found = endpoint_figures.figures({"endpoints": {"as it boots": costs}})
    assert [(f.name, f.base, f.value, f.is_reached) for f in found] == [
        ("/api/status, new, a heap as it boots", 2, 2.6, True),
        ("/api/status, kept, a heap as it boots", 1, 1.31, False),
        ("/, new, a heap as it boots", 2, 3, None),
        ("/, kept, a heap as it boots", 1, 2, None),
    ]

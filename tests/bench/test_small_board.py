"""The table of a small board."""

from __future__ import annotations

import pytest

from tests.bench import small_board
from tests.bench.report import Figure
from tests.kit.camera import PROGRAM32
from tests.kit.small_board import HEAP

WELL = [3.0, 60_000.0, 49_152.0, 63_488.0, 1.0, 70_000.0, 0.0, 6000.0, 900.0, 0.0]
BADLY = [2.0, 60_000.0, 49_151.0, 63_489.0, 0.0, None, 1.0, 5000.0, 900.0, 1.0]


def test_goals() -> None:
    """Those of the larger heap; of the other, that it works at all. What was not measured has no row."""
    raw = {"small_board": {str(HEAP): WELL, "98304": BADLY}}
    found = small_board.figures(raw)
    assert found[0] == Figure(
        "boots; gives a still; gives a stream, in 111 KB", "of 3", 3.0, goal=found[0].goal
    )
    reached = [figure.is_reached for figure in found]
    assert reached[:10] == [True, None, True, True, True, None, True, None, None, True]
    assert reached[10:] == [False, *[None] * 8]
    raw["small_board"][str(HEAP)] = BADLY
    assert [figure.is_reached for figure in small_board.figures(raw)][:9] == [
        *(False, None, False, False, False, False),
        *(None, None, False),
    ]


def test_without_a_program_of_32_bits(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(small_board, "PROGRAM32", PROGRAM32.with_name("none"))
    raw = {"small_board": small_board.measure(tmp_path)}
    assert small_board.figures(raw) == []
    assert small_board.shown(raw) == small_board.NO_BUILD

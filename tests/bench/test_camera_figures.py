"""Percentiles."""

from __future__ import annotations

import pytest

from tests.bench import camera_figures


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [
        (1, 50, 1),
        (1, 99, 1),
        (2, 50, 1),
        (3, 50, 2),
        (100, 99, 99),
        (101, 99, 100),
        (1000, 99, 990),
        (10, 0, 1),
    ],
)
def test_percentile_is_the_nearest_rank(count: int, percent: float, expected: int) -> None:
    assert camera_figures.percentile(list(range(count, 0, -1)), percent) == expected

"""A load in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.beside import beside


def test_what_it_prints_at_its_end_is_there_afterwards(tmp_path: Path) -> None:
    script = tmp_path / "load.py"
    script.write_text(
        "import sys\nprint('running', flush=True)\nsys.stdin.read()\nprint('[1.5, %s]' % sys.argv[1])\n"
    )
    with beside(script, 2) as rates:
        assert rates == []
    assert rates == [1.5, 2]


def test_one_that_does_not_start_is_named(tmp_path: Path) -> None:
    script = tmp_path / "load.py"
    script.write_text("")
    with (
        pytest.raises(SystemExit, match=r"^camcors: load\.py did not start: .*load\.py 2$"),
        beside(script, 2),
    ):
        pass

"""Every row of the tables is one test; `run_cases.py` runs the same rows on MicroPython."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.access import run_cases

_HERE = Path(__file__).parent


def _rows():
    for table, run in run_cases.TABLES.items():
        names = set()
        for row in run_cases.load(str(_HERE), table):
            assert row["name"] not in names, f"{table}: two rows have one name"
            names.add(row["name"])
            yield pytest.param(run, row, id=f"{table}: {row['name']}")


@pytest.mark.parametrize(("run", "row"), list(_rows()))
def test_row(run, row):
    assert run(row) == []


def test_the_rows_hold_in_the_frozen_firmware(program):
    done = subprocess.run(
        [program, _HERE / "run_cases.py"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = re.fullmatch(r"(\d+) rows, 0 failures, micropython", done.stdout.splitlines()[-1])
    assert last is not None, done.stdout
    assert int(last[1]) == len(list(_rows()))

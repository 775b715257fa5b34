"""Every row of the tables is one test; `run_cases.py` runs the same rows on MicroPython."""

from pathlib import Path

import pytest

from tests.cors import run_cases

_HERE = Path(__file__).parent


def _rows(table):
    rows = run_cases.load(str(_HERE / table))
    names = [row["file"] + ": " + row["name"] for row in rows]
    assert len(set(names)) == len(names), "two rows have one name"
    return [pytest.param(row, id=name) for row, name in zip(rows, names, strict=True)]


@pytest.mark.parametrize("row", _rows("cases"))
def test_case_of_a_policy_file(row):
    assert run_cases.run_case(row) == []


@pytest.mark.parametrize("row", _rows("cases"))
def test_case_of_the_constructor(row):
    assert run_cases.run_case_by_constructor(row) == []


@pytest.mark.parametrize("row", _rows("faults"))
def test_fault(row):
    assert run_cases.run_fault(row) == []


@pytest.mark.parametrize("row", _rows("origins"))
def test_origin(row):
    assert run_cases.run_origin(row) == []

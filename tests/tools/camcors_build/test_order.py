"""The order of the files of tests: none is lost, and the long ones are files that exist."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.kit.camera import TOP
from tests.kit.order import OTHERS, WITH_BROWSERS, spread

LONG, LESS = sorted(WITH_BROWSERS, key=lambda name: -WITH_BROWSERS[name])[:2]
OTHER = max(OTHERS, key=OTHERS.__getitem__)


def files(*names: str) -> list[Any]:
    """Two tests of each file, as pytest finds them."""
    return [SimpleNamespace(nodeid=f"{name}::test_{test}") for name in sorted(names) for test in "ab"]


@pytest.mark.parametrize("name", [*WITH_BROWSERS, *OTHERS])
def test_the_long_files_are_there(name: str) -> None:
    assert (TOP / name).is_file()


def test_a_file_is_of_one_kind() -> None:
    assert not WITH_BROWSERS.keys() & OTHERS.keys()


def test_the_long_ones_of_both_kinds_come_first() -> None:
    found = [item.nodeid for item in spread(files("tests/x.py", LESS, OTHER, LONG))]
    expected = [f"{name}::test_{test}" for name in (LONG, OTHER, LESS, "tests/x.py") for test in "ab"]
    assert found == expected


def test_of_one_kind_only() -> None:
    assert len(spread(files("tests/x.py"))) == len(spread(files(LONG))) == 2
    assert spread([]) == []

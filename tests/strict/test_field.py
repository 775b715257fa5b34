"""The kinds of a field: what each takes, and how it says so."""

from __future__ import annotations

from typing import Any

import pytest

from strict import field, reasons

DESCRIPTIONS = [
    (("int", (-2, 2)), "a whole number from -2 to 2", {"min": -2, "max": 2}),
    (("int", (1, 1)), "1", {"min": 1, "max": 1}),
    (("bool", None), "true or false", {"values": [False, True]}),
    (("choice", ("QVGA", "VGA")), 'one of "QVGA", "VGA"', {"values": ["QVGA", "VGA"]}),
    (("choice", (1, 2)), "one of 1, 2", {"values": [1, 2]}),
]


@pytest.mark.parametrize(("kind", "words", "data"), DESCRIPTIONS)
def test_a_kind_describes_itself(kind: tuple[str, Any], words: str, data: dict[str, Any]) -> None:
    assert field.describe(*kind) == words
    assert field.to_json(*kind) == data


TEXT = "text of at most 3 characters, without control characters"
CHECKS: list[tuple[tuple[str, Any], list[Any], dict[str, list[Any]]]] = [
    (
        ("int", (1, 3)),
        [1, 2, 3],
        {reasons.WRONG_TYPE: [True, 2.0, "2", None, [], {}], reasons.OUT_OF_RANGE: [0, 4, -(10**18)]},
    ),
    (("bool", None), [False, True], {reasons.WRONG_TYPE: [0, 1, "true", None]}),
    (("choice", ("A", "B")), ["A", "B"], {reasons.NOT_A_CHOICE: ["a", "", "AB", None, 0, ["A"]]}),
    (("choice", (0, 1)), [0, 1], {reasons.NOT_A_CHOICE: [False, True, 0.0, 2]}),
    (
        ("text", 3),
        ["", "abc", "Kü2", "\U0001f600\U0001f600x", "\u00a0", "\u202e"],
        {
            reasons.WRONG_TYPE: [5, None, ["a"], True],
            reasons.TOO_LONG: ["abcd", "\U0001f600" * 4],
            reasons.CONTROL: ["\0", "a\n", "\x1b[", "\x7f", "\x80", "\x9f", "\ud800", "\udfff"],
        },
    ),
]


@pytest.mark.parametrize(("kind", "good", "bad"), CHECKS)
def test_a_kind_checks(kind: tuple[str, Any], good: list[Any], bad: dict[str, list[Any]]) -> None:
    assert [value for value in good if field.check(*kind, value) is not None] == []
    for reason, values in bad.items():
        remedy = "write " + field.describe(*kind)
        assert [field.check(*kind, value) for value in values] == [(reason, remedy)] * len(values)

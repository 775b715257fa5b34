"""The errors on the wire: their form, who gets text, and the table of codes in docs/api.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from strict import error

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "is_text"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/plain, */*", False),
        ("text/plain, */*", False),
        ("text/html", True),
        ("text/plain", True),
        ("text/*", True),
        ("TEXT/HTML", True),
        (CHROMIUM, True),
        ("image/avif,image/webp,*/*;q=0.8", False),
        ("text/plain, */*; q=0.01", True),
        ("text/plain;q=0.5, application/json", False),
        ("text/plain;q=0.5, application/*;q=0.4", True),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
        ("text/html;level=1;q=0.9, application/json;q=0.90", False),
        ("text/html;q=0.9,application/json;q=0.899", True),
        ("text/html;q=" + "1" * 8000, False),
        ("text/html;q=.5", False),
        ("text/css", False),
        (",;text/,q=,", False),
    ],
)
def test_who_gets_text(accept: str | None, is_text: bool) -> None:
    assert error.wants_text(accept) is is_text


def test_json() -> None:
    body, headers = error.answer("*/*", error.BAD_VALUE, 'a "b"', "write c", value=None, field="quality")
    assert body == (
        '{"error": "a \\"b\\"", "code": "bad-value", "remedy": "write c", "field": "quality", "value": null}'
    )
    assert headers == {
        "Content-Type": "application/json; charset=UTF-8",
        "Vary": "Accept",
        "Cache-Control": "no-store",
    }
    assert json.loads(error.answer(None, error.BUSY, "x")[0]) == {"error": "x", "code": "busy"}


def test_text() -> None:
    body, headers = error.answer("text/html", error.BAD_VALUE, "a", "write c", field="quality")
    assert (body, headers["Content-Type"]) == ("a; write c\n", "text/plain; charset=UTF-8")
    assert error.answer("text/html", error.BUSY, "a")[0] == "a\n"


def test_the_list_is_closed() -> None:
    """Every constant has a status, and nothing else has one."""
    names = [name for name in vars(error) if re.fullmatch("[A-Z][A-Z_]+", name) and name != "STATUS"]
    constants = {getattr(error, name) for name in names}
    assert constants == {code for code, _ in error.STATUS}


def test_the_table_of_the_docs() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    assert [(code, int(status)) for code, status in rows] == list(error.STATUS)

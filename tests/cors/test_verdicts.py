"""What a browser decides of each row's answer: the model's verdict is the one that the row names."""

from __future__ import annotations

from pathlib import Path

import pytest
from camcors_cli.browser.fetch import Asked, Response, cors_check, get, preflight_check

from tests.cors import run_cases

_CASES = Path(__file__).parent / "cases"
_NEEDS_PREFLIGHT = '"'  # a value that no safelisted request-header may have


def _judged() -> list[pytest.ParameterSet]:
    rows = [
        row for row in run_cases.load(str(_CASES)) if row["expect"].get("browser", "not asked") != "not asked"
    ]
    assert len(rows) >= 500
    return [pytest.param(row, id=f"{row['file']}: {row['name']}") for row in rows]


def _is_allowed(row: dict) -> bool:
    """Whether the page of the row's Origin may read the answer, or may go on after the preflight."""
    request = row["request"]
    sent = {name.lower(): value for name, value in request.get("headers", {}).items()}
    method = sent.get("access-control-request-method")
    names = sent.get("access-control-request-headers", "").lower().split(",")
    asked = Asked(
        origin=sent.get("origin", "https://no.origin.sent.example"),
        url="http://camera.local/",
        method=request["method"] if method is None else method,
        headers=[(name.strip(), _NEEDS_PREFLIGHT) for name in names if name.strip()],
        include=request.get("credentials", False),
    )
    response = Response(*run_cases.answer(row))
    if request["method"] != "OPTIONS" or method is None:
        return cors_check(asked, response) is None
    return preflight_check(asked, response) is None and _is_network_allowed(sent, response)


def _is_network_allowed(sent: dict[str, str], response: Response) -> bool:
    """Older Chromium's own step: WICG Private Network Access, "CORS preflight", never in Fetch."""
    if sent.get("access-control-request-private-network") != "true":
        return True
    return get(response.headers, "Access-Control-Allow-Private-Network") == "true"


@pytest.mark.parametrize("row", _judged())
def test_the_browser_decides_as_the_row_says(row: dict) -> None:
    assert _is_allowed(row) is (row["expect"]["browser"] == "allows")

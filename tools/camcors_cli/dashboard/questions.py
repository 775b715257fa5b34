"""What the dashboard's page asks its server, checked as it comes in: what is not as it should be is `Odd`."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..device import answers
from ..device.answers import Odd


class Asked(NamedTuple):
    """A request of the page that is to be examined."""

    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: bool


def doctor(value: dict[str, Any]) -> Asked:
    """Return the request that is to be examined."""
    asked = {"method": "GET", "headers": [], "credentials": False, **value}
    return Asked(
        answers.member(asked, "url", _word),
        answers.member(asked, "method", _word),
        answers.member(asked, "headers", answers.listed(_pair)),
        answers.member(asked, "credentials", answers.flag),
    )


def _word(value: Any) -> str:
    """Return a text without control characters, which no part of a request has."""
    text = answers.text(value)
    if not text.isprintable():
        raise Odd("not printable")
    return text


def _pair(value: Any) -> tuple[str, str]:
    pair = answers.listed(_word)(value)
    if len(pair) != 2:
        raise Odd("not a name and a value")
    return pair[0], pair[1]


def camera(value: Any) -> str:
    """Return the address of a camera as the page has it."""
    try:
        parts = urlsplit(_word(value))
    except ValueError as exc:
        raise exc if isinstance(exc, Odd) else Odd("not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise Odd("not the address of a camera")
    return str(value)

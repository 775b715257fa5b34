"""What the endpoint makes of a request, whoever may read it: the second line of a verdict, beside CORS."""

from __future__ import annotations

from typing import Any, NamedTuple

from camcors import routes
from camcors.http.methods import STANDARD

from ..device.answers import error_code, error_sentence
from ..ui.findings import Mark, Step
from .fetch import Response, get

_MARKS = {True: Mark.OK, False: Mark.NO, None: Mark.NOTE}


class Endpoint(NamedTuple):
    """works: whether the request gets what it is for, None if that is not known. status: of its answer, None
    if none came. text: in words."""

    works: bool | None
    text: str
    status: int | None = None

    @property
    def step(self) -> Step:
        return Step(_MARKS[self.works], self.text)

    def to_json(self) -> dict[str, Any]:
        return self._asdict()


def answered(response: Response, body: str) -> Endpoint:
    """Judge by the answer to the request itself."""
    status = response.status
    if status < 400:
        return Endpoint(True, f"answers {status}", status)
    words = _words(response, body)
    return Endpoint(False, f"answers {status}{': ' if words else ''}{words}", status)


def _words(response: Response, body: str) -> str:
    """Return what a refusal says: a camera's words with their remedy, of others the Allow header."""
    if error_code(body):
        return error_sentence(body)
    allow = get(response.headers, "Allow")
    return f"{routes.TAKES}{allow}" if allow else ""


def judged(method: str, response: Response, body: str) -> Endpoint:
    """Judge by the answer of a camera that is played here: it runs no handler, and no /main.py."""
    found = answered(response, body)
    if found.works:
        return Endpoint(True, f"takes {method}")
    said = [found.text]
    taking = [path for each, path in routes.ROUTES if each == method]
    if found.status == 405 and taking:
        *others, last = taking
        said.append(f"{', '.join(others)} and {last} take {method}" if others else f"{last} takes {method}")
    return found._replace(text="; ".join([*said, "routes of your /main.py are not known here"]))


def listed(method: str, response: Response) -> Endpoint | None:
    """Judge by the Allow header of the answer to another method; None if it has none."""
    allow = get(response.headers, "Allow")
    if allow is None:
        return None
    if method in [each.strip() for each in allow.split(",")]:
        return Endpoint(True, f"takes {method}")
    status = 405 if method in STANDARD else 501  # RFC 9110 section 9.1
    return Endpoint(False, f"answers {status} to {method}: {routes.TAKES}{allow}", status)


def locked(needed: str) -> Endpoint:
    """Judge a request without a token to a locked camera; needed: the role that it needs."""
    words = f"it needs a token of the role {needed}; to make one: camcors token add NAME --role {needed}"
    return Endpoint(False, f"answers 401: {words}", 401)


def role_too_low(needed: str) -> Endpoint:
    """Judge a request with a token of a lower role."""
    words = f"the role of the token is too low; to make one that may: camcors token add NAME --role {needed}"
    return Endpoint(False, f"answers 403: {words}", 403)


def unknown(method: str) -> Endpoint:
    return Endpoint(None, f"not asked, since the {method} itself is not sent")

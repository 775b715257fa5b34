from collections.abc import Callable, Iterable
from typing import Any

from cors import CORS
from microdot import Microdot, Request, Response

_Route = tuple[str, str]

GET_PAGE: _Route
GET_STATUS: _Route
GET_CAPTURE: _Route
GET_STREAM: _Route
GET_CAMERA: _Route
PUT_CAMERA: _Route
PUT_LED: _Route
POST_SESSION: _Route
DELETE_SESSION: _Route
POST_LINKS: _Route
GET_ACCESS: _Route
ROUTES: tuple[_Route, ...]
REMEDY: str
TAKES: str
BODY_MAX: int
RETRY_AFTER: str
NO_STORE: dict[str, str]

def is_own(method: str, path: str) -> bool: ...
def on(app: Microdot, route: _Route) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def on_late(app: Microdot, some: Iterable[_Route], module: str, given: object) -> None: ...
def attach_errors(app: Microdot) -> None: ...
def turn_away(
    request: Request, cors: CORS, code: str, words: str, remedy: str | None, more: dict[str, str | list[str]]
) -> Response: ...
def refuse(
    request: Request, code: str, words: str, headers: dict[str, str] | None = None, **more: object
) -> tuple[str, int, dict[str, str]]: ...
def unavailable(
    request: Request, code: str, words: str, remedy: str | None = None, **more: object
) -> tuple[str, int, dict[str, str]]: ...

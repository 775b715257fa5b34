from collections.abc import Callable
from typing import Any

from microdot import Microdot, Request

Route = tuple[str, str]

GET_PAGE: Route
GET_STATUS: Route
GET_CAPTURE: Route
GET_STREAM: Route
GET_CAMERA: Route
PUT_CAMERA: Route
PUT_LED: Route
ROUTES: tuple[Route, ...]
REMEDY: str

def on(app: Microdot, route: Route) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def attach_errors(app: Microdot) -> None: ...
def refuse(
    request: Request, code: str, words: str, headers: dict[str, str] | None = None, **more: object
) -> tuple[str, int, dict[str, str]]: ...

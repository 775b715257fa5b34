from typing import Any

from microdot import Request, Response

from .door import Door

async def answer(request: Request, door: Door) -> Response | tuple[Any, int, dict[str, str]]: ...

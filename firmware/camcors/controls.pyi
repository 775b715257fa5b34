from typing import Any

from microdot import Request

from .drivers import Camera

async def answer(request: Request, camera: Camera) -> tuple[Any, int, dict[str, str]]: ...

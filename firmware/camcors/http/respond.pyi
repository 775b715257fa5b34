from microdot import Response

from .server import Server
from .wire import Wire

async def respond(response: Response, server: Server, wire: Wire, is_head: bool, is_last: bool) -> bool: ...

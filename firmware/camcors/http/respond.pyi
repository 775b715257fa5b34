from microdot import Response

from .sender import Sender
from .server import Server

async def respond(
    server: Server, sender: Sender, response: Response, is_head: bool, is_last: bool
) -> bool: ...

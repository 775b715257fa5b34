from microdot import Response

from .sender import Sender
from .server import Server

async def respond(
    response: Response, server: Server, sender: Sender, is_head: bool, is_last: bool
) -> bool: ...

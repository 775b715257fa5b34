from microdot import Microdot, Request

from .head import _Asked

def make_request(
    app: Microdot, client: tuple[str, int], asked: _Asked, body: bytes, scheme: str
) -> Request: ...
def is_proxied(request: Request) -> bool: ...

from microdot import Microdot

from .middleware import CORS

class Guard:
    own: tuple[str, ...]
    def __init__(self, app: Microdot, cors: CORS, own: tuple[str, ...] = ()) -> None: ...

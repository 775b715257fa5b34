from cors import CORS
from cors.guard import Guard
from microdot import Microdot

class Redirect:
    port: int | None
    guard: Guard | None
    def __init__(self, app: Microdot, cors: CORS) -> None: ...

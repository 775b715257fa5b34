from microdot import Microdot

STANDARD: tuple[str, ...]

def is_taken(app: Microdot, method: str) -> bool: ...

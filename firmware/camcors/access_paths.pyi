from microdot import Microdot

from .door import Door

def attach(app: Microdot, door: Door) -> None: ...

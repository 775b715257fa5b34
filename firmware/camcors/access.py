"""What a handler of /main.py needs, where that is not what its method says.

    from camcors import access, app

    @app.get("/weather")
    @access.public
    async def weather(request): ...

Without one of these a handler is behind the lock: who may look may ask by a safe method, who may set by any.
Write it right below the route, above all other decorators: the lock looks at the function that is routed.
"""

from access.roles import PUBLIC, ROLES

from .door import marks


def public(handler):
    """Return `handler`, to which from now on anybody's request comes."""
    return _mark(handler, PUBLIC)


def needs(role):
    """Return a decorator: requests to its handler need `role`, "view", "control" or "admin"."""
    if role not in ROLES:
        raise ValueError("write one of " + ", ".join(ROLES))
    return lambda handler: _mark(handler, role)


def _mark(handler, needed):
    if not callable(handler):
        raise TypeError("write the decorator right above the handler")
    marks.append((handler, needed))
    return handler

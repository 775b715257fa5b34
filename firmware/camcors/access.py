"""What a handler of /main.py needs, where that is not what its method says.

    from camcors import access, app

    @app.get("/weather")
    @access.public
    async def weather(request): ...

Without one of these a handler is behind the lock: who may look may ask by a safe method, who may set by any.
Write it right below the route, above all other decorators: the lock looks at the function that is routed.
"""

from access.roles import PUBLIC, ROLES

_marked = []


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
    _marked.append((handler, needed))
    return handler


def marked():
    """Return what was marked: a list of (handler, what it needs), not to be changed."""
    return _marked


def needed_by(handler):
    """Return what was marked as needed by `handler` last, one of ROLES or PUBLIC; None if nothing was."""
    for each, needed in reversed(_marked):
        if each is handler:
            return needed
    return None

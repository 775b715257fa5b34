"""What goes through the lock itself: logging in, links, and who has a token; door.py has the paths.

On a camera this module is there only while somebody asks for one of them, see strict/late.py.
"""

from access import links, sessions
from access.roles import VIEW
from strict import error
from strict.sender import FOREIGN, TRUSTED

from .given import Bad, object_of, refused, unknown
from .routes import NO_STORE, refuse

_FOREIGN = "a session is for the camera's own page, and for allowed origins with allow_credentials"
_SESSION_FIELDS = ("token",)
_LINK_FIELDS = ("for_s", "path", "role")


async def answer(request, door):
    """Return the answer (tuple or microdot.Response) to one of these paths; door: door.Door, before them."""
    try:
        return await _ANSWERS[request.path](request, door)
    except Bad as bad:
        return refused(request, bad)


async def _links(request, door):
    wish = _known(request, _LINK_FIELDS, '{"path": "/api/stream", "for_s": 3600}')
    path, for_s, role = wish.get("path"), wish.get("for_s"), wish.get("role", VIEW)
    try:
        made = links.make(door.keeper.lock, door.verdict(request), path, for_s, door.keeper.uptime_s(), role)
    except ValueError as exc:
        return refuse(request, error.BAD_VALUE, "there is no such link", remedy=str(exc.args[0]))
    return {"path": made, "role": role, "for_s": for_s}, 200, NO_STORE


async def _access(request, door):
    access = door.keeper.lock.access
    tokens = [
        {"name": token.name, "role": token.role, "created_s": token.created_s} for token in access.tokens
    ]
    return {"open": access.open_role, "tokens": tokens}, 200, NO_STORE


async def _session(request, door):
    if door.guard.sender(request) == FOREIGN:  # where the policy lets foreign writes through
        return refuse(request, error.FOREIGN_WRITE, _FOREIGN)
    if request.method.upper() == "POST":  # microdot knows methods in lower case as well
        return await _log_in(request, door)
    sessions.log_out(door.keeper.lock, request.headers)
    return "", 204, _cookie(door, request, "")


async def _log_in(request, door):
    given = _known(request, _SESSION_FIELDS, '{"token": "camcors_..."}')
    verdict, session = sessions.log_in(
        door.keeper.lock, given.get("token"), request.headers, door.keeper.uptime_s()
    )
    if session is None:
        return await door.refuse(request, verdict)
    return {"role": verdict.role, "idle_s": sessions.IDLE_S}, 200, _cookie(door, request, session)


_ANSWERS = {"/api/session": _session, "/api/links": _links, "/api/access": _access}


def _known(request, fields, example):
    """Return the object in the body (dict), which has no fields but `fields`. Raises Bad."""
    given = object_of(request, example)
    for name in given:
        if name not in fields:
            raise unknown(name, fields)
    return given


def _cookie(door, request, text):
    """Return the headers (dict) that set the session's id `text`, or with "" remove it."""
    for_others = door.guard.sender(request) == TRUSTED
    cookie = sessions.set_cookie(text, request.scheme == "https", for_others)
    return {"Set-Cookie": cookie, "Cache-Control": "no-store"}

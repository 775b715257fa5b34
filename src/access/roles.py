"""Who may do what: three roles, each of which includes the one before, and what a request needs."""

from collections import namedtuple

from strict.method import is_safe

VIEW = "view"  # look: safe methods
CONTROL = "control"  # set: all other methods as well
ADMIN = "admin"  # see who has a token, and what handlers ask for it

#: From the least to the most.
ROLES = (VIEW, CONTROL, ADMIN)
_INCLUDED = {None: (), VIEW: (VIEW,), CONTROL: (VIEW, CONTROL), ADMIN: ROLES}

TOKEN_FIELDS = ("name", "role", "sha256", "created_s")
#: name, role: str. sha256: of the token (bytes). created_s: seconds since 1970 (int), None if nobody knows.
Token = namedtuple("Token", TOKEN_FIELDS)

#: What a request needs that anybody may send.
PUBLIC = "public"

# The camera's own paths that are not as their method says.
_HOME = "/"  # holds no secret, and says how to log in
_SESSION = "/api/session"  # one begins with a token in the body, and ends for whoever has its cookie
_OWN = {
    "/api/links": VIEW,  # a link gives no more than its asker may
    "/api/access": ADMIN,
}


def includes(role, needed):
    """Return whether who has `role` (one of ROLES, None for none) may do what needs `needed` (one of
    ROLES)."""
    return needed in _INCLUDED[role]


def needed(method, path):
    """Return what a request of a method and a path (without its query) needs: one of ROLES, or PUBLIC.

    Microdot routes by the letters of the path, and so does this: neither decodes or normalises it.
    """
    own = _OWN.get(path)
    if own is not None:
        return own
    if is_safe(method):
        return PUBLIC if path == _HOME else VIEW
    return PUBLIC if path == _SESSION else CONTROL

"""`Lock`: the access in force, and the Verdicts on what most requests show.

A right Bearer token, nothing where the camera is open, or a preflight: for these a camera has all that it
needs in its heap. What else may show who asks is told by judge.py, and refusal.py says what is missing. They
are there only while they are used, see strict/late.py; what they remember is plain data of the Lock, since an
object of a class keeps its module in the heap. A request for which one of them has no memory has not passed.

A preflight shows nothing (Fetch, "CORS-preflight fetch"), needs nothing and runs nothing.
"""

from collections import namedtuple

from strict import late
from strict.compat import const

from .roles import PUBLIC, includes

try:
    from _bearer import find  # firmware/native/bearer.c
except ImportError:  # CPython, and an image that others have built
    from .credentials import find


#: What counts of an access file: tokens, open_role and digest as of a document.Access. digest is None where
#: no file says just that.
InForce = namedtuple("InForce", ("tokens", "open_role", "digest"))
#: Without a token, and not open: before there is a file, and without one.
LOCKED = InForce((), None, None)


class Verdict:
    """What a request may. Of those that pass there is one for each token, so they cost nothing.

    role: what its sender may (one of ROLES), None for nothing. token: the document.Token that stands behind
    it, None if it is open to anyone.

    Of a refusal: code (strict.error), words and remedy (str); challenge: values of WWW-Authenticate, one for
    each header line (tuple of str); wait_ms: after which it may be sent (int). code is None if it passes.
    """

    code = None
    words = None
    remedy = None
    challenge = ()
    wait_ms = 0

    def __init__(self, role, token=None):
        self.role = role
        self.token = token


#: Of what is public.
ANYONE = Verdict(None)
#: Where one of Lock.sessions has the SHA-256 of its token.
SESSION_TOKEN = const(1)


class Lock:
    """Judges the requests to one camera. Pure: the time is given (uptime in seconds, int).

    guesses: how many tokens were wrong. key: random bytes, made at each start. known: the SHA-256s of the
    tokens, and the Verdict on each (two tuples). unknown: the Verdict on who shows none.
    sessions, named, failed: what sessions.py, links.py and guesses.py remember.
    """

    def __init__(self, key):
        self.key = key
        self.guesses = 0
        self.failed = 0, 0
        self.sessions = []
        self.named = None, None
        self.access = LOCKED

    @property
    def access(self):
        """The InForce. Assigning one ends what came from tokens that it does not know.

        It is in force last of all: if memory ends before, assign it once more.
        """
        return self._access

    @access.setter
    def access(self, access):
        tokens = access.tokens
        verdicts = tuple([Verdict(more(token.role, access.open_role), token) for token in tokens])
        unknown = Verdict(access.open_role)
        hashes = tuple([token.sha256 for token in tokens])
        known = hashes, verdicts  # one object, so that nobody sees the one without the other
        self.sessions = [each for each in self.sessions if each[SESSION_TOKEN] in hashes]
        self.known = known
        self.unknown = unknown
        self._access = access

    def is_over(self, token):
        """Return whether the time is over of what began by a `token` (document.Token, None for anyone)."""
        if token is None:
            return self._access.open_role is None
        return token.sha256 not in [known.sha256 for known in self._access.tokens]

    def admits(self, needed, header):
        """Return the Verdict on a request that shows a right token as nearly all clients do: what judge()
        returns, which has much more to look at. Return None if only that can tell.

        needed: as for judge(), not PUBLIC. header: Authorization (str), not of a preflight.
        """
        hashes, verdicts = self.known
        at = find(header, hashes)
        return verdicts[at] if at is not None and includes(verdicts[at].role, needed) else None

    def admits_anyone(self, needed, query, headers):
        """Return the Verdict on a request that shows nothing, where that is enough: what judge() returns.
        Return None if only that can tell.

        needed: as for admits(). query, headers: as for judge(), without Authorization, not of a preflight.
        """
        return self.unknown if includes(self.unknown.role, needed) and _is_bare(query, headers) else None

    def judge(self, needed, method, path, query, headers, origin, now_s):
        """Return the Verdict on a request. Raise MemoryError.

        needed: as roles.needed returns. query: what follows the question mark (str), None without one.
        headers: anything with `get`. origin: one of strict.sender, which counts for an Authorization and a
        Cookie.
        """
        if needed == PUBLIC or _is_preflight(method, headers):
            return ANYONE
        if headers.get("Authorization") is not None or not _is_bare(query, headers):
            judge = late.load("access.judge").judge
            return judge(self, needed, method, path, query, headers, origin, now_s)
        if includes(self.unknown.role, needed):
            return self.unknown
        return late.load("access.refusal").of_role(self.unknown, needed, query, headers)


def more(role, other):
    """Return the role of two that allows more; either may be None."""
    return role if other is None or includes(role, other) else other


def has_link(query):
    """Return whether a query (str or None) holds what may be a link."""
    return query is not None and (query.startswith("link=") or "&link=" in query)


def _is_bare(query, headers):
    """Return whether a request shows neither a cookie nor what may be a link."""
    return headers.get("Cookie") is None and not has_link(query)


def _is_preflight(method, headers):
    """Return whether it is a preflight, as cors.rules knows them."""
    return (
        method == "OPTIONS"
        and headers.get("Origin") is not None
        and headers.get("Access-Control-Request-Method") is not None
    )

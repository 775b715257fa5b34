"""`Lock`: who sends a request, what they may, and how the others are told.

What may show who asks, in this order:

- A header Authorization decides by itself: a wrong token is refused, also where none is needed, so that
  nobody takes it for a good one. Only what is public and preflights are not asked.
- A link, a cookie, and what the access file opens to anyone: the one that allows most. A link that has ended
  and a cookie that nobody knows are no guesses, and count as none.

A link works with safe methods only.

A cookie is sent by the browser, whoever's page asks; so is a password (Basic) that it remembers. Both count
for the camera's own pages and, with `allow_credentials`, for those of allowed origins:

- Origin says whose page it is. Browsers send it with each unsafe method and each WebSocket handshake (Fetch,
  "append a request `Origin` header"). Without one a cookie counts for safe methods only; a password for all,
  since then it is no browser's.
- Without Origin it may be the camera's own page or address bar, or a picture in a page of another origin.
  Sec-Fetch-Site tells them apart over https and on loopback. Elsewhere the cookie itself does: it is
  SameSite=Strict; and a picture in a page at another port of the host is kept from it by
  Cross-Origin-Resource-Policy.

No browser sends a Bearer token by itself (RFC 6750), so that one counts from everywhere: whether a page may
send it is for the policy to say.

A preflight shows nothing (Fetch, "CORS-preflight fetch"), needs nothing and runs nothing.
"""

from strict import error
from strict.method import is_safe
from strict.sender import NO_ORIGIN, OWN, TRUSTED

from . import credentials
from .document import LOCKED
from .guesses import Guesses
from .links import Links, fault_of, has_link
from .roles import PUBLIC, VIEW, includes
from .secret import canonical, hash_of, place_of
from .sessions import COOKIE, Sessions

_BEARER = 'Bearer realm="camcors"'
_BASIC = 'Basic realm="camcors", charset="UTF-8"'
_SITES = (None, "same-origin", "none")


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


class Lock:
    """Judges the requests to one camera. Pure: the time is given (uptime in seconds, int).

    key: random bytes, made at each start. guesses: how many tokens were wrong.
    """

    def __init__(self, key):
        self.guesses = Guesses()
        self._sessions = Sessions()
        self._links = Links(key)
        self.access = LOCKED

    @property
    def access(self):
        """The document.Access in force. Assigning one ends what came from tokens that it does not know.

        It is in force last of all: if memory ends before, assign it once more.
        """
        return self._access

    @access.setter
    def access(self, access):
        tokens = access.tokens
        known = tuple([Verdict(_more(token.role, access.open_role), token) for token in tokens])
        unknown = Verdict(access.open_role)
        hashes = tuple([token.sha256 for token in tokens])
        hashed = hashes, known  # one object, so that nobody sees the one without the other
        self._sessions.keep(hashes)
        self._links.know(tokens)
        self._hashed = hashed
        self._unknown = unknown
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
        hashes, known = self._hashed
        at = credentials.find(header, hashes)
        return known[at] if at is not None and includes(known[at].role, needed) else None

    def judge(self, needed, method, path, query, headers, origin, now_s):
        """Return the Verdict on a request.

        needed: as roles.needed returns. query: what follows the question mark (str), None without one.
        headers: anything with `get`. origin: one of strict.sender, which counts for credentials.are_browsers.
        """
        if needed == PUBLIC or _is_preflight(method, headers):
            return ANYONE
        header = headers.get("Authorization")
        if header is not None and (not credentials.is_basic(header) or _is_meant(headers, origin)):
            found = self._of_token(credentials.token(header))
            if found is None:
                return self._wrong(headers, now_s)
        else:
            found = self._of_link(method, path, query, now_s)
            found = _greater(found, self._of_cookie(method, headers, origin, now_s))
        if includes(found.role, needed):
            return found
        return _refusal(found, needed, query, headers)

    def log_in(self, text, headers, now_s):
        """Return (Verdict, id), a str, of a new session for the token `text`; the id is None if that is
        wrong."""
        found = self._of_token(text if type(text) is str else None)
        if found is None:
            return self._wrong(headers, now_s), None
        return found, self._sessions.open(found.token.sha256, now_s)

    def log_out(self, headers):
        """End the session of the cookie of a request, if it has one."""
        text = credentials.cookie(headers.get("Cookie"), COOKIE)
        if text is not None:
            self._sessions.close(text)

    def link(self, verdict, target, for_s, now_s, role=VIEW):
        """Return `target` (a path and perhaps a query, str) as a link for who got `verdict`: see links.sign.

        Who needs no token gets `target` itself: so does whoever opens it. Raises ValueError.
        """
        if verdict.token is not None:
            return self._links.sign(target, role, verdict.token, for_s, now_s)
        fault = fault_of(target, role, for_s)
        if fault is not None:
            raise ValueError(fault)
        return target

    def _of_token(self, text):
        """Return the Verdict on a token (str), None if it is not known."""
        if not text:
            return None
        found = self._of_hash(hash_of(text))
        if found is None:
            text = canonical(text)  # somebody may have typed it
            found = None if text is None else self._of_hash(hash_of(text))
        return found

    def _of_hash(self, sha256):
        hashes, known = self._hashed
        at = place_of(sha256, hashes)
        return None if at is None else known[at]

    def _of_link(self, method, path, query, now_s):
        found = self._links.verify(method, path, query, now_s)
        return self._unknown if found is None else _greater(self._unknown, Verdict(found[0], found[1]))

    def _of_cookie(self, method, headers, origin, now_s):
        header = headers.get("Cookie")
        if header is None or not _is_meant(headers, origin) or (origin == NO_ORIGIN and not is_safe(method)):
            return self._unknown
        text = credentials.cookie(header, COOKIE)
        sha256 = None if text is None else self._sessions.find(text, now_s)
        for known in self._hashed[1]:
            if known.token.sha256 == sha256:
                return known
        return self._unknown

    def _wrong(self, headers, now_s):
        words = "the camera does not know this token"
        remedy = (
            "write it as it was shown; if it was removed, make another: camcors token add NAME --role view"
        )
        challenge = _BEARER + ', error="invalid_token"'  # RFC 6750 section 3.1
        refused = _refused(error.WRONG_TOKEN, words, remedy, challenge, headers)
        refused.wait_ms = self.guesses.wrong(now_s)
        return refused


def _more(role, other):
    """Return the role of two that allows more; either may be None."""
    return role if other is None or includes(role, other) else other


def _greater(verdict, other):
    """Return the Verdict of two that allows more, the first if they are even."""
    return verdict if _more(verdict.role, other.role) == verdict.role else other


def _is_preflight(method, headers):
    """Return whether it is a preflight, as cors.rules knows them."""
    return (
        method == "OPTIONS"
        and headers.get("Origin") is not None
        and headers.get("Access-Control-Request-Method") is not None
    )


def _is_meant(headers, origin):
    """Return whether what a browser sends by itself counts."""
    if origin == NO_ORIGIN:
        return headers.get("Sec-Fetch-Site") in _SITES
    return origin in (OWN, TRUSTED)


def _refusal(found, needed, query, headers):
    """Return the refusal of a request whose sender may less than it needs."""
    remedy = "make a token: camcors token add NAME --role " + needed
    if found.token is not None:
        words = "this needs the role " + needed + ", and the token has " + found.role
        challenge = _BEARER + ', error="insufficient_scope"'
        refused = _refused(error.ROLE_TOO_LOW, words, remedy, challenge, headers)
        refused.challenge = (challenge,)
        return refused
    if headers.get("Authorization") is not None:
        words = "the password that a browser remembers does not count for a page of another origin"
        remedy = "send the token as Authorization: Bearer, or set allow_credentials in /policy.json"
        return _refused(error.NO_TOKEN, words, remedy, _BEARER, headers)
    if has_link(query):
        words, remedy = "this link has ended", "ask for another: POST /api/links"
        return _refused(error.LINK_ENDED, words, remedy, _BEARER, headers)
    return _refused(error.NO_TOKEN, "this needs a token of the role " + needed, remedy, _BEARER, headers)


def _refused(code, words, remedy, challenge, headers):
    verdict = Verdict(None)
    verdict.code = code
    verdict.words = words
    verdict.remedy = remedy
    # Basic first, in a line of its own: what knows only that one looks at the first, or at each line's start.
    verdict.challenge = (challenge,) if _is_in_page(headers) else (_BASIC, challenge)
    return verdict


def _is_in_page(headers):
    """Return whether a page asks, over which no browser shall open its own log-in.

    Sec-Fetch-Dest tells it over https and on loopback. Elsewhere a picture is told by its Accept, and the
    rest by a Referer without a wish for HTML, which who follows a link has.
    """
    if headers.get("Origin") is not None or headers.get("X-Requested-With") is not None:
        return True
    destination = headers.get("Sec-Fetch-Dest")
    if destination is not None:
        return destination != "document"
    accept = headers.get("Accept") or ""
    return accept.startswith("image/") or (headers.get("Referer") is not None and "text/html" not in accept)

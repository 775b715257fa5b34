"""Sessions: what stands behind the cookie of the camera's own page, so that the page keeps no token.

A session refers to a token by its hash, and has the role that the token has at each request. It ends by
logging out, by the token's removal, after 12 hours without a request, when newer ones need its place, and
when the camera restarts.

On a camera this module is there only while a cookie is shown or made, see strict/late.py; the Lock keeps the
sessions, each as [the SHA-256 of its id, that of its token, seconds of uptime at which it was used].
"""

import binascii

from strict import late
from strict.compat import const

from .credentials import COOKIE, cookie
from .judge import of_token
from .lock import SESSION_TOKEN
from .secret import hash_of, is_same, random_bytes

IDLE_S = const(43200)
MOST = const(8)

_LENGTH = const(32)  # hex digits of an id
_ID = const(0)  # places in a session, beside lock.SESSION_TOKEN
_USED_S = const(2)


def log_in(lock, text, headers, now_s):
    """Return (lock.Verdict, id), a str, of a new session for the token `text`; the id is None if that is
    wrong."""
    found = of_token(lock, text if type(text) is str else None)
    if found is None:
        return late.load("access.refusal").of_token(lock, headers, now_s), None
    return found, Sessions(lock.sessions).open(found.token.sha256, now_s)


def log_out(lock, headers):
    """End the session of the cookie of a request, if it has one."""
    text = cookie(headers.get("Cookie"), COOKIE)
    if text is not None:
        Sessions(lock.sessions).close(text)


def _when(session):
    return session[_USED_S]


class Sessions:
    """The sessions in a list that a Lock keeps, a few hundred bytes. Times are seconds of uptime (int)."""

    def __init__(self, opened):
        self._open = opened

    def open(self, token_sha256, now_s):
        """Return the id (str) of a new session of the token with the SHA-256 `token_sha256` (bytes).

        If there are too many, one ends: an idle one if there is one; else that of the same token that was
        used least lately, so that no token ends the sessions of others; else that of any.
        """
        if len(self._open) == MOST:
            self._open.remove(self._last(token_sha256, now_s))
        text = binascii.hexlify(random_bytes()).decode()
        self._open.append([hash_of(text), token_sha256, now_s])
        return text

    def _last(self, token_sha256, now_s):
        """Return the session that gives way to one of the token with the SHA-256 `token_sha256`."""
        oldest = min(self._open, key=_when)
        if now_s - oldest[_USED_S] > IDLE_S:
            return oldest
        same = [session for session in self._open if session[SESSION_TOKEN] == token_sha256]
        return min(same, key=_when) if same else oldest

    def find(self, text, now_s):
        """Return the SHA-256 (bytes) of the token whose session has the id `text` (str), None if there is
        none.

        The session counts as used.
        """
        session = self._find(text)
        if session is None or now_s - session[_USED_S] > IDLE_S:
            return None
        session[_USED_S] = now_s
        return session[SESSION_TOKEN]

    def close(self, text):
        """End the session with the id `text` (str), if there is one."""
        session = self._find(text)
        if session is not None:
            self._open.remove(session)

    def _find(self, text):
        """Return the session, after a look at all of them: the time does not tell which one it is."""
        if len(text) != _LENGTH or not self._open:
            return None
        sha256 = hash_of(text)
        found = None
        for session in self._open:
            if is_same(session[_ID], sha256):
                found = session
        return found


def set_cookie(text, over_https, for_others):
    """Return the Set-Cookie header (str) of a session's id, or of "": then the browser forgets the cookie.

    over_https: whether the request came over https. for_others: whether it came from
    another origin which the policy allows credentials: over https only, its cookie goes to the camera from
    pages of that site (Partitioned: and nowhere else).
    """
    parts = [COOKIE + "=" + text, "HttpOnly", "Path=/"]
    if not text:
        parts.append("Max-Age=0")
    if over_https and for_others:
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts.append("SameSite=Strict")
        if over_https:
            parts.append("Secure")
    return "; ".join(parts)

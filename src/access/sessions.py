"""Sessions: what stands behind the cookie of the camera's own page, so that the page keeps no token.

A session refers to a token by its hash, and has the role that the token has at each request. It ends by
logging out, by the token's removal, after 12 hours without a request, when newer ones need its place, and
when the camera restarts.
"""

import binascii

from strict.compat import const

from .secret import hash_of, is_same, random_bytes

COOKIE = "camcors_session"
IDLE_S = const(43200)
MOST = const(8)

_LENGTH = const(32)  # hex digits of an id


class _Session:
    def __init__(self, sha256, token_sha256, now_s):
        self.sha256 = sha256  # of its id
        self.token_sha256 = token_sha256
        self.used_s = now_s


def _when(session):
    return session.used_s


class Sessions:
    """The sessions of one camera, a few hundred bytes. Times are seconds of uptime (int)."""

    def __init__(self):
        self._open = []

    def open(self, token_sha256, now_s):
        """Return the id (str) of a new session of the token with the SHA-256 `token_sha256` (bytes).

        If there are too many, one ends: an idle one if there is one; else that of the same token that was
        used least lately, so that no token ends the sessions of others; else that of any.
        """
        if len(self._open) == MOST:
            self._open.remove(self._last(token_sha256, now_s))
        text = binascii.hexlify(random_bytes()).decode()
        self._open.append(_Session(hash_of(text), token_sha256, now_s))
        return text

    def _last(self, token_sha256, now_s):
        """Return the session that gives way to one of the token with the SHA-256 `token_sha256`."""
        oldest = min(self._open, key=_when)
        if now_s - oldest.used_s > IDLE_S:
            return oldest
        same = [session for session in self._open if session.token_sha256 == token_sha256]
        return min(same, key=_when) if same else oldest

    def find(self, text, now_s):
        """Return the SHA-256 (bytes) of the token whose session has the id `text` (str), None if there is
        none.

        The session counts as used.
        """
        session = self._find(text)
        if session is None or now_s - session.used_s > IDLE_S:
            return None
        session.used_s = now_s
        return session.token_sha256

    def close(self, text):
        """End the session with the id `text` (str), if there is one."""
        session = self._find(text)
        if session is not None:
            self._open.remove(session)

    def keep(self, hashes):
        """End all sessions but those of the tokens with `hashes` (tuple of bytes)."""
        self._open = [session for session in self._open if session.token_sha256 in hashes]

    def _find(self, text):
        """Return the session, after a look at all of them: the time does not tell which one it is."""
        if len(text) != _LENGTH or not self._open:
            return None
        sha256 = hash_of(text)
        found = None
        for session in self._open:
            if is_same(session.sha256, sha256):
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

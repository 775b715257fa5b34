"""Who asks, by whatever a request may show.

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

On a camera this module is there only while it is used, see strict/late.py.
"""

from strict import late
from strict.method import is_safe
from strict.sender import NO_ORIGIN, OWN, TRUSTED

from . import credentials
from .lock import Verdict, has_link, more
from .roles import includes
from .secret import canonical, hash_of, place_of

_SITES = (None, "same-origin", "none")


def judge(lock, needed, method, path, query, headers, origin, now_s):
    """Return the lock.Verdict on a request that is no preflight. The arguments are those of Lock.judge."""
    header = headers.get("Authorization")
    if header is not None and (not credentials.is_basic(header) or _is_meant(headers, origin)):
        found = of_token(lock, credentials.token(header))
        if found is None:
            return late.load("access.refusal").of_token(lock, headers, now_s)
    else:
        found = _of_link(lock, method, path, query, now_s)
        found = _greater(found, _of_cookie(lock, method, headers, origin, now_s))
    if includes(found.role, needed):
        return found
    return late.load("access.refusal").of_role(found, needed, query, headers)


def of_token(lock, text):
    """Return the Verdict of a Lock on a token (str), None if it is not known."""
    if not text:
        return None
    found = _of_hash(lock, hash_of(text))
    if found is None:
        text = canonical(text)  # somebody may have typed it
        found = None if text is None else _of_hash(lock, hash_of(text))
    return found


def _of_hash(lock, sha256):
    hashes, verdicts = lock.known
    at = place_of(sha256, hashes)
    return None if at is None else verdicts[at]


def _of_link(lock, method, path, query, now_s):
    if not has_link(query):
        return lock.unknown
    found = late.load("access.links").of_lock(lock).verify(method, path, query, now_s)
    return lock.unknown if found is None else _greater(lock.unknown, Verdict(found[0], found[1]))


def _of_cookie(lock, method, headers, origin, now_s):
    header = headers.get("Cookie")
    if header is None or not _is_meant(headers, origin) or (origin == NO_ORIGIN and not is_safe(method)):
        return lock.unknown
    text = credentials.cookie(header, credentials.COOKIE)
    if text is None:
        return lock.unknown
    sha256 = late.load("access.sessions").Sessions(lock.sessions).find(text, now_s)
    for verdict in lock.known[1]:
        if verdict.token.sha256 == sha256:
            return verdict
    return lock.unknown


def _greater(verdict, other):
    """Return the Verdict of two that allows more, the first if they are even."""
    return verdict if more(verdict.role, other.role) == verdict.role else other


def _is_meant(headers, origin):
    """Return whether what a browser sends by itself counts."""
    if origin == NO_ORIGIN:
        return headers.get("Sec-Fetch-Site") in _SITES
    return origin in (OWN, TRUSTED)

"""What a request is told that does not pass: what is missing, and how to get it.

On a camera this module is there only while somebody is refused, see strict/late.py.
"""

from strict import error, late

from .lock import Verdict, has_link

_BEARER = 'Bearer realm="camcors"'
_BASIC = 'Basic realm="camcors", charset="UTF-8"'


def of_token(lock, headers, now_s):
    """Return the refusal (lock.Verdict) of a request that shows a token which is not known, and count it."""
    words = "the camera does not know this token"
    remedy = "write it as it was shown; if it was removed, make another: camcors token add NAME --role view"
    challenge = _BEARER + ', error="invalid_token"'  # RFC 6750 section 3.1
    refused = _refused(error.WRONG_TOKEN, words, remedy, challenge, headers)
    refused.wait_ms = late.load("access.guesses").wrong(lock, now_s)
    return refused


def of_role(found, needed, query, headers):
    """Return the refusal (lock.Verdict) of a request whose sender may less than it needs; found: the Verdict
    on what it shows."""
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

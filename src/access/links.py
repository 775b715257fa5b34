"""Signed URLs, for what can send no header: `<img>`, `<video>`, EventSource and WebSocket of other origins.

    /api/stream?fps=5&link=1260.view.6f1d2a9c.8c2b...

The last parameter of the query says until which second of uptime the link is good, what its bearer may, whose
token it came from, and signs these together with the path and all of the query before it. So a link is good
for that target only, to the letter, and nothing may follow it: who wants a picture once more adds a fragment,
which the browser keeps for itself. It ends with its time, with its token, and when the camera restarts, since
the key lasts as long as the camera runs.

On a camera this module is there only while a link is shown or made, see strict/late.py. The Lock has the key.
"""

import binascii

from strict.compat import const
from strict.field import check
from strict.method import is_safe

from .hmac import Hmac
from .lock import has_link
from .roles import CONTROL, VIEW, includes
from .secret import is_same

#: Seconds that a link may be good for: a day at most.
FOR_S = (1, 86400)
#: What a link may give. Who changes the camera itself shows a token.
LINK_ROLES = (VIEW, CONTROL)

_NAME = "link="
_TARGET_MAX = const(512)
_TIME_DIGITS = const(10)
_ID_BYTES = const(4)
_SIGNATURE_BYTES = const(16)  # RFC 2104 section 5: no less than half of the hash
_SIGNATURE_DIGITS = const(32)
_DIGITS = "0123456789"
_HEX = "0123456789abcdef"
# RFC 3986 section 3.3 and 3.4: what a path and a query are made of.
_TARGET = "/" + _DIGITS + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ?=&-._%~!$'()*+,;:@"


def of_lock(lock):
    """Return the Links of a Lock. It keeps the names of the tokens that there are, and whose they are."""
    links = Links(lock.key)
    tokens = lock.access.tokens
    known, names = lock.named
    if known is tokens:
        links.tokens = names
    else:
        links.know(tokens)
        lock.named = tokens, links.tokens
    return links


def make(lock, verdict, target, for_s, now_s, role=VIEW):
    """Return `target` (a path and perhaps a query, str) as a link for who got `verdict`: see Links.sign.

    Who needs no token gets `target` itself: so does whoever opens it. Raises ValueError.
    """
    if verdict.token is not None:
        return of_lock(lock).sign(target, role, verdict.token, for_s, now_s)
    fault = fault_of(target, role, for_s)
    if fault is not None:
        raise ValueError(fault)
    return target


class Links:
    """Makes and checks the links of one camera, under one key (bytes).

    tokens: those that there are, by their names in links (dict).
    """

    def __init__(self, key):
        self._hmac = Hmac(key)
        self.tokens = {}

    def know(self, tokens):
        """Take `tokens` (tuple of document.Token) for those that there are: the links of others end."""
        self.tokens = {self._id(token): token for token in tokens}

    def sign(self, target, role, token, for_s, now_s):
        """Return `target`, a path and perhaps a query (str), as a link of `token` (document.Token), which is
        good for `for_s` seconds from the uptime `now_s`.

        Raises ValueError, with what to write instead, for a target that is no path, for another time, and for
        a role that links do not give or that the token does not have.
        """
        fault = fault_of(target, role, for_s)
        if fault is None and not includes(token.role, role):
            fault = "ask for no more than the role of your token, " + token.role
        if fault is not None:
            raise ValueError(fault)
        until = str(now_s + for_s)
        value = until + "." + role + "." + self._id(token) + "."
        joint = "&" if "?" in target else "?"
        return target + joint + _NAME + value + _hex(self._signature(target, until, role, token))

    def verify(self, method, path, query, now_s):
        """Return (role, token), str and document.Token, of a request that came by a good link, else None.

        query: what follows the question mark (str), or None. Raises nothing.
        """
        at = -1 if query is None else query.rfind(_NAME)
        if at < 0 or (at and query[at - 1] != "&") or not is_safe(method):
            return None
        parts = query[at + len(_NAME) :].split(".")
        target = path + "?" + query[: at - 1] if at else path
        if len(parts) != 4 or not _is_well_formed(target, parts[0], parts[1], parts[3]):
            return None
        until, role, name, signature = parts
        token = self.tokens.get(name)
        if token is None:
            return None
        if not is_same(binascii.unhexlify(signature), self._signature(target, until, role, token)):
            return None
        return (role, token) if now_s < int(until) and includes(token.role, role) else None

    def _id(self, token):
        """Return a name (str) for a token which tells nothing of it."""
        return _hex(self._hmac.digest(b"token " + token.sha256)[:_ID_BYTES])

    def _signature(self, target, until, role, token):
        text = "\n".join((until, role, target))  # none of which has a line break
        return self._hmac.digest(b"link " + token.sha256 + text.encode())[:_SIGNATURE_BYTES]


def fault_of(target, role, for_s):
    """Return what is wrong with the wish for a link, as what to write instead (str), or None."""
    if type(target) is not str or not 0 < len(target) <= _TARGET_MAX or target.strip(_TARGET):
        return "write a path, as in /api/stream?fps=5, of at most %d characters" % _TARGET_MAX
    if target[0] != "/" or target[:2] == "//" or has_link(target.partition("?")[2]):
        return "write a path of this camera, as in /api/stream?fps=5, without a link in it"
    if role not in LINK_ROLES:
        return "write one of " + ", ".join(LINK_ROLES)
    found = check("int", FOR_S, for_s)
    return None if found is None else found[1]


def _hex(data):
    return binascii.hexlify(data).decode()


def _is_well_formed(target, until, role, signature):
    """Return whether these may be those of a link that was made here."""
    if not 0 < len(until) <= _TIME_DIGITS or until[0] == "0" or until.strip(_DIGITS):
        return False
    if len(signature) != _SIGNATURE_DIGITS or signature.strip(_HEX):
        return False
    return role in LINK_ROLES and len(target) <= _TARGET_MAX and not target.strip(_TARGET)

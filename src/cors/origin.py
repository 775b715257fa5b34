"""Origins and origin patterns: a matcher. pattern.py has their grammar.

The grammar is that of an origin as browsers serialise it (HTML, "ASCII serialization of an
origin"; URL Standard, "host serializer"). A pattern is such an origin, with `*.` in front of the
host for one or more labels, or `:*` for any port, none included.

Nothing here compares by prefix, by suffix or by regular expression: that is how
`https://example.com` comes to let in `https://example.com.evil.net`.
"""

from strict import late
from strict.address import decimal
from strict.compat import const

HOST_MAX = const(253)
LABEL_MAX = 63
_PORT_MAX = const(65535)

DEFAULT_PORTS = {"http": "80", "https": "443"}
LABELS = "abcdefghijklmnopqrstuvwxyz0123456789-_."


def split_port(text):
    """Return (host, port) of `host[:port]`; port is None where there is no colon.

    An IPv6 address without brackets comes back whole, as a host that is none.
    """
    colon = text.rfind(":")
    if colon < 0 or text[-1] == "]" or (text[0] != "[" and text.find(":") != colon):
        return text, None
    return text[:colon], text[colon + 1 :]


def is_port(text):
    """Return whether `text` is a port from 1 to 65535 as a browser writes it."""
    return text != "0" and decimal(text, _PORT_MAX)


def is_labels(text):
    """Return whether `text` is one or more labels of a host name, joined by dots."""
    if text.strip(LABELS):  # all of a text is stripped when it has no other characters
        return False
    for label in text.split("."):
        if not 0 < len(label) <= LABEL_MAX:
            return False
    return True


class Matcher:
    """Answers whether an origin is one of a list of valid patterns.

    Owned by a `Policy`; made when the policy is made, unchanged after. `match` costs one look
    into a dict for an exact origin and one for each label of the origin's host for wildcards,
    however many patterns there are; it allocates nothing for exact origins.
    """

    def __init__(self, texts):
        parse = late.load("cors.pattern").parse
        exact = []  # the origins that match as they stand
        self._any_port = {}  # scheme -> set of hosts
        self._below = {}  # scheme -> parent domain -> set of ports, "" for none, "*" for any
        for text in texts:
            pattern = parse(text)
            if pattern.wildcard:
                parents = self._below.setdefault(pattern.scheme, {})
                parents.setdefault(pattern.host, set()).add(pattern.port)
            elif pattern.port == "*":
                self._any_port.setdefault(pattern.scheme, set()).add(pattern.host)
            else:
                exact.append(text)
        # Each twice: MicroPython makes a place for each key that it is told of (py/objdict.c,
        # dict_fromkeys), so half of them stay free. It fills a set, and any other dict, before that
        # grows (py/map.c), and then a look in vain passes every item.
        self._exact = dict.fromkeys(exact + exact)
        self._has_wild = bool(self._below or self._any_port)

    def match(self, origin):
        """Return whether `origin` (str, an Origin header) matches. A malformed one never does."""
        return origin in self._exact or (self._has_wild and self._match_wild(origin))

    def _match_wild(self, origin):
        scheme, _, rest = origin.partition("://")
        if not rest:
            return False
        host, port = split_port(rest)
        if port is None:
            port = ""
        elif not is_port(port) or port == DEFAULT_PORTS.get(scheme):
            return False
        if host in self._any_port.get(scheme, ()):
            return True
        parents = self._below.get(scheme)
        return parents is not None and _is_below(host, port, parents)


def _is_below(host, port, parents):
    if len(host) > HOST_MAX:
        return False
    dot = host.find(".")
    while dot >= 0:
        ports = parents.get(host[dot + 1 :])
        if ports is not None and (port in ports or "*" in ports):
            return is_labels(host[:dot])
        dot = host.find(".", dot + 1)
    return False

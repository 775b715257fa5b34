"""Origins and origin patterns: their grammar, and a matcher.

The grammar is that of an origin as browsers serialise it (HTML, "ASCII serialization of an
origin"; URL Standard, "host serializer"). A pattern is such an origin, with `*.` in front of the
host for one or more labels, or `:*` for any port, none included.

Nothing here compares by prefix, by suffix or by regular expression: that is how
`https://example.com` comes to let in `https://example.com.evil.net`.
"""

from strict import fault
from strict.address import DIGITS, decimal, ipv4, ipv6, ipv6_text, is_local
from strict.compat import const, lower

HOST_MAX = const(253)
_LABEL_MAX = const(63)
_PORT_MAX = const(65535)

DEFAULT_PORTS = {"http": "80", "https": "443"}
_LABEL = "abcdefghijklmnopqrstuvwxyz0123456789-_"
_LABELS = _LABEL + "."
_SCHEME = "abcdefghijklmnopqrstuvwxyz0123456789+-."
# Their pages have the origin "null", or are no pages.
_NO_PAGES = ("about", "blob", "data", "file", "ftp", "javascript", "ws", "wss")

_REMEDIES = {
    fault.NO_SCHEME: 'write the whole origin, as in "https://example.com"',
    fault.BAD_SCHEME: 'write "http" or "https"',
    fault.NOT_ASCII: 'write the name in punycode, as in "https://xn--bcher-kva.example"',
    fault.NO_HOST: 'write the whole origin, as in "https://example.com"',
    fault.BAD_HOST: 'write a host name, as in "https://example.com"',
    fault.BAD_CHARACTER: "write only letters, digits, hyphens and dots",
    fault.BAD_IPV4: "write four numbers from 0 to 255 without leading zeros",
    fault.BAD_IPV6: 'write it in brackets and in short form, as in "http://[fe80::1]"',
    fault.TOO_LONG: "write at most 63 characters a label and 253 a host",
    fault.BAD_WILDCARD: 'write "*." before a domain, or ":*" for any port, and "*" nowhere else',
    fault.BAD_PORT: 'write a port from 1 to 65535, or ":*" for any',
}


class Pattern:
    """A parsed origin or pattern. Made by `parse`, read by the matcher and by validation.

    text: str, as to be written. scheme, host, port: str; host without the `*.`; port is "" for
    none, "*" for any. wildcard: bool, the host stands for the names below it.
    reasons: list of reasons why the text that was parsed is not a pattern; empty if it is one.
    remedy: str, what to write instead, if there are reasons.
    """

    def __init__(self):
        self.text = self.scheme = self.host = self.port = self.remedy = ""
        self.wildcard = False
        self.reasons = []

    def note(self, reason):
        if reason not in self.reasons:
            self.reasons.append(reason)


def parse(text):
    """Return `text` (str) as a `Pattern`, which tells in `reasons` all that is wrong with it."""
    pattern = Pattern()
    rest = text.strip(" \t\r\n")
    if rest != text:
        pattern.note(fault.WHITESPACE)
    if lower(rest) == "null":
        if rest != "null":
            pattern.note(fault.UPPER_CASE)
        pattern.text = "null"
    else:
        _port(pattern, _authority(pattern, _scheme(pattern, rest)))
        _host(pattern)
        pattern.text = (
            pattern.scheme
            + "://"
            + ("*." if pattern.wildcard else "")
            + pattern.host
            + (":" + pattern.port if pattern.port else "")
        )
    if pattern.reasons:
        pattern.reasons.sort(key=fault.REASONS.index)
        pattern.remedy = _remedy(pattern)
    return pattern


def _remedy(pattern):
    for reason in pattern.reasons:
        if reason in _REMEDIES and not (reason == fault.NO_SCHEME and _is_good(pattern.text)):
            return _REMEDIES[reason]
    return "write " + fault.show(pattern.text)


def _is_good(text):
    return not parse(text).reasons


def _scheme(pattern, text):
    """Take the scheme off `text` and return the rest."""
    end = text.find("://")
    if end <= 0:
        pattern.note(fault.NO_SCHEME)
        text = text.lstrip(":/")
        scheme, _, rest = text.partition(":/")
        if rest and lower(scheme) in DEFAULT_PORTS:  # one slash short
            pattern.scheme = lower(scheme)
            return rest
        local = text[:1] == "[" or is_local(lower(text.split("/")[0].split(":")[0]))
        pattern.scheme = "http" if local else "https"
        return text
    scheme = lower(text[:end])
    if scheme != text[:end]:
        pattern.note(fault.UPPER_CASE)
    if scheme not in DEFAULT_PORTS:
        known = fault.nearest(scheme, DEFAULT_PORTS)
        bad = scheme.strip(_SCHEME)
        if known or bad or scheme in _NO_PAGES or not "a" <= scheme[0] <= "z":
            pattern.note(fault.BAD_SCHEME)
    pattern.scheme = scheme
    return text[end + 3 :]


def _authority(pattern, text):
    """Cut path, query, fragment and user off `text` and return host and port."""
    for i in range(len(text)):
        if text[i] in "/\\?#":
            pattern.note(fault.TRAILING_SLASH if text[i:] == "/" else fault.PATH)
            text = text[:i]
            break
    if "@" in text:
        pattern.note(fault.USERINFO)
        text = text[text.rfind("@") + 1 :]
    return text


def _port(pattern, text):
    """Take the port off `text`; what remains is the pattern's host, not yet looked at."""
    host, port = split_port(text)
    pattern.host = host
    pattern.port = port or ""
    if port is None or port == "*":
        return
    if not is_port(port):
        pattern.note(fault.BAD_PORT)
    elif port == DEFAULT_PORTS.get(pattern.scheme):
        pattern.note(fault.DEFAULT_PORT)
        pattern.port = ""


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


def _host(pattern):
    host = pattern.host
    small = lower(host)
    if small != host:
        pattern.note(fault.UPPER_CASE)
    if small[:2] == "*.":
        pattern.wildcard = True
        small = small[2:]
    if small[-1:] == ".":
        pattern.note(fault.TRAILING_DOT)
        small = small[:-1]
    pattern.host = small
    if not small:
        pattern.note(fault.NO_HOST)
    elif "*" in small:
        pattern.note(fault.BAD_WILDCARD)
    elif ":" in small or small[0] == "[":
        _host_ipv6(pattern)
    else:
        _host_name(pattern)


def _host_ipv6(pattern):
    host = pattern.host
    pieces = ipv6(host.strip("[]"))
    if pattern.wildcard:
        pattern.note(fault.BAD_WILDCARD)
    if pieces is None:
        pattern.note(fault.BAD_IPV6)
        return
    pattern.host = "[" + ipv6_text(pieces) + "]"
    if pattern.host != host:
        # A remedy can be given, so this is not BAD_IPV6, whose remedy is general.
        pattern.note(fault.LONG_IPV6)


def _host_name(pattern):
    host = pattern.host
    labels = host.split(".")
    if ends_in_number(labels[-1]):
        if pattern.wildcard:
            pattern.note(fault.BAD_WILDCARD)
        if ipv4(host) is None:
            pattern.note(fault.BAD_IPV4)
        return
    if len(host) > HOST_MAX:
        pattern.note(fault.TOO_LONG)
    for label in labels:
        if not label:
            pattern.note(fault.BAD_HOST)
        elif len(label) > _LABEL_MAX:
            pattern.note(fault.TOO_LONG)
    for char in host:
        if ord(char) > 127:
            pattern.note(fault.NOT_ASCII)
        elif char not in _LABELS:
            pattern.note(fault.BAD_CHARACTER)


def ends_in_number(label):
    """Return whether a last label makes a browser read the host as IPv4 (URL Standard,
    "ends in a number checker")."""
    if label[:2] == "0x":
        return not label[2:].strip("0123456789abcdef")
    return label != "" and not label.strip(DIGITS)


def is_labels(text):
    """Return whether `text` is one or more labels of a host name, joined by dots."""
    if text.strip(_LABELS):  # all of a text is stripped when it has no other characters
        return False
    for label in text.split("."):
        if not 0 < len(label) <= _LABEL_MAX:
            return False
    return True


class Matcher:
    """Answers whether an origin is one of a list of valid patterns.

    Owned by a `Policy`; made when the policy is made, unchanged after. `match` costs one look
    into a dict for an exact origin and one for each label of the origin's host for wildcards,
    however many patterns there are; it allocates nothing for exact origins.
    """

    def __init__(self, texts):
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

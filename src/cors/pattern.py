"""The grammar of origins and origin patterns; origin.py says what it is.

On a camera this module is there only while a file is read, see strict/late.py.
"""

from strict import fault, reasons
from strict.address import DIGITS, ipv4, ipv6, ipv6_text, is_local
from strict.compat import lower

from .origin import DEFAULT_PORTS, HOST_MAX, LABEL_MAX, LABELS, is_port, split_port

_SCHEME = "abcdefghijklmnopqrstuvwxyz0123456789+-."
# Their pages have the origin "null", or are no pages.
_NO_PAGES = ("about", "blob", "data", "file", "ftp", "javascript", "ws", "wss")

_REMEDIES = {
    reasons.NO_SCHEME: 'write the whole origin, as in "https://example.com"',
    reasons.BAD_SCHEME: 'write "http" or "https"',
    reasons.NOT_ASCII: 'write the name in punycode, as in "https://xn--bcher-kva.example"',
    reasons.NO_HOST: 'write the whole origin, as in "https://example.com"',
    reasons.BAD_HOST: 'write a host name, as in "https://example.com"',
    reasons.BAD_CHARACTER: "write only letters, digits, hyphens and dots",
    reasons.BAD_IPV4: "write four numbers from 0 to 255 without leading zeros",
    reasons.BAD_IPV6: 'write it in brackets and in short form, as in "http://[fe80::1]"',
    reasons.TOO_LONG: "write at most 63 characters a label and 253 a host",
    reasons.BAD_WILDCARD: 'write "*." before a domain, or ":*" for any port, and "*" nowhere else',
    reasons.BAD_PORT: 'write a port from 1 to 65535, or ":*" for any',
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
        pattern.note(reasons.WHITESPACE)
    if lower(rest) == "null":
        if rest != "null":
            pattern.note(reasons.UPPER_CASE)
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
        pattern.reasons.sort(key=reasons.REASONS.index)
        pattern.remedy = _remedy(pattern)
    return pattern


def _remedy(pattern):
    for reason in pattern.reasons:
        if reason in _REMEDIES and not (reason == reasons.NO_SCHEME and _is_good(pattern.text)):
            return _REMEDIES[reason]
    return "write " + fault.show(pattern.text)


def _is_good(text):
    return not parse(text).reasons


def _scheme(pattern, text):
    """Take the scheme off `text` and return the rest."""
    end = text.find("://")
    if end <= 0:
        pattern.note(reasons.NO_SCHEME)
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
        pattern.note(reasons.UPPER_CASE)
    if scheme not in DEFAULT_PORTS:
        known = fault.nearest(scheme, DEFAULT_PORTS)
        bad = scheme.strip(_SCHEME)
        if known or bad or scheme in _NO_PAGES or not "a" <= scheme[0] <= "z":
            pattern.note(reasons.BAD_SCHEME)
    pattern.scheme = scheme
    return text[end + 3 :]


def _authority(pattern, text):
    """Cut path, query, fragment and user off `text` and return host and port."""
    for i in range(len(text)):
        if text[i] in "/\\?#":
            pattern.note(reasons.TRAILING_SLASH if text[i:] == "/" else reasons.PATH)
            text = text[:i]
            break
    if "@" in text:
        pattern.note(reasons.USERINFO)
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
        pattern.note(reasons.BAD_PORT)
    elif port == DEFAULT_PORTS.get(pattern.scheme):
        pattern.note(reasons.DEFAULT_PORT)
        pattern.port = ""


def _host(pattern):
    host = pattern.host
    small = lower(host)
    if small != host:
        pattern.note(reasons.UPPER_CASE)
    if small[:2] == "*.":
        pattern.wildcard = True
        small = small[2:]
    if small[-1:] == ".":
        pattern.note(reasons.TRAILING_DOT)
        small = small[:-1]
    pattern.host = small
    if not small:
        pattern.note(reasons.NO_HOST)
    elif "*" in small:
        pattern.note(reasons.BAD_WILDCARD)
    elif ":" in small or small[0] == "[":
        _host_ipv6(pattern)
    else:
        _host_name(pattern)


def _host_ipv6(pattern):
    host = pattern.host
    pieces = ipv6(host.strip("[]"))
    if pattern.wildcard:
        pattern.note(reasons.BAD_WILDCARD)
    if pieces is None:
        pattern.note(reasons.BAD_IPV6)
        return
    pattern.host = "[" + ipv6_text(pieces) + "]"
    if pattern.host != host:
        # A remedy can be given, so this is not BAD_IPV6, whose remedy is general.
        pattern.note(reasons.LONG_IPV6)


def _host_name(pattern):
    host = pattern.host
    labels = host.split(".")
    if ends_in_number(labels[-1]):
        if pattern.wildcard:
            pattern.note(reasons.BAD_WILDCARD)
        if ipv4(host) is None:
            pattern.note(reasons.BAD_IPV4)
        return
    if len(host) > HOST_MAX:
        pattern.note(reasons.TOO_LONG)
    for label in labels:
        if not label:
            pattern.note(reasons.BAD_HOST)
        elif len(label) > LABEL_MAX:
            pattern.note(reasons.TOO_LONG)
    for char in host:
        if ord(char) > 127:
            pattern.note(reasons.NOT_ASCII)
        elif char not in LABELS:
            pattern.note(reasons.BAD_CHARACTER)


def ends_in_number(label):
    """Return whether a last label makes a browser read the host as IPv4 (URL Standard,
    "ends in a number checker")."""
    if label[:2] == "0x":
        return not label[2:].strip("0123456789abcdef")
    return label != "" and not label.strip(DIGITS)

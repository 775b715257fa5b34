"""A browser's side of frame-ancestors: the algorithms of CSP 3, small enough to be read beside its text.

Written from https://www.w3.org/TR/CSP3/ as of July 2026; each function names the algorithm it follows. A host
is matched as Chromium 156 and Firefox 153 do, which take IPv4 addresses too. Left out: paths, and the
ancestors of the page that frames.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from cors.origin import DEFAULT_PORTS

from .fetch import Pairs, Response, origin_of

_HOST_SOURCE = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)"
    r"(?::(?P<port>[0-9]+|\*))?",
    re.IGNORECASE,
)


def policies(headers: Pairs) -> list[list[str]]:
    """CSP 3, "parse a response's Content Security Policies": the sources of each frame-ancestors."""
    found = []
    for name, value in headers:
        if name.lower() != "content-security-policy":
            continue
        for policy in value.split(","):
            words = [directive.split() for directive in policy.split(";")]
            named = [each[1:] for each in words if each and each[0].lower() == "frame-ancestors"]
            found += named[:1]  # of a directive that is there twice, the first counts
    return found


def is_frameable(page_origin: str, response: Response, url: str) -> bool:
    """CSP 3, "frame-ancestors Navigation Response Check": whether a page may show the answer in a frame."""
    own = origin_of(url)
    return all(
        any(_matches(page_origin, source, own) for source in sources)
        for sources in policies(response.headers)
    )


def _matches(origin: str, source: str, own: str) -> bool:
    """CSP 3, "match a URL to a source expression in an origin". An opaque origin has no URL to match."""
    scheme, _, rest = origin.partition("://")
    if not rest:
        return False
    if source == "*":
        return scheme in DEFAULT_PORTS or scheme == own.partition("://")[0]
    if source.lower() == "'self'":
        if origin == own:
            return True
        source = own  # its host over https is the same to a browser
    found = _HOST_SOURCE.fullmatch(source)
    if found is None:  # not in the grammar: dropped
        return False
    parts = urlsplit(origin)
    return (
        _scheme_matches(found["scheme"] or own.partition("://")[0], scheme)
        and _host_matches(found["host"].lower(), parts.hostname or "")
        and _port_matches(found["port"], _port(parts, scheme), scheme)
    )


def _scheme_matches(source: str, scheme: str) -> bool:
    """CSP 3, "scheme-part matches": http stands for https too."""
    return source.lower() == scheme or (source.lower() == "http" and scheme == "https")


def _host_matches(source: str, host: str) -> bool:
    """CSP 3, "host-part matches"."""
    if source == "*":
        return True
    return host.endswith(source[1:]) if source.startswith("*.") else host == source


def _port(origin: SplitResult, scheme: str) -> str | None:
    return str(origin.port) if origin.port else DEFAULT_PORTS.get(scheme)


def _port_matches(source: str | None, port: str | None, scheme: str) -> bool:
    """CSP 3, "port-part matches": without one the scheme's own, and 80 stands for 443."""
    if source == "*":
        return True
    if source is None:
        return port == DEFAULT_PORTS.get(scheme)
    return str(int(source)) == port or (source == "80" and port == "443" and scheme == "https")

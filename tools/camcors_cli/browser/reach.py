"""What a browser decides by where page and camera are, beside CORS: mixed content, local-network access.

Sources: Mixed Content (W3C), "Should fetching request be blocked as mixed content?"; Secure Contexts
(W3C), "Is origin potentially trustworthy?"; Local Network Access (WICG draft), in Chrome from version 142
on; "New permission prompt for Local Network Access", Chrome developers' blog, June 2025.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable
from enum import Enum
from urllib.parse import urlsplit

from ..ui.findings import Step, no, note, ok

_LOOK_UP_S = 4.0

#: Gives the addresses of a host name, [] if there are none or it is not known.
Resolve = Callable[[str], list[str]]

SERVE_NEAR = "serve the page from your own network, as from http://localhost:8000"


class Space(Enum):
    """Local Network Access, "IP address space"; unknown is that of a name that was not resolved."""

    LOOPBACK = 0
    LOCAL = 1
    PUBLIC = 2
    UNKNOWN = 3


# Local Network Access, the table "Non-public IP address blocks", in its order.
_BLOCKS = [
    (ipaddress.ip_network(block), space)
    for block, space in (
        ("127.0.0.0/8", Space.LOOPBACK),
        ("10.0.0.0/8", Space.LOCAL),
        ("100.64.0.0/10", Space.LOCAL),
        ("172.16.0.0/12", Space.LOCAL),
        ("192.168.0.0/16", Space.LOCAL),
        ("198.18.0.0/15", Space.LOOPBACK),
        ("169.254.0.0/16", Space.LOCAL),
        ("::1/128", Space.LOOPBACK),
        ("fc00::/7", Space.LOCAL),
        ("fe80::/10", Space.LOCAL),
        ("fec0::/10", Space.LOCAL),
        ("0.0.0.0/32", Space.LOOPBACK),
        ("0.0.0.0/8", Space.LOCAL),
        ("::/128", Space.LOOPBACK),
        ("2001:db8::/32", Space.LOCAL),
        ("3fff::/20", Space.LOCAL),
    )
]


def resolve(host: str) -> list[str]:
    """Return the addresses of `host` as this machine resolves it, [] if it has none or none came in time."""
    found: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    # A resolver may take minutes and cannot be told to stop: a daemon is left behind instead.
    threading.Thread(target=lambda: found.put(_addresses(host)), daemon=True).start()
    try:
        return found.get(timeout=_LOOK_UP_S)
    except queue.Empty:
        return []


def _addresses(host: str) -> list[str]:
    try:
        return [str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def not_resolved(host: str) -> list[str]:
    """Return a Resolve that asks nobody, for a command that works offline."""
    return []


def space_of(host: str, resolver: Resolve) -> Space:
    """Return where `host` (as in an origin, "" of none) is; a name by the first of its addresses."""
    literal = _address(host)
    if literal:
        return _space_of_address(literal)
    if _is_below(host, "localhost"):
        return Space.LOOPBACK
    if _is_below(host, "local"):
        return Space.LOCAL
    addresses = [_address(text) for text in resolver(host)] if host else []
    return _space_of_address(addresses[0]) if addresses and addresses[0] else Space.UNKNOWN


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _space_of_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Space:
    """Local Network Access, "determine the IP address space"."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    for block, space in _BLOCKS:
        if address in block:
            return space
    return Space.PUBLIC


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)


def _is_loopback(host: str) -> bool:
    """Secure Contexts, "Is origin potentially trustworthy?", the steps of the host."""
    address = _address(host)
    return address.is_loopback if address else _is_below(host, "localhost")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


class Agent(Enum):
    """The families of browsers that differ in this. OTHER: by the standards, as Safari."""

    CHROMIUM = "chromium"
    FIREFOX = "firefox"
    OTHER = "other"


class Access(Enum):
    """What a browser does with the request before any answer counts; UNKNOWN: a name was not resolved."""

    ALLOWED = "allowed"
    ASKS = "asks"  # the person, for a permission
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


#: Whose steps are told where nobody said which browser it is.
AGENTS = (Agent.CHROMIUM, Agent.FIREFOX)
# Seen in Chromium 156 and Firefox 153. The first has Local Network Access, and so lets through what is
# known to be local without a look-up ("Integration with Mixed Content"); the other has neither.
_HAS_LOCAL_NETWORK_ACCESS = (Agent.CHROMIUM,)
_FIREFOX = ("Firefox/",)  # not FxiOS and CriOS: on iOS they are Safari
_CHROMIUM = ("Chrome/", "Chromium/")


def agent_of(user_agent: str) -> Agent:
    """Return the family of the browser that sends this User-Agent."""
    if any(product in user_agent for product in _FIREFOX):
        return Agent.FIREFOX
    return Agent.CHROMIUM if any(product in user_agent for product in _CHROMIUM) else Agent.OTHER


def access(agent: Agent, origin: str, url: str, resolver: Resolve) -> Access:
    """Return what `agent` does with a request of a page of `origin` to `url`, by where the two are."""
    if _is_mixed(origin, url) and not _lets_mixed_through(agent, url):
        return Access.BLOCKED
    return _local_network_access(agent, origin, url, resolver)


def _is_mixed(origin: str, url: str) -> bool:
    """Return whether it is mixed content by the standard, from which loopback hosts are left out."""
    return origin.startswith("https:") and url.startswith("http:") and not _is_loopback(_host(url))


def _lets_mixed_through(agent: Agent, url: str) -> bool:
    """Return whether the host is local by its name alone, and the browser makes an exception of that."""
    return agent in _HAS_LOCAL_NETWORK_ACCESS and space_of(_host(url), not_resolved) is Space.LOCAL


def _local_network_access(agent: Agent, origin: str, url: str, resolver: Resolve) -> Access:
    """Local Network Access, "Local Network Access check" and "Secure Context Restriction"."""
    if agent not in _HAS_LOCAL_NETWORK_ACCESS:
        return Access.ALLOWED
    page, camera = space_of(_host(origin), resolver), space_of(_host(url), resolver)
    if camera is Space.PUBLIC or page is Space.LOOPBACK:
        return Access.ALLOWED
    if page is camera and page is not Space.UNKNOWN:
        return Access.ALLOWED
    if Space.UNKNOWN in (page, camera):
        return Access.UNKNOWN
    is_refused = page is Space.PUBLIC and not origin.startswith("https:")
    return Access.BLOCKED if is_refused else Access.ASKS


_NAMES = {Agent.CHROMIUM: "Chrome 142 and later", Agent.FIREFOX: "Firefox", Agent.OTHER: "this browser"}


def mixed_content(origin: str, url: str, resolver: Resolve, agent: Agent | None = None) -> Step:
    """Return what becomes of an https page's request to an http URL; agent: in this browser, None: in any."""
    host = _host(url)
    if not origin.startswith("https:") or not url.startswith("http:"):
        return ok("no mixed content")
    if not _is_mixed(origin, url):
        return ok(f"no mixed content: {host} is this machine, which counts as secure")
    remedy = f"{SERVE_NEAR}, or give the camera https by a proxy"
    if _lets_mixed_through(agent or Agent.CHROMIUM, url):
        once = " once the person grants local-network access"
        if access(Agent.CHROMIUM, origin, url, resolver) is Access.ALLOWED:
            once = ""
        who = f"{_NAMES[Agent.CHROMIUM]} lets it through{once}"
        others = "" if agent else "; Firefox and Safari block it"
        return note(f"mixed content, an https page and http://{host}: {who}{others}")
    who = _NAMES[agent] if agent else "browsers"
    blocks = "block" if agent is None else "blocks"
    if agent in (None, Agent.CHROMIUM) and space_of(host, resolver) is not Space.PUBLIC:
        remedy += '; only Chrome lets it through, if the page calls fetch() with targetAddressSpace: "local"'
    return no(f"mixed content: {who} {blocks} the request of an https page to http://{host}", remedy)


def local_network(origin: str, url: str, resolver: Resolve, agent: Agent | None = None) -> Step:
    """Return whether Chrome 142 and later asks the person first, or refuses; agent: as in `mixed_content`."""
    page, camera = space_of(_host(origin), resolver), space_of(_host(url), resolver)
    if camera is Space.PUBLIC:
        return ok("no local-network permission is needed: the camera's address is public")
    if agent is not None and agent not in _HAS_LOCAL_NETWORK_ACCESS:
        return ok(f"no local-network permission is needed: {_NAMES[agent]} has none")
    match _local_network_access(Agent.CHROMIUM, origin, url, resolver):
        case Access.ALLOWED:
            return ok("no local-network permission is needed: the page is in the camera's network")
        case Access.UNKNOWN:
            return note(_unknown(origin, url, page))
        case Access.BLOCKED:
            return no(
                "Chrome 142 and later refuses: a public page over http may not ask a local address",
                f"{SERVE_NEAR}, or over https",
            )
    if page is Space.PUBLIC:
        return note(f"Chrome 142 and later {_ASKS}")
    return note(f"the page is of the local network, the camera on this machine: Chrome {_ASKS}")


_ASKS = "asks the person for the permission to reach local addresses; no header can grant it"


def _unknown(origin: str, url: str, page: Space) -> str:
    place = f"{_host(origin) or origin} is public" if page is Space.UNKNOWN else f"{_host(url)} is local"
    if origin.startswith("http:"):
        return f"whether {place} is unknown; if so, Chrome 142 and later refuses a page over http"
    return f"whether {place} is unknown; if so, Chrome 142 and later {_ASKS}"

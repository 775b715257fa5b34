"""What a browser decides by where page and camera are, beside CORS: mixed content, local-network access.

Sources: Mixed Content (W3C), "Should fetching request be blocked as mixed content?"; Secure Contexts
(W3C), "Is origin potentially trustworthy?"; Local Network Access (WICG draft). Where Chromium 156 and
Firefox 153 differ from these, or from each other, it is as both were seen: tests/kit/reach.json. Both ask
about requests of public pages only, though by the draft a page of the local network would need the permission
for this machine too.
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

HTTPS = "give the camera https: camcors tls setup"
NEAR = "open the page from this computer, such as http://localhost:8000 by camcors dashboard"


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


class Verdict(Enum):
    """The same, with the reason of a refusal."""

    PASSES = "passes"
    ASKS = "asks"
    MIXED = "mixed"  # content
    INSECURE = "insecure"  # a public page over http, which may not even ask
    MISMATCH = "mismatch"  # the address is not where the page says
    UNKNOWN = "unknown"

    @property
    def access(self) -> Access:
        same = {Verdict.PASSES: Access.ALLOWED, Verdict.ASKS: Access.ASKS, Verdict.UNKNOWN: Access.UNKNOWN}
        return same.get(self, Access.BLOCKED)


#: Whose steps are told where nobody said which browser it is.
AGENTS = (Agent.CHROMIUM, Agent.FIREFOX)
#: What the option targetAddressSpace of fetch() may be, "" for a fetch() without it.
TARGETS = ("local", "loopback")
_FIREFOX = ("Firefox/",)  # not FxiOS and CriOS: on iOS they are Safari
_CHROMIUM = ("Chrome/", "Chromium/")


def agent_of(user_agent: str) -> Agent:
    """Return the family of the browser that sends this User-Agent."""
    if any(product in user_agent for product in _FIREFOX):
        return Agent.FIREFOX
    return Agent.CHROMIUM if any(product in user_agent for product in _CHROMIUM) else Agent.OTHER


def judge(agent: Agent, origin: str, url: str, resolver: Resolve, target: str = "") -> Verdict:
    """Return what `agent` does with a request of a page of `origin` to `url`, by where the two are.

    target: the page's targetAddressSpace, which only Chromium knows.
    """
    if _is_mixed(origin, url) and not _lets_mixed_through(agent, url, target):
        return Verdict.MIXED
    return _judge_address(agent, origin, url, resolver, target)


def _is_mixed(origin: str, url: str) -> bool:
    """Return whether it is mixed content by the standard, from which loopback hosts are left out."""
    return origin.startswith("https:") and url.startswith("http:") and not _is_loopback(_host(url))


def _lets_mixed_through(agent: Agent, url: str, target: str) -> bool:
    """Local Network Access, "Integration with Mixed Content": what is local by name, or as the page says."""
    is_near = space_of(_host(url), not_resolved) in (Space.LOCAL, Space.LOOPBACK)
    return agent is Agent.CHROMIUM and (is_near or target in TARGETS)


def _judge_address(agent: Agent, origin: str, url: str, resolver: Resolve, target: str) -> Verdict:
    """Local Network Access, "Local Network Access check" and "Secure Context Restriction"."""
    if agent is Agent.OTHER:
        return Verdict.PASSES
    page, camera = space_of(_host(origin), resolver), space_of(_host(url), resolver)
    if agent is Agent.CHROMIUM and target:
        said = Space[target.upper()]
        if camera not in (said, Space.UNKNOWN):
            return Verdict.MISMATCH
        camera = said
    if camera is Space.PUBLIC or page in (Space.LOCAL, Space.LOOPBACK):
        return Verdict.PASSES
    if Space.UNKNOWN in (page, camera):
        return Verdict.UNKNOWN
    is_refused = agent is Agent.CHROMIUM and not origin.startswith("https:")
    return Verdict.INSECURE if is_refused else Verdict.ASKS


_NAMES = {Agent.CHROMIUM: "Chrome 142 and later", Agent.FIREFOX: "Firefox", Agent.OTHER: "this browser"}
# The words of the two questions, as Chromium 156 and Firefox 153 put them.
_QUESTIONS = {
    (Agent.CHROMIUM, Space.LOCAL): "Access other devices on your local network",
    (Agent.CHROMIUM, Space.LOOPBACK): "Access other apps and services on this device",
    (Agent.FIREFOX, Space.LOCAL): "access apps and services on devices connected to your local network",
    (Agent.FIREFOX, Space.LOOPBACK): "access other apps and services on this device",
}


def mixed_content(
    origin: str, url: str, resolver: Resolve, agent: Agent | None = None, target: str = ""
) -> Step:
    """Return what becomes of an https page's request to an http URL; agent: in this browser, None: in any."""
    host = _host(url)
    if not origin.startswith("https:") or not url.startswith("http:"):
        return ok("no mixed content")
    if not _is_mixed(origin, url):
        return ok(f"no mixed content: {host} is this machine, which counts as secure")
    if _lets_mixed_through(agent or Agent.CHROMIUM, url, target):
        asks = judge(Agent.CHROMIUM, origin, url, resolver, target) is not Verdict.PASSES
        once = " once the person grants local-network access" if asks else ""
        others = "" if agent else f"; Firefox and Safari block it: {HTTPS}"
        who = f"{_NAMES[Agent.CHROMIUM]} lets it through{once}"
        return note(f"mixed content, an https page and http://{host}: {who}{others}")
    who = _NAMES[agent] if agent else "browsers"
    blocks = "block" if agent is None else "blocks"
    remedy = f"{HTTPS}; or {NEAR}"
    space = space_of(host, resolver)
    if agent in (None, Agent.CHROMIUM) and space is not Space.PUBLIC:
        said = "loopback" if space is Space.LOOPBACK else "local"
        option = f'targetAddressSpace: "{said}"'
        remedy += f"; only Chrome lets it through, if the page calls fetch() with {option}"
    return no(f"mixed content: {who} {blocks} the request of an https page to http://{host}", remedy)


def local_network(
    origin: str, url: str, resolver: Resolve, agent: Agent | None = None, target: str = ""
) -> Step:
    """Return whether the browser asks the person first, or refuses; agent: as in `mixed_content`."""
    found = _judge_address(agent or Agent.CHROMIUM, origin, url, resolver, target)
    page, camera = space_of(_host(origin), resolver), space_of(_host(url), resolver)
    agents = [agent] if agent else AGENTS
    asking = [each for each in agents if judge(each, origin, url, resolver, target) is not Verdict.MIXED]
    match found:
        case Verdict.MISMATCH:
            said = f'the page says targetAddressSpace: "{target}", and {_host(url)} is {camera.name.lower()}'
            return no(f"{_NAMES[Agent.CHROMIUM]} refuses: {said}", "leave the option out, or say what it is")
        case Verdict.INSECURE:
            why = "a public page over http may not ask a local address"
            return no(f"{_NAMES[Agent.CHROMIUM]} refuses: {why}", f"{NEAR}; or serve it over https")
        case Verdict.UNKNOWN:
            return note(_unknown(origin, url, page, agent, asking))
        case Verdict.ASKS:
            return note(_asks(Space[target.upper()] if target else camera, asking))
    if agent is Agent.OTHER:
        return ok(f"no local-network permission is needed: {_NAMES[agent]} has none")
    where = "the camera's address is public" if camera is Space.PUBLIC else "the page is not public"
    return ok(f"no local-network permission is needed: {where}")


def _asks(space: Space, agents: list[Agent]) -> str:
    """Return what each browser asks about an address of `space`; Chromium where no browser gets that far."""
    first, *others = agents or [Agent.CHROMIUM]
    said = f'{_NAMES[first]} asks the person for the permission to "{_QUESTIONS[first, space]}"'
    said += "".join(f', {_NAMES[each]} to "{_QUESTIONS[each, space]}"' for each in others)
    return f"{said}; no header can grant it"


def _unknown(origin: str, url: str, page: Space, agent: Agent | None, asking: list[Agent]) -> str:
    place = f"{_host(origin) or origin} is public" if page is Space.UNKNOWN else f"{_host(url)} is local"
    if origin.startswith("http:") and agent is not Agent.FIREFOX:
        return f"whether {place} is unknown; if so, {_NAMES[Agent.CHROMIUM]} refuses a page over http"
    camera = space_of(_host(url), not_resolved)
    asks = _asks(Space.LOCAL if camera is Space.UNKNOWN else camera, asking)
    return f"whether {place} is unknown; if so, {asks}"

"""Which cameras the network has, by mDNS (RFC 6762), for the page to offer.

A camera announces no service: the ESP32's port gives it a host name and no more. So nothing can be browsed.
The names are asked that a camera has while nobody has named it: `camcors`, and `camcors-2` and on, which
ESP-IDF takes where a name is there already. A camera with a name of its own is added by that name.

Nothing that answers is trusted: it has to be at a private address and to report as a camera does, and the
page only offers it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from cors.origin import DEFAULT_PORTS
from strict import error

from ..browser.fetch import Request, Response, get
from ..browser.requests import Unreachable, Untrusted, send
from ..browser.verdict import LOCK_WORDS
from ..device import answers
from ..device.answers import Odd, error_code

NAMES = ("camcors", *(f"camcors-{number}" for number in range(2, 6)))
_WAIT_MS = 2000
_STATUS = "/api/status"
_STATUS_S = 4.0
_NAME_MAX = 64


class Finder:
    """interfaces: the addresses of this machine from which it asks, None: all. port: the cameras'."""

    def __init__(self, interfaces: Sequence[str] | None = None, port: int = 80):
        self._interfaces = interfaces
        self._port = port

    def find(self) -> list[dict[str, str]]:
        """Return the "url" and the "name" of each camera, in the order of NAMES. Raises OSError."""
        found: dict[str, dict[str, str]] = {}
        for host, address in asyncio.run(self._resolve()):
            camera = self._look(host, address)
            if camera:
                found.setdefault(address, camera)
        return list(found.values())

    async def _resolve(self) -> list[tuple[str, str]]:
        # Here, since no other command needs the library, and it takes a while to load.
        from zeroconf import AddressResolverIPv4, InterfaceChoice, IPVersion
        from zeroconf.asyncio import AsyncZeroconf

        interfaces = InterfaceChoice.All if self._interfaces is None else list(self._interfaces)
        # Unicast: it asks from a port of its own, and listens on none that others could reach (section 6.7).
        network = AsyncZeroconf(interfaces=interfaces, unicast=True, ip_version=IPVersion.V4Only)
        try:
            resolvers = [AddressResolverIPv4(f"{name}.local.") for name in NAMES]
            asked = [each.async_request(network.zeroconf, _WAIT_MS) for each in resolvers]
            await asyncio.gather(*asked)
        finally:
            await network.async_close()
        pairs = [(f"{name}.local", each) for name, each in zip(NAMES, resolvers)]
        return [(host, address) for host, each in pairs for address in each.parsed_addresses()[:1]]

    def _look(self, host: str, address: str) -> dict[str, str] | None:
        if not ipaddress.ip_address(address).is_private:
            return None
        scheme, port = "http", self._port
        try:
            response, body = send(Request("GET", f"http://{address}:{port}{_STATUS}", []), _STATUS_S)
            name = _called(body, host)
            if error_code(body) == error.USE_HTTPS:
                scheme, port = "https", _port_of_https(response, address)
                name = _called_over_https(f"https://{address}:{port}{_STATUS}", host)
        except (Unreachable, ValueError):
            return None
        shown = "" if port == int(DEFAULT_PORTS[scheme]) else f":{port}"
        place = f"{host if _leads_to(host, address) else address}{shown}"
        return None if name is None else {"url": f"{scheme}://{place}", "name": name}


def _port_of_https(response: Response, address: str) -> int:
    """Return where a camera that sends plain http on serves https. Raises ValueError if that is elsewhere."""
    parts = urlsplit(get(response.headers, "Location") or "")
    if (parts.scheme, parts.hostname) != ("https", address):
        raise ValueError("not the camera's own address")
    return parts.port or 443


def _called_over_https(url: str, host: str) -> str | None:
    """Return what `_called` does; `host` if the certificate is not trusted here: then it gets no say."""
    try:
        return _called(send(Request("GET", url, []), _STATUS_S)[1], host)
    except Untrusted:
        return host


def _called(body: str, host: str) -> str | None:
    """Return what a camera calls itself, `host` where it does not say; None of what is no camera."""
    if error_code(body) in LOCK_WORDS:
        return host
    try:
        report = answers.loads(body)
        answers.summary(report)
    except ValueError:
        return None
    return _name(report) or host


def _name(report: Any) -> str:
    """What the camera calls itself; "" where a firmware does not say."""
    try:
        return answers.member(report, "title", lambda value: answers.text(value, _NAME_MAX))
    except Odd:
        return ""


def _leads_to(host: str, address: str) -> bool:
    """Whether this machine, and so its browser, finds the camera by its name, which outlives an address."""
    try:
        return address in {each[4][0] for each in socket.getaddrinfo(host, None, socket.AF_INET)}
    except OSError:
        return False

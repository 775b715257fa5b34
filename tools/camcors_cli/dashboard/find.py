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

from ..browser.fetch import Request
from ..browser.requests import Unreachable, send
from ..device import answers
from ..device.answers import Odd

NAMES = ("camcors", *(f"camcors-{number}" for number in range(2, 6)))
_WAIT_MS = 2000
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
        place = (
            f"{host if _leads_to(host, address) else address}{'' if self._port == 80 else f':{self._port}'}"
        )
        try:
            _, body = send(Request("GET", f"http://{address}:{self._port}/api/status", []), _STATUS_S)
            report = answers.loads(body)
            answers.summary(report)
            return {"url": f"http://{place}", "name": _name(report) or host}
        except (Unreachable, ValueError):
            return None


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

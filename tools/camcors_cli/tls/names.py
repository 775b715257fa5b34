"""What a certificate of a private authority may name: what a camera can be called, and nothing else.

Whoever has the key of an authority can pass for any site to a browser that trusts it. So this one says itself
which names and addresses it may sign (RFC 5280 section 4.2.1.10), and browsers refuse all others: it may sign
names that nobody can register, and addresses that are not on the Internet.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from cors.guard import OWN_SUFFIXES
from cors.pattern import parse

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: A name is one of these, or below one.
SUFFIXES = (*OWN_SUFFIXES, "localhost")
#: RFC 1918, RFC 3927, RFC 1122 section 3.2.1.3 (127/8); RFC 4193, RFC 4291 sections 2.5.6 and 2.5.3.
NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
_MAY_SIGN = f"your authority signs names below {', '.join(SUFFIXES)}, and private addresses"
_PUBLIC_REMEDY = "for a public name take a proxy with a certificate of a public authority: docs/recipes.md"


class Names(NamedTuple):
    """What a certificate is for; addresses as a browser writes them, without brackets."""

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def __add__(self, other: object) -> Names:
        """Return these and those of `other`, each once."""
        if not isinstance(other, Names):
            return NotImplemented
        return Names(_once(self.names + other.names), _once(self.addresses + other.addresses))

    def __sub__(self, other: Names) -> Names:
        """Return these without those of `other`."""
        return Names(
            tuple(name for name in self.names if name not in other.names),
            tuple(address for address in self.addresses if address not in other.addresses),
        )

    def __bool__(self) -> bool:
        return bool(self.names or self.addresses)

    def __str__(self) -> str:
        return ", ".join(self.names + self.addresses)


class Hosts(NamedTuple):
    """Hosts, parted: what a certificate names, and what it leaves out, with the reason."""

    names: Names
    left_out: dict[str, str]


def part(hosts: Iterable[str]) -> Hosts:
    """Return `hosts`, each as in a Host header without a port, as a private authority signs them."""
    found, left_out = Names(), {}
    for host in hosts:
        fault = fault_of(host)
        if fault:
            left_out[host] = fault
        else:
            found += _names_of(host)
    return Hosts(found, left_out)


def fault_of(host: str) -> str:
    """Return why a private authority does not sign `host`, and what to do instead; "" if it does."""
    pattern = parse(f"https://{host}")
    if pattern.reasons or pattern.port or pattern.wildcard or pattern.text != f"https://{host}":
        reasons = ", ".join(pattern.reasons) or "not one name or address"
        return f"{reasons}; write one name or address, such as camera.lan"
    address = as_address(host)
    if address is not None:
        is_private = any(address in network for network in NETWORKS)
        return "" if is_private else f"not a private address; {_PUBLIC_REMEDY}"
    if any(host == suffix or host.endswith("." + suffix) for suffix in SUFFIXES):
        return ""
    if "." not in host:
        return f"a name without a dot, which no certificate of a private authority has; write {host}.local"
    return f"a public name, and {_MAY_SIGN}; {_PUBLIC_REMEDY}"


def given_before(before: Names) -> Names:
    """Return the names of a certificate that somebody gave it besides the camera's own.

    The name that a camera has, or had, stands there below every one of OWN_SUFFIXES. An address is as long
    the camera's as its router gives it, so those of before do not count.
    """
    own = set()
    for name in before.names:
        label = name.partition(".")[0]
        below = {f"{label}.{suffix}" for suffix in OWN_SUFFIXES}
        own |= below if below <= set(before.names) else set()
    return Names(tuple(name for name in before.names if name not in own))


def as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that `host` is, with brackets or without; None of a name."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _names_of(host: str) -> Names:
    address = as_address(host)
    if address is None:
        return Names((host,))
    return Names(("localhost",) if address.is_loopback else (), (str(address),))


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))

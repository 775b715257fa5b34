"""What a proxy says of the client behind it, where `trusted_proxies` of /camera.json names the proxy.

X-Forwarded-Proto, -Host and -For are of no standard, but what nginx and Caddy are set up to send. From
anybody else they count for nothing, since any page and any program can write them.
"""

from strict import address

from .head import is_host

_SCHEMES = ("http", "https")


def apply(request):
    """Put into `request` (microdot.Request), of a trusted proxy, the scheme, the Host and the client's
    address that the proxy names. What is missing or malformed changes nothing."""
    headers = request.headers
    request.g.is_proxied = True
    scheme = headers.get("X-Forwarded-Proto")
    if scheme in _SCHEMES:
        request.scheme = scheme
    host = headers.get("X-Forwarded-Host")
    if host and is_host(host):
        headers["Host"] = host
    # Each proxy appends who asked it: the last one is from ours.
    client = headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if address.ipv4(client) is not None or address.ipv6(client) is not None:
        request.client_addr = (client, 0)


def is_proxied(request):
    """Return whether `request` came through a trusted proxy."""
    return getattr(request.g, "is_proxied", False)

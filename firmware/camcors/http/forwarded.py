"""What a proxy says of the client behind it, where `trusted_proxies` of /camera.json names the proxy.

X-Forwarded-Proto, -Host and -For are of no standard, but what nginx and Caddy are set up to send. From
anybody else they count for nothing, since any page and any program can write them.
"""

from strict import address
from strict.compat import lower

from .head import is_host

_SCHEMES = ("http", "https")


def apply(request):
    """Put into `request` (microdot.Request), of a trusted proxy, the scheme, the Host and the client's
    address that the proxy names. What is missing or malformed changes nothing."""
    headers = request.headers
    request.g.is_proxied = True
    scheme = lower(_last(headers, "x-forwarded-proto"))
    if scheme in _SCHEMES:
        request.scheme = scheme
    host = _last(headers, "x-forwarded-host")
    if is_host(host):
        headers["host"] = host
    client = _last(headers, "x-forwarded-for")
    if client and (address.ipv4(client) is not None or address.ipv6(client) is not None):
        request.client_addr = (client, 0)


def _last(headers, name):
    """Return the last value (str) of a header that may be there twice or be a list, "" if it is missing.

    A proxy appends its own to what the client sent, so only the last one is from ours.
    """
    return headers.get(name, "").rpartition(",")[2].strip(" \t")

"""`Guard`: refuses what CORS does not stop, before the application routes the request.

CORS decides who may read an answer; the request has run by then. A page that rebinds its own name
to the camera's address even reads it, for the browser takes the two for one origin. So three
kinds of request are refused by where they come from: with a foreign Host name, writes from a
foreign origin, WebSocket handshakes from a foreign origin.
"""

from microdot import Response

from . import fault
from ._compat import lower
from .address import ipv4, ipv6
from .origin import split_port

_CORP = "Cross-Origin-Resource-Policy"
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110 section 9.2.1
_FORBIDDEN = 403
_MISDIRECTED = 421  # RFC 9110 section 15.5.20


class Guard:
    """Stands before a Microdot application. Owned by whoever makes it; allocates on a refusal.

    own: tuple of str, the hosts that are the camera itself: its addresses and names in lower
    case, an IPv6 address in brackets. May be assigned at any time, when the network changes.
    """

    def __init__(self, app, cors, own=()):
        """Attach to `app` (microdot.Microdot), with the policy that `cors` (CORS) has in force."""
        self.own = own
        self._cors = cors
        self._dispatch = app.dispatch_request
        app.dispatch_request = self._guarded

    async def _guarded(self, request):
        policy = self._cors.policy
        response = self._refusal(policy, request) if request else None
        if response is None:
            response = await self._dispatch(request)
        if response is not Response.already_handled and _CORP not in response.headers:
            response.headers[_CORP] = policy.resource_policy
        return response

    def _refusal(self, policy, request):
        """Return the Response that refuses `request`, or None if it may pass."""
        host = request.headers.get("Host")
        if host is not None and not self._is_ours(policy, host):
            name = split_port(host)[0] if host else ""
            return _refused(
                _MISDIRECTED,
                "host guard: the camera does not answer to the name " + fault.show(name),
                "add the name to allowed_hosts",
            )
        origin = request.headers.get("Origin")
        if origin is None or self._may_write(policy, origin, host):
            return None
        if lower(request.headers.get("Upgrade", "")) == "websocket":
            return _refused(
                _FORBIDDEN,
                "websocket guard: " + fault.show(origin) + " may not open a WebSocket",
                "add the origin to allowed_origins",
            )
        if policy.block_cross_origin_writes and request.method not in _SAFE:
            return _refused(
                _FORBIDDEN,
                "write guard: " + fault.show(origin) + " may not send " + fault.show(request.method)[1:-1],
                "add the origin to allowed_origins, or set block_cross_origin_writes to false",
            )
        return None

    def _is_ours(self, policy, host):
        """Return whether the camera answers to the Host header `host` (RFC 9110 section 7.2).

        An IP literal cannot be rebound. A name can; `localhost` and `*.local` are not looked up
        in a DNS that somebody else writes (RFC 6761 section 6.3, RFC 6762 section 3).
        """
        if not host:
            return False
        name = lower(split_port(host)[0])
        if name[-1:] == ".":
            name = name[:-1]
        if name in self.own:
            return True
        if policy.allowed_hosts is not None:
            return name in policy.allowed_hosts
        return (
            name == "localhost"
            or name[-6:] == ".local"
            or ipv4(name) is not None
            or (name[:1] == "[" and ipv6(name[1:-1]) is not None)
        )

    def _may_write(self, policy, origin, host):
        """Return whether `origin` is the camera's own or an allowed one."""
        scheme, _, authority = origin.partition("://")
        if authority and scheme in ("http", "https"):
            # The name in Host was judged before, so it cannot be one that was rebound.
            if host is not None and authority == lower(host):
                return True
            if split_port(authority)[0] in self.own:
                return True
        return policy.matches(origin)


def _refused(status, what, remedy):
    text = what + "; to allow it, " + remedy + " in /policy.json\n"
    return Response(text, status, {"Vary": "Origin"})

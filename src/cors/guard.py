"""`Guard`: refuses what CORS does not stop, before the application routes the request.

CORS decides who may read an answer; the request has run by then. A page that rebinds its own name
to the camera's address even reads it, for the browser takes the two for one origin. So three
kinds of request are refused by where they come from: with a foreign Host name, writes from a
foreign origin, WebSocket handshakes from a foreign origin.

What is let through on purpose:
- A request without Host (HTTP/1.0): every browser sends one, and rebinding needs a browser.
- A request without Origin: Fetch ("append a request `Origin` header") puts one on every unsafe
  method and every WebSocket handshake, `null` if nothing else. Sec-Fetch-Site is not read: browsers
  send it only to https and to loopback (Fetch Metadata), so a camera hardly ever sees it.
- Any IP literal as Host: an address is not looked up in a DNS. IPv4 has to be written as browsers
  write it, since a resolver may take other spellings for a name.
"""

from microdot import Response

from . import fault
from .address import DIGITS, ipv4, ipv6
from .compat import const, lower
from .origin import Matcher, is_labels, split_port
from .rules import put

_CORP = "Cross-Origin-Resource-Policy"
_CORP_SMALL = "cross-origin-resource-policy"
_CORP_LENGTH = const(28)
_CORP_VALUES = ("same-origin", "same-site", "cross-origin")  # the narrowest first
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110 section 9.2.1
_SCHEMES = ("http://", "https://")
_ANY_SCHEME = "https://"  # a Host has none, a Matcher wants one


class Guard:
    """Stands before a Microdot application, the one that is served. Owned by whoever makes it.

    A request that passes costs the coroutine around the application's and one header; everything
    else is allocated on a refusal, when the policy or `own` changes, or when the Host is not that
    of the request before. No cost grows with the policy's lists.

    own: tuple of str, the hosts that are the camera itself: its addresses and names as a browser
    writes them, an IPv6 address in brackets. Assign another tuple when the network changes; it is
    in force at the next request.
    """

    def __init__(self, app, cors, own=()):
        """Attach to `app` (microdot.Microdot), with the policy that `cors` (CORS) has in force."""
        self.own = own
        self._cors = cors
        self._policy = None
        self._dispatch = app.dispatch_request
        app.dispatch_request = self._guarded
        app.after_error_request(self._after_error)

    async def _guarded(self, request):
        # A hook of Microdot's would cost less, but one that runs later may replace the answer.
        response = None if request is None else self._refusal(request)
        if response is None:
            response = await self._dispatch(request)
        if response is not Response.already_handled:  # one object for all, of answers sent otherwise
            _put_resource_policy(response.headers, self._cors.policy.resource_policy)
        return response

    def _after_error(self, request, response):
        """The answers of a server to what is no request are not dispatched, but pass these hooks."""
        _put_resource_policy(response.headers, self._cors.policy.resource_policy)

    def _refusal(self, request):
        """Return the Response that refuses `request`, or None if it may pass."""
        policy = self._cors.policy
        if policy is not self._policy or self.own is not self._own:
            self._compile(policy, self.own)
        headers = request.headers
        host = headers.get("Host")
        if host is not None and host != self._passed:
            if not self._is_ours(host):
                return _misdirected(request, host)
            self._passed = host
            small = lower(host)
            # https as well: the camera may stand behind a proxy that speaks it.
            self._same = ("http://" + small, "https://" + small)
        origin = headers.get("Origin")
        if origin is None:
            return None
        upgrade = headers.get("Upgrade")
        is_websocket = upgrade is not None and _names_websocket(upgrade)
        if not is_websocket and (_is_safe(request.method) or not policy.block_cross_origin_writes):
            return None
        if self._is_friend(origin, host):
            return None
        return _forbidden(request, origin, is_websocket)

    def _compile(self, policy, own):
        names = [lower(host) for host in own]
        hosts = names + list(policy.allowed_hosts or ())
        self._hosts = Matcher([_ANY_SCHEME + host for host in hosts])
        self._origins = Matcher([scheme + name + ":*" for scheme in _SCHEMES for name in names])
        self._passed = None  # the last Host that was judged to be ours
        self._same = ()  # the origins whose pages are at that Host
        self._own = own
        self._policy = policy

    def _is_ours(self, host):
        """Return whether the camera answers to the Host header `host` (RFC 9110 section 7.2).

        Its port does not count: to rebind a name is not to change the port.
        """
        name, port = split_port(lower(host))
        if port and port.strip(DIGITS):
            return False
        if name[-1:] == "." and name[:1] != "[":  # the same name, written as the root sees it
            name = name[:-1]
        if self._hosts.match(_ANY_SCHEME + name):
            return True
        return self._policy.allowed_hosts is None and _is_never_rebound(name)

    def _is_friend(self, origin, host):
        """Return whether `origin` is the camera's own, as the Host or `own` says, or allowed.

        The Host was judged before, so it is not a name that was rebound.
        """
        if host is not None and origin in self._same:
            return True
        return self._policy.matches(origin) or self._origins.match(origin)


def _is_never_rebound(name):
    """Return whether `name` is an IP literal, or a name that no foreign DNS server answers.

    That is `localhost` (RFC 6761 section 6.3) and what is below `local` (RFC 6762 section 3); the
    names below `localhost` are not taken, since not every system keeps them from its DNS.
    """
    if name[-6:] == ".local":
        return is_labels(name[:-6])
    if name[:1] == "[":
        return name[-1] == "]" and ipv6(name[1:-1]) is not None
    return name == "localhost" or ipv4(name) is not None


def _is_safe(method):
    """Return whether a method is safe, in the letter case in which Microdot routes it: any."""
    return method in _SAFE or method.upper() in _SAFE


def _names_websocket(upgrade):
    """Return whether an Upgrade header (a list, RFC 9110 section 7.8) names the WebSocket protocol,
    in any letter case (RFC 6455 section 4.2.1)."""
    for protocol in lower(upgrade).split(","):
        if protocol.partition("/")[0].strip(" \t") == "websocket":
            return True
    return False


def _misdirected(request, host):
    what = "host guard: the camera does not answer to the name " + fault.show(split_port(host)[0])
    remedy = "list it in allowed_hosts, with every other name and address in use,"
    return _refused(request, 421, "Misdirected Request", what, remedy)


def _forbidden(request, origin, is_websocket):
    remedy = "add the origin to allowed_origins"
    if is_websocket:
        what = "websocket guard: " + fault.show(origin) + " may not open a WebSocket"
    else:
        method = fault.show(request.method)[1:-1]
        what = "write guard: " + fault.show(origin) + " may not send " + method
        remedy += " or set block_cross_origin_writes to false"
    return _refused(request, 403, "Forbidden", what, remedy)


def _refused(request, status, reason, what, remedy):
    """Return the answer to a refused request. No page may read it, whatever its origin.

    Its type is given, since an application may change Microdot's default to HTML.
    """
    text = what + "; to allow it, " + remedy + " in /policy.json\n"
    headers = {"Content-Type": "text/plain; charset=UTF-8", "Vary": "Origin"}
    response = Response(text, status, headers, reason)
    response.is_head = request.method == "HEAD"  # as Microdot does for its own answers
    return response


def _put_resource_policy(headers, policy):
    """Set Cross-Origin-Resource-Policy to `policy`, or to the value that a handler has set if this
    is narrower: a handler may lock its answer up, only the policy opens."""
    for name in headers:
        if len(name) == _CORP_LENGTH and name[0] in "cC":
            policy = _narrowest(headers, policy)
            break
    put(headers, getattr(headers, "keymap", None), _CORP_SMALL, _CORP, policy)


def _narrowest(headers, policy):
    """Take the values that a handler has set out of `headers`; return the narrowest, or `policy`."""
    for name in list(headers):
        if lower(name) == _CORP_SMALL:
            value = headers.pop(name)
            if value in _CORP_VALUES and _CORP_VALUES.index(value) < _CORP_VALUES.index(policy):
                policy = value
    return policy

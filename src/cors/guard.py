"""`Guard`: refuses what CORS does not stop, before the application routes the request.

CORS decides who may read an answer; the request has run by then. A page that rebinds its own name
to the camera's address even reads it, for the browser takes the two for one origin. So three
kinds of request are refused by where they come from: with a foreign Host name, writes from a
foreign origin, WebSocket handshakes from a foreign origin. Every answer also says who may embed it
(Cross-Origin-Resource-Policy), and who may frame it, if it may become a document.

embedding.py has both.

What is let through on purpose:
- A request without Host (HTTP/1.0): every browser sends one, and rebinding needs a browser.
- A request without Origin: Fetch ("append a request `Origin` header") puts one on every unsafe
  method and every WebSocket handshake, `null` if nothing else. Sec-Fetch-Site is not read: browsers
  send it only to https and to loopback (Fetch Metadata), so a camera hardly ever sees it.
- Any IP literal as Host: an address is not looked up in a DNS. IPv4 has to be written as browsers
  write it, since a resolver may take other spellings for a name.

A dot at the end makes a name absolute (RFC 1034 section 3.1, RFC 3986 section 3.2.2). `camera.local.`
is the same name as `camera.local`, so it is taken. `camera.` and `localhost.` are not the same as
`camera`, which a resolver completes from its search list, and `localhost`, which it may know by
itself: both are looked up at the root of the DNS, whose answer may be anybody's. So they are refused.

On its own access point the camera is every name (a captive portal), so every page of a phone reaches it by
the page's own name. What it gets there is a redirect to the camera's address, whatever it asks for, and for
anything but GET and HEAD the refusal. The request that follows the redirect has another origin's page behind
it and is judged like any other.
"""

from microdot import Response
from strict import error, fault, late
from strict.address import DIGITS, ipv4, ipv6
from strict.compat import const, lower
from strict.method import is_safe
from strict.sender import FOREIGN, NO_ORIGIN, OWN, TRUSTED

from .embedding import beside, frame_ancestors, narrowest, origin_of
from .origin import DEFAULT_PORTS, HOST_MAX, Matcher, split_port
from .rules import put

_CORP = ("cross-origin-resource-policy", "Cross-Origin-Resource-Policy")  # see `put`
_CORP_LENGTH = const(28)
_REFERER_MAX = const(256)  # of one that is kept; across origins browsers send scheme, host and port alone
_CSP = ("content-security-policy", "Content-Security-Policy")
_CSP_LENGTH = const(23)
_SHOWN_MAX = const(64)
_REDIRECTED = ("GET", "HEAD")
_ANY_SCHEME = "https://"  # a Host has none, a Matcher wants one

#: Where a network puts the names of its devices, and nobody can register one: RFC 6762 (local),
#: RFC 8375 (home.arpa), ICANN's reserved "internal"; the others are no top-level domains.
OWN_SUFFIXES = ("local", "lan", "home.arpa", "internal", "localdomain", "home")


def own_names(name):
    """Return the names (tuple of str) by which a network may know the camera whose name is `name`."""
    return (name,) + tuple([name + "." + suffix for suffix in OWN_SUFFIXES])


class Guard:
    """Stands before a Microdot application, the one that is served. Owned by whoever makes it.

    A request that passes costs the coroutine around the application's and two headers, whose values
    are made when the policy changes. Everything else is allocated on a refusal, when the policy or
    `own` changes, when the Host is not that of the request before, or for a write from another page than
    that Host's. The time does not grow with the policy's lists.

    own: tuple of str, the hosts that are the camera itself: its names (`own_names`) and addresses as
    a browser writes them, an IPv6 address in brackets. Assign another tuple when the network
    changes; it is in force at the next request.
    refused_host: the last name that was refused (str, as it came, at most 64 characters), None before; a
    proxy's user, who sees no answer of ours, learns it from there. refused_count: how many were (int).
    ports: tuple of (scheme, port), str and int, where the camera listens, plain http first. A page at one of
    these on one of `own` is the camera's own; one at another port is any other program's. See `listen`.
    portal: the camera's address (str) while it is the access point, else None.
    """

    def __init__(self, app, cors, own=(), ports=()):
        """Attach to `app` (microdot.Microdot), with the policy that `cors` (CORS) has in force."""
        self.own = own
        self.ports = ports
        self.refused_host = None
        self.refused_count = 0
        self.portal = None
        self._is_secure_only = False
        self._cors = cors
        cors.vary_by_referer()
        self._policy = self._framing = None
        self._dispatch = app.dispatch_request
        app.dispatch_request = self._guarded
        app.after_error_request(self._after_error)

    def listen(self, ports, is_secure_only):
        """The camera listens at `ports` from now on. is_secure_only: whether it serves no page over plain
        http, so that one there is of somebody in the network between."""
        self.ports = ports
        self._is_secure_only = is_secure_only
        self._policy = None

    @property
    def own_ports(self):
        """Those of `ports` whose pages are the camera's own (tuple)."""
        if self._is_secure_only:
            return tuple([each for each in self.ports if each[0] == "https"])
        return self.ports

    def sender(self, request):
        """Return whose page sends `request`, one of strict.sender. Its Host was judged before."""
        headers = request.headers
        origin = headers.get("Origin")
        if origin is None:
            return NO_ORIGIN
        policy = self._in_force()
        if self._is_own(origin, headers.get("Host"), request.scheme):
            return OWN
        return TRUSTED if policy.allow_credentials and policy.matches(origin) else FOREIGN

    async def _guarded(self, request):
        # A hook of Microdot's would cost less, but one that runs later may replace the answer.
        origin = response = None
        if request is not None:
            origin = request.headers.get("Origin")
            response = self._refusal(request, origin)
        if response is None:
            response = await self._dispatch(request)
        if response is not Response.already_handled:  # one object for all, of answers sent otherwise
            self._complete(request, response.headers, _may_be_document(request, origin))
        return response

    def _after_error(self, request, response):
        """The answers of a server to what is no request are not dispatched, but pass these hooks."""
        origin = None if request is None else request.headers.get("Origin")
        self._complete(request, response.headers, _may_be_document(request, origin))

    def _complete(self, request, headers, is_document):
        """Set the headers of an answer that say who may embed it and, of a document, who may frame it.

        What a handler has set there stays if it is stricter: a handler may lock its answer up, only
        the policy opens.
        """
        resource_policy = self._resource_policy(request)
        embeds = frames = False
        for name in headers:
            size = len(name)
            if size == _CORP_LENGTH:
                embeds = True
            elif size == _CSP_LENGTH:
                frames = True
        if embeds:
            resource_policy = narrowest(_take(headers, _CORP), resource_policy)
        put(headers, _CORP, resource_policy)
        if is_document:
            framing = self._framing or self._frame()
            if frames:
                framing = beside(_take(headers, _CSP), framing)
            put(headers, _CSP, framing)

    def _frame(self):
        """Return who may frame an answer (str); kept until the policy changes. With no memory for a list that
        may be as long as the policy, nobody else may: all other requests shall not want for it."""
        try:
            self._framing = frame_ancestors(self._cors.policy.allowed_origins)
            return self._framing
        except MemoryError:
            return frame_ancestors(())

    def _resource_policy(self, request):
        """Return the Cross-Origin-Resource-Policy of the answer to `request` (None: to what is none)."""
        policy = self._in_force()
        referer = None if request is None else request.headers.get("Referer")
        if referer is None:
            return policy.resource_policy
        if referer == self._referer:
            return self._referred
        value = "cross-origin" if policy.matches(origin_of(referer)) else policy.resource_policy
        if len(referer) <= _REFERER_MAX:
            self._referred = value
            self._referer = referer
        return value

    def _refusal(self, request, origin):
        """Return the Response that refuses `request`, or None if it may pass."""
        policy = self._in_force()
        headers = request.headers
        host = headers.get("Host")
        if host is not None and (host != self._passed or request.scheme != self._scheme):
            if not self._is_ours(host):
                return self._turn_away(request, host)
            self._passed = host
            self._scheme = request.scheme
            self._here = _origin_at(*split_port(lower(host)), request.scheme)
        if origin is None:
            return None
        upgrade = headers.get("Upgrade")
        is_websocket = upgrade is not None and _names_websocket(upgrade)
        if not is_websocket and (is_safe(request.method) or not policy.block_cross_origin_writes):
            return None
        if self._is_own(origin, host, request.scheme) or policy.matches(origin):
            return None
        return _forbidden(request, origin, is_websocket)

    def _turn_away(self, request, host):
        """Return the answer to a request with a foreign Host."""
        if self.portal is None or request.method not in _REDIRECTED:
            self.refused_host = host[:_SHOWN_MAX]
            self.refused_count += 1
            return _misdirected(request, host, self._cors)
        scheme, port = self.ports[0]
        response = Response.redirect(_origin_at(self.portal, port, scheme) + "/")
        response.headers["Cache-Control"] = "no-store"  # the name means another host elsewhere
        response.is_head = request.method == "HEAD"
        return response

    def _in_force(self):
        """Return the Policy in force, after what follows from it and from `own` was made."""
        policy = self._cors.policy
        if policy is not self._policy or self.own is not self._own:
            self._compile(policy, self.own)
        return policy

    def _compile(self, policy, own):
        names = tuple([lower(host) for host in own])
        self._names = own if names == own else names  # no second copy of each
        hosts = policy.allowed_hosts
        self._hosts = Matcher([_ANY_SCHEME + host for host in hosts]) if hosts else None
        self._framing = None
        self._passed = self._scheme = None  # the last Host that was judged to be ours, and how it was asked
        self._here = None  # the origin whose pages are at that Host
        self._referer = None  # the last one that was judged
        self._referred = None  # what its page may embed
        self._own = own
        self._policy = policy

    def _is_ours(self, host):
        """Return whether the camera answers to the Host header `host` (RFC 9110 section 7.2).

        Its port does not count: to rebind a name is not to change the port.
        """
        name, port = split_port(lower(host))
        if port and port.strip(DIGITS):
            return False
        if _is_never_rebound(name):
            return True
        name = _without_root(name)
        if name in self._names:
            return True
        return self._hosts is not None and self._hosts.match(_ANY_SCHEME + name)

    def _is_own(self, origin, host, scheme):
        """Return whether `origin` is the camera's own: that of this very request, or one of `own` at one of
        `ports`.

        The Host was judged before, so it is not a name that was rebound.
        """
        if host is not None:
            here = self._here  # of the last request, which need not be this one when a handler asks
            if host != self._passed or scheme != self._scheme:
                here = _origin_at(*split_port(lower(host)), scheme)
            if origin == here:
                return True
        name = split_port(origin.partition("://")[2])[0]
        if name in self._names:
            for each, port in self.own_ports:
                if origin == _origin_at(name, port, each):
                    return True
        return False


def _may_be_document(request, origin):
    """Return whether the answer to `request` may become a document: to one without Origin, for a
    navigation has none, but for a form's POST (Fetch, "append a request `Origin` header")."""
    return origin is None or request.method == "POST"


def _origin_at(name, port, scheme):
    """Return the origin of the pages at a host's port (str of digits or int; "" and None: the default
    one), as a browser writes it."""
    if not port or str(port) == DEFAULT_PORTS[scheme]:
        return scheme + "://" + name
    return scheme + "://" + name + ":" + str(port)


def _without_root(name):
    """Return a name of several labels without a dot at its end, and anything else as it is."""
    if name[-1:] == "." and "." in name[:-1] and ipv4(name[:-1]) is None:
        return name[:-1]
    return name


def _is_never_rebound(name):
    """Return whether `name` is an IP literal, or `localhost`, which no foreign DNS server answers
    (RFC 6761 section 6.3). Not names below it: not every system keeps them from its DNS."""
    if name[:1] == "[":
        return name[-1] == "]" and ipv6(name[1:-1]) is not None
    return name == "localhost" or ipv4(name) is not None


def _names_websocket(upgrade):
    """Return whether an Upgrade header (a list, RFC 9110 section 7.8) names the WebSocket protocol,
    in any letter case (RFC 6455 section 4.2.1)."""
    for protocol in lower(upgrade).split(","):
        if protocol.partition("/")[0].strip(" \t") == "websocket":
            return True
    return False


def _misdirected(request, host, cors):
    """Return the refusal of a foreign Host. Unlike a foreign origin's, an allowed page may read it."""
    name, port = split_port(lower(host))
    what = "the camera does not answer to the name " + fault.show(name)
    response = _refused(request, error.FOREIGN_HOST, "Misdirected Request", what, _host_remedy(name, port))
    headers = cors.get_cors_headers(request)
    vary = getattr(request.g, "_vary", None)
    if vary:
        headers["Vary"] = ", ".join(["Accept"] + sorted(vary))
    for field in headers:
        response.headers[field] = headers[field]
    return response


def _host_remedy(name, port):
    """Return what to do about a Host with this name (str in lower case) and port (str or None)."""
    if len(name) <= HOST_MAX and not (port and port.strip(DIGITS)):
        name = _without_root(name)
        pattern = late.load("cors.pattern").parse(_ANY_SCHEME + name)
        if pattern.reasons == [late.load("strict.reasons").TRAILING_DOT]:
            return "write it without the dot at its end"
        if not pattern.reasons and not pattern.wildcard:
            return 'to allow it, list it in allowed_hosts in /policy.json: "allowed_hosts": ["' + name + '"]'
    return "open the camera by its name or its address"


def _forbidden(request, origin, is_websocket):
    remedy = "to allow it, add the origin to allowed_origins"
    if is_websocket:
        code = error.FOREIGN_WEBSOCKET
        what = fault.show(origin) + " may not open a WebSocket"
    else:
        code = error.FOREIGN_WRITE
        what = fault.show(origin) + " may not send " + fault.show(request.method)[1:-1]
        remedy += " or set block_cross_origin_writes to false"
    return _refused(request, code, "Forbidden", what, remedy + " in /policy.json")


def _refused(request, code, reason, what, remedy):
    """Return the answer to a refused request."""
    body, headers = error.answer(request.headers.get("Accept"), code, what, remedy)
    headers["Vary"] = "Accept, Origin, Referer"
    response = Response(body, error.status_of(code), headers, reason)
    response.is_head = request.method == "HEAD"  # as Microdot does for its own answers
    return response


def _take(headers, field):
    """Take what a handler has set of the header `field` (as `put` has it) out of `headers`; return its
    values, each a str or a list of str."""
    return [headers.pop(name) for name in list(headers) if lower(name) == field[0]]

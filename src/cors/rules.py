"""`Rules`: what a CORS object says at one time, worked out so that a request has little to do.

Apart from `middleware.py` because the two together are over 300 lines: there is what happens in
an application, here what the headers are.
"""

from strict.compat import const, lower
from strict.fault import PolicyError, show
from strict.token import is_token, is_tokens

from .policy import Policy

_LIST_BYTES_MAX = const(1024)  # of one Access-Control-Request-Headers
_LIST_NAMES_MAX = const(64)

_REQUEST_METHOD = const("Access-Control-Request-Method")
_REQUEST_HEADERS = const("Access-Control-Request-Headers")
_REQUEST_NETWORK = const("Access-Control-Request-Private-Network")

# What an answer may get: each name in lower case and as it is sent, see `put`.
VARY = ("vary", "Vary")
_ALLOW_ORIGIN = const(("access-control-allow-origin", "Access-Control-Allow-Origin"))
_ALLOW_CREDENTIALS = const(("access-control-allow-credentials", "Access-Control-Allow-Credentials"))
_ALLOW_METHODS = const(("access-control-allow-methods", "Access-Control-Allow-Methods"))
_ALLOW_HEADERS = const(("access-control-allow-headers", "Access-Control-Allow-Headers"))
_ALLOW_NETWORK = const(("access-control-allow-private-network", "Access-Control-Allow-Private-Network"))
_EXPOSE_HEADERS = const(("access-control-expose-headers", "Access-Control-Expose-Headers"))
_MAX_AGE = const(("access-control-max-age", "Access-Control-Max-Age"))
_DEBUG = const(("x-cors-debug", "X-CORS-Debug"))

# The fields that only `Guard` reads. They stay in force while a list of the others is invalid.
_GUARD_FIELDS = const(("resource_policy", "allowed_hosts", "block_cross_origin_writes"))
_SAFE_METHODS = const(("GET", "HEAD", "POST"))  # Fetch, "CORS-safelisted method"
_TOO_LONG = const("more than 1024 bytes")
_TOO_MANY = const("more than 64 names")

#: Called with what a person shall know (str); the camera puts its log here.
say = print


class Rules:
    """What a CORS object says at one time, in the form that requests need it.

    Replaced as a whole, so that a thread that serves never sees half a change.

    fields: dict, what was given for the policy's fields, by name. policy: the Policy in force.
    is_guarded: whether a Guard says who may embed an answer, by its Referer.
    vary, vary_preflight: str, the Vary of an ordinary answer and of a preflight's; "" for none.
    """

    def __init__(self, fields, policy, seen=None, is_guarded=False):
        """seen: `fields` as they were when `policy` was made of them, if somebody else has their lists."""
        self.fields = fields
        self.policy = policy
        self.is_guarded = is_guarded
        self._seen = seen
        self._any = policy.allowed_origins == "*"
        self._match = policy.matcher.match
        self._methods = policy.allowed_methods
        self._headers = policy.allowed_headers
        if self._headers is not None:
            self._headers = frozenset([lower(name) for name in self._headers])
        self._network = policy.allow_private_network
        names = [] if self._any else ["Origin"]
        if is_guarded and policy.resource_policy != "cross-origin":
            names.append("Referer")
        self.vary = ", ".join(names)
        names += [_REQUEST_METHOD, _REQUEST_HEADERS]
        if self._network:
            names.append(_REQUEST_NETWORK)
        self.vary_preflight = ", ".join(names)
        both = ((_ALLOW_CREDENTIALS, "true"),) if policy.allow_credentials else ()
        self._ordinary = self._preflight = both
        if policy.expose_headers:
            self._ordinary += ((_EXPOSE_HEADERS, ", ".join(policy.expose_headers)),)
        if policy.max_age is not None:
            self._preflight += ((_MAX_AGE, str(policy.max_age)),)

    def watch(self):
        """From now on, somebody else has the lists and may change them in place."""
        if self._seen is None:
            self._seen = _copied(self.fields)

    def is_stale(self):
        """Return whether a list was changed in place."""
        return self._seen is not None and self.fields != self._seen

    def renewed(self):
        """Return the Rules after a list was changed in place. One that is not valid allows no origin."""
        seen = _copied(self.fields)
        try:
            policy = _policy(seen)
        except PolicyError as error:
            say("cors: no origin is allowed until this is fixed:\n" + str(error))
            policy = Policy(**{name: seen[name] for name in _GUARD_FIELDS if name in seen})
        return Rules(self.fields, policy, seen, self.is_guarded)

    def guarded(self):
        """Return the Rules where a Guard stands before the application."""
        return Rules(self.fields, self.policy, self._seen, True)

    def put_ordinary(self, request, headers):
        """Put the headers of any answer but a preflight's (Fetch, "CORS check") into `headers`."""
        if self._put_origin(request, headers):
            for field, value in self._ordinary:
                put(headers, field, value)

    def put_preflight(self, request, method, headers):
        """Put the headers of a preflight's answer (Fetch, "CORS-preflight fetch") into `headers`.

        method: what `requested_method` returns. It and the list of headers are given back as they
        came: a browser that asked for one method has no use for the others.
        """
        if not self._put_origin(request, headers):
            return
        for field, value in self._preflight:
            put(headers, field, value)
        if self._allows_method(method):
            put(headers, _ALLOW_METHODS, method)
        names = request.headers.get(_REQUEST_HEADERS)
        if names and self._refused_header(names) is None:
            put(headers, _ALLOW_HEADERS, names)
        if self._network and request.headers.get(_REQUEST_NETWORK) == "true":
            put(headers, _ALLOW_NETWORK, "true")

    def _put_origin(self, request, headers):
        """Put Access-Control-Allow-Origin into `headers` if the origin is allowed; return whether it is."""
        if self._any:
            origin = "*"
        else:
            origin = None if request is None else request.headers.get("Origin")
            if origin is None or not self._match(origin):
                return False
        put(headers, _ALLOW_ORIGIN, origin)
        return True

    def _allows_method(self, method):
        """Return whether a method (str) is allowed, case and all (RFC 9110 section 9.1)."""
        return is_token(method) if self._methods is None else method in self._methods

    def _refused_header(self, text):
        """Return None if every name in a list of header names is allowed, else what is wrong.

        That is the first name that is not, or `_TOO_LONG` or `_TOO_MANY`. Every name has to be a
        token, so that what is echoed holds no control character.
        """
        if len(text) > _LIST_BYTES_MAX:
            return _TOO_LONG
        if self._headers is None and text.count(",") < _LIST_NAMES_MAX and is_tokens(text):
            return None
        count = 0
        for name in text.split(","):
            name = name.strip(" \t")
            if not name:  # RFC 9110 section 5.6.1.2 lets a list have empty elements
                continue
            count += 1
            if count > _LIST_NAMES_MAX:
                return _TOO_MANY
            if not is_token(name):
                return name
            if self._headers is not None and name.lower() not in self._headers:
                return name
        return None

    def explain(self, request, method, headers):
        """Say why a browser will refuse the real request after this preflight, if it will."""
        origin = request.headers.get("Origin")
        names = request.headers.get(_REQUEST_HEADERS)
        refused = self._refused_header(names) if names else None
        if not self.policy.matches(origin):
            why = "origin " + show(origin) + " is not in allowed_origins"
        elif method not in _SAFE_METHODS and not self._allows_method(method):
            why = "method " + show(method) + " is not in allowed_methods"
        elif refused in (_TOO_LONG, _TOO_MANY):
            why = _REQUEST_HEADERS + " has " + refused
        elif refused is not None:
            why = "header " + show(refused) + " is not in allowed_headers"
        elif request.headers.get(_REQUEST_NETWORK) == "true" and not self._network:
            why = "allow_private_network is false"
        else:
            return
        say("cors: preflight refused: " + why)
        put(headers, _DEBUG, why)


def made_of(fields, is_guarded=False):
    """Return the Rules of `fields` (dict), whose lists somebody else has. Raises PolicyError."""
    seen = _copied(fields)
    return Rules(fields, _policy(seen), seen, is_guarded)


def _copied(fields):
    return {name: list(value) if isinstance(value, list) else value for name, value in fields.items()}


def _policy(fields):
    fields = dict(fields)
    if fields["allowed_origins"] is None:
        fields["allowed_origins"] = ()
    return Policy(**fields)


def requested_method(request):
    """Return the method (str) that a preflight asks for; None if `request` is not a preflight."""
    if request is None or request.method != "OPTIONS" or request.headers.get("Origin") is None:
        return None
    return request.headers.get(_REQUEST_METHOD)


def put(headers, field, value):
    """Set a header that `headers` does not have; `field`: its name in lower case, and as it is sent.

    Past NoCaseDict.__setitem__, which allocates. A handler may have put a plain dict in its place.
    """
    small, name = field
    keymap = getattr(headers, "keymap", None)
    if keymap is not None:
        keymap[small] = name
    headers.setdefault(name, value)

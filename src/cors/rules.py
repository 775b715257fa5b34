"""`Rules`: what a CORS object says at one time, worked out so that a request has little to do.

Apart from `middleware.py` because the two together are over 300 lines: there is what happens in
an application, here what the headers are.
"""

from strict.compat import const, lower
from strict.fault import show

from .fields import SAFE_METHODS, is_token, is_tokens
from .policy import Policy

_LIST_BYTES_MAX = const(1024)  # of one Access-Control-Request-Headers
_LIST_NAMES_MAX = const(64)

REQUEST_METHOD = "Access-Control-Request-Method"
_REQUEST_HEADERS = "Access-Control-Request-Headers"
_REQUEST_NETWORK = "Access-Control-Request-Private-Network"
_ALLOW_METHODS = "Access-Control-Allow-Methods"
_ALLOW_HEADERS = "Access-Control-Allow-Headers"
_ALLOW_NETWORK = "Access-Control-Allow-Private-Network"
_DEBUG = "X-CORS-Debug"

_LISTS = ("allowed_origins", "allowed_methods", "expose_headers", "allowed_headers")
_VARY = ("Origin",)
_VARY_PREFLIGHT = ("Origin", REQUEST_METHOD, _REQUEST_HEADERS)
_VARY_PREFLIGHT_ANY = (REQUEST_METHOD, _REQUEST_HEADERS)
_TOO_LONG = "more than 1024 bytes"
_TOO_MANY = "more than 64 names"


class Rules:
    """What a CORS object says at one time, in the form that requests need it.

    Replaced as a whole, so that a thread that serves never sees half a change.
    """

    def __init__(self, values, rest, policy=None):
        """values: the attributes of CORS, as given. rest: the policy's other fields.

        policy: the Policy that says the same as `values`, or what to say if these are not valid.
        Raises PolicyError if there is none and `values` are not valid.
        """
        self.values = values
        self.rest = rest
        self._lists = [values[name] for name in _LISTS]
        self._copies = None  # of the lists, while somebody else has them
        if policy is None:  # they came from outside
            self.watch()
            policy = self._policy()
        self.policy = policy
        self._compile(policy)

    def watch(self):
        """Somebody else gets the lists, and may change them in place."""
        if self._copies is None:
            self._copies = [list(value) if isinstance(value, list) else value for value in self._lists]

    def is_stale(self):
        """Return whether a list was changed in place."""
        return self._copies is not None and self._lists != self._copies

    def _policy(self):
        fields = dict(self.rest)
        fields.update(self.values)
        fields.update(zip(_LISTS, self._copies))
        if fields["allowed_origins"] is None:
            fields["allowed_origins"] = ()
        return Policy(**fields)

    def _compile(self, policy):
        self.any = policy.allowed_origins == "*"
        self.match = policy.matcher.match
        self.methods = policy.allowed_methods
        self.headers = policy.allowed_headers
        if self.headers is not None:
            self.headers = frozenset([lower(name) for name in self.headers])
        self.network = policy.allow_private_network
        self.vary = () if self.any else _VARY
        self.vary_preflight = _VARY_PREFLIGHT_ANY if self.any else _VARY_PREFLIGHT
        self.vary_text = ", ".join(self.vary)
        self.vary_preflight_text = ", ".join(self.vary_preflight)
        both = []
        if policy.allow_credentials:
            both.append(_entry("Access-Control-Allow-Credentials", "true"))
        self.ordinary = self.preflight = tuple(both)
        if policy.expose_headers:
            exposed = ", ".join(policy.expose_headers)
            self.ordinary += (_entry("Access-Control-Expose-Headers", exposed),)
        if policy.max_age is not None:
            self.preflight += (_entry("Access-Control-Max-Age", str(policy.max_age)),)

    def put_requested(self, request, method, headers, keymap):
        """Put what the preflight asks for and the policy allows (Fetch, "CORS-preflight fetch").

        The method and the list are given back as they came: a browser that asked for one method
        has no use for the others.
        """
        if self.allows_method(method):
            put(headers, keymap, "access-control-allow-methods", _ALLOW_METHODS, method)
        names = request.headers.get(_REQUEST_HEADERS)
        if names and self.refused_header(names) is None:
            put(headers, keymap, "access-control-allow-headers", _ALLOW_HEADERS, names)
        if self.network and request.headers.get(_REQUEST_NETWORK) == "true":
            put(headers, keymap, "access-control-allow-private-network", _ALLOW_NETWORK, "true")

    def allows_method(self, method):
        """Return whether a method (str) is allowed, case and all (RFC 9110 section 9.1)."""
        return is_token(method) if self.methods is None else method in self.methods

    def refused_header(self, text):
        """Return None if every name in a list of header names is allowed, else what is wrong.

        That is the first name that is not, or `_TOO_LONG` or `_TOO_MANY`. Every name has to be a
        token, so that what is echoed holds no control character.
        """
        if len(text) > _LIST_BYTES_MAX:
            return _TOO_LONG
        if self.headers is None and text.count(",") < _LIST_NAMES_MAX and is_tokens(text):
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
            if self.headers is not None and name.lower() not in self.headers:
                return name
        return None

    def explain(self, request, origin, allowed, headers, keymap):
        """Say why a browser will refuse the real request after this preflight, if it will."""
        method = request.headers.get(REQUEST_METHOD)
        names = request.headers.get(_REQUEST_HEADERS)
        refused = self.refused_header(names) if names else None
        if allowed is None:
            why = "origin " + show(origin) + " is not in allowed_origins"
        elif method not in SAFE_METHODS and not self.allows_method(method):
            why = "method " + show(method) + " is not in allowed_methods"
        elif refused in (_TOO_LONG, _TOO_MANY):
            why = _REQUEST_HEADERS + " has " + refused
        elif refused is not None:
            why = "header " + show(refused) + " is not in allowed_headers"
        elif request.headers.get(_REQUEST_NETWORK) == "true" and not self.network:
            why = "allow_private_network is false"
        else:
            return
        print("cors: preflight refused:", why)
        put(headers, keymap, "x-cors-debug", _DEBUG, why)


def is_preflight(request):
    """Return whether a request is a preflight, if its method is OPTIONS as Microdot reads it."""
    return (
        request.method == "OPTIONS"
        and request.headers.get(REQUEST_METHOD) is not None
        and request.headers.get("Origin") is not None
    )


def _entry(name, value):
    return (name.lower(), name, value)


def put(headers, keymap, small, name, value):
    """Set a header that `headers` does not have; `small` is its name in lower case."""
    if keymap is not None:
        keymap[small] = name
    headers.setdefault(name, value)

"""`CORS`: the Access-Control-* headers of one answer, and the hooks into Microdot.

The model is the reference in Microdot's manner; what a browser does with the headers is Fetch
standard, "CORS check" and "CORS-preflight fetch".
"""

from strict.fault import PolicyError

from .fields import NAMES
from .policy import Policy
from .rules import REQUEST_METHOD, Rules, is_preflight, put

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_NO_CONTENT_DROPS = ("allow", "content-length", "content-type")


def _attribute(name):
    """Return the property `name` of CORS: reads the value as given, checks it when assigned."""

    def get(self):
        rules = self._rules
        value = rules.values[name]
        if isinstance(value, list):
            rules.watch()
        return value

    def assign(self, value):
        rules = self._rules
        values = dict(rules.values)
        values[name] = value
        self._rules = Rules(values, rules.rest)

    return property(get, assign)


class CORS:
    """Adds the CORS headers to the answers of a Microdot application.

    Owned by whoever makes it; the application's hooks keep it alive. It allocates when it is made
    and when the policy changes. A request costs two header entries and what looking up its Origin
    takes, however many origins are allowed.

    allowed_origins: list of origins or patterns, or "*", or None for none.
    allow_credentials, allow_private_network: bool.
    allowed_methods, allowed_headers: list of str, or None for any.
    expose_headers: list of str, or None.
    max_age: int, seconds, or None to leave the header out.
    All are attributes that may be assigned at any time, and the lists may be changed in place;
    the next request is answered by what they then say. Assigning what is not valid raises
    PolicyError, a ValueError, and changes nothing. A list made invalid in place can raise nowhere:
    it allows no origin until it is fixed, and the console says so once.

    debug: bool, False. True is for finding out why a browser refuses: a refused preflight says why
    in the header X-CORS-Debug and on the console.
    """

    allowed_origins = _attribute("allowed_origins")
    allow_credentials = _attribute("allow_credentials")
    allowed_methods = _attribute("allowed_methods")
    expose_headers = _attribute("expose_headers")
    allowed_headers = _attribute("allowed_headers")
    max_age = _attribute("max_age")
    allow_private_network = _attribute("allow_private_network")

    def __init__(
        self,
        app=None,
        allowed_origins=None,
        allow_credentials=False,
        allowed_methods=None,
        expose_headers=None,
        allowed_headers=None,
        max_age=None,
        handle_cors=True,
    ):
        """Make the object and, if `app` is given, attach it: see `initialize`.

        Raises PolicyError, a ValueError, naming every value that is not valid.
        """
        self.debug = False
        values = {
            "allowed_origins": allowed_origins,
            "allow_credentials": allow_credentials,
            "allowed_methods": allowed_methods,
            "expose_headers": expose_headers,
            "allowed_headers": allowed_headers,
            "max_age": max_age,
            "allow_private_network": False,
        }
        self._rules = Rules(values, {})
        if app is not None:
            self.initialize(app, handle_cors)

    @property
    def policy(self):
        """The `Policy` in force. Assigning one replaces all attributes at once."""
        return self._current().policy

    @policy.setter
    def policy(self, policy):
        if not isinstance(policy, Policy):
            raise TypeError("policy is not a Policy")
        values = {}
        rest = {}
        for name in NAMES:
            value = getattr(policy, name)
            kept = values if name in self._rules.values else rest
            kept[name] = list(value) if isinstance(value, tuple) else value
        self._rules = Rules(values, rest, policy)

    def initialize(self, app, handle_cors=True):
        """Attach to a Microdot application: preflights, and every answer from then on.

        With `handle_cors` False nothing is attached, and `get_cors_headers` is there to be
        called. Attach to the application that is served: Microdot asks a mounted sub-application
        neither about OPTIONS nor, if it was mounted with `local=True`, about its errors.
        """
        if not handle_cors:
            return
        default = app.options_handler or app.default_options_handler

        def options(request):
            return {} if is_preflight(request) else default(request)

        app.options_handler = options
        app.after_request(self._after_request)
        app.after_error_request(self._after_request)

    def get_cors_headers(self, request):
        """Return the Access-Control-* headers (dict of str) that belong on the answer to `request`.

        The Vary that has to go with them is left in `request.g`, from where Microdot merges it
        into the answer.
        """
        rules = self._current()
        headers = {}
        preflight = self._fill(rules, request, headers, None)
        vary = rules.vary_preflight if preflight else rules.vary
        if vary:
            if not hasattr(request.g, "_vary"):
                request.g._vary = set()
            request.g._vary.update(vary)
        return headers

    def _current(self):
        """Return the rules, compiled again if a list was changed in place. Allocates only then."""
        rules = self._rules
        if not rules.is_stale():
            return rules
        try:
            rules = Rules(rules.values, rules.rest)
        except PolicyError as error:
            print("cors: no origin is allowed until this is fixed:\n" + str(error))
            rules = Rules(rules.values, rules.rest, Policy(**rules.rest))
            rules.watch()
        self._rules = rules
        return rules

    def _after_request(self, request, response):
        """Set the headers of one answer; runs after every request, error or not.

        Only the policy decides about Access-Control-*: what a handler has set there goes.
        """
        if response is response.already_handled:  # one object for all, of answers sent otherwise
            return
        rules = self._current()
        headers = response.headers
        vary = None
        for name in headers:
            size = len(name)
            if size > 15 or size == 4:  # Access-Control-* or Vary, perhaps
                vary = _take_over(headers)
                break
        # Past NoCaseDict.__setitem__, which allocates for each header; a handler may have put a plain dict.
        keymap = getattr(headers, "keymap", None)
        preflight = self._fill(rules, request, headers, keymap)
        if preflight:
            _empty(response)
        if vary:
            vary = _merge(vary, rules.vary_preflight if preflight else rules.vary)
        else:
            vary = rules.vary_preflight_text if preflight else rules.vary_text
        if vary:
            put(headers, keymap, "vary", "Vary", vary)

    def _fill(self, rules, request, headers, keymap):
        """Put the Access-Control-* headers into `headers`; return whether this is a preflight."""
        origin = method = None
        if request is not None:
            origin = request.headers.get("Origin")
            if origin is not None and request.method == "OPTIONS":
                method = request.headers.get(REQUEST_METHOD)
        if rules.any:
            allowed = "*"
        elif origin is not None and rules.match(origin):
            allowed = origin
        else:
            allowed = None
        if allowed is not None:
            put(headers, keymap, "access-control-allow-origin", _ALLOW_ORIGIN, allowed)
            for small, name, value in rules.ordinary if method is None else rules.preflight:
                put(headers, keymap, small, name, value)
            if method is not None:
                rules.put_requested(request, method, headers, keymap)
        if method is not None and self.debug:
            rules.explain(request, origin, allowed, headers, keymap)
        return method is not None


def _take_over(headers):
    """Take what a handler has set of Access-Control-* and Vary out of `headers`.

    Returns the values of Vary as a list of str, or None if there was none.
    """
    vary = None
    for name in list(headers):
        small = name.lower()
        if small.startswith("access-control-"):
            headers.pop(name)
        elif small == "vary":
            value = headers.pop(name)
            vary = (vary or []) + (value if isinstance(value, list) else [value])
    return vary


def _merge(values, names):
    """Return the Vary (str) of a handler's `values` and our `names`, each name once."""
    merged = []
    seen = set()
    for name in ",".join(values).split(",") + list(names):
        name = name.strip(" \t")
        if name == "*":  # already says that the answer depends on everything
            return name
        if name and name.lower() not in seen:
            seen.add(name.lower())
            merged.append(name)
    return ", ".join(merged)


def _empty(response):
    """Make the answer to a preflight a 204 without a body, RFC 9110 section 15.3.5.

    Response.complete would add a Content-Type, and a Content-Length were the body bytes.
    """
    response.status_code = 204
    response.reason = "No Content"
    response.body = None
    response.complete = _nothing
    for name in list(response.headers):
        if name.lower() in _NO_CONTENT_DROPS:
            response.headers.pop(name)


def _nothing():
    pass

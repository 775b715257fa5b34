"""`CORS`: the Access-Control-* headers of one answer, and the hooks into Microdot.

The model is the reference in Microdot's manner; what a browser does with the headers is Fetch
standard, "CORS check" and "CORS-preflight fetch".
"""

from strict import late

from .policy import Policy
from .rules import VARY, Rules, made_of, put, requested_method

_NO_CONTENT_DROPS = ("allow", "content-length", "content-type")


# A policy's fields that are attributes, whose values are in the Rules. Not a property for each: with their
# functions those took 700 bytes of the heap.
_FIELDS = (
    "allowed_origins",
    "allow_credentials",
    "allowed_methods",
    "expose_headers",
    "allowed_headers",
    "max_age",
    "allow_private_network",
)


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
        fields = {
            "allowed_origins": allowed_origins,
            "allow_credentials": allow_credentials,
            "allowed_methods": allowed_methods,
            "expose_headers": expose_headers,
            "allowed_headers": allowed_headers,
            "max_age": max_age,
            "allow_private_network": False,
        }
        self._rules = made_of(fields)
        if app is not None:
            self.initialize(app, handle_cors)

    def __getattr__(self, name):
        """Return a field's value as it was given. Called for what is no attribute of the object itself."""
        if name not in _FIELDS:
            raise AttributeError(name)
        rules = self._rules
        value = rules.fields[name]
        if isinstance(value, list):
            rules.watch()
        return value

    def __setattr__(self, name, value):
        """Check a field's value when it is assigned."""
        if name not in _FIELDS:
            super().__setattr__(name, value)
            return
        fields = dict(self._rules.fields)
        fields[name] = value
        self._rules = made_of(fields, self._rules.is_guarded)

    @property
    def policy(self):
        """The `Policy` in force. Assigning one replaces all attributes at once."""
        return self._current().policy

    @policy.setter
    def policy(self, policy):
        if not isinstance(policy, Policy):
            raise TypeError("policy is not a Policy")
        fields = {}
        for name in late.load("cors.fields").NAMES:
            value = getattr(policy, name)
            fields[name] = list(value) if isinstance(value, tuple) else value
        self._rules = Rules(fields, policy, None, self._rules.is_guarded)

    def vary_by_referer(self):
        """Name Referer in each Vary, where who may embed an answer depends on it. `Guard` calls it."""
        self._rules = self._rules.guarded()

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
            return default(request) if requested_method(request) is None else {}

        app.options_handler = options
        app.after_request(self._after_request)
        app.after_error_request(self._after_request)

    def get_cors_headers(self, request):
        """Return the Access-Control-* headers (dict of str) that belong on the answer to `request`.

        The Vary that has to go with them is left in `request.g`, from where Microdot merges it
        into the answer.
        """
        headers = {}
        vary = self._put(request, requested_method(request), headers)
        if vary:
            if not hasattr(request.g, "_vary"):
                request.g._vary = set()
            request.g._vary.update(vary.split(", "))
        return headers

    def _current(self):
        """Return the rules, made again if a list was changed in place. Allocates only then."""
        rules = self._rules
        if rules.is_stale():
            rules = self._rules = rules.renewed()
        return rules

    def _after_request(self, request, response):
        """Set the headers of one answer; runs after every request, error or not.

        Only the policy decides about Access-Control-*: what a handler has set there goes.
        """
        if response is response.already_handled:  # one object for all, of answers sent otherwise
            return
        headers = response.headers
        given = _take_over(headers)
        method = requested_method(request)
        vary = self._put(request, method, headers)
        if method is not None:
            _empty(response)
        if given:
            vary = _merge(given, vary)
        if vary:
            put(headers, VARY, vary)

    def _put(self, request, method, headers):
        """Put the Access-Control-* headers into `headers`; return the Vary (str) that goes with them.

        method: what `requested_method` returns.
        """
        rules = self._current()
        if method is None:
            rules.put_ordinary(request, headers)
            return rules.vary
        rules.put_preflight(request, method, headers)
        if self.debug:
            rules.explain(request, method, headers)
        return rules.vary_preflight


def _take_over(headers):
    """Take what a handler has set of Access-Control-* and Vary out of `headers`.

    Return the values of Vary as a list of str, or None if there was none. Most answers have neither, and
    cost no allocation.
    """
    for name in headers:
        if len(name) > 15 or len(name) == 4:  # Access-Control-* or Vary, perhaps
            break
    else:
        return None
    vary = None
    for name in list(headers):
        small = name.lower()
        if small.startswith("access-control-"):
            headers.pop(name)
        elif small == "vary":
            value = headers.pop(name)
            vary = (vary or []) + (value if isinstance(value, list) else [value])
    return vary


def _merge(given, ours):
    """Return the Vary (str) of a handler's values (list of str) and `ours` (str), each name once."""
    merged = []
    seen = set()
    for name in ",".join(given + [ours]).split(","):
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

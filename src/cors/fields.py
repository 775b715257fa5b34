"""The fields of a policy: one table, from which validation follows and against which a test
checks the JSON Schema.

Apart from `policy.py` because the two together are over 300 lines: here is what one value may
be, there what a whole policy is. On a camera this module is there only while a policy is read, see
strict/late.py.
"""

from strict import fault, reasons
from strict.address import is_local
from strict.compat import const, lower
from strict.field import check
from strict.token import is_token

from . import pattern as patterns

FILE_MAX = const(8192)  # bytes

# Kinds of value besides those of strict.field. A list's limit is the kind of its items.
LIST = "list"
ORIGIN = "origin"
METHOD = "method"
REQUEST_HEADER = "request header"
RESPONSE_HEADER = "response header"
HOST = "host"

# name, kind, limit, default, may be null. "version" has no default in a file.
FIELDS = (
    ("version", "int", (1, 1), 1, False),
    ("allowed_origins", "list", "origin", (), False),
    ("allow_credentials", "bool", None, False, False),
    ("allowed_methods", "list", "method", None, True),
    ("allowed_headers", "list", "request header", None, True),
    ("expose_headers", "list", "response header", None, True),
    ("max_age", "int", (0, 86400), None, True),  # a day: the most that any browser honours (Firefox)
    ("allow_private_network", "bool", None, False, False),
    ("resource_policy", "choice", ("same-origin", "same-site", "cross-origin"), None, False),
    ("allowed_hosts", "list", "host", None, True),
    ("block_cross_origin_writes", "bool", None, True, False),
)
NAMES = tuple([row[0] for row in FIELDS])

_FORBIDDEN_METHODS = ("CONNECT", "TRACE", "TRACK")  # Fetch, "forbidden method"
_UPPERED_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")  # Fetch, "normalize"

# Fetch, "forbidden request-header"; those beginning with "proxy-" or "sec-" too.
_FORBIDDEN_HEADERS = frozenset((
    "accept-charset", "accept-encoding", "access-control-request-headers",
    "access-control-request-method", "access-control-request-private-network", "connection",
    "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive", "origin",
    "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
))  # fmt: skip
_HIDDEN_HEADERS = ("set-cookie", "set-cookie2")  # Fetch, "forbidden response-header name"

# Where strangers get names below. A top-level domain is one without being listed here.
_PUBLIC_SUFFIXES = frozenset((
    "ac.uk", "co.uk", "gov.uk", "org.uk", "com.au", "net.au", "org.au", "co.nz", "co.jp", "ne.jp",
    "or.jp", "co.kr", "co.in", "co.za", "com.ar", "com.br", "com.cn", "com.hk", "com.mx", "com.sg",
    "com.tr", "com.tw", "amplifyapp.com", "appspot.com", "azurestaticapps.net",
    "azurewebsites.net", "blogspot.com", "cloudfront.net", "duckdns.org", "firebaseapp.com",
    "fly.dev", "github.io", "gitlab.io", "glitch.me", "herokuapp.com", "netlify.app", "ngrok.app",
    "ngrok.io", "ngrok-free.app", "onrender.com", "pages.dev", "replit.app", "s3.amazonaws.com",
    "surge.sh", "trycloudflare.com", "vercel.app", "web.app", "workers.dev",
))  # fmt: skip
_OWN_SUFFIXES = ("localhost", "local")  # top-level, but of this machine and this network

_ALONE_REMEDY = 'write "*" in place of the list, or leave it out'
_STAR_REMEDY = 'write the list of origins, or "allow_credentials": false'
_NULL_REMEDY = "serve the page over http or https and write its origin"
_HEADER_REMEDY = 'write a header name, as in "X-Token"'
_HOST_REMEDY = 'write only a host, such as "camera.example.com"'


def is_public_suffix(domain):
    """Return whether strangers can have names below `domain`, as far as a short list tells."""
    if "." not in domain:
        return domain not in _OWN_SUFFIXES
    return domain in _PUBLIC_SUFFIXES


class Check:
    """Checks the values of one policy and gathers all faults and warnings; made for one use.

    credentials: bool, whether the policy allows them: most of what they make dangerous is a
    matter of the other fields. is_public_suffix: see `Policy.from_json`.
    """

    def __init__(self, credentials, is_public_suffix):
        self._credentials = credentials
        self._is_public_suffix = is_public_suffix
        self.faults = []
        self.warnings = []
        self._checks = {
            ORIGIN: self._origin,
            METHOD: self._method,
            REQUEST_HEADER: self._request_header,
            RESPONSE_HEADER: self._response_header,
            HOST: self._host,
        }

    def add(self, field, value, reason, remedy):
        self.faults.append(fault.Fault(field, value, reason, remedy))

    def warn(self, field, value, reason, remedy):
        self.warnings.append(fault.Fault(field, value, reason, remedy))

    def value(self, row, value):
        """Check one field's `value`, given its row of the table; return it normalised.

        Lists become tuples without what is listed twice. Faulty items are left out, so that the
        rules about whole policies still see the rest.
        """
        name, kind, limit, default, nullable = row
        if value is None and nullable:
            return None
        if kind == LIST:
            return self._list(name, limit, value, nullable)
        found = check(kind, limit, value)
        if found is None:
            return value
        reason, remedy = found
        self.add(name, value, reason, remedy + ", or null" if nullable else remedy)
        return default

    def _list(self, name, kind, value, nullable):
        if kind == ORIGIN and value == "*":
            if self._credentials:
                self.add(name, value, reasons.STAR_CREDENTIALS, _STAR_REMEDY)
            return value
        if isinstance(value, str):
            remedy = "write [" + fault.show(value) + "]"
            self.add(name, value, reasons.NOT_A_LIST, remedy)
            return ()
        if not isinstance(value, (list, tuple)):
            other = ' or "*"' if kind == ORIGIN else " or null" if nullable else ""
            remedy = "write a list of strings" + other
            self.add(name, value, reasons.NOT_A_LIST, remedy)
            return ()
        items = []
        keys = set()
        for i in range(len(value)):
            field = name + "[%d]" % i
            item = value[i]
            if not isinstance(item, str):
                self.add(field, item, reasons.WRONG_TYPE, "write a string")
            elif self._checks[kind](field, item, len(value) == 1):
                key = item if kind in (ORIGIN, METHOD) else lower(item)
                if key in keys:
                    self.warn(field, item, reasons.DUPLICATE, "remove one of the two")
                else:
                    keys.add(key)
                    items.append(item)
        return tuple(items)

    def _origin(self, field, text, alone):
        if text == "*":
            self.add(field, text, reasons.NOT_ALONE, _ALONE_REMEDY)
            return False
        pattern = patterns.parse(text)
        for reason in pattern.reasons:
            self.add(field, text, reason, pattern.remedy)
        if pattern.reasons:
            return False
        if text == "null":
            return self._null(field, alone)
        if pattern.scheme not in ("http", "https"):
            self.warn(field, text, reasons.APP_SCHEME, 'write "https" if a web page was meant')
        local = is_local(pattern.host)
        if self._credentials and pattern.scheme == "http" and not local:
            remedy = "write " + fault.show("https" + text[4:])
            self.add(field, text, reasons.HTTP_CREDENTIALS, remedy)
        if pattern.wildcard and self._is_public_suffix(pattern.host):
            note = self.add if self._credentials else self.warn
            note(field, text, reasons.PUBLIC_SUFFIX, "write the names of your own hosts")
        return True

    def _null(self, field, alone):
        if self._credentials:
            self.add(field, "null", reasons.NULL_CREDENTIALS, _NULL_REMEDY)
        elif not alone:
            self.add(field, "null", reasons.NOT_ALONE, "write it alone or leave it out")
        else:
            self.warn(field, "null", reasons.NULL_ORIGIN, _NULL_REMEDY)
        return alone

    def _method(self, field, text, _):
        upper = text.upper()
        if not is_token(text) or text == "*":
            remedy = "write null for any method" if text == "*" else 'write a method, as in "PUT"'
            self.add(field, text, reasons.NOT_A_TOKEN, remedy)
        elif upper in _FORBIDDEN_METHODS:
            self.add(field, text, reasons.FORBIDDEN_METHOD, "remove it")
        elif text != upper and upper in _UPPERED_METHODS:
            self.add(field, text, reasons.METHOD_CASE, "write " + fault.show(upper))
        else:
            if text == "patch":
                self.warn(field, text, reasons.METHOD_CASE, 'write "PATCH" unless pages send "patch"')
            return True
        return False

    def _request_header(self, field, text, _):
        name = lower(text)
        if not is_token(text) or text == "*":
            remedy = "write null for any header" if text == "*" else _HEADER_REMEDY
            self.add(field, text, reasons.NOT_A_TOKEN, remedy)
        elif name in _FORBIDDEN_HEADERS or name.startswith("proxy-") or name.startswith("sec-"):
            self.add(field, text, reasons.FORBIDDEN_HEADER, "remove it")
        else:
            return True
        return False

    def _response_header(self, field, text, alone):
        if not is_token(text):
            self.add(field, text, reasons.NOT_A_TOKEN, _HEADER_REMEDY)
        elif text == "*" and not alone:
            self.add(field, text, reasons.NOT_ALONE, 'write ["*"] or the names without "*"')
        elif text == "*" and self._credentials:
            self.add(field, text, reasons.STAR_CREDENTIALS, "write the names of the headers")
        elif lower(text) in _HIDDEN_HEADERS:
            self.add(field, text, reasons.HIDDEN_HEADER, "remove it")
        else:
            return True
        return False

    def _host(self, field, text, _):
        pattern = patterns.parse("https://" + text)
        for reason in pattern.reasons:
            self.add(field, text, reason, _HOST_REMEDY)
        if not pattern.reasons and (pattern.port or pattern.text != "https://" + text):
            self.add(field, text, reasons.BAD_HOST, _HOST_REMEDY)
            return False
        return not pattern.reasons

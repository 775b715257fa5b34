"""From a head and a body to what handlers get."""

from microdot import Request

from .head import Headers, Refusal

try:
    from _head import copy
except ImportError:  # CPython, and an image that others have built

    def copy(instance):
        """Return another object of its class with the same attributes, without its __init__()."""
        made = type(instance).__new__(type(instance))
        made.__dict__.update(instance.__dict__)
        return made


# Microdot's __init__() sets 26 attributes one by one, for which their table grows eight times.
_PLAIN = Request(None, None, "GET", "/", "1.1", Headers(), body=b"")


def make_request(app, client, asked, body, scheme):
    """Return the microdot.Request of `asked`, which parse() gave, and of its body (bytes); its `sock` is
    still to be set.

    client: (host, port). scheme: "http" or "https". Raises Refusal for a query that is not percent-encoded
    UTF-8.
    """
    return (_plain if _is_plain(asked[1], asked[3]) else _full)(app, client, asked, body, scheme)


def _is_plain(target, headers):
    """Return whether Request() would look for nothing in a target and headers."""
    return not (
        "?" in target or "content-length" in headers or "content-type" in headers or "cookie" in headers
    )


def _full(app, client, asked, body, scheme):
    """Return what Request() makes of it. Apart from make_request(), whose frame else were one on the heap."""
    method, target, version, headers = asked
    try:
        return Request(app, client, method, target, version, headers, body=body, scheme=scheme)
    except ValueError:  # microdot decodes the query: %FF is no UTF-8
        if method != "OPTIONS":  # asks for the path
            raise Refusal(400, "the query is not percent-encoded UTF-8")
    return Request(app, client, method, target.split("?")[0], version, headers, body=b"", scheme=scheme)


def _plain(app, client, asked, body, scheme):
    """Return what Request() makes of a request without a query, whose headers it looks for nothing in."""
    request = copy(_PLAIN)
    request.app = app
    request.client_addr = client
    request.method, request.url, request.http_version, request.headers = asked
    request.path = request.url
    request.scheme = scheme
    request.args = {}
    request.cookies = {}
    request.g = Request.G()
    request.after_request_handlers = []
    request._body = body
    return request


def is_proxied(request):
    """Return whether `request` came through a trusted proxy (forwarded.py)."""
    return getattr(request.g, "is_proxied", False)

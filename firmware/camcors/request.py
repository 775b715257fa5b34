"""From a head and a body to what handlers get."""

from microdot import Request

from .wire import Refusal


def make_request(app, client, method, target, version, headers, body):
    """The microdot.Request of what wire.parse() gave and of its body (bytes); its `sock` is still to be set.

    client: (host, port). Raises Refusal, with the Request, for a query that is not percent-encoded UTF-8.
    """
    try:
        return Request(app, client, method, target, version, headers, body=body)
    except ValueError:  # microdot decodes the query: %FF is no UTF-8
        request = Request(app, client, method, target.split("?")[0], version, headers, body=b"")
        if method != "OPTIONS":  # a preflight asks for the path, and is answered on any
            raise Refusal(400, "the query is not percent-encoded UTF-8", request)
        return request

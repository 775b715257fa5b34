"""From a head and a body to what handlers get."""

from microdot import Request

from .head import Refusal


def make_request(app, client, asked, body, scheme):
    """Return the microdot.Request of `asked`, which wire.parse() gave, and of its body (bytes); its `sock` is
    still to be set.

    client: (host, port). scheme: "http" or "https". Raises Refusal for a query that is not percent-encoded
    UTF-8.
    """
    method, target, version, headers = asked
    try:
        return Request(app, client, method, target, version, headers, body=body, scheme=scheme)
    except ValueError:  # microdot decodes the query: %FF is no UTF-8
        if method != "OPTIONS":  # asks for the path
            raise Refusal(400, "the query is not percent-encoded UTF-8")
    return Request(app, client, method, target.split("?")[0], version, headers, body=b"", scheme=scheme)

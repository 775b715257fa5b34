"""Which methods there are. Names compare exactly (RFC 9110 section 9.1), which Microdot does not do."""

#: RFC 9110 section 9.3, and RFC 5789.
STANDARD = ("GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "CONNECT", "TRACE")


def is_taken(app, method):
    """Return whether a route of `app` (microdot.Microdot) takes `method` (str), on whatever path."""
    if method == "HEAD":
        method = "GET"
    for route in app.url_map:
        if method in route[0]:
            return True
    return False

"""`Content-Security-Policy: frame-ancestors`: which pages may show an answer of the camera in a frame.

A navigation is governed neither by CORS nor by Cross-Origin-Resource-Policy, so without this header
any page frames the live picture, and its frames take the viewer slots.

A source is written as our patterns are (CSP 3, host-source): `*.` for the names below, `:*` for any
port. What that grammar cannot name is left out, since browsers drop it (seen in Chromium 156 and
Firefox 153): `null`, IPv6 addresses, and names with an underscore. So these pages may read the
camera's answers and not frame them.

Matching differs from ours in two ways, both of which we accept:
- `http://a.example` stands for `https://a.example` too, port 80 for 443 (CSP 3, "scheme-part
  matches", "port-part matches"). Whoever serves the one serves the other.
- By the letter, of the IPv4 addresses only 127.0.0.1 matches ("host-part matches"). Chromium and
  Firefox match them all, so they are named.
"""


def frame_ancestors(origins):
    """Return the policy (str) for `origins`, the `allowed_origins` of a Policy."""
    if origins == "*":
        return "frame-ancestors *"
    return " ".join(["frame-ancestors 'self'"] + [origin for origin in origins if _has_name(origin)])


def _has_name(pattern):
    """Return whether CSP's grammar has a name for a valid pattern (host-char: letters, digits, `-`)."""
    host = pattern.partition("://")[2]
    return host != "" and host[0] != "[" and "_" not in host

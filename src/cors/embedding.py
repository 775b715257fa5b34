"""Which pages may show an answer of the camera: as a picture, and in a frame.

`Cross-Origin-Resource-Policy`: an `<img>` sends no Origin. So a page is known by its Referer, which it can
withhold and never forge (Referrer Policy, "determine request's referrer"). To an allowed page every answer is
`cross-origin`, to any other what `resource_policy` says.

`Content-Security-Policy: frame-ancestors`: a navigation is governed neither by CORS nor by
Cross-Origin-Resource-Policy, so without this header any page frames the live picture, and its frames take the
viewer slots.

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

_RESOURCE_POLICIES = ("same-origin", "same-site", "cross-origin")  # the narrowest first


def origin_of(url):
    """Return the origin (str) of a URL as a browser writes it in Referer (RFC 9110 section 10.1.3)."""
    end = url.find("/", url.find("://") + 3)
    return url if end < 0 else url[:end]


def frame_ancestors(origins):
    """Return the policy (str) for `origins`, the `allowed_origins` of a Policy."""
    if origins == "*":
        return "frame-ancestors *"
    return " ".join(["frame-ancestors 'self'"] + [origin for origin in origins if _has_name(origin)])


def _has_name(pattern):
    """Return whether CSP's grammar has a name for a valid pattern (host-char: letters, digits, `-`)."""
    host = pattern.partition("://")[2]
    return host != "" and host[0] != "[" and "_" not in host


def narrowest(values, policy):
    """Return `policy` (Cross-Origin-Resource-Policy), or that of `values` which is narrower."""
    for value in values:
        if value in _RESOURCE_POLICIES and _RESOURCE_POLICIES.index(value) < _RESOURCE_POLICIES.index(policy):
            policy = value
    return policy


def beside(values, policy):
    """Return `policy` (Content-Security-Policy) as a further one beside `values`: a browser enforces
    each (CSP 3, "parse a response's Content Security Policies")."""
    policies = []
    for value in values:
        policies += value if isinstance(value, list) else [value]
    policies = [value for value in policies if value != policy]  # a hook for errors has run before
    return policies + [policy] if policies else policy

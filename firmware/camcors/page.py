"""The page at `/`: one file, from the camera only, nothing of it from elsewhere.

The build makes camcors_pages of firmware/pages. Its script and style run because the policy names their
SHA-256. Who may frame it is said by the Guard. A camera has the two modules only while it gives the page: see
strict/late.py.
"""

import io

from camcors_pages import PAGE_GZIP, PAGE_SCRIPT, PAGE_STYLE, PAGE_TAG, WINDOW_BITS

try:
    from deflate import GZIP, DeflateIO
except ImportError:  # CPython
    import zlib

    DeflateIO = None

HEADERS = {
    "Content-Type": "text/html; charset=UTF-8",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
        "style-src " + PAGE_STYLE + "; script-src " + PAGE_SCRIPT + "; "
        "base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "ETag": PAGE_TAG,
    "Vary": "Accept-Encoding",
}


def get(headers):
    """Return what a handler returns for a GET with these request headers (dict without letter case).

    One compressed form is stored. All browsers take it as it is; for the rest it is unpacked at each request.
    """
    if _is_known(headers.get("If-None-Match", "")):
        return b"", 304, HEADERS
    if not takes_gzip(headers.get("Accept-Encoding", "")):
        return _unpack(), 200, HEADERS
    answer = dict(HEADERS)
    answer["Content-Encoding"] = "gzip"
    return PAGE_GZIP, 200, answer


def takes_gzip(accepted):
    """Return whether gzip may be sent to one with this Accept-Encoding (RFC 9110 section 12.5.3).

    Without the header it might too, but such a client is seldom ready for it.
    """
    by_star = False
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        name = name.strip()
        is_wanted = weight.strip().replace(" ", "") not in ("q=0", "q=0.", "q=0.0", "q=0.00", "q=0.000")
        if name in ("gzip", "x-gzip"):
            return is_wanted
        by_star = by_star or (name == "*" and is_wanted)
    return by_star


def _is_known(tags):
    """Return whether If-None-Match names the page (RFC 9110 section 13.1.2, by weak comparison)."""
    opaque = PAGE_TAG[2:]  # without W/
    return tags.strip() == "*" or any([tag.strip() in (opaque, PAGE_TAG) for tag in tags.split(",")])


def _unpack():
    if DeflateIO is None:
        return zlib.decompress(PAGE_GZIP, 16 + WINDOW_BITS)
    return DeflateIO(io.BytesIO(PAGE_GZIP), GZIP, WINDOW_BITS).read()

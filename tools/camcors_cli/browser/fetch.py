"""A browser's side of the CORS protocol: the algorithms, small enough to be read beside the Fetch standard.

The cache and the browser that runs them are in browser.py.

Written from https://fetch.spec.whatwg.org as of July 2026; each function names the algorithm it follows.
Header lists are lists of pairs of str; a character of a value is a byte ("isomorphic decoding").

Left out: redirects (each request has redirect mode "error", so a redirect is a network error), service
workers, the HTTP cache, network partition keys (all pages have one top-level site), CSP (framing.py has
frame-ancestors), mixed content,
the use-CORS-preflight flag, COEP, and Private Network Access, which is not in the standard.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple
from urllib.parse import urlsplit

Pairs = list[tuple[str, str]]

SAFE_METHODS = ("GET", "HEAD", "POST")  # "CORS-safelisted method"
_FORBIDDEN_METHODS = ("CONNECT", "TRACE", "TRACK")  # "forbidden method"
_UPPERCASED = ("DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT")  # "normalize" a method
# "forbidden request-header", step 1
_FORBIDDEN_REQUEST = frozenset((
    "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
    "connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host", "keep-alive",
    "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
))  # fmt: skip
_OVERRIDES = ("x-http-method", "x-http-method-override", "x-method-override")  # the same, step 3
_FORBIDDEN_RESPONSE = ("set-cookie", "set-cookie2")  # "forbidden response-header name"
# "CORS-safelisted response-header name"
SAFE_RESPONSE = frozenset((
    "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified",
    "pragma",
))  # fmt: skip
_SAFE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
REDIRECTS = (301, 302, 303, 307, 308)  # "redirect status"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_UNSAFE_BYTE = re.compile(r'[\x00-\x08\x0a-\x1f"():<>?@\[\\\]{}\x7f]')  # "CORS-unsafe request-header byte"
_LANGUAGE = re.compile(r"[0-9A-Za-z *,\-.;=]*")
_SINGLE_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


class Blocked(Enum):
    """Why a page may not read an answer: the closed list."""

    BAD_METHOD = "the method is not a token"
    FORBIDDEN_METHOD = "no page may use the method"
    BAD_HEADER = "a header's name is not a token, or its value holds what no header can"
    NO_ALLOW_ORIGIN = "no Access-Control-Allow-Origin"
    OTHER_ORIGIN = "Access-Control-Allow-Origin is not the page's origin"
    STAR_WITH_CREDENTIALS = "Access-Control-Allow-Origin is * and credentials are included"
    NO_ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials is not true"
    PREFLIGHT_STATUS = "the preflight's status is not 200 to 299"
    PREFLIGHT_LIST = "the preflight's Allow-Methods or Allow-Headers is not a list of tokens"
    PREFLIGHT_METHOD = "the preflight does not allow the method"
    PREFLIGHT_AUTHORIZATION = "the preflight does not name Authorization"
    PREFLIGHT_HEADER = "the preflight does not allow a header"
    REDIRECT = "a redirect, which this model does not follow"
    RESOURCE_POLICY = "Cross-Origin-Resource-Policy"
    FRAME_ANCESTORS = "Content-Security-Policy: frame-ancestors"


class Request(NamedTuple):
    """What goes to the transport. The Host header is the transport's own affair."""

    method: str
    url: str
    headers: Pairs
    body: str = ""


class Response(NamedTuple):
    """What comes from the transport; the body plays no part in who may read it."""

    status: int
    headers: Pairs


class Asked(NamedTuple):
    """What a page asks for, with method and headers as the Request class leaves them."""

    origin: str
    url: str
    method: str
    headers: Pairs
    include: bool  # credentials mode "include"


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def get(headers: Pairs, name: str) -> str | None:
    """Fetch, "get" from a header list. White space around a value is no part of it: RFC 9112 section 5.1."""
    values = [value.strip(" \t") for key, value in headers if key.lower() == name.lower()]
    return ", ".join(values) if values else None


def extract_list(headers: Pairs, name: str) -> list[str] | None:
    """Fetch, "extract header list values" for a list of tokens: None if absent; ValueError is its failure.

    Empty elements are no failure: RFC 9110 section 5.6.1.2.
    """
    values = [value for key, value in headers if key.lower() == name.lower()]
    if not values:
        return None
    items = [item.strip(" \t") for value in values for item in value.split(",")]
    items = [item for item in items if item]
    if not all(is_token(item) for item in items):
        raise ValueError(f"{name} is not a list of tokens: {values}")
    return items


def normalize_method(method: str) -> str:
    """Fetch, "normalize" a method: six are upper-cased, patch is not among them."""
    return method.upper() if method.upper() in _UPPERCASED else method


def is_forbidden_method(method: str) -> bool:
    """Fetch, "forbidden method" """
    return method.upper() in _FORBIDDEN_METHODS


def is_forbidden_request_header(name: str, value: str) -> bool:
    """Fetch, "forbidden request-header" """
    name = name.lower()
    if name in _FORBIDDEN_REQUEST or name.startswith(("proxy-", "sec-")):
        return True
    return name in _OVERRIDES and any(is_forbidden_method(item) for item in decode_and_split(value))


def decode_and_split(value: str) -> list[str]:
    """Fetch, "get, decode, and split" a header value: a comma inside a quoted string does not split."""
    items = [""]
    for piece in re.findall(r'"(?:\\.|[^"\\])*(?:"|\\?$)|,|[^",]+', value, re.DOTALL):
        if piece == ",":
            items.append("")
        else:
            items[-1] += piece
    return [item.strip(" \t") for item in items]


def mime_essence(value: str) -> str | None:
    """Return the essence of a MIME type, or None: MIME Sniffing, "parse a MIME type", steps 1 to 10."""
    type_, slash, rest = value.strip(" \t\r\n").partition("/")
    subtype = rest.partition(";")[0].rstrip(" \t\r\n")
    if not slash or not is_token(type_) or not is_token(subtype):
        return None
    return f"{type_}/{subtype}".lower()


def is_simple_range(value: str) -> bool:
    """Fetch, "parse a single range header value" without white space; to be safe it needs a start."""
    found = _SINGLE_RANGE.fullmatch(value)
    if not found or not found[1]:
        return False
    return not found[2] or int(found[1]) <= int(found[2])


def is_safe_request_header(name: str, value: str) -> bool:
    """Fetch, "CORS-safelisted request-header" """
    if len(value) > 128:
        return False
    match name.lower():
        case "accept":
            return not _UNSAFE_BYTE.search(value)
        case "accept-language" | "content-language":
            return _LANGUAGE.fullmatch(value) is not None
        case "content-type":
            return not _UNSAFE_BYTE.search(value) and mime_essence(value) in _SAFE_TYPES
        case "range":
            return is_simple_range(value)
    return False


def unsafe_names(headers: Pairs) -> list[str]:
    """Fetch, "CORS-unsafe request-header names": lower case, sorted, each once."""
    safe = [(name, value) for name, value in headers if is_safe_request_header(name, value)]
    unsafe = [name for name, value in headers if (name, value) not in safe]
    if sum(len(value) for _, value in safe) > 1024:
        unsafe += [name for name, _ in safe]
    return sorted({name.lower() for name in unsafe})


def needs_preflight(asked: Asked) -> bool:
    """Fetch, "main fetch", the step of the unsafe-request flag, which fetch() and XMLHttpRequest set."""
    return asked.method not in SAFE_METHODS or bool(unsafe_names(asked.headers))


def preflight_request(asked: Asked) -> Request:
    """Fetch, "CORS-preflight fetch", steps 1 to 5: no credentials, names joined without a space."""
    headers = [("Accept", "*/*"), ("Access-Control-Request-Method", asked.method)]
    names = unsafe_names(asked.headers)
    if names:
        headers.append(("Access-Control-Request-Headers", ",".join(names)))
    return Request("OPTIONS", asked.url, [*headers, ("Origin", asked.origin)])


def cors_check(asked: Asked, response: Response) -> Blocked | None:
    """Fetch, "CORS check": None is success. Compares bytes, so case and a trailing slash count."""
    allowed = get(response.headers, "Access-Control-Allow-Origin")
    if allowed is None:
        return Blocked.NO_ALLOW_ORIGIN
    if not asked.include and allowed == "*":
        return None
    if allowed != asked.origin:
        return Blocked.STAR_WITH_CREDENTIALS if allowed == "*" else Blocked.OTHER_ORIGIN
    if not asked.include:
        return None
    if get(response.headers, "Access-Control-Allow-Credentials") == "true":
        return None
    return Blocked.NO_ALLOW_CREDENTIALS


def preflight_check(asked: Asked, response: Response) -> Blocked | None:
    """Fetch, "CORS-preflight fetch", step 7 up to the cache: None is success."""
    failure = cors_check(asked, response)
    if failure:
        return failure
    if not 200 <= response.status <= 299:  # "ok status"
        return Blocked.PREFLIGHT_STATUS
    try:
        methods = extract_list(response.headers, "Access-Control-Allow-Methods") or []
        names = extract_list(response.headers, "Access-Control-Allow-Headers") or []
    except ValueError:
        return Blocked.PREFLIGHT_LIST
    names = [name.lower() for name in names]
    if asked.method not in [*methods, *SAFE_METHODS] and (asked.include or "*" not in methods):
        return Blocked.PREFLIGHT_METHOD
    # "CORS non-wildcard request-header name"
    if "authorization" in [name.lower() for name, _ in asked.headers] and "authorization" not in names:
        return Blocked.PREFLIGHT_AUTHORIZATION
    for name in unsafe_names(asked.headers):
        if name not in names and (asked.include or "*" not in names):
            return Blocked.PREFLIGHT_HEADER
    return None


def readable_headers(response: Response, include: bool) -> Pairs:
    """Fetch, "main fetch", the steps of Access-Control-Expose-Headers, and "CORS filtered response"."""
    try:
        exposed = extract_list(response.headers, "Access-Control-Expose-Headers") or []
    except ValueError:
        exposed = []
    if "*" in exposed and not include:
        exposed = [name for name, _ in response.headers]
    names = SAFE_RESPONSE | {name.lower() for name in exposed}
    return [pair for pair in visible(response.headers) if pair[0].lower() in names]


def visible(headers: Pairs) -> Pairs:
    """Fetch, "basic filtered response": all but what no page may read."""
    return [pair for pair in headers if pair[0].lower() not in _FORBIDDEN_RESPONSE]


def origin_of(url: str) -> str:
    """Return the origin of an http or https URL, serialised: HTML, "ASCII serialization of an origin"."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, default) else f":{parts.port}")


def referrer(page: str, url: str) -> str | None:
    """Return the Referer of a page of another origin: Referrer Policy, "determine request's referrer", by the
    policy that browsers take where the page sets none, strict-origin-when-cross-origin.

    By the letter http://localhost is as good as https there; Chromium goes by the scheme.
    """
    if page == "null" or (page.startswith("https:") and not url.startswith("https:")):
        return None
    return page + "/"


def embedding_request(page: str, url: str) -> Request:
    """Return what a browser sends for an <img> or an <iframe> of `page`: its Referer and no Origin."""
    referer = referrer(page, url)
    return Request("GET", url, [("Referer", referer)] if referer else [])


def is_same_site(one: str, other: str, suffixes: tuple[str, ...] = ()) -> bool:
    """HTML, "schemelessly same site", of two serialised origins.

    suffixes: the public suffixes of more than one label to go by; every single label is one.
    """

    def site(origin: str) -> str:
        host = urlsplit(origin).hostname or ""
        labels = host.split(".")
        if ":" in host or labels[-1].isdigit():  # an address is its own site
            return host
        length = max([1, *(len(s.split(".")) for s in suffixes if host.endswith("." + s) or host == s)])
        return ".".join(labels[-length - 1 :])

    return "null" not in (one, other) and site(one) == site(other)


def is_embeddable(page: str, response: Response, url: str, suffixes: tuple[str, ...] = ()) -> bool:
    """Fetch, "cross-origin resource policy internal check" with embedder policy "unsafe-none"."""
    policy = get(response.headers, "Cross-Origin-Resource-Policy")
    origin = origin_of(url)
    if policy == "same-origin":
        return page == origin
    if policy == "same-site":
        secure = page.startswith("https://") or not origin.startswith("https://")
        return is_same_site(page, origin, suffixes) and secure
    return True

"""The model of a browser against the Fetch standard's text and what web-platform-tests expect.

The first column of a table says where a row's expectation comes from: "Fetch" and a heading of the standard,
or a file of web-platform-tests ("preflight" is the heading "CORS-preflight fetch"). Where the two differ the
standard is followed, and the row says so.
"""

from __future__ import annotations

import pytest
from camcors_cli.browser.agent import Browser, max_age
from camcors_cli.browser.fetch import (
    Blocked,
    Request,
    Response,
    decode_and_split,
    extract_list,
    is_embeddable,
    is_forbidden_method,
    is_forbidden_request_header,
    is_same_site,
    is_token,
    normalize_method,
    origin_of,
    readable_headers,
    unsafe_names,
)

PAGE = "https://page.example"
URL = "http://camera.local/api/status"
SAFELIST = "cors/cors-safelisted-request-header.any.js"
UNSAFE = "fetch/api/cors/resources/not-cors-safelisted.json"
SIMPLE = "cors/simple-requests.htm"
NO_PREFLIGHT = "fetch/api/cors/cors-no-preflight.any.js"
STAR = "fetch/api/cors/cors-preflight-star.any.js"
ORIGIN = "cors/origin.htm"
FLAG = "cors/credentials-flag.htm"
FILTER = "fetch/api/cors/cors-filtering.js"
EXPOSE = "fetch/api/cors/cors-expose-star.js"
CORP = "fetch/cross-origin-resource-policy/fetch.any.js"
CORP_SYNTAX = "fetch/cross-origin-resource-policy/syntax.any.js"
FORBIDDEN = "fetch/api/basic/request-forbidden-headers.any.js"
VALIDATION = "fetch/api/cors/cors-preflight-response-validation.any.js"
CACHE = "cors/preflight-cache.htm"


class Server:
    """A transport that answers as it is told and remembers what it was asked."""

    def __init__(self, headers=(), preflight=(), status=200, preflight_status=204):
        self.answers = {False: (status, headers), True: (preflight_status, preflight)}
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        status, headers = self.answers[request.method == "OPTIONS"]
        return Response(status, list(headers))

    @property
    def preflights(self) -> int:
        return len([request for request in self.requests if request.method == "OPTIONS"])


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def allow(origin="*", credentials=None, methods=None, headers=None, age=None, expose=None):
    """The headers of an answer, those given."""
    pairs = [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", credentials),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", headers),
        ("Access-Control-Max-Age", age),
        ("Access-Control-Expose-Headers", expose),
    ]
    return [(name, value) for name, value in pairs if value is not None]


# Source, name, value, whether the header goes without a preflight.
SAFE_HEADERS = [
    (NO_PREFLIGHT, "Accept", "*/*", True),
    (NO_PREFLIGHT, "Accept-Language", "fr", True),
    (NO_PREFLIGHT, "Content-Language", "fr", True),
    (NO_PREFLIGHT, "Content-Type", "application/x-www-form-urlencoded", True),
    (NO_PREFLIGHT, "Content-Type", "multipart/form-data", True),
    (NO_PREFLIGHT, "Content-Type", "text/plain;charset=utf-8", True),
    (NO_PREFLIGHT, "Content-Type", "Text/Plain;charset=utf-8", True),
    (SIMPLE, "accept", "test", True),
    (SIMPLE, "CONTENT-language", "test", True),
    (SIMPLE, "content-type", "text/plain; parameter=whatever", True),
    # simple-requests.htm takes "nn_NO,nn,en" for safe; the standard's list of bytes has no underscore.
    ("Fetch, CORS-safelisted request-header", "accept-language", "nn_NO,nn,en", False),
    (SAFELIST, "content-type", "text /plain", False),
    (SAFELIST, "content-type", "text\t/\tplain", False),
    (SAFELIST, "content-type", "text/plain;", True),
    (SAFELIST, "content-type", "text/plain;garbage", True),
    (SAFELIST, "content-type", "text/plain;garbage\x01\x02", False),
    (SAFELIST, "content-type", "text/plain,", False),
    (SAFELIST, "content-type", ",text/plain", False),
    (SAFELIST, "content-type", "text/plain,text/plain", False),
    (SAFELIST, "content-type", "text/plain,x/x", False),
    (SAFELIST, "content-type", "text/plain\x0b", False),
    (SAFELIST, "content-type", "text/plain\x0c", False),
    (SAFELIST, "content-type", "application/www-form-urlencoded", False),
    (SAFELIST, "content-type", "application/x-www-form-urlencoded;\x7f", False),
    (SAFELIST, "content-type", "multipart/form-data", True),
    (SAFELIST, "content-type", 'multipart/form-data;"', False),
    (SAFELIST, "range", "100-200", False),
    (SAFELIST, "range", "MB=100-200", False),
    (SAFELIST, "range", "bytes=100-200", True),
    (SAFELIST, "range", "bytes =100-200", False),
    (SAFELIST, "range", "bytes\t=100-200", False),
    (SAFELIST, "range", "bytes=  100-200", False),
    (SAFELIST, "range", "bytes=100 -200", False),
    (SAFELIST, "range", "bytes=100-\t200", False),
    (SAFELIST, "range", "bytes=100-200hello", False),
    (SAFELIST, "range", "bytes=abc-def", False),
    (SAFELIST, "range", "bytes=100-200,300-400", False),
    (SAFELIST, "range", "bytes=-200", False),
    (SAFELIST, "range", "bytes=200-", True),
    (SAFELIST, "range", "bytes=200-100", False),
    (SAFELIST, "range", "bytes=1" + "0" * 60 + "-2" + "0" * 60, False),
    (SAFELIST, "range", "bytes 100-200", False),
    (SAFELIST, "range", ",bytes=100-200", False),
    (SAFELIST, "range", "bytes=,100-200", False),
    ("Fetch, parse a single range header value", "range", "bytes=0-", True),
    ("Fetch, parse a single range header value", "range", "bytes=7-7", True),
    ("Fetch, parse a single range header value", "range", "bytes=-", False),
    ("Fetch, parse a single range header value", "range", "Bytes=0-", False),
    (UNSAFE, "accept", '"', False),
    (UNSAFE, "accept", "0" * 129, False),
    ("Fetch, CORS-safelisted request-header, step 1", "accept", "0" * 128, True),
    (UNSAFE, "accept-language", "\x01", False),
    (UNSAFE, "accept-language", "@", False),
    (UNSAFE, "authorization", "basics", False),
    (UNSAFE, "content-language", "\x01", False),
    (UNSAFE, "content-language", "@", False),
    (UNSAFE, "content-type", "text/html", False),
    (UNSAFE, "content-type", "text/plain; long=" + "0123456789" * 11 + "01", False),
    (UNSAFE, "range", "bytes 0-", False),
    (UNSAFE, "test", "hi", False),
    ("Fetch, CORS-unsafe request-header byte", "accept", "a\tb", True),
    ("Fetch, CORS-unsafe request-header byte", "accept", "a/b,c;d=e", True),
    ("Fetch, CORS-unsafe request-header byte", "accept", "\xe9", True),
    ("Fetch, CORS-safelisted request-header", "accept-language", "\xe9", False),
    ("Fetch, CORS-safelisted request-header", "accept-language", "az AZ09*,-.;=", True),
    ("Fetch, CORS-safelisted request-header", "x-requested-with", "XMLHttpRequest", False),
] + [
    ("Fetch, CORS-unsafe request-header byte", "accept", byte, False)
    for byte in ["\x00", "\x08", "\x0a", "\x1f", *'"():<>?@[\\]{}', "\x7f"]
]


@pytest.mark.parametrize(("source", "name", "value", "safe"), SAFE_HEADERS)
def test_safelisted_request_headers(source, name, value, safe):
    assert unsafe_names([(name, value)]) == ([] if safe else [name.lower()]), source


# What one list of headers comes to. Fetch, "CORS-unsafe request-header names".
UNSAFE_NAMES = [
    ("sorted, lower case, each once", [("X-B", "1"), ("x-a", "1"), ("x-b", "2")], ["x-a", "x-b"]),
    ("a safe name with an unsafe value", [("Accept", '"'), ("Accept", "*/*")], ["accept"]),
    ("1024 bytes of safe values", [("Accept", "a" * 128)] * 8, []),
    ("1025 bytes of safe values", [("Accept", "a" * 128)] * 8 + [("Range", "bytes=0-")], ["accept", "range"]),
    ("unsafe values do not count", [("Accept", "a" * 128)] * 8 + [("X-A", "1")], ["x-a"]),
]


@pytest.mark.parametrize(("about", "headers", "expected"), UNSAFE_NAMES)
def test_unsafe_names(about, headers, expected):
    assert unsafe_names(headers) == expected, about


METHODS = [
    # Source, as given, as sent, preflight; "" is refused by the Request class.
    (NO_PREFLIGHT, "GET", "GET", False),
    (NO_PREFLIGHT, "POST", "POST", False),
    (NO_PREFLIGHT, "HEAD", "HEAD", False),
    (SIMPLE, "Get", "GET", False),
    (SIMPLE, "post", "POST", False),
    ("Fetch, normalize", "delete", "DELETE", True),
    ("Fetch, normalize", "Options", "OPTIONS", True),
    ("Fetch, normalize", "puT", "PUT", True),
    ("Fetch, normalize", "patch", "patch", True),
    ("Fetch, normalize", "Egg", "Egg", True),
    ("fetch/api/cors/cors-preflight.any.js", "NEW", "NEW", True),
    ("Fetch, forbidden method", "trace", "", False),
    ("Fetch, forbidden method", "TRACK", "", False),
    ("Fetch, forbidden method", "Connect", "", False),
    ("Fetch, method", "BAD METHOD", "", False),
    ("Fetch, method", "", "", False),
]


@pytest.mark.parametrize(("source", "given", "sent", "preflight"), METHODS)
def test_methods(source, given, sent, preflight):
    server = Server(allow(), allow(methods=sent))
    verdict = Browser(server).fetch(PAGE, URL, given)
    asked = [request.method for request in server.requests]
    if sent:
        assert asked == (["OPTIONS"] if preflight else []) + [sent], source
        assert normalize_method(given) == sent
        assert (verdict.readable, verdict.preflighted, verdict.sent) == (True, preflight, True)
    else:
        assert asked == [], source
        expected = Blocked.FORBIDDEN_METHOD if is_forbidden_method(given) else Blocked.BAD_METHOD
        assert verdict.blocked_by is expected


@pytest.mark.parametrize(
    "name",
    [
        "Accept-Charset", "Accept-Encoding", "Access-Control-Request-Headers",
        "Access-Control-Request-Method", "Connection", "Content-Length", "Cookie", "Cookie2", "Date", "DNT",
        "Expect", "Host", "Keep-Alive",
        "Origin", "Referer", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "Proxy-", "Proxy-Test",
        "Sec-", "Sec-Test", "Set-Cookie",
    ],
)  # fmt: skip
def test_forbidden_request_headers_are_dropped(name):
    """fetch/api/basic/request-forbidden-headers.any.js; Set-Cookie from the standard's list."""
    server = Server(allow())
    assert Browser(server).fetch(PAGE, URL, headers=[(name, "value")]).readable
    assert server.requests == [Request("GET", URL, [("Origin", PAGE)])]


OVERRIDES = [
    *[
        (FORBIDDEN, value, True)
        for value in ("TRACE", "track", "connect", "trace,", "GET,track ", " connect")
    ],
    *[(FORBIDDEN, value, False) for value in ("GETTRACE", "GET", '",TRACE",')],
]


@pytest.mark.parametrize(("source", "value", "forbidden"), OVERRIDES)
@pytest.mark.parametrize("name", ["x-http-method-override", "X-HTTP-METHOD", "x-method-override"])
def test_method_overrides(source, name, value, forbidden):
    assert is_forbidden_request_header(name, value) is forbidden, source


SPLITS = [  # The standard's own examples of "get, decode, and split".
    ("nosniff,", ["nosniff", ""]),
    ("", [""]),
    ('text/html;", x/x', ['text/html;", x/x']),
    ('x/x;test="hi",y/y', ['x/x;test="hi"', "y/y"]),
    ("x / x,,,1", ["x / x", "", "", "1"]),
    ('"1,2", 3', ['"1,2"', "3"]),
    ('"a\\",b", c', ['"a\\",b"', "c"]),
]


@pytest.mark.parametrize(("value", "expected"), SPLITS)
def test_decode_and_split(value, expected):
    assert decode_and_split(value) == expected


@pytest.mark.parametrize(
    "header", [("X A", "1"), ("", "1"), ("X-A", "a\nb"), ("X-A", "a\0b"), ("X-A", "\u0100")], ids=ascii
)
def test_bad_headers_are_refused(header):
    """Fetch, "header name" and "header value"; Web IDL, ByteString."""
    server = Server(allow())
    assert Browser(server).fetch(PAGE, URL, headers=[header]).blocked_by is Blocked.BAD_HEADER
    assert server.requests == []


def test_preflight_request():
    """Fetch, "CORS-preflight fetch", steps 1 to 5; corspreflight.js of fetch/api/cors/resources."""
    server = Server(allow(PAGE, "true"), allow(PAGE, "true", "PUT", "content-type,x-a,x-b"))
    headers = [("X-b", " 1 "), ("x-A", "2"), ("Content-Type", "application/json"), ("Accept", "*/*")]
    verdict = Browser(server, cookie="a=b").fetch(PAGE, URL, "put", headers, "include")
    preflight, actual = server.requests
    assert preflight == Request(
        "OPTIONS",
        URL,
        [
            ("Accept", "*/*"),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "content-type,x-a,x-b"),
            ("Origin", PAGE),
        ],
    )
    assert actual == Request("PUT", URL, [("X-b", "1"), *headers[1:], ("Origin", PAGE), ("Cookie", "a=b")])
    assert (verdict.readable, verdict.status) == (True, 200)


@pytest.mark.parametrize("credentials", ["omit", "same-origin"])
def test_no_cookie_without_include(credentials):
    """cors/credentials-flag.htm: no cookie across origins by default."""
    server = Server(allow())
    assert Browser(server, cookie="a=b").fetch(PAGE, URL, credentials=credentials).readable
    assert server.requests[0].headers == [("Origin", PAGE)]


NO, YES = False, True
_AUTHORITY = PAGE.partition("://")[2]
# Source, Access-Control-Allow-Origin (None: absent), -Credentials, credentials mode, what blocks.
CORS_CHECK = [
    ("fetch/api/cors/cors-basic.any.js", [], None, "omit", Blocked.NO_ALLOW_ORIGIN),
    *[(ORIGIN, [value], None, "omit", None) for value in ("*", " *  ", "\t*", PAGE, " " + PAGE)],
    (ORIGIN, [PAGE + "   \t "], None, "omit", None),
    *[
        (ORIGIN, [value], None, "omit", Blocked.OTHER_ORIGIN)
        for value in (
            "https://www." + _AUTHORITY, "//" + _AUTHORITY, "://" + _AUTHORITY, "ftp://" + _AUTHORITY,
            "https:://" + _AUTHORITY, "https:/" + _AUTHORITY, "https:" + _AUTHORITY, _AUTHORITY, PAGE + "?",
            PAGE + "/", PAGE + " /", PAGE + "#", PAGE + "%23", PAGE + ":443", PAGE + ", *", PAGE + "\0",
            PAGE.upper(), "HTTPS://" + _AUTHORITY, "-", "**", "\0*", "*\0", "'*'", '"*"', "* *", "* null",
            "*https://*", "*" + PAGE, "* " + PAGE, "*, " + PAGE, "\0" + PAGE, "null " + PAGE,
            "http://example.net", "null", "null *", "", PAGE + "/page.html", "http://camera.local", "example",
            ".example", "*.example", "https://example", "https://.example", "https://*.example",
        )
    ],
    *[
        (ORIGIN, values, None, "omit", Blocked.OTHER_ORIGIN)
        for values in (["", "*"], ["*", ""], ["*", "*"], ["", PAGE], ["*", PAGE], [PAGE, PAGE])
    ],
    # Fetch, "CORS protocol and credentials", the table.
    ("Fetch, table", ["*"], "true", "omit", None),
    ("Fetch, table", [PAGE + "/"], None, "omit", Blocked.OTHER_ORIGIN),
    ("Fetch, table", [PAGE], None, "omit", None),
    ("Fetch, table", ["*"], "true", "include", Blocked.STAR_WITH_CREDENTIALS),
    ("Fetch, table", [PAGE], "true", "include", None),
    ("Fetch, table", [PAGE], "True", "include", Blocked.NO_ALLOW_CREDENTIALS),
    ("Fetch, CORS check, step 3", ["*"], None, "same-origin", None),
    ("Fetch, CORS check, step 6", [PAGE], None, "include", Blocked.NO_ALLOW_CREDENTIALS),
    *[
        (FLAG, [PAGE], value, "include", Blocked.NO_ALLOW_CREDENTIALS)
        for value in ("TRUE", "True", '"true"', "false", "1", "0", "true, true", "")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("source", "origins", "allowed", "credentials", "blocked"), CORS_CHECK)
def test_cors_check(source, origins, allowed, credentials, blocked):
    headers = [("access-control-allow-origin", origin) for origin in origins] + allow(None, allowed)
    verdict = Browser(Server(headers)).fetch(PAGE, URL, credentials=credentials)
    assert (verdict.blocked_by, verdict.readable, verdict.sent) == (blocked, blocked is None, True), source


@pytest.mark.parametrize(
    ("allowed", "credentials", "readable"),
    [
        ("null", "include", YES),
        ("*", "omit", YES),
        ("Null", "omit", NO),
        ("", "omit", NO),
        (None, "omit", NO),
    ],
)
def test_null_origin(allowed, credentials, readable):
    """Fetch, "CORS check", step 2: null is not `null`; step 4 compares with `null` of an opaque origin."""
    server = Server(allow(allowed, "true"))
    assert Browser(server).fetch("null", URL, credentials=credentials).readable is readable
    assert server.requests[0].headers == [("Origin", "null")]


# Source, credentials, Allow-Methods, Allow-Headers, method, header (None: none), what blocks.
PREFLIGHT = [
    (STAR, NO, "get", "x-test", "GET", "X-Test", None),
    (STAR, NO, "*", "x-test", "SUPER", "X-Test", None),
    (STAR, NO, "*", "*", "OK", "X-Test", None),
    (STAR, YES, "*", "*", "OK", "X-Test", Blocked.PREFLIGHT_METHOD),
    (STAR, YES, "*", "", "PUT", None, Blocked.PREFLIGHT_METHOD),
    (STAR, YES, "PUT", "*", "PUT", None, None),
    (STAR, YES, "get", "*", "GET", "X-Test", Blocked.PREFLIGHT_HEADER),
    (STAR, YES, "*", "*", "GET", "X-Test", Blocked.PREFLIGHT_HEADER),
    (STAR, YES, "*", "*", "*", "*", None),
    (STAR, YES, "put", "*", "PUT", None, Blocked.PREFLIGHT_METHOD),
    (STAR, YES, "OK", "Content-Type", "GET", "Content-Type", None),
    ("Fetch, preflight, step 7.5", NO, "PATCH", None, "patch", None, Blocked.PREFLIGHT_METHOD),
    ("Fetch, preflight, step 7.5", NO, None, None, "DELETE", None, Blocked.PREFLIGHT_METHOD),
    ("Fetch, preflight, step 7.5", NO, None, "x-test", "POST", "X-Test", None),
    ("Fetch, preflight, step 7.6", NO, "*", "*", "GET", "Authorization", Blocked.PREFLIGHT_AUTHORIZATION),
    ("Fetch, preflight, step 7.6", NO, "*", "*, AUTHORIZATION", "GET", "Authorization", None),
    ("Fetch, preflight, step 7.7", NO, "*", "X-TEST", "GET", "x-Test", None),
    ("Fetch, preflight, step 7.7", NO, "*", None, "GET", "X-Test", Blocked.PREFLIGHT_HEADER),
    ("Fetch, preflight, step 7.7", NO, "*", "x-tes, x-testt", "GET", "X-Test", Blocked.PREFLIGHT_HEADER),
    ("RFC 9110 section 5.6.1.2", NO, " ,PUT,, NEW\t,", ",x-test ,", "NEW", "X-Test", None),
    (VALIDATION, NO, "*", "x-test,header name with space", "GET",
     "X-Test", Blocked.PREFLIGHT_LIST),
    (VALIDATION, NO, "Bad method name", "x-test", "GET",
     "X-Test", Blocked.PREFLIGHT_LIST),
    ("Fetch, HTTP new-header syntax", NO, '"PUT"', None, "PUT", None, Blocked.PREFLIGHT_LIST),
]  # fmt: skip


@pytest.mark.parametrize(("source", "include", "methods", "names", "method", "header", "blocked"), PREFLIGHT)
def test_preflight_check(source, include, methods, names, method, header, blocked):
    server = Server(allow(PAGE, "true"), allow(PAGE, "true", methods, names))
    headers = [(header, "uni/corn")] if header else []
    verdict = Browser(server).fetch(PAGE, URL, method, headers, "include" if include else "omit")
    assert (verdict.blocked_by, verdict.preflighted) == (blocked, True), source
    assert verdict.sent is verdict.readable is (blocked is None)


@pytest.mark.parametrize(
    "status", [200, 201, 204, 206, 299, 300, 301, 302, 304, 308, 400, 401, 404, 405, 500, 505]
)
def test_preflight_status(status):
    """fetch/api/cors/cors-preflight-status.any.js: 200 to 299 pass."""
    server = Server(allow(), allow(headers="x-test"), preflight_status=status)
    verdict = Browser(server).fetch(PAGE, URL, headers=[("X-Test", "")])
    assert verdict.blocked_by is (None if status < 300 else Blocked.PREFLIGHT_STATUS)


@pytest.mark.parametrize(
    ("preflight", "blocked"),
    [
        (allow(None, "true", "PUT"), Blocked.NO_ALLOW_ORIGIN),
        (allow("*", "true", "PUT"), Blocked.STAR_WITH_CREDENTIALS),
        (allow(PAGE, None, "PUT"), Blocked.NO_ALLOW_CREDENTIALS),
        (allow("null", "true", "PUT"), Blocked.OTHER_ORIGIN),
    ],
)
def test_the_preflight_has_to_pass_the_cors_check_of_the_request(preflight, blocked):
    """Fetch, "CORS-preflight fetch", step 7, the note: with the request's credentials mode."""
    server = Server(allow(PAGE, "true"), preflight)
    verdict = Browser(server).fetch(PAGE, URL, "PUT", credentials="include")
    assert (verdict.blocked_by, verdict.preflighted, verdict.sent) == (blocked, True, False)


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 403, 404, 405, 413, 500])
def test_any_other_answer_is_readable_whatever_its_status(status):
    """Fetch, "HTTP responses": a successful response to a CORS request can use any status."""
    verdict = Browser(Server(allow(PAGE), status=status)).fetch(PAGE, URL)
    assert (verdict.readable, verdict.status) == (True, status)


@pytest.mark.parametrize(
    ("headers", "blocked"), [(allow(), Blocked.REDIRECT), (allow("null"), Blocked.OTHER_ORIGIN)]
)
def test_redirects_are_network_errors(headers, blocked):
    """Fetch, "HTTP fetch", redirect mode "error"; the CORS check comes before it."""
    verdict = Browser(Server(headers, status=302)).fetch(PAGE, URL)
    assert (verdict.blocked_by, verdict.readable, verdict.sent) == (blocked, False, True)


# Source, the answer's Access-Control-Expose-Headers, credentials, name, readable.
EXPOSED = [
    *[
        (FILTER, None, NO, name, YES)
        for name in (
            "Cache-Control",
            "Content-Language",
            "Content-Type",
            "Expires",
            "Last-Modified",
            "Pragma",
        )
    ],
    *[(FILTER, None, NO, name, NO) for name in ("Age", "Server", "Warning", "Set-Cookie", "Set-Cookie2")],
    # cors-filtering.js of that age hides Content-Length; the standard safelists it.
    ("Fetch, CORS-safelisted response-header name", None, NO, "Content-Length", YES),
    *[(FILTER, name, NO, name, YES) for name in ("Age", "Server", "Warning", "Content-Length")],
    *[(FILTER, name, NO, name, NO) for name in ("Set-Cookie", "Set-Cookie2")],
    (EXPOSE, "*", NO, "Test", YES),
    (EXPOSE, "*", NO, "Set-Cookie", NO),
    (EXPOSE, "*", NO, "*", YES),
    (EXPOSE, "*", YES, "Content-Type", YES),
    (EXPOSE, "*", YES, "Test", NO),
    (EXPOSE, "*", YES, "Set-Cookie", NO),
    (EXPOSE, "*", YES, "*", YES),
    (EXPOSE, "*,set-cookie", NO, "Test", YES),
    (EXPOSE, "*,set-cookie", NO, "Set-Cookie", NO),
    ("Fetch, byte-case-insensitive", "x-FRAME,, X-Other", NO, "X-Frame", YES),
    ("Fetch, extract header list values", "x-frame, no no", NO, "X-Frame", NO),
    ("Fetch, extract header list values", '"x-frame"', NO, "X-Frame", NO),
    ("Fetch, extract header list values", "x-frame, no no", NO, "Content-Type", YES),
]


@pytest.mark.parametrize(("source", "expose", "include", "name", "readable"), EXPOSED)
def test_readable_headers(source, expose, include, name, readable):
    pair = (name, "value")
    server = Server([*allow(PAGE, "true", expose=expose), pair])
    verdict = Browser(server).fetch(PAGE, URL, credentials="include" if include else "omit")
    assert (pair in verdict.readable_headers) is readable, source


def test_two_expose_headers_make_one_list():
    """Fetch, "extract header list values", step 4."""
    headers = [*allow(expose="x-a"), *allow(None, expose="x-b"), ("X-A", "1"), ("X-B", "2")]
    assert readable_headers(Response(200, headers), False) == [("X-A", "1"), ("X-B", "2")]


def test_same_origin_answers_need_no_header():
    """Fetch, "main fetch": response tainting "basic"; "append a request `Origin` header", step 4."""
    server = Server([("X-A", "1"), ("Set-Cookie", "a=b")])
    browser = Browser(server, cookie="c=d")
    page = origin_of(URL)
    verdict = browser.fetch(page, URL, "PUT", [("X-B", "1")])
    assert (verdict.readable, verdict.preflighted, verdict.readable_headers) == (True, False, [("X-A", "1")])
    assert browser.fetch(page, URL, credentials="omit").readable
    assert server.requests == [
        Request("PUT", URL, [("X-B", "1"), ("Origin", page), ("Cookie", "c=d")]),
        Request("GET", URL, []),
    ]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://camera.local/a?b#c", "http://camera.local"),
        ("http://Camera.LOCAL:80/", "http://camera.local"),
        ("https://camera.local:443", "https://camera.local"),
        ("https://camera.local:80", "https://camera.local:80"),
        ("http://[fe80::1]:8080/", "http://[fe80::1]:8080"),
        ("http://192.168.4.1", "http://192.168.4.1"),
    ],
)
def test_origin_of(url, origin):
    assert origin_of(url) == origin


# Source, what Access-Control-Max-Age holds (one item a header), seconds.
MAX_AGES = [
    ("Fetch, preflight, step 7.9", [], 5),
    (CACHE, ["0"], 0),
    (CACHE, ["1"], 1),
    ("fetch/api/cors/cors-preflight-cache.any.js", ["12000"], 12000),
    # preflight-cache.htm expects -1 not to be cached; to the standard it is no delta-seconds, so 5.
    ("Fetch, preflight, step 7.9", ["-1"], 5),
    ("Fetch, preflight, step 7.9", ["1.5"], 5),
    ("Fetch, preflight, step 7.9", ["ten"], 5),
    ("Fetch, extract header list values, step 2", ["7", "7"], 5),
    ("RFC 9112 section 5.1", [" 7\t"], 7),
]


@pytest.mark.parametrize(("source", "values", "seconds"), MAX_AGES)
def test_max_age(source, values, seconds):
    assert max_age([("access-control-max-age", value) for value in values]) == seconds, source


@pytest.mark.parametrize(
    ("age", "limit", "kept"),
    [
        (None, 7200, 5),
        ("0", 7200, 0),
        ("1", 7200, 1),
        ("600", 7200, 600),
        ("86400", 7200, 7200),
        ("-1", 7200, 5),
    ],
)
def test_the_cache_keeps_a_preflight_for_its_age(age, limit, kept):
    clock = Clock()
    server = Server(allow(), allow(headers="x-a", age=age))
    browser = Browser(server, clock=clock, max_age_limit=limit)
    for moment, expected in [(0, 1), (max(kept - 0.5, 0), 1 if kept else 2), (kept, 2 if kept else 3)]:
        clock.now = 1000 + moment
        assert browser.fetch(PAGE, URL, headers=[("X-A", "1")]).readable
        assert server.preflights == expected


# What a second fetch changes against PUT with X-A from PAGE to URL, and whether it asks again.
CACHED = [
    ("nothing", {}, NO),
    ("another origin", {"page_origin": "https://other.example"}, YES),
    ("another URL", {"url": URL + "?2"}, YES),
    ("another method, preflight needed", {"method": "DELETE"}, YES),
    ("a safe method", {"method": "POST"}, NO),
    ("fewer headers", {"headers": []}, NO),
    ("the same header in another case", {"headers": [("x-a", "2")]}, NO),
    ("one header more", {"headers": [("X-A", "1"), ("X-B", "1")]}, YES),
    ("one safe header more", {"headers": [("X-A", "1"), ("Accept", "*/*")]}, NO),
    ("with credentials", {"credentials": "include"}, YES),
]


@pytest.mark.parametrize(("about", "change", "again"), CACHED)
def test_what_the_cache_is_keyed_by(about, change, again):
    """Fetch, "cache entry match", "method cache entry match", "header-name cache entry match"."""
    server = Server(allow(), allow(methods="PUT", headers="X-A", age="60"))
    browser = Browser(server, clock=Clock())
    first = {
        "page_origin": PAGE,
        "url": URL,
        "method": "PUT",
        "headers": [("X-A", "1")],
        "credentials": "omit",
    }
    assert browser.fetch(**first).readable
    assert browser.fetch(**{**first, **change}).preflighted is again, about


def test_entries_with_credentials_serve_fetches_without():
    """Fetch, "cache entry match", the list of credentials."""
    server = Server(allow(PAGE, "true"), allow(PAGE, "true", "PUT", age="60"))
    browser = Browser(server, clock=Clock())
    modes = ["include", "include", "omit", "same-origin"]
    verdicts = [browser.fetch(PAGE, URL, "PUT", credentials=mode) for mode in modes]
    assert [verdict.preflighted for verdict in verdicts] == [True, False, False, False]


def test_star_in_the_cache_covers_all_but_authorization():
    """Fetch, "header-name cache entry match"."""
    server = Server(allow(), allow(methods="*", headers="*, authorization", age="60"))
    browser = Browser(server, clock=Clock())
    assert browser.fetch(PAGE, URL, "PUT", [("X-A", "1")]).preflighted
    assert not browser.fetch(PAGE, URL, "NEW", [("X-B", "1"), ("Authorization", "x")]).preflighted
    server.answers[True] = (204, allow(methods="*", headers="*", age="60"))
    other = URL + "?2"
    assert browser.fetch(PAGE, other, "PUT", [("X-A", "1")]).preflighted
    assert not browser.fetch(PAGE, other, "NEW", [("X-B", "1")]).preflighted
    verdict = browser.fetch(PAGE, other, headers=[("Authorization", "x")])
    assert (verdict.preflighted, verdict.blocked_by) == (True, Blocked.PREFLIGHT_AUTHORIZATION)


def test_a_network_error_clears_the_cache():
    """Fetch, "main fetch": clear cache entries, also when it is the answer that fails the CORS check."""
    server = Server(allow(), allow(methods="PUT", age="60"))
    browser = Browser(server, clock=Clock())
    assert browser.fetch(PAGE, URL, "PUT").preflighted
    server.answers[False] = (200, [])
    verdict = browser.fetch(PAGE, URL, "PUT")
    assert (verdict.preflighted, verdict.sent, verdict.blocked_by) == (False, True, Blocked.NO_ALLOW_ORIGIN)
    assert browser.fetch(PAGE, URL, "PUT").preflighted


# Source, page, URL, the answer's Cross-Origin-Resource-Policy (None: absent), embeddable.
RESOURCE_POLICIES = [
    (CORP, "http://camera.local", "http://camera.local/x", "same-origin", YES),
    (CORP, "http://camera.local", "http://camera.local/x", "same-site", YES),
    (CORP, "http://page.example", "http://camera.local/x", "same-origin", NO),
    (CORP, "http://page.example", "http://camera.local/x", "same-site", NO),
    (CORP, "http://a.example.com", "https://a.example.com/x", "same-site", NO),
    (CORP, "http://a.example.com", "http://b.example.com:81/x", "same-origin", NO),
    (CORP, "http://a.example.com", "http://b.example.com:81/x", "same-site", YES),
    ("fetch/cross-origin-resource-policy/scheme-restriction.https.window.js", "https://a.example.com",
     "http://b.example.com/x", "same-site", YES),
    *[
        (CORP_SYNTAX, "http://page.example", "http://camera.local/x", value, YES)
        for value in ("same", "same, same-origin", "SAME-ORIGIN", "Same-Origin", "same-origin, <>",
                      "same-origin, same-origin", "https://www.example.com")
    ],
    ("Fetch, internal check, step 5", "http://page.example", "http://camera.local/x", "cross-origin", YES),
    ("Fetch, internal check, step 5", "http://page.example", "http://camera.local/x", None, YES),
    ("Fetch, internal check, step 5", "null", "http://camera.local/x", "same-origin", NO),
    ("Fetch, internal check, step 5", "null", "http://camera.local/x", "same-site", NO),
]  # fmt: skip


@pytest.mark.parametrize(("source", "page", "url", "policy", "embeddable"), RESOURCE_POLICIES)
def test_resource_policy(source, page, url, policy, embeddable):
    headers = [("Cross-Origin-Resource-Policy", policy)] if policy is not None else []
    assert is_embeddable(page, Response(200, headers), url) is embeddable, source
    verdict = Browser(Server(headers)).embed(page, url)
    assert verdict.blocked_by is (None if embeddable else Blocked.RESOURCE_POLICY)
    assert verdict.readable is (page == origin_of(url))


def test_embedding_sends_cookies_and_no_origin():
    """Fetch, "append a request `Origin` header": no-cors GET has none."""
    server = Server()
    Browser(server, cookie="a=b").embed(PAGE, URL)
    assert server.requests == [Request("GET", URL, [("Cookie", "a=b")])]


def test_cors_ignores_the_resource_policy():
    """fetch/cross-origin-resource-policy/fetch.any.js: a cors fetch reads a same-origin answer."""
    server = Server([*allow(), ("Cross-Origin-Resource-Policy", "same-origin")])
    assert Browser(server).fetch(PAGE, URL).readable


@pytest.mark.parametrize(
    ("one", "other", "suffixes", "same"),
    [
        ("http://a.example.com", "https://example.com:8443", (), YES),
        ("http://a.example.com", "http://example.org", (), NO),
        ("http://camera.local", "http://other.local", (), NO),
        ("http://a.co.uk", "http://b.co.uk", ("co.uk",), NO),
        ("http://x.a.co.uk", "http://a.co.uk", ("co.uk",), YES),
        ("http://192.168.4.1", "http://192.168.4.1:8080", (), YES),
        ("http://192.168.4.1", "http://10.168.4.1", (), NO),
        ("http://[fe80::1]", "http://[fe80::2]", (), NO),
        ("null", "null", (), NO),
    ],
)
def test_is_same_site(one, other, suffixes, same):
    """HTML, "schemelessly same site", and its table of examples."""
    assert is_same_site(one, other, suffixes) is same


def test_extract_list():
    assert extract_list([], "a") is None
    assert extract_list([("A", ""), ("a", " x , ,Y")], "a") == ["x", "Y"]
    with pytest.raises(ValueError, match="not a list of tokens"):
        extract_list([("A", "x y")], "a")
    assert not is_token("x\n")

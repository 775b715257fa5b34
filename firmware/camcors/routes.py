"""The camera's paths and their methods: one table.

`api.py` makes the camera's routes from it, and `camcors explain` judges requests by it, on a computer.
"""

from microdot import Response
from strict import error, late

from .http.methods import is_taken

GET_PAGE = ("GET", "/")
GET_STATUS = ("GET", "/api/status")
GET_CAPTURE = ("GET", "/api/capture")
GET_STREAM = ("GET", "/api/stream")
GET_CAMERA = ("GET", "/api/camera")
PUT_CAMERA = ("PUT", "/api/camera")
PUT_LED = ("PUT", "/api/led")
POST_SESSION = ("POST", "/api/session")
DELETE_SESSION = ("DELETE", "/api/session")
POST_LINKS = ("POST", "/api/links")
GET_ACCESS = ("GET", "/api/access")

ROUTES = (
    GET_PAGE,
    GET_STATUS,
    GET_CAPTURE,
    GET_STREAM,
    GET_CAMERA,
    PUT_CAMERA,
    PUT_LED,
    POST_SESSION,
    DELETE_SESSION,
    POST_LINKS,
    GET_ACCESS,
)
REMEDY = (
    "ask for /, /api/status, /api/capture, /api/stream, /api/camera, /api/led, /api/session, /api/links or "
    "/api/access"
)
TAKES = "this path takes "  # before the methods, in the words of a 405
#: Bytes of a body that one of these takes; all fields of a sensor are 600.
BODY_MAX = 2048
RETRY_AFTER = "5"  # seconds, of what may be over soon
NO_STORE = {"Cache-Control": "no-store"}  # the answer lies a moment later


def is_own(method, path):
    """Return whether a method and a path are one of ROUTES; allocates nothing."""
    for route in ROUTES:
        if route[1] == path and route[0] == method:
            return True
    return False


def on(app, route):
    """Return a decorator that has a handler answer `route`, one of ROUTES, on `app` (microdot.Microdot)."""
    method, path = route
    return app.route(path, methods=[method])


def on_late(app, some, module, given):
    """Have `some` of ROUTES answered by `answer(request, given)` of a module (str) that is there only while
    somebody asks, see strict/late.py."""

    async def answer(request):
        return await late.load(module).answer(request, given)

    for route in some:
        on(app, route)(answer)


def attach_errors(app):
    """Give `app` the answers to a path that is none, and to a method that a path does not take."""

    @app.errorhandler(405)
    async def wrong_method(request):
        allow = app.default_options_handler(request)["Allow"]  # RFC 9110 section 15.5.6 asks for it
        return refuse(request, error.WRONG_METHOD, TAKES + allow, {"Allow": allow})

    @app.errorhandler(404)
    async def nowhere(request):
        # A method that is good for nothing here is what is wrong with it, whatever the path.
        if not is_taken(app, request.method):
            return await wrong_method(request)
        return refuse(request, error.NOT_FOUND, "there is nothing at this path", remedy=REMEDY)


def turn_away(request, cors, code, words, remedy, more):
    """Return the answer (microdot.Response) of what stands before the application: an error, with the headers
    of the policy of `cors` and `more` (dict) beside its own."""
    body, status, headers = refuse(request, code, words, cors.get_cors_headers(request), remedy=remedy)
    # Microdot merges the policy's Vary into the answers of handlers only.
    headers["Vary"] = ", ".join(["Accept"] + sorted(getattr(request.g, "_vary", ())))
    headers.update(more)
    response = Response(body, status, headers)
    response.is_head = request.method == "HEAD"  # as Microdot does for its own answers
    return response


def refuse(request, code, words, headers=None, **more):
    """Return the answer (tuple) with an error, and `headers` (dict) beside its own."""
    body, fields = error.answer(request.headers.get("Accept"), code, words, **more)
    if headers:
        fields.update(headers)
    return body, error.status_of(code), fields


def unavailable(request, code, words, remedy=None, **more):
    """Return the answer (tuple) with an error that may be over when it is asked again."""
    return refuse(request, code, words, {"Retry-After": RETRY_AFTER}, remedy=remedy, **more)

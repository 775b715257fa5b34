"""The answer to what the connection layer refuses: its words, and what the application adds to it."""

from microdot import Microdot, Request, Response
from microdot.microdot import invoke_handler
from strict import error

from .head import Refusal
from .phases import WORDS_NO_MEMORY

#: The body of the answer to what the camera itself gets wrong.
FAILURE = b'{"error": "internal server error", "code": "internal"}'
_FAILURE_HEADERS = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"}
#: status -> the code of a refusal that names none.
_CODES = {
    400: error.BAD_REQUEST,
    408: error.TIMEOUT,
    413: error.BODY_TOO_LARGE,
    417: error.BAD_EXPECTATION,
    431: error.HEAD_TOO_LARGE,
    501: error.NOT_IMPLEMENTED,
    503: error.BUSY,
    505: error.BAD_VERSION,
}

# Microdot refuses a body over max_content_length before it looks for a route, and asks the sub-application
# of the request for the answer. So the guards judge a refused request, the hooks for errors see it with its
# answer, CORS among them, and no handler does.
_refusals = Microdot()


@_refusals.errorhandler(413)
async def _give_answer(request):
    return request.g.answer


def answer_to(refusal, asked):
    """Return the answer (microdot.Response) to a Refusal.

    asked: (method, target, version, headers) as far as they are known, or ().
    """
    status, words, *codes = refusal.args
    accept = asked[3].get("accept") if asked else None
    body, headers = error.answer(accept, codes[0] if codes else _CODES[status], words)
    return Response(body, status, headers)


def failure():
    """Return the answer (microdot.Response) to what the camera itself gets wrong."""
    return Response(FAILURE, 500, _FAILURE_HEADERS)


def no_memory():
    """Return the answer (microdot.Response) of a camera that has no memory left for one."""
    return answer_to(Refusal(503, WORDS_NO_MEMORY, error.NO_MEMORY), ())


def refused_request(app, client, asked, response, scheme):
    """Return what `app` gives its answer to for a request (microdot.Request) that the layer refuses with
    `response`.

    asked: (method, target, version, headers), of which the query does not count. scheme: "http" or "https".
    """
    method, target, version, headers = asked
    headers.pop("content-length", None)  # its body was not read
    path = target.partition("?")[0]
    request = Request(app, client, method, path, version, headers, body=b"", scheme=scheme)
    request.subapp = _refusals
    request.g.answer = response
    request.content_length = 1
    request.max_content_length = 0
    return request


async def dispatch_unknown(app, response):
    """Return the answer of `app` to what is no request: `response` after the hooks for errors."""
    for handler in app.after_error_request_handlers:
        response = await invoke_handler(handler, None, response) or response
    return response

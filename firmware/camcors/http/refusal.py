"""The answer to what the connection layer refuses: its words, and what the application adds to it."""

from microdot import Microdot, Request
from microdot.microdot import invoke_handler

# Microdot refuses a body over max_content_length before it looks for a route, and asks the sub-application
# of the request for the answer. So the guards judge a refused request, the hooks for errors see it with its
# answer, CORS among them, and no handler does.
_refusals = Microdot()


@_refusals.errorhandler(413)
async def _give_answer(request):
    return request.g.answer


async def dispatch_refused(app, client, asked, response):
    """Return the answer (microdot.Response) of `app` to a request that the layer refuses with `response`.

    asked: (method, target, version, headers), of which the query does not count.
    """
    method, target, version, headers = asked
    headers.pop("content-length", None)  # its body was not read
    request = Request(app, client, method, target.partition("?")[0], version, headers, body=b"")
    request.subapp = _refusals
    request.g.answer = response
    request.content_length = 1
    request.max_content_length = 0
    return await app.dispatch_request(request)


async def dispatch_unknown(app, response):
    """Return the answer of `app` to what is no request: `response` after the hooks for errors."""
    for handler in app.after_error_request_handlers:
        response = await invoke_handler(handler, None, response) or response
    return response

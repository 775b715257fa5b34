"""The camera's own rules, run here: a Microdot application with its paths, CORS and Guard, as it has it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlsplit

from camcors import routes
from camcors.http.head import Headers, Refusal
from camcors.http.methods import STANDARD, is_taken
from camcors.http.phases import WORDS_NO_METHOD
from camcors.http.refusal import answer_to, refused_request
from cors import CORS, Policy
from cors.guard import Guard
from cors.guard import own_names as own_names  # for who gives it to Engine
from microdot import Microdot
from microdot import Request as MicrodotRequest
from microdot import Response as MicrodotResponse

from ..ui.output import silence_logs
from .fetch import Request, Response

#: What an answer of the camera has beside the safelisted headers, for `expose_headers` to tell apart.
HEADERS = ("X-Frame-Id", "X-Timestamp")
_NOBODY = ("127.0.0.1", 1)

T = TypeVar("T")


class Engine:
    """Answers as a camera with `policy` does. What a handler would answer is an empty 200.

    own, ports: where the camera itself is, as `Guard` has them.
    """

    def __init__(self, policy: Policy, own: tuple[str, ...], ports: tuple[tuple[str, int], ...]):
        silence_logs()
        self._app = Microdot()
        cors = CORS(self._app)
        cors.policy = policy
        Guard(self._app, cors, own, ports)
        routes.attach_errors(self._app)
        headers = dict.fromkeys([*HEADERS, *(policy.expose_headers or ())], "1")
        headers.pop("*", None)
        for route in routes.ROUTES:
            routes.on(self._app, route)(_in_place(lambda _: ("", 200, dict(headers))))
        for hooks in (self._app.after_request_handlers, self._app.after_error_request_handlers):
            hooks[:] = map(_in_place, hooks)

    def send(self, request: Request) -> tuple[Response, str]:
        """Return the answer to `request`, and its body."""
        return _finish(self._answer(request))

    async def _answer(self, request: Request) -> tuple[Response, str]:
        url = urlsplit(request.url)
        headers = Headers()
        for name, value in [("Host", url.netloc), *request.headers]:
            headers[name] = value
        answer = await self._dispatch(request.method, url.scheme, url.path, headers)
        answer.complete()
        pairs = [
            (name, item)
            for name, value in answer.headers.items()
            for item in (value if isinstance(value, list) else [value])
        ]
        return Response(answer.status_code, pairs), bytes(answer.body or b"").decode()

    async def _dispatch(self, method: str, scheme: str, path: str, headers: Headers) -> MicrodotResponse:
        """Answer as the connection layer does, which refuses a method that it does not know."""
        if method in STANDARD or is_taken(self._app, method):
            asked = MicrodotRequest(self._app, _NOBODY, method, path, "1.1", headers, scheme=scheme)
        else:
            head = (method, path, "1.1", headers)
            refused = answer_to(Refusal(501, WORDS_NO_METHOD), head)
            asked = refused_request(self._app, _NOBODY, head, refused, scheme)
        answer: MicrodotResponse = await self._app.dispatch_request(asked)
        return answer


def _in_place(handler: Callable[..., Any]) -> Any:
    """Return the handler as one that Microdot runs at once, as on the camera: here, others get a thread."""

    async def run(*arguments: Any) -> Any:
        return handler(*arguments)

    return run


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what it returns. The camera's rules wait for nothing, so no event loop is made for them."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("a rule of the camera waits for something")

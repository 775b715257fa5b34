"""The camera's own rules, run here: a Microdot application with CORS and Guard, as on the camera."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from cors import CORS, Policy
from cors.guard import Guard
from microdot import Microdot
from microdot import Request as MicrodotRequest
from microdot.microdot import NoCaseDict

from ..ui.output import silence_logs
from .fetch import Request, Response

#: What an answer of the camera has beside the safelisted headers, for `expose_headers` to tell apart.
HEADERS = ("X-Frame-Id", "X-Timestamp")
_NOBODY = ("127.0.0.1", 1)


class Engine:
    """Answers as a camera with `policy` does; its application has a handler for every path.

    own, ports: where the camera itself is, as `Guard` has them. method: one that the handler takes.
    """

    def __init__(self, policy: Policy, own: tuple[str, ...], method: str, ports: tuple[tuple[str, int], ...]):
        silence_logs()
        self._app = Microdot()
        cors = CORS(self._app)
        cors.policy = policy
        Guard(self._app, cors, own, ports)
        headers = dict.fromkeys([*HEADERS, *(policy.expose_headers or ())], "1")
        headers.pop("*", None)
        for path in ("/", "/<path:path>"):
            self._app.route(path, methods=["GET", method.upper()])(lambda *_, **__: ("", 200, dict(headers)))

    def send(self, request: Request) -> tuple[Response, str]:
        """Return the answer to `request`, and its body."""
        return asyncio.run(self._answer(request))

    async def _answer(self, request: Request) -> tuple[Response, str]:
        url = urlsplit(request.url)
        headers = NoCaseDict({"Host": url.netloc, **dict(request.headers)})
        asked = MicrodotRequest(self._app, _NOBODY, request.method, url.path, "1.1", headers)
        answer = await self._app.dispatch_request(asked)
        answer.complete()
        pairs = [
            (name, item)
            for name, value in answer.headers.items()
            for item in (value if isinstance(value, list) else [value])
        ]
        return Response(answer.status_code, pairs), bytes(answer.body or b"").decode()

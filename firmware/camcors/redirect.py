"""`Redirect`: sends plain http on to https, while the camera serves that (`tls.plain`: "redirect").

Not a preflight, which no browser follows anywhere; nor what comes through a trusted proxy, which has TLS of
its own in front; nor the access point, where the set-up form must open on any phone.
"""

from cors.origin import split_port
from cors.rules import requested_method
from strict import error
from strict.compat import lower

from .http.request import is_proxied
from .routes import turn_away

_HTTPS = 443
_WORDS = "the camera speaks https"


class Redirect:
    """Stands before a Microdot application, behind the Guard, which has judged the Host.

    port: that of https (int) while it redirects, None while it does not. guard: the Guard.
    """

    guard = None

    def __init__(self, app, cors):
        self.port = None
        self._cors = cors
        self._dispatch = app.dispatch_request
        app.dispatch_request = self._send_on

    def _send_on(self, request):
        """Return the awaitable that gives the answer to `request`."""
        if (
            self.port is None
            or request is None
            or request.content_length > request.max_content_length  # refused already
            or request.scheme == "https"
            or self.guard.portal is not None
            or is_proxied(request)
            or requested_method(request) is not None
        ):
            return self._dispatch(request)
        return self._answer(request)

    async def _answer(self, request):
        name = split_port(lower(request.headers.get("Host") or self.guard.own[-1]))[0]
        port = "" if self.port == _HTTPS else ":" + str(self.port)
        url = "https://" + name + port + request.url
        return turn_away(request, self._cors, error.USE_HTTPS, _WORDS, "ask for " + url, {"Location": url})

"""`Door`: asks the lock about each request, before the application routes it.

It stands behind Guard, so that a request with a foreign Host, or a write from a foreign origin, is refused
whatever it shows; and the headers that Guard adds stand on its refusals as well.
"""

from access import roles
from access.lock import ANYONE, Verdict
from microdot import microdot
from strict import error
from strict.sender import NO_ORIGIN

from . import routes
from .http.phases import WORDS_NO_MEMORY

#: Handlers of /main.py that need what their method does not say: (handler, what it needs), see access.py.
marks = []
_PATHS = (routes.POST_SESSION, routes.DELETE_SESSION, routes.POST_LINKS, routes.GET_ACCESS)
#: On a request that there is no memory to judge.
UNJUDGED = Verdict(None)
UNJUDGED.code = error.NO_MEMORY
UNJUDGED.words = WORDS_NO_MEMORY


class Door:
    """Stands before a Microdot application. Make it before the Guard, which is then asked whose page sends.

    guard: that Guard, assigned once it is made. keeper: has the `lock` (access.lock.Lock) and
    `uptime_s()`, seconds since the start (int), by which links and sessions end.
    A request that passes costs nothing here but what the lock needs: what stands before the application's
    coroutine is no coroutine itself.
    """

    guard = None

    def __init__(self, app, cors, keeper):
        self._app = app
        self._cors = cors
        self.keeper = keeper
        self._dispatch = app.dispatch_request
        app.dispatch_request = self._admit

    def attach(self):
        """Register the paths of the lock itself on the application."""
        routes.on_late(self._app, _PATHS, "camcors.access_paths", self)

    def judge(self, request):
        """Return the access.lock.Verdict on `request` (microdot.Request)."""
        method = request.method
        needed = self._needed_by_mark(request) if marks else None
        if needed is None:
            needed = roles.needed(method, request.path)
        if needed == roles.PUBLIC:
            return ANYONE
        if method != "OPTIONS":
            header = request.headers.get("Authorization")
            if header is None:
                verdict = self.keeper.lock.admits_anyone(needed, request.query_string, request.headers)
            else:
                verdict = self.keeper.lock.admits(needed, header)
            if verdict is not None:
                return verdict
        return self._judge_all(needed, request)

    def _judge_all(self, needed, request):
        headers = request.headers
        shows = headers.get("Authorization") is not None or headers.get("Cookie") is not None
        try:
            return self.keeper.lock.judge(
                needed,
                request.method,
                request.path,
                request.query_string,
                headers,
                self.guard.sender(request) if shows else NO_ORIGIN,
                self.keeper.uptime_s(),
            )
        except MemoryError as exc:
            microdot.print_exception(exc)  # as of a handler
            return UNJUDGED

    def verdict(self, request):
        """Return the access.lock.Verdict by which `request` has passed."""
        return request.g.verdict

    async def refuse(self, request, verdict):
        """Return the answer (microdot.Response) to what `verdict` refuses, when it may be sent."""
        if verdict.wait_ms:
            await request.sock[0].pause(verdict.wait_ms)
        if verdict is UNJUDGED:
            more = {"Retry-After": routes.RETRY_AFTER}
        else:
            more = {"WWW-Authenticate": list(verdict.challenge)}
        return routes.turn_away(request, self._cors, verdict.code, verdict.words, verdict.remedy, more)

    def _admit(self, request):
        """Return the awaitable that gives the answer to `request`."""
        # What is too large, or was refused before, gets its answer from Microdot, and runs nothing.
        if request is None or request.content_length > request.max_content_length:
            return self._dispatch(request)
        verdict = request.g.verdict = self.judge(request)
        return self._dispatch(request) if verdict.code is None else self.refuse(request, verdict)

    def _needed_by_mark(self, request):
        """Return what the handler of `request` is marked to need, None without a mark. To look for it takes
        as much heap as the lock."""
        if request.method == "OPTIONS" or routes.is_own(request.method, request.path):
            return None
        handler = self._app.find_route(request)[0]
        for each, needed in reversed(marks):  # the last one counts
            if each is handler:
                return needed
        return None

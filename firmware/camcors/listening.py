"""Where the camera listens: for plain http, for https, or both, as `Https` says; and who is told of it."""

from .http.clock import sleep_ms
from .log import log

_RETRY_MS = 2000
_FAILURES = (OSError, RuntimeError)  # no thread for the handshakes is a RuntimeError


class Listening:
    """Owned by the camera.

    server: http.server.Server. https: https.Https. guard: cors.guard.Guard. redirect: redirect.Redirect.
    fault: called with a line (str) for people. host, port: of plain http.
    """

    def __init__(self, server, https, guard, redirect, fault, host, port):
        self._server = server
        self._https = https
        self._guard = guard
        self._redirect = redirect
        self._fault = fault
        self._host = host
        self._port = port
        self._is_plain = self._is_secure = False
        self._context = None  # what new connections get
        self._told = None  # what the guard was told
        self._said = []  # where it could not listen

    @property
    def is_settled(self):
        """Whether the camera listens where it should."""
        https = self._https
        return https.context is self._context and self._told == (
            https.context is not None,
            https.redirects,
            https.serves_plain,
        )

    async def begin(self):
        """Listen; try until somebody can reach the camera: a port may be taken, or the network not up yet."""
        await self.follow()
        while not (self._is_plain or self._is_secure):
            await sleep_ms(_RETRY_MS)
            await self.follow()

    def tell(self, address):
        """Say where the camera is ready. address: its own (str)."""
        if self._is_secure:
            log.say("ready https://" + address + ":" + str(self._https.port))
        if self._is_plain:
            log.say("ready http://" + address + ":" + str(self._port))

    async def follow(self):
        """Listen as `https` says now. Raise nothing but MemoryError; what fails is tried again."""
        https, server = self._https, self._server
        if https.context is not None:
            self._is_secure = await self._try(
                https.port, server.start_secure(self._host, https.port, https.context)
            )
        elif self._is_secure:
            self._is_secure = False
            await server.stop_secure()
        wants_plain = https.serves_plain or not self._is_secure
        if wants_plain and not self._is_plain:
            self._is_plain = await self._try(self._port, server.start(self._host, self._port))
        elif self._is_plain and not wants_plain:
            self._is_plain = False
            await server.stop()
        self._context = https.context
        self._tell(https)

    async def _try(self, port, starting):
        """Await `starting`; return whether it listens."""
        try:
            await starting
            return True
        except _FAILURES as exc:
            if port not in self._said:
                self._said.append(port)
                self._fault("cannot listen on %s:%d (%s); retrying" % (self._host, port, exc))
            return False

    def _tell(self, https):
        """Tell guard and redirect what pages are the camera's own, and where plain http is sent."""
        redirects = self._is_secure and https.redirects
        told = self._is_secure, redirects, self._is_plain
        if told == self._told:
            return
        self._redirect.port = https.port if redirects else None
        ports = (("http", self._port),)
        if self._is_secure:
            ports += (("https", https.port),)
        self._guard.listen(ports, redirects or not self._is_plain)
        self._told = told

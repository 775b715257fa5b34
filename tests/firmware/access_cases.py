"""Each endpoint, asked with each credential from each kind of page, through Guard, Door and Microdot.

As a script: access_cases.py prints what was wrong, a line for each, and a count. Runs on CPython and
MicroPython. What is expected is said here by rules of its own: see `expected`.
"""

import asyncio
import binascii
import json
import sys

from access import links, secret
from access.document import Access
from access.lock import Lock
from access.sessions import COOKIE, log_in
from camcors import access, routes
from camcors.door import Door
from camcors.http.head import Headers
from cors import CORS, Policy
from cors.guard import Guard
from microdot import Microdot, Request

NAMES = ("view", "control", "admin")
TOKENS = {name: "camcors_%026d" % i for i, name in enumerate(NAMES + ("removed", "wrong"))}
HOST = "camera.local"
ALLOWED = "https://allowed.example"
ORIGINS = {
    "no origin": None,
    "own page": "http://" + HOST,
    "allowed": ALLOWED,
    "trusted": ALLOWED,
    "foreign": "https://evil.example",
    "preflight": ALLOWED,
    "foreign preflight": "https://evil.example",
}
CREDENTIALS = ("none", "wrong", "removed", "link", "ended link") + tuple(
    [how + " " + name for how in ("bearer", "basic", "cookie") for name in NAMES]
)
BODIES = {
    ("POST", "/api/session"): {"token": TOKENS["view"]},
    ("POST", "/api/links"): {"path": "/api/stream", "for_s": 60},
}
STATUS = {("DELETE", "/api/session"): 204}
#: (method, path) -> what it needs.
NEEDS = {
    ("GET", "/"): "public",
    ("HEAD", "/"): "public",
    ("GET", "/api/status"): "view",
    ("HEAD", "/api/status"): "view",
    ("OPTIONS", "/api/status"): "view",
    ("GET", "/api/capture"): "view",
    ("GET", "/api/stream"): "view",
    ("GET", "/api/camera"): "view",
    ("PUT", "/api/camera"): "control",
    ("PUT", "/api/led"): "control",
    ("POST", "/api/session"): "public",
    ("DELETE", "/api/session"): "public",
    ("POST", "/api/links"): "view",
    ("GET", "/api/access"): "admin",
    ("HEAD", "/api/access"): "admin",
    ("GET", "/plain"): "view",
    ("POST", "/plain"): "control",
    ("GET", "/open"): "public",
    ("HEAD", "/open"): "public",
    ("POST", "/open"): "control",
    ("GET", "/secret"): "admin",
    ("get", "/plain"): "view",
    ("GET", "/nowhere"): "view",
    ("PUT", "/nowhere"): "control",
    ("DELETE", "/"): "control",
}
_NOT_THERE = {("GET", "/nowhere"): 404, ("PUT", "/nowhere"): 404, ("DELETE", "/"): 405}
_ORDER = (None, "view", "control", "admin")


def access_file():
    return Access(
        tokens=[
            {
                "name": name,
                "role": name,
                "sha256": binascii.hexlify(secret.hash_of(TOKENS[name])).decode(),
            }
            for name in NAMES
        ]
    )


class Keeper:
    """Has the lock; its time stands still."""

    lock = None

    def uptime_s(self):
        return 1000


class Receiver:
    """Notes for how long an answer was held back."""

    def __init__(self):
        self.paused_ms = 0

    async def pause(self, duration_ms):
        self.paused_ms += duration_ms


class Camera:
    """The application with its paths, whose handlers note that they have run."""

    def __init__(self, **policy):
        self.app = app = Microdot()
        self.cors = CORS(app)
        self.keeper = Keeper()
        self.door = Door(app, self.cors, self.keeper)
        self.door.guard = Guard(app, self.cors, (HOST,), (("http", 80),))
        self.ran = 0
        own = [routes.POST_SESSION, routes.DELETE_SESSION, routes.POST_LINKS, routes.GET_ACCESS]
        for route in routes.ROUTES:
            if route not in own:
                routes.on(app, route)(self._run)
        self.door.attach()
        routes.attach_errors(app)
        app.route("/plain", methods=["GET", "POST"])(self._run)
        app.post("/open")(self._run)

        @app.get("/open")
        @access.public
        async def get_open(request):
            return await self._run(request)

        @app.get("/secret")
        @access.needs("admin")
        async def get_secret(request):
            return await self._run(request)

    async def _run(self, request):
        self.ran += 1
        return "ran"

    def renew(self):
        """Begin again, as a camera that has just started."""
        self.keeper.lock = Lock(b"1" * 32)
        self.keeper.lock.access = access_file()
        self.ran = 0

    def ask(self, method, target, headers, body=b"", scheme="http"):
        """Return the answer, and for how many milliseconds it was held back."""
        request = self.request(method, target, headers, body)
        request.scheme = scheme
        receiver = Receiver()
        request.sock = (receiver, None)
        return asyncio.run(self.app.dispatch_request(request)), receiver.paused_ms

    def request(self, method, target, headers, body=b""):
        """Return the request (microdot.Request), which has no socket."""
        given = Headers()
        for name in headers:
            given[name] = headers[name]
        given["host"] = HOST
        given["content-length"] = str(len(body))
        return Request(self.app, ("127.0.0.1", 1), method, target, "1.1", given, body=body)


def show(camera, credential, path):
    """Return (target, headers) of a request to `path` that shows `credential`."""
    lock = camera.keeper.lock
    how, _, name = credential.partition(" ")
    if how in ("wrong", "removed"):
        return path, {"authorization": "Bearer " + TOKENS[how]}
    if how == "bearer":
        return path, {"authorization": "Bearer " + TOKENS[name]}
    if how == "basic":
        pair = binascii.b2a_base64(("any:" + TOKENS[name]).encode()).decode().strip()
        return path, {"authorization": "Basic " + pair}
    if how == "cookie":
        return path, {"cookie": COOKIE + "=" + log_in(lock, TOKENS[name], {}, 1000)[1]}
    if "link" in credential:
        headers = {"Authorization": "Bearer " + TOKENS["admin"]}
        verdict = lock.judge("view", "POST", "/api/links", None, headers, 0, 0)
        return links.make(lock, verdict, path, 60, 1000 if how == "link" else 900), {}
    return path, {}


def role_of(credential, origin, is_safe):
    """Return what the credential gives in a request from such a page."""
    how, _, name = credential.partition(" ")
    if how == "bearer":
        return name
    if how == "basic":
        return name if origin in ("no origin", "own page", "trusted") else None
    if how == "cookie":
        counts = origin in ("own page", "trusted") or (origin == "no origin" and is_safe)
        return name if counts else None
    return "view" if how == "link" and is_safe else None


def expected(method, path, credential, origin):
    """Return (status, code): the code is None of a request that runs."""
    needs = NEEDS[method, path]
    is_safe = method.upper() in ("GET", "HEAD", "OPTIONS")
    if "preflight" in origin:
        return 204, None
    if origin == "foreign" and not is_safe:
        return 403, "foreign-write"
    if origin == "allowed" and path == "/api/session" and not is_safe:  # no cookie counts for it
        return 403, "foreign-write"
    good = _NOT_THERE.get((method, path)) or STATUS.get((method, path), 200)
    if needs == "public":
        return good, None
    if credential in ("wrong", "removed"):
        return 401, "wrong-token"
    role = role_of(credential, origin, is_safe)
    if _ORDER.index(role) >= _ORDER.index(needs):
        return good, None
    if role is not None:
        return 403, "role-too-low"
    return 401, "link-ended" if "link" in credential else "no-token"


def check(camera, method, path, credential, origin):
    """Ask once; return what is wrong with the answer, as a list of str."""
    camera.renew()
    target, headers = show(camera, credential, path)
    if ORIGINS[origin] is not None:
        headers["origin"] = ORIGINS[origin]
    asked = method
    if "preflight" in origin:
        headers["access-control-request-method"] = method
        asked = "OPTIONS"
    body = BODIES.get((method, path))
    answer, paused_ms = camera.ask(asked, target, headers, b"" if body is None else json.dumps(body).encode())
    status, code = expected(method, path, credential, origin)
    is_refused = code is not None
    said = json.loads(answer.body)["code"] if is_refused and answer.status_code >= 400 else None
    wrong = []
    if (answer.status_code, said) != (status, code):
        wrong.append("%r %r, not %r %r" % (answer.status_code, said, status, code))
    runs = not is_refused and status == 200 and method != "OPTIONS" and path not in routes_of_the_lock()
    if camera.ran != (1 if runs else 0):
        wrong.append("a handler ran %d times" % camera.ran)
    is_guess = code == "wrong-token"
    if (paused_ms, camera.keeper.lock.guesses) != ((250, 1) if is_guess else (0, 0)):
        wrong.append("held back for %d ms" % paused_ms)
    return wrong + check_headers(answer, code, origin)


def routes_of_the_lock():
    return ("/api/session", "/api/links", "/api/access")


def check_headers(answer, code, origin):
    wrong = []
    readable = ALLOWED if origin in ("allowed", "trusted", "preflight") else None
    if code != "foreign-write" and answer.headers.get("Access-Control-Allow-Origin") != readable:
        wrong.append("may be read by %r" % answer.headers.get("Access-Control-Allow-Origin"))
    challenge = answer.headers.get("WWW-Authenticate")
    if code in (None, "foreign-write"):
        return wrong + ([] if challenge is None else ["challenge %r" % challenge])
    kinds = [value.split(" ")[0] for value in challenge or ()]
    is_asked = origin == "no origin" and code != "role-too-low"
    if kinds != (["Basic", "Bearer"] if is_asked else ["Bearer"]):
        wrong.append("challenge %r" % challenge)
    vary = answer.headers["Vary"].split(", ")
    if "Origin" not in vary or "Accept" not in vary or answer.headers["Cache-Control"] != "no-store":
        wrong.append("kept for others: Vary %r" % vary)
    for token in TOKENS.values():
        if token in str(answer.body) or token in str(answer.headers):
            wrong.append("a token in it")
    return wrong


def run():
    """Return (requests, lines): how many were sent, and what was wrong."""
    camera = Camera()
    count, lines = 0, []
    for origin in ORIGINS:
        camera.cors.policy = Policy(
            allowed_origins=[ALLOWED],
            allowed_headers=["Authorization"],
            allow_credentials=origin == "trusted",
        )
        for method, path in NEEDS:
            for credential in CREDENTIALS:
                count += 1
                where = "%s %s, %s, %s: " % (method, path, credential, origin)
                lines += [where + each for each in check(camera, method, path, credential, origin)]
    return count, lines


def heap_used():
    """Return the bytes of heap that the lock takes of a request which passes with a Bearer token, on
    MicroPython: without Origin, from the camera's page, from an allowed one."""
    import gc

    found = []
    for origin in ("no origin", "own page", "trusted"):
        camera = Camera()
        camera.cors.policy = Policy(allowed_origins=[ALLOWED], allow_credentials=True)
        camera.renew()
        headers = {"authorization": "Bearer " + TOKENS["control"]}
        if ORIGINS[origin] is not None:
            headers["origin"] = ORIGINS[origin]
        request = camera.request("PUT", "/api/led", headers)
        asyncio.run(camera.app.dispatch_request(request))  # the Guard knows the Host now
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        verdict = camera.door.judge(request)
        found.append(gc.mem_alloc() - before)
        gc.enable()
        assert verdict.role == "control"
    return found


if __name__ == "__main__" and sys.argv[1:] == ["heap"]:
    print(heap_used())
elif __name__ == "__main__":
    count, lines = run()
    print("\n".join(lines + ["%d requests, %d wrong, %s" % (count, len(lines), sys.implementation.name)]))

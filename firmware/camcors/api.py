"""The camera's endpoints. A fault is said as strict/error.py has it."""

from microdot import Response
from strict import error, late
from strict import field as kinds

from . import part, routes, stream
from .http.phases import WORDS_NO_MEMORY
from .routes import NO_STORE, refuse, unavailable

_FPS_MAX = 60
_MIXED = "multipart/mixed"
_REPLACED = "multipart/x-mixed-replace"


def attach(app, camera, frames, server, status, verdict):
    """Register GET / and everything under /api/ on `app` (microdot.Microdot).

    camera: the driver, with the interface of camcors_testcard/camera.py. frames: stream.Frames
    over it. server: server.Server, for its counters. status: called for each GET /api/status with
    the role of who asks; gives a dict of JSON values, to which `camera`, `frames` and `clients` are added.
    verdict: gives the access.lock.Verdict on a request (microdot.Request) that has passed.
    """
    _attach_page(app)
    routes.attach_errors(app)
    _attach_errors(app, server.limits)
    _attach_pictures(app, frames, verdict)
    _attach_controls(app, camera)

    @routes.on(app, routes.GET_STATUS)
    async def get_status(request):
        report = status(verdict(request).role)
        report["camera"] = {
            "name": camera.name,
            "led": camera.led,
            "standby": camera.is_standby,
            "error": camera.error or frames.error,
        }
        report["frames"] = {"captured": frames.frames, "failed": frames.failures}
        clients = server.counters()
        clients["viewers"] = frames.viewers
        clients["viewers_max"] = frames.slots
        report["clients"] = clients
        return report, 200, NO_STORE


def _attach_page(app):
    @routes.on(app, routes.GET_PAGE)
    async def get_page(request):
        if "action" in request.args:  # mjpg-streamer's /?action=stream, which must not pass for a page
            return refuse(request, error.NOT_FOUND, "there is no ?action= here", remedy=routes.REMEDY)
        return late.load("camcors.page").get(request.headers)


def _attach_errors(app, limits):
    @app.errorhandler(413)
    async def too_large(request):
        most, what = limits.body_bytes, "limits.body_bytes of /camera.json"
        if request.path.startswith("/api/") and most > routes.BODY_MAX:
            most, what = routes.BODY_MAX, "the most that paths of the camera take"
        words = "the body is longer than {} bytes, {}".format(most, what)
        return refuse(request, error.BODY_TOO_LARGE, words)

    @app.errorhandler(500)
    async def failed(request):
        return refuse(request, error.INTERNAL, "internal server error")

    @app.errorhandler(MemoryError)
    async def no_memory(request, _):
        return unavailable(request, error.NO_MEMORY, WORDS_NO_MEMORY)


def _attach_pictures(app, frames, verdict):
    @routes.on(app, routes.GET_CAPTURE)
    async def get_capture(request):
        try:
            jpeg, number, stamp = await frames.capture()
        except stream.CaptureFailed as failure:
            remedy = "try again, and see /api/status if it stays"
            return unavailable(request, error.NO_PICTURE, str(failure.args[0]), remedy)
        headers = {
            "Content-Type": "image/jpeg",
            "Cache-Control": "no-store",
            "X-Frame-Id": str(number),
            "X-Timestamp": stamp,
        }
        return jpeg, 200, headers

    @routes.on(app, routes.GET_STREAM)
    async def get_stream(request):
        fps = request.args.get("fps")
        if fps is not None:
            if not _is_rate(fps):
                return _no_rate(request, fps)
            fps = int(fps)
        try:
            viewer = frames.viewer(fps, verdict(request).token)
        except stream.Busy:
            if not frames.slots:
                words = "streams are off, since limits.stream_viewers of /camera.json is 0"
                return unavailable(request, error.STREAMS_OFF, words)
            words = "all {} stream slots are taken".format(frames.slots)
            return unavailable(request, error.STREAMS_TAKEN, words, "close a viewer or try again later")
        headers = {
            "Content-Type": _stream_type(request.headers.get("Accept")) + "; boundary=" + part.BOUNDARY,
            "Cache-Control": "no-store",
            "Vary": "Accept",
        }
        return Response(viewer, 200, headers)


def _stream_type(accept):
    """Return the media type of a stream: multipart/mixed for who asks for it by name, since WebKit's fetch()
    rejects the other, which <img> and all other clients know. The bytes are the same (RFC 2046, 5.1.3)."""
    given = error.weights(accept or "")
    return _MIXED if given.get(_MIXED, 0) > given.get(_REPLACED, 0) else _REPLACED


def _attach_controls(app, camera):
    @routes.on(app, routes.GET_CAMERA)
    async def get_camera(request):
        body = camera.settings()
        body["ranges"] = {name: kinds.to_json(*field) for name, field in camera.FIELDS.items()}
        return body, 200, NO_STORE

    routes.on_late(app, (routes.PUT_CAMERA, routes.PUT_LED), "camcors.controls", camera)


def _is_rate(text):
    """Return whether `?fps=` (str) is a number of pictures a second."""
    return 0 < len(text) <= 2 and not text.strip("0123456789") and 1 <= int(text) <= _FPS_MAX


def _no_rate(request, text):
    given = late.load("camcors.given")
    words = "a whole number from 1 to {}".format(_FPS_MAX)
    return given.refused(request, given.bad_value("fps", text, words, {"min": 1, "max": _FPS_MAX}))

"""The camera's endpoints. A fault is said as strict/error.py has it."""

from microdot import Response
from strict import error, late
from strict import field as kinds

from . import part, routes, stream
from .given import BODY_MAX, Bad, bad_value, object_of, refused, unknown
from .http.phases import WORDS_NO_MEMORY
from .routes import refuse

_FPS_MAX = 60
_LEVEL_MAX = 100
_RETRY_AFTER_S = 5
_MIXED = "multipart/mixed"
_REPLACED = "multipart/x-mixed-replace"
_NO_STORE = {"Cache-Control": "no-store"}  # the answer lies a moment later


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
        return report, 200, _NO_STORE


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
        if request.path.startswith("/api/") and most > BODY_MAX:
            most, what = BODY_MAX, "the most that paths of the camera take"
        words = "the body is longer than {} bytes, {}".format(most, what)
        return refuse(request, error.BODY_TOO_LARGE, words)

    @app.errorhandler(500)
    async def failed(request):
        return refuse(request, error.INTERNAL, "internal server error")

    @app.errorhandler(MemoryError)
    async def no_memory(request, _):
        return _unavailable(request, error.NO_MEMORY, WORDS_NO_MEMORY)


def _attach_pictures(app, frames, verdict):
    @routes.on(app, routes.GET_CAPTURE)
    async def get_capture(request):
        try:
            jpeg, number, stamp = await frames.capture()
        except stream.CaptureFailed as failure:
            remedy = "try again, and see /api/status if it stays"
            return _unavailable(request, error.NO_PICTURE, str(failure.args[0]), remedy)
        headers = {
            "Content-Type": "image/jpeg",
            "Cache-Control": "no-store",
            "X-Frame-Id": str(number),
            "X-Timestamp": stamp,
        }
        return jpeg, 200, headers

    @routes.on(app, routes.GET_STREAM)
    async def get_stream(request):
        try:
            viewer = frames.viewer(_fps(request.args.get("fps")), verdict(request).token)
        except Bad as bad:
            return refused(request, bad)
        except stream.Busy:
            if not frames.slots:
                words = "streams are off, since limits.stream_viewers of /camera.json is 0"
                return _unavailable(request, error.STREAMS_OFF, words)
            words = "all {} stream slots are taken".format(frames.slots)
            return _unavailable(request, error.STREAMS_TAKEN, words, "close a viewer or try again later")
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
        return body, 200, _NO_STORE

    @routes.on(app, routes.PUT_CAMERA)
    async def put_camera(request):
        if not camera.FIELDS:
            return _unavailable(request, error.NO_SENSOR, camera.error)
        try:
            changes = object_of(request, '{"quality": 80}')
            for name, value in changes.items():
                _check(camera.FIELDS, name, value)
        except Bad as bad:
            return refused(request, bad)
        failed = _apply(camera, changes)
        if failed:
            words = "the camera did not take " + failed + "; nothing was changed"
            return _unavailable(request, error.NOT_SET, words, field=failed)
        return camera.settings(), 200, _NO_STORE

    @routes.on(app, routes.PUT_LED)
    async def put_led(request):
        try:
            body = object_of(request, '{"level": 50}')
            for name in body:
                if name != "level":
                    raise unknown(name, ["level"])
            level = body.get("level")
            if type(level) is not int or not 0 <= level <= _LEVEL_MAX:
                words = "a whole number from 0 (off) to {}".format(_LEVEL_MAX)
                raise bad_value("level", level, words, {"min": 0, "max": _LEVEL_MAX})
        except Bad as bad:
            return refused(request, bad)
        camera.led = level
        return {"level": camera.led}, 200, _NO_STORE


def _apply(camera, changes):
    """Set all of `changes` (dict) or none; the name of the field that failed (str), or None."""
    before = camera.settings()
    done = []
    for name, value in changes.items():
        try:
            camera.set(name, value)
        except (OSError, ValueError):  # the sensor refused; what runs must stay consistent
            _restore(camera, done, before)
            return name
        done.append(name)
    return None


def _restore(camera, done, before):
    try:
        for name in done:
            camera.set(name, before[name])
    except (KeyError, OSError, ValueError):
        pass  # the sensor is gone, and its settings with it


def _check(fields, name, value):
    if name not in fields:
        raise unknown(name, fields)
    kind, limit = fields[name]
    if kinds.check(kind, limit, value):
        raise bad_value(name, value, kinds.describe(kind, limit), kinds.to_json(kind, limit))


def _fps(text):
    """Return the number in `?fps=` (int), or None if it is not given."""
    if text is None:
        return None
    if 0 < len(text) <= 2 and not text.strip("0123456789") and 1 <= int(text) <= _FPS_MAX:
        return int(text)
    words = "a whole number from 1 to {}".format(_FPS_MAX)
    raise bad_value("fps", text, words, {"min": 1, "max": _FPS_MAX})


def _unavailable(request, code, words, remedy=None, **more):
    return refuse(request, code, words, {"Retry-After": str(_RETRY_AFTER_S)}, remedy=remedy, **more)

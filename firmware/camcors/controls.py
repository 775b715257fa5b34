"""What sets the camera: its fields and its LED.

On a camera this module is there only while somebody sets one, see strict/late.py.
"""

from strict import error
from strict import field as kinds

from . import routes
from .given import Bad, bad_value, object_of, refused, unknown
from .routes import NO_STORE, unavailable

_LEVEL_MAX = 100


async def answer(request, camera):
    """Return the answer (tuple) to a PUT of one of these; camera: the driver."""
    try:
        return _ANSWERS[request.path](request, camera)
    except Bad as bad:
        return refused(request, bad)


def _put_camera(request, camera):
    if not camera.FIELDS:
        return unavailable(request, error.NO_SENSOR, camera.error)
    changes = object_of(request, '{"quality": 80}')
    for name, value in changes.items():
        _check(camera.FIELDS, name, value)
    failed = _apply(camera, changes)
    if failed:
        words = "the camera did not take " + failed + "; nothing was changed"
        return unavailable(request, error.NOT_SET, words, field=failed)
    return camera.settings(), 200, NO_STORE


def _put_led(request, camera):
    body = object_of(request, '{"level": 50}')
    for name in body:
        if name != "level":
            raise unknown(name, ["level"])
    level = body.get("level")
    if type(level) is not int or not 0 <= level <= _LEVEL_MAX:
        words = "a whole number from 0 (off) to {}".format(_LEVEL_MAX)
        raise bad_value("level", level, words, {"min": 0, "max": _LEVEL_MAX})
    camera.led = level
    return {"level": camera.led}, 200, NO_STORE


_ANSWERS = {routes.PUT_CAMERA[1]: _put_camera, routes.PUT_LED[1]: _put_led}


def _check(fields, name, value):
    if name not in fields:
        raise unknown(name, fields)
    kind, limit = fields[name]
    if kinds.check(kind, limit, value):
        raise bad_value(name, value, kinds.describe(kind, limit), kinds.to_json(kind, limit))


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

"""Reading /camera.json: what a text says, and all that is wrong with it. The policy is not in it."""

from strict import document, fault, reasons
from strict.compat import const
from strict.fault import HIDDEN, Fault

from .table import FIELDS, LIMITS, TLS, WIFI, check, find, names

FILE_MAX = const(8192)  # bytes
_KEY_MAX = const(32)  # characters of an unknown key that are shown
_OBJECTS = ("camera", "limits", "tls", "wifi")
_OBJECT = '{"name": "camcors"}'
_EXAMPLES = {
    "camera": 'write an object, such as {"quality": 80}',
    "limits": 'write an object, such as {"stream_fps": 10}',
    "tls": 'write an object, such as {"plain": "serve"}',
    "wifi": 'write an object, such as {"ssid": "name", "password": "..."}',
}


def defaults():
    """Return what a camera without a file starts with (dict): each field of the table by name.

    limits, tls: dict by name. camera: dict of the driver's fields that are given. wifi: dict of ssid and
    password, or None.
    """
    chosen = {row[0]: row[3] for row in FIELDS}
    chosen["camera"] = {}
    chosen["limits"] = {row[0]: row[3] for row in LIMITS}
    chosen["tls"] = {row[0]: row[3] for row in TLS}
    chosen["wifi"] = None
    return chosen


def read(text, camera):
    """Return (settings, faults) of a file's text (str or bytes).

    settings: as from `defaults`; whatever is faulty has its default. None if the text is no object.
    faults: list of Fault, all of them: of syntax and keys first, then in the order of the table. No value
    that may be a secret is in one. camera: the driver's FIELDS, name -> (kind, limit); None if no driver is
    known: then whatever `camera` holds counts. Never raises.
    """
    given, faults = document.read(text, FILE_MAX, _OBJECT)
    if given is None:
        return None, faults
    given.pop("$schema", None)
    check = _Check(faults)
    check.keys("", given, names(FIELDS) + list(_OBJECTS))
    chosen = defaults()
    check.rows("", FIELDS, given, chosen)
    for key, section in (("wifi", check.wifi), ("limits", check.limits), ("tls", check.tls)):
        if key in given and check.is_object(key, given[key]):
            chosen[key] = section(given[key], chosen)
    if "camera" in given and check.is_object("camera", given["camera"]):
        chosen["camera"] = check.camera(given["camera"], camera)
    _spare_a_connection(chosen["limits"], given.get("limits"), faults)
    return chosen, faults


def read_wifi(given):
    """Return (wifi, faults) of a dict of ssid and password: as of `read`."""
    check = _Check([])
    return check.wifi(given, None), check.faults


class _Check:
    """Gathers the faults of one file; made for one use."""

    def __init__(self, faults):
        self.faults = faults

    def add(self, place, value, reason, remedy):
        self.faults.append(Fault(place, value, reason, remedy))

    def keys(self, section, given, known):
        """Add a fault for each key of `given` that is not in `known`. Its value may be a mistyped secret."""
        one_of = "write one of " + ", ".join(sorted(known))
        for key in sorted(given):
            if key in known:
                continue
            shown = key[:_KEY_MAX]
            near = fault.nearest(shown, known)
            remedy = "write " + fault.show(near) if near else one_of
            row = None if section else find(LIMITS, key)
            if row:
                remedy = 'write it in limits, such as {"limits": {"%s": %d}}' % (key, row[3])
            self.add(section + shown, HIDDEN, reasons.UNKNOWN_KEY, remedy)

    def is_object(self, key, value):
        if type(value) is dict:
            return True
        self.add(key, HIDDEN, reasons.WRONG_TYPE, _EXAMPLES[key])
        return False

    def rows(self, section, rows, given, chosen):
        """Put the good values of `given` that have a row into `chosen`."""
        for row in rows:
            name = row[0]
            if name in given:
                found = check(row[1], row[2], given[name])
                if found is None:
                    chosen[name] = given[name]
                else:
                    self.add(section + name, given[name], found[0], found[1])

    def wifi(self, given, _):
        """Return the network, or None if anything about it is faulty: half of it would join nothing."""
        before = len(self.faults)
        self.keys("wifi.", given, names(WIFI))
        for name, kind, limit, default, _, _ in WIFI:
            found = check(kind, limit, given.get(name, default))
            if found:
                reason = found[0] if name in given else reasons.MISSING
                self.add("wifi." + name, HIDDEN, reason, found[1])
        if len(self.faults) > before:
            return None
        return {"ssid": given["ssid"], "password": given.get("password", "")}

    def limits(self, given, chosen):
        self.keys("limits.", given, names(LIMITS))
        self.rows("limits.", LIMITS, given, chosen["limits"])
        return chosen["limits"]

    def tls(self, given, chosen):
        self.keys("tls.", given, names(TLS))
        self.rows("tls.", TLS, given, chosen["tls"])
        return chosen["tls"]

    def camera(self, given, known):
        if known is None:
            return given
        self.keys("camera.", given, list(known))
        chosen = {}
        rows = [(name, known[name][0], known[name][1]) for name in sorted(known)]
        self.rows("camera.", rows, given, chosen)
        return chosen


def _spare_a_connection(limits, given, faults):
    """Lower stream_viewers: with all connections in streams nobody reaches the rest."""
    most = limits["connections"] - 1
    found = limits["stream_viewers"]
    if found > most:
        if type(given) is dict and given.get("stream_viewers") == found:
            remedy = "write at most %d, one less than connections" % most
            faults.append(Fault("limits.stream_viewers", found, reasons.OUT_OF_RANGE, remedy))
        limits["stream_viewers"] = most

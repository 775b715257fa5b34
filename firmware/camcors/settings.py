"""The camera's own settings, /camera.json: one JSON object, every key optional.

name: host name (letters, digits, hyphens). host: IPv4 address to listen on. port: 1 to 65535.
camera: the driver's fields. limits: see limits.py. wifi: ssid and password of the network to join; the
password is never shown. The cross-origin policy is not in it.
"""

from strict import address, fault
from strict import json as strict_json

from . import limits

_NAME_MAX = 32  # what an ESP32 takes as host name
FILE_MAX = 8192
_KEYS = ("name", "port", "host", "camera", "limits", "wifi")
_WIFI_KEYS = ("ssid", "password")
_HEX = "0123456789abcdefABCDEF"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_EXAMPLES = {"camera": '{"quality": 80}', "limits": '{"stream_fps": 10}'}
_EXAMPLE = 'write one object, such as {"name": "camcors"}'


def load(text, fields):
    """Returns (settings, faults) of the file's text (str or bytes, None if there is no file).

    settings: dict of name, host (str), port (int), camera (dict of given fields), limits (Limits), wifi (dict
    of ssid and password, str, "" of an open network; None if there is none).
    fields: the driver's FIELDS. faults: list of str, one line each, "field: value: what to write
    instead". Whatever is faulty keeps its default, the rest counts. Never raises.
    """
    settings = {
        "name": "camcors",
        "host": "0.0.0.0",
        "port": 80,
        "camera": {},
        "limits": limits.Limits(),
        "wifi": None,
    }
    if text is None:
        return settings, []
    given, faults = _read(text)
    for key, value in given.items():
        if key not in _KEYS:
            faults.append(_unknown("", key, _KEYS))
        elif key == "camera":
            settings[key] = _section(key, value, fields, faults, _camera_remedy)
        elif key == "limits":
            chosen = _section(key, value, limits.TABLE, faults, _limit_remedy)
            settings[key] = limits.Limits(**chosen)
            _spare_a_connection(settings[key], "stream_viewers" in chosen, faults)
        elif key == "wifi":
            settings[key] = read_wifi(value, faults)
        else:
            remedy = _remedy(key, value)
            if remedy:
                faults.append("{}: {}: {}".format(key, fault.show(value), remedy))
            else:
                settings[key] = value
    return settings, faults


def _read(text):
    """Returns (dict, faults) of the file's syntax."""
    data = text.encode() if isinstance(text, str) else bytes(text)
    if len(data) > FILE_MAX:
        return {}, ["file: {} bytes: write at most {}".format(len(data), FILE_MAX)]
    value, found = strict_json.read(data)
    # The text at the place is left out: it may be part of a secret.
    faults = ["{}: {}: {}".format(each.field, each.reason, each.remedy) for each in found]
    if not faults and type(value) is not dict:
        faults.append("file: not an object: " + _EXAMPLE)
    return value if type(value) is dict else {}, faults


def _section(key, given, known, faults, remedy_of):
    """The good members of the object `given`; a line in `faults` for each of the others."""
    chosen = {}
    if type(given) is not dict:
        faults.append("{}: {}: write an object, such as {}".format(key, fault.show(given), _EXAMPLES[key]))
        return chosen
    for name, value in given.items():
        if name not in known:
            faults.append(_unknown(key + ".", name, known))
            continue
        remedy = remedy_of(known, name, value)
        if remedy:
            faults.append("{}.{}: {}: {}".format(key, name, fault.show(value), remedy))
        else:
            chosen[name] = value
    return chosen


def _spare_a_connection(chosen, is_given, faults):
    """Lowers stream_viewers of `chosen` (Limits): with all connections in streams nobody reaches the rest."""
    most = chosen.connections - 1
    if chosen.stream_viewers > most:
        if is_given:
            found = "limits.stream_viewers: {}: write at most {}, one less than connections"
            faults.append(found.format(chosen.stream_viewers, most))
        chosen.stream_viewers = most


def read_wifi(given, faults):
    """The network of the object `given`, a dict of ssid and password; else None and lines in `faults`.

    No fault shows a value, which may be the password.
    """
    before = len(faults)
    if type(given) is not dict:
        faults.append('wifi: write an object, such as {"ssid": "name", "password": "..."}')
        return None
    for name in given:
        if name not in _WIFI_KEYS:
            faults.append(_unknown("wifi.", name, _WIFI_KEYS))
    ssid = given.get("ssid")
    password = given.get("password", "")
    if type(ssid) is not str or not _is_ssid(ssid):
        faults.append("wifi.ssid: write the network's name, 1 to 32 bytes")
    if type(password) is not str or not (password == "" or _is_password(password)):
        faults.append(
            'wifi.password: write 8 to 63 ASCII characters or 64 hex digits, or "" of an open network'
        )
    return {"ssid": ssid, "password": password} if len(faults) == before else None


def _is_ssid(text):
    """Whether `text` is the name of a network (IEEE 802.11-2020 section 9.4.2.2: at most 32 octets)."""
    try:
        return 0 < len(text.encode()) <= 32
    except UnicodeError:  # a lone surrogate
        return False


def _is_password(text):
    """Whether `text` is a passphrase or a key (IEEE 802.11-2020, annex J.4)."""
    if len(text) == 64:
        return not text.strip(_HEX)
    return 8 <= len(text) <= 63 and not [c for c in text if not " " <= c <= "~"]


def _camera_remedy(fields, name, value):
    return None if fields[name].accepts(value) else "write " + fields[name].describe()


def _limit_remedy(_, name, value):
    return limits.check(name, value)


def _unknown(section, key, known):
    if not section and key in limits.TABLE:
        example = 'write it in limits, as in {{"limits": {{"{}": {}}}}}'.format(key, limits.TABLE[key][0])
        return key + ": unknown key: " + example
    # Its value is not shown: a password may have come under a mistyped key.
    near = fault.nearest(key[:_NAME_MAX], known)
    remedy = 'write "{}"'.format(near) if near else "write one of " + ", ".join(sorted(known))
    return "{}{}: unknown key: {}".format(section, fault.show(key[:_NAME_MAX])[1:-1], remedy)


def _remedy(key, value):
    if key == "port":
        good = type(value) is int and 1 <= value <= 65535
        return None if good else "write a whole number from 1 to 65535"
    if key == "host":
        good = type(value) is str and address.ipv4(value) is not None
        return None if good else 'write an IPv4 address of the camera, or "0.0.0.0" for all'
    good = type(value) is str and _is_label(value)
    return None if good else "write letters, digits and hyphens, at most {}".format(_NAME_MAX)


def _is_label(text):
    if not 0 < len(text) <= _NAME_MAX or text.strip(_ALNUM + "-"):
        return False
    return text[0] != "-" and text[-1] != "-"

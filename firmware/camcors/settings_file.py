"""/camera.json in flash: read once at the start, and the last good copy where it is faulty.

- Missing file: the defaults. A deletion is the person's decision, so the last good copy goes as well: it
  holds a password.
- Faulty file: the last good copy counts, whatever is wrong with it; without one, what is good in the file.
- Damaged file (flash/record.py): as a faulty one, although it reads as a good one.
- A file without a fault becomes the last good copy. Neither the file nor a faulty copy is ever changed.
"""

import hashlib

from flash import files
from flash.copies import DAMAGED, Copies
from flash.files import ANY, lock
from settings import document
from strict.fault import lines

PATH = "/camera.json"
_IN_FORCE = "faulty, so the last good settings count"


def load(camera, path=PATH):
    """Return (settings, faults): a dict as settings.document gives it, and a list of lines for people.

    camera: the driver's FIELDS. Raises nothing but MemoryError.
    """
    copies = _copies(path)
    copies.remove_temporaries()
    found = files.reading(path)
    if found == files.MISSING:
        copies.forget()
        return document.defaults(), []
    chosen, faults = _read(copies, path, found, camera)
    is_damaged = isinstance(found, bytes) and not copies.is_explained(found)
    if is_damaged:
        faults.append(DAMAGED)
    elif not faults:
        return chosen, _keep(copies, found)
    kept = _good(copies, camera)
    if kept is not None:
        return kept, [_IN_FORCE] + faults
    return chosen or document.defaults(), faults


def save(data, camera, path=PATH, before=ANY):
    """Write `data` (bytes) as /camera.json, whole or not at all, in force at the next start.

    camera: the driver's FIELDS. before: as flash.store.Store.save has it. Raises ValueError that lists the
    faults of `data`: where there is a last good copy, a faulty file would not count. Raises OSError whose
    last argument says in words what to do.
    """
    _, faults = document.read(data, camera)
    if faults:
        raise ValueError(lines(faults))
    copies = _copies(path)
    with lock:
        copies.require(before, hashlib.sha256(data).digest())
        copies.write(data)


def _copies(path):
    base = path[: -len(".json")]
    return Copies(path, base + ".good.json", base + ".record.json")


def _read(copies, path, found, camera):
    """Return (settings or None, lines of faults) of the file whose reading is `found`."""
    try:
        text = files.read(path, found) if isinstance(found, bytes) else None
    except OSError as exc:
        found = exc.errno
        text = None
    if text is None:
        return None, ["cannot be read (" + str(found) + ")"]
    chosen, faults = document.read(text, camera)
    return chosen, lines(faults).split("\n") if faults else []


def _good(copies, camera):
    """Return the settings of the last good copy, or None if there is none that the camera wrote.

    A new firmware may refuse a field of it: what else it says still counts.
    """
    found = files.reading(copies.good)
    if not isinstance(found, bytes) or not copies.is_trusted(found):
        return None
    return _read(copies, copies.good, found, camera)[0]


def _keep(copies, found):
    """Make the file the last good copy -> what failed in words (list of str)."""
    try:
        text = files.read(copies.path, found)
        if text is not None:
            copies.keep(text, found)
    except OSError as exc:
        return ["in force, but there is no last good copy of it: " + str(exc.args[-1])]
    return []

"""A note to the next start, which may say why the camera was restarted; restart.py reads it.

Apart from restart.py, which is there only at the start and at an end: a note is also written in a full heap.
"""

import os

from flash import files

PATH = "/restart.json"


def write(data):
    """Write the note `data` (bytes of JSON). Raises nothing but MemoryError."""
    try:
        files.write(PATH, (data,))
    except OSError:
        pass  # no filesystem, or a full one: the chip's cause is left


def read():
    """Return the note (bytes); remove what a power cut has left of another. Raises OSError without one."""
    files.remove_temporary(PATH)
    with open(PATH, "rb") as f:
        return f.read()


def forget():
    """Remove the note."""
    try:
        os.remove(PATH)
    except OSError:
        pass  # there is none

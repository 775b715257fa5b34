"""Whose token a header shows: C says what Python says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.kit.camera import PROGRAM

T, U = "camcors_" + 26 * "0", "camcors_" + 26 * "1"
#: A header, and the tokens that are known -> which of them is found.
FOUND: dict[str, list[tuple[tuple[str, ...], int | None]]] = {
    f"Bearer {T}": [((T,), 0), ((U, T), 1), ((T, U), 0), ((T, U, T), 2), ((U,), None), ((), None)],
    f"bearer {T}": [((T,), None)],
    f"Bearer  {T[1:]}": [((T,), None)],
    f"Bearer {T} ": [((T,), None)],
    f"Bearer {T[:-1]}": [((T,), None)],
    f"Bearer {T.upper()}": [((T,), None)],
    f"Bearer {T[:-1]}1": [((T,), None)],
    f"Basic  {T}": [((T,), None)],
    "Bearer " + 17 * "\u00e9": [((T, 17 * "\u00e9"), None)],  # 34 bytes, not characters
    "Bearer " + 34 * "\u00e9": [((T, 34 * "\u00e9"), 1)],
    "": [((T,), None)],
    T: [((T,), None)],
}
SCRIPT = """
import random, sys
from access import credentials, lock
from access.secret import hash_of

def show(find, *arguments):
    try:
        return find(*arguments)
    except Exception as error:
        return type(error).__name__

for header, rows in {found}.items():
    for tokens, place in rows:
        hashes = tuple([hash_of(token) for token in tokens])
        assert lock.find is not credentials.find
        print(lock.find(header, hashes) == credentials.find(header, hashes) == place)

# What differs in one bit of the 16 bytes that count, and in others.
header = {header!r}
good = hash_of(header[7:])
for bit in range(256):
    other = bytearray(good)
    other[bit // 8] ^= 1 << bit % 8
    found = lock.find(header, (bytes(other),)), credentials.find(header, (bytes(other),))
    print(found == ((None, None) if bit < 128 else (0, 0)))

random.seed(19)
for _ in range(3000):
    shown = list(header)
    for _ in range(random.randrange(3)):
        shown[random.randrange(41)] = chr(random.choice((32, 48, 97, 233)))
    shown = "".join(shown)[: random.choice((40, 41, 41, 41))]
    print(lock.find(shown, (good,)) == credentials.find(shown, (good,)))

for wrong in (1, (good,)), (header, 1), (header, (1,)), (header, ("",)), (None, (good,)):
    print(show(lock.find, *wrong) in ("TypeError", None))
print(show(lock.find, header, (b"", good[:31], b"")) is None)  # no hash
"""


@pytest.mark.usefixtures("program")
def test_c_finds_what_python_finds(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(found=FOUND, header=f"Bearer {T}"))
    done = subprocess.run([str(PROGRAM), str(path)], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert [place for place, line in enumerate(said) if line != "True"] == []
    assert len(said) == sum(len(rows) for rows in FOUND.values()) + 256 + 3000 + 6

"""hashlib.sha1 of the camera against CPython's."""

from __future__ import annotations

import hashlib

from tests.kit.camera import Camera

# Lengths around the ends of a block, of which the last eight bytes hold the length (FIPS 180-4, 5.1.1).
LENGTHS = [*range(0, 4), *range(54, 67), *range(118, 131), 1000, 100_000]


def test_it_is_sha1(camera: Camera) -> None:
    code = f"""
import hashlib, binascii
for n in {LENGTHS}:
    data = bytes(i * 7 % 251 for i in range(n))
    whole = hashlib.sha1(data).digest()
    pieces = hashlib.sha1()
    for at in range(0, n, 37):
        pieces.update(memoryview(data)[at:at + 37])
    assert pieces.digest() == whole
    print(n, binascii.hexlify(whole).decode())
"""
    shown = camera.exec(code)
    expected = [hashlib.sha1(bytes(i * 7 % 251 for i in range(n))).hexdigest() for n in LENGTHS]
    assert shown.split() == [
        word for n, each in zip(LENGTHS, expected, strict=True) for word in (str(n), each)
    ]


def test_what_it_refuses(camera: Camera) -> None:
    code = """
import hashlib
h = hashlib.sha1(b'x')
h.digest()
two, number = (lambda: hashlib.sha1('text', 1)), (lambda: hashlib.sha1(5))
for wrong in (lambda: h.digest(), lambda: h.update(b'y'), two, number):
    try:
        wrong()
        print('none')
    except (ValueError, TypeError) as exc:
        print(type(exc).__name__)
print(hasattr(hashlib, 'sha1'), hasattr(hashlib, 'sha512'))
"""
    assert camera.exec(code).split() == [
        "ValueError",
        "ValueError",
        "TypeError",
        "TypeError",
        "True",
        "False",
    ]

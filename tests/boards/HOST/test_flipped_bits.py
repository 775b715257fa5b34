"""Bits that flip in the flash, where littlefs has no checksum: never another policy in silence.

With 320 of them, by hand: `PYTHONPATH=src:tests python tests/boards/HOST/test_flipped_bits.py 320`.
"""

from __future__ import annotations

import collections
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from cors import Policy, PolicyError
from tests.kit.camera import VFS_OFFSET, Camera

# Longer than what littlefs keeps inside its own blocks, and full of bits that make another valid policy.
ORIGINS = ", ".join(f'"https://camera-{n}.example.com", "http://10.0.{n}.7:8{n}00"' for n in range(1, 6))
TEXT = f'{{"version": 1, "allowed_origins": [{ORIGINS}], "max_age": 600}}\n'
IN_FORCE = Policy.from_json(TEXT).digest
DAMAGED = "changed, and nobody has edited it: a fault of the flash; save it again"
GOOD_TOO = "/policy.good.json has changed as well; it is not used"
SAVE = "from cors.store import Store; Store().save({!r})"


def prepared(flash: Path, how: str) -> bytes:
    """The flash of a camera with TEXT in force."""
    with Camera(flash) as camera:
        camera.wait_ready()
        camera.put("policy.json", TEXT) if how == "edit" else camera.exec(SAVE.format(TEXT))
        end = time.monotonic() + 10
        while camera.status()["policy"] != {"state": "active", "digest": IN_FORCE, "error": None}:
            assert time.monotonic() < end
        camera.exec("pass")  # behind the poll that wrote the copies
        camera.process.kill()
    return flash.read_bytes()


def places(image: bytes) -> list[int]:
    """Where TEXT lies in the flash: of the policy and of its copy; which is which a flip tells."""
    found, at = [], image.find(TEXT.encode(), VFS_OFFSET)
    while at >= 0:
        found.append(at)
        at = image.find(TEXT.encode(), at + 1)
    return found


def valid_flips() -> list[int]:
    """The bits of TEXT whose flip makes another valid policy."""
    found = []
    for bit in range(len(TEXT) * 8):
        try:
            if Policy.from_json(flipped(TEXT.encode(), 0, bit)).digest != IN_FORCE:
                found.append(bit)
        except PolicyError:
            pass
    return found


def flipped(image: bytes, at: int, bit: int) -> bytes:
    data = bytearray(image)
    data[at + bit // 8] ^= 1 << bit % 8
    return bytes(data)


def booted(flash: Path, image: bytes) -> dict[str, Any]:
    """What a camera with this flash says of its policy."""
    flash.write_bytes(image)
    with Camera(flash) as camera:
        report = camera.wait_ready().status()
        camera.process.kill()
    policy: dict[str, Any] = report["policy"]
    assert report["faults"] == [f"/policy.json: {line}" for line in (policy["error"] or "").splitlines()]
    return policy


def stands(state: str, digest: str | None = IN_FORCE, error: str | None = None) -> dict[str, Any]:
    return {"state": state, "digest": digest, "error": error}


ALLOWED = (stands("active"), stands("damaged", error=DAMAGED))  # a bit of the copy, of the policy


@pytest.mark.parametrize("how", ["edit", "save"])
def test_no_flip_puts_another_policy_in_force(program: Path, tmp_path: Path, how: str) -> None:
    image = prepared(tmp_path / "flash.bin", how)
    at = places(image)
    bits = valid_flips()
    assert (len(at), len(bits) > 100) == (2, True)
    random.seed(how)
    for bit in random.sample(bits, 4):
        found = [booted(tmp_path / "flash.bin", flipped(image, place, bit)) for place in at]
        assert sorted(found, key=str) == sorted(ALLOWED, key=str)
        both = flipped(flipped(image, at[0], bit), at[1], bit)
        none = stands("damaged", None, f"{DAMAGED}\n{GOOD_TOO}")
        assert booted(tmp_path / "flash.bin", both) == none


def main(count: int) -> None:
    """Flip `count` bits, boot each, and print how often each answer came."""
    answers: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        flash = Path(folder) / "flash.bin"
        image = prepared(flash, "edit")
        at, bits = places(image), valid_flips()
        for index in range(count):
            # Half of them make another valid policy; those are the ones that would be silent.
            bit = random.choice(bits) if index % 2 else random.randrange(len(TEXT) * 8)
            found = booted(flash, flipped(image, at[index // 2 % len(at)], bit))
            is_same = "the same policy" if found["digest"] == IN_FORCE else "ANOTHER POLICY"
            answers[f"{found['state']}, {is_same}"] += 1
    print(f"{len(TEXT)} bytes, {len(bits)} of {len(TEXT) * 8} bits make another valid policy")
    for answer, times in answers.most_common():
        print(f"{times:5} {answer}")


if __name__ == "__main__":
    main(int(sys.argv[1]))

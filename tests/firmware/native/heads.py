"""Many heads, through C.

python -m tests.firmware.native.heads compare COUNT [SEED]: mutants through C and through parse() of parse.py.
    It says of how many C was certain, and shows where the two differ.
python -m tests.firmware.native.heads compare-answers COUNT [SEED]: the same of the heads of answers.
python -m tests.firmware.native.heads fuzz SECONDS: libFuzzer with the sanitizers over what splits them,
    beside the other reader of head_fuzz.c. It wants clang and libclang-rt; new finds stay in build/heads.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.kit.c import FIRMWARE, TOP
from tests.kit.camera import PROGRAM

HERE = Path(__file__).resolve().parent
FILES = (FIRMWARE / "native" / "head_split.c", HERE / "head_fuzz.c")
SANITIZERS = ("-g", "-O1", "-fno-sanitize-recover=all", f"-I{FIRMWARE / 'native'}")


def corpus() -> list[bytes]:
    """Return the heads of heads.txt: 16 by hand, and what libFuzzer's -merge=1 has left of its own."""
    return [ast.literal_eval(line) for line in (HERE / "heads.txt").read_text().splitlines()]


def write(folder: Path) -> list[Path]:
    """Write the corpus into files, each of one head."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}" for number in range(len(corpus()))]
    for path, head in zip(paths, corpus(), strict=True):
        path.write_bytes(head)
    return paths


def compare(count: int, seed: int) -> dict[str, Any]:
    """Return what head_mutants.py says of `count` heads; the first ones are the corpus itself."""
    return _said("head_mutants.py", count, seed, "".join(f"{head.hex()}\n" for head in corpus()) + "\n")


def compare_answers(count: int, seed: int) -> dict[str, Any]:
    """Return what answer_mutants.py says of `count` answers."""
    return _said("answer_mutants.py", count, seed)


def _said(script: str, count: int, seed: int, given: str = "") -> dict[str, Any]:
    command = [str(PROGRAM), str(HERE / script), str(seed), str(count)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fuzz(seconds: int) -> int:
    """Return libFuzzer's status: 0 if it found nothing."""
    found = [shutil.which(name) for name in ("clang", *(f"clang-{version}" for version in range(22, 13, -1)))]
    clang = next((path for path in found if path), None)
    if clang is None:
        raise SystemExit("camcors: clang is missing; install it with: sudo apt install clang libclang-rt-dev")
    build = TOP / "build"
    write(build / "heads")
    fuzzer = str(build / "head_fuzz")
    command = [clang, *SANITIZERS, "-fsanitize=fuzzer,address,undefined", *map(str, FILES), "-o", fuzzer]
    subprocess.run(command, check=True)
    options = ["-max_len=2048", f"-dict={HERE / 'heads.dict'}", f"-max_total_time={seconds}"]
    return subprocess.run([fuzzer, *options, "-print_final_stats=1", "heads"], cwd=build).returncode


def main(what: str, number: int, seed: int = 1) -> int:
    if what == "fuzz":
        return fuzz(number)
    found = compare(number, seed) if what == "compare" else compare_answers(number, seed)
    print(f"{number} heads, of which C was certain of {found['certain']}")
    for text in found["different"]:
        print("different:", bytes.fromhex(text) if what == "compare" else text)
    return bool(found["different"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))

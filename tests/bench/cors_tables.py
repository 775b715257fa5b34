"""Tables of what CORS adds to one dispatched request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bench.report import number, table


def ratio(ours: float, stock: float) -> str:
    return number(ours / stock) if stock > 0 else "–"


def costs(rows: Sequence[dict[str, Any]]) -> str:
    """Heap bytes and microseconds a request, of both."""
    heads = ["origins", "request", "stock B", "ours B", "ratio", "stock µs", "ours µs", "ratio"]
    cells = []
    for row in rows:
        (stock_bytes, stock_us), (our_bytes, our_us) = row["stock"], row["ours"]
        cells.append(
            [
                *(str(row["origins"]), row["request"]),
                *(number(stock_bytes), number(our_bytes), ratio(our_bytes, stock_bytes)),
                *(number(stock_us), number(our_us), ratio(our_us, stock_us)),
            ]
        )
    return table(heads, cells)


def growth(rows: Sequence[dict[str, Any]]) -> str:
    """Ours with 100 origins / with 1: from the constructor, and from a policy file as on the camera."""
    heads = ["request", "heap", "time", "heap, from a file", "time, from a file"]
    cells = []
    for name in dict.fromkeys(row["request"] for row in rows):
        found = {row["origins"]: row for row in rows if row["request"] == name}
        pairs = [zip(found[100][who], found[1][who]) for who in ("ours", "policy")]
        cells.append([name, *(ratio(hundred, one) for pair in pairs for hundred, one in pair)])
    return table(heads, cells)


def sizes(frozen: dict[str, int], heap: dict[str, dict[str, int]]) -> str:
    """What the modules take, in bytes."""
    rows = {
        "bytecode": frozen,
        "heap after import of .mpy": heap["mpy"],
        "heap after import, frozen": heap["frozen"],
    }
    cells = [[name, number(row.get("stock")), number(row["ours"])] for name, row in rows.items()]
    return table(["bytes", "stock", "ours"], cells)

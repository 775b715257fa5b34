"""The figures as pictures: build/bench.svg and build/bench.png."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from tests.bench import report
from tests.bench.report import Figure

_OURS, _BASE, _GOAL = "#2a6fb0", "#b8c4d0", "#c2410c"
_STYLE = {"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "svg.hashsalt": "camcors"}
_LEGEND: dict[str, Any] = {
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "frameon": False,
    "markerscale": 0.6,
}


def draw_stock(axes: Axes, figures: Sequence[Figure]) -> None:
    factors = [figure.times_better(figure.value) for figure in figures]
    marks = {row: figure.times_better(figure.goal_value) for row, figure in enumerate(figures) if figure.goal}
    rows = range(len(figures))
    axes.barh(rows, [factor - 1 for factor in factors], left=1, color=_OURS)
    mark_goals(axes, list(marks.values()), list(marks))
    axes.set_xscale("log")
    axes.set_xlim(min(0.9, *factors), max(*factors, *marks.values()) * 1.3)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(rows, [f"{figure.name} [{figure.unit}]" for figure in figures])
    axes.invert_yaxis()
    write_beside(axes, [stock_words(figure) for figure in figures])
    axes.set_xlabel("times better than stock (log scale)")
    axes.set_title("One request with headers like Chrome's", loc="left")
    axes.legend(**_LEGEND)


def stock_words(figure: Figure) -> str:
    values = (figure.times_better(figure.value), figure.base, figure.value)
    return "{} ×   (stock {}, ours {})".format(*map(report.number, values))


def write_beside(axes: Axes, words: Sequence[str]) -> None:
    """The values at the right end of each row, where no bar or goal covers them."""
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(range(len(words)), words)
    beside.tick_params(length=0)
    beside.spines["right"].set_visible(False)


def mark_goals(axes: Axes, xs: Sequence[float], ys: Sequence[float]) -> None:
    axes.scatter(xs, ys, marker="|", s=300, linewidths=3, color=_GOAL, zorder=3, label="goal")


def draw_latencies(axes: Axes, figures: Sequence[Figure]) -> None:
    rows = range(len(figures))
    axes.barh([row - 0.2 for row in rows], [f.base or 0 for f in figures], 0.4, color=_BASE, label="idle")
    axes.barh([row + 0.2 for row in rows], [f.value for f in figures], 0.4, color=_OURS, label="4 streams")
    marks = {row + 0.2: figure.goal_value for row, figure in enumerate(figures) if figure.goal}
    mark_goals(axes, list(marks.values()), list(marks))
    axes.set_yticks(rows, [figure.name for figure in figures])
    axes.margins(x=0.1)
    axes.invert_yaxis()
    write_beside(axes, [f"{report.number(f.base)} → {report.number(f.value)}" for f in figures])
    axes.set_xlabel("milliseconds")
    axes.legend(**_LEGEND, ncols=3)


def draw_pictures(axes: Axes, figures: Sequence[Figure]) -> None:
    axes.barh([figure.name for figure in figures], [figure.value for figure in figures], color=_OURS)
    axes.invert_yaxis()
    write_beside(axes, [report.number(figure.value) for figure in figures])
    axes.set_xlabel("pictures per second")
    axes.set_title("MJPEG, 640 × 480", loc="left")


def draw(raw: dict[str, Any], title: str, folder: Path) -> None:
    """Write bench.svg and bench.png to `folder`."""
    pictures = [figure for figure in report.camera(raw) if figure.name.startswith("pictures to each")]
    with pyplot.rc_context(_STYLE):
        sheet = pyplot.figure(figsize=(13, 8), layout="constrained", facecolor="white")
        sheet.suptitle(title)
        upper, lower = sheet.subfigures(2, 1, height_ratios=(5, 3))
        draw_stock(upper.subplots(), report.against_stock(raw))
        left, right = lower.subplots(1, 2)
        draw_latencies(left, report.latencies(raw))
        draw_pictures(right, pictures)
        sheet.savefig(folder / "bench.svg", metadata={"Date": None})
        sheet.savefig(folder / "bench.png", dpi=110)
        pyplot.close(sheet)

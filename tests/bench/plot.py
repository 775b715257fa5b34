"""Draws what one request costs each server, from the file that `make bench` writes.

usage: python tests/bench/plot.py build/bench.json FILE.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "camcors", "svg.fonttype": "none", "font.size": 9})

from matplotlib import pyplot  # noqa: E402 (once the backend is chosen)

COSTS = ("processor's time", "instructions", "heap")
#: The modes of a connection, each with its words and colour: two that also differ in grey.
MODES = {"new": ("new connection", "#8db3d9"), "kept": ("keep-alive", "#1f4e79")}
HEIGHT = 0.38


def draw(ratios: dict[str, dict[str, float | None]], out: Path) -> None:
    servers = list(ratios)
    figure, panels = pyplot.subplots(1, len(COSTS), sharey=True, figsize=(10, 3.4), layout="constrained")
    for panel, cost in zip(panels, COSTS):
        for shift, (mode, (words, colour)) in zip((-HEIGHT / 2, HEIGHT / 2), MODES.items()):
            for place, server in enumerate(servers):
                ratio = ratios[server][f"{cost}, {mode}"]
                if ratio is not None:
                    label = words if place == 0 else None
                    panel.barh(place + shift, ratio, HEIGHT, color=colour, label=label)
                    panel.text(ratio + 0.02, place + shift, f"{ratio:.2g}", va="center", fontsize=7)
        panel.set(title=cost, xlim=(0, 1.25), yticks=range(len(servers)), yticklabels=servers)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].invert_yaxis()
    panels[0].legend(loc="lower right", frameon=False, fontsize=8)
    figure.supxlabel("one request, as a ratio to stock Microdot; less is better", fontsize=9)
    figure.savefig(out, metadata={"Date": None})


draw(json.loads(Path(sys.argv[1]).read_text())["others"], Path(sys.argv[2]))

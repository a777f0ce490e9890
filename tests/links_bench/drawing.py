"""One picture a profile, a column a sender: link, target and what was carried, queue, pictures (shell)."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.links_bench.result import BIN_S


def draw(courses: Mapping[str, Mapping[str, Any]], *, title: str, path: Path) -> None:
    """Write a PNG of courses by their sender, as `Course` has them in JSON."""
    mpl.use("agg")
    figure = Figure(figsize=(4.6 * len(courses), 7), layout="constrained")
    axes = figure.subplots(3, len(courses), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 2, 1))
    for column, (peer, course) in enumerate(courses.items()):
        bits, queue, pictures = (row[column] for row in axes)
        bits.set_title(peer)
        _draw_bits(bits, course)
        queue.plot(*_columns(course["queue"]), ".", ms=1.5)
        for painted_s in course["painted"]:
            gaps_ms = [1e3 * (after - before) for before, after in pairwise(painted_s)]
            pictures.plot(painted_s[1:], gaps_ms, ".", ms=2)
        pictures.set_xlabel("s")
    axes[0][0].set_ylabel("kbit/s")
    axes[1][0].set_ylabel("queue, ms")
    axes[2][0].set_ylabel("between\npictures, ms")
    axes[2][0].set_yscale("log")
    figure.suptitle(title)
    figure.savefig(path, dpi=80)


def _draw_bits(bits: Axes, course: Mapping[str, Any]) -> None:
    bits.step(*_columns(course["link"]), where="post", color="0.6", label="link")
    for number, carried in enumerate(course["carried"]):
        times_s = [BIN_S * (index + 0.5) for index in range(len(carried))]
        bits.plot(times_s, carried, lw=0.8, label=f"carried {number + 1}")
    if any(course["others"]):
        times_s = [BIN_S * (index + 0.5) for index in range(len(course["others"]))]
        bits.plot(times_s, course["others"], lw=0.8, color="0.8", label="TCP")
    for number, targets in enumerate(course["targets"]):
        if targets:
            bits.plot(*_columns(targets), lw=1.2, ls="--", label=f"target {number + 1}")
    most_kbps = max(kbps for _, kbps in course["link"])
    bits.set_ylim(0, 1.3 * most_kbps)
    bits.legend(loc="upper right", fontsize=7)


def _columns(points: Any) -> tuple[list[float], list[float]]:
    return [one[0] for one in points], [one[1] for one in points]

"""What happened on a draining link, second by second, as rows and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulators.links.log import Logged


@dataclass(frozen=True, slots=True)
class Lanes:
    """What the hub held at a moment: records of the backlog, of what was captured since, and presses."""

    at_s: float
    backlog: int
    live: int
    presses: int


@dataclass(frozen=True, slots=True)
class Curves:
    """By second from the beginning."""

    up_bps: list[float]
    down_bps: list[float]
    queue_s: list[float]  # the longest wait before the link, up


def curves_of(packets: Sequence[Logged], *, from_s: float, to_s: float) -> Curves:
    """Return what each second carried, and the longest queue in it."""
    seconds = max(1, round(to_s - from_s))
    up, down, queue = ([0.0] * seconds for _ in range(3))
    for one in packets:
        if one.left_s is None or not 0 <= (second := int(one.left_s - from_s)) < seconds:
            continue
        if one.direction == "up":
            up[second] += one.size_bytes * 8
            queue[second] = max(queue[second], one.queued_s or 0.0)
        else:
            down[second] += one.size_bytes * 8
    return Curves(up, down, queue)


def draw(
    path: Path,
    curves: Curves,
    lanes: Sequence[Lanes],
    presses: Sequence[tuple[float, float]],
    *,
    title: str,
    rate_bps: float,
) -> None:
    """Write a PNG. `presses`: (second, seconds until it was stored)."""
    from matplotlib.figure import Figure  # a second of start, for a picture only

    figure = Figure(figsize=(12, 9), layout="constrained")
    link, queue, lane, press = figure.subplots(4, 1, sharex=True)
    figure.suptitle(title)
    link.plot([bps / 1e3 for bps in curves.up_bps], linewidth=0.6, label="up")
    link.plot([bps / 1e3 for bps in curves.down_bps], linewidth=0.6, label="down")
    link.axhline(rate_bps / 1e3, color="grey", linestyle=":")
    link.set_ylabel("link, kbit/s")
    link.legend(loc="center right")
    queue.plot(curves.queue_s, linewidth=0.6)
    queue.set_ylabel("queue, s")
    for name in ("backlog", "live", "presses"):
        lane.step(
            [one.at_s for one in lanes], [getattr(one, name) for one in lanes], where="post", label=name
        )
    lane.set_yscale("symlog")
    lane.set_ylabel("records at the hub")
    lane.legend(loc="center right")
    press.stem([at_s for at_s, _ in presses] or [0], [took_s for _, took_s in presses] or [0], markerfmt=".")
    press.set_ylabel("press stored after, s")
    press.set_xlabel("s")
    figure.savefig(path, dpi=120)

"""A run as a picture: what the link gave, what was aimed for and carried, how long the queue was (shell)."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.simulators.links.rate import Rate
from tests.simulators.sending.calls import FIRST_UPLOAD, Run


def draw(run: Run, path: Path) -> None:
    """Write a PNG."""
    mpl.use("agg")
    rate = Rate(run.profile.up.rate, run.profile.up.repeat_s)
    figure = Figure(figsize=(11, 7), layout="constrained")
    bits, queue, pictures = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 1))
    times = [0.1 * index for index in range(int(run.seconds * 10))]
    bits.step(times, [rate.at(at_s) / 1e3 for at_s in times], where="post", color="0.6", label="link")
    for call in run.calls:
        name = f"call {call.flow + 1}"
        carried = [0.0] * (int(run.seconds * 2) + 1)
        for one in run.passed:
            if one.flow == call.flow and one.left_s is not None:
                carried[int(one.left_s * 2)] += one.size_bytes * 8 / 500
        bits.plot(
            [sample.at_s for sample in call.samples],
            [sample.target_bps / 1e3 for sample in call.samples],
            label=f"{name}: target",
        )
        bits.plot([0.5 * index + 0.25 for index in range(len(carried))], carried, lw=0.8, label=name)
        gaps = zip(call.decoded_s, call.decoded_s[1:], strict=False)
        pictures.plot(call.decoded_s[1:], [1e3 * (later - earlier) for earlier, later in gaps], ".", ms=2)
    ours = [one for one in run.passed if one.flow < FIRST_UPLOAD and one.started_s is not None]
    queue.plot(
        [one.arrived_s for one in ours],
        [1e3 * (one.started_s - one.arrived_s) for one in ours if one.started_s is not None],
        ".",
        ms=2,
    )
    bits.set_ylabel("kbit/s")
    bits.legend(loc="upper right", fontsize=8)
    queue.set_ylabel("queue, ms")
    pictures.set_ylabel("between\nframes, ms")
    pictures.set_xlabel("s")
    figure.suptitle(run.profile.name)
    figure.savefig(path, dpi=90)

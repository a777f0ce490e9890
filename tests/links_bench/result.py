"""What a run is reported as: the figures, and its course for a drawing (core)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from tests.bench.report import percentile
from tests.links_bench.figures import carried_bits, drain_s, jain, of_ports, step_up_s
from tests.links_bench.receiver import Seen
from tests.simulators.links.log import Logged, queueing_delays_s, utilisation
from tests.simulators.links.profile import Profile
from tests.simulators.links.rate import Rate

MEANINGS: Final = {
    "peer": "who sent",
    "profile": "over which link",
    "seconds": "from the first picture and voice on",
    "alive": "pictures and a voice still came in the last 10 s, of every flow",
    "utilisation": "share of what the link could carry up that these senders used, not the uploads of others",
    "queue_p50_ms": "wait of the senders' UDP packets before the link",
    "queue_p95_ms": "the same, 95 of 100",
    "video_fps": "pictures decoded a second; the mean of the flows",
    "frozen_s": "pauses of more than 0.5 s between decoded pictures, both ends included; the worse flow's",
    "audio_concealed": "share of the voice that Chromium made up; the worse flow's",
    "video_kbps": "payload of the picture that came; the mean of the flows",
    "ssim": "structure left of the pictures, one a second at 640 × 360; null: none could be told",
    "estoi": "intelligibility left of the voice; null: nothing was heard",
    "step_up_s": "from the largest step up until 0.8 of the new rate were carried in a second; null: no step",
    "drain_s": "from the largest step down until no packet waits for 0.1 s; null: no step",
    "jain": "two flows: fairness of their shares, from when both were there",
    "flows": "two flows: each one's own figures, in the order of joining",
}
Figures = dict[str, Any]  # by the keys of MEANINGS
BIN_S: Final = 0.5
POINTS_MAX: Final = 4_000  # of a drawing
_MEANS: Final = ("video_fps", "video_kbps", "ssim", "estoi")
_WORST: Final = ("frozen_s", "audio_concealed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One sender: what was seen of it, the ports it sent from, what it aimed for (monotonic, bit/s)."""

    seen: Seen
    ports: frozenset[int]
    targets: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened when; all times in seconds of the profile, one list a flow where there are several."""

    link: list[tuple[float, float]]  # kbit/s from this second on
    carried: list[list[float]]  # kbit/s in each BIN_S
    others: list[float]  # the same, of uploads
    targets: list[list[tuple[float, float]]]  # kbit/s
    queue: list[tuple[float, float]]  # ms
    painted: list[list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run."""

    figures: Figures
    course: Course

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"figures": self.figures, "course": asdict(self.course)}


def figures(
    peer: str,
    profile: Profile,
    packets: Sequence[Logged],
    flows: Sequence[Flow],
    *,
    began_s: float,
    seconds: float,
    uploads_port: int,
) -> Run:
    """Reckon everything that is said of a run of `seconds` from `began_s` on."""
    ended_s = began_s + seconds
    up = [one for one in packets if one.direction == "up" and began_s <= one.arrived_s <= ended_s]
    sent = [one for one in up if one.packet.ports[1] != uploads_port]
    media = [one for one in sent if one.packet.content != "tcp"]
    rate = Rate(profile.up.rate, profile.up.repeat_s)
    waits_s = queueing_delays_s(media) or [0.0]
    each = [_of_flow(flow.seen) for flow in flows]
    result: Figures = {
        "peer": peer,
        "profile": profile.name,
        "seconds": round(seconds),
        "alive": len(flows) == profile.flows and all(flow.seen.alive for flow in flows),
        "utilisation": round(utilisation(sent, rate, began_s=began_s, from_s=began_s, to_s=ended_s), 3),
        "queue_p50_ms": round(percentile(waits_s, 0.5) * 1_000),
        "queue_p95_ms": round(percentile(waits_s, 0.95) * 1_000),
        **together(each),
        "step_up_s": step_up_s(sent, profile, began_s=began_s, seconds=seconds),
        "drain_s": drain_s(media, profile, began_s=began_s, seconds=seconds),
    }
    result = {key: result[key] for key in MEANINGS if key in result}
    if profile.flows > 1:
        both_s = max(flow.seen.from_s for flow in flows)
        shares = [carried_bits(of_ports(media, flow.ports), from_s=both_s, to_s=ended_s) for flow in flows]
        result |= {"jain": round(jain(shares), 3) if len(flows) == profile.flows else None, "flows": each}
    course = Course(
        link=_rate_steps(rate, seconds),
        carried=[_binned(of_ports(media, flow.ports), began_s, seconds) for flow in flows],
        others=_binned([one for one in up if one.packet.content == "tcp"], began_s, seconds),
        targets=[
            [(at_s - began_s, bps / 1e3) for at_s, bps in flow.targets if began_s <= at_s <= ended_s]
            for flow in flows
        ],
        queue=_thinned(
            [(one.arrived_s - began_s, one.queued_s * 1e3) for one in media if one.queued_s is not None]
        ),
        painted=[[at_s - began_s for at_s in flow.seen.painted_s] for flow in flows],
    )
    return Run(figures=result, course=course)


def together(each: Sequence[Figures]) -> Figures:
    """Return the figures of all flows as one: means, and the worse of what hurts."""
    found: Figures = {}
    for key in _MEANS:
        known = [one[key] for one in each if one[key] is not None]
        found[key] = round(sum(known) / len(known), 3) if known else None
    return found | {key: max(one[key] for one in each) for key in _WORST}


def medians(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure over runs of one peer and profile; alive only if all were.

    "never" is longer than every time. A figure that one of the runs has not is the median of the others.
    """
    return {key: _median(key, [one.get(key) for one in runs]) for key in runs[0] if key != "flows"}


def _median(key: str, values: list[Any]) -> Any:
    if key == "alive":
        return all(values)
    known = [float("inf") if one == "never" else one for one in values if one is not None]
    if not known or isinstance(known[0], str):
        return known[0] if known else None
    middle = median(known)
    return "never" if middle == float("inf") else round(middle, 3)


def _of_flow(seen: Seen) -> Figures:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    return {
        "video_fps": round(seen.fps, 1),
        "frozen_s": round(seen.frozen_s, 1),
        "audio_concealed": round(seen.concealed, 4),
        "video_kbps": round(seen.video_bps / 1e3, 1),
        "ssim": rounded(seen.ssim),
        "estoi": rounded(seen.estoi),
    }


def _rate_steps(rate: Rate, seconds: float) -> list[tuple[float, float]]:
    times_s = [0.1 * tenth for tenth in range(round(seconds * 10) + 1)]
    found: list[tuple[float, float]] = []
    for at_s in times_s:
        kbps = rate.at(at_s) / 1e3
        if not found or found[-1][1] != kbps:
            found.append((round(at_s, 1), kbps))
    return [*found, (seconds, found[-1][1])]


def _binned(packets: Sequence[Logged], began_s: float, seconds: float) -> list[float]:
    bits = [0.0] * int(seconds / BIN_S)
    for one in packets:
        if one.left_s is not None and began_s <= one.left_s < began_s + BIN_S * len(bits):
            bits[int((one.left_s - began_s) / BIN_S)] += one.size_bytes * 8
    return [round(one / BIN_S / 1e3, 1) for one in bits]


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    every = -(-len(points) // POINTS_MAX) or 1
    return [(round(at_s, 2), round(value, 1)) for at_s, value in points[::every]]

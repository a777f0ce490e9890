"""A watched call as it is reported (core): five groups of keys, what each means, and a function for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.report import percentile
from tests.busy_link.figures import (
    WHOLE,
    Course,
    Figure,
    back_s,
    clear,
    concealed,
    frozen_s,
    middle_and_worst,
    outages,
    unheard_s,
)
from tests.drain.held import Faults, Held
from tests.links_bench.figures import carried_bits
from tests.simulators.links import Logged, Profile, queueing_delays_s, utilisation
from tests.simulators.links.rate import Rate

CALL: Final = {
    "profile": "the link",
    "seconds": "from the first picture and voice on",
    "busy": "share of this machine's processors that was not idle; near 1 the rest says more of it",
    "alive": "1: pictures and a voice still came in the last 10 s",
    "legs": "generations of connections, 1 is a call that was never lost",
    "video_fps": "pictures painted a second",
    "frozen_s": "pauses of more than 0.5 s between painted pictures",
    "audio_concealed": "share of the voice that Chromium made up",
    "unheard_s": "seconds without a voice, even a made up one: no connection stood; not in audio_concealed",
}
OUTAGES: Final = {
    "outages": "times at which the link carried nothing",
    "outages_s": "all of them together",
    "frozen_outside_s": "frozen_s outside of outages",
    "concealed_outside": "audio_concealed of the seconds that lie wholly between two outages",
    "voice_back_s": "from the end of an outage until a voice was heard, the median",
    "voice_back_max_s": "the same, the longest",
    "picture_back_s": "from the end of an outage until a picture was painted, the median",
    "picture_back_max_s": "the same, the longest",
}
LINK: Final = {
    "queue_p50_ms": "wait of the call's UDP packets before the link",
    "queue_p95_ms": "the same, 95 of 100",
    "utilisation": "share of what the link could carry up that it did carry for this station, not for others",
    "media_kbps": "of it, what the call's UDP packets took",
    "uplink_kbps": "of it, what `edge vitals` took: the backlog, what is measured now, signals",
}
PRESSES: Final = {
    "presses": "button edges in the call: nudges",
    "press_p50_ms": "edge of the button to the hub's committed store",
    "press_p99_ms": "the same, 99 of 100",
    "press_max_ms": "the slowest",
    "presses_lost": "presses that the hub's store did not hold a minute after the end",
}
BACKLOG: Final = {
    "backlog_hours": "of capture when the station started",
    "backlog_owed": "records of it that the hub did not hold when the call began",
    "backlog_drained": "of them, what came in the call",
    "backlog_kbps": "their bytes as they were stored",
    "backlog_lost": "records that the station believes to be at the hub and are not, of all",
    "backlog_doubled": "records that the hub holds once more under another name, of all",
}
Result = Mapping[str, Figure | str]  # by keys of a group


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What came of it."""

    course: Course
    packets: Sequence[Logged]  # times are monotonic, as of `began_s`
    began_s: float
    uploads_port: int
    busy: float  # share of the machine's processors
    owed: int  # records of the backlog that the hub did not hold when the call stood
    before: Held
    after: Held
    faults: Faults
    presses: list[tuple[float, float]]  # when (profile), and how long until the hub's store had committed it
    presses_lost: int


def of_call(watched: Watched, profile: Profile) -> Result:
    """How the call was, from its first second to its last."""
    course = watched.course
    whole = [(0.0, course.seconds)]
    painted = [at_s for at_s in course.painted_s if 0 <= at_s <= course.seconds]
    return {
        "profile": profile.name,
        "seconds": round(course.seconds),
        "busy": watched.busy,
        "alive": int(course.alive),
        "legs": course.legs,
        "video_fps": round(len(painted) / course.seconds, 1),
        "frozen_s": round(frozen_s(course.painted_s, whole), 1),
        "audio_concealed": round(concealed(course.looks, WHOLE), 4),
        "unheard_s": round(unheard_s(course.looks, WHOLE), 1),
    }


def of_outages(watched: Watched, profile: Profile) -> Result:
    """How it came over the outages."""
    course = watched.course
    dark = outages(profile.up, seconds=course.seconds)
    spans = clear(dark, seconds=course.seconds)
    voice_s, voice_max_s = middle_and_worst(back_s(dark, course.heard_s))
    picture_s, picture_max_s = middle_and_worst(back_s(dark, course.painted_s))
    return {
        "outages": len(dark),
        "outages_s": round(sum(to_s - from_s for from_s, to_s in dark), 1),
        "frozen_outside_s": round(frozen_s(course.painted_s, spans), 1),
        "concealed_outside": round(concealed(course.looks, spans), 4),
        "voice_back_s": voice_s,
        "voice_back_max_s": voice_max_s,
        "picture_back_s": picture_s,
        "picture_back_max_s": picture_max_s,
    }


def of_link(watched: Watched, profile: Profile) -> Result:
    """What the link had of it, up."""
    began_s, ended_s = watched.began_s, watched.began_s + watched.course.seconds
    up = [
        one
        for one in watched.packets
        if one.direction == "up"
        and began_s <= one.arrived_s <= ended_s
        and one.packet.ports[1] != watched.uploads_port
    ]
    media = [one for one in up if one.packet.content != "tcp"]
    uplink = [one for one in up if one.packet.content == "tcp"]
    waits_s = queueing_delays_s(media) or [0.0]
    rate = Rate(profile.up.rate, profile.up.repeat_s)
    bits = [carried_bits(part, from_s=began_s, to_s=ended_s) for part in (media, uplink)]
    media_kbps, uplink_kbps = (round(one / watched.course.seconds / 1e3, 1) for one in bits)
    return {
        "queue_p50_ms": round(percentile(waits_s, 0.5) * 1e3),
        "queue_p95_ms": round(percentile(waits_s, 0.95) * 1e3),
        "utilisation": round(utilisation(up, rate, began_s=began_s, from_s=began_s, to_s=ended_s), 3),
        "media_kbps": media_kbps,
        "uplink_kbps": uplink_kbps,
    }


def of_presses(watched: Watched) -> Result:
    """How long a press took, beside all that."""
    took_ms = [took_s * 1e3 for _, took_s in watched.presses]
    return {
        "presses": len(took_ms) + watched.presses_lost,
        "press_p50_ms": round(percentile(took_ms, 0.5)) if took_ms else None,
        "press_p99_ms": round(percentile(took_ms, 0.99)) if took_ms else None,
        "press_max_ms": round(max(took_ms)) if took_ms else None,
        "presses_lost": watched.presses_lost,
    }


def of_backlog(watched: Watched, *, hours: float) -> Result:
    """What of the backlog came meanwhile, and whether all that came is there once."""
    drained_bits = (watched.after.backlog_bytes - watched.before.backlog_bytes) * 8
    return {
        "backlog_hours": hours,
        "backlog_owed": watched.owed,
        "backlog_drained": watched.after.backlog - watched.before.backlog,
        "backlog_kbps": round(drained_bits / watched.course.seconds / 1e3, 1),
        "backlog_lost": watched.faults.lost,
        "backlog_doubled": watched.faults.doubled,
    }

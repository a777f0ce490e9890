"""What a page truly hears and sees of a call: asked of its connections and painted pictures, from outside."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SCRIPT: Final = Path(__file__).with_suffix(".js")
LATE_S: Final = 10.0  # the last seconds, in which a call that is alive still shows pictures and speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """What a page's connections have counted since it began. Energy is in seconds of full scale."""

    connections: int  # two a leg
    frames: int
    video_bytes: int  # payload, without what was sent again
    heard_energy: float
    heard_samples: int
    concealed_samples: int  # silence not counted
    silenced_samples: int  # concealed by silence: after a tenth of a second without a packet
    said_energy: float
    said_packets: int
    keyframes: int
    nacks: int
    pairs: tuple[dict[str, Any], ...]  # local and remote candidate type, address, port, protocol, round trip

    def concealed_share(self, before: "MediaCounts") -> float:
        """Which share of the voice since `before` was made up, 0 … 1."""
        heard = self.heard_samples - before.heard_samples
        return (self.concealed_samples - before.concealed_samples) / max(1, heard)


def put_in(page: Page) -> None:
    """Watch every page that is opened from now on."""
    page.add_init_script(path=SCRIPT)


def media_counts(page: Page) -> MediaCounts:
    """Return the counts of now."""
    raw = page.evaluate("() => window.mediaWatch.counts()")
    audio, video, said = raw["audio"], raw["video"], raw["said"]
    return MediaCounts(
        connections=raw["connections"],
        frames=video.get("framesDecoded", 0),
        video_bytes=video.get("bytesReceived", 0),
        heard_energy=audio.get("totalAudioEnergy", 0.0),
        heard_samples=audio.get("totalSamplesReceived", 0),
        concealed_samples=audio.get("concealedSamples", 0) - audio.get("silentConcealedSamples", 0),
        silenced_samples=audio.get("silentConcealedSamples", 0),
        said_energy=said["totalAudioEnergy"],
        said_packets=said["packetsSent"],
        keyframes=video.get("keyFramesDecoded", 0),
        nacks=video.get("nackCount", 0),
        pairs=tuple(raw["pairs"]),
    )


def moments(page: Page) -> dict[str, float | None]:
    """When this page first heard, painted, drew a live ECG (wall clock, s); None: not yet."""
    marks = page.evaluate("() => window.mediaWatch.marks")
    return {name: None if at_ms is None else at_ms / 1_000 for name, at_ms in marks.items()}


def painted_s(page: Page) -> list[float]:
    """Return when each picture was painted since the page began (wall clock)."""
    return [at_ms / 1_000 for at_ms in page.evaluate("() => window.mediaWatch.painted")]


def heard_since_s(page: Page, since_s: float, *, to_wall_s: float) -> float | None:
    """Return when a voice was first received after `since_s` (wall clock), less `to_wall_s`; or None."""
    at_ms = page.evaluate(
        "(since) => window.mediaWatch.heard.find(([at, level]) => at > since && level > 0.01)?.[0] ?? null",
        since_s * 1_000,
    )
    return None if at_ms is None else at_ms / 1_000 - to_wall_s


def is_alive(page: Page, *, to_s: float) -> bool:
    """Whether pictures and a voice still came in the LATE_S until `to_s` (wall clock)."""
    was_heard = heard_since_s(page, to_s - LATE_S, to_wall_s=0.0) is not None
    return was_heard and any(at_s > to_s - LATE_S for at_s in painted_s(page))


def freezes_s(times_s: list[float], *, from_s: float, to_s: float, longer_than_s: float = 0.5) -> list[float]:
    """Return how long each pause between two pictures was that is longer than that, both ends included."""
    edges = [from_s, *(at_s for at_s in times_s if from_s <= at_s <= to_s), to_s]
    pauses = [after - before for before, after in pairwise(edges)]
    return [pause for pause in pauses if pause > longer_than_s]

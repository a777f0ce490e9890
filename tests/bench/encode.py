"""`./run bench encode`: what a talking picture costs, and whether the encoder follows the link.

One after the other, with the same pictures: libvpx itself as `edge video` drives it, and PyAV's encoder made
anew at each change of rate, as aiortc does it. Pictures of 1280 × 720 are scaled to 480 × 270, 15 a second.
Then libvpx at the poor end of the ladder, where one picture too large is a queue, and at its rich end, where
it may be too slow.
"""

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import av

from edge.video.codecs.codec_check import check_vpx
from edge.video.codecs.encoder import PictureEncoder, PyAvEncoder
from edge.video.codecs.vpx import VpxEncoder
from edge.video.media import VIDEO_HZ
from edge.video.picture.ladder import RUNGS, PictureLadder, rung
from tests.bench.report import percentile, progress, tell
from tests.simulators.moving_picture import moving_pictures

WIDTH, HEIGHT, FPS = 480, 270, 15
RATES_BPS: Final = (120_000, 400_000, 80_000, 250_000, 40_000)
POOR_BPS: Final = (20_000, 30_000, 50_000, 80_000)
RICH_BPS: Final = {"hd": 1_200_000, "full_hd": 2_500_000}
SETTLED_AFTER_S: Final = 1  # of a change; what comes later counts as error of the rate
MEANINGS: Final = {
    "core_share": "scaling and coding, of one core (0.2 is the limit, with sending)",
    "encode_p50_ms": "coding one picture, processor time",
    "encode_p95_ms": "the same, 95 of 100",
    "scale_p50_ms": "scaling one picture, processor time",
    "rate_error_worst": "share by which the worst of five rates was missed, from a second after its change",
    "settle_worst_s": "whole seconds after a change until one is within a quarter of the rate, the worst",
    "keyframes": "one is needed",
    "keyframe_largest_s": "seconds of its rate that the largest keyframe takes",
    "pictures_left_out": "by the encoder, to keep its rate",
    "pyav_core_share": "all that again with PyAV, a new encoder at each change of rate",
    "poor_rate_error_worst": "at 20, 30, 50, 80 kbit/s, each on its rung: share by which a rate was missed",
    "poor_gap_longest_s": "the same: longest time between two coded pictures; 0.2 is the lowest rung's",
    "poor_picture_largest_s": "the same: seconds of its rate that the largest picture but the first takes",
    "poor_keyframe_largest_s": "the same: that the first, a keyframe, takes",
    "hd_busy_share": "1280 × 720 at 25: share of a picture's time, processor time; limit 0.6",
    "full_hd_busy_share": "1920 × 1080 at 25: the same",
    "self_test_ms": "libvpx's, at the start of `edge video`",
}
_MEASURED: Final = (*list(MEANINGS)[:9],)


@dataclass
class Phase:
    """One rate: the bytes of each second, and what was seen on the way."""

    rate_bps: int
    second_bytes: list[int] = field(default_factory=list)

    def error(self) -> float:
        """Share by which the rate was missed once it was settled."""
        settled = self.second_bytes[SETTLED_AFTER_S:]
        return abs(sum(settled) * 8 / len(settled) - self.rate_bps) / self.rate_bps

    def settled_s(self) -> int:
        """Whole seconds until one was within a quarter of the rate."""
        near = (abs(size * 8 - self.rate_bps) <= 0.25 * self.rate_bps for size in self.second_bytes)
        return next(itertools.compress(itertools.count(), near), len(self.second_bytes))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench encode", description=__doc__)
    parser.add_argument("--seconds", type=int, default=6, help="at each of the five rates; 3 at least")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    camera = moving_pictures(1280, 720, count=4 * FPS)
    began_s = time.perf_counter()
    check_vpx()
    self_test_ms = (time.perf_counter() - began_s) * 1000
    progress("libvpx ")
    ours = measure(VpxEncoder(WIDTH, HEIGHT, fps=FPS, bitrate_bps=RATES_BPS[0]), camera, options.seconds)
    progress("PyAV   ")
    theirs = measure(_anew, camera, options.seconds)
    progress("poor   ")
    poor = [measure_poor(rate_bps, camera, options.seconds) for rate_bps in POOR_BPS]
    progress("rich   ")
    rich = {f"{name}_busy_share": busy_share(rate_bps, camera) for name, rate_bps in RICH_BPS.items()}
    progress("\n")
    worst = {name: max(one[name] for one in poor) for name in poor[0]}
    result = {**ours, **{f"pyav_{name}": value for name, value in theirs.items()}, **worst, **rich}
    tell({**result, "self_test_ms": round(self_test_ms, 1)}, meanings=MEANINGS, json_path=options.json)


def measure(
    encoder: PictureEncoder | Callable[[int], PictureEncoder], camera: list[av.VideoFrame], seconds: int
) -> dict[str, float | int]:
    """Code the five rates one after the other; a function makes an encoder for each rate."""
    scale_ms: list[float] = []
    encode_ms: list[float] = []
    phases: list[Phase] = []
    keyframes, left_out, largest_s = 0, 0, 0.0
    pictures = itertools.cycle(camera)
    began_s = time.process_time()
    for number in range(len(RATES_BPS) * seconds * FPS):
        rate_bps, in_phase = RATES_BPS[number // (seconds * FPS)], number % (seconds * FPS)
        at_s = time.process_time()
        if in_phase == 0:
            phases.append(Phase(rate_bps, [0] * seconds))
            working = encoder(rate_bps) if callable(encoder) else encoder
            working.set_rate(rate_bps, fps=FPS)
        scaled = next(pictures).reformat(WIDTH, HEIGHT, "yuv420p", interpolation="AREA")
        scaled_s = time.process_time()
        coded = working.encode(scaled, pts=number * VIDEO_HZ // FPS)
        scale_ms.append((scaled_s - at_s) * 1000)
        encode_ms.append((time.process_time() - scaled_s) * 1000)
        if coded is None:
            left_out += 1
            continue
        phases[-1].second_bytes[in_phase // FPS] += len(coded.data)
        if coded.is_key:
            keyframes += 1
            largest_s = max(largest_s, len(coded.data) * 8 / rate_bps)
    used_s = time.process_time() - began_s
    values = (
        round(used_s / (len(RATES_BPS) * seconds), 4),
        round(percentile(encode_ms, 0.5), 2),
        round(percentile(encode_ms, 0.95), 2),
        round(percentile(scale_ms, 0.5), 2),
        round(max(phase.error() for phase in phases), 3),
        max(phase.settled_s() for phase in phases),
        keyframes,
        round(largest_s, 2),
        left_out,
    )
    return dict(zip(_MEASURED, values, strict=True))


def measure_poor(rate_bps: int, camera: list[av.VideoFrame], seconds: int) -> dict[str, float]:
    """Code at one poor rate, on the rung of the ladder that it has."""
    now = rung(PictureLadder().step(rate_bps, now_s=0.0), "motion")
    encoder = VpxEncoder(now.width, now.height, fps=now.fps, bitrate_bps=rate_bps)
    sizes: list[tuple[float, int]] = []  # when, of those that were coded
    for number in range(4 * seconds * now.fps):
        picture = camera[number * FPS // now.fps % len(camera)]
        scaled = picture.reformat(now.width, now.height, "yuv420p", interpolation="AREA")
        coded = encoder.encode(scaled, pts=number * VIDEO_HZ // now.fps)
        if coded is not None:
            sizes.append((number / now.fps, len(coded.data)))
    settled = sum(size for at_s, size in sizes if at_s >= SETTLED_AFTER_S)
    took_bps = settled * 8 / (4 * seconds - SETTLED_AFTER_S)
    return {
        "poor_rate_error_worst": round(abs(took_bps - rate_bps) / rate_bps, 3),
        "poor_gap_longest_s": round(max(b[0] - a[0] for a, b in itertools.pairwise(sizes)), 2),
        "poor_picture_largest_s": round(max(size for _, size in sizes[1:]) * 8 / rate_bps, 2),
        "poor_keyframe_largest_s": round(sizes[0][1] * 8 / rate_bps, 2),
    }


def busy_share(rate_bps: int, camera: list[av.VideoFrame]) -> float:
    """Scale and code at one rich rate; return the share of a picture's time that it takes of one core."""
    now = next(one for from_bps, one in RUNGS if from_bps == rate_bps)
    large = [one.reformat(1920, 1080, "yuv420p") for one in camera[: now.fps]]
    encoder = VpxEncoder(now.width, now.height, fps=now.fps, bitrate_bps=rate_bps)
    began_s = time.process_time()
    for number in range(2 * now.fps):
        scaled = large[number % len(large)].reformat(now.width, now.height, "yuv420p", interpolation="AREA")
        encoder.encode(scaled, pts=number * VIDEO_HZ // now.fps)
    return round((time.process_time() - began_s) / 2, 3)


def _anew(rate_bps: int) -> PictureEncoder:
    return PyAvEncoder(WIDTH, HEIGHT, fps=FPS, bitrate_bps=rate_bps)


if __name__ == "__main__":
    main()

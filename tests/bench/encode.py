"""`./run bench encode`: what a talking picture costs, and whether the encoder follows the link.

One after the other, with the same pictures: libvpx itself as `edge video` drives it, and PyAV's encoder made
anew at each change of rate, as aiortc does it. Pictures of 1280 × 720 are scaled to 480 × 270, 15 a second.
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
from tests.bench.report import percentile, progress, tell
from tests.simulators.moving_picture import moving_pictures

WIDTH, HEIGHT, FPS = 480, 270, 15
RATES_BPS: Final = (120_000, 400_000, 80_000, 250_000, 40_000)
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
    progress("\n")
    result = {**ours, **{f"pyav_{name}": value for name, value in theirs.items()}}
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


def _anew(rate_bps: int) -> PictureEncoder:
    return PyAvEncoder(WIDTH, HEIGHT, fps=FPS, bitrate_bps=rate_bps)


if __name__ == "__main__":
    main()

"""`./run bench box`: what a picture costs this machine, of one core; the same words on a Raspberry Pi.

Pictures of 1280 × 720 are scaled to 480 × 270, coded 15 times a second at 200 kbit/s and sent by a leg as
`edge video` makes one: packets, encryption, pacing, and the feedback of another leg, in another process, that
takes them. No camera, no voice, no link that is poor: of these `./run bench call_link` has the whole.
"""

import argparse
import asyncio
import json
import platform
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from edge.video.codecs.vpx import VpxEncoder
from edge.video.media import VIDEO_HZ, EncodedFrame
from edge.video.transport.leg import Leg, LegEars
from tests.bench.report import progress, tell
from tests.simulators.moving_picture import moving_pictures
from tests.village.process import ENDS_WITH_US, ROOT

WIDTH, HEIGHT, FPS = 480, 270, 15
BPS: Final = 200_000
PACKET_BYTES: Final = 800  # what the ladder has at that rate
CONNECT_LIMIT_S: Final = 60.0
MEANINGS: Final = {
    "machine": "what this was measured on",
    "encode_and_send_pct": "CPU time of the sending process, of one core; 15 at most is wished for",
    "encode_pct": "of it scaling and coding",
    "send_pct": "of it all the rest: packets, encryption, pacing, feedback",
    "fps": "pictures sent a second",
    "kbps": "coded",
    "seconds": "measured",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench box", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    parser.add_argument("--receive", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.receive:
        asyncio.run(receive())
        return
    tell(asyncio.run(measure(options.seconds)), meanings=MEANINGS, json_path=options.json)


async def measure(seconds: float) -> dict[str, float | int | str]:
    """Send so long."""
    camera = moving_pictures(1280, 720, count=4 * FPS)
    encoder = VpxEncoder(WIDTH, HEIGHT, fps=FPS, bitrate_bps=BPS)
    wants_key, stands = asyncio.Event(), asyncio.Event()
    async with receiver() as other, leg(on_keyframe_wanted=wants_key.set, on_link=stands.set) as ours:
        await ours.on_answer(await other.answer(await ours.offer()))
        await asyncio.wait_for(stands.wait(), CONNECT_LIMIT_S)
        coding_s, coded_bytes, sent = 0.0, 0, 0
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        for number in range(int(seconds * FPS)):
            await asyncio.sleep(max(0.0, began_s + number / FPS - time.monotonic()))
            progress(f"{seconds - number / FPS:3.0f} s ")
            before_s = time.thread_time()
            scaled = camera[number % len(camera)].reformat(WIDTH, HEIGHT, "yuv420p", interpolation="AREA")
            coded = encoder.encode(scaled, pts=number * VIDEO_HZ // FPS, force_key=wants_key.is_set())
            coding_s += time.thread_time() - before_s
            wants_key.clear()
            if coded is not None:
                ours.send_picture(
                    EncodedFrame(coded.data, number * VIDEO_HZ // FPS, coded.is_key, PACKET_BYTES)
                )
                coded_bytes, sent = coded_bytes + len(coded.data), sent + 1
        used_s, lasted_s = time.process_time() - began_cpu_s, time.monotonic() - began_s
    encoder.close()
    progress("\n")
    return {
        "machine": machine(),
        "encode_and_send_pct": round(used_s / lasted_s * 100, 1),
        "encode_pct": round(coding_s / lasted_s * 100, 1),
        "send_pct": round((used_s - coding_s) / lasted_s * 100, 1),
        "fps": round(sent / lasted_s, 1),
        "kbps": round(coded_bytes * 8 / lasted_s / 1e3),
        "seconds": round(lasted_s),
    }


def nothing() -> None:
    """Hear nothing."""


@asynccontextmanager
async def leg(
    *, on_keyframe_wanted: Callable[[], None] = nothing, on_link: Callable[[], None] = nothing
) -> AsyncIterator[Leg]:
    """A leg; `on_link` says that it stands."""
    made = Leg(
        "0123456789abcdef",
        ice=(),
        ears=LegEars(
            on_state=lambda _: None,
            on_keyframe_wanted=lambda _track: on_keyframe_wanted(),
            on_link=lambda _: on_link(),
            on_down=lambda: None,
            on_voice=lambda _: None,
            on_picture=lambda _: None,
        ),
        now_s=time.monotonic,
        rng=random.Random(3),
    )
    try:
        yield made
    finally:
        await made.close()


class Receiver:
    """The other process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def answer(self, offer: str) -> str:
        """Return its answer."""
        assert self._process.stdin is not None and self._process.stdout is not None, "started with pipes"
        self._process.stdin.write(json.dumps(offer).encode() + b"\n")
        await self._process.stdin.drain()
        return str(json.loads(await self._process.stdout.readline()))


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Start it, and end it with its input."""
    pipe = asyncio.subprocess.PIPE
    command = [*ENDS_WITH_US, sys.executable, "-m", "tests.bench.box", "--receive"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        yield Receiver(process)
    finally:
        assert process.stdin is not None, "started with pipes"
        process.stdin.close()
        await process.wait()


async def receive() -> None:
    """Take pictures until the input ends."""
    async with leg() as ours:
        offer = json.loads(await asyncio.to_thread(sys.stdin.readline))
        print(json.dumps(await ours.on_offer(offer)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def machine() -> str:
    """Return its processor as the kernel names it."""
    for path, key in ((Path("/proc/device-tree/model"), ""), (Path("/proc/cpuinfo"), "model name")):
        if path.exists():
            lines = path.read_text(encoding="utf-8", errors="replace").replace("\0", "").splitlines()
            found = [
                line.partition(":")[2].strip() if key else line for line in lines if line.startswith(key)
            ]
            if found:
                return found[0]
    return platform.machine()


if __name__ == "__main__":
    main()

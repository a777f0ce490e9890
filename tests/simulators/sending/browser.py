"""The receiving side: what a Chromium does with what comes, and what it says of it (core).

Feedback on all packets every 66 ms, as it was counted; requests for packets and keyframes; a receiver report
a second. Its clock is not ours, and is a little fast.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from edge.video.media import VOICE_HZ
from edge.video.transport import rtcp
from edge.video.transport.rtp import read_transport_sequence
from edge.video.transport.twcc import write_feedback
from tests.simulators.sending.hearing import Hearing
from tests.simulators.sending.road import HEADERS_BYTES, Road
from tests.simulators.sending.station import PICTURE_SSRCS, REPAIR_SSRCS, SEQUENCE_ID, VOICE_SSRC
from tests.simulators.sending.timeline import Timeline
from tests.simulators.sending.watching import OWN_SSRC, Watching, shown_s, unwrapped

FEEDBACK_S: Final = 0.066
LOOKS_S: Final = 0.02  # at what is missing
REPORT_S: Final = 1.0
CLOCK_AHEAD_S: Final = 1234.5
CLOCK_FAST: Final = 20e-6
SPEAKS_BYTES, SPEAKS_S = 144, 0.04  # its own voice, 16 kbit/s


class Browser:
    """Takes the packets of one flow from `road`; what it says goes `back`."""

    def __init__(
        self, timeline: Timeline, road: Road, back: Road, *, flow: int, rng: random.Random, begins_s: float
    ) -> None:
        self.hearing = Hearing()
        self._tracks = {
            track: Watching(ssrc, say=self._say, now_s=begins_s) for track, ssrc in PICTURE_SSRCS.items()
        }
        self._streams = {PICTURE_SSRCS[track]: one for track, one in self._tracks.items()}
        self._again = {REPAIR_SSRCS[track]: one for track, one in self._tracks.items()}
        self.voice_s: list[float] = []  # when packets of it came
        self.padding_count = 0
        self._timeline, self._back = timeline, back
        self._prefix = bytes([flow]) + bytes(HEADERS_BYTES - 1)
        self._arrivals_us: dict[int, int] = {}
        self._told, self._feedbacks, self._highest = -1, 0, -1
        self._voice_highest: int | None = None  # of its sequence numbers
        self._voice_pts: tuple[int, float] | None = None
        self._first_said_s = begins_s
        self._reported = (0, 0)
        road.hears[flow] = self._on_packet
        every = (
            (FEEDBACK_S, self._tell),
            (LOOKS_S, self._look),
            (REPORT_S, self._report),
            (SPEAKS_S, self._speak),
        )
        for period_s, do in every:
            timeline.at(begins_s + rng.random() * period_s, partial(self._repeat, period_s, do))

    def _repeat(self, period_s: float, do: Callable[[], None]) -> None:
        do()
        self._timeline.at(self._timeline.now_s + period_s, partial(self._repeat, period_s, do))

    def _on_packet(self, whole: bytes) -> None:
        data, now_s = whole[HEADERS_BYTES:], self._timeline.now_s
        found = read_transport_sequence(data, SEQUENCE_ID)
        assert found is not None, "our packets have one"
        counted = unwrapped(found[1], self._highest)
        self._highest = max(self._highest, counted)
        self._arrivals_us[counted] = int((now_s * (1 + CLOCK_FAST) + CLOCK_AHEAD_S) * 1e6)
        at = 12 + (4 + 4 * int.from_bytes(data[14:16]) if data[0] & 0x10 else 0)
        payload, is_last = data[at:], bool(data[1] & 0x80)
        if data[0] & 0x20:
            payload = payload[: len(payload) - payload[-1]]
        ssrc, number = int.from_bytes(data[8:12]), int.from_bytes(data[2:4])
        if ssrc == VOICE_SSRC:
            self._hear(self._count_voice(number), int.from_bytes(data[4:8]), payload, now_s)
        elif ssrc in self._streams:
            self._streams[ssrc].on_packet(number, data, payload, is_last=is_last, now_s=now_s)
        elif len(payload) < 2:
            self.padding_count += 1  # libwebrtc's receiver drops it here as well
        else:
            lost = int.from_bytes(payload[:2])
            self._again[ssrc].see(lost, payload[2:], is_last=is_last, now_s=now_s)

    @property
    def shown_s(self) -> list[float]:
        """When a picture was shown."""
        low, high = (one.seeing.decoded_s for one in self._tracks.values())
        return shown_s(low, high)

    @property
    def high_count(self) -> int:
        """How many pictures of the second track were decoded."""
        return len(self._tracks["high"].seeing.decoded_s)

    def _hear(self, sequence: int, timestamp: int, payload: bytes, now_s: float) -> None:
        self.voice_s.append(now_s)
        lasts_s = payload[0] / 1_000
        first, said_s = self._voice_pts or (timestamp, now_s)
        passed_s = ((timestamp - first + (1 << 31)) % (1 << 32) - (1 << 31)) / VOICE_HZ
        said_s += passed_s
        gap_s = max(0.0, passed_s - lasts_s) if self._voice_pts else 0.0
        self.hearing.on_packet(
            sequence, said_s=said_s, lasts_s=lasts_s, has_fec=bool(payload[1]), gap_s=gap_s, now_s=now_s
        )
        self._voice_pts = (timestamp, said_s)

    def _count_voice(self, number: int) -> int:
        counted = unwrapped(number, number if self._voice_highest is None else self._voice_highest)
        self._voice_highest = counted if self._voice_highest is None else max(self._voice_highest, counted)
        return counted

    def _tell(self) -> None:
        if self._highest <= self._told or not self._arrivals_us:
            return
        first, last = min(self._arrivals_us), self._highest
        first = min(first, self._told + 1) if self._feedbacks else first
        data = write_feedback(
            self._arrivals_us,
            first=first,
            last=last,
            number=self._feedbacks,
            sender_ssrc=OWN_SSRC,
            media_ssrc=PICTURE_SSRCS["low"],
        )
        told = first + int.from_bytes(data[14:16]) - 1
        self._feedbacks += 1
        self._told = told
        # What is told begins with the first that has not been: a hole before it is told with it.
        self._arrivals_us = {at: us for at, us in self._arrivals_us.items() if at > told}
        self._say(data)

    def _look(self) -> None:
        for track in self._tracks.values():
            track.look(now_s=self._timeline.now_s)

    def _report(self) -> None:
        self._say(rtcp.write_packet(rtcp.RECEIVER_REPORT, 1, OWN_SSRC.to_bytes(4) + bytes(24)))

    def _speak(self) -> None:
        self._back.send(self._prefix + bytes(SPEAKS_BYTES - HEADERS_BYTES))

    def _say(self, data: bytes) -> None:
        self._back.send(self._prefix + data)

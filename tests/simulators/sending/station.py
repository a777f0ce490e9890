"""The sending side: our own cores, driven as the shell drives them (core)."""

import random
from collections.abc import Callable
from typing import Final, Protocol

from edge.video.media import TRACKS, VIDEO_HZ, EncodedFrame, Track, VoiceMode
from edge.video.picture.plan import PicturePlan, Shot
from edge.video.transport.outbound import Negotiated, Outbound
from edge.video.transport.picture_track import NegotiatedPicture
from edge.video.transport.rtp import ExtensionIds
from tests.simulators.sending.media import KEY, SyntheticVoice
from tests.simulators.sending.road import HEADERS_BYTES, Road
from tests.simulators.sending.timeline import Alarm, Timeline

VOICE_SSRC: Final = 11
PICTURE_SSRCS: Final[dict[Track, int]] = {"low": 22, "high": 44}
REPAIR_SSRCS: Final[dict[Track, int]] = {"low": 33, "high": 55}
RED_TYPE, ULPFEC_TYPE = 99, 100
SEQUENCE_ID: Final = 4  # the header extension of the transport-wide sequence number
CAMERA_SIZE: Final = (1280, 720)
CAMERA_FPS: Final = 25
LINK_EVERY_S: Final = 0.2  # as `transport/leg.py` tells the pipelines
LATE_S: Final = 0.002  # a loop wakes late by so much at most, and an encoder needs as long
CODING_S: Final = 0.004


class Encoder(Protocol):
    """`SyntheticEncoder`, or `film.FilmEncoder`."""

    def encode(self, shot: Shot, *, since_s: float) -> bytes | None: ...


class Station:
    """Sends from `begins_s` on; `out` takes packets as they go on the wire."""

    def __init__(
        self,
        timeline: Timeline,
        road: Road,
        *,
        flow: int,
        rng: random.Random,
        begins_s: float,
        make_encoder: Callable[[random.Random], Encoder],
        has_picture: bool = True,
        has_repairs: bool = True,
        has_high: bool = False,
    ) -> None:
        self.flow, self.begins_s = flow, begins_s
        self._timeline, self._road, self._rng = timeline, road, rng
        ids = ExtensionIds(transport_sequence=SEQUENCE_ID, send_time=3)
        agreed = Negotiated(
            voice_ssrc=VOICE_SSRC,
            voice_type=96,
            voice_ids=ExtensionIds(transport_sequence=SEQUENCE_ID, send_time=None),
            pictures={
                track: NegotiatedPicture(PICTURE_SSRCS[track], 97, ids, REPAIR_SSRCS[track], 98)
                for track in TRACKS[: 1 + has_high]
            },
            repair_types=(RED_TYPE, ULPFEC_TYPE) if has_repairs else None,
        )
        self.outbound = Outbound(agreed, rng=rng, now_s=begins_s)
        self._plan = PicturePlan()
        self._encoders = {
            track: make_encoder(random.Random(rng.random())) for track in TRACKS[: 1 + has_high]
        }
        self._voice = SyntheticVoice(random.Random(rng.random()))
        self._mode: VoiceMode | None = None
        self._told_s = begins_s - 1.0
        self._coded_s = dict.fromkeys(TRACKS, begins_s - 1.0)
        self._prefix = bytes([flow]) + bytes(HEADERS_BYTES - 1)
        self._alarm = Alarm(timeline, self._pump)
        timeline.at(begins_s, self._pump)
        timeline.at(begins_s, self._speak)
        if has_picture:
            timeline.at(begins_s + rng.random() / CAMERA_FPS, self._film)

    def on_rtcp(self, data: bytes) -> None:
        """A packet came back."""
        self.outbound.on_rtcp(data[HEADERS_BYTES:], now_s=self._timeline.now_s)
        self._pump()

    def _pump(self) -> None:
        now_s = self._timeline.now_s
        for data in self.outbound.pop(now_s=now_s):
            self._road.send(self._prefix + data)
        for track in self.outbound.take_keyframe_wishes(now_s=now_s):
            self._plan.want_key(track, now_s=now_s)
        if now_s - self._told_s >= LINK_EVERY_S:
            self._told_s = now_s
            self._mode = self._plan.link(self.outbound.link(), now_s=now_s)
        next_s = self.outbound.next_s
        self._alarm.set(now_s + 1.0 if next_s is None else max(now_s, next_s) + self._rng.random() * LATE_S)

    def _speak(self) -> None:
        assert self._mode is not None, "the pump was first"
        now_s = self._timeline.now_s
        packet = self._voice.packet(self._mode, at_s=now_s)
        if packet is not None:
            self.outbound.send_voice(packet, now_s=now_s)
            self._pump()
        self._timeline.at(now_s + self._mode.frame_ms / 1_000, self._speak)

    def _film(self) -> None:
        now_s = self._timeline.now_s
        self._timeline.at(now_s + 1 / CAMERA_FPS, self._film)
        for shot in (self._plan.shot(CAMERA_SIZE, now_s=now_s), self._plan.high_shot(now_s=now_s)):
            if shot is not None:
                self._code(shot, now_s)

    def _code(self, shot: Shot, now_s: float) -> None:
        since_s, self._coded_s[shot.track] = now_s - self._coded_s[shot.track], now_s
        data = self._encoders[shot.track].encode(shot, since_s=since_s)
        if data is None:
            return
        is_key = data[0] == KEY
        self._plan.sent(shot, len(data), is_key=is_key, now_s=now_s)
        frame = EncodedFrame(data, round(now_s * VIDEO_HZ), is_key, shot.packet_bytes, shot.track)
        self._timeline.at(now_s + CODING_S, lambda: self._send(frame))

    def _send(self, frame: EncodedFrame) -> None:
        self.outbound.send_picture(frame, now_s=self._timeline.now_s)
        self._pump()

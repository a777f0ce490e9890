"""The other end of a leg, in the same process: stock aiortc, and what it saw."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Self

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack, VideoStreamTrack

from contract.media import IceServer
from edge.video.media import (
    TRACKS,
    VIDEO_HZ,
    VOICE_HZ,
    EncodedFrame,
    EncodedVoice,
    LinkNow,
    Track,
    VoicePacket,
)
from edge.video.transport.leg import Leg, LegEars, LegState

WAIT_S = 30.0
FPS = 15


async def until(is_true: Callable[[], bool], *, limit_s: float = WAIT_S) -> None:
    """Return once it is true. Raises TimeoutError."""
    async with asyncio.timeout(limit_s):
        while True:
            if is_true():
                return
            await asyncio.sleep(0.02)


@dataclass
class Ears:
    """What a leg said."""

    states: list[LegState] = field(default_factory=list)
    links: list[LinkNow] = field(default_factory=list)
    downs: list[int] = field(default_factory=list)
    voice: list[VoicePacket] = field(default_factory=list)
    pictures: list[av.VideoFrame] = field(default_factory=list)
    keyframes_wanted: int = 0

    def want_keyframe(self, track: Track) -> None:
        del track  # the two carry the same picture
        self.keyframes_wanted += 1


class Station:
    """A leg with ears, and a source of pictures and voice that heeds it."""

    def __init__(
        self,
        *,
        silence_s: float = 14.0,
        ice: Sequence[IceServer] = (),
        relay_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.ears = Ears()
        self.leg = Leg(
            "0123456789abcdef",
            ice=ice,
            ears=LegEars(
                on_state=self.ears.states.append,
                on_keyframe_wanted=self.ears.want_keyframe,
                on_link=self.ears.links.append,
                on_down=lambda: self.ears.downs.append(self.leg.down_bps),
                on_voice=self.ears.voice.append,
                on_picture=self.ears.pictures.append,
            ),
            now_s=time.monotonic,
            rng=random.Random(3),
            relay_tls=relay_tls,
            silence_s=silence_s,
        )
        self._source: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self._source is not None:
                self._source.cancel()
                with suppress(asyncio.CancelledError):
                    await self._source
        finally:
            await self.leg.close()

    def talk(self, *, has_high: bool = False) -> None:
        """Send a moving picture and a tone from now on; `has_high`: the picture on both tracks."""
        self._source = asyncio.create_task(self._talk(TRACKS if has_high else TRACKS[:1]))

    async def _talk(self, tracks: Sequence[Track]) -> None:
        pictures, voices = Pictures(), Voices()
        begin_s = asyncio.get_running_loop().time()
        frames = packets = keys_sent = 0
        while True:
            passed_s = asyncio.get_running_loop().time() - begin_s
            while packets < passed_s * 50:
                self.leg.send_voice(voices.next())
                packets += 1
            if frames < passed_s * FPS:
                frames = int(passed_s * FPS) + 1
                if self.leg.link.queued_s < 0.15:
                    wants_key = self.ears.keyframes_wanted > keys_sent
                    keys_sent = self.ears.keyframes_wanted
                    for frame in pictures.next(frames, is_key=wants_key):
                        for track in tracks:
                            self.leg.send_picture(replace(frame, track=track))
            await asyncio.sleep(0.01)


class Pictures:
    """A moving picture of 160x120, coded by libvpx at about 100 kbit/s."""

    def __init__(self) -> None:
        self._codec: Any = av.CodecContext.create("libvpx", "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = 160, 120, "yuv420p"
        self._codec.bit_rate, self._codec.time_base = 100_000, Fraction(1, VIDEO_HZ)
        self._codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "3000"}

    def next(self, index: int, *, is_key: bool) -> list[EncodedFrame]:
        image = np.zeros((180, 160), np.uint8)
        image[:120] = (np.arange(160)[None, :] * 3 + np.arange(120)[:, None] + index * 4) % 256
        image[120:] = 128
        frame = av.VideoFrame.from_ndarray(image, format="yuv420p")
        frame.pts, frame.time_base = index * VIDEO_HZ // FPS, Fraction(1, VIDEO_HZ)
        frame.pict_type = av.video.frame.PictureType.I if is_key else av.video.frame.PictureType.NONE
        pts = index * VIDEO_HZ // FPS
        packets = self._codec.encode(frame)
        return [EncodedFrame(bytes(packet), pts, bool(packet.is_keyframe), 500) for packet in packets]


class Voices:
    """A tone, 20 ms a packet."""

    def __init__(self) -> None:
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate, self._codec.layout, self._codec.format = VOICE_HZ, "mono", "s16"
        self._codec.bit_rate = 16_000
        self._codec.options = {"application": "voip"}
        self._count = 0
        self._ready: list[bytes] = []
        self._sent = 0

    def next(self) -> EncodedVoice:
        while not self._ready:
            at = np.arange(960) + 960 * self._count
            tone = (8_000 * np.sin(2 * np.pi * 440 * at / VOICE_HZ)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts = VOICE_HZ, 960 * self._count
            self._count += 1
            self._ready += [bytes(packet) for packet in self._codec.encode(frame)]
        self._sent += 1
        return EncodedVoice(self._ready.pop(0), 960 * (self._sent - 1))


class StockPage:
    """A page played by aiortc as it is: answers what the station offers, offers a tone and a picture."""

    def __init__(self) -> None:
        configuration = RTCConfiguration(iceServers=[])
        self.up, self.down = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
        self.frames: dict[str, list[Any]] = {"audio": [], "video": []}
        self._watching: set[asyncio.Task[None]] = set()
        self.up.on("track", self._on_track)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(self.up.close(), self.down.close())
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def meet(self, station: Station) -> None:
        """Make both connections."""
        await station.leg.on_answer(await self.answer(await station.leg.offer()))
        await self.take_answer(await station.leg.on_offer(await self.offer()))

    async def answer(self, sdp: str) -> str:
        await self.up.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self.up.setLocalDescription()
        return self.up.localDescription.sdp

    async def offer(self) -> str:
        self.down.addTransceiver(AudioStreamTrack(), direction="sendonly")
        self.down.addTransceiver(VideoStreamTrack(), direction="sendonly")
        await self.down.setLocalDescription()
        return self.down.localDescription.sdp

    async def take_answer(self, sdp: str) -> None:
        await self.down.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    def _on_track(self, track: MediaStreamTrack) -> None:
        task = asyncio.create_task(self._watch(track))
        self._watching.add(task)

    async def _watch(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                self.frames[track.kind].append(await track.recv())

"""A station's side of picture and voice on stock aiortc: what the page must be able to talk to.

It speaks the media signals of `contract.media`; whoever makes it carries them. A tone and a moving picture go
up; what comes down is measured.
"""

import asyncio
import fractions
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

from contract.ids import CallId, spool_text
from contract.media import (
    Answer,
    AnyMediaSignal,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PictureWish,
    Renew,
    StationMedia,
    TakePhoto,
)

SIZES: Final = {"motion": (320, 180), "detail": (480, 270)}
FPS: Final = 15
VOICE_HZ, VOICE_FRAME = 48_000, 960
TONE_HZ: Final = 440.0
LIMIT_S: Final = 30.0
NO_SERVERS: Final = RTCConfiguration(iceServers=[])  # by itself aiortc asks one of the internet
SILENCE: Final = 50  # of 32,768: below is nobody's voice
# What the camera sees: width, height and seconds to I420, height · 3 / 2 rows of width bytes.
Sight = Callable[[int, int, float], NDArray[np.uint8]]


def bar(width: int, height: int, at_s: float) -> NDArray[np.uint8]:
    """A bright bar that wanders over grey."""
    levels = np.full((height * 3 // 2, width), 128, np.uint8)
    left = round(at_s * 120) % (width - 40)
    levels[:height, left : left + 40] = 230
    return levels


@dataclass(slots=True)
class StationLeg:
    """One leg, and what has come down on it."""

    name: str
    page: str
    up: RTCPeerConnection
    down: RTCPeerConnection
    offer: str = ""
    down_offer: str = ""
    down_answer: str = ""
    loudest: int = 0  # of the frames since it was last set to 0
    voice_frames: int = 0
    frame_samples: int = 0  # of the last one, a channel
    pictures: int = 0
    picture_size: tuple[int, int] = (0, 0)
    listeners: list[asyncio.Task[None]] = field(default_factory=list)


class MediaStation:
    """Runs in a thread of its own. `say` gets its signals, in that thread; `take` what the hub says to it."""

    def __init__(self, call: CallId, say: Callable[[MediaSignal], None], *, sight: Sight = bar) -> None:
        self._sight = sight
        self.legs: list[StationLeg] = []
        self.joins: list[Join] = []
        self.renewals: list[Renew] = []
        self.peers: list[PeerMedia] = []
        self.photos: list[str] = []
        self.wishes: list[PictureWish] = []
        self.answers_renewals = True
        self.obeys_wishes = True
        self.fps: float = FPS
        self._names: dict[str, Any] = {"spool": spool_text(call.spool), "call_seq": call.seq}
        self._say = say
        self._state: dict[str, Any] = {
            "camera": "open", "microphone": "open", "loudspeaker": "open", "is_picture_sent": True,
            "mode": "motion",
        }  # fmt: skip
        self._changed = threading.Condition()
        self._failures: list[BaseException] = []
        self._one_at_a_time = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="media station")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run(self._end()).result(LIMIT_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(LIMIT_S)
            self._loop.close()
        assert not self._failures, self._failures

    @property
    def leg(self) -> StationLeg:
        """The newest."""
        return self.legs[-1]

    def take(self, signal: AnyMediaSignal) -> None:
        """The hub says this. May be called from any thread."""
        self._run(self._take(signal))

    def tell(self, **state: Any) -> None:
        """Say how the devices are now; what is not named stays."""
        self._state.update(state)
        self._run(self._tell())

    def begin_leg(self) -> None:
        """Begin another with the page of now; the one before is closed."""
        self._run(self._begin(self.leg.page)).result(LIMIT_S)

    def cut(self) -> None:
        """The path of the leg dies without a word: no packet goes up or is heard from now on."""
        self._run(self._cut()).result(LIMIT_S)

    def wait(self, is_so: Callable[[], bool], what: str) -> None:
        """Return when it is so. Raises AssertionError after LIMIT_S."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self._failures) or is_so(), LIMIT_S), f"no {what}"
        assert not self._failures, self._failures

    def wait_voice(self, *, is_heard: bool = True, frames: int = 25) -> None:
        """Return when the last `frames` frames of the operator's voice were heard, or were silent."""
        leg = self.leg
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            leg.loudest, seen = 0, leg.voice_frames
            self.wait(lambda: leg.voice_frames >= seen + frames, f"{frames} frames of voice")  # noqa: B023
            if (leg.loudest > SILENCE) is is_heard:
                return
            assert time.monotonic() < deadline_s, f"loudest {leg.loudest}, heard wanted: {is_heard}"

    def _run(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        done = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.add_done_callback(self._on_done)
        return done

    def _on_done(self, done: Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._failures.append(error)
            self._note()

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()

    async def _take(self, signal: AnyMediaSignal) -> None:
        async with self._one_at_a_time:
            await self._do(signal)
        self._note()

    async def _do(self, signal: AnyMediaSignal) -> None:
        match signal:
            case Join():
                self.joins.append(signal)
                if not self.legs or self.leg.page != signal.page:
                    await self._begin(signal.page)
                await self._tell()
            case Answer() if signal.leg == self.leg.name and self.leg.up.signalingState == "have-local-offer":
                await self.leg.up.setRemoteDescription(RTCSessionDescription(signal.sdp, "answer"))
            case Offer() if signal.leg == self.leg.name:
                await self._answer(self.leg, signal.sdp)
            case Renew() if signal.leg == self.leg.name:
                self.renewals.append(signal)
                if self.answers_renewals:
                    await self._begin(signal.page)
            case Leave() if self.legs and signal.page == self.leg.page:
                await self._close_all()
                self.leg.page = ""  # the same page may come again
            case PeerMedia():
                self.peers.append(signal)
            case PictureWish():
                self.wishes.append(signal)
                if self.obeys_wishes:
                    self._state["mode"] = signal.mode
                    await self._tell()
            case TakePhoto() if signal.photo not in self.photos:
                self.photos.append(signal.photo)
            case _:
                pass  # of another leg, or said again

    async def _begin(self, page: str) -> None:
        for old in self.legs[-1:]:
            await _close(old)
        leg = StationLeg(
            secrets.token_hex(8), page, RTCPeerConnection(NO_SERVERS), RTCPeerConnection(NO_SERVERS)
        )
        self.legs.append(leg)
        leg.up.addTrack(Tone())
        leg.up.addTrack(Camera(self._sight, lambda: SIZES[self._state["mode"]], lambda: self.fps))
        await leg.up.setLocalDescription(await leg.up.createOffer())
        leg.offer = leg.up.localDescription.sdp

        @leg.down.on("track")
        def listen(track: MediaStreamTrack) -> None:
            work = self._hear(leg, track) if track.kind == "audio" else self._see(leg, track)
            leg.listeners.append(asyncio.ensure_future(work))

        self._say(Offer(**self._names, page=page, leg=leg.name, direction="up", sdp=leg.offer))
        self._note()

    async def _answer(self, leg: StationLeg, sdp: str) -> None:
        if not leg.down_answer:
            leg.down_offer = sdp
            await leg.down.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            await leg.down.setLocalDescription(await leg.down.createAnswer())
            leg.down_answer = leg.down.localDescription.sdp
        said = Answer(**self._names, page=leg.page, leg=leg.name, direction="down", sdp=leg.down_answer)
        self._say(said)

    async def _hear(self, leg: StationLeg, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                leg.loudest = max(leg.loudest, int(np.abs(frame.to_ndarray().astype(np.int32)).max()))
                leg.voice_frames += 1
                leg.frame_samples = frame.samples
                self._note()
        except MediaStreamError:
            pass  # the leg is over

    async def _see(self, leg: StationLeg, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.VideoFrame)
                leg.picture_size = (frame.width, frame.height)
                leg.pictures += 1
                self._note()
        except MediaStreamError:
            pass  # the leg is over

    async def _tell(self) -> None:
        leg = self.legs[-1].name if self.legs else None
        self._say(StationMedia(**self._names, leg=leg, is_connected=leg is not None, **self._state))

    async def _cut(self) -> None:
        """Close the sockets below ICE: nothing says goodbye."""
        for connection in (self.leg.up, self.leg.down):
            for transceiver in connection.getTransceivers():
                ice = transceiver.sender.transport.transport._connection
                for protocol in ice._protocols:
                    protocol.transport.abort()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await self._close_all()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _close_all(self) -> None:
        for leg in self.legs:
            await _close(leg)


async def _close(leg: StationLeg) -> None:
    await leg.up.close()
    await leg.down.close()
    for listener in leg.listeners:
        listener.cancel()  # a track that never began does not end by itself
    await asyncio.gather(*leg.listeners, return_exceptions=True)


class Tone(MediaStreamTrack):
    """A tone, in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._began_s = time.monotonic()
        self._index = 0

    async def recv(self) -> av.AudioFrame:
        """Return the next 20 ms."""
        await asyncio.sleep(max(0.0, self._began_s + self._index / VOICE_HZ - time.monotonic()))
        at = np.arange(self._index, self._index + VOICE_FRAME) / VOICE_HZ
        wave = (np.sin(2 * np.pi * TONE_HZ * at) * 8_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = VOICE_HZ, self._index, fractions.Fraction(1, VOICE_HZ)
        self._index += VOICE_FRAME
        return frame


class Camera(MediaStreamTrack):
    """What is seen, in real time. `size`: width and height of the next picture; `fps`: how many a second."""

    kind = "video"

    def __init__(self, sight: Sight, size: Callable[[], tuple[int, int]], fps: Callable[[], float]) -> None:
        super().__init__()
        self._sight, self._size, self._fps = sight, size, fps
        self._began_s = self._due_s = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        """Return the next picture."""
        await asyncio.sleep(max(0.0, self._due_s - time.monotonic()))
        self._due_s += 1 / self._fps()
        width, height = self._size()
        at_s = time.monotonic() - self._began_s
        frame = av.VideoFrame.from_ndarray(self._sight(width, height, at_s), format="yuv420p")
        frame.pts = int(at_s * 90_000)
        frame.time_base = fractions.Fraction(1, 90_000)
        return frame

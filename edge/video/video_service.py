"""`edge video`: camera, microphone, loudspeaker and the media connections of one call. It may die alone.

Builds the pipelines, hears `edge vitals`, does what the meeting says. One task handles everything that
happens, one thing after the other, so that no two legs are ever made at once. What is said to whom:
`edge vitals` -> meeting -> leg; leg -> what the link carries -> pipelines -> leg.
"""

import asyncio
import contextlib
import json
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from contract.errors import RefusedError
from contract.media import (
    Answer,
    CameraState,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PhotoTaken,
    Renew,
    SoundState,
    StationMedia,
    TakePhoto,
)
from contract.signals import parse_signal
from edge.call.video_messages import CallNow, CameraWish, DevicesNow, FromHub, ToHub, photo_slices
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import CodecError, DeviceError, MediaError, VideoLinkError
from edge.video.camera import open_camera
from edge.video.codec_check import check_opus
from edge.video.encoder import is_vpx_known
from edge.video.hooks import self_test
from edge.video.leg import Leg, LegEars, LegState
from edge.video.media import EncodedFrame, EncodedVoice, LinkNow
from edge.video.meeting import MEDIA_STATE_S, Do, Meeting
from edge.video.picture import PicturePipeline
from edge.video.screen import Screen, open_screen
from edge.video.sound import open_loudspeaker, open_microphone
from edge.video.vitals_link import VitalsLink
from edge.video.voice import VoicePipeline

log = logging.getLogger(__name__)

WORK_MAX: Final = 1_000  # things that wait to be done; what a flood drops is said again by who said it
PHOTOS_KEPT: Final = 100  # photographs that are not taken twice


class Video:
    """The media of one box, for the call of now."""

    def __init__(self, config: BoxConfig, clock: BoxClock, rng: random.Random) -> None:
        self._clock, self._rng = clock, rng
        self._link = VitalsLink(config.control_socket, now_s=clock.now_s)
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(maxsize=WORK_MAX)
        self._call: CallNow | None = None
        self._meeting = Meeting()
        self._leg: Leg | None = None
        self._offer_sdp = ""
        self._ice: Join | None = None
        self._are_devices_open = False
        self._devices = DevicesNow(camera="closed", microphone="closed", loudspeaker="closed")
        self._texts = {"camera": "", "sound": "", "screen": ""}
        self._said_state_s = 0.0
        self._photos: OrderedDict[str, asyncio.Task[None]] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()
        settings = config.video
        self._screen = self._find_screen(settings.screen)
        self._voice = VoicePipeline(
            open_microphone=lambda: open_microphone(settings.microphone),
            open_loudspeaker=lambda: open_loudspeaker(settings.loudspeaker),
            on_packet=lambda voice: self._from_thread(lambda: self._send_voice(voice)),
            on_state=lambda mic, speaker, text: self._from_thread(lambda: self._on_sound(mic, speaker, text)),
        )
        self._picture = PicturePipeline(
            lambda: open_camera(settings.camera, loudness=self._loudness),
            on_frame=lambda frame: self._from_thread(lambda: self._send_picture(frame)),
            on_state=lambda state, text: self._from_thread(lambda: self._on_camera(state, text)),
        )

    def _find_screen(self, setting: str) -> Screen | None:
        try:
            return open_screen(setting)
        except DeviceError as error:
            log.warning("%s", error)
            self._texts["screen"] = str(error)
            return None

    def _loudness(self) -> float:
        """Return how far a drawn mouth is open: our own voice, from -50 dB of full scale to -10."""
        return min(1.0, max(0.0, (self._voice.levels()[0] + 50.0) / 40.0))

    async def run(self) -> None:
        """Run until `edge vitals` ends it or stays away. Raises MediaError: an aiortc that we do not know."""
        self_test()
        await asyncio.to_thread(self._warm_up)
        try:
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(self._keep_working(), name="media")
                ticking = tasks.create_task(self._keep_ticking(), name="ticks")
                await self._keep_hearing()
                working.cancel()
                ticking.cancel()
        finally:
            await asyncio.shield(self._end())

    @staticmethod
    def _warm_up() -> None:
        """Hold the codecs against what we know of them now, while nobody waits for a picture."""
        is_vpx_known()
        try:
            log.info("voice is coded by %s", check_opus())
        except CodecError as error:
            log.error("there will be no voice: %s", error)

    async def _end(self) -> None:
        self._close_leg()
        await asyncio.to_thread(self._close_devices)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2.0)

    # One thing after the other

    def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._work.put_nowait(work)

    def _from_thread(self, work: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended; so does the thread
            self._loop.call_soon_threadsafe(work)

    async def _keep_working(self) -> None:
        while True:
            work = await self._work.get()
            await work()

    async def _keep_hearing(self) -> None:
        async for message in self._link.said():
            match message:
                case None:  # connected, perhaps to another life of `edge vitals`
                    self._do(self._say_everything)
                case CallNow() as call:
                    self._do(lambda call=call: self._on_call(call))  # type: ignore[misc]
                case FromHub(signal=signal):
                    self._do(lambda signal=signal: self._on_hub(signal))  # type: ignore[misc]
                case CameraWish(is_allowed=is_allowed):
                    self._picture.set_allowed(is_allowed)

    async def _keep_ticking(self) -> None:
        while True:
            now_s = self._clock.now_s()
            due = [now_s + 1.0, *([self._meeting.next_s] if self._meeting.next_s is not None else [])]
            await asyncio.sleep(max(0.02, min(due) - now_s))
            self._do(self._on_tick)

    async def _on_tick(self) -> None:
        now_s = self._clock.now_s()
        await self._obey(self._meeting.on_tick(now_s=now_s))
        if self._leg is not None and now_s - self._said_state_s >= MEDIA_STATE_S:
            self._say_state()

    # What `edge vitals` and the hub say

    async def _on_call(self, call: CallNow) -> None:
        is_other = self._call is None or (self._call.spool, self._call.call_seq) != (
            call.spool,
            call.call_seq,
        )
        self._call = call
        if is_other:
            self._meeting = Meeting()
            await self._obey(Do.END_LEG)

    async def _on_hub(self, signal: dict[str, Any]) -> None:
        try:
            message = parse_signal(json.dumps(signal).encode())
        except RefusedError as error:
            log.debug("the hub's media signal was not understood: %s", error)
            return
        if not isinstance(message, MediaSignal) or not self._is_of_call(message):
            return
        now_s = self._clock.now_s()
        match message:
            case Join():
                self._ice = message
                await self._obey(self._meeting.on_join(message, now_s=now_s))
            case Leave():
                await self._obey(self._meeting.on_leave(message))
            case Renew():
                await self._obey(self._meeting.on_renew(message))
            case Answer(direction="up") if message.leg == self._meeting.leg:
                await self._on_answer(message)
            case Offer(direction="down") if message.leg == self._meeting.leg:
                await self._on_offer(message)
            case TakePhoto(photo=photo):
                self._take_photo(photo)
            case PeerMedia():
                log.info("the operator: microphone %s, camera %s", message.microphone, message.camera)
            case _:
                log.debug("ignored: %s of leg %s", message.signal, getattr(message, "leg", None))

    def _is_of_call(self, message: MediaSignal) -> bool:
        call = self._call
        return call is not None and (message.spool, message.call_seq) == (call.spool, call.call_seq)

    async def _on_answer(self, answer: Answer) -> None:
        if self._leg is None or not self._meeting.on_answered(answer.leg):
            return
        try:
            await self._leg.on_answer(answer.sdp)
        except MediaError as error:
            await self._on_leg_lost(str(error))

    async def _on_offer(self, offer: Offer) -> None:
        if self._leg is None:
            return
        try:
            sdp = await self._leg.on_offer(offer.sdp)
        except MediaError as error:
            await self._on_leg_lost(str(error))
            return
        self._say_signal(
            lambda call: Answer(
                spool=call.spool,
                call_seq=call.call_seq,
                page=offer.page,
                leg=offer.leg,
                direction="down",
                sdp=sdp,
            )
        )

    # Legs

    async def _obey(self, do: Do) -> None:
        match do:
            case Do.BEGIN_LEG:
                await self._begin_leg()
            case Do.END_LEG:
                self._close_leg()
                if self._meeting.page is None:
                    await asyncio.to_thread(self._close_devices)
                    if self._screen is not None:
                        self._screen.clear()
                self._say_state()
            case Do.SAY_OFFER:
                self._say_offer()
            case Do.SAY_STATE:
                self._say_state()
            case Do.NOTHING:
                pass

    async def _begin_leg(self) -> None:
        self._close_leg()
        name = self._rng.randbytes(8).hex()
        ears = LegEars(
            on_state=lambda state: self._do(lambda: self._on_leg(name, state)),
            on_keyframe_wanted=self._picture.want_key,
            on_link=self._on_link,
            on_voice=self._voice.on_voice,
            on_picture=self._on_picture,
        )
        ice = () if self._ice is None else self._ice.ice
        self._leg = Leg(name, ice=ice, ears=ears, now_s=self._clock.now_s, rng=self._rng)
        self._open_devices()
        try:
            self._offer_sdp = await self._leg.offer()
        except MediaError as error:
            await self._on_leg_lost(str(error))
            return
        self._meeting.began(name, now_s=self._clock.now_s())
        log.info("leg %s begins", name)
        self._say_offer()
        self._say_state()

    async def _on_leg(self, name: str, state: LegState) -> None:
        if name != self._meeting.leg:
            return
        if state is LegState.CONNECTED:
            log.info("leg %s is connected", name)
            self._meeting.on_connected()
            self._picture.want_key()
            self._say_state()
        elif state in (LegState.LOST, LegState.CLOSED):
            await self._on_leg_lost("the path is lost")

    async def _on_leg_lost(self, why: str) -> None:
        log.warning("leg %s: %s", self._meeting.leg, why)
        await self._obey(self._meeting.on_lost(now_s=self._clock.now_s()))

    def _close_leg(self) -> None:
        leg, self._leg = self._leg, None
        if leg is not None:
            closing = asyncio.create_task(leg.close(), name="leg closes")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    # Devices

    def _open_devices(self) -> None:
        if not self._are_devices_open:
            self._are_devices_open = True
            self._picture.start()
            self._voice.start()

    def _close_devices(self) -> None:
        if self._are_devices_open:
            self._are_devices_open = False
            self._picture.stop()
            self._voice.stop()

    def _on_link(self, link: LinkNow) -> None:
        self._voice.set_lost_share(link.lost_share)
        mode = self._picture.link(link)
        self._voice.set_mode(mode)

    def _send_picture(self, frame: EncodedFrame) -> None:
        if self._leg is not None:
            self._leg.send_picture(frame)

    def _send_voice(self, voice: EncodedVoice) -> None:
        if self._leg is not None:
            self._leg.send_voice(voice)

    def _on_picture(self, frame: Any) -> None:
        """The operator's picture: an `av.VideoFrame`."""
        if self._screen is not None:
            self._screen.show(frame)

    def _on_camera(self, state: CameraState, text: str) -> None:
        self._texts["camera"] = text
        self._say_devices(self._devices.model_copy(update={"camera": state}))

    def _on_sound(self, microphone: SoundState, loudspeaker: SoundState, text: str) -> None:
        self._texts["sound"] = text
        self._say_devices(
            self._devices.model_copy(update={"microphone": microphone, "loudspeaker": loudspeaker})
        )

    def _say_devices(self, now: DevicesNow) -> None:
        text = "; ".join(text for text in self._texts.values() if text)[:200]
        self._devices = now.model_copy(update={"text": text})
        self._link.say(self._devices)
        self._say_state()

    # What we say

    async def _say_everything(self) -> None:
        self._link.say(self._devices)
        self._say_state()

    def _say_signal(self, signal: Callable[[CallNow], MediaSignal]) -> None:
        if self._call is None:
            return
        try:
            self._link.say(ToHub(signal=signal(self._call).model_dump(mode="json", exclude_none=True)))
        except (VideoLinkError, ValueError) as error:  # a description beyond every limit
            log.error("could not be said: %s", error)

    def _say_offer(self) -> None:
        leg, page = self._meeting.leg, self._meeting.page
        if leg is None or page is None:
            return
        self._say_signal(
            lambda call: Offer(
                spool=call.spool,
                call_seq=call.call_seq,
                page=page,
                leg=leg,
                direction="up",
                sdp=self._offer_sdp,
            )
        )

    def _say_state(self) -> None:
        self._said_state_s = self._clock.now_s()
        link = None if self._leg is None else self._leg.link
        self._say_signal(
            lambda call: StationMedia(
                spool=call.spool,
                call_seq=call.call_seq,
                leg=self._meeting.leg,
                is_connected=self._meeting.is_connected,
                camera=self._devices.camera,
                microphone=self._devices.microphone,
                loudspeaker=self._devices.loudspeaker,
                is_picture_sent=self._picture.is_sending,
                has_screen=self._screen is not None,
                target_bps=None if link is None else link.target_bps,
                text=self._devices.text,
            )
        )

    # Photographs

    def _take_photo(self, photo: str) -> None:
        if photo in self._photos:
            return
        self._photos[photo] = asyncio.create_task(self._photograph(photo), name="photograph")
        while len(self._photos) > PHOTOS_KEPT:
            self._photos.popitem(last=False)

    async def _photograph(self, photo: str) -> None:
        """Take it and hand it to `edge vitals`, which says when it is on its disk."""
        try:
            jpeg = await asyncio.to_thread(self._picture.still)
        except MediaError as error:
            why = str(error)[:200]
            self._say_signal(
                lambda call: PhotoTaken(spool=call.spool, call_seq=call.call_seq, photo=photo, text=why)
            )
            self._photos.pop(photo, None)  # it may be asked for again
            return
        for one in photo_slices(photo, jpeg):
            if not await self._link.say_and_wait(one):
                log.warning(
                    "photograph %s did not reach `edge vitals`; it is taken when asked again", photo[:8]
                )
                self._photos.pop(photo, None)
                return

"""`edge video`: camera, microphone, loudspeaker and the media connections of one call. It may die alone.

Builds the pipelines, hears `edge vitals`, does what the meeting says. One task handles everything that
happens, one thing after the other, so that no two legs are ever made at once. What is said to whom:
`edge vitals` -> meeting -> leg; leg -> what the link carries -> devices -> leg.
"""

import asyncio
import contextlib
import json
import logging
import random
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from contract.errors import RefusedError
from contract.media import (
    Answer,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PictureWish,
    Renew,
    SentNow,
    TakePhoto,
)
from contract.signals import parse_signal
from edge.call.video_messages import (
    CallNow,
    CallOver,
    CameraWish,
    FromHub,
    MediaLimits,
    MediaRate,
    Say,
    Spoke,
    TryDevices,
)
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import CodecError, MediaError
from edge.video.codecs.codec_check import check_opus
from edge.video.codecs.encoder import is_vpx_known
from edge.video.devices import Devices
from edge.video.media import TRACKS, EncodedFrame, EncodedVoice, LinkNow
from edge.video.meeting import MEDIA_STATE_S, Do, Meeting
from edge.video.photographer import Photographer
from edge.video.prompter import Prompter
from edge.video.signals_up import SignalsUp
from edge.video.transport.hooks import self_test
from edge.video.transport.leg import Leg, LegEars, LegState
from edge.video.trial_service import Trial
from edge.video.vitals_link import VitalsLink
from supervisor.notify import Supervisor

log = logging.getLogger(__name__)

NEWS_APART_S: Final = 2.0  # at most so often we say that the picture is otherwise: it costs the link
RATE_NEWS: Final = 0.2  # of what was said
WORK_MAX: Final = 1_000  # things that wait to be done; what a flood drops is said again by who said it


class Video:
    """The media of one box, for the call of now."""

    def __init__(
        self,
        config: BoxConfig,
        clock: BoxClock,
        rng: random.Random,
        listener: socket.socket,
        supervisor: Supervisor,
    ) -> None:
        self._clock, self._rng, self._supervisor = clock, rng, supervisor
        self._link = VitalsLink(listener, now_s=clock.now_s)
        self._up = SignalsUp(self._link)
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(maxsize=WORK_MAX)
        self._meeting = Meeting()
        self._leg: Leg | None = None
        self._offer_sdp = ""
        self._ice: Join | None = None
        self._said_state_s, self._said_sent = 0.0, _outline(None, has_screen=False)
        self._said_bps: int | None = None  # to `edge vitals`, of what the link gives us
        self._closing: set[asyncio.Task[None]] = set()
        self._devices = Devices(
            config.video,
            picture_socket=config.picture_socket,
            on_loop=self._from_thread,
            on_frame=self._send_picture,
            on_voice=self._send_voice,
            on_change=self._say_devices,
            on_said=self._say_spoke,
            now_s=clock.now_s,
        )
        self._photographer = Photographer(
            self._link, still=self._devices.picture.still, on_failed=self._up.photo_failed
        )
        voice = self._devices.voice
        trying = (sys.executable, "-m", "edge", "check-devices", "--config", str(config.file))
        self._trial = Trial(trying, on_tried=self._link.say)
        self._prompter = Prompter(say=voice.say, hush=voice.hush, on_said=self._say_spoke)

    async def run(self) -> None:
        """Run until `edge vitals` ends it or stays away. Raises MediaError: an aiortc that we do not know."""
        self_test()
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
        self._devices.voice.hush()
        await self._trial.end()
        await asyncio.to_thread(self._devices.close)
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
        await asyncio.to_thread(self._warm_up)  # what is to be said aloud does not wait for it
        self._supervisor.say_ready("codecs are checked")
        while True:
            work = await self._work.get()
            await work()

    async def _keep_hearing(self) -> None:
        async for message in self._link.said():
            match message:
                case None:  # connected, perhaps to another life of `edge vitals`
                    self._do(self._say_everything)
                case CallNow() as call:
                    self._trial.stop()
                    self._do(lambda call=call: self._on_call(call))  # type: ignore[misc]
                case CallOver():
                    self._do(lambda: self._on_call(None))
                case Say() as say:
                    self._prompter.take(say)  # at once, whatever else is being done
                case TryDevices(is_wanted=is_wanted):
                    self._trial.start() if is_wanted else self._trial.stop()
                case FromHub(signal=signal):
                    self._do(lambda signal=signal: self._on_hub(signal))  # type: ignore[misc]
                case MediaLimits() as limits:
                    self._devices.set_limits(limits)
                case CameraWish(is_allowed=is_allowed):
                    self._devices.picture.set_allowed(is_allowed)

    async def _keep_ticking(self) -> None:
        while True:
            now_s = self._clock.now_s()
            due = [now_s + 1.0, *([self._meeting.next_s] if self._meeting.next_s is not None else [])]
            await asyncio.sleep(max(0.02, min(due) - now_s))
            self._do(self._on_tick)

    async def _on_tick(self) -> None:
        self._supervisor.say_alive()  # what is to be done is done, one thing after the other
        now_s = self._clock.now_s()
        await self._obey(self._meeting.on_tick(now_s=now_s))
        is_news = self._outline() != self._said_sent
        if self._leg is not None and now_s - self._said_state_s >= (
            NEWS_APART_S if is_news else MEDIA_STATE_S
        ):
            self._say_state()

    # What `edge vitals` and the hub say

    async def _on_call(self, call: CallNow | None) -> None:
        before, self._up.call = self._up.call, call
        if call is None or before is None or (before.spool, before.call_seq) != (call.spool, call.call_seq):
            self._meeting = Meeting()
            self._devices.picture.set_mode("motion")
            await self._obey(Do.END_LEG)

    async def _on_hub(self, signal: dict[str, Any]) -> None:
        try:
            message = parse_signal(json.dumps(signal).encode())
        except RefusedError as error:
            log.debug("the hub's media signal was not understood: %s", error)
            return
        if not isinstance(message, MediaSignal) or not self._up.is_of_call(message):
            return
        now_s = self._clock.now_s()
        match message:
            case Join():
                self._ice = message
                await self._obey(self._meeting.on_join(message, now_s=now_s))
            case Leave():
                await self._obey(self._meeting.on_leave(message))
            case Renew():
                await self._obey(self._meeting.on_renew(message, now_s=now_s))
            case Answer(direction="up") if message.leg == self._meeting.leg:
                await self._on_answer(message)
            case Offer(direction="down") if message.leg == self._meeting.leg:
                await self._on_offer(message)
            case PictureWish() if message.page == self._meeting.page:
                self._devices.picture.set_mode(message.mode)
                self._say_state()
            case TakePhoto(photo=photo):
                self._photographer.take(photo)
            case PeerMedia():
                log.info("the operator: microphone %s, camera %s", message.microphone, message.camera)
            case _:
                log.debug("ignored: %s of leg %s", message.signal, getattr(message, "leg", None))

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
        self._up.answer(page=offer.page, leg=offer.leg, sdp=sdp)

    # Legs

    async def _obey(self, do: Do) -> None:
        match do:
            case Do.BEGIN_LEG:
                await self._begin_leg()
            case Do.END_LEG:
                self._close_leg()
                if self._meeting.page is None:
                    await asyncio.to_thread(self._devices.close)
                    self._devices.clear_screen()
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
            on_keyframe_wanted=self._devices.picture.want_key,
            on_link=self._follow,
            on_down=lambda: self._do(self._say_state_soon),
            on_voice=self._devices.voice.on_voice,
            on_picture=self._devices.show,
        )
        ice = () if self._ice is None else self._ice.ice
        self._leg = Leg(name, ice=ice, ears=ears, now_s=self._clock.now_s, rng=self._rng)
        self._devices.open()
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
            for track in TRACKS:
                self._devices.picture.want_key(track)
            self._say_state()
        elif state in (LegState.LOST, LegState.CLOSED):
            await self._on_leg_lost("the path is lost")

    async def _on_leg_lost(self, why: str) -> None:
        log.warning("leg %s: %s", self._meeting.leg, why)
        await self._obey(self._meeting.on_lost(now_s=self._clock.now_s()))

    def _close_leg(self) -> None:
        leg, self._leg = self._leg, None
        self._say_rate(None)
        if leg is not None:
            closing = asyncio.create_task(leg.close(), name="leg closes")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _follow(self, link: LinkNow) -> None:
        self._devices.follow(link)
        self._say_rate(link.target_bps)

    def _send_picture(self, frame: EncodedFrame) -> None:
        if self._leg is not None:
            self._leg.send_picture(frame)

    def _send_voice(self, voice: EncodedVoice) -> None:
        if self._leg is not None:
            self._leg.send_voice(voice)

    # What we say

    async def _say_everything(self) -> None:
        """Who listens now knows nothing of what was said before."""
        self._photographer.forget_sent()
        self._said_bps = None
        self._say_devices()

    def _say_devices(self) -> None:
        self._link.say(self._devices.now)
        self._say_state()

    def _say_rate(self, media_bps: int | None) -> None:
        """Tell `edge vitals` what the link gives us, when it is news."""
        before_bps = self._said_bps
        if media_bps is None or before_bps is None:
            is_news = media_bps != before_bps
        else:
            is_news = abs(media_bps - before_bps) > RATE_NEWS * before_bps
        if is_news and self._link.say(MediaRate(media_bps=media_bps)):
            self._said_bps = media_bps

    def _say_spoke(self, number: int, text: str) -> None:
        self._link.say(Spoke(number=number, text=text[:300]))

    def _say_offer(self) -> None:
        leg, page = self._meeting.leg, self._meeting.page
        if leg is not None and page is not None:
            self._up.offer(page=page, leg=leg, sdp=self._offer_sdp)

    async def _say_state_soon(self) -> None:
        self._say_state()

    def _outline(self) -> tuple[object, ...]:
        return _outline(self._devices.sent, has_screen=self._devices.has_screen)

    def _say_state(self) -> None:
        self._said_state_s, self._said_sent = self._clock.now_s(), self._outline()
        now = self._devices.now
        self._up.media(
            leg=self._meeting.leg,
            is_connected=self._meeting.is_connected,
            camera=now.camera,
            microphone=now.microphone,
            loudspeaker=now.loudspeaker,
            is_picture_sent=self._devices.picture.is_sending,
            has_screen=self._devices.has_screen,
            target_bps=None if self._leg is None else self._leg.link.target_bps,
            down_bps=None if self._leg is None else self._leg.down_bps,
            mode=self._devices.picture.now().mode,
            sent=self._devices.sent if self._meeting.is_connected else None,
            text=now.text,
        )


def _outline(sent: SentNow | None, *, has_screen: bool) -> tuple[object, ...]:
    """What of it is news; numbers alone wait for their turn."""
    shown = () if sent is None else (sent.width, sent.height, sent.is_stills, sent.limit)
    return (*shown, has_screen)

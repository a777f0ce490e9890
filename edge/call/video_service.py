"""`edge vitals`' side of `edge video`: runs it, speaks with it, and survives whatever it does.

What is said to whom: call, hub -> relay -> `edge video`; `edge video` -> relay -> hub, record, lamp, spool.
Everything that it says is bounded here: in size, in number a second, in what waits.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.ids import BootId, SpoolId
from contract.media import MediaSignal, StationMedia
from edge.call.aloud import Aloud
from edge.call.device_diary import CLOSED, DeviceDiary, is_lit
from edge.call.device_trial_service import DeviceTrial
from edge.call.own_sound import CallName, OwnSound
from edge.call.pace import Pace
from edge.call.photographs import Photograph, PhotoIntake, cut
from edge.call.prompts_due import Prompt
from edge.call.station_call import StationCall
from edge.call.video_messages import (
    CallOver,
    DevicesNow,
    DevicesTried,
    MediaLimits,
    MediaRate,
    PhotoSlice,
    Say,
    Spoke,
    StationSound,
    ToHub,
    ToVideo,
    encode_line,
    parse_from_video,
)
from edge.call.video_process import VideoProcess
from edge.call.video_relay import VideoRelay
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import IllegalInputError, SpoolError, VideoLinkError
from edge.prompts.prompts_service import Prompts
from edge.spool.batch import Batch, OwedRecord
from edge.spool.part_entries import batches
from edge.spool.spool_service import SpoolThread
from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.events import CameraButton

log = logging.getLogger(__name__)

LINES_PER_S: Final = 200.0  # a photograph of 3 MB within the second; a flood takes a tenth of a core
LINES_BURST: Final = 64
UNREAD_MAX: Final = 128  # lines that wait for `edge video`: more, and it does not read
SIGNALS_PER_S: Final = 10.0  # to the hub: a leg takes four, and one every 5 s
SIGNALS_BURST: Final = 40
PHOTOS_WAITING_MAX: Final = 2  # whole ones in memory while the card is slow
RUN_AGAIN_S: Final = 5.0  # after a fault of our own
MEDIA_KNOWN_S: Final = 15.0  # what is said every 5 s, and has not been for so long, is not so any more
SOUND_FACT: Final = "sound"
LIT_AFTER_CALL_S: Final = 3.0  # an `edge video` that lives on to speak has closed its devices by then


@dataclass(frozen=True, slots=True)
class Offices:
    """What the rest of `edge vitals` does for us."""

    clock: BoxClock
    boot: BootId
    spool: SpoolThread
    capture: Capture
    show_output: Callable[[OutputId, OutputPattern], None]
    share_link: Callable[[bool, int | None], None]  # whether we are on it; bit/s that it gives us
    say: Callable[[MediaSignal], bool]  # to the hub; False: not now
    on_flow: Callable[[], None]  # packets of the call come and go; every 5 s
    on_said: Callable[[Prompt], None]  # aloud, or nobody can say it
    parcel_bytes: Callable[[], int]
    on_stored: Callable[[list[OwedRecord]], None]


class _Line:
    """One connection of an `edge video`."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.unsent: deque[bytes] = deque()
        self.has_unsent = asyncio.Event()

    def abort(self) -> None:
        self.writer.transport.abort()


class VideoService:
    """All methods on the loop. `run` until cancelled. `prompts` are said by the `edge video` that is there,
    or by one that is started for it.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        config: BoxConfig,
        spool_id: SpoolId,
        facts: Mapping[str, Any],
        offices: Offices,
    ) -> None:
        self.relay = VideoRelay(spool_id, camera_off_in=facts["camera off"])
        self._own_sound = OwnSound(facts.get(SOUND_FACT))
        self._on_card = self.facts()
        self._offices = offices
        self._diary = DeviceDiary()
        self._devices = CLOSED
        self._media_bps: int | None = None
        self._media: tuple[StationMedia, float] | None = None  # as it was said last, and when
        self._line: _Line | None = None
        self._last_pid: int | None = None  # of the line before
        self._blinks_until_s: float | None = None
        self._intake = PhotoIntake()
        self._photographs: asyncio.Queue[Photograph] = asyncio.Queue(maxsize=PHOTOS_WAITING_MAX)
        self._is_expected = False  # the hub calls the station: its answer finds one that has started
        self._aloud = Aloud()
        self._limits = MediaLimits()
        self.prompts = Prompts(
            config,
            hand_over=self._have_said,
            on_said=offices.on_said,
            is_idle=lambda: self.relay.call is None and not self._is_expected,
            now_s=offices.clock.now_s,
        )
        self.trial = DeviceTrial(tell=self._tell, wake=lambda: self.process.wake())  # noqa: PLW0108 - none yet
        self._call_over_s: float | None = None  # since when no call is open, where a child lives on to speak
        self._signals = Pace(per_s=SIGNALS_PER_S, burst=SIGNALS_BURST)
        self.process = VideoProcess(
            command,
            path=config.video_socket,
            is_unit=config.sockets.video is not None,
            is_wanted=self._is_wanted,
            talk=self._talk,
            on_ended=self._on_ended,
        )

    async def run(self) -> None:
        """Run the process and store its photographs. A fault of our own ends neither capture nor call."""
        self.show_light()
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self.process.run(), name="edge video")
                    tasks.create_task(self._keep_storing(), name="photographs")
                    tasks.create_task(self.prompts.run(), name="prompts")
            except Exception:
                log.exception("video: a fault of our own; the box goes on without picture and voice")
            await asyncio.sleep(RUN_AGAIN_S)

    @property
    def devices(self) -> DevicesNow:
        """How camera, microphone and loudspeaker are now."""
        return self._devices

    @property
    def media(self) -> StationMedia | None:
        """How picture and voice of the claimed call are now; None: there are none, or nobody knows."""
        call, said = self.relay.call, self._media
        if call is None or not call.is_claimed or said is None:
            return None
        is_known = self._offices.clock.now_s() - said[1] < MEDIA_KNOWN_S
        return (
            said[0] if is_known and (said[0].spool, said[0].call_seq) == (call.spool, call.call_seq) else None
        )

    @property
    def is_lit(self) -> bool:
        """Whether camera or microphone is open: then their packets share the link."""
        return is_lit(self._devices)

    # From the call, the nurse and the hub

    def on_call(self, call: StationCall) -> None:
        """The call may stand otherwise than before."""
        was_open, self._is_expected = self.relay.call is not None, call.ring.is_on
        self._tell(self.relay.on_call(call))
        self._tell(self._own_sound.news(self._call_name))
        if self.relay.call is not None:
            self._call_over_s = None
        elif self._is_wanted() and was_open:  # it has something to say yet
            self._call_over_s = self._offices.clock.now_s()
            self._tell([CallOver()])
        self.show_light()
        self.process.wake()

    def on_button(self, event: CameraButton) -> None:
        """The camera button moved. Outside a call the camera is closed, and the button means nothing."""
        if self.relay.call is not None and self.relay.switch.button(event):
            self._tell(self.relay.wish())

    def allow_camera(self, *, is_allowed: bool) -> None:
        """The nurse allows the camera, or does not. Raises IllegalInputError when no call is open."""
        if self.relay.call is None:
            raise IllegalInputError("no call is open: the camera is closed")
        self.relay.switch.is_allowed = is_allowed
        self._tell(self.relay.wish())

    @property
    def sound(self) -> StationSound:
        """How loud the station is, and whether its microphone is muted."""
        return self._own_sound.now(self._call_name)

    @property
    def _call_name(self) -> CallName | None:
        call = self.relay.call
        return None if call is None else (call.spool, call.call_seq)

    def turn_sound(self, word: str) -> None:
        """Do a word of `own_sound.WORDS`. Raises IllegalInputError."""
        self._own_sound.turn(word, self._call_name)
        self._tell(self._own_sound.news(self._call_name))

    def set_limits(self, limits: MediaLimits) -> None:
        """The hub wants another loudness, or a smaller picture: from now on, also in a call."""
        if limits != self._limits:
            self._limits = limits
            self._tell([limits])

    def new_facts(self) -> dict[str, Any]:
        """Return what a restart must know and the card does not: the nurse's wish is hers to take back."""
        before, self._on_card = self._on_card, self.facts()
        return {name: fact for name, fact in self._on_card.items() if fact != before[name]}

    def facts(self) -> dict[str, Any]:
        """Return all of them."""
        return {"camera off": self.relay.camera_off_in, SOUND_FACT: self._own_sound.saved()}

    def on_hub(self, signal: MediaSignal) -> None:
        """The hub says something of picture and voice."""
        told, answers = self.relay.from_hub(signal, visit=self._offices.capture.visit)
        self._tell(told)
        for answer in answers:
            self._say(answer)

    def blink(self, for_s: float) -> None:
        """The status lamp blinks for so long from now, so that the station is found; 0: no longer."""
        self._blinks_until_s = self._offices.clock.now_s() + for_s if for_s > 0.0 else None
        self.show_light()

    def show_light(self) -> None:
        """The status lamp is steady while camera or microphone is open, whatever else it is to show."""
        blinking = OutputPattern.OFF if self._blinks_until_s is None else OutputPattern.FAST_BLINK
        self._offices.show_output(OutputId.STATUS_LED, OutputPattern.STEADY if self.is_lit else blinking)

    def tick(self) -> None:
        """Tell the record what could not be told before; watch one that lives on to speak; end what blinks.
        Once a second.
        """
        now_us = self._offices.clock.now_us()
        event = self._diary.due(now_s=now_us / 1e6)
        if event is not None:
            self._offices.capture.tell(event, now_us)
        over_s, now_s = self._call_over_s, now_us / 1e6
        if over_s is not None and now_s - over_s > LIT_AFTER_CALL_S and self.is_lit:
            log.warning("`edge video` keeps camera or microphone open after the call; it is ended")
            self.process.kill()
        if self._blinks_until_s is not None and now_s >= self._blinks_until_s:
            self.blink(0.0)
        self.process.wake()  # it may have had to live for the prompt alone

    def _have_said(self, say: Say) -> None:
        self._aloud.say(say, now_s=self._offices.clock.now_s())
        self._tell([say])
        self.process.wake()

    def _is_wanted(self) -> bool:
        is_for_call = self.relay.call is not None or self._is_expected
        return is_for_call or self.trial.is_on or self._aloud.wants_video(now_s=self._offices.clock.now_s())

    # The line of `edge video`

    async def _talk(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._line = line = _Line(writer)
        sending = asyncio.create_task(self._keep_sending(line, writer), name="to edge video")
        self._tell([self._limits, self.sound])
        self._tell(self.relay.greeting(is_new=pid != self._last_pid) or [CallOver()])
        self._tell(self._aloud.greeting(now_s=self._offices.clock.now_s()))
        self._tell(self.trial.greeting())
        self._last_pid = pid
        try:
            await self._hear(line, reader)
        finally:
            self._line = None
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _keep_sending(self, line: _Line, writer: asyncio.StreamWriter) -> None:
        while True:
            while line.unsent:
                writer.write(line.unsent.popleft())
                await writer.drain()
            line.has_unsent.clear()
            await line.has_unsent.wait()

    async def _hear(self, line: _Line, reader: asyncio.StreamReader) -> None:
        """Take line after line, no faster than LINES_PER_S: whoever says more waits."""
        pace = Pace(per_s=LINES_PER_S, burst=LINES_BURST)
        while self._line is line:
            try:
                data = await reader.readline()
            except ValueError:
                self._drop("an endless line", "an endless line ends the connection")
                line.abort()
                return
            if not data:
                return
            await asyncio.sleep(pace.wait_s(now_s=self._offices.clock.now_s()))  # 0.0: others have their turn
            pace.may(now_s=self._offices.clock.now_s())
            try:
                self._on_line(data)
            except VideoLinkError as error:
                self._drop("from edge video: not usable", str(error))

    def _on_line(self, data: bytes) -> None:
        match parse_from_video(data):
            case ToHub(signal=signal):
                media = self.relay.to_hub(signal)
                if isinstance(media, StationMedia):
                    self._media = media, self._offices.clock.now_s()
                    if media.is_connected:
                        self._offices.on_flow()
                self._say(media)
            case DevicesNow() as devices:
                self._on_devices(devices)
            case MediaRate(media_bps=media_bps):
                self._media_bps = media_bps
                self._share_link()
            case Spoke() as spoke:
                self._aloud.on_spoke(spoke, now_s=self._offices.clock.now_s())
                self.prompts.on_spoke(spoke)
            case DevicesTried() as tried:
                self.trial.on_tried(tried)
            case PhotoSlice() as one:
                self._on_slice(one)

    def _tell(self, messages: Sequence[ToVideo]) -> None:
        line = self._line
        if line is None:
            return
        for message in messages:
            try:
                line.unsent.append(encode_line(message))
            except VideoLinkError as error:
                self._drop("to edge video: too long", str(error))
        line.has_unsent.set()
        if len(line.unsent) > UNREAD_MAX:
            self._drop("to edge video: it does not read", "`edge video` does not read; it is started again")
            line.unsent.clear()
            self.process.kill()
            line.abort()

    def _drop(self, reason: str, text: str) -> None:
        self.relay.dropped[reason] += 1
        is_first = self.relay.dropped[reason] == 1
        log.log(logging.WARNING if is_first else logging.DEBUG, "video: %s", text)

    def _say(self, signal: MediaSignal | None) -> None:
        if signal is None:
            return
        if not self._signals.may(now_s=self._offices.clock.now_s()):
            self._drop("to the hub: too many", "`edge video` says too much to the hub")
        elif not self._offices.say(signal):
            self._drop("to the hub: not connected", f"{type(signal).__name__} is not said: the hub is away")

    # What becomes of it

    def _on_devices(self, devices: DevicesNow) -> None:
        self._devices = devices
        self.show_light()
        self._share_link()
        self._diary.note(devices)
        self.tick()

    def _share_link(self) -> None:
        self._offices.share_link(self.is_lit, self._media_bps)

    def _on_ended(self, why: str) -> None:
        """An `edge video` has ended, and its devices are closed with it."""
        self._media_bps = None
        self._on_devices(CLOSED)
        self._intake = PhotoIntake()  # the next one takes it anew
        self._media = None
        self.trial.on_ended(why)
        if why:
            self._say(self.relay.lost(why))

    # Photographs

    def _on_slice(self, one: PhotoSlice) -> None:
        try:
            whole = self._intake.take(one)
        except VideoLinkError as error:
            self._say(self.relay.photo_failed(one.photo, str(error)))
            raise
        if whole is None:
            return
        if self._photographs.full():
            text = "the card is slow: two photographs wait for it already"
            self._say(self.relay.photo_failed(whole.photo, text))
            return
        self._photographs.put_nowait(whole)

    async def _keep_storing(self) -> None:
        while True:
            whole = await self._photographs.get()
            try:
                answer = await self._store(whole)
            except VideoLinkError as error:
                answer = self.relay.photo_failed(whole.photo, str(error))
            self._say(answer)

    async def _store(self, whole: Photograph) -> MediaSignal | None:
        """Put a photograph on the disk, a few parts at a time: a press waits behind no more than that."""
        visit = self.relay.visit_of(whole.photo)
        if visit is None:
            raise VideoLinkError(f"photograph {whole.photo} was not asked for, or is there already")
        if visit != self._offices.capture.visit:
            raise VideoLinkError("the next person has come meanwhile; take another")
        parts = await asyncio.to_thread(cut, whole, parcel_bytes=self._offices.parcel_bytes())
        t_us = self._offices.clock.now_us()
        for entries in batches(parts, boot=self._offices.boot, t_us=t_us, visit=visit):
            batch = Batch(entries=entries)
            try:
                self._offices.on_stored(await self._offices.spool.use(lambda spool, b=batch: spool.commit(b)))  # type: ignore[misc]
            except SpoolError as error:
                return self.relay.photo_failed(whole.photo, str(error))
        return self.relay.photo_stored(whole.photo, len(whole.data))

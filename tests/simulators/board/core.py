"""A board of our own, simulated: which bytes it sends at what time. Pure: no clock, no terminal.

Timers run in real time, `now_s`; the board's own clock and its samples run `speed` times as fast, so that a
minute can be replayed in three seconds. Source: docs/board-link.md.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.board.catalogue import SCHEMA_HASH, BoardMessage, frame_of, parse_from_host
from firmware_bridge.board.messages import (
    BOOTLOADER_MAGIC,
    PROTO_MINOR,
    AnswerCode,
    ButtonState,
    EnterBootloader,
    EventAck,
    GetHello,
    Heartbeat,
    HostAlive,
    HostHello,
    LeadStateChange,
    Output,
    OutputId,
    Refusal,
    StreamCtrl,
    TimeReq,
    TimeRsp,
)
from firmware_bridge.board.stream_messages import Capability, Gap, Hello, Samples
from firmware_bridge.events import PressIdentity, ProbeState, ResetCause
from firmware_bridge.frames import Frame, FrameDecoder, encode
from tests.simulators.board.answers import Answers
from tests.simulators.board.button import Button, CameraSwitch, EventRing
from tests.simulators.board.outputs import Lamp, Outputs
from tests.simulators.board.queue import SAMPLE_QUEUE_BYTES, Queued, TxQueue
from tests.simulators.board.recordings import ECG, PLETH, Recording
from tests.simulators.board.signals import BOTH_ELECTRODES, STREAMS, FrontEnd, streams_of

HELLO_EVERY_S: Final = 1.0
HEARTBEAT_EVERY_S: Final = 0.5
HOST_LOST_S: Final = 5.0
LEAD_DEBOUNCE_S: Final = 0.2
NEVER_S: Final = float("inf")


@dataclass(slots=True)
class Truth:
    """What really happened. `blocks`: (boot, stream) -> (first index, samples) as given to the wire, and
    `blocks_s` when each was. `stored`: the presses for which the board's own lamp says "registered". Times
    are the caller's `now_s`.
    """

    blocks: dict[tuple[int, int], list[tuple[int, NDArray[np.int32]]]] = field(default_factory=dict)
    blocks_s: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    presses: list[PressIdentity] = field(default_factory=list)
    stored: list[PressIdentity] = field(default_factory=list)
    boots: list[int] = field(default_factory=list)
    boots_s: list[float] = field(default_factory=list)
    lamps: list[tuple[float, Lamp]] = field(default_factory=list)
    outputs: list[tuple[float, Output]] = field(default_factory=list)  # commands; a renewal is left out

    def samples(self, boot_id: int, stream_id: int) -> dict[int, int]:
        """Return index -> value of everything that was given to the wire."""
        return {
            first + k: int(value)
            for first, block in self.blocks.get((boot_id, stream_id), [])
            for k, value in enumerate(block[:, 0])
        }


class BoardCore:
    """The board. Call `advance`, then `take` until it is empty; wake at `next_wake_s`."""

    def __init__(
        self,
        recording: Recording,
        *,
        uid: bytes,
        rng: random.Random,
        now_s: float,
        speed: float = 1.0,
        loss_ratio: float = 0.0,
        is_attached: bool = True,
        schema_hash: int = SCHEMA_HASH,
        queue_bytes: int = SAMPLE_QUEUE_BYTES,
    ) -> None:
        self.uid = uid
        self.loss_ratio = loss_ratio  # of frames, both ways
        self.truth = Truth()
        self.ring = EventRing()
        self.button = Button(self.ring)
        self.camera_switch = CameraSwitch(self.ring)
        self.outputs = Outputs(self.ring)
        self.is_in_bootloader = False  # it has said so and is silent until its reset
        self._answers = Answers()
        self._off: set[int] = set()  # streams that are switched off in this boot
        self._recording = recording
        self._rng = rng
        self._speed = speed
        self._schema_hash = schema_hash
        self._queue_bytes = queue_bytes
        self._has_leads = is_attached
        self._off_mask = BOTH_ELECTRODES
        self._probe = ProbeState.ON if is_attached else ProbeState.OFF
        self.boot_id = 0
        self._cause = ResetCause.POWER
        self._boot_s = self._heard_s = self._now_s = now_s
        self._seq = 0
        self._queue = TxQueue()
        self._decoder = FrameDecoder()
        self._front_end: FrontEnd | None = None
        self._is_greeted = False
        self._hello_due_s = self._beat_due_s = now_s
        self._leads_due_s: dict[int, float] = {}
        self._boot(ResetCause.POWER, now_s)

    # Verbs: what people and accidents do

    def press(self, *, now_s: float) -> PressIdentity | None:
        """Push the call button; None: it was down already."""
        if not self.button.press(boot_id=self.boot_id, t_us=self.board_us(now_s), now_s=now_s):
            return None
        identity = PressIdentity(self.uid, self.boot_id, self.button.press_count)
        self.truth.presses.append(identity)
        return identity

    def release(self, *, now_s: float) -> None:
        """Let the call button go."""
        self.button.release(boot_id=self.boot_id, t_us=self.board_us(now_s), now_s=now_s)

    def move_camera_button(self, *, is_down: bool, now_s: float) -> None:
        """Push the camera button, or let it go."""
        t_us = self.board_us(now_s)
        self.camera_switch.move(is_down=is_down, boot_id=self.boot_id, t_us=t_us, now_s=now_s)

    def break_loop(self, state: ButtonState, *, now_s: float) -> None:
        """Cut or short the button's wire; `UP` repairs it."""
        self.button.break_loop(state, boot_id=self.boot_id, t_us=self.board_us(now_s), now_s=now_s)

    def attach(
        self,
        *,
        now_s: float,
        has_leads: bool | None = None,
        probe: ProbeState | None = None,
        recording: Recording | None = None,
        off_mask: int = BOTH_ELECTRODES,
    ) -> None:
        """Electrodes, probe or person change; None: as before. `off_mask`: which electrodes, should they come
        off."""
        self._off_mask = off_mask
        if self._front_end:
            blocks = self._front_end.change(
                self.board_us(now_s),
                has_leads=has_leads,
                probe=probe,
                recording=recording,
                off_mask=off_mask,
            )
            self._put_blocks(blocks, now_s)
        if has_leads is not None and has_leads != self._has_leads:
            self._has_leads = has_leads
            self._leads_due_s[ECG] = now_s + LEAD_DEBOUNCE_S
        if probe is not None and probe is not self._probe:
            self._probe = probe
            self._leads_due_s[PLETH] = now_s + LEAD_DEBOUNCE_S
        self._recording = recording or self._recording

    def reset(self, cause: ResetCause, *, now_s: float) -> None:
        """The board starts again; samples that were not sent are gone."""
        self._boot(cause, now_s)

    # What the terminal calls

    def board_us(self, now_s: float) -> int:
        """Return the board's own time."""
        return round((now_s - self._boot_s) * self._speed * 1e6)

    def lamp(self, output: OutputId = OutputId.CALL_LED, *, now_s: float) -> Lamp:
        """Return what the nurse sees now."""
        return self.outputs.lamp(output, now_s=now_s)

    def feed(self, data: bytes, *, now_s: float) -> None:
        """Take bytes of the host."""
        if self.is_in_bootloader:
            return
        for frame in self._decoder.feed(data):
            if self._rng.random() >= self.loss_ratio:
                self._handle(frame, now_s)

    def advance(self, now_s: float) -> None:
        """Do what is due."""
        self._now_s = now_s
        if self.is_in_bootloader:
            return
        board_us = self.board_us(now_s)
        if self._front_end:
            self._put_blocks(self._front_end.advance(board_us), now_s)
        self.button.advance(boot_id=self.boot_id, t_us=board_us, now_s=now_s)
        for stream_id in [s for s, due_s in self._leads_due_s.items() if now_s >= due_s]:
            self._tell_leads(stream_id, now_s)
        for message, is_retransmission in self.ring.due(now_s=now_s):
            self._put(message, now_s, is_retransmission)
        is_host_lost = now_s - self._heard_s >= HOST_LOST_S
        if now_s >= self._hello_due_s and (not self._is_greeted or is_host_lost):
            self._put(self._hello(), now_s)
            self._hello_due_s = now_s + HELLO_EVERY_S
        if now_s >= self._beat_due_s:
            self._put(self._heartbeat(now_s, is_host_lost=is_host_lost), now_s)
            self._beat_due_s = now_s + HEARTBEAT_EVERY_S
        lamp = self.lamp(now_s=now_s)
        if not self.truth.lamps or self.truth.lamps[-1][1] != lamp:
            self.truth.lamps.append((now_s, lamp))

    @property
    def next_wake_s(self) -> float:
        """When to call `advance` at the latest; the lamps are looked at with the heartbeats."""
        if self.is_in_bootloader:
            return NEVER_S
        hello_s = self._hello_due_s if not self._is_greeted else NEVER_S
        block_s = NEVER_S
        if self._front_end:
            block_s = self._boot_s + self._front_end.next_block_us() / 1e6 / self._speed
        leads_s = min(self._leads_due_s.values(), default=NEVER_S)
        return min(hello_s, self._beat_due_s, block_s, leads_s, self.ring.next_wake_s)

    def take(self) -> bytes:
        """Return the next frame for the wire; empty when there is none."""
        while queued := self._queue.take():
            message = queued.message
            if isinstance(message, Samples):
                key = (self.boot_id, message.stream_id)
                self.truth.blocks_s.setdefault(key, []).append(self._now_s)
                self.truth.blocks.setdefault(key, []).append((message.first_index, message.samples))
            frame = frame_of(
                message,
                seq=self._seq,
                boot_id=self.boot_id,
                t_us=queued.t_us,
                is_retransmission=queued.is_retransmission,
            )
            self._seq = (self._seq + 1) & 0xFFFF
            if self._rng.random() >= self.loss_ratio:
                return encode(frame)
        return b""

    # Inside

    def _boot(self, cause: ResetCause, now_s: float) -> None:
        boots = self.truth.boots
        self.boot_id = next(n for n in iter(lambda: self._rng.randrange(1, 1 << 16), 0) if n not in boots)
        boots.append(self.boot_id)
        self.truth.boots_s.append(now_s)
        self._cause = cause
        self._boot_s = self._heard_s = now_s
        self._seq = 0
        self._queue = TxQueue(sample_bytes=self._queue_bytes)
        self._decoder = FrameDecoder()
        self._front_end = None
        self._is_greeted = False
        self._hello_due_s = now_s
        self._beat_due_s = now_s + HEARTBEAT_EVERY_S
        self._leads_due_s = {}
        self.ring.restart(cause, now_s=now_s)
        self.outputs.restart()
        self._answers.forget()
        self._off.clear()
        self.is_in_bootloader = False
        self.button.restart(boot_id=self.boot_id, now_s=now_s)
        if self.button.press_count:
            self.truth.presses.append(PressIdentity(self.uid, self.boot_id, self.button.press_count))

    def _handle(self, frame: Frame, now_s: float) -> None:
        message = parse_from_host(frame)
        self._heard_s = now_s
        match message:
            case GetHello():
                self._put(self._hello(), now_s)
            case HostHello():
                self._on_greeting(message, now_s)
            case TimeReq():
                t_us = self.board_us(now_s)
                self._put(TimeRsp(message.cookie, t_us, t_us), now_s)
            case EventAck():
                press = self.ring.on_ack(message, now_s=now_s)
                if press is not None:
                    identity = PressIdentity(self.uid, press.origin_boot_id, press.press_count)
                    self.truth.stored.append(identity)
            case Output() | StreamCtrl() | EnterBootloader() if frame.boot_id == self.boot_id:
                answer = self._answers.once(message.command_id, lambda: self._carry_out(message, now_s))
                self._put(answer, now_s)
            case (
                Output()
                | StreamCtrl()
                | EnterBootloader()
                | HostAlive()
                | Refusal.UNKNOWN_TYPE
                | Refusal.MALFORMED
            ):
                pass

    def _carry_out(self, command: Output | StreamCtrl | EnterBootloader, now_s: float) -> AnswerCode:
        match command:
            case Output():
                self._note(command, now_s)
                return self.outputs.carry_out(command, now_s=now_s)
            case StreamCtrl():
                return self._switch(command, now_s)
            case EnterBootloader():
                return self._enter_bootloader(command)

    def _note(self, command: Output, now_s: float) -> None:
        same = (one for _, one in reversed(self.truth.outputs) if one.output == command.output)
        before = next(same, None)
        if before is None or before != replace(command, command_id=before.command_id):
            self.truth.outputs.append((now_s, command))

    def _switch(self, command: StreamCtrl, now_s: float) -> AnswerCode:
        if command.stream_id not in {stream.stream_id for stream in STREAMS}:
            return AnswerCode.UNKNOWN_STREAM
        if command.rate_index:
            return AnswerCode.UNKNOWN_RATE
        (self._off.discard if command.is_on else self._off.add)(command.stream_id)
        if self._front_end:
            t_us, is_on = self.board_us(now_s), bool(command.is_on)
            self._put_blocks(self._front_end.switch(t_us, command.stream_id, is_on=is_on), now_s)
        return AnswerCode.DONE

    def _enter_bootloader(self, request: EnterBootloader) -> AnswerCode:
        is_meant = (request.magic, request.uid) == (BOOTLOADER_MAGIC, self.uid)
        is_streaming = self._front_end is not None and self._front_end.is_streaming
        if not is_meant or is_streaming or self.ring.unacked:
            return AnswerCode.REFUSED
        self.is_in_bootloader = True
        return AnswerCode.DONE

    def _on_greeting(self, greeting: HostHello, now_s: float) -> None:
        self._is_greeted = True
        if greeting.schema_hash == self._schema_hash and self._front_end is None:
            self._front_end = FrontEnd(
                self._recording,
                start_us=self.board_us(now_s),
                has_leads=self._has_leads,
                probe=self._probe,
            )
            for stream_id in self._off:
                self._front_end.switch(self.board_us(now_s), stream_id, is_on=False)
            self._leads_due_s = {ECG: now_s, PLETH: now_s}  # the host does not know them yet

    def _hello(self) -> Hello:
        caps = Capability.BUTTON | Capability.ECG | Capability.PPG | Capability.BUZZER
        caps |= Capability.BUTTON_LOOP
        streams = streams_of(self._recording)
        return Hello(PROTO_MINOR, 1, 2, (0, 1, 0), 0, self._cause, self.uid, self._schema_hash, caps, streams)

    def _heartbeat(self, now_s: float, *, is_host_lost: bool) -> Heartbeat:
        flags = Heartbeat.HOST_LOST * is_host_lost | Heartbeat.STUCK * self.button.is_stuck
        return Heartbeat(
            now_us=self.board_us(now_s),
            press_count=self.button.press_count,
            button=self.button.state,
            flags=flags,
            unacked=self.ring.unacked,
            last_event_id=self.ring.last_event_id,
            dropped_samples=self._queue.dropped_samples,
            rx_bad=sum(self._decoder.damage.values()),
        )

    def _tell_leads(self, stream_id: int, now_s: float) -> None:
        del self._leads_due_s[stream_id]
        mask, probe = 0, self._probe
        if stream_id == ECG:  # has electrodes and no probe
            mask, probe = 0 if self._has_leads else self._off_mask, ProbeState.ON
        change = LeadStateChange(stream_id, mask, probe, self.ring.next_event_id())
        self.ring.put(change, boot_id=self.boot_id, now_s=now_s)

    def _put_blocks(self, blocks: list[Samples | Gap], now_s: float) -> None:
        for block in blocks:
            self._put(block, now_s)

    def _put(self, message: BoardMessage, now_s: float, is_retransmission: bool = False) -> None:
        self._queue.put(Queued(message, self.board_us(now_s), is_retransmission))

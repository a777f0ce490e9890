"""The board's side of the link: bytes of the host and levels of the buttons in, frames out.

Source: docs/board-link.md, "The board's side".
"""

import struct

from firmware_bridge.firmware import frames, wire
from firmware_bridge.firmware.backlog import Backlog
from firmware_bridge.firmware.button import CallButton, CameraButton
from firmware_bridge.firmware.lamps import Lamps
from firmware_bridge.firmware.ring import EventRing
from firmware_bridge.firmware.streams import Stream

HW_MODEL = 1
FIRMWARE = (0, 1, 0)
HELLO_EVERY_US = 1_000_000
HEARTBEAT_EVERY_US = 500_000
HOST_QUIET_US = 3_000_000  # three signs of life missing: samples wait, whatever the wire would swallow
HOST_LOST_US = 5_000_000
ANSWERS_MAX = 16  # that wait; the host asks again for what was dropped
RESPONSES_MAX = 16  # remembered, so that a repeated command is not a second one


class Identity:
    """Who HELLO says this is. `uid`: 8 bytes. `hw_revision`: bit 7 is "not for patients" (docs/board.md)."""

    def __init__(self, uid: bytes, *, hw_revision: int, build_hash: int = 0, caps: int = 0x2F) -> None:
        self.uid = uid
        self.hw_model = HW_MODEL
        self.hw_revision = hw_revision
        self.build_hash = build_hash
        self.caps = caps


class Board:
    """One boot of the board. A reset is another Board, given what `kept()` of this one returned last.

    `boot_id`: 16 random bits; another is taken where `kept` knows it. `cause`: a CAUSE_ of `wire`. `kept`:
    the ring's bytes out of RAM that resets do not clear, b"" after a loss of power. `streams`: announced in
    HELLO, started when a host greets.

    Each turn of the loop: `call_level` and `camera_level` with what the buttons' pins say, `feed` with what
    the host sent, `advance`, then `take` as long as the wire accepts frames. `now_us`, int, is the time
    since this boot; it never goes back. When `ring.change_count` rose, `kept()` belongs into that RAM
    before anything is sent. `look(output)` says what a lamp shows, `wants_bootloader` that the program is
    to end.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        boot_id: int,
        cause: int,
        kept: bytes = b"",
        streams: tuple[Stream, ...] = (),
    ) -> None:
        self.ring = EventRing(kept)
        self.boot_id = _unused(boot_id, self.ring.boot_ids)
        self.cause = cause
        self.lamps = Lamps(self.ring)
        self.backlog = Backlog()
        self.call_button = CallButton(self.ring, self.boot_id)
        self.camera_button = CameraButton(self.ring, self.boot_id)
        self.streams = streams
        self.now_us = 0
        self.wants_bootloader = False
        self.malformed_count = 0
        self.unknown_count = 0
        self.greeting_count = 0  # how often a host has said who it is: it may be another one
        self.is_sampling = False
        self._identity = identity
        self._decoder = frames.FrameDecoder()
        self._seq = 0
        self._heard_us = 0
        self._hello_us = 0  # when HELLO is due
        self._is_hello_asked = False
        self._beat_us = HEARTBEAT_EVERY_US
        self._answers: list[tuple[int, bytes]] = []
        self._responses: list[tuple[int, bytes]] = []  # to the latest commands
        self._is_leaving = False

    # What the loop calls

    def call_level(self, level: int, now_us: int) -> None:
        """The call button's loop reads BUTTON_UP, BUTTON_DOWN, LOOP_OPEN or LOOP_SHORT."""
        self.now_us = now_us
        self.call_button.scan(level, now_us)

    def camera_level(self, is_down: bool, now_us: int) -> None:
        """The camera button is down, or not."""
        self.now_us = now_us
        self.camera_button.scan(is_down, now_us)

    def lead_state(self, stream_id: int, mask: int, probe: int, now_us: int) -> None:
        """Electrodes or probe changed and stayed so."""
        if self.is_sampling:
            self.ring.put_lead_state(stream_id, mask, probe, boot_id=self.boot_id, now_us=now_us)

    def feed(self, data: bytes, now_us: int) -> None:
        """Take bytes of the host."""
        self.now_us = now_us
        for message_type, payload, boot_id in self._decoder.feed(data):
            self._heard_us = now_us
            self._handle(message_type, payload, boot_id)

    def advance(self, now_us: int) -> None:
        """Notice what time it is."""
        self.now_us = now_us

    def take(self) -> bytes:
        """Return the next frame for the wire, the most urgent first; empty when there is none."""
        ring, now_us = self.ring, self.now_us
        entry = ring.take_due(wire.EVENT, now_us)
        if entry is None:
            frame = self._take_answer()
            if frame:
                return frame
            entry = ring.take_due(wire.LEAD_STATE, now_us)
        if entry is not None:
            flags = frames.RELIABLE | (frames.RETRANSMISSION if entry.sent_count > 1 else 0)
            return self._frame(entry.message_type, entry.payload, now_us, flags)
        item = None if now_us - self._heard_us >= HOST_QUIET_US else self.backlog.take()
        return b"" if item is None else self._frame(*item)

    def kept(self) -> bytes:
        """Return what the next boot is to be given."""
        return self.ring.kept(self.boot_id)

    def look(self, output: int) -> tuple[int, int, str]:
        """Return what CALL_LED, STATUS_LED or BUZZER does now: (pattern, level, by "host", "board" or "")."""
        return self.lamps.look(output, self.now_us)

    @property
    def is_host_lost(self) -> bool:
        """Whether no frame has come for five seconds."""
        return self.now_us - self._heard_us >= HOST_LOST_US

    # What the host says

    def _handle(self, message_type: int, payload: bytes, boot_id: int) -> None:
        read = _READERS.get(message_type)
        if read is None:
            self.unknown_count += 1
            return
        layout, handle = read
        size = struct.calcsize(layout)
        if len(payload) < size:
            self.malformed_count += 1
            return
        handle(self, boot_id, struct.unpack(layout, payload[:size]))

    def _on_get_hello(self, _boot_id: int, _fields: tuple[int, ...]) -> None:
        self._is_hello_asked = True

    def _on_host_hello(self, _boot_id: int, fields: tuple[int, ...]) -> None:
        _, _, schema_hash = fields
        self.greeting_count += 1
        if schema_hash == wire.SCHEMA_HASH and not self.is_sampling:
            self.is_sampling = True
            for stream in self.streams:
                stream.start(self.backlog)

    def _on_host_alive(self, _boot_id: int, _fields: tuple[int, ...]) -> None:
        pass  # heard

    def _on_time(self, _boot_id: int, fields: tuple[int, ...]) -> None:
        self._answer(wire.TIME_RSP, struct.pack("<IQ", fields[0], self.now_us))

    def _on_ack(self, _boot_id: int, fields: tuple[int, ...]) -> None:
        event_id, origin_boot_id, level = fields
        self.ring.on_ack(event_id, origin_boot_id, level, self.now_us)

    def _on_output(self, boot_id: int, fields: tuple[int, ...]) -> None:
        command_id, output, pattern, level, ttl_ms = fields
        if self._is_new_command(boot_id, command_id):
            self._respond(command_id, self.lamps.command(output, pattern, level, ttl_ms, self.now_us))

    def _on_stream_ctrl(self, boot_id: int, fields: tuple[int, ...]) -> None:
        command_id, stream_id, is_on, rate_index = fields
        if not self._is_new_command(boot_id, command_id):
            return
        code = wire.UNKNOWN_STREAM
        for stream in self.streams:
            if stream.stream_id == stream_id:
                code = wire.UNKNOWN_RATE if rate_index else wire.DONE  # 0 is the rate that HELLO announces
                if code == wire.DONE:
                    stream.turn(is_on=bool(is_on), now_us=self.now_us)
        self._respond(command_id, code)

    def _on_bootloader(self, boot_id: int, fields: tuple[bytes, bytes, int]) -> None:
        magic, uid, command_id = fields
        if not self._is_new_command(boot_id, command_id):
            return
        is_ours = magic == wire.BOOTLOADER_MAGIC and uid == self._identity.uid
        is_busy = len(self.ring) or any(stream.is_streaming for stream in self.streams)
        self._is_leaving = self._is_leaving or (is_ours and not is_busy)
        self._respond(command_id, wire.DONE if self._is_leaving else wire.REFUSED)

    def _is_new_command(self, boot_id: int, command_id: int) -> bool:
        """Whether a command is for this boot and to be carried out; a repeated one is answered again."""
        if boot_id != self.boot_id:
            return False
        for known_id, payload in self._responses:
            if known_id == command_id:
                self._answer(wire.OUTPUT_RSP, payload)
                return False
        return True

    # What the board says

    def _respond(self, command_id: int, code: int) -> None:
        payload = struct.pack(wire.OUTPUT_RSP_LAYOUT, command_id, code, 0)
        self._responses.append((command_id, payload))
        if len(self._responses) > RESPONSES_MAX:
            del self._responses[0]
        self._answer(wire.OUTPUT_RSP, payload)

    def _answer(self, message_type: int, content: bytes) -> None:
        self._answers.append((message_type, content))
        if len(self._answers) > ANSWERS_MAX:
            del self._answers[0]

    def _take_answer(self) -> bytes:
        now_us = self.now_us
        is_hello_due = now_us >= self._hello_us and (not self.greeting_count or self.is_host_lost)
        if self._is_hello_asked or is_hello_due:
            self._is_hello_asked = False
            self._hello_us = now_us + HELLO_EVERY_US
            return self._frame(wire.HELLO, self._hello(), now_us)
        if now_us >= self._beat_us:
            self._beat_us = now_us + HEARTBEAT_EVERY_US
            return self._frame(wire.HEARTBEAT, self._heartbeat(), now_us)
        if not self._answers:
            self.wants_bootloader = self._is_leaving and not len(self.ring)
            return b""
        message_type, content = self._answers.pop(0)
        if message_type == wire.TIME_RSP:
            content += struct.pack("<Q", now_us)  # as late as can be
        return self._frame(message_type, content, now_us)

    def _frame(self, message_type: int, payload: bytes, t_us: int, flags: int = 0) -> bytes:
        seq = self._seq
        self._seq = (seq + 1) & 0xFFFF
        return frames.encode(message_type, payload, seq=seq, boot_id=self.boot_id, t_us=t_us, flags=flags)

    def _hello(self) -> bytes:
        who = self._identity
        major, minor, patch = FIRMWARE
        head = struct.pack(
            wire.HELLO_HEAD,
            wire.PROTO_MINOR,
            who.hw_model,
            who.hw_revision,
            major,
            minor,
            patch,
            who.build_hash,
            self.cause,
            who.uid,
            wire.SCHEMA_HASH,
            len(self.streams),
            who.caps,
        )
        return head + b"".join([stream.announcement for stream in self.streams])

    def _heartbeat(self) -> bytes:
        button, now_us = self.call_button, self.now_us
        flags = wire.BEAT_HOST_LOST if self.is_host_lost else 0
        if button.is_stuck:
            flags |= wire.BEAT_STUCK
        if self.lamps.look(wire.BUZZER, now_us)[0] != wire.OFF:
            flags |= wire.BEAT_ALARM_ON
        return struct.pack(
            wire.HEARTBEAT_LAYOUT,
            now_us,
            button.press_count,
            button.state,
            flags,
            len(self.ring),
            self.ring.last_event_id,
            self.backlog.dropped_samples,
            sum(self._decoder.damage),
            0,  # temperature: not measured
            0,  # supply: not measured
        )


_READERS = {
    wire.GET_HELLO: ("<", Board._on_get_hello),
    wire.HOST_HELLO: (wire.HOST_HELLO_LAYOUT, Board._on_host_hello),
    wire.HOST_ALIVE: ("<B", Board._on_host_alive),
    wire.TIME_REQ: (wire.TIME_REQ_LAYOUT, Board._on_time),
    wire.EVENT_ACK: (wire.EVENT_ACK_LAYOUT, Board._on_ack),
    wire.OUTPUT: (wire.OUTPUT_LAYOUT, Board._on_output),
    wire.STREAM_CTRL: (wire.STREAM_CTRL_LAYOUT, Board._on_stream_ctrl),
    wire.ENTER_BOOTLOADER: (wire.BOOTLOADER_LAYOUT, Board._on_bootloader),
}


def _unused(boot_id: int, known: list[int]) -> int:
    """Return `boot_id`, or the next that is neither 0 nor known."""
    while not boot_id or boot_id in known:
        boot_id = (boot_id + 1) & 0xFFFF
    return boot_id

"""What must reach the host: 16 events, resent until they are stored, kept through warm resets.

`kept` are the bytes for RAM that a reset does not clear, guarded by a CRC. A button that is down at
power-up is told as pressed at boot. Source: docs/board-link.md, "The board's side".
"""

import binascii
import struct

from firmware_bridge.firmware import wire

DEPTH = 16
RESEND_US = 100_000
RESEND_QUICKLY = 5
RESEND_SLOWLY_US = 1_000_000
NOT_DELIVERED_US = 3_000_000
_KEPT_HEAD = "<4sHIB"  # magic, boot in which it was written, last event id, count
_KEPT_HEAD_BYTES = 11
_KEPT_MAGIC = b"HDR1"
KEPT_MAX_BYTES = _KEPT_HEAD_BYTES + DEPTH * wire.EVENT_BYTES + 4


class Entry:
    """One message that waits for its acknowledgement."""

    def __init__(
        self, message_type: int, payload: bytes, *, event_id: int, boot_id: int, now_us: int
    ) -> None:
        self.message_type = message_type
        self.payload = payload
        self.event_id = event_id
        self.boot_id = boot_id  # of origin, by which it is acknowledged
        self.is_press = False
        self.since_us = now_us
        self.due_us = now_us
        self.sent_count = 0


class EventRing:
    """At most DEPTH events. `kept`: what an earlier boot left, b"" after a loss of power.

    `change_count` rises when `kept()` has become other bytes. `delivered_us`, `shown_us`: when the latest
    press was acknowledged as stored and as seen, None while it is not.
    """

    def __init__(self, kept: bytes = b"") -> None:
        self.last_event_id = 0
        self.earlier_boot_id = 0  # 0: not known
        self.overflow_count = 0
        self.change_count = 0
        self.delivered_us: int | None = None
        self.shown_us: int | None = None
        self._latest_press: tuple[int, int] | None = None  # (event id, boot)
        self._entries: list[Entry] = []
        self._read(kept)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def boot_ids(self) -> list[int]:
        """The boots that its events and its last owner were in: a new boot takes another name."""
        return [entry.boot_id for entry in self._entries] + [self.earlier_boot_id]

    def put_event(
        self,
        source: int,
        kind: int,
        *,
        boot_id: int,
        t_edge_us: int,
        press_count: int,
        bounce: int,
        now_us: int,
    ) -> None:
        """Keep something that happened to a button, until it is stored."""
        self.last_event_id += 1
        payload = struct.pack(
            wire.EVENT_LAYOUT, self.last_event_id, source, kind, bounce, t_edge_us, press_count, boot_id
        )
        self._put(_event_entry(payload, now_us))

    def put_lead_state(self, stream_id: int, mask: int, probe: int, *, boot_id: int, now_us: int) -> None:
        """Keep a change of electrodes or probe until it is stored; one of its stream that waits is void."""
        self._entries = [
            entry
            for entry in self._entries
            if entry.message_type != wire.LEAD_STATE or entry.payload[0] != stream_id
        ]
        self.last_event_id += 1
        payload = struct.pack(wire.LEAD_STATE_LAYOUT, stream_id, mask, probe, self.last_event_id)
        event_id = self.last_event_id
        self._put(Entry(wire.LEAD_STATE, payload, event_id=event_id, boot_id=boot_id, now_us=now_us))

    def on_ack(self, event_id: int, boot_id: int, level: int, now_us: int) -> None:
        """The host says how far an event came."""
        if level >= wire.LEVEL_STORED:
            for entry in self._entries:
                if (entry.event_id, entry.boot_id) == (event_id, boot_id):
                    self._entries.remove(entry)
                    self.change_count += 1
                    break
        if (event_id, boot_id) == self._latest_press:
            if level >= wire.LEVEL_STORED and self.delivered_us is None:
                self.delivered_us = now_us
            if level >= wire.LEVEL_SHOWN:
                self.shown_us = now_us

    def has_unstored_press(self) -> bool:
        """Whether a press waits."""
        return any(entry.is_press for entry in self._entries)

    def is_undelivered(self, now_us: int) -> bool:
        """Whether a press has waited too long: the board buzzes and flashes by itself."""
        return any(entry.is_press and now_us - entry.since_us >= NOT_DELIVERED_US for entry in self._entries)

    def take_due(self, message_type: int, now_us: int) -> Entry | None:
        """Return the oldest entry of a type that is due, as sent now; None: nothing is.

        `sent_count` of the returned entry counts this sending too.
        """
        for entry in self._entries:
            if entry.message_type == message_type and now_us >= entry.due_us:
                entry.sent_count += 1
                pause_us = RESEND_US if entry.sent_count <= RESEND_QUICKLY else RESEND_SLOWLY_US
                entry.due_us = now_us + pause_us
                return entry
        return None

    def kept(self, boot_id: int) -> bytes:
        """Return the bytes that the next boot is to be given: events, not the state of electrodes."""
        events = [entry.payload for entry in self._entries if entry.message_type == wire.EVENT]
        head = struct.pack(_KEPT_HEAD, _KEPT_MAGIC, boot_id, self.last_event_id, len(events))
        body = head + b"".join(events)
        return body + struct.pack("<I", binascii.crc32(body))

    def _put(self, entry: Entry) -> None:
        if len(self._entries) == DEPTH:
            self.overflow_count += 1
            self._entries.remove(self._least(entry.boot_id))
        self._entries.append(entry)
        self.change_count += 1
        if entry.is_press:
            self._latest_press = (entry.event_id, entry.boot_id)
            self.delivered_us = self.shown_us = None

    def _least(self, boot_id: int) -> Entry:
        """What gives way: what is no press; else the oldest press of this boot, which heartbeats repeat."""
        for entry in self._entries:
            if not entry.is_press:
                return entry
        for entry in self._entries:
            if entry.boot_id == boot_id:
                return entry
        return self._entries[0]

    def _read(self, kept: bytes) -> None:
        if len(kept) < _KEPT_HEAD_BYTES + 4:
            return
        magic, boot_id, last_event_id, count = struct.unpack(_KEPT_HEAD, kept[:_KEPT_HEAD_BYTES])
        end = _KEPT_HEAD_BYTES + count * wire.EVENT_BYTES
        if magic != _KEPT_MAGIC or count > DEPTH or len(kept) < end + 4:
            return
        if struct.unpack("<I", kept[end : end + 4])[0] != binascii.crc32(kept[:end]):
            return
        self.earlier_boot_id, self.last_event_id = boot_id, last_event_id
        for at in range(_KEPT_HEAD_BYTES, end, wire.EVENT_BYTES):
            entry = _event_entry(kept[at : at + wire.EVENT_BYTES], 0)
            self._entries.append(entry)
            if entry.is_press:
                self._latest_press = (entry.event_id, entry.boot_id)


def _event_entry(payload: bytes, now_us: int) -> Entry:
    event_id, source, kind, _, _, _, boot_id = struct.unpack(wire.EVENT_LAYOUT, payload)
    entry = Entry(wire.EVENT, payload, event_id=event_id, boot_id=boot_id, now_us=now_us)
    entry.is_press = source == wire.SOURCE_CALL_BUTTON and kind in (
        wire.KIND_PRESS,
        wire.KIND_PRESSED_AT_BOOT,
    )
    return entry

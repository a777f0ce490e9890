"""The board's side of the link. Runs under CPython and under MicroPython: nothing imported but ours."""

import struct

from firmware_bridge.firmware import frames, wire
from firmware_bridge.firmware.board import Board, Identity
from firmware_bridge.firmware.streams import Stream

UID = b"HD000001"
BOOT = 0xBEEF
S = 1_000_000


class Host:
    """Speaks to a board and hears what it says: (type, payload, flags)."""

    def __init__(self, *, streams: int = 1, kept: bytes = b"", boot_id: int = BOOT) -> None:
        self.streams = tuple(
            Stream(
                n + 1,
                kind=wire.KIND_ECG,
                mdc=131329,
                rate_mhz=250_000,
                bits=18,
                scale=1.0,
                unit=wire.UNIT_MICROVOLT,
                block_samples=1,
            )
            for n in range(streams)
        )
        self.board = Board(
            Identity(UID, hw_revision=0x81),
            boot_id=boot_id,
            cause=wire.CAUSE_POWER,
            kept=kept,
            streams=self.streams,
        )
        self.now_us = 0

    def say(self, message_type: int, payload: bytes = b"", *, boot_id: int = BOOT) -> None:
        data = frames.encode(message_type, payload, seq=0, boot_id=boot_id, t_us=0)
        self.board.feed(data, self.now_us)

    def greet(self, schema_hash: int = wire.SCHEMA_HASH) -> None:
        self.say(wire.HOST_HELLO, struct.pack(wire.HOST_HELLO_LAYOUT, 1, 2, schema_hash))

    def command(self, message_type: int, *fields: int) -> list[bytes]:
        """Give a command; return the answers' payloads."""
        layout = wire.OUTPUT_LAYOUT if message_type == wire.OUTPUT else wire.STREAM_CTRL_LAYOUT
        self.say(message_type, struct.pack(layout, *fields))
        return self.heard(wire.OUTPUT_RSP)

    def hear(self) -> list[tuple[int, bytes, int]]:
        """Return all that the board has to say now, in its order."""
        found = []
        self.board.advance(self.now_us)
        while frame := self.board.take():
            packet = frames.unstuff(frame[1:-1])
            assert packet is not None
            flags, message_type = packet[0] & 0x0F, packet[1]
            found.append((message_type, packet[frames.HEADER_BYTES : -frames.CRC_BYTES], flags))
        return found

    def heard(self, message_type: int) -> list[bytes]:
        return [payload for one, payload, _ in self.hear() if one == message_type]

    def press(self) -> None:
        self.board.call_level(wire.BUTTON_UP, self.now_us)
        self.board.call_level(wire.BUTTON_DOWN, self.now_us)


def test_it_says_who_it_is_each_second_until_greeted_and_when_asked() -> None:
    host = Host()
    said_ms = []
    for ms in range(0, 3000, 50):
        host.now_us = ms * 1000
        if host.heard(wire.HELLO):
            said_ms.append(ms)
    assert said_ms == [0, 1000, 2000]
    host.greet()
    host.now_us += S
    assert host.heard(wire.HELLO) == []
    host.say(wire.GET_HELLO)
    (hello,) = host.heard(wire.HELLO)
    minor, model, revision, *_, uid, schema, stream_count, caps = struct.unpack(wire.HELLO_HEAD, hello[:29])
    assert (minor, model, revision, uid, schema, stream_count) == (2, 1, 0x81, UID, wire.SCHEMA_HASH, 1)
    assert caps == 0x2F
    assert len(hello) == 29 + 17


def test_a_heartbeat_comes_twice_a_second_and_repeats_the_press_count() -> None:
    host = Host()
    host.press()
    beats = []
    for ms in range(0, 2001, 10):
        host.now_us = ms * 1000
        beats += host.heard(wire.HEARTBEAT)
    assert len(beats) == 4
    now_us, presses, button, flags, unacked, event_id, *_ = struct.unpack(wire.HEARTBEAT_LAYOUT, beats[-1])
    assert (now_us, presses, button, flags, unacked, event_id) == (2 * S, 1, wire.BUTTON_DOWN, 0, 1, 1)


def test_it_samples_from_the_first_greeting_on_at_index_nought() -> None:
    host = Host()
    host.streams[0].add(1, 0)
    assert host.heard(wire.SAMPLES) == []
    host.greet()
    host.streams[0].add(2, 0)
    host.greet()  # another host: the indexes go on
    host.streams[0].add(3, 0)
    firsts = [struct.unpack(wire.SAMPLES_HEAD, payload[:18])[2] for payload in host.heard(wire.SAMPLES)]
    assert firsts == [0, 1]


def test_a_host_of_another_schema_gets_presses_and_no_samples() -> None:
    host = Host()
    host.greet(schema_hash=1)
    host.streams[0].add(1, 0)
    host.press()
    said = [message_type for message_type, _, _ in host.hear()]
    assert said == [wire.EVENT]


def test_what_is_urgent_goes_first() -> None:
    host = Host()
    host.hear()
    host.greet()
    host.now_us = S
    host.streams[0].add(1, 0)
    host.streams[0].lose(1, wire.GAP_NO_VALUE, 0)
    host.board.lead_state(1, 3, wire.PROBE_ON, host.now_us)
    host.say(wire.TIME_REQ, struct.pack("<I", 0xC0DE))
    host.press()
    said = [message_type for message_type, _, _ in host.hear()]
    assert said == [wire.EVENT, wire.HEARTBEAT, wire.TIME_RSP, wire.LEAD_STATE, wire.SAMPLES, wire.GAP]


def test_a_repeated_event_says_that_it_is_one() -> None:
    host = Host()
    host.hear()
    host.press()
    (first,) = [flags for message_type, _, flags in host.hear() if message_type == wire.EVENT]
    host.now_us = S // 10
    (second,) = [flags for message_type, _, flags in host.hear() if message_type == wire.EVENT]
    assert (first, second) == (frames.RELIABLE, frames.RELIABLE | frames.RETRANSMISSION)


def test_a_time_answer_has_the_cookie_the_moment_of_receipt_and_the_moment_of_sending() -> None:
    host = Host()
    host.now_us = 5
    host.say(wire.TIME_REQ, struct.pack("<I", 0xC0DE))
    host.now_us = 50
    assert host.heard(wire.TIME_RSP) == [struct.pack(wire.TIME_RSP_LAYOUT, 0xC0DE, 5, 50)]


def test_a_command_is_carried_out_once_and_answered_each_time() -> None:
    host = Host()
    assert host.command(wire.OUTPUT, 7, wire.CALL_LED, wire.STEADY, 255, 3000) == [b"\x07\0\0\0"]
    host.now_us = 2 * S
    assert host.command(wire.OUTPUT, 7, wire.CALL_LED, wire.STEADY, 255, 3000) == [b"\x07\0\0\0"]
    host.now_us = 4 * S
    host.hear()
    assert host.board.look(wire.CALL_LED) == (wire.OFF, 0, "")
    assert host.command(wire.OUTPUT, 8, 9, wire.STEADY, 255, 3000) == [b"\x08\0\x01\0"]
    assert host.command(wire.OUTPUT, 9, wire.BUZZER, 9, 255, 3000) == [b"\x09\0\x02\0"]


def test_a_command_for_an_earlier_boot_is_not_carried_out() -> None:
    host = Host()
    host.say(wire.OUTPUT, struct.pack(wire.OUTPUT_LAYOUT, 7, 1, 1, 255, 3000), boot_id=1)
    assert host.heard(wire.OUTPUT_RSP) == []
    assert host.board.look(wire.CALL_LED) == (wire.OFF, 0, "")


def test_a_stream_is_switched_off_and_on_and_only_at_the_rate_it_has() -> None:
    host = Host(streams=2)
    host.greet()
    assert host.command(wire.STREAM_CTRL, 1, 2, 0, 0) == [b"\x01\0\0\0"]
    for each in host.streams:
        each.add(1, 0)
    assert len(host.heard(wire.SAMPLES)) == 1
    assert host.command(wire.STREAM_CTRL, 2, 2, 1, 1) == [b"\x02\0\x05\0"]
    assert host.command(wire.STREAM_CTRL, 3, 9, 1, 0) == [b"\x03\0\x04\0"]
    assert host.command(wire.STREAM_CTRL, 4, 2, 1, 0) == [b"\x04\0\0\0"]
    host.streams[1].add(7, 0)
    (block,) = host.heard(wire.SAMPLES)
    assert struct.unpack(wire.SAMPLES_HEAD, block[:18])[:3] == (2, 0, 1)


def enter_bootloader(host: Host, command_id: int, uid: bytes = UID) -> list[bytes]:
    host.say(
        wire.ENTER_BOOTLOADER, struct.pack(wire.BOOTLOADER_LAYOUT, wire.BOOTLOADER_MAGIC, uid, command_id)
    )
    return host.heard(wire.OUTPUT_RSP)


def test_it_leaves_for_the_boot_loader_only_when_idle_and_only_when_it_is_meant() -> None:
    host = Host()
    host.greet()
    assert enter_bootloader(host, 1) == [b"\x01\0\x03\0"]  # it streams
    host.command(wire.STREAM_CTRL, 2, 1, 0, 0)
    host.press()
    assert enter_bootloader(host, 3) == [b"\x03\0\x03\0"]  # a press waits
    host.say(wire.EVENT_ACK, struct.pack(wire.EVENT_ACK_LAYOUT, 1, BOOT, wire.LEVEL_STORED))
    assert enter_bootloader(host, 4, uid=b"HD000002") == [b"\x04\0\x03\0"]
    assert not host.board.wants_bootloader
    assert enter_bootloader(host, 5) == [b"\x05\0\0\0"]
    assert host.board.wants_bootloader


def test_it_does_not_leave_before_it_has_said_so_nor_with_a_press() -> None:
    host = Host(streams=0)
    host.greet()
    request = struct.pack(wire.BOOTLOADER_LAYOUT, wire.BOOTLOADER_MAGIC, UID, 1)
    host.say(wire.ENTER_BOOTLOADER, request)
    assert not host.board.wants_bootloader
    host.press()
    assert [message_type for message_type, _, _ in host.hear()][:1] == [wire.EVENT]
    assert not host.board.wants_bootloader
    host.say(wire.EVENT_ACK, struct.pack(wire.EVENT_ACK_LAYOUT, 1, BOOT, wire.LEVEL_STORED))
    host.hear()
    assert host.board.wants_bootloader


def test_a_reset_keeps_what_was_not_stored_and_takes_another_name() -> None:
    before = Host()
    before.press()
    after = Host(kept=before.board.kept())  # the same random number: not the same name
    assert after.board.boot_id != BOOT
    (event,) = after.heard(wire.EVENT)
    event_id, *_, count, origin = struct.unpack(wire.EVENT_LAYOUT, event)
    assert (event_id, count, origin) == (1, 1, BOOT)
    assert Host(boot_id=0).board.boot_id != 0


def test_a_host_that_is_silent_for_five_seconds_is_lost_and_asked_for_again() -> None:
    host = Host()
    host.hear()
    host.greet()
    host.now_us = 5 * S
    (beat,) = host.heard(wire.HEARTBEAT)
    assert struct.unpack(wire.HEARTBEAT_LAYOUT, beat)[3] == wire.BEAT_HOST_LOST
    host.now_us = 6 * S
    assert len(host.heard(wire.HELLO)) == 1
    host.say(wire.HOST_ALIVE, b"\x01")
    host.now_us = 7 * S
    assert host.heard(wire.HELLO) == []


def test_peer_bytes_that_say_nothing_are_counted_and_do_nothing() -> None:
    host = Host()
    host.hear()
    host.say(0x77, b"abc")
    host.say(wire.OUTPUT, b"\x01")
    host.board.feed(b"\x05\x05\0garbage\0", host.now_us)
    assert host.hear() == []
    assert (host.board.unknown_count, host.board.malformed_count) == (1, 1)
    host.say(wire.TIME_REQ, struct.pack("<I", 1) + b"a longer tail")
    assert len(host.heard(wire.TIME_RSP)) == 1
    host.now_us = S
    (beat,) = host.heard(wire.HEARTBEAT)
    assert struct.unpack(wire.HEARTBEAT_LAYOUT, beat)[7] == 2


def test_samples_wait_while_the_host_is_silent_and_presses_do_not() -> None:
    host = Host()
    host.hear()
    host.greet()
    host.now_us = 3 * S - 1
    host.streams[0].add(1, 0)
    assert len(host.heard(wire.SAMPLES)) == 1
    host.now_us = 3 * S
    host.streams[0].add(2, 0)
    host.press()
    said = [message_type for message_type, _, _ in host.hear()]
    assert wire.SAMPLES not in said
    assert said[0] == wire.EVENT
    host.say(wire.HOST_ALIVE, b"\x01")
    assert len(host.heard(wire.SAMPLES)) == 1

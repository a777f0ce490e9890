import random

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.creative_frames import command
from firmware_bridge.drivers.creative_pc60 import DRIVERS, CreativePc60Decoder
from firmware_bridge.drivers.creative_pc300 import CreativePc300Decoder
from firmware_bridge.drivers.driver import Fact, Reading
from tests.simulators.devices.creative_pc60 import Pc60Fw, Pc60Nw

NO_VALUES = {"spo2": None, "pulse": None, "pi": None}


def read(data: bytes) -> list[Reading]:
    decoder = CreativePc60Decoder()
    return [*decoder.feed(data), *decoder.finish()]


def numbers(spo2: int, pulse: int, perfusion: int, status: int) -> Reading:
    content = bytes((spo2, pulse & 0xFF, pulse >> 8, perfusion, status, 0xC0))
    [reading] = read(command(0x0F, 0x01, content))
    return reading


@pytest.mark.parametrize(
    ("frame", "values"),
    [
        ("AA 55 0F 08 01 5F 55 00 57 00 C0 DA", {"spo2": 95, "pulse": 85, "pi": 87}),
        ("AA 55 0F 08 01 63 58 00 23 00 C0 D7", {"spo2": 99, "pulse": 88, "pi": 35}),
    ],
)
def test_real_numbers_are_read(frame: str, values: dict[str, int]) -> None:
    [reading] = read(bytes.fromhex(frame))
    assert (reading.kind, reading.values, reading.conditions) == ("parameters", values, frozenset())


def test_a_real_wave_is_read_with_its_beat() -> None:
    [beat, still] = read(bytes.fromhex("AA 55 0F 07 02 5A 57 D2 4C 45 A7") + command(0x0F, 2, b"\1\2\3\4\5"))
    assert (beat.samples, beat.facts) == ({"pleth": (90, 87, 82, 76, 69)}, {"beat": True})
    assert (still.samples, still.facts) == ({"pleth": (1, 2, 3, 4, 5)}, {"beat": False})


def test_without_a_finger_zeros_say_so_although_no_flag_is_set() -> None:
    reading = numbers(0, 0, 0, 0)
    assert (reading.values, reading.conditions) == (NO_VALUES, frozenset({Condition.PROBE_OFF}))


@pytest.mark.parametrize(("status", "matter"), [(2, Condition.PROBE_OFF), (4, Condition.SEARCHING)])
def test_a_flag_takes_the_numbers_away(status: int, matter: Condition) -> None:
    assert numbers(97, 70, 30, status).values == NO_VALUES
    for reading in (numbers(97, 70, 30, status), numbers(0, 0, 0, status)):
        assert reading.conditions == frozenset({matter})


def test_each_number_may_be_missing_for_itself() -> None:
    assert numbers(97, 70, 0, 0).values == {"spo2": 97, "pulse": 70, "pi": None}
    assert numbers(0, 70, 30, 0).values == {"spo2": None, "pulse": 70, "pi": 30}
    assert numbers(127, 511, 30, 0).values == {"spo2": None, "pulse": None, "pi": 30}
    assert numbers(97, 300, 30, 0).values["pulse"] == 300


@pytest.mark.parametrize(("level", "is_low"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_low_battery_is_told_with_the_next_numbers_until_it_is_not(level: int, is_low: bool) -> None:
    low, high = command(0xF0, 0x03, bytes((level,))), command(0xF0, 0x03, b"\3")
    fine = command(0x0F, 0x01, bytes((97, 70, 0, 30, 0, 0xC0)))
    first, second, _, last = read(low + fine + high + fine)
    assert (first.kind, first.facts, first.conditions) == ("battery", {"battery": level}, None)
    assert second.conditions == (frozenset({Condition.BATTERY_LOW}) if is_low else frozenset())
    assert second.values["spo2"] == 97
    assert last.conditions == frozenset()


def test_a_battery_is_not_remembered_beyond_the_end_of_the_stream() -> None:
    decoder = CreativePc60Decoder()
    decoder.feed(command(0xF0, 0x03, b"\0"))
    decoder.finish()
    [reading] = decoder.feed(command(0x0F, 0x01, bytes((97, 70, 0, 30, 0, 0xC0))))
    assert reading.conditions == frozenset()


@pytest.mark.parametrize(
    ("frame", "kind", "facts"),
    [
        (
            bytes.fromhex("AA 55 0F 06 21 02 00 00 00 45"),
            "status",
            {"mode": "continuous", "step": "idle", "p1": 0, "p2": 0},
        ),
        (
            command(0x0F, 0x21, b"\11\10\1\2"),
            "status",
            {"mode": "9", "step": "8", "p1": 1, "p2": 2},
        ),
        (bytes.fromhex("AA 55 F0 03 03 03 F6"), "battery", {"battery": 3}),
        (command(0x0F, 0x20, b"\1\0\0\1"), "frequencies", {"red": 1, "infrared": 256}),
        (command(0x0F, 0x00), "heartbeat", {}),
        (command(0x0F, 0x04, b"\1"), "parameters switched", {}),
        (command(0x0F, 0x05, b"\1"), "wave switched", {}),
        (
            command(0x0F, 0x03, b"\1\2PC-60NW"),
            "info",
            {"software": "1", "hardware": 2, "model": "PC-60NW"},
        ),
        (
            command(0xF0, 0x01, b"\1\2\3PC-60FW"),
            "info",
            {"software": "1.2", "hardware": 3, "model": "PC-60FW"},
        ),
        (command(0xF0, 0x02, b"0123"), "serial number", {"serial": "0123"}),
        (command(0xF0, 0x21, bytes.fromhex("DE0E86")), "address", {"mac": "de:0e:86"}),
        (command(0x0F, 0x33, b"\1\2"), "unknown", {"token": "0F", "type": "33", "data": "01 02"}),
        (command(0x0F, 0x01, b"\1\2"), "unknown", {"token": "0F", "type": "01", "data": "01 02"}),
        (command(0x0F, 0x02), "unknown", {"token": "0F", "type": "02", "data": ""}),
        (command(0x0F, 0x20, b"\1"), "unknown", {"token": "0F", "type": "20", "data": "01"}),
        (command(0x0F, 0x21, b"\1"), "unknown", {"token": "0F", "type": "21", "data": "01"}),
        (command(0xF0, 0x01, b"\1"), "unknown", {"token": "F0", "type": "01", "data": "01"}),
        (command(0xF0, 0x03), "unknown", {"token": "F0", "type": "03", "data": ""}),
        (command(0x99, 0x01, b"\1"), "unknown", {"token": "99", "type": "01", "data": "01"}),
    ],
)
def test_whatever_else_it_says_is_told_and_is_no_measurement(
    frame: bytes, kind: str, facts: dict[str, Fact]
) -> None:
    [reading] = read(frame)
    assert (reading.kind, reading.facts) == (kind, facts)
    assert not reading.values and not reading.samples and reading.conditions is None


def test_frames_of_a_pc_300_are_none_here_and_the_other_way_round() -> None:
    assert read(command(0x53, 0x01, bytes((97, 70, 0, 30, 0)))) == []
    other = CreativePc300Decoder()
    assert [*other.feed(command(0x0F, 0x01, bytes((97, 70, 0, 30, 0, 0xC0)))), *other.finish()] == []


def test_an_nw_sends_when_it_is_asked() -> None:
    talk = DRIVERS[0].talk
    assert talk is not None
    assert talk.opening == command(0x0F, 0x84, b"\1") + command(0x0F, 0x85, b"\1")
    device = Pc60Nw(random.Random(1), now_s=0.0)
    assert device.advance(now_s=1.0) == []
    answers = device.hear(talk.opening[:3]) + device.hear(talk.opening[3:])
    assert [reading.kind for reading in read(b"".join(answers))] == ["parameters switched", "wave switched"]
    assert len(device.advance(now_s=2.0)) == 13


def test_an_fw_goes_off_without_a_finger() -> None:
    device = Pc60Fw(random.Random(1), now_s=0.0)
    assert len(device.advance(now_s=2.0)) == 26
    device.has_contact = False
    assert len(device.advance(now_s=9.0)) == 91
    assert device.advance(now_s=20.0) == []


def test_every_answer_of_the_instrument_is_read() -> None:
    device = Pc60Fw(random.Random(1), now_s=0.0)
    for token, kind in ((0x0F, 0x80), (0x0F, 0x83), (0x0F, 0x84), (0xF0, 0x81), (0xF0, 0x82), (0xF0, 0xA1)):
        [answer] = device.hear(command(token, kind, b"\1"))
        assert [reading.kind for reading in read(answer)] != ["unknown"]
    assert device.hear(command(0x0F, 0x99)) == []

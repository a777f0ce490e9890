import pytest

from contract.codes import Condition
from firmware_bridge.drivers.driver import Reading
from firmware_bridge.drivers.nonin_spot import SpotDecoder

EXAMPLE = bytes.fromhex("00 02 00 0D 00 0E 20 26 11 22 08 30 15 00 02 00 00 48 00 62 72 03")
DATA = EXAMPLE[6:20]


def framed(data: bytes) -> bytes:
    return bytes.fromhex("00 02 00 0D") + len(data).to_bytes(2, "big") + data + bytes((sum(data) & 0xFF, 3))


def changed(place: int, value: int) -> bytes:
    """The example with another byte at `place`, 1 … 14."""
    return framed(DATA[: place - 1] + bytes((value,)) + DATA[place:])


def read(data: bytes) -> list[Reading]:
    decoder = SpotDecoder()
    return [*decoder.feed(data), *decoder.finish()]


def test_a_measurement_has_its_numbers_and_the_instruments_own_time() -> None:
    [reading] = read(EXAMPLE)
    assert reading.values == {"spo2": 98, "pulse": 72}
    assert reading.conditions == frozenset()
    expected = {"device_time": "2026-11-22T08:30:15", "from_memory": False, "smartpoint": True}
    assert reading.facts == expected


def test_no_measurement_is_told_as_one_that_failed() -> None:
    [reading] = read(changed(9, 0x01))
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.facts["text"] == "the oximeter could not measure"


def test_what_is_missing_is_none_and_a_pulse_rate_has_nine_bits() -> None:
    [reading] = read(framed(DATA[:10] + bytes((0x01, 0xFF, 0, 127))))
    assert reading.values == {"spo2": None, "pulse": None}
    [reading] = read(changed(11, 0x01))
    assert reading.values == {"spo2": 98, "pulse": 256 + 72}


def test_memory_and_battery_are_told() -> None:
    [reading] = read(changed(10, 0x11))
    assert reading.facts["from_memory"] is True
    assert reading.conditions == frozenset({Condition.BATTERY_LOW})


def test_more_data_than_is_known_are_skipped() -> None:
    readings = read(framed(DATA + bytes(22)) + EXAMPLE)
    assert [reading.values for reading in readings] == [{"spo2": 98, "pulse": 72}] * 2
    assert readings[1].lost == 0


@pytest.mark.parametrize(
    "frame",
    [
        changed(2, 0x2A),  # no decimal digits
        changed(1, 0x26),
        changed(3, 0x13),
        changed(4, 0x31),  # 31 November
        changed(5, 0x24),
        changed(6, 0x60),
        changed(7, 0x60),
        EXAMPLE[:-2] + b"\x73\x03",
        EXAMPLE[:-1] + b"\x02",
        framed(DATA[:-1]),
        framed(DATA + bytes(23)),
    ],
)
def test_what_cannot_be_is_no_frame(frame: bytes) -> None:
    assert read(frame) == []


def test_a_clock_that_was_never_set_costs_no_measurement() -> None:
    [reading] = read(framed(b"\x20" + bytes(6) + DATA[7:]))
    assert reading.values == {"spo2": 98, "pulse": 72}
    assert reading.facts["device_time"] is None


def test_a_damaged_length_holds_back_no_more_than_the_next_measurement() -> None:
    decoder = SpotDecoder()
    assert decoder.feed(EXAMPLE[:5] + b"\x24" + EXAMPLE[6:]) == []
    [reading] = decoder.feed(EXAMPLE)
    assert reading.lost == 0  # it was not in step yet
    assert decoder.pending_bytes == 0

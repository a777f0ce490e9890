import pytest

from contract.codes import Condition
from firmware_bridge.drivers.berry import BerryDecoder
from firmware_bridge.drivers.driver import Reading


def read(text: str) -> list[Reading]:
    decoder = BerryDecoder()
    return [*decoder.feed(bytes.fromhex(text)), *decoder.finish()]


def test_a_finger_in_the_probe_gives_wave_and_numbers() -> None:
    [reading] = read("C6 28 07 51 63")
    assert reading.samples == {"pleth": (40,)}
    assert reading.values == {"spo2": 99, "pulse": 81}
    assert reading.conditions == frozenset()
    assert reading.facts == {"strength": 6, "beat": True, "bar": 7}


def test_without_a_finger_there_are_no_numbers_and_it_is_said_why() -> None:
    [reading] = read("90 00 50 7F 7F")
    assert reading.facts["bar"] is None
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.conditions == frozenset({Condition.PROBE_OFF, Condition.WEAK_SIGNAL})


def test_an_unplugged_probe_and_a_search_are_told_apart() -> None:
    readings = read("A0 00 00 50 61 80 00 20 50 61")
    expected = [frozenset({Condition.PROBE_FAULT}), frozenset({Condition.SEARCHING})]
    assert [reading.conditions for reading in readings] == expected
    assert all(value is None for reading in readings for value in reading.values.values())


def test_what_stands_for_no_value_is_none_though_nothing_is_the_matter() -> None:
    [nothing, most] = read("86 28 07 00 00 86 28 47 7F 7F")
    assert nothing.values == most.values == {"spo2": None, "pulse": None}
    assert nothing.conditions == most.conditions == frozenset()


def test_a_pulse_above_127_is_read_whole() -> None:
    [reading] = read("86 28 47 05 60")
    assert reading.values == {"spo2": 96, "pulse": 133}


def test_a_frame_that_lost_a_byte_costs_itself_only_and_is_counted() -> None:
    decoder = BerryDecoder()
    good = bytes.fromhex("86 28 07 51 63")
    readings = [*decoder.feed(good + good[:3] + good + good), *decoder.finish()]
    assert [reading.offset for reading in readings] == [0, 8, 13]
    assert [reading.lost for reading in readings] == [0, 1, 0]
    assert (decoder.counts.damaged, decoder.counts.lost_samples) == (1, {"pleth": 1})


def test_a_frame_without_its_sync_bit_does_not_cost_the_one_before() -> None:
    assert [reading.offset for reading in read("86 28 07 51 63 06 28 07 51 63 86 28 07 51 63")] == [0, 10]


@pytest.mark.parametrize("frame", ["89 28 07 51 63", "86 65 07 51 63", "86 28 07 51 65"])
def test_a_field_out_of_its_range_makes_it_no_frame(frame: str) -> None:
    assert read(frame) == []

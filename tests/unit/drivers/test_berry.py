from contract.codes import Condition
from firmware_bridge.drivers.berry import BerryDecoder


def test_a_finger_in_the_probe_gives_wave_and_numbers() -> None:
    decoder = BerryDecoder()
    [reading] = [*decoder.feed(bytes.fromhex("C6 28 07 51 63")), *decoder.finish()]
    assert reading.samples == {"pleth": (40,)}
    assert reading.values == {"spo2": 99, "pulse": 81}
    assert reading.conditions == frozenset()
    assert reading.facts == {"strength": 6, "beat": True, "bar": 7}


def test_without_a_finger_there_are_no_numbers_and_it_is_said_why() -> None:
    decoder = BerryDecoder()
    [reading] = [*decoder.feed(bytes.fromhex("90 00 50 7F 7F")), *decoder.finish()]
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.conditions == frozenset({Condition.PROBE_OFF, Condition.WEAK_SIGNAL})


def test_an_unplugged_probe_and_a_search_are_told_apart() -> None:
    decoder = BerryDecoder()
    readings = [*decoder.feed(bytes.fromhex("A0 00 00 50 61 80 00 20 50 61")), *decoder.finish()]
    expected = [frozenset({Condition.PROBE_FAULT}), frozenset({Condition.SEARCHING})]
    assert [reading.conditions for reading in readings] == expected
    assert all(value is None for reading in readings for value in reading.values.values())


def test_a_frame_that_lost_a_byte_costs_itself_only_and_is_counted() -> None:
    decoder = BerryDecoder()
    good = bytes.fromhex("86 28 07 51 63")
    readings = [*decoder.feed(good + good[:3] + good + good), *decoder.finish()]
    assert [reading.offset for reading in readings] == [0, 8, 13]
    assert [reading.lost for reading in readings] == [0, 1, 0]
    assert (decoder.counts.damaged, decoder.counts.lost_samples) == (1, {"pleth": 1})

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.catalogue import driver_named
from firmware_bridge.drivers.driver import Decoder, Reading
from firmware_bridge.drivers.nonin import Format1Decoder, Format8Decoder
from firmware_bridge.drivers.nonin_commands import (
    GET_CLOCK,
    GET_SERIAL_NUMBER,
    select_format,
    select_format_long,
    set_clock,
)


def read(data: bytes, decoder: Decoder) -> list[Reading]:
    return [*decoder.feed(data), *decoder.finish()]


def test_format_8_gives_both_numbers() -> None:
    [reading] = read(bytes.fromhex("80 48 62 20"), Format8Decoder())
    assert reading.values == {"spo2": 98, "pulse": 72}
    assert reading.conditions == frozenset()
    assert reading.facts == {"smartpoint": True, "spot_check": False}


def test_format_8_without_a_finger_has_none() -> None:
    [reading] = read(bytes.fromhex("83 7F 7F 08"), Format8Decoder())
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.conditions == frozenset({Condition.PROBE_OFF})


@pytest.mark.parametrize("frame", ["80 48 62 08", "C0 48 62 00", "A0 48 62 00"])
def test_numbers_that_the_display_holds_are_not_told(frame: str) -> None:
    [reading] = read(bytes.fromhex(frame), Format8Decoder())
    assert reading.values == {"spo2": None, "pulse": None}
    assert reading.conditions is not None
    assert Condition.HELD in reading.conditions


@pytest.mark.parametrize(
    ("frame", "condition"),
    [
        ("90 48 62 00", Condition.WEAK_SIGNAL),
        ("84 48 62 00", Condition.ARTIFACT),
        ("80 48 62 02", Condition.BATTERY_CRITICAL),
        ("80 48 62 01", Condition.BATTERY_LOW),
    ],
)
def test_what_is_the_matter_is_told_beside_the_numbers(frame: str, condition: Condition) -> None:
    [reading] = read(bytes.fromhex(frame), Format8Decoder())
    assert reading.conditions == frozenset({condition})
    assert reading.values == {"spo2": 98, "pulse": 72}


def test_a_pulse_rate_has_nine_bits() -> None:
    [reading] = read(bytes.fromhex("81 20 62"), Format1Decoder())
    assert reading.values == {"spo2": 98, "pulse": 160}


def test_format_1_gives_both_numbers_and_no_facts() -> None:
    readings = read(bytes.fromhex("80 48 62 80 49 61 C3 7F 7F"), Format1Decoder())
    assert [reading.values for reading in readings] == [
        {"spo2": 98, "pulse": 72},
        {"spo2": 97, "pulse": 73},
        {"spo2": None, "pulse": None},
    ]
    assert readings[2].conditions == frozenset({Condition.PROBE_FAULT})
    assert not readings[0].facts


def test_format_8_is_not_taken_for_format_1_nor_the_other_way() -> None:
    eight, one = bytes.fromhex("80 48 62 20") * 50, bytes.fromhex("80 48 62") * 50
    assert len(read(eight, Format1Decoder())) == 1
    assert read(one, Format8Decoder()) == []


def test_a_byte_too_many_makes_no_number() -> None:
    decoder = Format8Decoder()
    frame = bytes.fromhex("80 48 62 20")
    readings = read(frame + frame[:2] + b"\x11" + frame[2:] + frame * 2, decoder)
    assert {reading.values["spo2"] for reading in readings} == {98}
    assert (decoder.counts.frames, decoder.counts.lost_frames) == (3, 1)


@pytest.mark.parametrize("frame", ["80 11 62 20", "82 42 62 20", "80 48 65 20", "80 48 62 60", "80 48 E2 20"])
def test_what_no_such_oximeter_says_is_no_frame(frame: str) -> None:
    assert read(bytes.fromhex(frame), Format8Decoder()) == []


def test_the_host_selects_a_format() -> None:
    assert select_format(2).hex(" ") == "02 70 02 02 02 03"
    assert select_format(13).hex(" ") == "02 70 02 02 0d 03"
    assert select_format_long(8, spot_check=False, bluetooth=True).hex(" ") == "02 70 04 02 08 20 9e 03"
    assert select_format_long(13, spot_check=True, bluetooth=False).hex(" ") == "02 70 04 02 0d 40 c3 03"
    with pytest.raises(ValueError, match="no data format 3"):
        select_format(3)


def test_the_host_sets_and_asks_the_clock_and_asks_the_serial_number() -> None:
    assert set_clock(2026, 11, 22, 8, 30, 15).hex(" ") == "02 72 06 26 11 22 08 30 15 03"
    assert GET_CLOCK.hex(" ") == "02 72 00 03"
    assert GET_SERIAL_NUMBER.hex(" ") == "02 74 02 02 02 03"
    with pytest.raises(ValueError, match="1999"):
        set_clock(1999, 1, 1, 0, 0, 0)


def test_a_format_that_may_be_off_is_selected_and_the_others_are_only_listened_to() -> None:
    openings = {number: driver_named(f"nonin-{number}").talk for number in (1, 2, 7, 8, 13)}
    assert {number for number, talk in openings.items() if talk is None} == {1, 13}
    for number in (2, 7, 8):
        talk = openings[number]
        assert talk is not None
        assert talk.opening == select_format(number)
        assert (talk.keep_alive, talk.closing) == (b"", b"")

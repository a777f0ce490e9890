from typing import Final

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.driver import Reading
from firmware_bridge.drivers.masimo import MasimoDecoder

LINE: Final = (
    "02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- "
    "ALARM=0000 EXC=000800"
)
NO_NUMBERS: Final = {"spo2": None, "pulse": None, "pi": None}


def line(*changes: tuple[str, str], end: str = "\r\n") -> bytes:
    text = LINE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return (text + end).encode("ascii")


def at(second: int) -> bytes:
    return line(("22:47:45", f"22:{second // 60:02}:{second % 60:02}"))


def read(data: bytes, decoder: MasimoDecoder | None = None) -> list[Reading]:
    decoder = decoder or MasimoDecoder()
    return [*decoder.feed(data), *decoder.finish()]


def test_a_line_gives_its_numbers_and_what_it_says_beside_them() -> None:
    [reading] = read(line())
    assert reading.values == {"spo2": 98, "pulse": 97, "pi": 360}
    assert reading.conditions == frozenset()
    assert reading.facts == {
        "device_time": "2016-02-22T22:47:45",
        "serial": "0000056661",
        "exceptions": "000800",
        "alarm": "",
        "spco": None,
        "spmet": None,
        "desat": None,
        "pidelta": None,
    }


def test_what_is_printed_while_the_sensor_is_off_is_held_and_no_number() -> None:
    [reading] = read(line(("ALARM=0000", "ALARM=0010"), ("EXC=000800", "EXC=000824")))
    assert reading.values == NO_NUMBERS
    expected = {Condition.PROBE_OFF, Condition.WEAK_SIGNAL, Condition.HELD, Condition.ALARM}
    assert reading.conditions == frozenset(expected)
    assert reading.facts["alarm"] == "sounding"


@pytest.mark.parametrize(
    ("bit", "condition"),
    [
        ("001", Condition.PROBE_FAULT),
        ("002", Condition.PROBE_FAULT),
        ("008", Condition.SEARCHING),
        ("010", Condition.ARTIFACT),
        ("020", Condition.PROBE_OFF),
        ("040", Condition.ARTIFACT),
        ("080", Condition.PROBE_FAULT),
    ],
)
def test_an_exception_takes_the_numbers_away_and_says_why(bit: str, condition: Condition) -> None:
    [reading] = read(line(("EXC=000800", f"EXC=000{bit}")))
    assert reading.values == NO_NUMBERS
    assert reading.conditions == frozenset({condition, Condition.HELD})


@pytest.mark.parametrize("bit", ["804", "C00"])
def test_a_weak_signal_keeps_its_numbers(bit: str) -> None:
    [reading] = read(line(("EXC=000800", f"EXC=000{bit}")))
    assert reading.values["spo2"] == 98
    assert reading.conditions == frozenset({Condition.WEAK_SIGNAL})


def test_dashes_and_zeros_are_no_value() -> None:
    [reading] = read(line(("098%", "---%"), ("BPM=097", "BPM=000"), ("03.60%", "--.--%")))
    assert reading.values == NO_NUMBERS
    assert reading.conditions == frozenset()


def test_alarm_is_hexadecimal_and_muting_alone_is_none() -> None:
    [reading] = read(line(("ALARM=0000", "ALARM=001A")))
    assert reading.facts["alarm"] == "SpO2 low, pulse low, sounding"
    assert reading.conditions == frozenset({Condition.ALARM})
    [reading] = read(line(("ALARM=0000", "ALARM=0020")))
    assert reading.facts["alarm"] == "muted"
    assert reading.conditions == frozenset()


def test_other_models_say_more_and_older_ones_otherwise() -> None:
    more = line(
        ("SPCO=--.-%", "SPCO=01.5%"), ("PIDELTA=+--", "PIDELTA=-03 PVI=014"), ("EXC=", "EXC1=0F EXC=")
    )
    [reading] = read(more)
    told = [reading.facts[name] for name in ("spco", "spmet", "pidelta", "pvi", "exc1")]
    assert told == [1.5, None, -3.0, 14.0, "0F"]


@pytest.mark.parametrize(
    "changes",
    [
        ("098%", "09B%"),
        ("098%", "101%"),
        ("098%", "98%"),
        ("BPM=097", "BPM=97"),
        ("BPM=097", "BPM =097"),
        ("BPM=097", "SPO2=097%"),
        ("BPM=097 ", ""),
        ("PI=03.60%", "PI=3.600%"),
        ("PI=03.60%", "PI=03.6-%"),
        ("SN=0000056661 ", ""),
        ("ALARM=0000", "ALARM=000G"),
        ("EXC=000800", "EXC=00080"),
        ("EXC=000800", ""),
        (" SPO2", "  SPO2"),
        ("02/22/16", "13/22/16"),
        ("02/22/16", "02/30/16"),
        ("22:47:45", "24:47:45"),
        ("22:47:45", "22:60:45"),
        ("22:47:45", "22:47:60"),
        ("DESAT=--", "DESAT=-\x00"),
    ],
)
def test_a_line_that_is_not_right_to_the_last_character_says_nothing(changes: tuple[str, str]) -> None:
    assert read(line(changes)) == []


def test_a_line_needs_no_cr_and_blank_lines_are_no_damage() -> None:
    decoder = MasimoDecoder()
    readings = read(line(end="\n") + b"\r\n\n" + at(47 * 60 + 46) + b"\n" + at(47 * 60 + 47), decoder)
    assert [reading.lost for reading in readings] == [0, 0, 0]
    assert (decoder.counts.damaged, decoder.counts.lost_frames, decoder.counts.discarded_bytes) == (0, 0, 4)


def test_two_lines_run_together_cost_one() -> None:
    decoder = MasimoDecoder()
    readings = read(at(1) + at(2)[:-2] + at(3) + at(4), decoder)
    assert [reading.lost for reading in readings] == [0, 1, 0]
    assert decoder.counts.lost_samples == {"spo2": 1, "pulse": 1, "pi": 1}


def test_a_damaged_line_is_counted_by_the_clock() -> None:
    readings = read(at(1) + b"#" + at(2)[9:] + at(3)[20:] + at(4))
    assert [reading.lost for reading in readings] == [0, 2]


def test_noise_between_two_lines_loses_none() -> None:
    decoder = MasimoDecoder()
    assert [reading.lost for reading in read(at(1) + b"\xff\x00" + at(2), decoder)] == [0, 0]
    assert decoder.counts.damaged == 1


def test_lines_that_vanish_whole_are_told_once_the_next_goes_on_from_there() -> None:
    assert [reading.lost for reading in read(at(1) + at(5) + at(6) + at(7))] == [0, 0, 3, 0]
    assert [reading.lost for reading in read(at(1) + at(3) + at(5) + at(6))] == [0, 0, 0, 2]


@pytest.mark.parametrize("wrong", [1, 9, 42])
def test_one_wrong_digit_of_the_clock_is_no_loss(wrong: int) -> None:
    assert [reading.lost for reading in read(at(4) + at(wrong) + at(6) + at(7))] == [0, 0, 0, 0]


def test_a_clock_that_is_set_loses_nothing() -> None:
    for to in (1000, 3):
        assert not any(reading.lost for reading in read(at(200) + at(to) + at(to + 1) + at(to + 2)))


def test_the_clock_goes_on_after_midnight() -> None:
    before = line(("02/22/16 22:47:45", "02/28/15 23:59:59"))
    after = line(("02/22/16 22:47:45", "03/01/15 00:00:01"))
    assert [reading.lost for reading in read(before + b"#" + after)] == [0, 1]


def test_another_stream_has_another_clock() -> None:
    decoder = MasimoDecoder()
    read(at(1), decoder)
    assert [reading.lost for reading in read(at(9) + at(10), decoder)] == [0, 0]

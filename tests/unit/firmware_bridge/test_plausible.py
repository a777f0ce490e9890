"""Numbers that may be told: what a living person can have, and no faster than it can change."""

import random

import pytest

from contract.codes import (
    BODY_TEMPERATURE,
    GLUCOSE,
    HEART_RATE,
    MEASUREMENTS,
    PULSE_RATE,
    SPO2,
    SYSTOLIC,
)
from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.events import StreamKind
from firmware_bridge.instruments.plausible import RANGES, STEPS, PlausibleNumber, is_in_range

FRAME_S = 0.01


def number(mdc: int = SPO2, *, scale: float = 1.0, is_checked: bool = False) -> PlausibleNumber:
    return PlausibleNumber(mdc=mdc, unit=MEASUREMENTS[mdc].unit, scale=scale, is_checked=is_checked)


class Frames:
    """Repeats a number with each frame, a hundred times a second; keeps what may be told after each."""

    def __init__(self, of: PlausibleNumber) -> None:
        self.of, self.told, self._frame = of, list[int | None](), 0

    def say(self, *raws: int | None) -> list[int | None]:
        """Return what may be told after each of these."""
        for raw in raws:
            self._frame += 1
            self.of.take(raw, at_s=self._frame * FRAME_S)
            self.told.append(self.of.raw)
        return self.told[-len(raws) :]


@pytest.mark.parametrize(
    ("mdc", "unit", "value", "is_in"),
    [
        (SPO2, "%", 0, False),
        (SPO2, "%", 1, True),
        (SPO2, "%", 100, True),
        (SPO2, "%", 101, False),
        (PULSE_RATE, "/min", 17, False),
        (PULSE_RATE, "/min", 321, True),
        (PULSE_RATE, "/min", 322, False),
        (BODY_TEMPERATURE, "Cel", 36.52, True),
        (BODY_TEMPERATURE, "Cel", 384.5, False),
        (BODY_TEMPERATURE, "Cel", 0.0, False),
        (GLUCOSE, "mmol/L", 5.5, True),
        (GLUCOSE, "mg/dL", 3, False),
        (SYSTOLIC, "mm[Hg]", 0, False),
        (999_999, "1", -1e9, True),  # what has no range
    ],
)
def test_a_range_is_what_a_living_person_can_have(mdc: int, unit: str, value: float, is_in: bool) -> None:
    assert is_in_range(mdc, unit, value) is is_in


def test_every_number_of_every_driver_has_a_range_in_its_unit() -> None:
    for driver in all_drivers().values():
        for stream in driver.streams:
            if stream.kind is StreamKind.NUMERIC:
                assert (stream.mdc, stream.unit) in RANGES, f"{driver.name}: {stream.name}"


def test_every_number_that_is_told_each_second_has_a_step_where_there_is_no_checksum() -> None:
    for driver in all_drivers().values():
        for stream in driver.streams:
            if stream.kind is StreamKind.NUMERIC and stream.rate_mhz and not driver.check_bits:
                assert stream.mdc in STEPS, f"{driver.name}: {stream.name}"


def test_with_a_checksum_a_number_is_told_as_it_comes() -> None:
    frames = Frames(number(is_checked=True))
    assert frames.say(97, 60, None, 97) == [97, 60, None, 97]
    assert frames.of.refused == 0


def test_with_a_checksum_what_is_out_of_range_is_absent() -> None:
    temperature = number(BODY_TEMPERATURE, scale=0.1, is_checked=True)
    frames = Frames(temperature)
    assert frames.say(365, 3845) == [365, None]
    assert temperature.is_out_of_range
    assert temperature.refused == 1
    assert frames.say(366) == [366]
    assert not temperature.is_out_of_range


def test_a_first_number_needs_three_frames() -> None:
    assert Frames(number()).say(97, 97, 97) == [None, None, 97]


def test_one_damaged_frame_never_becomes_a_value_whatever_it_says() -> None:
    for damaged in range(256):
        frames = Frames(number(PULSE_RATE))
        frames.say(*[72] * 5)
        assert frames.say(damaged, 72, 72) == [72, 72, 72], damaged


def test_one_damaged_frame_among_frames_without_a_number_never_becomes_one() -> None:
    frames = Frames(number())
    frames.say(97, 97, 97, None, None)
    assert frames.say(97, None, None) == [None, None, None]


def test_two_damaged_frames_in_a_row_that_differ_become_no_value() -> None:
    frames = Frames(number(PULSE_RATE))
    frames.say(*[72] * 5)
    assert frames.say(200, 140, 72, 72, 72) == [72] * 5
    assert frames.of.refused == 2


def test_a_true_jump_is_told_with_the_third_frame_and_is_not_counted() -> None:
    frames = Frames(number(PULSE_RATE))
    frames.say(*[72] * 5)
    assert frames.say(140, 140, 140, 140) == [72, 72, 140, 140]
    assert frames.of.refused == 0


def test_a_small_change_is_told_with_the_second_frame() -> None:
    frames = Frames(number())
    frames.say(97, 97, 97)
    assert frames.say(96, 96) == [97, 96]


def test_absence_is_told_at_once() -> None:
    frames = Frames(number())
    frames.say(97, 97, 97)
    assert frames.say(None) == [None]


def test_without_a_checksum_one_number_out_of_range_changes_nothing_but_is_counted() -> None:
    frames = Frames(number(PULSE_RATE))
    frames.say(*[72] * 5)
    assert frames.say(5, 72) == [72, 72]
    assert frames.of.refused == 1


def test_what_is_not_borne_out_does_not_grow_newer() -> None:
    frames = Frames(number(PULSE_RATE))
    frames.say(*[72] * 5)
    since_s = frames.of.since_s
    frames.say(5, 5, 5, 5)
    assert frames.of.since_s == since_s


class Seconds:
    """Tells a number each second, as monitors with a line of text do."""

    def __init__(self, of: PlausibleNumber) -> None:
        self.of, self.told, self._rng, self._at_s = of, list[int | None](), random.Random(1), 0.0

    def say(self, *raws: int | None) -> list[int | None]:
        for raw in raws:
            self._at_s += 1.0
            self.of.take(raw, at_s=self._at_s + self._rng.uniform(-0.04, 0.04))
            self.told.append(self.of.raw)
        return self.told[-len(raws) :]


def test_a_number_told_each_second_is_borne_out_by_the_next() -> None:
    seconds = Seconds(number(HEART_RATE))
    assert seconds.say(80, 81, 82) == [None, 81, 82]


def test_a_line_of_text_that_is_damaged_once_never_becomes_a_value() -> None:
    seconds = Seconds(number(HEART_RATE))
    seconds.say(80, 80, 80)
    since_s = seconds.of.since_s
    seconds.say(180)
    assert (seconds.of.raw, seconds.of.since_s) == (80, since_s)  # and grows old
    assert seconds.say(81) == [81]
    assert seconds.of.refused == 1


def test_a_true_jump_in_a_line_of_text_is_told_with_the_second_line() -> None:
    seconds = Seconds(number(HEART_RATE))
    seconds.say(80, 80, 80)
    assert seconds.say(130, 131) == [80, 131]


def test_a_number_of_long_ago_says_nothing_of_what_may_follow() -> None:
    frames = Frames(number())
    frames.say(97, 97, 97, None)
    frames.of.take(97, at_s=60.0)
    assert frames.of.raw is None


def test_a_noisy_temperature_is_told_by_the_middle_of_three() -> None:
    frames = Frames(number(BODY_TEMPERATURE, scale=0.01))
    assert frames.say(3651, 3653, 3652, 3650, 3655)[2:] == [3652, 3652, 3652]

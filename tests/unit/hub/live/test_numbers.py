"""Numbers of several devices: each with its own, and none while it is not measured."""

from dataclasses import replace

import numpy as np
import pytest

from contract.codes import HEART_RATE, PERFUSION_INDEX, PULSE_RATE, SPO2
from contract.events import Conditions, LeadState, StreamSet, VisitOpened
from hub.console.live_texts import Value
from hub.live.arrived import Arrived
from hub.live.numbers import source_of
from hub.live.station_now import StationNow
from hub.times.placing import PlacedColumn
from tests.unit.hub.live.station_events import (
    BOARD,
    ECG,
    HEART,
    OXIMETER,
    PERFUSION,
    PLETH,
    PULSE,
    SATURATION,
    UTC_US,
    S,
    arrived,
    next_person,
    number,
    oximeter,
    station,
    tell,
)

ALL = (SATURATION, PULSE, PERFUSION, HEART)


def measure(now: StationNow, stream: int, raw: int, t_s: float, *, set_no: int = 1, visit: int = 1) -> None:
    column = PlacedColumn(stream, 0, int(t_s * S), 0, np.array([raw], np.int32))
    now.on_numerics(arrived(t_s, visit=visit, set_no=set_no), [column])


def shown(now: StationNow, at_s: float = 10.0) -> list[Value]:
    return now.values(now_utc_ms=(UTC_US + at_s * S) / 1000 + 40)


def value(now: StationNow, device: str, mdc: int, at_s: float = 10.0) -> Value:
    return next(one for one in shown(now, at_s) if (one["device"], one["mdc"]) == (device, mdc))


def measuring() -> StationNow:
    """Both devices measure everything at second 10."""
    now = station()
    for stream, raw in zip(ALL, (97, 71, 36, 73), strict=True):
        measure(now, stream, raw, 10.0)
    for stream, raw in zip(ALL[:3], (95, 70, 20), strict=True):
        measure(now, stream, raw, 10.0, set_no=2)
    return now


def test_a_number_of_an_earlier_boot_of_the_box_is_never_one_of_now() -> None:
    now, day_us = StationNow(), 86_400 * S
    for event, t_s in ((oximeter(1), 1.0), (VisitOpened(visit=1, how="signal"), 2.0)):
        now.on_event(later(arrived(t_s), day_us), event)
    column = PlacedColumn(SATURATION, 0, 3 * S, 0, np.array([97], np.int32))
    now.on_numerics(later(arrived(3.0), day_us), [column])
    (saturation,) = [one for one in now.values(now_utc_ms=(UTC_US + day_us) / 1000) if one["mdc"] == SPO2]
    assert (saturation["value"], saturation["state"], saturation["measured_ms"]) == (None, "unknown", None)


def later(one: Arrived, by_us: int) -> Arrived:
    """The same record, kept on the box and sent in its next boot."""
    return replace(one, sent_boot=2, sent_t_us=5 * S, received_utc_us=UTC_US + by_us)


def test_two_devices_that_measure_the_same_are_shown_each_with_its_name() -> None:
    saturations = [one for one in shown(measuring()) if one["mdc"] == SPO2]
    assert [(one["device_name"], one["value"]) for one in saturations] == [("board-1", 97), ("CMS50D+", 95)]


def test_every_rate_says_what_it_was_counted_on_and_nothing_else_does() -> None:
    now = measuring()
    assert [(one["label"], one["source"], one["value"]) for one in shown(now) if one["device"] == BOARD] == [
        ("SpO2", None, 97),
        ("Mạch", "pleth", 71),
        ("Nhịp tim", "ecg", 73),
        ("PI", None, 3.6),
    ]


@pytest.mark.parametrize(
    ("mdc", "said", "source"),
    [
        (PULSE_RATE, None, "pleth"),
        (HEART_RATE, None, "ecg"),
        (HEART_RATE, "device", "device"),
        (PULSE_RATE, "cuff", "cuff"),
        (HEART_RATE, "a later word", "a later word"),
        (SPO2, None, None),
    ],
)
def test_a_source_is_what_the_station_said_or_what_the_code_means(
    mdc: int, said: str | None, source: str | None
) -> None:
    assert source_of(number(0, mdc, "", "", source=said)) == source


def test_the_driver_that_is_unverified_says_so_at_each_of_its_numbers() -> None:
    now = measuring()
    tell(now, oximeter(3, unverified="never seen in real bytes"), 11.0)
    assert {(one["device"], one["is_unverified"]) for one in shown(now)} == {(BOARD, False), (OXIMETER, True)}


def test_a_number_of_a_set_that_is_over_is_not_taken_for_one_of_the_next() -> None:
    now = measuring()
    tell(now, oximeter(3), 10.5)
    assert value(now, OXIMETER, SPO2)["value"] is None
    measure(now, SATURATION, 80, 10.6, set_no=2)
    assert value(now, OXIMETER, SPO2)["value"] is None
    measure(now, SATURATION, 94, 10.6, set_no=3)
    assert value(now, OXIMETER, SPO2, 11.0)["value"] == 94


@pytest.mark.parametrize(
    ("word", "why", "absent"),
    [
        ("probe off", "tuột đầu dò", {SPO2, PULSE_RATE, PERFUSION_INDEX}),
        ("probe fault", "đầu dò hỏng", {SPO2, PULSE_RATE, PERFUSION_INDEX}),
        ("searching", "đang dò mạch", {SPO2, PULSE_RATE, PERFUSION_INDEX}),
        ("lead off", "tuột điện cực", {HEART_RATE}),
        ("held value", "thiết bị giữ số cũ", {SPO2, PULSE_RATE, PERFUSION_INDEX, HEART_RATE}),
        ("out of range", "số ngoài khoảng có thể có", {SPO2, PULSE_RATE, PERFUSION_INDEX, HEART_RATE}),
        ("weak signal", None, set()),
        ("battery low", None, set()),
        ("a later word", None, set()),
    ],
)
def test_a_condition_takes_the_numbers_away_that_it_speaks_of_and_no_others(
    word: str, why: str | None, absent: set[int]
) -> None:
    now = measuring()
    tell(now, Conditions(device=BOARD, on=("battery low", word)), 10.0)
    of_board = [one for one in shown(now) if one["device"] == BOARD]
    assert {one["mdc"] for one in of_board if one["value"] is None} == absent
    assert {one["why"] for one in of_board if one["mdc"] in absent} == ({why} if absent else set())
    assert all(one["value"] is not None for one in shown(now) if one["device"] == OXIMETER)


@pytest.mark.parametrize(
    ("off", "absent"), [((PLETH,), {SPO2, PULSE_RATE, PERFUSION_INDEX}), ((ECG,), {HEART_RATE})]
)
def test_what_lost_contact_takes_its_own_numbers_away(off: tuple[int, ...], absent: set[int]) -> None:
    now = measuring()
    tell(now, LeadState(device=BOARD, off=off), 10.0)
    assert {one["mdc"] for one in shown(now) if one["value"] is None} == absent


def test_numbers_of_nobody_and_of_the_person_before_are_never_shown() -> None:
    now = station()
    measure(now, SATURATION, 88, 10.0, set_no=2, visit=0)
    assert value(now, OXIMETER, SPO2)["value"] is None
    measure(now, SATURATION, 89, 10.0, set_no=2)
    next_person(now, 2, 11.0)
    measure(now, SATURATION, 90, 11.5, set_no=2, visit=1)
    assert value(now, OXIMETER, SPO2, 11.5)["value"] is None


@pytest.mark.parametrize("unit", ["mCel", "m[degC]"])
def test_a_board_s_temperature_is_shown_in_degrees(unit: str) -> None:
    now = station()
    temperature = number(0, 150364, "Temp", unit)
    tell(now, StreamSet(set_no=9, device="board-2", streams=(temperature,)), 3.0)
    measure(now, 0, 36_850, 10.0, set_no=9)
    found = value(now, "board-2", 150364)
    assert (found["label"], found["value"], found["unit"]) == ("Nhiệt độ", 36.85, "Cel")


def test_what_is_measured_once_is_no_number_of_now_even_as_a_stream() -> None:
    now = station()
    pressure = number(0, 150021, "Sys", "mm[Hg]")
    tell(now, StreamSet(set_no=9, device="usb-9", streams=(pressure,)), 3.0)
    measure(now, 0, 120, 10.0, set_no=9)
    assert "usb-9" not in {one["device"] for one in shown(now)}


def test_a_device_that_starts_anew_for_months_leaves_nothing_behind() -> None:
    now = station()
    for set_no in range(3, 100):
        tell(now, oximeter(set_no), 10.0)
        measure(now, SATURATION, 97, 10.0 + set_no, set_no=set_no)
    assert len(now._numbers._newest) == 1

from dataclasses import replace

import pytest

from contract.codes import Condition
from edge.capture.device import DeviceSight
from edge.health.device_findings import InstrumentSight, device_findings
from edge.health.report import Finding

LINE = InstrumentSight(
    source="nonin-1",
    driver="nonin-df8",
    port="/dev/ttyUSB0",
    frames=1_000,
    damaged=0,
    lost_samples=0,
    is_expected=True,
)
HEARD = DeviceSight(
    source="nonin-1",
    name="nonin-1",
    model="Nonin 3012",
    unverified="",
    problem=None,
    conditions=(),
    lost_samples=0,
    unmeasured_samples=0,
    is_held_apart=False,
)


def found(line: InstrumentSight = LINE, heard: DeviceSight | None = HEARD) -> Finding:
    (finding,) = device_findings(
        board_port=None,
        counters=None,
        devices=() if heard is None else (heard,),
        instruments=(line,),
        dropped_events=0,
    )
    return finding


def test_an_instrument_is_told_with_driver_port_and_counts() -> None:
    finding = found()
    assert finding.is_well
    assert finding.text == "nonin-1 (nonin-df8) on /dev/ttyUSB0, 1000 frames"


def test_damaged_frames_and_lost_samples_are_told_and_few_are_no_fault() -> None:
    finding = found(replace(LINE, damaged=10, lost_samples=30))
    assert finding.is_well
    assert "1000 frames, 10 damaged, 30 samples lost" in finding.text


def test_a_line_that_damages_much_is_a_fault_with_a_cure() -> None:
    finding = found(replace(LINE, damaged=11))
    assert not finding.is_well
    assert "change its cable" in finding.remedy
    assert "driver and baud" in finding.remedy


def test_what_is_unverified_stands_beside_the_values() -> None:
    finding = found(heard=replace(HEARD, unverified="from its maker's page only"))
    assert finding.is_well
    assert "unverified: from its maker's page only" in finding.text


@pytest.mark.parametrize(
    ("condition", "is_well", "remedy"),
    [
        (Condition.PROBE_OFF, True, ""),
        (Condition.SEARCHING, True, ""),
        (Condition.PROBE_FAULT, False, "change its probe"),
        (Condition.DEVICE_FAULT, False, "switch it off and on"),
        (Condition.BATTERY_LOW, False, "charge it"),
        (Condition.BATTERY_CRITICAL, False, "charge it at once"),
    ],
)
def test_what_is_the_matter_is_told_and_what_can_be_mended_is_a_fault(
    condition: Condition, is_well: bool, remedy: str
) -> None:
    finding = found(heard=replace(HEARD, conditions=(condition,)))
    assert condition.value in finding.text
    assert finding.is_well is is_well
    assert remedy in finding.remedy


def test_an_expected_instrument_that_is_away_is_a_fault_and_one_that_was_found_is_none() -> None:
    away = replace(HEARD, problem="the port went away: plug it in again")
    assert not found(heard=away).is_well
    assert "cable" in found(heard=away).remedy
    other = found(replace(LINE, is_expected=False), away)
    assert other.is_well
    assert "the port went away" in other.text


def test_a_port_that_cannot_be_opened_is_told_before_anything_was_heard() -> None:
    finding = found(replace(LINE, problem="/dev/ttyUSB0: permission denied"), None)
    assert not finding.is_well
    assert "permission denied" in finding.text


def test_a_device_that_is_held_apart_is_a_fault_that_somebody_can_answer() -> None:
    finding = found(replace(LINE, is_expected=False), replace(HEARD, is_held_apart=True))
    assert not finding.is_well
    assert "in no visit" in finding.text
    assert "edge device confirm" in finding.remedy

import pytest

from contract.codes import Condition
from edge.capture.device import DeviceSight
from edge.health.device_findings import device_findings
from edge.health.report import Finding
from firmware_bridge.ports.port_sights import PortSight

PORT = PortSight(
    path="/dev/ttyUSB0",
    adapter="usb-FTDI-if00",
    device="nonin-1",
    driver="nonin-df8",
    unverified="",
    state="connected",
    problem="",
    remedy="",
    is_expected=True,
    frames=1_000,
)


def heard(
    *, conditions: tuple[Condition, ...] = (), problem: str | None = None, is_held: bool = False
) -> DeviceSight:
    return DeviceSight(
        source="nonin-1",
        name="nonin-1",
        model="Nonin 3012",
        unverified="",
        problem=problem,
        conditions=conditions,
        lost_samples=0,
        unmeasured_samples=0,
        is_held_apart=is_held,
    )


def found(port: PortSight = PORT, device: DeviceSight | None = None) -> Finding:
    (finding,) = device_findings(
        board_port=None,
        counters=None,
        devices=() if device is None else (device,),
        ports=(port,),
        dropped_events=0,
    )
    return finding


def test_an_instrument_is_told_with_driver_port_and_counts() -> None:
    finding = found(device=heard())
    assert finding.is_well
    assert finding.text == "nonin-1 (nonin-df8) on /dev/ttyUSB0, 1000 frames"


def test_damaged_frames_and_lost_samples_are_told_and_few_are_no_fault() -> None:
    finding = found(PORT._replace(damaged=10, lost_samples=30), heard())
    assert finding.is_well
    assert "1000 frames, 10 damaged, 30 samples lost" in finding.text


def test_a_line_that_damages_much_is_a_fault_with_a_cure() -> None:
    finding = found(PORT._replace(damaged=11), heard())
    assert not finding.is_well
    assert "change its cable" in finding.remedy
    assert "driver and baud" in finding.remedy


def test_what_is_unverified_stands_beside_the_counts() -> None:
    finding = found(PORT._replace(unverified="from its maker's page only"), heard())
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
    finding = found(device=heard(conditions=(condition,)))
    assert condition.value in finding.text
    assert finding.is_well is is_well
    assert remedy in finding.remedy


def test_an_expected_instrument_that_is_silent_is_a_fault_and_one_that_was_found_is_none() -> None:
    silent = heard(problem="nothing comes: switch it on, check its cable")
    assert not found(device=silent).is_well
    assert found(device=silent).remedy
    other = found(PORT._replace(is_expected=False), silent)
    assert other.is_well
    assert "nothing comes" in other.text


def test_a_port_that_cannot_be_opened_is_told_with_its_remedy() -> None:
    finding = found(PORT._replace(problem="permission denied", remedy="join the group dialout"), heard())
    assert not finding.is_well
    assert "permission denied" in finding.text
    assert finding.remedy == "join the group dialout"


def test_a_device_that_is_held_apart_is_a_fault_that_somebody_can_answer() -> None:
    port = PORT._replace(is_expected=False, problem="nobody knows which device it is", remedy="say which")
    finding = found(port, heard(is_held=True))
    assert not finding.is_well
    assert "nobody knows which device it is" in finding.text
    assert "edge device confirm nonin-1" in finding.remedy


@pytest.mark.parametrize(
    ("state", "is_expected", "is_well"),
    [
        ("unknown", False, True),  # a modem, say
        ("owned", False, True),
        ("ambiguous", False, False),
        ("board", False, False),
        ("silent", True, False),
        ("absent", True, False),
    ],
)
def test_a_port_behind_which_nobody_is_known_is_a_fault_only_where_a_word_of_somebody_helps(
    state: str, is_expected: bool, is_well: bool
) -> None:
    port = PORT._replace(device="", state=state, problem="what was found", remedy="say so")
    finding = found(port._replace(is_expected=is_expected))
    assert finding.is_well is is_well
    assert finding.text == "/dev/ttyUSB0: what was found"
    assert finding.remedy == ("" if is_well else "say so")


def test_a_device_that_has_just_been_plugged_in_is_no_fault() -> None:
    finding = found(PORT._replace(state="listening"))
    assert finding.is_well
    assert finding.text == "nonin-1 (nonin-df8) on /dev/ttyUSB0: listening"

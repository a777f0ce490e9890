from dataclasses import replace

import pytest

from firmware_bridge.drivers.berry import DRIVERS
from firmware_bridge.drivers.driver import Line
from firmware_bridge.instruments.instrument_bridge import InstrumentCounters
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.identities import Known, State
from firmware_bridge.ports.port_sights import PortSight, absent_sight, device_sight, port_sight
from firmware_bridge.ports.probing import Outcome, ProbeResult

ADAPTER = Adapter(path="/dev/ttyUSB0", place="usb-0:1:1.0", plugging="p1", vid_pid="10c4:ea60")
KNOWN = Known("left", DRIVERS[0].name, "berry", State.HERE, ADAPTER)
COUNTERS = InstrumentCounters(
    is_open=True,
    state="connected",
    line=Line(115_200),
    frames=100,
    damaged=1,
    discarded_bytes=7,
    lost_samples={"pleth": 2, "other": 3},
    refused_numbers=0,
    dropped_writes=0,
    last_error=None,
)


def seen(
    known: Known = KNOWN,
    counters: InstrumentCounters | None = COUNTERS,
    *,
    owner: str = "",
    is_understood: bool = True,
) -> PortSight:
    return device_sight(
        known, DRIVERS[0], counters, owner=owner, is_understood=is_understood, is_expected=True
    )


def test_a_device_that_is_well_is_told_with_its_counts_and_without_a_problem() -> None:
    sight = seen()
    assert (sight.device, sight.path, sight.state, sight.problem) == ("left", "/dev/ttyUSB0", "connected", "")
    assert (sight.frames, sight.damaged, sight.discarded_bytes, sight.lost_samples) == (100, 1, 7, 5)
    assert sight.unverified == DRIVERS[0].unverified


@pytest.mark.parametrize(
    ("sight", "problem"),
    [
        (seen(replace(KNOWN, state=State.UNCONFIRMED)), "nobody knows which device it is"),
        (seen(counters=replace(COUNTERS, is_open=False, last_error="not allowed")), "not allowed"),
        (seen(counters=replace(COUNTERS, is_open=False)), "not open"),
        (seen(is_understood=False), "none is a frame of berry-bm1000"),
        (seen(owner="minicom (process 7)"), "minicom (process 7) uses the port"),
    ],
)
def test_what_is_the_matter_is_told_with_what_to_do(sight: PortSight, problem: str) -> None:
    assert problem in sight.problem
    assert sight.remedy


def test_a_device_whose_bridge_is_about_to_begin_has_no_problem_yet() -> None:
    assert (seen(counters=None).state, seen(counters=None).problem) == ("closed", "")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_of_listening_has_a_remedy(outcome: Outcome) -> None:
    sight = port_sight(ADAPTER, ProbeResult(outcome=outcome, text="so it is"), is_expected=False)
    assert (sight.state, sight.problem) == (outcome.name.lower(), "so it is")
    assert sight.remedy


def test_a_port_that_was_not_listened_to_yet_is_no_problem() -> None:
    assert port_sight(ADAPTER, None, is_expected=False)[5:8] == ("listening", "", "")


def test_a_device_of_the_configuration_whose_port_is_not_there_is_told() -> None:
    sight = absent_sight(DeviceSettings(where="/dev/ttyUSB7", driver="berry-bm1000", name="left"))
    assert (sight.path, sight.device, sight.problem) == ("/dev/ttyUSB7", "left", "no such port")
    assert sight.is_expected

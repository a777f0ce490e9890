"""The hub's wall clock is set: what was heard before is as old as it is, and no younger."""

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from contract.codes import SPO2
from contract.events import AnchorSet, Status
from contract.ids import BootId
from hub.live.hub_times import HubTimes
from hub.times.placing import PlacedColumn
from tests.unit.hub.live.station_events import BOARD, SATURATION, UTC_US, S, arrived
from tests.unit.hub.live.test_numbers import measuring, value

BOOT = BootId(1)
TOLD: Final = Status(
    owed={}, spool_bytes=1, disk_free_bytes=1, round_trip_ms=41, connected_for_s=60.0,
    frames_damaged=0, samples_lost=0, refused=0,
)  # fmt: skip


@pytest.mark.parametrize("by_s", [-3600, -11, 11, 3600])
def test_parcels_of_before_are_as_quick_as_they_were(by_s: int) -> None:
    times = HubTimes()
    times.learn_parcel(BOOT, sent_t_us=10 * S, received_utc_us=UTC_US + 10 * S)
    times.on_clock_set(by_s * S)
    assert times.utc_us(BOOT, 12 * S) == UTC_US + (12 + by_s) * S


@pytest.mark.parametrize("by_s", [-3600, -4, 4, 3600])
def test_a_number_is_as_old_as_before(by_s: int) -> None:
    now = measuring()
    before = value(now, BOARD, SPO2)
    now.on_clock_set(by_s * S)
    after = value(now, BOARD, SPO2, at_s=12.0 + by_s)
    assert after["value"] == 97
    assert before["measured_ms"] is not None
    assert after["measured_ms"] == pytest.approx(before["measured_ms"] + by_s * 1000)
    assert value(now, BOARD, SPO2, at_s=18.0 + by_s)["value"] is None


def test_nothing_was_measured_after_it_came() -> None:
    """After a restart of the hub only the box's own word ties its clock to UTC, and that may be ahead."""
    now = measuring()
    anchor = AnchorSet(boot=1, t_us=10 * S, utc_us=UTC_US + 30 * S, err_us=50_000, source="ntp")
    now.times = HubTimes()
    from_store = replace(arrived(11.0), sent_boot=0)
    now.on_event(from_store, anchor)
    now.on_event(from_store, TOLD)
    column = PlacedColumn(SATURATION, 0, 11 * S, 0, np.array([96], np.int32))
    now.on_numerics(from_store, [column])
    one = value(now, BOARD, SPO2, at_s=11.0)
    received_ms = from_store.received_utc_us / 1000
    assert one["measured_ms"] == received_ms
    assert now.status_utc_ms == received_ms

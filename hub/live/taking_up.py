"""What the store knows of a station, as what is true of it now (core): at a start, or beside a hub."""

from contract.header import Record
from contract.ids import BootId
from hub.live.arrived import Arrived
from hub.live.opening import Beginning
from hub.live.station_now import StationNow

UNKNOWN_BOOT = 0  # of the parcel, for what comes from the store


def take_up(now: StationNow, beginning: Beginning) -> None:
    """Take up into `now`, which is fresh, what the store has; nothing, if it has nothing."""
    if beginning.spool is None:
        return
    now.restart(beginning.spool)
    for anchor in beginning.anchors:
        now.times.learn_anchor(anchor)
    for stored in beginning.events:
        if stored.event is not None:
            now.on_event(_from_store(stored.record, stored.received_utc_us, beginning), stored.event)
    for chunk in beginning.numerics:
        now.on_numerics(_from_store(chunk.record, chunk.received_utc_us, beginning), chunk.columns)


def _from_store(record: Record, received_utc_us: int, beginning: Beginning) -> Arrived:
    assert beginning.spool is not None  # noqa: S101 - told to mypy; the caller has looked
    return Arrived(beginning.spool, record.header, BootId(UNKNOWN_BOOT), 0, received_utc_us)

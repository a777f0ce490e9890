"""What the store knows of a station, as what is true of it now (core): at a start, or beside a hub."""

from contract.header import Record
from contract.ids import BootId
from hub.live.arrived import Arrived
from hub.live.opening import Beginning
from hub.live.station_now import StationNow

UNKNOWN_BOOT = 0  # of the parcel, for what comes from the store


def take_up(now: StationNow, beginning: Beginning) -> bool:
    """Take up into `now` what the store has but numbers, which are opened for the eye: what came meanwhile is
    newer and stays. Of another spool it stays if it was fresh; what a card out of a drawer told late is no
    news. False: the store has nothing, or another spool is under way.
    """
    if beginning.spool is None or (now.spool != beginning.spool and now.is_in_use):
        return False
    if now.spool != beginning.spool:
        now.restart(beginning.spool)
    for anchor in beginning.anchors:
        now.times.learn_anchor(anchor)
    for stored in beginning.events:
        if stored.event is not None:
            now.on_event(_from_store(stored.record, stored.received_utc_us, beginning), stored.event)
    return True


def _from_store(record: Record, received_utc_us: int, beginning: Beginning) -> Arrived:
    assert beginning.spool is not None  # noqa: S101 - told to mypy; the caller has looked
    return Arrived(beginning.spool, record.header, BootId(UNKNOWN_BOOT), 0, received_utc_us)

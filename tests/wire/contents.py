"""What the records of a station are made of: coded samples, events by name, what is around them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from contract.header import Kind, Record, parse_record
from contract.ids import CLEAR, RecordClass, RecordId
from tests.village.eyes import look, spool_of
from tests.village.station import Station
from tests.village.village import Village

TAG_BYTES: Final = 16
RECORDS: Final = "records"  # their number, among the bytes
CLASS_NAMES: Final = {RecordClass.NUMERIC: "numeric samples", RecordClass.WAVEFORM: "waveform samples"}


def names_of(station: Station) -> set[RecordId]:
    """Return the names of all records that lie in the station's spool now."""
    return set(spool_of(station).records)


def bytes_by_part(village: Village, station: Station, names: Iterable[RecordId]) -> Mapping[str, int]:
    """Return the bytes of these records, by what they are."""
    raw_of, events = spool_of(station).records, dict(look(village, station.name).events)
    counted: Counter[str] = Counter()
    for name in names:
        record = parse_record(raw_of[name])
        assert isinstance(record, Record)
        around = len(raw_of[name]) - len(record.body)
        if record.header.key_id != CLEAR:
            around += TAG_BYTES
        if record.header.kind is Kind.CHUNK:
            part = CLASS_NAMES[record.header.record_class]
        else:
            part = f"event {events[name].event}" if name in events else "event unread"
        counted[part] += len(raw_of[name]) - around
        counted["header, tag and CRC of records"] += around
        counted[RECORDS] += 1
    return counted

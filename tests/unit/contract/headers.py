"""Headers to test with: every field has another value, so that mixed-up fields are seen."""

from contract.header import Header, Kind
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo, VisitNo

STATION = StationId("con-dao-01")
SPOOL = SpoolId(0x0123456789ABCDEF)


def header(*, seq: int = 300) -> Header:
    return Header(
        kind=Kind.CHUNK,
        record_class=RecordClass.WAVEFORM,
        seq=seq,
        key_id=KeyId(7),
        nonce=9,
        boot=BootId(3),
        t_us=5_000_000,
        visit=VisitNo(2),
        stream_set=StreamSetNo(1),
        first_index=1000,
        count=8,
        codec=2,
    )

"""Who and what is meant (core): stations, spools, boots, visits, records, calls."""

import re
from enum import IntEnum
from typing import Final, NamedTuple, NewType, Self

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.varints import VARINT_MAX

StationId = NewType("StationId", str)  # "con-dao-01"
BoxNo = NewType(
    "BoxNo", int
)  # 1, 2, 3 … counted by the hub at each station; 0: enrolled by hand, by its name
SpoolId = NewType("SpoolId", int)  # random 64 bits, made with the spool file; a new card is a new spool
BootId = NewType("BootId", int)  # 1, 2, 3 … counted in the spool, one for each boot of the box
VisitNo = NewType("VisitNo", int)  # 1, 2, 3 … counted in the spool; 0 means no visit
StreamSetNo = NewType("StreamSetNo", int)  # 1, 2, 3 … counted in the spool, new at each board start
KeyId = NewType("KeyId", int)  # 1, 2, 3 … counted in the spool, new at each process start; 0 means not sealed

NO_VISIT: Final = VisitNo(0)
CLEAR: Final = KeyId(0)
BY_HAND: Final = BootId(VARINT_MAX)  # in a parcel that no boot has sent: it says no age of its records
HUB_NAME: Final = "hub"  # the hub's certificate name; no station may take it

_STATION_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_BOX_PATTERN: Final = re.compile(r"[1-9][0-9]{0,5}")
BY_NAME: Final = BoxNo(0)
_SPOKEN_LETTERS: Final = "ABCDEGHKLMNPQRSTVXY"  # said in Vietnamese without being mistaken for one another


class RecordClass(IntEnum):
    """What a record is; urgency is the lane's matter."""

    CALL = 0
    NUMERIC = 1  # numerics and events
    WAVEFORM = 2
    PART = 3


def parse_station(text: str) -> StationId:
    """Return `text` as a station's name: 1 … 32 of a-z, 0-9 and inner hyphens. Raises RefusedError."""
    if not _STATION_PATTERN.fullmatch(text) or text == HUB_NAME:
        raise RefusedError(
            Refusal.MALFORMED,
            f"station name {text[:40]!r} is not 1 … 32 of a-z, 0-9 and inner hyphens, nor 'hub'",
        )
    return StationId(text)


class BoxName(NamedTuple):
    """One box of a station, as the broker knows it: certificate name, user name, client id, head of topics.

    Each box of a station has a name of its own, so that two of them never push each other out.
    """

    station: StationId
    box: BoxNo = BY_NAME

    def __str__(self) -> str:
        return f"{self.station}.{self.box}" if self.box else self.station

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the box named `text`, as `str()` wrote it. Raises RefusedError."""
        station, dot, number = text.partition(".")
        if dot and not _BOX_PATTERN.fullmatch(number):
            raise RefusedError(
                Refusal.MALFORMED, f"box name {text[:60]!r} does not end in a number 1 … 999999"
            )
        return cls(parse_station(station), BoxNo(int(number)) if dot else BY_NAME)


def spool_text(spool: SpoolId) -> str:
    """Return the spool's 16 hexadecimal digits."""
    return f"{spool:016x}"


def parse_spool(text: str) -> SpoolId:
    """Return the spool named by 16 hexadecimal digits. Raises RefusedError."""
    if not re.fullmatch(r"[0-9a-f]{16}", text) or int(text, 16) == 0:
        raise RefusedError(Refusal.MALFORMED, f"spool {text[:40]!r} is not 16 hexadecimal digits above zero")
    return SpoolId(int(text, 16))


class RecordId(NamedTuple):
    """The identity of a record; a hole in `seq` is a loss."""

    station: StationId
    spool: SpoolId
    record_class: RecordClass
    seq: int  # 1 … 2**63-1, never reused


class CallId(NamedTuple):
    """A call is named by its press, which is the record (station, spool, CALL, seq)."""

    station: StationId
    spool: SpoolId
    seq: int

    def __str__(self) -> str:
        return f"{self.station}.{spool_text(self.spool)}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the call named `text`, as `str()` wrote it. Raises RefusedError."""
        parts = text.split(".")
        if len(parts) != 3 or not re.fullmatch(r"[1-9][0-9]{0,18}", parts[2]):
            raise RefusedError(Refusal.MALFORMED, f"call {text[:80]!r} is not station.spool.seq")
        seq = int(parts[2])
        if seq > VARINT_MAX:
            raise RefusedError(Refusal.MALFORMED, f"call {text[:80]!r} has a seq above 2**63-1")
        return cls(parse_station(parts[0]), parse_spool(parts[1]), seq)


def visit_code(spool: SpoolId, visit: VisitNo) -> str:
    """Return the short code by which nurse and operator speak of a visit, such as "K7-42".

    It tells neighbouring visits of one station apart; it is not an identity. Raises OwnFaultError for no
    visit.
    """
    if not 0 < visit <= VARINT_MAX:
        raise OwnFaultError("no visit has no code")
    mixed = (spool ^ (visit * 0x9E3779B97F4A7C15)) & (2**64 - 1)
    letter = _SPOKEN_LETTERS[(mixed >> 40) % len(_SPOKEN_LETTERS)]
    return f"{letter}{mixed % 8 + 2}-{visit % 90 + 10}"

"""What playback asks of a store besides: where the data of a visit begin and end, what happened meanwhile."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from contract.ids import BootId, SpoolId, StationId, VisitNo

if TYPE_CHECKING:
    from hub.store.interface import StoredRecord


class PastStore(Protocol):
    """A part of the hub's store."""

    def edge_chunk(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        visit: VisitNo,
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
        is_last: bool,
    ) -> "StoredRecord | None":
        """Return the visit's first or last chunk of a boot that begins between the two, of numerics or
        waveforms; None: there is none."""

    def events_between(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        names: Sequence[str],
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
        most: int,
    ) -> "list[StoredRecord]":
        """Return the opened events of these names of a boot from the one to before the other, oldest first;
        of more than `most` the newest."""

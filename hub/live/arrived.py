"""How a record came, and whose it is (core)."""

from dataclasses import dataclass

from contract.header import Header
from contract.ids import BootId, SpoolId, VisitNo

At = tuple[int, int]  # boot, t_us: within a spool a greater one is later


@dataclass(frozen=True, slots=True)
class Arrived:
    """How a record came: the parcel's clock and the hub's."""

    spool: SpoolId
    header: Header
    sent_boot: int
    sent_t_us: int
    received_utc_us: int

    @property
    def at(self) -> At:
        """The record's own moment."""
        return int(self.header.boot), self.header.t_us

    def age_s(self, t_us: int) -> float | None:
        """Return how old moment `t_us` of the record's boot was when it was sent; None after a reboot."""
        return (self.sent_t_us - t_us) / 1e6 if self.sent_boot == self.header.boot else None


@dataclass(frozen=True, slots=True)
class VisitNow:
    """The visit under way, and the box time of its opening (of its first chunk, until the opening came)."""

    no: VisitNo
    opened_boot: BootId
    opened_t_us: int

    @property
    def opened(self) -> At:
        """When it was opened."""
        return int(self.opened_boot), self.opened_t_us

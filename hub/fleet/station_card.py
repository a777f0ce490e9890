"""What people write down of a station and its boxes (core): whose it is, where it stands, whom to telephone.

Nothing here came from the box: what a station said of itself is elsewhere (hub.live, hub.fleet.stations).
"""

from dataclasses import dataclass

from contract.ids import StationId
from hub.fleet.units import UnitNo

BOX_MAX_CHARS = 64  # of a box's serial number


@dataclass(frozen=True, slots=True)
class Position:
    """Where it stands, in degrees of WGS 84: -90 … 90 north, -180 … 180 east."""

    north_deg: float
    east_deg: float


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to telephone. `role` says who that is, such as "trực trạm": never a patient's name."""

    role: str
    phone: str


@dataclass(frozen=True, slots=True)
class OwnedDevice:
    """An instrument that belongs there. `serial` "": nobody wrote it down."""

    model: str
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCard:
    """One station. `name` "": people call it by its id. `unit` None: of no unit yet.

    `zone`: its own time zone (IANA), None: its unit's. `closed`: the station is no more and is on no list.
    """

    station: StationId
    name: str = ""
    aliases: tuple[str, ...] = ()
    unit: UnitNo | None = None
    position: Position | None = None
    zone: str | None = None
    contacts: tuple[Contact, ...] = ()
    devices: tuple[OwnedDevice, ...] = ()
    note: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxCard:
    """A box, by its serial number. `station` None: a spare, on the shelf of `unit`. `retired`: it is broken
    for good.

    Where it was before stands in the versions of this card.
    """

    box: str
    station: StationId | None = None
    unit: UnitNo | None = None
    retired: bool = False
    note: str = ""

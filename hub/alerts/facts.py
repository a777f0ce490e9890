"""What rules look at (core): facts of a station and of the hub, each with when it was told.

A fact that nobody has told is None: a rule over it says "unknown" and nothing else. All moments lie on the
hub's own time line, in seconds (CLOCK_BOOTTIME): nobody sets that clock.
"""

from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple

from hub.alerts.amounts import Kind


@dataclass(frozen=True, slots=True)
class Fact:
    """One value. `told_s`: when it was told, None: the hub knows it by itself, so that it never grows old.

    `since_s`: it has been so since then, and the value is for how long; else `value` stands as it was told,
    in seconds, bytes, °C, per cent. `is_floor`: it is at least that: what nobody could hear meanwhile may
    have been longer. Such a value may be too much, and is never good news. `about`: what exactly, for people.
    """

    value: float = 0.0
    told_s: float | None = None
    since_s: float | None = None
    is_floor: bool = False
    about: str = ""

    def at(self, now_s: float) -> float:
        """Return the value at a moment."""
        return self.value if self.since_s is None else max(0.0, now_s - self.since_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationFacts:
    """Of one station. A field has a line in QUANTITIES, and the other way round."""

    silent: Fact | None = None  # since it was heard
    owed_age: Fact | None = None  # of the oldest record that the hub does not have
    owed_count: Fact | None = None
    spool_size: Fact | None = None
    disk_free: Fact | None = None
    disk_free_share: Fact | None = None
    temperature: Fact | None = None  # of the box's processor
    under_voltage: Fact | None = None  # 1 while its supply is too weak, else 0
    round_trip: Fact | None = None
    clock_unsure: Fact | None = None  # how far the box's time may be off
    clock_offset: Fact | None = None  # how far the box's own wall clock is off
    leads_off: Fact | None = None  # in a visit: since an electrode or the probe has no contact
    device_gone: Fact | None = None
    device_fault: Fact | None = None  # since a device says that it is broken, or its battery empty
    button_test: Fact | None = None  # since anybody pressed the button
    copied: Fact | None = None  # 1 while two machines take turns under one box's name, else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFacts:
    """Of the hub itself."""

    deaf: Fact | None = None  # since the broker does not answer: nothing of any station can be heard
    store_fault: Fact | None = None  # since nothing can be stored
    hub_disk_free: Fact | None = None
    other_content: Fact | None = None  # records that came with another content than before


AT_REST: Final = StationFacts(  # of a station that is no more: nothing is the matter with it
    **{name: Fact(inf if name.startswith("disk_free") else 0.0) for name in StationFacts.__slots__}
)
AnyFacts = StationFacts | HubFacts


class Quantity(NamedTuple):
    """What a rule may look at."""

    kind: Kind
    is_of_hub: bool


QUANTITIES: Final = {
    "silent": Quantity(Kind.DURATION, is_of_hub=False),
    "owed_age": Quantity(Kind.DURATION, is_of_hub=False),
    "owed_count": Quantity(Kind.COUNT, is_of_hub=False),
    "spool_size": Quantity(Kind.BYTES, is_of_hub=False),
    "disk_free": Quantity(Kind.BYTES, is_of_hub=False),
    "disk_free_share": Quantity(Kind.SHARE, is_of_hub=False),
    "temperature": Quantity(Kind.TEMPERATURE, is_of_hub=False),
    "under_voltage": Quantity(Kind.COUNT, is_of_hub=False),
    "round_trip": Quantity(Kind.DURATION, is_of_hub=False),
    "clock_unsure": Quantity(Kind.DURATION, is_of_hub=False),
    "clock_offset": Quantity(Kind.DURATION, is_of_hub=False),
    "leads_off": Quantity(Kind.DURATION, is_of_hub=False),
    "device_gone": Quantity(Kind.DURATION, is_of_hub=False),
    "device_fault": Quantity(Kind.DURATION, is_of_hub=False),
    "button_test": Quantity(Kind.DURATION, is_of_hub=False),
    "copied": Quantity(Kind.COUNT, is_of_hub=False),
    "deaf": Quantity(Kind.DURATION, is_of_hub=True),
    "store_fault": Quantity(Kind.DURATION, is_of_hub=True),
    "hub_disk_free": Quantity(Kind.BYTES, is_of_hub=True),
    "other_content": Quantity(Kind.COUNT, is_of_hub=True),
}


# Records without an event tell that a station is there, and nothing else: no other fact is another by them.
OF_HEARING: Final = frozenset(("silent", "leads_off", "device_gone", "device_fault"))


def fact(facts: AnyFacts, name: str) -> Fact | None:
    """Return one of them by its name in QUANTITIES; None: nobody has told it."""
    found: Fact | None = getattr(facts, name, None)
    return found

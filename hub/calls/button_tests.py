"""Which stations' buttons have not been proved for a week (core).

Any press proves the whole way: button, box, link, hub. So does one of a test, of a drill, or of a nurse who
needs help. Source: docs/calls.md, "Practice".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from contract.events import PracticeKind
from contract.ids import CallId, StationId

EVERY_DAYS: Final = 7
DAY_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The last press of a station that the hub has. `received_utc_us`: when it had it, and so when the way
    was whole; `kind`: "real" for a nurse who called.
    """

    call_id: CallId
    received_utc_us: int
    kind: PracticeKind | Literal["real"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a station's button stands. `proof` None: nobody has ever pressed it."""

    station: StationId
    proof: Proof | None
    is_overdue: bool


def standings(
    stations: Iterable[StationId],
    proofs: Mapping[StationId, Proof],
    *,
    now_utc_us: int,
    every_days: int = EVERY_DAYS,
) -> list[Standing]:
    """Return all stations: those never pressed first, then by the last press, the oldest first."""
    found = []
    for station in stations:
        proof = proofs.get(station)
        is_overdue = proof is None or now_utc_us - proof.received_utc_us > every_days * DAY_US
        found.append(Standing(station, proof, is_overdue))
    return sorted(found, key=lambda one: (0 if one.proof is None else one.proof.received_utc_us, one.station))

"""Practice that the hub asks stations for: said until the station has heard it, or it is over (core)."""

from dataclasses import dataclass
from typing import Final

from contract.events import PracticeKind, PracticeMode
from contract.ids import StationId
from contract.signals import Practice

AGAIN_US: Final = 5_000_000
LEASE_MAX_S: Final = 1_800.0  # of the signal


@dataclass(slots=True)
class AskedPractice:
    """One practice; it covers one press. `is_on`: the station has said so. `is_ending`: taken back."""

    name: str
    kind: PracticeKind
    by: str
    until_us: int
    is_on: bool = False
    is_ending: bool = False
    said_us: int | None = None


class Practices:
    """All of now, by station."""

    def __init__(self) -> None:
        self._asked: dict[StationId, AskedPractice] = {}

    def of(self, station: StationId) -> AskedPractice | None:
        """Return the practice of a station."""
        return self._asked.get(station)

    def ask(self, station: StationId, practice: AskedPractice) -> None:
        """From now on."""
        self._asked[station] = practice

    def take_back(self, station: StationId) -> bool:
        """It is not to be any more; False: there was none."""
        practice = self._asked.get(station)
        if practice is None:
            return False
        practice.is_ending, practice.said_us = True, None
        return True

    def hear(self, station: StationId, event: PracticeMode) -> None:
        """The station says how it stands with practice."""
        practice = self._asked.get(station)
        if practice is None or practice.kind != event.kind:
            return
        practice.is_on = event.is_on
        if not event.is_on:
            del self._asked[station]

    def due(self, *, now_us: int) -> list[tuple[StationId, AskedPractice, Practice]]:
        """Return what is to be said now; call `said` for what went out. What is over is let go."""
        for station in [one for one, practice in self._asked.items() if practice.until_us <= now_us]:
            del self._asked[station]
        return [
            (station, practice, _signal(practice, now_us))
            for station, practice in self._asked.items()
            if _is_due(practice, now_us)
        ]

    def said(self, practice: AskedPractice, *, now_us: int) -> None:
        """It went out."""
        practice.said_us = now_us


def _is_due(practice: AskedPractice, now_us: int) -> bool:
    if practice.is_on and not practice.is_ending:
        return False  # the station has it on disk
    return practice.said_us is None or now_us - practice.said_us >= AGAIN_US


def _signal(practice: AskedPractice, now_us: int) -> Practice:
    lease_s = 0.0 if practice.is_ending else min((practice.until_us - now_us) / 1e6, LEASE_MAX_S)
    return Practice(name=practice.name, kind=practice.kind, lease_s=lease_s, by=practice.by)

"""When samples are cut, and whether into drafts or records (core).

Nobody watches: a draft each second, of which `Capture` makes records every half minute. Somebody watches from
nearby: records each half second. From afar: a record costs the link as much again as its samples, so one
holds 1.8 s, and what is in it is drawn within 2.5 s of the skin at a round trip of 600 ms; a draft between
keeps less than a second at risk. Source: docs/adr/0022-live-on-far-links.md.
"""

from typing import Final

CUT_QUIET_S: Final = 1.0
CUT_NEAR_S: Final = 0.5
CUT_FAR_S: Final = 0.9
CUTS_A_RECORD_FAR: Final = 2
FAR_ROUND_TRIP_S: Final = 0.2


class CutRhythm:
    """Ask `makes_records` once a cut, then `wait_s`. A link of unknown round trip counts as far."""

    def __init__(self) -> None:
        self._cuts = 0  # since records were made

    def makes_records(self, *, is_live: bool, round_trip_s: float | None) -> bool:
        """Return whether this cut makes records; else it makes drafts, and records when those are due."""
        self._cuts += 1
        if is_live and self._cuts >= (CUTS_A_RECORD_FAR if _is_far(round_trip_s) else 1):
            self._cuts = 0
            return True
        return False

    @staticmethod
    def wait_s(*, is_live: bool, round_trip_s: float | None) -> float:
        """Return the seconds from one cut to the next."""
        if not is_live:
            return CUT_QUIET_S
        return CUT_FAR_S if _is_far(round_trip_s) else CUT_NEAR_S


def _is_far(round_trip_s: float | None) -> bool:
    return round_trip_s is None or round_trip_s >= FAR_ROUND_TRIP_S

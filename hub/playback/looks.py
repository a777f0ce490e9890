"""Who looked at whose past (core): whether that is to be written down, or was a moment ago."""

from typing import Final

from contract.ids import StationId
from hub.store.papers import VisitId

AGAIN_AFTER_S: Final = 900.0  # looking on is one look; coming back after a while is another
KEPT_MAX: Final = 4_096


class Looks:
    """`is_due` says whether a look is a new one; the one who asks then writes it down."""

    def __init__(self) -> None:
        self._at_s: dict[tuple[str, str, StationId, VisitId | None], float] = {}

    def is_due(self, deed: str, name: str, station: StationId, of: VisitId | None, *, now_s: float) -> bool:
        """Somebody looks. `of` None: at the station, whoever was seen there."""
        key = deed, name, station, of
        before_s = self._at_s.pop(key, None)
        self._at_s[key] = now_s
        while len(self._at_s) > KEPT_MAX:
            del self._at_s[next(iter(self._at_s))]
        return before_s is None or now_s - before_s > AGAIN_AFTER_S

    def forget(self, deed: str, name: str, station: StationId, of: VisitId | None) -> None:
        """It could not be written down: the next look is a new one."""
        self._at_s.pop((deed, name, station, of), None)

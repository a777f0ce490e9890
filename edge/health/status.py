"""The box's status: what is told to the hub, and when (core)."""

from typing import Final

from contract.events import Owed as OwedStatus
from contract.ids import BootId, RecordClass
from edge.uplink.link_state import LinkState
from edge.uplink.owed import Owed

STATUS_QUIET_S: Final = 300.0
STATUS_LIVE_S: Final = 5.0
STATUS_SAMPLED_S: Final = 30.0  # watched, and samples say that the station is there: a tenth of the bytes


def owed_of(owed: Owed, *, boot: BootId, now_us: int) -> dict[str, OwedStatus]:
    """Return, for each class of which any wait, how many and how old the oldest is; no age for one of another
    boot.
    """
    result = {}
    for record_class in RecordClass:
        if not owed.count(record_class):
            continue
        oldest = owed.oldest(record_class)
        is_dated = oldest is not None and oldest.boot == boot
        age_s = round(max(0.0, (now_us - oldest.t_us) / 1e6), 1) if oldest is not None and is_dated else None
        result[str(record_class.value)] = OwedStatus(records=owed.count(record_class), oldest_age_s=age_s)
    return result


def connected_for_s(link: LinkState, *, now_s: float) -> float | None:
    """Return since how long the link stands, None when it does not. One that came up since `now_s` was read
    stands for no time yet.
    """
    return None if link.connected_since_s is None else round(max(0.0, now_s - link.connected_since_s), 1)


class StatusRhythm:
    """Five minutes apart, and at once when something changed. While somebody watches five seconds apart, or
    half a minute where samples say that we are there. `quiet_s`: the five minutes, where the hub wants
    another time.
    """

    def __init__(self) -> None:
        self.quiet_s = STATUS_QUIET_S
        self._last_s: float | None = None
        self._last_shape: tuple[object, ...] | None = None

    def is_due(self, shape: tuple[object, ...], *, is_live: bool, has_samples: bool, now_s: float) -> bool:
        """Whether a status should be recorded now; if so it counts as recorded. `shape` is what is told at
        once when it changes.
        """
        live_s = STATUS_SAMPLED_S if has_samples else STATUS_LIVE_S
        every_s = live_s if is_live else self.quiet_s
        is_new = self._last_s is None or shape != self._last_shape
        if not is_new and self._last_s is not None and now_s - self._last_s < every_s:
            return False
        self._last_s, self._last_shape = now_s, shape
        return True

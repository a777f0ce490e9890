"""Which exchanges with the hub become anchors (core): the first, each that is much better than the one
before, and one every ten minutes, because a crystal wanders.
"""

from typing import Final

from contract.events import AnchorSet
from contract.times import Anchor

ANCHOR_EVERY_S: Final = 600.0
BETTER: Final = 2  # half the error


class HubAnchors:
    """Anchors to be told: some at once, some with the next status."""

    def __init__(self) -> None:
        self.last: Anchor | None = None
        self._last_s = 0.0
        self._waiting: list[Anchor] = []

    def on_exchange(self, anchor: Anchor, *, now_s: float) -> list[Anchor]:
        """Return what to tell at once: alone, an anchor costs an idle station a parcel and a receipt."""
        last = self.last
        # Better than the last as it was: that one has drifted since, and on a good link all would be better.
        is_better = last is None or anchor.err_us * BETTER <= last.err_us
        if not is_better and now_s - self._last_s < ANCHOR_EVERY_S:
            return []
        self.last, self._last_s = anchor, now_s
        if is_better:
            return [anchor]
        self._waiting.append(anchor)  # no better, only newer
        return []

    def with_status(self) -> list[Anchor]:
        """Return what has waited for a status to go with."""
        waiting, self._waiting = self._waiting, []
        return waiting


def anchor_event(anchor: Anchor) -> AnchorSet:
    """Return the event that tells the hub of it."""
    return AnchorSet(
        boot=anchor.boot,
        t_us=anchor.t_us,
        utc_us=anchor.utc_us,
        err_us=anchor.err_us,
        source=anchor.source,
    )

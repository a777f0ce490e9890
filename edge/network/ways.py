"""Which link is used, and when each is tried (core).

A link that works is left for a better one only when that has answered for `return_after_s`, and not during a
call; one that does not work is left at once. Source: docs/adr/0054-networks.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Final

from edge.link_config import LinkSettings
from edge.network.standing import WORKS, Input, Standing, after
from edge.network.told import VitalsWord

TRY_AGAIN_S: Final = 5.0  # what is not known, or in doubt
TROUBLE_S: Final = (15.0, 600.0)  # while the hub is not reached: a quarter of the time that it lasts already
GOOD_S: Final = (300.0, 3_600.0)  # a spare that works: without a meter, with one (3 kB each time)
BAD_S: Final = (60.0, 900.0)  # a spare that does not
FIRST_TRY_S: Final = 10.0  # a probe is over by then


@dataclass(slots=True)
class _Way:
    link: LinkSettings
    standing: Standing = Standing.ABSENT
    proving_since_s: float = 0.0
    tried_s: float = -inf
    is_spent: bool = False  # its budget is used up


class Ways:
    """The links of a box. Times are seconds of CLOCK_BOOTTIME. `used`: the link that was used before a
    restart: it is not left, in a call perhaps, for one that happens to be tried first.
    """

    def __init__(self, *, return_after_s: float, used: str | None = None, now_s: float = 0.0) -> None:
        self.used = used
        self._first_try_ends_s = now_s + FIRST_TRY_S if used is not None else now_s
        self._return_after_s = return_after_s
        self._ways: dict[str, _Way] = {}
        self._word = VitalsWord()
        self._trouble_since_s: float | None = 0.0

    def set_links(self, links: Iterable[LinkSettings]) -> None:
        """These are the links, the best first; what is known of one stays."""
        self._ways = {link.name: self._ways.get(link.name) or _Way(link) for link in links}
        if self.used not in self._ways:
            self.used = None

    def standing(self, name: str) -> Standing:
        """Return how far a link can be relied on."""
        return self._ways[name].standing

    def on_carries(self, name: str, can_carry: bool, *, now_s: float) -> None:
        """Carrier, address and route of a link are there, or not."""
        self._handle(name, Input.FOUND if can_carry else Input.GONE, now_s=now_s)

    def on_probe(self, name: str, is_reached: bool, *, now_s: float) -> None:
        """A probe of a link has ended."""
        if name in self._ways:
            self._handle(name, Input.ANSWERED if is_reached else Input.FAILED, now_s=now_s)

    def on_spent(self, name: str, is_spent: bool) -> None:
        """The budget of a link is used up, or not: it is then the last that is taken."""
        self._ways[name].is_spent = is_spent

    def on_vitals(self, word: VitalsWord, *, now_s: float) -> None:
        """What the box's own connection says of the link that is used."""
        if self.used is not None and word.is_connected:
            self._handle(self.used, Input.ANSWERED, now_s=now_s)
        elif self.used is not None and self._word.is_connected:
            self._handle(self.used, Input.HUB_LOST, now_s=now_s)
        if word.is_connected:
            self._trouble_since_s = None
        elif self._trouble_since_s is None:
            self._trouble_since_s = now_s
        self._word = word

    def choose(self, *, now_s: float) -> str | None:
        """Return the link to use from now on; None: there is none."""
        for way in self._ways.values():
            if way.standing is Standing.PROVING and now_s - way.proving_since_s >= self._return_after_s:
                way.standing = after(way.standing, Input.HELD)
        best = self._best(now_s=now_s)
        if best != self.used:
            self.used, self._word = (
                best,
                self._word.model_copy(update={"is_connected": False}),
            )  # it is made anew
        return best

    def _best(self, *, now_s: float) -> str | None:
        ranked = sorted(self._ways.values(), key=lambda way: way.is_spent)  # else in the engineer's order
        working = [way for way in ranked if way.standing in WORKS]
        used = None if self.used is None else self._ways[self.used]
        if used is not None and used.standing in WORKS:
            better = (way for way in ranked[: ranked.index(used)] if way.standing is Standing.GOOD)
            return self.used if self._word.is_in_call else next((way.link.name for way in better), self.used)
        is_first_try = (
            used is not None and used.standing is Standing.UNTRIED and now_s < self._first_try_ends_s
        )
        if working and not is_first_try:
            return working[0].link.name
        if used is not None and used.standing is not Standing.ABSENT:
            return self.used  # none is known to be better
        untried = [way for way in ranked if way.standing is Standing.UNTRIED]
        bad = [way for way in ranked if way.standing is Standing.BAD]
        return next((way.link.name for way in (*untried, *bad)), None)

    def due(self, *, now_s: float) -> list[str]:
        """Return the links to try now; call `tried` for each."""
        return [way.link.name for way in self._ways.values() if self._due_s(way, now_s=now_s) <= now_s]

    def tried(self, name: str, *, now_s: float) -> None:
        """A link is being tried."""
        self._ways[name].tried_s = now_s

    def _due_s(self, way: _Way, *, now_s: float) -> float:
        is_used = way.link.name == self.used
        if way.standing is Standing.ABSENT:
            return inf
        if way.standing in (Standing.UNTRIED, Standing.SHAKY):
            return way.tried_s + TRY_AGAIN_S
        if is_used and self._word.is_connected:
            return inf  # its own connection says more, and costs nothing
        waits_s = [(GOOD_S if way.standing is Standing.GOOD else BAD_S)[way.link.is_metered]]
        if way.standing is Standing.PROVING:
            waits_s.append(self._return_after_s / 3)
        if self._trouble_since_s is not None:
            lasts_s = now_s - self._trouble_since_s
            patience_s = min(TROUBLE_S[1], max(TROUBLE_S[0], lasts_s / 4))
            waits_s.append(TROUBLE_S[0] if self._word.owes_call else patience_s)
        return way.tried_s + min(waits_s)

    def _handle(self, name: str, input_: Input, *, now_s: float) -> None:
        way = self._ways[name]
        before, way.standing = way.standing, after(way.standing, input_)
        if way.standing is Standing.PROVING and before is not Standing.PROVING:
            way.proving_since_s = now_s
        if way.standing is Standing.UNTRIED and before is Standing.ABSENT:
            way.tried_s = -inf

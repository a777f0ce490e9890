"""With whom we speak, by which leg, and when a message is said again (core).

The hub names a page of the call's owner; we name legs. Whatever names another page or leg is late and
ignored. An offer is said again until it is answered: on the way to the hub it may be lost with the
connection. Source: docs/media.md.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from contract.media import Join, Leave, Renew

OFFER_AGAIN_S: Final = 3.0  # beyond a round trip over a satellite and the page's own time to answer
NEW_LEG_FIRST_S: Final = 0.5  # after a lost path the next leg, and twice as long after each that fails
NEW_LEG_MAX_S: Final = 8.0
RENEW_APART_S: Final = 1.5  # a page that has truly lost its path says so every two seconds and more
RENEW_FORGOTTEN_S: Final = 10.0  # beyond the longest pause of such a page
ALONE_MAX_S: Final = 120.0  # a page without a leg that stands: camera and microphone wait for it no longer
MEDIA_STATE_S: Final = 5.0


class Do(Enum):
    """What the shell is to do now."""

    NOTHING = "nothing"
    BEGIN_LEG = "close the leg of now, if any, and begin another with the page"
    SAY_OFFER = "say the leg's offer again"
    SAY_STATE = "say how we are"
    END_LEG = "close the leg: nobody is there"


@dataclass(slots=True)
class Meeting:
    """One page and one leg at a time."""

    page: str | None = None
    leg: str | None = None
    is_answered: bool = False
    is_connected: bool = False
    _offer_again_s: float | None = None
    _new_leg_s: float | None = None
    _failures: int = 0
    _renew_s: float | None = None
    _alone_since_s: float | None = None

    def on_join(self, join: Join, *, now_s: float) -> Do:
        """A page is there. One that still has our leg keeps it; one that waits for an offer gets it again."""
        if join.page != self.page:
            self.page, self._failures = join.page, 0
            return self._begin()
        if self.leg is None:
            return Do.NOTHING if self._new_leg_s is not None else self._begin()
        if self.is_connected and join.leg != self.leg:  # the page has let go of it
            return self._begin()
        if self.is_answered:
            return Do.SAY_STATE
        self._offer_again_s = now_s + OFFER_AGAIN_S
        return Do.SAY_OFFER

    def on_leave(self, leave: Leave) -> Do:
        """The page has gone."""
        return self._end() if leave.page == self.page else Do.NOTHING

    def on_renew(self, renew: Renew, *, now_s: float) -> Do:
        """The page has lost the path of a leg.

        Of a leg that stood it counts when it is said again later: what the page said in an outage comes as
        the link returns, all at once, and by then the leg may be well. A page that hears nothing says it
        again.
        """
        if (renew.page, renew.leg) != (self.page, self.leg) or not self.is_answered:
            return Do.NOTHING
        if self._renew_s is None or now_s - self._renew_s > RENEW_FORGOTTEN_S:
            self._renew_s = now_s
        if self.is_connected and now_s - self._renew_s < RENEW_APART_S:
            return Do.NOTHING
        return self._begin()

    def began(self, leg: str, *, now_s: float) -> None:
        """The shell has made the leg and said its offer."""
        self._forget()
        self.leg, self._offer_again_s = leg, now_s + OFFER_AGAIN_S

    def on_answered(self, leg: str) -> bool:
        """The page answered. False: not this leg's, or answered already."""
        if leg != self.leg or self.is_answered:
            return False
        self.is_answered, self._offer_again_s = True, None
        return True

    def on_connected(self) -> None:
        """Packets flow."""
        self.is_connected, self._failures = True, 0

    def on_lost(self, *, now_s: float) -> Do:
        """The path is lost, or the leg could not be made: another one after a pause that doubles."""
        self._forget()
        self.leg = None
        if self.page is None:
            return Do.END_LEG
        self._new_leg_s = now_s + min(NEW_LEG_MAX_S, NEW_LEG_FIRST_S * 2**self._failures)
        self._failures += 1
        return Do.END_LEG

    @property
    def next_s(self) -> float | None:
        """When `on_tick` has something to do."""
        return min(
            (at_s for at_s in (self._offer_again_s, self._new_leg_s) if at_s is not None), default=None
        )

    def on_tick(self, *, now_s: float) -> Do:
        """Time has passed; to be called at least once a second."""
        if self.page is None or self.is_connected:
            self._alone_since_s = None
        elif self._alone_since_s is None:
            self._alone_since_s = now_s
        elif now_s - self._alone_since_s >= ALONE_MAX_S:
            return self._end()
        if self._new_leg_s is not None and now_s >= self._new_leg_s:
            return self._begin()
        if self._offer_again_s is not None and now_s >= self._offer_again_s:
            self._offer_again_s = now_s + OFFER_AGAIN_S
            return Do.SAY_OFFER
        return Do.NOTHING

    def _end(self) -> Do:
        self.page = self.leg = self._alone_since_s = None
        self._forget()
        return Do.END_LEG

    def _begin(self) -> Do:
        self._forget()
        self.leg = None
        return Do.BEGIN_LEG

    def _forget(self) -> None:
        self.is_answered = self.is_connected = False
        self._offer_again_s = self._new_leg_s = self._renew_s = None

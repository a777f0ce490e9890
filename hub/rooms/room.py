"""The room of one call (core): the line of each page, who of them speaks with the station, what has flowed.

Only one page at a time has picture and voice: that of whoever has the turn. A page of somebody else in the
call waits on its line; when the turn comes to it, it has the call without asking again. Only this file knows
that the station's picture goes straight to that page.
"""

from collections.abc import Callable
from typing import Final

from contract.ids import CallId, SpoolId, VisitNo
from contract.media import IceServer, MediaSignal
from hub.calls.call import STAGES, Call
from hub.calls.table import ON_THE_LINE, Input, State
from hub.rooms.direct import NOTHING, PHOTOS_MAX, RETURN_S, DirectRoom, Said
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import PageFlow, PageJoin, PageLeave, PageMessage, PagePeer, ToPage
from hub.rooms.photographs import Progress

STALLED_S: Final = 3.0  # without packets both ways
_TALKING: Final = frozenset({State.CLAIMED, *ON_THE_LINE})  # picture and voice are wanted
_BROKEN: Final = frozenset({State.CONNECTING, State.DROPPED})
_WHY_OVER: Final = {
    State.PARKED: "parked",
    State.CALLBACK: "callback",
    State.CANCELLED: "cancelled",
    State.WRAP_UP: "over",
}

Visit = tuple[SpoolId, VisitNo]


class Room:
    """One call, in which somebody has answered. Methods return what is to be said."""

    def __init__(
        self,
        call_id: CallId,
        call: Call,
        *,
        servers: Callable[[], tuple[IceServer, ...]],
        phone: Callable[[], str | None],
        now_s: float,
    ) -> None:
        """`servers`: for picture and voice, made anew for each page; `phone`: the station's hotline."""
        self.direct = DirectRoom(call_id, now_s=now_s)
        self.call = call
        self.lines: dict[str, PageLine] = {}  # by page
        self.photos: dict[str, Progress] = {}
        self._servers, self._phone = servers, phone
        self._joins: dict[str, PageJoin] = {}  # what pages said of themselves
        self._present: str | None = None  # whose page has the call
        self._since_s = now_s + RETURN_S  # a hub that starts anew: it may be flowing all along
        self._flowed_s = now_s
        self._visits: dict[str, Visit | None] = {}  # of a photograph; None: asked for while there was none

    # The call

    def may_come(self, name: str) -> bool:
        """Whether somebody has a place in the call."""
        guest = self.call.guest(name)
        return name == self.call.owner or (guest is not None and guest.due_us is None)

    def follow(self, call: Call, *, now_s: float) -> Said:
        """The call is like this now: pages have the turn, wait, or leave."""
        before, self.call = self.call, call
        if call.state is not before.state:
            self._since_s = now_s
        said = NOTHING
        gone = [page for page, line in self.lines.items() if not self.may_come(line.operator)]
        if self._present is not None and self._present != self._speaker:
            said += self._pause()
        for page in gone:
            self._joins.pop(page, None)
            said += _to(page, {"type": "ended", "reason": "left"})
        if self._present is None:
            said += self._bring_in(now_s)
        elif call.stage != before.stage:
            said += self._tell_stage()
        return said

    def end(self, call: Call | None) -> Said:
        """Nobody is in the call any more. `call` None: it is closed."""
        reason = "over" if call is None else _WHY_OVER.get(call.state, "rings")
        told = tuple((page, {"type": "ended", "reason": reason}) for page in self.lines)
        return Said(to_pages=told) + self.direct.leave()

    def input_due(self, *, now_s: float, has_relay: bool) -> Input | None:
        """Return what the desk is to be told of picture and voice."""
        state, due = self.call.state, None
        if state is State.CLAIMED and self.direct.is_page_there:
            due = Input.JOINED
        elif state in _BROKEN and self._flowed_s > self._since_s:
            due = Input.FLOWS
        elif state is State.ACTIVE and now_s - max(self._flowed_s, self._since_s) >= STALLED_S:
            due = Input.STALLED
        elif state is State.CONNECTING and STAGES[self.call.stage] == "by relay" and not has_relay:
            due = Input.DUE  # there is no such way
        return due

    @property
    def _speaker(self) -> str | None:
        """Who is to have picture and voice now."""
        return self.call.speaker if self.call.state in _TALKING else None

    # Pages

    def join(self, line: PageLine, join: PageJoin, *, now_s: float) -> Said:
        """A page of somebody in the call is there."""
        line.page = join.page
        before = self.lines.get(join.page)
        self.lines[join.page] = line
        if before is not None:  # the same page by a new socket; the old one has not been missed yet
            before.drop()
        self._joins[join.page] = join.model_copy(update={"leg": None})
        if line.operator == self._speaker:
            return self._begin(line.operator, join, now_s)
        return self._tell_waiting(join.page)

    def page_says(self, page: str, message: PageMessage, *, now_s: float) -> Said:
        """A page that has joined says something else. Raises PageRefusedError."""
        join = self._joins.get(page)
        if isinstance(message, PageFlow):
            if page == self.direct.page and message.heard and message.said:
                self._flowed_s = now_s
            return NOTHING
        if isinstance(message, PagePeer) and join is not None:
            heard = {"microphone": message.microphone, "camera": message.camera}
            self._joins[page] = join.model_copy(update=heard)
        if isinstance(message, PageLeave):
            self._joins.pop(page, None)
        said = self.direct.page_says(page, message, now_s=now_s)
        return said + self._look(now_s)

    def left(self, line: PageLine, *, is_for_good: bool, now_s: float) -> Said:
        """A page's socket is closed."""
        page = line.page
        if page is None or self.lines.get(page) is not line:
            return NOTHING
        del self.lines[page]
        self._joins.pop(page, None)
        said = self.direct.page_left(page, is_for_good=is_for_good, now_s=now_s)
        return said + self._look(now_s)

    def forget(self, page: str) -> None:
        """A page has been told that this was all."""
        self.lines.pop(page, None)
        self._joins.pop(page, None)

    def _begin(self, operator: str, join: PageJoin, now_s: float) -> Said:
        self._present = operator
        return self.direct.join(join, ice=self._servers(), now_s=now_s) + self._tell_stage()

    def _pause(self) -> Said:
        """Whose page has the call has the turn no more."""
        page, self._present = self.direct.page, None
        said = self.direct.leave()
        return said + self._tell_waiting(page) if page in self.lines and page is not None else said

    def _bring_in(self, now_s: float) -> Said:
        """Let the page that waits and has the turn now have the call; of several the last that came."""
        mine = [page for page, line in self.lines.items() if line.operator == self._speaker]
        waiting = [page for page in mine if page in self._joins]
        if self._speaker is None or not waiting:
            return NOTHING
        return self._begin(self._speaker, self._joins[waiting[-1]], now_s)

    def _look(self, now_s: float) -> Said:
        """The page that had the call may have gone for good: another of the same person may be there."""
        if self.direct.page is not None:
            return NOTHING
        self._present = None
        return self._bring_in(now_s)

    def _tell_waiting(self, page: str) -> Said:
        reason = "held" if self.call.state is State.HELD else "turn"
        return _to(page, {"type": "waiting", "reason": reason, "speaker": self.call.speaker})

    def _tell_stage(self) -> Said:
        page, stage = self.direct.page, STAGES[self.call.stage]
        phone = self._phone() if stage == "phone" else None
        return NOTHING if page is None else _to(page, {"type": "stage", "stage": stage, "phone": phone})

    # Station and time

    def station_says(self, signal: MediaSignal, *, now_s: float) -> Said:
        """The station says something of this call."""
        return self.direct.station_says(signal, now_s=now_s)

    def station_is_back(self, *, now_s: float) -> Said:
        """The station has connected anew."""
        return self.direct.station_is_back(now_s=now_s)

    def tick(self, *, now_s: float) -> Said:
        """Say again what may have been lost; twice a second."""
        return self.direct.tick(now_s=now_s) + self._look(now_s)

    # Photographs

    def note(self, photo: str, visit: Visit | None) -> None:
        """A photograph was asked for, or has been found, in this visit."""
        if photo in self._visits or len(self._visits) < PHOTOS_MAX:
            self._visits[photo] = visit

    def knows(self, photo: str) -> bool:
        """Whether the visit of a photograph has been noted."""
        return photo in self._visits

    def may_tell(self, photo: str, visit: Visit | None) -> bool:
        """Whether a page may be told of a photograph while this visit is under way."""
        return photo not in self._visits or self._visits[photo] == visit


def _to(page: str, message: ToPage) -> Said:
    return Said(to_pages=((page, message),))

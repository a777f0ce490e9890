"""The advice that the station has (core): each piece once, until the nurse puts it away or a day has passed.

The hub repeats a piece until it has the event "received". What is doubled, late or in another order changes
nothing: a number that was here once is known, also after it was put away. What changes makes an event for the
hub in `untold`; the caller stores the `saved` book with it in one transaction and then says `told`.
"""

import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import ValidationError

from contract.events import AdviceKept
from contract.signals import Advice
from edge.advice.piece import Moment, Outcome, Piece, Untold
from edge.errors import IllegalInputError

PIECES_MAX: Final = 20
SAVED_MAX_BYTES: Final = (
    40_000  # of pieces as JSON: one answer to the panel, and little to write at each change
)
GONE_MAX: Final = 200  # numbers remembered; the hub repeats one for a day at most
UNTOLD_MAX: Final = 200  # while the card refuses
KEPT_FOR_S: Final = 86_400.0
IS_OLD: Final = "tự cất đi sau 24 giờ"
IS_CROWDED: Final = "nhường chỗ cho lời dặn mới hơn"

State = Literal["received", "printed", "not printed", "put away"]


class AdviceBook:
    """`pieces` by their number. `spool`: the name of the spool of now."""

    def __init__(self, saved: Mapping[str, Any] | None = None, *, spool: str) -> None:
        """What another version saved and this one cannot read is left out: the hub knows it."""
        self.spool = spool
        self.pieces: dict[int, Piece] = {}
        self.untold: deque[Untold] = deque()
        saved = saved or {}
        for raw in saved.get("pieces", ()):
            try:
                piece = Piece.model_validate_json(json.dumps(raw))
            except ValidationError:
                continue
            self.pieces[piece.said.advice] = piece
        self._gone = {int(number): str(told_in) for number, told_in in saved.get("gone", {}).items()}

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know, as JSON of less than SAVED_MAX_BYTES and a little."""
        return {
            "pieces": [piece.model_dump(mode="json") for piece in self.pieces.values()],
            "gone": {str(number): told_in for number, told_in in self._gone.items()},
        }

    def receive(self, said: Advice, now: Moment) -> None:
        """The hub says it: for the first time, or again."""
        number = said.advice
        if number in self._gone:
            self._tell_again(said, self._gone[number], "put away")
            self._gone[number] = self.spool
        elif number in self.pieces:
            piece = self.pieces[number]
            self._tell_again(piece.said, piece.told_in, "received")
            self.pieces[number] = piece.model_copy(update={"told_in": self.spool})
        else:
            self.pieces[number] = Piece(said=said, came=now, told_in=self.spool)
            self._tell(said, "received")
            self._make_room()

    def printed(self, said: Advice, outcome: Outcome, text: str) -> None:
        """Printing it has ended so; `text` says it in words. It may have been put away meanwhile."""
        piece = self.pieces.get(said.advice)
        if piece is not None:
            self.pieces[said.advice] = piece.model_copy(update={"outcome": outcome})
        self._tell(said, "printed" if outcome.is_done else "not printed", text)

    def put_away(self, number: int) -> None:
        """The nurse has read it. Raises IllegalInputError: there is none of that number."""
        self._put_away(self.piece(number), "")

    def piece(self, number: int) -> Piece:
        """Return it. Raises IllegalInputError: there is none of that number."""
        if number not in self.pieces:
            raise IllegalInputError(f"there is no advice {number} here, or it was put away")
        return self.pieces[number]

    def tick(self, now: Moment) -> None:
        """Time passes: what has been here for a day is put away. Of what came in an earlier boot nobody may
        know when; a day of this boot is enough then."""
        for piece in list(self.pieces.values()):
            since_s = piece.since_s(now)
            if (now.us / 1e6 if since_s is None else since_s) >= KEPT_FOR_S:
                self._put_away(piece, IS_OLD)

    def told(self, count: int) -> None:
        """The oldest `count` of `untold` are on the card, and the book as it was then."""
        for _ in range(min(count, len(self.untold))):
            self.untold.popleft()

    def _make_room(self) -> None:
        while len(self.pieces) > 1 and (len(self.pieces) > PIECES_MAX or self._size() > SAVED_MAX_BYTES):
            self._put_away(self.pieces[min(self.pieces)], IS_CROWDED)

    def _size(self) -> int:
        return sum(len(json.dumps(piece.model_dump(mode="json"))) for piece in self.pieces.values())

    def _put_away(self, piece: Piece, text: str) -> None:
        del self.pieces[piece.said.advice]
        self._gone[piece.said.advice] = self.spool
        while len(self._gone) > GONE_MAX:
            del self._gone[min(self._gone)]
        self._tell(piece.said, "put away", text)

    def _tell_again(self, said: Advice, told_in: str, state: State) -> None:
        """The hub repeats what it was told in a spool that may be lost: it is told in this one too."""
        if told_in != self.spool:
            self._tell(said, state)

    def _tell(self, said: Advice, state: State, text: str = "") -> None:
        event = AdviceKept(advice=said.advice, state=state, text=text[:200])
        if len(self.untold) < UNTOLD_MAX:
            self.untold.append(Untold(event, said.spool, said.visit))

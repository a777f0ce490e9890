"""The advice of a station, for those who show it (core): the panel and the command."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from contract.ids import NO_VISIT, SpoolId, VisitNo, parse_spool, spool_text, visit_code
from contract.signals import Urgency
from edge.advice.book import AdviceBook
from edge.advice.piece import Moment, Outcome, Piece


class PieceNow(BaseModel):
    """One piece. `code`: of the visit whose person it is for. `made_ago_s`: since it was written, None where
    the box does not know the time; `came_ago_s`: since it came here, None: before this boot of the box.
    `is_printing`: now, or in its turn. `outcome`: of the last printing."""

    model_config = ConfigDict(frozen=True)

    advice: int
    code: str
    urgency: Urgency
    text: str
    by: str
    made_ago_s: float | None
    came_ago_s: float | None
    is_printing: bool
    outcome: Outcome | None
    is_practice: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what a person at a terminal wants to know."""
        ago_s = self.came_ago_s if self.made_ago_s is None else self.made_ago_s
        since = "before the box started" if ago_s is None else f"{ago_s / 60:.0f} min ago"
        practice = "PRACTICE, for nobody: " if self.is_practice else ""
        yield f"{self.advice}  {practice}visit {self.code}, {self.urgency}, by {self.by}, {since}"
        yield from (f"    {line}" for line in self.text.splitlines())
        if self.is_printing:
            yield "    being printed"
        elif self.outcome is not None:
            yield f"    {self.outcome.how.value} {self.outcome.detail}".rstrip()


class AdviceNow(BaseModel):
    """`present` is for the person who is being seen, `before` for people of earlier visits; the newest first.
    `code`: of the visit of now, None: nobody is being seen."""

    model_config = ConfigDict(frozen=True)

    code: str | None = None
    present: tuple[PieceNow, ...] = ()
    before: tuple[PieceNow, ...] = ()


def advice_now(
    book: AdviceBook, *, spool: SpoolId, visit: VisitNo, printing: frozenset[int], now: Moment
) -> AdviceNow:
    """Return it. `spool` and `visit` are those of now: what is for another visit is never the present
    person's."""
    of_now, newest_first = (spool_text(spool), visit), sorted(book.pieces.items(), reverse=True)
    shown = [
        (
            (piece.said.spool, piece.said.visit) == of_now,
            _shown(piece, is_printing=number in printing, now=now),
        )
        for number, piece in newest_first
    ]
    return AdviceNow(
        code=None if visit == NO_VISIT else visit_code(spool, visit),
        present=tuple(one for is_present, one in shown if is_present),
        before=tuple(one for is_present, one in shown if not is_present),
    )


def code_of(piece: Piece) -> str:
    """Return the spoken code of the visit that a piece is for."""
    return visit_code(parse_spool(piece.said.spool), VisitNo(piece.said.visit))


def _shown(piece: Piece, *, is_printing: bool, now: Moment) -> PieceNow:
    return PieceNow(
        advice=piece.said.advice,
        code=code_of(piece),
        urgency=piece.said.urgency,
        text=piece.said.text,
        by=piece.said.by,
        made_ago_s=piece.made_ago_s(now),
        came_ago_s=piece.since_s(now),
        is_printing=is_printing,
        outcome=piece.outcome,
        is_practice=piece.said.practice is not None,
    )

from contract.ids import NO_VISIT, SpoolId, VisitNo, parse_spool, visit_code
from edge.advice.advice_facts import AdviceNow, advice_now
from edge.advice.book import AdviceBook
from edge.advice.piece import Moment
from tests.unit.edge.advice.pieces import HERE, OTHER, UTC_US, advice, at

SPOOL = parse_spool(HERE)


def shown(book: AdviceBook, visit: int, *, spool: SpoolId = SPOOL, now: Moment | None = None) -> AdviceNow:
    return advice_now(book, spool=spool, visit=VisitNo(visit), printing=frozenset({13}), now=now or at(1))


def book() -> AdviceBook:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12, visit=2), at(0))
    book.receive(advice(13, visit=2), at(0.5, utc_us=UTC_US))
    book.receive(advice(14, visit=2, spool=OTHER), at(0.5))
    return book


def test_advice_is_shown_to_the_person_whose_it_is_with_the_code_of_the_visit() -> None:
    now = shown(book(), 2)
    assert [one.advice for one in now.present] == [13, 12]  # the newest first
    assert {one.code for one in now.present} == {visit_code(SPOOL, VisitNo(2)), now.code}
    assert [one.is_printing for one in now.present] == [True, False]


def test_when_the_next_person_comes_it_is_of_before_and_never_the_present_persons() -> None:
    now = shown(book(), 3)
    assert not now.present
    assert [one.advice for one in now.before] == [14, 13, 12]
    assert now.code == visit_code(SPOOL, VisitNo(3))
    nobody = shown(book(), NO_VISIT)
    assert (nobody.code, nobody.present) == (None, ())
    assert len(nobody.before) == 3


def test_a_visit_of_another_spool_with_the_same_number_is_another_visit() -> None:
    assert [one.advice for one in shown(book(), 2).before] == [14]
    now = shown(book(), 2, spool=parse_spool(OTHER))
    assert [one.advice for one in now.present] == [14]


def test_how_long_ago_is_said_as_well_as_it_is_known() -> None:
    known, unknown = shown(book(), 2, now=at(1, utc_us=UTC_US + 60_000_000)), shown(book(), 2)
    assert [one.made_ago_s for one in known.present] == [60.0, 60.0]
    assert [(one.made_ago_s, one.came_ago_s) for one in unknown.present] == [(None, 1800.0), (None, 3600.0)]
    rebooted = shown(book(), 2, now=at(1, boot="two"))
    assert {(one.made_ago_s, one.came_ago_s) for one in rebooted.present} == {(None, None)}


def test_what_was_said_in_practice_is_known_for_that_also_after_a_restart() -> None:
    before = AdviceBook(spool=HERE)
    before.receive(advice(12).model_copy(update={"practice": "drill"}), at(0))
    before.receive(advice(13), at(0))
    after = AdviceBook(before.saved(), spool=HERE)
    assert [(one.advice, one.is_practice) for one in shown(after, 2).present] == [(13, False), (12, True)]


def test_a_terminal_shows_it_line_by_line() -> None:
    lines = list(shown(book(), 2).present[0].lines())
    assert lines[0] == f"13  visit {visit_code(SPOOL, VisitNo(2))}, soon, by Lan, 30 min ago"
    assert lines[1:] == [*(f"    {line}" for line in advice(13).text.splitlines()), "    being printed"]

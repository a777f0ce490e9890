import json
import random

import pytest

from contract.events import AdviceKept
from edge.advice.book import GONE_MAX, IS_CROWDED, IS_OLD, PIECES_MAX, SAVED_MAX_BYTES, UNTOLD_MAX, AdviceBook
from edge.advice.piece import Outcome, Print
from edge.errors import IllegalInputError
from tests.unit.edge.advice.pieces import HERE, OTHER, UTC_US, advice, at


def told(book: AdviceBook) -> list[tuple[int, str, str]]:
    """Take what is untold, as when it was stored."""
    events: list[AdviceKept] = [one.event for one in book.untold]
    book.told(len(events))
    return [(event.advice, event.state, event.text) for event in events]


def again(book: AdviceBook, *, spool: str = HERE) -> AdviceBook:
    """The book of the process after, from the card."""
    return AdviceBook(json.loads(json.dumps(book.saved())), spool=spool)


def test_a_piece_that_the_hub_repeats_is_there_once_and_told_once() -> None:
    book = AdviceBook(spool=HERE)
    for hour in range(3):
        book.receive(advice(12), at(hour))
    assert list(book.pieces) == [12]
    assert book.pieces[12].came == at(0)
    assert told(book) == [(12, "received", "")]


def test_pieces_in_any_order_doubled_and_late_make_the_same_book() -> None:
    numbers = [*range(1, 9), *range(1, 9)]
    for seed in range(20):
        random.Random(seed).shuffle(numbers)
        book = AdviceBook(spool=HERE)
        for number in numbers:
            book.receive(advice(number), at(0))
        assert sorted(book.pieces) == [*range(1, 9)]
        assert sorted(told(book)) == [(number, "received", "") for number in range(1, 9)]


def test_a_number_says_always_what_it_said_first() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(0))
    book.receive(advice(12, text="khác"), at(0))
    assert book.pieces[12].said == advice(12)


def test_what_was_put_away_does_not_come_back_also_not_after_a_restart() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(0))
    book.put_away(12)
    assert told(book) == [(12, "received", ""), (12, "put away", "")]
    for one in (book, again(book)):
        one.receive(advice(12), at(1))
        assert not one.pieces
        assert not told(one)
    with pytest.raises(IllegalInputError, match="no advice 12"):
        book.put_away(12)


def test_everything_is_there_after_a_reboot() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(5, utc_us=UTC_US))
    book.receive(advice(13, spool=OTHER, visit=9), at(6))
    book.printed(advice(13), Outcome(how=Print.NO_PAPER, detail="HP"), "hết giấy: HP")
    assert again(book).pieces == book.pieces


def test_what_is_on_the_card_in_a_way_that_is_not_known_does_no_harm() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(0))
    saved = book.saved()
    saved["pieces"].append({"said": "of a later version"})
    assert list(AdviceBook(saved, spool=HERE).pieces) == [12]


def test_the_hub_is_told_again_in_the_spool_that_took_the_place_of_a_damaged_one() -> None:
    book = AdviceBook(spool=HERE)
    for number in (12, 13):
        book.receive(advice(number), at(0))
    book.put_away(13)
    after = again(book, spool=OTHER)
    assert not told(after)  # the hub may have had it in time
    for _ in range(2):
        for number in (12, 13):
            after.receive(advice(number), at(1))
    assert told(after) == [(12, "received", ""), (13, "put away", "")]


def test_what_printing_became_is_told_and_kept_also_of_what_was_put_away_meanwhile() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(0))
    book.printed(advice(12), Outcome(how=Print.NO_PAPER), "hết giấy")
    assert book.pieces[12].outcome == Outcome(how=Print.NO_PAPER)
    book.put_away(12)
    book.printed(advice(12), Outcome(how=Print.PRINTED), "đã in")
    assert told(book)[1:] == [(12, "not printed", "hết giấy"), (12, "put away", ""), (12, "printed", "đã in")]


def test_a_piece_is_put_away_after_a_day() -> None:
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(5))
    book.tick(at(28.9))
    assert 12 in book.pieces
    book.tick(at(29.1))
    assert told(book) == [(12, "received", ""), (12, "put away", IS_OLD)]


def test_after_a_reboot_the_hubs_time_says_when_a_day_is_over_and_without_it_a_day_of_this_boot() -> None:
    day_us = 86_400_000_000
    book = AdviceBook(spool=HERE)
    book.receive(advice(12), at(30, utc_us=UTC_US))
    known, unknown = again(book), again(book)
    known.tick(at(1, boot="two", utc_us=UTC_US + day_us - 1_000_000))
    assert 12 in known.pieces
    known.tick(at(1, boot="two", utc_us=UTC_US + day_us))
    assert 12 not in known.pieces
    unknown.tick(at(23.9, boot="two"))
    assert 12 in unknown.pieces
    unknown.tick(at(24, boot="two"))
    assert 12 not in unknown.pieces


def test_there_are_never_more_than_twenty_and_the_hub_hears_which_went() -> None:
    book = AdviceBook(spool=HERE)
    for number in range(1, PIECES_MAX + 3):
        book.receive(advice(number), at(0))
    assert sorted(book.pieces) == [*range(3, PIECES_MAX + 3)]
    assert [one for one in told(book) if one[1] == "put away"] == [
        (1, "put away", IS_CROWDED),
        (2, "put away", IS_CROWDED),
    ]


def test_what_lies_on_the_card_is_bounded_also_for_the_longest_texts() -> None:
    book = AdviceBook(spool=HERE)
    for number in range(1, 301):
        book.receive(advice(number, text="\U0001f62e" * 2000), at(0))
        assert number in book.pieces
    assert len(book.saved()["gone"]) == GONE_MAX
    assert len(json.dumps(book.saved())) < SAVED_MAX_BYTES + 25 * GONE_MAX + 100
    assert len(book.untold) == UNTOLD_MAX

from html import escape
from typing import get_args

import pytest

from contract.signals import Urgency
from edge.advice.advice_facts import AdviceNow, PieceNow
from edge.advice.piece import Outcome, Print
from edge.call.call_facts import CallFacts, call_facts
from edge.call.station_call import StationCall
from edge.panel.pages import StationNow, VisitNow, station_page
from edge.panel.station_devices import StationDevices
from edge.panel.words import LANGUAGES, Words

QUIET = CallFacts.model_validate(call_facts(StationCall(), hotline=None, now_s=0.0))
PIECE = PieceNow(
    advice=12,
    code="K7-42",
    urgency="urgent",
    text="Thở oxy <3 lít>\ngọi lại",
    by="Lan",
    made_ago_s=300.0,
    came_ago_s=60.0,
    is_printing=False,
    outcome=None,
)


def page(advice: AdviceNow, *, is_settling: bool = False, language: str = "vi") -> str:
    visit = VisitNow(2, asks_visit_over=False, awaits_sensors_off=False)
    return station_page(
        StationNow(visit, StationDevices(questions=(), devices=()), QUIET, advice),
        station="con-dao-01",
        notice=None,
        is_settling=is_settling,
        words=Words(language),
    )


def present(**changes: object) -> AdviceNow:
    return AdviceNow(code="K7-42", present=(PIECE.model_copy(update=changes),))


def test_advice_for_the_present_person_says_everything_and_whose_it_is() -> None:
    html = page(present())
    for words in ("Lời dặn từ trung tâm", "!!", "Khẩn", "Lượt K7-42", "Người dặn: Lan", "5 phút trước"):
        assert words in html
    assert "Thở oxy &lt;3 lít&gt;\ngọi lại" in html
    assert "không phải người đang khám" not in html
    assert "Lời dặn" not in page(AdviceNow(code="K7-42"))


def test_advice_from_practice_is_marked_wherever_it_stands_and_real_advice_is_not() -> None:
    drill = PIECE.model_copy(update={"is_practice": True})
    for shown in (AdviceNow(code="K7-42", present=(drill,)), AdviceNow(code="E4-11", before=(drill,))):
        assert "<strong>DIỄN TẬP</strong> <span>Lời dặn trong lúc diễn tập" in page(shown)
    assert "PRACTICE" in page(AdviceNow(code="K7-42", present=(drill,)), language="en")
    assert "DIỄN TẬP" not in page(present())
    assert "PRACTICE" in next(drill.lines()) and "PRACTICE" not in next(PIECE.lines())


def test_advice_of_before_is_never_called_the_present_persons() -> None:
    html = page(AdviceNow(code="E4-11", before=(PIECE,)))
    assert "Lời dặn cho lượt khám trước" in html
    assert "Lượt K7-42, không phải người đang khám" in html
    assert "Lời dặn từ trung tâm" not in html
    assert "E4-11" in html  # who is being seen now


@pytest.mark.parametrize("urgency", get_args(Urgency))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_urgency_has_a_word(urgency: str, language: str) -> None:
    assert Words(language)(f"urgency {urgency}") in page(present(urgency=urgency), language=language)


@pytest.mark.parametrize("how", Print)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_end_of_printing_is_said_in_words(how: Print, language: str) -> None:
    html = page(present(outcome=Outcome(how=how, detail="HP")), language=language)
    said = Words(language)(f"print {how.value}")
    if how is Print.PRINTED:
        said = Words(language)("printed")
    elif not Outcome(how=how).is_done:
        said = Words(language)("not printed", why=said)
    assert escape(said).replace("&#x27;", "&#39;") in html
    assert "<small>HP</small>" in html


def test_a_piece_that_is_being_printed_is_not_printed_twice_and_shows_no_old_outcome() -> None:
    html = page(present(is_printing=True, outcome=Outcome(how=Print.NO_PAPER)))
    assert "đang in…" in html
    assert 'value="print"' not in html
    assert "hết giấy" not in html
    assert 'value="put away"' in html


def test_a_second_touch_in_the_same_place_puts_no_other_piece_away() -> None:
    assert 'name="deed" value="put away"' in page(present())
    assert 'name="deed" value="put away"' not in page(present(), is_settling=True)


def test_how_long_ago_is_said_as_well_as_it_is_known() -> None:
    assert "đến trạm 60 giây trước" in page(present(made_ago_s=None))
    assert "đến trước khi máy khởi động lại" in page(present(made_ago_s=None, came_ago_s=None))

"""The nurse's card: one page in each language, every look of the lamp, drawn as the firmware drives it."""

from dataclasses import replace

import pytest

from edge.call.lamps import CALL_LAMP
from edge.call.station_table import State
from edge.panel.words import WORDS
from firmware_bridge.firmware import wire
from tests.cards.__main__ import FOLDER
from tests.cards.lamp import SECONDS, course, look_of, name_of
from tests.cards.sheet import draw_card
from tests.cards.words import LANGUAGES, NOT_TAKEN, PRACTICE, Shown
from tests.simulators.pdf_reader import read_pdf


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_in_docs_is_one_page_and_the_one_that_is_drawn(language: str) -> None:
    kept = (FOLDER / f"nurse-{language}.pdf").read_bytes()
    assert kept == draw_card(LANGUAGES[language]), "write it anew: python -m tests.cards"
    (page,) = read_pdf(kept)
    assert page.size_mm == pytest.approx((210.0, 297.0), abs=0.1)
    said = " ".join(page.text.split())
    words = LANGUAGES[language]
    for text in (
        words.title,
        words.press,
        words.dark,
        words.end,
        words.footer,
        *words.sensor_lines,
        *words.trouble_lines,
    ):
        assert text.split("___")[0].strip() in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_that_look_different_are_called_differently_and_stand_on_the_card(language: str) -> None:
    words = LANGUAGES[language]
    rows = [row[0] for row in words.lamp if row[0] != NOT_TAKEN]
    names = [name_of(one, words) for one in rows]
    assert len(set(names)) == len({look_of(one) for one in rows}) == len(rows)
    (page,) = read_pdf((FOLDER / f"nurse-{language}.pdf").read_bytes())
    said = " ".join(page.text.split())
    assert all(name in said for name in names)


def test_a_card_that_is_full_is_not_drawn() -> None:
    words = LANGUAGES["en"]
    with pytest.raises(ValueError, match="the card is full"):
        draw_card(replace(words, trouble_lines=words.trouble_lines * 4))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_row_and_a_row_has_one_look(language: str) -> None:
    rows = LANGUAGES[language].lamp
    shown = [one for row in rows for one in row]
    assert sorted(map(str, shown)) == sorted(map(str, [*(set(State) - {State.IDLE}), PRACTICE, NOT_TAKEN]))
    for row in rows:
        assert len({look_of(one) for one in row}) == 1
    assert CALL_LAMP[State.IDLE].level == 0  # what the line below the rows says


def test_two_rows_that_mean_different_things_look_different_but_for_the_sound() -> None:
    states: set[Shown] = {*State} - {State.IDLE, State.KEPT}
    looks = {one: look_of(one) for one in states | {PRACTICE}}
    assert len(set(looks.values())) == len(looks)
    assert look_of(NOT_TAKEN) == look_of(State.RINGING)  # the board beeps with it, and the card says so


def test_a_strip_is_the_lamp_of_the_firmware() -> None:
    assert course(wire.STEADY, 255) == [(SECONDS, 1.0)]
    assert course(wire.SLOW_BLINK, 255)[:2] == [(0.5, 1.0), (0.5, 0.0)]
    assert course(wire.FAST_BLINK, 51)[0] == pytest.approx((0.125, 0.2))
    flashes = course(wire.DOUBLE_FLASH, 255)[:4]
    assert [seconds for seconds, _ in flashes] == pytest.approx([0.1, 0.1, 0.1, 0.7])
    for pattern in range(6):
        assert sum(seconds for seconds, _ in course(pattern, 255)) == pytest.approx(SECONDS)


def test_the_card_names_what_the_panel_has() -> None:
    for language, card in LANGUAGES.items():
        words = WORDS[language]
        told = " ".join([*(text for pair in card.presses for text in pair), *card.sensor_lines])
        assert words["cancel"] in told
        assert words["next"] in told

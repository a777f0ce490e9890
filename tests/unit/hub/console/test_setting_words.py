"""Every setting, command and fixed word of a box has its word on the pages, in both languages."""

from typing import get_args

import pytest

from contract.commands import CommandWord, Said
from contract.desired import SETTINGS, WHY_UNKNOWN
from contract.events import CommandState
from hub.console.setting_words import (
    COMMAND_WORDS,
    FAULT_WORD,
    NO_NUMBER,
    SAID_WORDS,
    SETTING_WORDS,
    STATE_WORDS,
    TRUTH_WORDS,
    field_text,
    read_fields,
    said_text,
    value_text,
)
from hub.console.words import Words, catalogue

VI = Words("vi")


def test_there_is_a_word_for_everything() -> None:
    assert list(SETTING_WORDS) == list(SETTINGS)
    assert set(COMMAND_WORDS) == set(get_args(CommandWord))
    assert set(get_args(CommandState)) <= set(STATE_WORDS)
    assert set(SAID_WORDS) == {*Said, WHY_UNKNOWN}


def test_every_word_has_its_english() -> None:
    words = [word for pair in SETTING_WORDS.values() for word in pair]
    for table in (COMMAND_WORDS, STATE_WORDS, SAID_WORDS, TRUTH_WORDS):
        words += table.values()
    assert {*words, FAULT_WORD, NO_NUMBER} - set(catalogue("en")) == set()


def test_what_a_form_shows_it_reads_back() -> None:
    wanted = {
        "station_name": "Trạm Y tế Côn Đảo",
        "languages": ["vi", "en"],
        "answers_emergency_ring": False,
        "volume_pct": 60,
    }
    fields = {name: field_text(wanted.get(name)) for name in SETTINGS}
    assert read_fields(fields, VI) == (wanted, {})
    assert read_fields({}, VI) == ({}, {})


@pytest.mark.parametrize(
    ("name", "typed"), [("volume_pct", "to"), ("volume_pct", "5"), ("languages", ","), ("hotline", "gọi")]
)
def test_what_cannot_be_is_named_by_its_field(name: str, typed: str) -> None:
    assert set(read_fields({name: typed}, VI)[1]) == {name}


def test_values_are_read_by_people() -> None:
    assert value_text("volume_pct", 60, VI) == "60 %"
    assert value_text("languages", ["vi", "en"], VI) == "vi, en"
    assert value_text("answers_emergency_ring", False, VI) == "không bao giờ"
    assert value_text("hotline", None, VI) == "---"
    assert value_text("of_tomorrow", 1, VI) == "1"
    assert said_text("something else", VI) is None

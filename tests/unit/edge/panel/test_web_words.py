"""The words of the page's modules: none is missing, none is another than the console's."""

import re
from pathlib import Path
from typing import get_args

import pytest

from contract.codes import Condition
from contract.media import CameraState, SoundState
from edge.call.station_table import State
from edge.capture.device_words import Fault
from edge.live.numbers import LABELS
from edge.live.texts import LEADS_OFF, REVERSAL
from edge.panel.live_words import LIVE_TABLE
from edge.panel.web_words import WEB_WORDS, page_catalogue
from edge.panel.words import _TABLE, LANGUAGES, WORDS, Words
from hub.console.words import catalogue

ROOT = Path(__file__).parents[4]
PANEL_JS = ROOT / "edge" / "panel" / "static" / "panel.js"
IMPORT = re.compile(r'^import .*? from "([^"]+)";', re.MULTILINE)
SAID = re.compile(r'\bt\("([^"]+)"')


def modules(path: Path, found: set[Path] | None = None) -> set[Path]:
    """The page's module and all that it imports, as the browser finds them."""
    found = set() if found is None else found
    if path not in found:
        found.add(path)
        for name in IMPORT.findall(path.read_text("utf-8")):
            modules(ROOT / name.lstrip("/") if name.startswith("/") else path.parent / name, found)
    return found


def test_every_word_of_the_modules_and_of_what_is_sent_to_them_is_there_in_english() -> None:
    said = {word for path in modules(PANEL_JS) for word in SAID.findall(path.read_text("utf-8"))}
    sent = {*LABELS.values(), LEADS_OFF, REVERSAL, *(WORDS["vi"][one] for one in Condition)}
    assert len(said) > 20
    assert said | sent <= WEB_WORDS.keys()
    assert WEB_WORDS.keys() <= said | sent, "words that nobody says"


def test_the_console_says_the_same() -> None:
    theirs = catalogue("en")
    assert {key: word for key, word in WEB_WORDS.items() if theirs.get(key, word) != word} == {}


def test_the_page_carries_no_words_where_the_key_is_the_word() -> None:
    assert page_catalogue("vi") == {}
    assert page_catalogue("en") == WEB_WORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_every_device_and_every_state_of_a_call_has_its_words(language: str) -> None:
    words = Words(language)
    keys = [f"fault {fault}" for fault in get_args(Fault)]
    keys += [f"next {state.name}" for state in State]
    keys += [f"camera {state}" for state in get_args(CameraState) if state not in ("open", "closed")]
    for device in ("microphone", "loudspeaker"):
        keys += [f"{device} {state}" for state in get_args(SoundState) if state not in ("open", "closed")]
    assert [key for key in keys if not words.has(key)] == []


def test_no_word_of_one_table_hides_one_of_the_other() -> None:
    assert LIVE_TABLE.keys().isdisjoint(_TABLE)


def test_no_english_stands_in_the_vietnamese_column() -> None:
    english = re.compile(r"\b(the|is|not|and|call|link|press|device|electrode)\b", re.IGNORECASE)
    assert [text for text in WORDS["vi"].values() if english.search(text)] == []

"""Every word of the pages is in the English catalogue, and nothing else is."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract

from hub.console.words import LANGUAGES, Words, catalogue

ROOT = Path(__file__).parents[4]
CONSOLE = ROOT / "hub" / "console"
VIETNAMESE = re.compile(r"[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
SAID_BY_SCRIPTS = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
SAID_BY_CODE = re.compile(r'"((?:[^"\\]|\\.)*)"')
ASKED_BY_CODE = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')  # a word may have no mark of its language
COMMENT = re.compile(r"/\*(?:.|\n)*?\*/|(?<!:)//.*")
PO = CONSOLE / "locale" / "en" / "LC_MESSAGES" / "console.po"
PLACES = "outline.js"  # names of islands, the same in every language
SCRIPTS = sorted(
    path for path in [*(ROOT / "web").glob("*.js"), *(CONSOLE / "static").glob("*.js")] if path.name != PLACES
)
WRITTEN = sorted(
    path
    for room in ("web", "hub/console", "hub/cases", "hub/live", "hub/papers", "edge/panel")
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".py", ".js", ".html", ".css", ".po")
)
NAMES = {"Hải đăng"}  # the project's own name is the same in every language


def said_by_templates() -> Iterator[str]:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true"}
            for _, message, _, _ in extract("jinja2.ext:babel_extract", file, {"_": None}, (), options):
                yield str(message)


def said_by_scripts() -> Iterator[str]:
    for path in SCRIPTS:
        yield from SAID_BY_SCRIPTS.findall(path.read_text(encoding="utf-8"))


def said_by_code() -> Iterator[str]:
    """Vietnamese in Python is always a key: of a refusal, of an age, of a lead, of a paper, of a cell."""
    rooms = [ROOT / "hub" / name for name in ("console", "live", "cases", "papers", "playback", "fleet")]
    of_alerts = [ROOT / "hub" / "alerts" / f"{name}.py" for name in ("maintenance", "place_names", "rules")]
    for path in sorted([*of_alerts, *(path for room in rooms for path in room.glob("*.py"))]):
        if path.name != "words.py":
            code = re.sub(r'"""(?:.|\n)*?"""|# .*', "", path.read_text(encoding="utf-8"))
            yield from (text for text in SAID_BY_CODE.findall(code) if VIETNAMESE.search(text))
            yield from ASKED_BY_CODE.findall(code)


def test_every_word_of_the_pages_has_its_english_and_every_english_word_is_used() -> None:
    said = {*said_by_templates(), *said_by_scripts(), *said_by_code()}
    assert len(said) > 100
    assert said - set(catalogue("en")) == set()
    assert set(catalogue("en")) - said == set()


@pytest.mark.parametrize("key", sorted(catalogue("en")))
def test_the_english_holds_the_same_places_and_no_vietnamese(key: str) -> None:
    english = catalogue("en")[key]
    assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", key))
    assert not VIETNAMESE.search(re.sub("|".join(NAMES), "", english))


def test_no_template_shows_vietnamese_that_is_not_a_key() -> None:
    for path in sorted((CONSOLE / "templates").glob("*.html")):
        rest = re.sub(r'_\("[^"]*"', "", path.read_text(encoding="utf-8"))
        left = re.sub("|".join(NAMES), "", rest)
        assert not VIETNAMESE.search(left), f"{path.name}: {VIETNAMESE.findall(left)}"


def test_a_word_takes_its_values_and_a_number_is_written_as_the_language_writes_it() -> None:
    assert set(LANGUAGES) == {"vi", "en"}
    assert Words("vi")("{n} phút", n=3) == "3 phút"
    assert Words("en")("{n} phút", n=3) == "3 min"
    assert Words("en")("không có trong sổ") == "không có trong sổ"
    assert (Words("vi").number(0.8, 1), Words("en").number(0.8, 1)) == ("0,8", "0.8")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_says_vietnamese_that_is_not_a_key(path: Path) -> None:
    code = SAID_BY_SCRIPTS.sub("", COMMENT.sub("", path.read_text(encoding="utf-8")))
    compared = {text for text in SAID_BY_CODE.findall(code) if VIETNAMESE.search(text)}
    assert compared - set(catalogue("en")) == set()
    assert VIETNAMESE.findall(SAID_BY_CODE.sub("", code)) == []


def test_every_word_is_there_once() -> None:
    """So that two who add the same word are told, and neither English is lost."""
    keys = re.findall(r'^msgid "(.+)"$', PO.read_text(encoding="utf-8"), re.MULTILINE)
    assert [key for key in set(keys) if keys.count(key) > 1] == []


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_letters_are_written_whole(path: Path) -> None:
    """NFC: a letter and its marks are one character, so that keys, searches and sorting meet."""
    text = path.read_text(encoding="utf-8")
    assert text == unicodedata.normalize("NFC", text)

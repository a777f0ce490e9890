"""The words of the pages. Vietnamese is the source language and the key; other languages are .po files."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from starlette.requests import HTTPConnection

from hub.live.instrument_phrases import BETWEEN, phrase_keys

LANGUAGES: Final = {"vi": "Tiếng Việt", "en": "English"}
SOURCE_LANGUAGE: Final = "vi"
LANGUAGE_COOKIE: Final = "haidang_lang"
FOLDER: Final = Path(__file__).parent / "locale"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the words of a language by their Vietnamese; empty for Vietnamese itself."""
    if language == SOURCE_LANGUAGE:
        return {}
    path = FOLDER / language / "LC_MESSAGES" / "console.po"
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return {str(entry.id): str(entry.string) for entry in entries if entry.id and entry.string}


class Words:
    """Says things in one language. In templates and pages it is called `_`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.catalogue = catalogue(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the word for `key`, each `{name}` in it replaced by a value."""
        word = self.catalogue.get(key, key)
        return word.format(**values) if values else word

    def each(self, keys: Iterable[str]) -> list[str]:
        """Return the words for some keys."""
        return [self(key) for key in keys]

    def phrases(self, text: str) -> str:
        """Return what a device says of itself, each of its phrases in the language of the page."""
        return BETWEEN.join(self(key) for key in phrase_keys(text).split(BETWEEN))

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number as the language writes it: 0,8 in Vietnamese."""
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "vi" else text


def language_of(connection: HTTPConnection) -> str:
    """Return the language chosen with `?lang=` now, or by cookie before; Vietnamese for none."""
    asked = connection.query_params.get("lang", connection.cookies.get(LANGUAGE_COOKIE, ""))
    return asked if asked in LANGUAGES else SOURCE_LANGUAGE

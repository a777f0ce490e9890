"""What on a page is not of its language: Vietnamese on an English page, English on a Vietnamese one."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Final

from playwright.sync_api import Page

from hub.console.words import catalogue

VIETNAMESE: Final = re.compile(r"[À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
WORD: Final = re.compile(r"[^\W\d_]{2,}")
# The same in every language: the project, what is measured, units, forms of files, makes of messages.
EVERYWHERE: Final = frozenset(
    words
    for line in (
        "hải đăng",
        "spo ecg pleth avr avl avf st pi",
        "hz khz mm mv uv ms kb kbit bit px mb bpm mmhg mp utc gmt",
        "pdf csv json html http https sms webhook id",
    )
    for words in line.split()
)
_TEXTS: Final = """() => {
    const here = document.documentElement.lang, found = [document.title];
    const isOther = (one) => (one.closest("[lang]")?.lang ?? here) !== here
        || one.closest("kbd, script, style, noscript, [translate=no]");
    const said = ["aria-label", "title", "placeholder", "alt"];
    for (const one of document.body.querySelectorAll("*")) {
        if (isOther(one)) continue;
        found.push(...said.map((name) => one.getAttribute(name) ?? ""));
        for (const node of one.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
        if (one instanceof HTMLInputElement && ["submit", "button"].includes(one.type)) found.push(one.value);
    }
    return found.map((text) => text.replace(/\\s+/g, " ").trim()).filter(Boolean);
}"""


@cache
def vocabulary(language: str) -> frozenset[str]:
    """Return every word that the pages can say in a language."""
    return vocabulary_of(catalogue("en") if language == "vi" else catalogue("en").values())


def vocabulary_of(texts: Iterable[str]) -> frozenset[str]:
    """Return every word of texts, places for values left out."""
    return frozenset(word for text in texts for word in words_of(re.sub(r"\{\w+\}", " ", text)))


def words_of(text: str) -> list[str]:
    """Return the words of a text, in small letters; numbers and single letters are none."""
    return [word.casefold() for word in WORD.findall(text)]


def foreign(text: str, language: str, known: frozenset[str] | None = None) -> list[str]:
    """Return which words of a text are not of that language, nor of every language. `known`: all that can be
    said there; None: what the pages of the console can."""
    said = EVERYWHERE | (vocabulary(language) if known is None else known)
    strange = [word for word in words_of(text) if word not in said]
    if language == "vi":  # what has Vietnamese letters is data or a key
        strange = [word for word in strange if not VIETNAMESE.search(word)]
    return strange


def faults_of_texts(
    texts: Iterable[str], language: str, *, names: Iterable[str], known: frozenset[str] | None = None
) -> list[str]:
    """Return each text that has words of another language, once; `names` are told as they are everywhere,
    `known` as in `foreign`."""
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    told = re.compile(rf"(?<!\w)(?:{either})(?!\w)" if either else r"(?!)")
    found: dict[str, None] = {}
    for text in texts:
        if unicodedata.normalize("NFC", text) != text:
            found[f"not NFC: {text!r}"] = None
        strange = foreign(told.sub(" ", text), language, known)
        if strange:
            found[f"{', '.join(strange)} in {text!r}"] = None
    return list(found)


def faults(
    page: Page, language: str, *, names: Iterable[str], known: frozenset[str] | None = None
) -> list[str]:
    """Return what is said on a page, shown or not yet, in words of another language; `known`: all
    that can be said there."""
    texts: list[str] = page.evaluate(_TEXTS)
    return faults_of_texts(texts, language, names=names, known=known)

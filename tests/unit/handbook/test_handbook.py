"""The operator's handbook: its keys are the console's, each picture is there, described, and used."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.handbook.key_table import FOLDER, PAGES, PLACES, ROOT, key_table, keys, with_table
from tests.handbook.shots import SHOTS

PICTURES: Final = FOLDER / "pictures"
PICTURES_MAX_BYTES: Final = 1_500_000
IMAGE: Final = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)]+)\)")
LINK: Final = re.compile(r"(?<!!)\[[^\]]+\]\((?P<path>[^)]+)\)")


def text_of(language: str) -> str:
    return PAGES[language].read_text(encoding="utf-8")


@pytest.mark.parametrize("language", PAGES)
def test_the_table_has_every_key_of_the_console_and_no_other(language: str) -> None:
    assert text_of(language) == with_table(text_of(language), language), "python -m tests.handbook"
    assert set(PLACES) == {deed for deed, _, _ in keys()}
    assert key_table(language).count("\n") == len(keys()) + 2


def test_each_key_reads_in_english_too() -> None:
    for _, _, text in keys():
        assert text not in key_table("en"), f"no English for: {text}"


@pytest.mark.parametrize("language", PAGES)
def test_every_picture_is_there_described_and_of_the_pages_language(language: str) -> None:
    images = list(IMAGE.finditer(text_of(language)))
    assert sorted(one["path"] for one in images) == sorted(f"pictures/{s.name}.{language}.png" for s in SHOTS)
    for one in images:
        assert (FOLDER / one["path"]).is_file()
        assert len(one["alt"]) >= 20


def test_every_picture_that_is_kept_is_one_of_the_tests_and_all_are_small() -> None:
    kept = list(PICTURES.iterdir())
    assert {one.name for one in kept} == {
        f"{shot.name}.{language}.png" for shot in SHOTS for language in PAGES
    }
    assert sum(one.stat().st_size for one in kept) <= PICTURES_MAX_BYTES


@pytest.mark.parametrize("language", PAGES)
def test_links_lead_somewhere(language: str) -> None:
    text = text_of(language)
    headings = {anchor(one) for one in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    for link in LINK.finditer(text):
        path = link["path"]
        assert path[1:] in headings if path.startswith("#") else (FOLDER / Path(path)).is_file(), path


def anchor(heading: str) -> str:
    """As a page of Markdown names its headings."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_both_languages_say_the_same_things_in_the_same_order() -> None:
    names = {
        language: [one["path"].replace(f".{language}.", ".") for one in IMAGE.finditer(text)]
        for language in PAGES
        for text in [text_of(language)]
    }
    assert names["vi"] == names["en"]
    headings = [re.findall(r"^## ", text_of(language), re.MULTILINE) for language in PAGES]
    assert len(headings[0]) == len(headings[1])


def test_whoever_begins_finds_the_handbook() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in PAGES.values():
        assert str(path.relative_to(ROOT)) in readme

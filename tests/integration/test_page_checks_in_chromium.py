"""The checkers of the tour find what they are for: each is given a page with one fault, and one without."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page
from tests.pages.axe import violations
from tests.pages.layout import too_wide
from tests.pages.motion import flash_rates, moves_when_reduced
from tests.pages.wording import faults

PAGE = """<!doctype html><html lang="vi"><head><title>Các trạm</title><style>{style}</style></head>
<body><main><h1>Các trạm</h1>{body}</main></body></html>"""
FLASH = "p {{ animation: f {period} steps(1, end) infinite }} @keyframes f {{ 50% {{ opacity: 0 }} }}"
STILL = "@media (prefers-reduced-motion: reduce) { p { animation: none } }"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium_page() as page:
        yield page


def show(page: Page, body: str, style: str = "") -> None:
    page.set_content(PAGE.format(body=body, style=style))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<p>Cuộc gọi</p>", None),
        ('<img src="data:,">', "image-alt"),
        ("<button></button>", "button-name"),
        ("<input>", "label"),
        ('<p style="color: #bbb; background: #fff">Cuộc gọi</p>', "color-contrast"),
        ('<p id="a">Cuộc gọi</p></main><p>Mạch</p><main hidden>', "region"),
    ],
)
def test_axe_finds_what_cannot_be_used(page: Page, body: str, rule: str | None) -> None:
    show(page, body)
    assert {one.partition(" ")[0] for one in violations(page)} == ({rule} if rule else set())


def test_what_sticks_out_is_found(page: Page) -> None:
    show(page, '<p id="long" style="width: 900px">Cuộc gọi</p>')
    assert too_wide(page, 1024, 768) == []
    found = too_wide(page, 640, 400)
    assert any("#long" in one for one in found)


@pytest.mark.parametrize(("period", "hz"), [("0.5s", 2.0), ("0.2s", 5.0)])
def test_how_often_something_flashes_is_read(page: Page, period: str, hz: float) -> None:
    show(page, "<p>Cuộc gọi</p>", FLASH.format(period=period))
    assert flash_rates(page) == {"f": hz}


def test_what_moves_all_the_same_is_found(page: Page) -> None:
    show(page, "<p>Cuộc gọi</p>", FLASH.format(period="0.5s"))
    assert moves_when_reduced(page) == ["f"]
    show(page, "<p>Cuộc gọi</p>", FLASH.format(period="0.5s") + STILL)
    assert moves_when_reduced(page) == []


@pytest.mark.parametrize(
    ("body", "is_found"),
    [
        ("<p>Cuộc gọi</p>", False),
        ("<p>unreachable</p>", True),
        ('<p lang="en">unreachable</p>', False),
        ("<p hidden>unreachable</p>", True),
        ('<p aria-label="unreachable">Cuộc gọi</p>', True),
        ('<input placeholder="unreachable">', True),
        ("<p><kbd>PgUp</kbd></p>", False),
    ],
)
def test_a_word_of_another_language_is_found_wherever_it_stands(
    page: Page, body: str, is_found: bool
) -> None:
    show(page, body)
    assert (faults(page, "vi", names=()) != []) == is_found

"""The hub and the pages put names in the same order: the hub's key against the browser's collator."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from hub.collation import name_key
from tests.browser import chromium_page
from tests.simulators.page_server import PageServer

LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
PLACES = [
    "Trạm Y tế xã Mường Nhé",
    "Trạm Y tế Lý Sơn",
    "Trạm Y tế Lý Nhân",
    "Đắk Lắk",
    "Đà Nẵng",
    "Dương Minh",
]
SORT = "async (names) => { const { byName } = await import('/web/collation.js'); return names.sort(byName) }"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with PageServer() as hub, chromium_page(hub.url) as page:
        yield page


def made_up(seed: int) -> list[str]:
    """Names of letters, spaces and numbers that differ in little."""
    rng = random.Random(seed)
    letters = [*rng.sample(LETTERS + LETTERS.upper(), 6), " ", "2", "10"]
    return [*PLACES, *{"".join(rng.choices(letters, k=rng.randint(1, 5))).strip() for _ in range(400)}]


@pytest.mark.parametrize("seed", range(12))
def test_the_hub_and_the_page_put_names_in_the_same_order(page: Page, seed: int) -> None:
    names = sorted(made_up(seed))
    assert sorted(names, key=name_key) == page.evaluate(SORT, names)

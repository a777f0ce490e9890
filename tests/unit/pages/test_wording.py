"""Words of another language are found on a page, and names are let through."""

import pytest

from tests.pages.wording import faults_of_texts

NAMES = ("Trạm Y tế Lý Sơn", "con-dao-01")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("vi", "Các trạm"),
        ("vi", "đang nghe · 3 phút"),
        ("vi", "SpO2 97 % · 25 mm/s"),
        ("en", "Stations"),
        ("en", "Trạm Y tế Lý Sơn: calls"),
        ("en", "con-dao-01"),
    ],
)
def test_what_is_of_the_language_is_let_through(language: str, text: str) -> None:
    assert faults_of_texts([text], language, names=NAMES) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("vi", "the cuff is loose"),
        ("vi", "spool: unreachable"),
        ("en", "Các trạm"),
        ("en", "dang nghe"),
        ("en", "Trạm Y tế Phú Quý"),
        ("vi", "Ca\N{COMBINING ACUTE ACCENT}c trạm"),
    ],
)
def test_what_is_not_is_found(language: str, text: str) -> None:
    assert faults_of_texts([text], language, names=NAMES) != []

"""Names in the order of Vietnamese."""

import random
import unicodedata

import pytest

from hub.collation import name_key

ORDERED = [
    ["a", "A", "à", "ả", "ã", "á", "ạ", "ă", "ằ", "â", "ấ", "b"],
    ["d", "đ", "Đ", "e", "ê", "g"],
    ["o", "ô", "ơ", "p", "u", "ư", "v"],
    ["ma", "mà", "mả", "mã", "má", "mạ", "man", "mân"],
    ["Trạm 2", "Trạm 10", "Trạm A"],
    ["Đa", "Đá", "Đà Nẵng", "Đắk Lắk", "Đồng Tháp"],
    ["Dương", "Đại", "E"],
    ["Hoà Bình", "Hoa Lư", "Hòa Lư"],
    ["Lý Sơn", "Mường Nhé", "Phú Quý"],
]


@pytest.mark.parametrize("names", ORDERED, ids=[names[0] for names in ORDERED])
def test_names_stand_in_the_order_of_vietnamese(names: list[str]) -> None:
    shuffled = names[:]
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=name_key) == names


def test_how_a_letter_is_composed_does_not_matter() -> None:
    for names in ORDERED:
        for name in names:
            assert name_key(unicodedata.normalize("NFD", name)) == name_key(name)


def test_letters_count_before_tones_and_tones_before_size() -> None:
    assert name_key("mà bx") > name_key("má ba")
    assert name_key("MA") < name_key("mà")
    assert name_key("ma") < name_key("Ma")
    assert name_key("") < name_key("a")

import pytest

from tests.wire.cbor import SINT16_LE, Item, Tagged, encode


@pytest.mark.parametrize(
    ("item", "expected"),
    [  # RFC 8949, appendix A
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (100, "1864"),
        (1_000, "1903e8"),
        (1_000_000, "1a000f4240"),
        (1_000_000_000_000, "1b000000e8d4a51000"),
        (-1, "20"),
        (-1_000, "3903e7"),
        ("IETF", "6449455446"),
        ({"a": 1, "b": "c"}, "a2616101616261" + "63"),
        (Tagged(SINT16_LE, b"\x01\x00"), "d84d420100"),
    ],
)
def test_items_are_coded_as_the_standard_shows(item: Item, expected: str) -> None:
    assert encode(item).hex() == expected

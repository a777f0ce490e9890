"""What people type in a cell or a field: read as a value, or refused with what to do."""

from collections.abc import Callable
from datetime import date

import pytest

from hub.fleet.cells import (
    CellError,
    check_names,
    contact_text,
    device_text,
    former_text,
    read_aliases,
    read_contact,
    read_day,
    read_device,
    read_former,
    read_list,
    read_note,
    read_position,
    read_text,
    read_unit_name,
    read_yes,
    read_zone,
)
from hub.fleet.station_card import Contact, OwnedDevice, Position
from hub.fleet.station_import import read_serial
from hub.fleet.units import UnitName


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_text, "  Tra\u0323m   y tế ", "Trạm y tế"),
        (read_note, " a  b \r\n\r\n c\n", "a b\n\nc"),
        (read_aliases, "A | B|| A ", ("A", "B")),
        (read_aliases, "", ()),
        (read_contact, "trực trạm: 0254 383 0000", Contact("trực trạm", "0254 383 0000")),
        (read_contact, "+84 (0)254.383-0000", Contact("", "+84 (0)254.383-0000")),
        (read_contact, "trưởng trạm: ca đêm: 115", Contact("trưởng trạm: ca đêm", "115")),
        (read_device, "Nonin 9600 #SN-7", OwnedDevice("Nonin 9600", "SN-7")),
        (read_device, "Nonin 9600", OwnedDevice("Nonin 9600")),
        (read_zone, " Asia/Dili ", "Asia/Dili"),
        (read_zone, "", None),
        (read_day, "2025-07-01", date(2025, 7, 1)),
        (read_day, "1/7/2025", date(2025, 7, 1)),
        (read_day, " ", None),
        (read_yes, "X", True),
        (read_yes, "có", True),
        (read_yes, "", False),
        (read_former, "A | B [2010-01-01]", (UnitName("A"), UnitName("B", date(2010, 1, 1)))),
    ],
)
def test_a_value_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (read_text, "x" * 121, "Dài quá 120 chữ"),
        (read_text, "a\x00b", "ký tự lạ"),
        (read_note, "x" * 2001, "Dài quá 2000 chữ"),
        (read_unit_name, " ", "Thiếu tên"),
        (read_unit_name, "A › B", "không được có"),
        (read_unit_name, "#12", "không được có"),
        (read_contact, "trực trạm", "Số điện thoại"),
        (read_contact, "trực: 12a4", "Số điện thoại"),
        (read_device, "#7", "Thiết bị viết như"),
        (read_device, "A #1 #2", "Thiết bị viết như"),
        (read_zone, "Hà Nội", "Múi giờ viết như"),
        (read_day, "31/2/2025", "Ngày viết như"),
        (read_day, "hôm qua", "Ngày viết như"),
        (read_yes, "chưa rõ", "Chỉ ghi x"),
        (read_aliases, "|".join(map(str, range(31))), "Nhiều nhất 30"),
        (read_serial, "", "Số hộp"),
        (read_serial, "a/b", "Số hộp"),
    ],
)
def test_what_cannot_be_read_is_refused_and_says_why(
    read: Callable[[str], object], text: str, told: str
) -> None:
    with pytest.raises(CellError, match=told):
        read(text)


def test_a_position_is_two_numbers_with_a_comma_or_a_point() -> None:
    assert read_position("8,6836", " 106.6092") == Position(8.6836, 106.6092)
    assert read_position("", " ") is None
    assert str(read_position("-0", "0")) == str(Position(0.0, 0.0))
    for north, east in (("91", "0"), ("0", "181"), ("8.6", ""), ("nan", "0"), ("8°41'", "106")):
        with pytest.raises(CellError, match="Toạ độ"):
            read_position(north, east)


def test_texts_of_values_are_read_back() -> None:
    names = (UnitName("A"), UnitName("B", date(2010, 1, 1)))
    assert read_former(former_text(names)) == names
    for contact in (Contact("a:", "115"), Contact("", "0254 383")):
        assert read_contact(contact_text(contact)) == contact
    for device in (OwnedDevice("A", "1"), OwnedDevice("A")):
        assert read_list(device_text(device), read_device) == (device,)


def test_names_stand_in_the_order_of_their_days() -> None:
    check_names([UnitName("A"), UnitName("B", date(2010, 1, 1)), UnitName("C", date(2025, 7, 1))])
    for names in (
        [UnitName("A"), UnitName("B")],
        [UnitName("A", date(2025, 7, 1)), UnitName("B", date(2025, 7, 1))],
    ):
        with pytest.raises(CellError, match="Tên B phải có ngày bắt đầu"):
            check_names(names)

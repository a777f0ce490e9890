"""What people type of a unit or a station, in a form or a cell of a file, as values and back (core).

Lists stand in one cell, parted by |, for a comma is part of names and a semicolon parts Excel's cells.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Final, TypeVar
from zoneinfo import available_timezones

from hub.fleet.folding import fold
from hub.fleet.station_card import Contact, OwnedDevice, Position
from hub.fleet.units import UnitName

T = TypeVar("T")

TEXT_MAX_CHARS: Final = 120  # of a name, an alias, a role, a model
NOTE_MAX_CHARS: Final = 2_000
LIST_MAX: Final = 30  # aliases, contacts, devices or boxes of one
PARTED: Final = " | "
YES: Final = frozenset({"1", "x", "co", "yes", "true", "dung"})
NO: Final = frozenset({"", "0", "khong", "no", "false", "sai"})
_PHONE: Final = re.compile(r"[+(]?[0-9][0-9 .()-]{1,22}[0-9]")
_VIETNAMESE_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_DATED: Final = re.compile(r"(.*?)(?: \[(\d{4}-\d{2}-\d{2})\])?")
_OF_PATHS: Final = re.compile(r"[|›>\[\]\n]|^#")


class CellError(Exception):
    """What was typed cannot be used. `text_key` is a word of the catalogue and says what to do."""

    def __init__(self, text_key: str, **values: object) -> None:
        super().__init__(text_key.format(**values) if values else text_key)
        self.text_key, self.values = text_key, values


def read_text(text: str, *, max_chars: int = TEXT_MAX_CHARS) -> str:
    """Return a text in NFC, with single spaces. Raises CellError: too long, or not text."""
    clean = " ".join(unicodedata.normalize("NFC", text).split())
    _check_text(clean, max_chars)
    return clean


def read_note(text: str) -> str:
    """Return a text of several lines in NFC. Raises CellError."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    clean = "\n".join(" ".join(line.split()) for line in lines).strip("\n")
    _check_text(clean.replace("\n", " "), NOTE_MAX_CHARS)
    return clean


def read_unit_name(text: str) -> str:
    """Return the name of a unit. Raises CellError: none, or with a mark that parts paths and lists."""
    name = read_text(text)
    if not name:
        raise CellError("Thiếu tên đơn vị.")
    if _OF_PATHS.search(name):
        raise CellError("Tên đơn vị không được có | › > [ ] và không bắt đầu bằng #: {text}", text=name)
    return name


def read_list(text: str, read: Callable[[str], T]) -> tuple[T, ...]:
    """Return the items of a cell, each once. Raises CellError: too many, or one that `read` refuses."""
    found = tuple(dict.fromkeys(read(one) for one in text.split("|") if one.strip()))
    if len(found) > LIST_MAX:
        raise CellError("Nhiều nhất {n} mục trong một ô.", n=LIST_MAX)
    return found


def read_aliases(text: str) -> tuple[str, ...]:
    """Return other names. Raises CellError."""
    return read_list(text, read_text)


def read_contact(text: str) -> Contact:
    """Return a contact from "trực trạm: 0254 383 0000"; the role may be missing. Raises CellError."""
    role, _, phone = read_text(text).rpartition(":")
    phone = phone.strip()
    if not _PHONE.fullmatch(phone):
        raise CellError("Số điện thoại chỉ có chữ số, dấu cách và + . - ( ): {text}", text=phone or text)
    return Contact(role.strip(), phone)


def contact_text(contact: Contact) -> str:
    """Return a contact as `read_contact` reads it."""
    return f"{contact.role}: {contact.phone}" if contact.role else contact.phone


def read_device(text: str) -> OwnedDevice:
    """Return an instrument from "Nonin 9600 #SN-7"; the serial number may be missing. Raises CellError."""
    model, mark, serial = read_text(text).partition("#")
    if not model.strip() or "#" in serial:
        raise CellError("Thiết bị viết như: Nonin 9600 #số máy. Không đọc được: {text}", text=text.strip())
    return OwnedDevice(model.strip(), serial.strip() if mark else "")


def device_text(device: OwnedDevice) -> str:
    """Return an instrument as `read_device` reads it."""
    return f"{device.model} #{device.serial}" if device.serial else device.model


def read_position(north: str, east: str) -> Position | None:
    """Return a position from two cells, None for two empty ones. Raises CellError."""
    if not north.strip() and not east.strip():
        return None
    return Position(_degrees(north, 90), _degrees(east, 180))


def degrees_text(degrees: float) -> str:
    """Return degrees so that they are read back the same."""
    return repr(degrees)


def read_zone(text: str) -> str | None:
    """Return a time zone (IANA), None for an empty text. Raises CellError."""
    zone = text.strip()
    if not zone:
        return None
    if zone not in zones():
        raise CellError("Múi giờ viết như Asia/Ho_Chi_Minh. Không có múi giờ {text}.", text=zone[:60])
    return zone


@cache
def zones() -> frozenset[str]:
    """Return all time zones that there are."""
    return frozenset(available_timezones())


def read_day(text: str) -> date | None:
    """Return a day from 2025-07-01 or 1/7/2025, None for an empty text. Raises CellError."""
    written = text.strip()
    if not written:
        return None
    vietnamese = _VIETNAMESE_DAY.fullmatch(written)
    try:
        if vietnamese is None:
            return date.fromisoformat(written)
        day, month, year = map(int, vietnamese.groups())
        return date(year, month, day)
    except ValueError:
        raise CellError("Ngày viết như 2025-07-01 hoặc 1/7/2025: {text}", text=written[:40]) from None


def read_yes(text: str) -> bool:
    """Return whether a cell is ticked. Raises CellError."""
    word = fold(text)
    if word not in YES | NO:
        raise CellError("Chỉ ghi x (đã đóng) hoặc để trống: {text}", text=text.strip()[:40])
    return word in YES


def read_former(text: str) -> tuple[UnitName, ...]:
    """Return earlier names from "Tên cũ | Tên sau [2010-01-01]". Raises CellError."""
    return read_list(text, _read_dated)


def former_text(names: Sequence[UnitName]) -> str:
    """Return names as `read_former` reads them."""
    return joined(one.text if one.since is None else f"{one.text} [{one.since}]" for one in names)


def check_names(names: Sequence[UnitName]) -> None:
    """Refuse names that are not in the order of their days. Raises CellError."""
    for earlier, later in pairwise(names):
        if later.since is None or (earlier.since is not None and earlier.since >= later.since):
            raise CellError("Tên {name} phải có ngày bắt đầu, sau ngày của tên trước.", name=later.text)


def joined(items: Iterable[str]) -> str:
    """Return the items of a list as one cell."""
    return PARTED.join(items)


def _read_dated(text: str) -> UnitName:
    match = _DATED.fullmatch(read_text(text))
    assert match is not None  # noqa: S101 - the pattern takes any text
    return UnitName(read_unit_name(match[1]), read_day(match[2] or ""))


def _degrees(text: str, most: int) -> float:
    try:
        degrees = float(text.strip().replace(",", "."))
    except ValueError:
        degrees = float("nan")
    if not -most <= degrees <= most:
        raise CellError(
            "Toạ độ là số độ thập phân, như 8,6836 (vĩ độ) và 106,6092 (kinh độ): {text}",
            text=text.strip()[:40] or "---",
        )
    return degrees + 0.0  # no negative zero


def _check_text(text: str, max_chars: int) -> None:
    if len(text) > max_chars:
        raise CellError("Dài quá {n} chữ: {text}…", n=max_chars, text=text[:40])
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") for char in text):
        raise CellError("Có ký tự lạ, không phải chữ: {text}", text=text[:40])

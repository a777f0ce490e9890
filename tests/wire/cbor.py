"""CBOR, as little of it as a message of samples needs (core). Source: RFC 8949, shortest forms; RFC 8746."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

UINT8: Final = 64  # tags of typed arrays
SINT16_LE: Final = 77
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _MAP, _TAG = 0, 1, 2, 3, 5, 6
_WIDTHS: Final = ((0xFF, 24, ">B"), (0xFFFF, 25, ">H"), (0xFFFFFFFF, 26, ">I"), (2**64 - 1, 27, ">Q"))


@dataclass(frozen=True, slots=True)
class Tagged:
    """Bytes, and what they are."""

    tag: int
    data: bytes


Item = int | str | Tagged | Mapping[str, "Item"]


def encode(item: Item) -> bytes:
    """Return the item's bytes."""
    match item:
        case int():
            return _head(_UNSIGNED, item) if item >= 0 else _head(_NEGATIVE, -1 - item)
        case str():
            text = item.encode()
            return _head(_TEXT, len(text)) + text
        case Mapping():
            return _head(_MAP, len(item)) + b"".join(encode(key) + encode(item[key]) for key in item)
        case Tagged(tag, data):
            return _head(_TAG, tag) + _head(_BYTES, len(data)) + data


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes((major << 5 | number,))
    for most, code, form in _WIDTHS:
        if number <= most:
            return bytes((major << 5 | code,)) + struct.pack(form, number)
    raise ValueError(f"{number} is over 64 bits")

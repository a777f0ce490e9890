"""What a block device was asked to do, in order: the log of QEMU's driver `blklogwrites` (core).

A super block, then entries: a sector with where, how much and what, and behind it the bytes of a write.
Source: block/blklogwrites.c of QEMU, whose form is that of Linux' dm-log-writes.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.crash.trace import File, Sync, Write

DEVICE: Final = File("device", 1)
Step = Write | Sync

_SUPER: Final = struct.Struct("<QQQI")  # magic, version, entries, bytes of a sector
_ENTRY: Final = struct.Struct("<QQQQ")  # sector, sectors, flags, bytes (always 0)
_MAGIC: Final = 0x6A736677736872
_VERSION: Final = 1
_FLUSH: Final = 1


class WriteLogError(Exception):
    """The log is of another form, or holds what the model of a disk does not know."""


class Logged(NamedTuple):
    """A write or flush, and how long the log was when it was over."""

    end_bytes: int
    step: Step


def read_log(raw: bytes) -> Iterator[Logged]:
    """Yield all that is whole in the log; the last entry may still have been on its way."""
    magic, version, _, sector_bytes = _SUPER.unpack_from(raw)
    if (magic, version) != (_MAGIC, _VERSION):
        raise WriteLogError(f"no log of writes: it begins with {raw[:16].hex()}")
    at = sector_bytes
    while at + sector_bytes <= len(raw):
        sector, sectors, flags, _ = _ENTRY.unpack_from(raw, at)
        begin = at + sector_bytes
        if flags not in (0, _FLUSH) or (flags == _FLUSH and sectors):
            raise WriteLogError(f"an entry at byte {at} has the flags {flags}, which the model does not know")
        at = begin + sectors * sector_bytes
        if at > len(raw):
            return
        yield Logged(at, Sync(DEVICE) if flags else Write(DEVICE, sector * sector_bytes, raw[begin:at]))

import struct

import pytest

from tests.crash.trace import Sync, Write
from tests.powercut.write_log import DEVICE, Logged, WriteLogError, read_log

SECTOR = 512
FLUSH, DISCARD = 1, 4


def super_block(*, magic: int = 0x6A736677736872, version: int = 1) -> bytes:
    return struct.pack("<QQQI", magic, version, 0, SECTOR).ljust(SECTOR, b"\0")


def entry(sector: int = 0, data: bytes = b"", *, flags: int = 0) -> bytes:
    return struct.pack("<QQQQ", sector, len(data) // SECTOR, flags, 0).ljust(SECTOR, b"\0") + data


ONE, TWO = b"1" * SECTOR, b"2" * 2 * SECTOR


def test_writes_and_flushes_come_in_their_order_with_where_the_log_was_after_each() -> None:
    log = super_block() + entry(8, ONE) + entry(flags=FLUSH) + entry(1, TWO)
    assert list(read_log(log)) == [
        Logged(3 * SECTOR, Write(DEVICE, 8 * SECTOR, ONE)),
        Logged(4 * SECTOR, Sync(DEVICE)),
        Logged(7 * SECTOR, Write(DEVICE, SECTOR, TWO)),
    ]


@pytest.mark.parametrize("there", range(SECTOR, 4 * SECTOR, 100))
def test_an_entry_that_is_on_its_way_is_none(there: int) -> None:
    log = super_block() + entry(8, TWO)
    assert list(read_log(log[:there])) == []


@pytest.mark.parametrize("flags", [2, DISCARD, 8, FLUSH | 2])
def test_what_the_model_of_a_disk_does_not_know_is_no_state(flags: int) -> None:
    with pytest.raises(WriteLogError, match=f"flags {flags}"):
        list(read_log(super_block() + entry(8, ONE, flags=flags)))


@pytest.mark.parametrize("log", [super_block(magic=1), super_block(version=2)])
def test_another_form_is_refused(log: bytes) -> None:
    with pytest.raises(WriteLogError, match="no log of writes"):
        list(read_log(log))

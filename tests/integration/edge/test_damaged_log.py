"""A log that is damaged is not given to SQLite, who would delete or overwrite it; one that was cut is."""

import shutil
from pathlib import Path

import pytest

from edge.errors import SpoolDamagedError
from edge.spool.integrity_log import frames_of, log_damage
from edge.spool.spool import Spool
from tests.integration.edge.damages import Truth, make_spool, salvage
from tests.integration.edge.spools import QUOTA_BYTES, open_spool, press_batch

FRAME_BYTES = 24 + 512


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("made")
    return folder, make_spool(folder / "spool.db", is_in_log=True)


@pytest.fixture
def path(made: tuple[Path, Truth], tmp_path: Path) -> Path:
    """A spool of which a third is only in the log."""
    for name in ("spool.db", "spool.db-wal"):
        shutil.copy(made[0] / name, tmp_path / name)
    return tmp_path / "spool.db"


def log_of(path: Path) -> Path:
    return path.with_name("spool.db-wal")


def change(path: Path, start: int, length: int) -> None:
    data = bytearray(path.read_bytes())
    data[start : start + length] = bytes(255 - byte for byte in data[start : start + length])
    path.write_bytes(data)


def test_the_frames_that_are_right_are_those_that_sqlite_counts(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        for count in range(1, 30):
            spool.commit(press_batch(count))
        frames = frames_of(log_of(tmp_path / "spool.db").read_bytes(), 512)
        right = [frame for frame in frames if frame.is_chained]
        _, counted, _ = spool._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert len(right) == counted > 50
    assert right[-1].is_commit


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 4), (0, 512), (16, 8), (24, 4), (32 + 20 * FRAME_BYTES + 100, 1), (32 + 20 * FRAME_BYTES, 24)],
    ids=["no magic", "no beginning", "another salt", "another sum", "a byte of a page", "a frame's header"],
)
def test_a_damaged_log_is_kept_for_recovery_and_gives_back_what_it_held(
    path: Path, made: tuple[Path, Truth], start: int, length: int
) -> None:
    change(log_of(path), start, length)
    data = log_of(path).read_bytes()
    with pytest.raises(SpoolDamagedError, match="log is damaged"):
        Spool(path, quota_bytes=QUOTA_BYTES)
    assert log_of(path).read_bytes() == data, "untouched"
    _, former = salvage(path.parent)
    assert former is not None
    missing = set(made[1].owed) - {(one.record_class, one.seq) for one in former.owed()}
    former.close()
    assert len(missing) <= 1


def test_a_last_transaction_that_a_power_cut_tore_is_no_damage(path: Path) -> None:
    frames = frames_of(log_of(path).read_bytes(), 512)
    right = [frame for frame in frames if frame.is_chained]
    for torn in (1, 2):  # its commit frame, or the one before it
        data = bytearray(log_of(path).read_bytes())
        at = 32 + (len(right) - torn) * FRAME_BYTES + 200
        data[at] ^= 1
        assert log_damage(bytes(data), 512) is None
    Spool(path, quota_bytes=QUOTA_BYTES).close()


def test_a_first_page_that_is_none_is_found_before_sqlite_deletes_the_log(path: Path) -> None:
    path.write_bytes(bytes(512) + path.read_bytes()[512:])
    log = log_of(path).read_bytes()
    with pytest.raises(SpoolDamagedError, match="file is not a database"):
        Spool(path, quota_bytes=QUOTA_BYTES)
    assert log_of(path).read_bytes() == log


def test_an_empty_log_is_no_damage() -> None:
    assert log_damage(b"", 512) is None
    assert log_damage(bytes(4_400_000), 512) is None

"""The check of a spool in use: what is damaged is found, and what is sound is not."""

from pathlib import Path

import pytest

from contract.events import Tombstone
from contract.ranges import SeqRanges
from edge.errors import SpoolDamagedError
from edge.spool.batch import Batch
from edge.spool.integrity import Found, Place, share_of
from edge.spool.spool import Spool
from tests.integration.edge.damages import HARMS, ROUNDS, Pages, harm, make_spool
from tests.integration.edge.spools import CALL, QUOTA_BYTES, WAVE, open_all, open_spool, press_batch, wave


def check(spool: Spool, place: Place | None = None) -> list[Found]:
    """All that a whole check finds; it ends."""
    place = place or Place()
    found: list[Found] = []
    for _ in range(10_000):
        if place.is_done:
            return found
        place, one = spool.check_slice(place)
        found += [one] if one is not None else []
    raise AssertionError("it never ends")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_spool(tmp_path / "spool.db")
    return tmp_path / "spool.db"


def look(path: Path) -> list[Found]:
    """Open and check as the service does."""
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    try:
        return check(spool)
    finally:
        spool.close()


def test_a_sound_file_is_found_sound(path: Path) -> None:
    assert look(path) == []


def test_a_file_in_use_is_found_sound_at_every_moment(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=600_000) as spool:
        place = Place()
        for n in range(300):
            spool.commit(Batch(drafts=[wave(n * 250, seed=n)]))
            spool.commit(
                Batch(entries=[wave(n * 250, seed=n)], drops_drafts=True)
            )  # rows come, and go for room
            if n % 7 == 0:
                spool.commit(Batch(received={WAVE: SeqRanges([(1, n + 1)])}))
                spool.tend()
            place, found = spool.check_slice(Place() if place.is_done else place)
            assert found is None
        assert check(spool) == []
        assert share_of(Place(), spool.ledgers()) == 0.0


def test_a_check_goes_on_where_it_was_and_says_how_far_it_is(path: Path) -> None:
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    place, shares = Place(), []
    while not place.is_done:
        place, _ = spool.check_slice(place)
        shares.append(share_of(place, spool.ledgers()))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(0.1 < share < 0.9 for share in shares)
    spool.close()


def test_no_slice_reads_for_long_at_a_time(path: Path) -> None:
    """By the rows: a slice ends with the record that makes it 32 kB."""
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    spool.begin_boot("a")
    place, seen = Place(), 0
    while not place.is_done:
        before = place
        place, _ = spool.check_slice(place)
        seqs = range(before.after + 1, place.after + 1) if place.classes == before.classes else ()
        read = sum(len(raw) for raw in spool.read(WAVE, seqs).values()) if before.classes == 3 else 0
        assert read < 32_768 + 60_000
        seen += bool(seqs)
    assert seen, "all in one"
    spool.close()


def test_the_log_can_be_begun_anew_between_two_slices(path: Path) -> None:
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    place = Place()
    while not place.is_done:
        place, _ = spool.check_slice(place)
        busy, *_ = spool._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        assert not busy
    spool.close()


@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("kind", ["interior", "leaf", "overflow"])
@pytest.mark.parametrize("table", ["record_0", "record_2"])
def test_a_damaged_page_is_found(path: Path, table: str, kind: str, how: str) -> None:
    pages = Pages(path)
    numbers = pages.of_table(table)[kind]
    if not numbers:
        return
    harm(path, numbers[len(numbers) // 2], pages.size, HARMS[how])
    try:
        found = look(path)
    except SpoolDamagedError:
        return  # the file, then
    if kind != "overflow" and how == "a bit flips":
        return  # in a count of free bytes that nobody needs
    assert len(found) == 1
    assert found[0].record_class == int(table[-1])


@pytest.mark.parametrize("table", ["fact", "received", "given_up", "boot", "press", "refused", "draft_slot"])
def test_a_damaged_small_table_is_found(path: Path, table: str) -> None:
    pages = Pages(path)
    harm(path, int(pages.roots[table]), pages.size, HARMS["all is noise"])
    with pytest.raises(SpoolDamagedError):
        look(path)


def test_an_old_copy_of_a_page_is_found_by_the_records_that_are_not_in_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        for n in range(1, 200):
            spool.commit(press_batch(n))
        spool._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        old = path.read_bytes()
        for n in range(200, 203):
            spool.commit(press_batch(n))
        spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    pages = Pages(path)
    new, size = path.read_bytes(), pages.size
    starts = [(number - 1) * size for number in pages.of_table("record_0")["leaf"]]
    start = max(at for at in starts if old[at : at + size] != new[at : at + size] and at < len(old))
    harm(path, start // size + 1, size, lambda _: old[start : start + size])
    (found,) = look(path)
    assert found.record_class == CALL
    assert any(200 <= low <= 203 for low, _ in found.seqs)


def test_an_old_copy_of_the_list_of_free_pages_is_found(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[wave(n, seed=n) for n in range(60)]))
        spool._db.execute("DELETE FROM record_2 WHERE seq < 50")
        spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        old = path.read_bytes()
        spool.commit(Batch(entries=[wave(n, seed=n) for n in range(3)]))
        spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        given_up = {WAVE: SeqRanges([(1, 49)])}
        spool._db.execute("INSERT INTO given_up VALUES (2, 1, 49)")
        assert given_up == {WAVE: spool.given_up()[WAVE]}
        assert check(spool) == []
    size = Pages(path).size
    trunk = int.from_bytes(old[32:36], "big")
    harm(path, trunk, size, lambda _: old[(trunk - 1) * size : trunk * size])
    with pytest.raises(SpoolDamagedError, match="free"):
        look(path)


def test_a_file_that_was_cut_is_found(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(SpoolDamagedError):
        look(path)


def test_one_damaged_record_is_given_up_alone_and_the_hub_is_told(path: Path) -> None:
    pages = Pages(path)
    overflow = pages.of_table("record_2")["overflow"]
    harm(path, overflow[len(overflow) // 2], pages.size, HARMS["a bit flips"])
    with open_spool(path) as spool:
        (found,) = check(spool)
        spool.give_up(found.record_class, found.seqs, why="damaged on the card")
        assert check(spool) == []
        told = [one for one in open_all(spool).values() if isinstance(one, Tombstone)]
        assert [(one.first_seq, one.last_seq) for one in told] == list(found.seqs)
        assert len([one for one in spool.owed() if one.record_class == WAVE]) >= ROUNDS - 12

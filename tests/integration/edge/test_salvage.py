"""Files damaged in every way, and what comes out of them: each record once, as it was, or told as lost."""

import shutil
from pathlib import Path

import pytest

from contract.chunks import decode_chunk
from contract.errors import Refusal
from contract.header import Record, parse_record
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import Batch
from edge.spool.former import STRIDE, FormerSpool, former_path
from edge.spool.salvage import Salvage
from edge.spool.salvage_aside import Heritage, asides, forget, set_aside
from tests.integration.edge.damages import (
    HARMS,
    ROUNDS,
    Pages,
    Truth,
    harm,
    make_spool,
    run_salvage,
    salvage,
)
from tests.integration.edge.spools import CALL, NUMERIC, PART, WAVE, open_all, open_spool, wave


class Victim:
    """A spool in a folder of its own, to be damaged."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.folder, self.truth = folder, truth
        self.path, self.log = folder / "spool.db", folder / "spool.db-wal"

    def check(self, *, lost_max: int, drafts: int = 2, heritage: Heritage | None = None) -> FormerSpool:
        """Recover, and hold it against the truth; return the former spool, open."""
        outcome, former = salvage(self.folder, heritage=heritage)
        assert former is not None
        assert former.spool_id == self.truth.spool
        found = {
            (one.record_class, one.seq): former.read(one.record_class, [one.seq])[one.seq]
            for one in former.owed()
        }
        missing = {name for name in self.truth.owed if name not in found}
        assert not [name for name, raw in self.truth.owed.items() if found.get(name, raw) != raw]
        assert len(missing) <= lost_max
        new = {name for name, raw in found.items() if was_draft(raw)}
        old = {name for name in found if name not in new and name not in self.truth.owed}
        assert all(seq in self.truth.received.get(c, SeqRanges()) for c, seq in old), "nothing was invented"
        assert len(new) == drafts == outcome.drafts
        assert outcome.recovered == len(found)
        told = {
            (c, seq)
            for c, low, high in outcome.lost
            if high - low < STRIDE - 1
            for seq in range(low, high + 1)
        }
        received = {(c, seq) for c, ranges in self.truth.received.items() for seq in _all(ranges)}
        assert told - received <= missing, "a tombstone of what is here, or was"
        gaps = [high for _, low, high in outcome.lost if high - low == STRIDE - 1]
        assert not any(seq <= high for high in gaps for _, seq in new)
        assert len(open_all(former)) == len(found)
        return former


def was_draft(raw: bytes) -> bool:
    record = parse_record(raw)
    assert isinstance(record, Record)
    return record.header.was_draft


def _all(ranges: SeqRanges) -> list[int]:
    return [seq for low, high in ranges for seq in range(low, high + 1)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Path, Truth]]:
    found = {}
    for is_in_log in (False, True):
        folder = tmp_path_factory.mktemp("made")
        found[is_in_log] = folder, make_spool(folder / "spool.db", is_in_log=is_in_log)
    return found


@pytest.fixture
def victim(made: dict[bool, tuple[Path, Truth]], tmp_path: Path) -> Victim:
    """All in the file, the log empty."""
    return _copy(made[False], tmp_path)


@pytest.fixture
def logged(made: dict[bool, tuple[Path, Truth]], tmp_path: Path) -> Victim:
    """The newest third in the log."""
    return _copy(made[True], tmp_path)


def _copy(made: tuple[Path, Truth], folder: Path) -> Victim:
    for name in ("spool.db", "spool.db-wal"):
        shutil.copy(made[0] / name, folder / name)
    return Victim(folder, made[1])


def test_a_sound_file_is_recovered_whole(victim: Victim) -> None:
    victim.check(lost_max=0).close()


def test_what_only_the_log_holds_is_recovered_too(logged: Victim) -> None:
    logged.check(lost_max=0).close()


@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("kind", ["interior", "leaf", "overflow"])
@pytest.mark.parametrize("table", ["record_0", "record_2"])
def test_a_damaged_page_costs_its_own_records_at_most(
    victim: Victim, table: str, kind: str, how: str
) -> None:
    pages = Pages(victim.path)
    numbers = pages.of_table(table)[kind]
    if not numbers:
        return  # its rows are short
    harm(victim.path, numbers[len(numbers) // 2], pages.size, HARMS[how])
    at_most = {"interior": 0, "leaf": 4, "overflow": 1}[kind]
    if kind == "leaf" and how in ("a bit flips", "its header is zero"):
        at_most = 0  # the records themselves are whole
    victim.check(lost_max=at_most).close()


@pytest.mark.parametrize("how", HARMS)
@pytest.mark.parametrize("table", ["sqlite_sequence", "received", "given_up", "boot", "press", "refused"])
def test_a_damaged_small_table_costs_no_record(victim: Victim, table: str, how: str) -> None:
    pages = Pages(victim.path)
    harm(victim.path, int(pages.roots[table]), pages.size, HARMS[how])
    victim.check(lost_max=0).close()


@pytest.mark.parametrize("how", HARMS)
def test_a_damaged_first_page_costs_no_record(victim: Victim, how: str) -> None:
    harm(victim.path, 1, Pages(victim.path).size, HARMS[how])
    victim.check(lost_max=0).close()


def test_a_file_that_forgot_whose_it_is_is_recovered_by_the_note(victim: Victim) -> None:
    pages = Pages(victim.path)
    harm(victim.path, int(pages.roots["fact"]), pages.size, bytes.swapcase)
    victim.check(lost_max=0, heritage=Heritage(spool=victim.truth.spool)).close()


def test_a_file_of_which_nobody_can_say_whose_it_is_is_kept(victim: Victim) -> None:
    victim.path.write_bytes(b"garbage " * 4096)
    _, former = salvage(victim.folder)
    assert former is None


def test_half_a_file_gives_half_of_its_records(victim: Victim) -> None:
    data = victim.path.read_bytes()
    victim.path.write_bytes(data[: len(data) // 2])
    victim.check(lost_max=len(victim.truth.owed) * 2 // 3, drafts=0).close()


@pytest.mark.parametrize(
    ("start", "length", "lost_max"),
    [(0, 32, 0), (32, 24, 1), (40_000, 1, 1), (60_000, 8_000, 12)],
    ids=["its header", "the first frame", "a byte", "some frames"],
)
def test_a_damaged_log_costs_what_was_damaged_at_most(
    logged: Victim, start: int, length: int, lost_max: int
) -> None:
    data = bytearray(logged.log.read_bytes())
    data[start : start + length] = bytes(255 - byte for byte in data[start : start + length])
    logged.log.write_bytes(data)
    logged.check(lost_max=lost_max).close()


def test_a_log_without_its_file_gives_what_it_has(logged: Victim) -> None:
    logged.path.write_bytes(b"")
    _, former = salvage(logged.folder, heritage=Heritage(spool=logged.truth.spool))
    assert former is not None
    found = {(one.record_class, one.seq) for one in former.owed()} & set(logged.truth.owed)
    assert len([name for name in found if name[0] == CALL]) >= ROUNDS // 3
    former.close()


def test_drafts_that_became_records_are_not_taken_again(victim: Victim) -> None:
    """Their old copies lie about in the file: the draft table is gone, so all of it is looked through."""
    harm(
        victim.path,
        1,
        100,
        bytes.swapcase,
    )
    former = victim.check(lost_max=0)
    firsts = []
    for (record_class, seq), body in open_all(former).items():
        if record_class == WAVE:
            assert isinstance(body, bytes)
            record = parse_record(former.read(WAVE, [seq])[seq])
            assert isinstance(record, Record)
            (column,) = decode_chunk(body, t_us=record.header.t_us)
            firsts.append(column.first_index)
    assert len(firsts) == len(set(firsts)), "some seconds twice"
    former.close()


def test_drafts_that_memory_still_held_are_not_taken(victim: Victim) -> None:
    aside = set_aside(victim.path, why="a test", heritage=Heritage())
    outcome, former = run_salvage(aside, has_drafts_elsewhere=True)
    assert former is not None
    assert outcome.drafts == 0
    assert not [one for one in former.owed() if one.record_class == WAVE and one.seq > ROUNDS]
    former.close()


def test_a_draft_s_number_follows_the_last_one_where_that_is_known(victim: Victim) -> None:
    former = victim.check(lost_max=0)
    assert [one.seq for one in former.owed() if one.record_class == WAVE][-2:] == [ROUNDS + 1, ROUNDS + 2]
    former.close()


def test_a_draft_s_number_is_far_away_where_the_last_one_is_not_known(victim: Victim) -> None:
    pages = Pages(victim.path)
    (root,) = pages.of_table("sqlite_sequence")["leaf"]
    harm(victim.path, root, pages.size, HARMS["all is zero"])
    outcome, former = salvage(victim.folder)
    assert former is not None
    last = ROUNDS + STRIDE
    assert [one.seq for one in former.owed() if one.record_class == WAVE][-2:] == [last + 1, last + 2]
    assert (WAVE, ROUNDS + 1, last) in outcome.lost, "the hub is told of the numbers between"
    former.close()


def test_the_boots_of_the_file_keep_their_numbers_and_new_ones_are_new(victim: Victim) -> None:
    former = victim.check(lost_max=0)
    assert former.begin_boot("the-boot") == 1
    assert former.begin_boot("a-third-boot") == 2
    former.close()


def test_boots_that_cannot_be_read_are_not_given_their_numbers_again(victim: Victim) -> None:
    pages = Pages(victim.path)
    harm(victim.path, int(pages.roots["boot"]), pages.size, HARMS["all is zero"])
    former = victim.check(lost_max=0)
    assert former.begin_boot("a-third-boot") > STRIDE
    former.close()


def test_what_was_refused_stays_refused(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(entries=[wave(n) for n in range(4)]))
        spool.commit(Batch(refused=[RefusedRecord(WAVE, 2, Refusal.SEAL_BROKEN)]))
    _, former = salvage(tmp_path)
    assert former is not None
    assert [one.seq for one in former.owed() if one.record_class == WAVE] == [1, 3, 4]
    former.close()


def test_recovery_that_is_cut_at_any_step_ends_as_one_that_is_not(victim: Victim, tmp_path: Path) -> None:
    aside = set_aside(victim.path, why="a test", heritage=Heritage())
    for steps in range(1, 40):
        outcome, former = run_salvage(aside, steps=steps)
        if former is not None:
            former.close()
        if outcome.is_done:
            break
    outcome, former = run_salvage(aside)
    assert former is not None
    found = {(one.record_class, one.seq) for one in former.owed()}
    assert found >= set(victim.truth.owed)
    assert sum(one.record_class == WAVE and one.seq > ROUNDS for one in former.owed()) == 2
    assert (outcome.lost, outcome.drafts) == ((), 2)
    former.close()


def test_a_press_comes_first_and_then_the_newest_waveforms(victim: Victim) -> None:
    aside = set_aside(victim.path, why="a test", heritage=Heritage())
    order = []
    former = FormerSpool(victim.folder / "former.db", victim.truth.spool)
    for owed in Salvage(aside, has_drafts_elsewhere=False).steps(former):
        order += [one.record_class for one in owed[:1]]
    assert order[:3] == [CALL, NUMERIC, WAVE]
    assert PART not in order
    former.close()


@pytest.mark.parametrize("is_log_moved", [False, True])
def test_a_power_cut_between_two_renames_is_made_good(
    logged: Victim, monkeypatch: pytest.MonkeyPatch, *, is_log_moved: bool
) -> None:
    moves = []
    rename = Path.rename

    def cut(path: Path, target: Path) -> Path:
        if path.suffix != ".new":
            moves.append(path.name)
            if len(moves) > is_log_moved:
                raise OSError("the power went")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", cut)
        with pytest.raises(OSError, match="the power went"):
            set_aside(logged.path, why="a test", heritage=Heritage())
    (aside,) = asides(logged.folder)
    assert aside.why == "a test"
    assert not logged.path.exists()
    assert not logged.log.exists()
    _, former = run_salvage(aside)
    assert former is not None
    assert {(one.record_class, one.seq) for one in former.owed()} >= set(logged.truth.owed)
    former.close()
    forget(aside)
    assert asides(logged.folder) == []


def test_a_power_cut_while_a_file_is_forgotten_harms_nobody(victim: Victim) -> None:
    aside = set_aside(victim.path, why="a test", heritage=Heritage())
    aside.path.unlink()
    with open_spool(victim.path) as spool:
        own = spool.spool_id
    assert asides(victim.folder) == []
    with open_spool(victim.path) as spool:
        assert spool.spool_id == own, "the new one is left alone"


def test_a_recovery_that_goes_on_lists_no_more_of_what_it_has_than_it_must(victim: Victim) -> None:
    aside = set_aside(victim.path, why="a test", heritage=Heritage())
    former = FormerSpool(former_path(victim.folder, victim.truth.spool), victim.truth.spool)
    steps = Salvage(aside, has_drafts_elsewhere=False).steps(former)
    while len(former.owed()) < 100:
        next(steps)
    steps.close()  # type: ignore[attr-defined]
    again = Salvage(aside, has_drafts_elsewhere=False).steps(former)
    assert len(next(again)) == 1
    again.close()  # type: ignore[attr-defined]
    former.close()

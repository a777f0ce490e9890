"""Former spools and recovery beside the own spool, without uplink: what is told, what waits, what goes."""

import asyncio
import os
import random
import subprocess
import sys
import time
from itertools import chain, repeat
from pathlib import Path

import pytest

from contract.events import SpoolDamage, Tombstone
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from edge.spool.batch import Batch
from edge.spool.former import FormerSpool
from edge.spool.former_service import QUARTER_US, FormerThread
from edge.spool.salvage_aside import Heritage, asides, set_aside
from edge.spool.spool import Spool
from tests.integration.edge.damages import HARMS, Pages, Truth, harm, make_spool
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.salvage_worker import rooms, serving, until_recovered
from tests.integration.edge.spools import QUOTA_BYTES, open_all, open_spool, wave

CALL, NUMERIC, WAVE, _ = RecordClass
LIMIT_S = 30.0


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    """A spool that is set aside, one of its pages gone."""
    truth = make_spool(tmp_path / "spool.db")
    pages = Pages(tmp_path / "spool.db")
    leaves = sorted(pages.of_table("record_2")["leaf"])
    harm(pages.path, leaves[len(leaves) // 2], pages.size, HARMS["all is zero"])
    set_aside(tmp_path / "spool.db", why="a page is gone", heritage=Heritage())
    return truth


async def receive_all(thread: FormerThread) -> None:
    """The hub has all of it."""
    given = {c: ledger.given for c, ledger in (await thread.use(lambda s: s.ledgers())).items()}
    received = {c: SeqRanges([(1, last)]) for c, last in given.items() if last}
    await thread.store(Batch(received=received))


async def receive_what_is_here(thread: FormerThread) -> set[int]:
    """The hub has what was recovered so far; return the waveforms among it."""
    here = await thread.use(
        lambda s: {c: SeqRanges(one.given_up.holes(1, one.given)) for c, one in s.ledgers().items()}
    )
    received = await thread.use(lambda s: {c: one.received for c, one in s.ledgers().items()})
    for record_class, ranges in here.items():
        for low, high in ranges:
            received[record_class].add(low, high)
    await thread.store(Batch(received=received))
    return {seq for low, high in here[WAVE] for seq in range(low, high + 1)}


@in_a_loop
async def test_what_was_lost_and_what_was_recovered_is_told_once(truth: Truth, tmp_path: Path) -> None:
    async with rooms(tmp_path) as some:
        async with serving(some, tmp_path) as service:
            await until_recovered(service)
        async with serving(some, tmp_path) as service:
            assert not service.asides
        told = await some.told()
    name = f"{truth.spool:016x}"
    damage = [one for one in told if isinstance(one, SpoolDamage)]
    assert [(one.what, one.spool) for one in damage] == [("set aside", name), ("recovered", name)]
    assert damage[0].text == "a page is gone"
    lost = [one for one in told if isinstance(one, Tombstone)]
    assert all(one.spool == name for one in lost)
    assert sum(one.last_seq - one.first_seq + 1 for one in lost) == damage[1].lost
    assert 0 < (damage[1].lost or 0) < 5
    assert asides(tmp_path) == []
    assert some.calls[0][0] == truth.spool
    assert all(seq in some.calls[0][1] for c, seq in truth.owed if c == CALL)


def test_a_box_that_is_killed_at_any_moment_of_a_recovery_ends_it_all_the_same(
    truth: Truth, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.integration.edge.salvage_worker", str(tmp_path)]
    rng = random.Random(5)
    for _ in range(8):
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            time.sleep(rng.uniform(0.0, 0.25))  # somewhere in what takes some 0.3 s
            process.kill()
    last = subprocess.run(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], check=True)
    assert last.stdout.endswith(b"recovered\n")
    (path,) = tmp_path.glob("former-*.db")
    former = FormerSpool(path, truth.spool)
    there = {(one.record_class, one.seq) for one in former.owed()}
    former.close()
    own = Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES)
    told = [one for one in open_all(own).values() if isinstance(one, SpoolDamage | Tombstone)]
    own.close()
    lost = {
        (RecordClass(one.record_class), seq)
        for one in told
        if isinstance(one, Tombstone)
        for seq in range(one.first_seq, one.last_seq + 1)
    }
    assert there | lost >= set(truth.owed)
    assert not there & lost
    assert [one.what for one in told if isinstance(one, SpoolDamage)] == ["set aside", "recovered"]
    assert asides(tmp_path) == []


@in_a_loop
async def test_a_former_spool_goes_a_week_after_all_of_it_was_received(truth: Truth, tmp_path: Path) -> None:
    async with rooms(tmp_path) as some, serving(some, tmp_path) as service:
        await until_recovered(service)
        (thread,) = service.formers.threads.values()
        service.formers.on_hub_clock(10**15)
        await service.formers._tend(thread)
        assert thread.path.exists(), "all of it is owed"
        await receive_all(thread)
        for quarter in range(28):
            service.formers.on_hub_clock(10**15 + quarter * QUARTER_US)
            for _ in range(3):  # the same quarter counts once
                await service.formers._tend(thread)
            assert thread.path.exists(), "a hub that is restored from a backup may ask for it"
        service.formers.on_hub_clock(10**15 + 28 * QUARTER_US)
        await service.formers._tend(thread)
        assert some.closed == [truth.spool]
    assert not [name for name in os.listdir(tmp_path) if name.startswith("former-")]  # noqa: PTH208


@in_a_loop
async def test_a_former_spool_that_nobody_is_owed_goes_first_when_the_quota_wants_room(
    truth: Truth, tmp_path: Path
) -> None:
    async with rooms(tmp_path) as some, serving(some, tmp_path) as service:
        await until_recovered(service)
        (thread,) = service.formers.threads.values()
        await receive_all(thread)
    async with rooms(tmp_path, quota_bytes=50_000) as some, serving(some, tmp_path) as service:
        async with asyncio.timeout(LIMIT_S):
            while not some.closed:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert some.closed == [truth.spool]


@in_a_loop
async def test_recovery_waits_for_room_and_says_so(truth: Truth, tmp_path: Path) -> None:
    async with rooms(tmp_path, quota_bytes=50_000) as some, serving(some, tmp_path) as service:
        async with asyncio.timeout(LIMIT_S):
            while not any(now.waits_for for now in service.asides.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        (now,) = service.asides.values()
        assert "room on the card" in (now.waits_for or "")
        assert now.aside.path.exists()
        assert now.spool == truth.spool


@pytest.mark.parametrize("bound", ["quota", "partition"])
@in_a_loop
async def test_recovery_of_more_than_there_is_room_for_ends_as_the_hub_receives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    count = 400
    with open_spool(tmp_path / "spool.db") as spool:
        for n in range(count):
            spool.commit(Batch(entries=[wave(n * 250, seed=n)]))
    set_aside(tmp_path / "spool.db", why="a test", heritage=Heritage())
    monkeypatch.setattr("edge.spool.salvage_service.TEND_EVERY_S", 0.01)
    quota_bytes = 250_000 if bound == "quota" else QUOTA_BYTES
    async with rooms(tmp_path, quota_bytes=quota_bytes) as some, serving(some, tmp_path) as service:
        if bound == "partition":
            monkeypatch.setattr("edge.spool.former_service.GROWTH_MARGIN_BYTES", 50_000)
            has_disk = chain([True] * 4, repeat(False))  # then the file cannot grow any more
            monkeypatch.setattr(service.formers, "_has_disk", lambda: next(has_disk))
        has_waited, sent = False, set[int]()
        async with asyncio.timeout(LIMIT_S):
            while service.last is None:
                has_waited = has_waited or any(now.waits_for for now in service.asides.values())
                for thread in list(service.formers.threads.values()):
                    if has_waited:
                        sent |= await receive_what_is_here(thread)
                await asyncio.sleep(0.01)
        assert has_waited
        assert service.last[1].lost_count == 0
        (thread,) = service.formers.threads.values()
        assert len(sent | await receive_what_is_here(thread)) == count
    assert asides(tmp_path) == []


@in_a_loop
async def test_a_former_spool_whose_own_file_breaks_is_recovered_from_in_its_turn(
    truth: Truth, tmp_path: Path
) -> None:
    async with rooms(tmp_path) as some:
        async with serving(some, tmp_path) as service:
            await until_recovered(service)
            (thread,) = service.formers.threads.values()
            there = {(one.record_class, one.seq) for one in await thread.use(lambda s: s.owed())}
        harm(thread.path, 1, 512, HARMS["all is zero"])
        async with serving(some, tmp_path) as service:
            await until_recovered(service)
            (thread,) = service.formers.threads.values()
            again = {(one.record_class, one.seq) for one in await thread.use(lambda s: s.owed())}
    assert again >= there
    assert truth.spool == thread.spool


@in_a_loop
async def test_a_receipt_of_a_former_spool_outlives_a_restart(truth: Truth, tmp_path: Path) -> None:
    async with rooms(tmp_path) as some:
        async with serving(some, tmp_path) as service:
            await until_recovered(service)
            (thread,) = service.formers.threads.values()
            received = {CALL: SeqRanges([(1, 20)])}
            receipt = Receipt(truth.spool, 7, 0, 0, 0, received)
            service.formers.on_receipt(thread, receipt, received)
            await asyncio.gather(*service.formers._tasks)
        async with serving(some, tmp_path) as service:
            async with asyncio.timeout(LIMIT_S):
                while not service.formers.threads:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            (thread,) = service.formers.threads.values()
            assert thread.epoch == 7
            assert (
                min(one.seq for one in await thread.use(lambda s: s.owed()) if one.record_class == CALL) == 21
            )


def test_files_set_aside_never_share_a_name(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        (tmp_path / "spool.db").touch()
        names.add(set_aside(tmp_path / "spool.db", why="a test", heritage=Heritage()).path.name)
    assert len(names) == 3
    assert [one.path.name.split("-")[1] for one in asides(tmp_path)] == ["1", "2", "3"]


@in_a_loop
async def test_a_file_that_is_being_closed_when_the_service_ends_is_closed(
    truth: Truth, tmp_path: Path
) -> None:
    async with rooms(tmp_path) as some, serving(some, tmp_path) as service:
        await until_recovered(service)
        formers = service.formers
        (thread,) = formers.threads.values()
        closing = asyncio.create_task(formers.replace(thread, "a test"))
        while formers.threads:  # noqa: ASYNC110 - the first thing that it does
            await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await formers.close()
        with pytest.raises(RuntimeError, match="after shutdown"):
            await thread.use(lambda s: s.spool_id)

"""Which file a box takes for its own at its start, and that whoever opens one gives it back."""

import asyncio
from pathlib import Path

import pytest

from contract.ids import SpoolId, StationId
from edge.clock import BoxClock
from edge.config import BoxConfig, VideoConfig
from edge.errors import SpoolError, SpoolFullError
from edge.spool.batch import Batch, OwedRecord
from edge.spool.former import UNTOLD, FormerSpool, former_path
from edge.spool.integrity_service import IntegrityService
from edge.spool.salvage_aside import Aside, Heritage, asides, set_aside
from edge.spool.salvage_service import SalvageService
from edge.spools_service import Spools
from edge.vitals_service import CARRIED_FACTS
from tests.integration.edge.damages import HARMS, Pages, harm, make_spool
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.salvage_worker import LIMIT_S, rooms
from tests.integration.edge.spools import BOOT, QUOTA_BYTES, WAVE, open_spool, wave
from tests.integration.edge.test_spool_thread import Card, running


def spools_in(folder: Path, *, machine: str = "") -> Spools:
    """`machine`: what the machine calls itself; "": it does not."""
    (folder / "serial-number").write_text(machine)
    nowhere = folder / "nowhere"
    config = BoxConfig(
        file=nowhere,
        station=StationId("con-dao-01"),
        data_dir=folder,
        hub_host="localhost",
        hub_port=1,
        ca=nowhere,
        certificate=nowhere,
        key=nowhere,
        seal_key=nowhere,
        board_port=nowhere,
        board_baud=460_800,
        quota_bytes=QUOTA_BYTES,
        boot_file=nowhere,
        serial_file=folder / "serial-number",
        video=VideoConfig(camera="none", microphone="none", loudspeaker="none", screen="none"),
    )
    return Spools(config, BoxClock("a-boot"))


@in_a_loop
async def test_a_file_whose_move_a_power_cut_left_undone_is_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spool.db"
    truth = make_spool(path, is_in_log=True)

    def cut(_aside: Aside) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr("edge.spool.salvage_aside._move", cut)
        with pytest.raises(OSError, match="the power went"):
            set_aside(path, why="a test", heritage=Heritage())
    spools = spools_in(tmp_path)
    spool = await spools.open()
    try:
        assert spool.spool_id != truth.spool
        assert path.exists(), "what is in use bears its own name"
    finally:
        await spools.own.close()
    assert [one.origin for one in asides(tmp_path)] == ["spool.db"]


@in_a_loop
async def test_what_a_box_remembers_from_start_to_start_it_remembers_in_its_next_spool_too(
    tmp_path: Path,
) -> None:
    path, before = tmp_path / "spool.db", {name: {"call_seq": 3, "of": name} for name in CARRIED_FACTS}
    with open_spool(path) as spool:
        spool.commit(Batch(facts=before))
    set_aside(path, why="a test", heritage=Heritage())
    spools = spools_in(tmp_path)
    await spools.open()
    try:
        after = await spools.own.use(lambda spool: {name: spool.fact(name) for name in CARRIED_FACTS})
    finally:
        await spools.own.close()
    lost = [name for name, fact in after.items() if fact is None or fact["of"] != name]
    assert lost == ["epoch"], "the hub's of what was sent in the other; all else is the station's"


@in_a_loop
async def test_a_file_that_is_damaged_where_it_inherits_is_replaced_too(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path):
        pass
    set_aside(path, why="a test", heritage=Heritage())
    truth = make_spool(path)
    pages = Pages(path)
    (leaf,) = pages.of_table("boot")["leaf"]
    harm(path, leaf, pages.size, HARMS["all is zero"])
    spools = spools_in(tmp_path)
    spool = await spools.open()
    try:
        assert spool.spool_id != truth.spool
    finally:
        await spools.own.close()
    assert len(asides(tmp_path)) == 2


@in_a_loop
async def test_a_former_spool_that_could_not_be_begun_can_be_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = SpoolId(7)
    path = former_path(tmp_path, name)
    FormerSpool(path, name).close()

    def refuse(_spool: FormerSpool, _name: str) -> None:
        raise SpoolError("the card has no room")

    async with rooms(tmp_path) as some:
        formers = SalvageService(tmp_path, some.offices).formers
        with monkeypatch.context() as patch:
            patch.setattr(FormerSpool, "begin_boot", refuse)
            assert await formers.open(path, name) is None
        assert await formers.open(path, name) is not None
        await formers.close()


@in_a_loop
async def test_records_that_waited_for_the_card_are_told_when_the_check_stores_its_place(
    tmp_path: Path,
) -> None:
    told: list[OwedRecord] = []
    heard = asyncio.Event()

    def on_told(records: list[OwedRecord]) -> None:
        told.extend(records)
        if told:
            heard.set()

    async with running(tmp_path) as thread:
        check = IntegrityService(
            thread,
            boot=BOOT,
            now_us=lambda: 0,
            is_in_call=lambda: False,
            on_told=on_told,
            on_gone=lambda _: None,
        )
        card = Card(tmp_path)
        card.refuse()
        assert await thread.store(Batch(entries=[wave()])) == []
        card.accept()
        card.close()
        check.ask()
        task = asyncio.create_task(check.run())
        try:
            async with asyncio.timeout(LIMIT_S):
                await heard.wait()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [one.record_class for one in told] == [WAVE]


@in_a_loop
async def test_a_damaged_own_spool_does_not_condemn_a_former_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = SpoolId(7)
    path = former_path(tmp_path, name)
    async with rooms(tmp_path) as some:
        formers = SalvageService(tmp_path, some.offices).formers
        thread = await formers.open(path, name)
        assert thread is not None
        await thread.store(Batch(facts={UNTOLD: [[2, 1, 1, "a test"]]}))
        some.own.condemn("the own one is damaged")
        task = asyncio.create_task(formers.run())
        async with asyncio.timeout(LIMIT_S):
            while f"former spool {name:016x}" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert formers.threads == {name: thread}
        await formers.close()
    assert path.exists()


@in_a_loop
async def test_a_card_that_refuses_at_the_start_ends_neither_check_nor_press(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.spools_service.STORE_AGAIN_S", 0.01)
    refusals = iter([SpoolError("disk I/O error"), SpoolError("no room")])
    stored = asyncio.Event()

    class Call:
        """A call whose press was lost with its spool."""

        @property
        def records(self) -> "Call":
            return self

        async def store_anew(self, press: tuple[str, int, int] | None) -> None:
            assert press is None
            if (refusal := next(refusals, None)) is not None:
                raise refusal
            stored.set()

    async with running(tmp_path) as thread:
        spools = spools_in(tmp_path)
        spools.own, spools._call = thread, Call()  # type: ignore[assignment]
        await spools._store_press_anew()
        assert stored.is_set()

        async def refuse(_work: object) -> None:
            raise SpoolError("disk I/O error")

        with monkeypatch.context() as patch:
            patch.setattr(thread, "use", refuse)
            check = IntegrityService(
                thread,
                boot=BOOT,
                now_us=lambda: 0,
                is_in_call=lambda: False,
                on_told=lambda _: None,
                on_gone=lambda _: None,
            )
            task = asyncio.create_task(check.run())
            done, _ = await asyncio.wait({task}, timeout=0.2)
            assert not done
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def opened_in(folder: Path, machine: str) -> SpoolId:
    """Start the box once in a machine; return its own spool."""
    spools = spools_in(folder, machine=machine)
    spool = await spools.open()
    await spools.own.close()
    return spool.spool_id


@in_a_loop
async def test_a_card_in_another_machine_begins_a_spool_and_takes_the_one_before_along(
    tmp_path: Path,
) -> None:
    first = await opened_in(tmp_path, "10000000abcdef01")
    assert await opened_in(tmp_path, "10000000abcdef01") == first
    assert asides(tmp_path) == []
    second = await opened_in(tmp_path, "10000000abcdef02")
    assert second != first
    assert [(one.heritage.spool, one.origin) for one in asides(tmp_path)] == [(first, "spool.db")]
    assert await opened_in(tmp_path, "10000000abcdef02") == second
    assert await opened_in(tmp_path, "10000000abcdef01") not in (first, second)


@in_a_loop
async def test_a_machine_that_does_not_say_its_name_keeps_the_spool_that_is_there(tmp_path: Path) -> None:
    first = await opened_in(tmp_path, "")  # as a box of before did, too
    assert await opened_in(tmp_path, "10000000abcdef01") == first
    assert await opened_in(tmp_path, "") == first
    assert await opened_in(tmp_path, "10000000abcdef02") != first


@in_a_loop
async def test_a_full_card_starts_and_is_bound_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise SpoolFullError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("edge.spool.spool.Spool.commit", full)
        first = await opened_in(tmp_path, "10000000abcdef01")
    assert await opened_in(tmp_path, "10000000abcdef02") == first

"""`edge spool …` as an engineer types it, beside a service in the test's own loop."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contract.ids import BY_HAND, parse_spool
from contract.parcels import parse_parcel
from edge.cli import app
from edge.config import BoxConfig
from edge.errors import SpoolError
from edge.spool.batch import Batch
from edge.spool.desk_service import SpoolDesk
from edge.spool.integrity_service import IntegrityService
from edge.spool.salvage_service import SalvageService
from edge.spool.spool import Spool
from tests.integration.edge.damages import HARMS, Pages, harm, make_spool, salvage
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.salvage_worker import rooms
from tests.integration.edge.spools import BOOT, QUOTA_BYTES, STATION, event, open_spool, wave
from tests.integration.edge.test_vitals import config, drafts, until, vitals  # noqa: F401 - a fixture
from tests.integration.edge.uplinks import LIMIT_S, board_of
from tests.simulators.board import BoardSim


def write_toml(config: BoxConfig) -> Path:  # noqa: F811
    config.file.write_text(
        f"""station = "{config.station}"
data_dir = "data"
[hub]
host = "localhost"
port = {config.hub_port}
ca = "nothing"
certificate = "nothing"
key = "nothing"
seal_key = "seal.pub"
[board]
port = "board"
"""
    )
    return config.file


def type_in(config: BoxConfig, *words: str) -> Result:  # noqa: F811
    return CliRunner().invoke(app, ["spool", *words, "--config", str(write_toml(config))])


async def typed(config: BoxConfig, *words: str) -> Result:  # noqa: F811
    return await asyncio.to_thread(type_in, config, *words)


def records_of(folder: Path) -> dict[tuple[str, int], list[bytes]]:
    """What an export holds, read by the words of docs/wire.md."""
    manifest = json.loads((folder / "manifest.json").read_text())
    found: dict[tuple[str, int], list[bytes]] = {}
    for file in manifest["files"]:
        data = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["bytes"]
        records: list[bytes] = []
        while data:
            length = int.from_bytes(data[:4], "little")
            parcel = parse_parcel(data[4 : 4 + length])
            assert (parcel.spool, parcel.boot, parcel.sent_t_us) == (parse_spool(file["spool"]), BY_HAND, 0)
            records += parcel.records
            data = data[4 + length :]
        assert len(records) == file["records"]
        found[file["spool"], file["record_class"]] = records
    return found


@in_a_loop
async def test_status_says_what_waits_and_what_is_kept(config: BoxConfig) -> None:  # noqa: F811
    with BoardSim(board_of(config)):
        async with vitals(config):
            await until(lambda: drafts(config) >= 1)
            shown = await typed(config, "status")
    assert shown.exit_code == 0, shown.output
    assert "numerics, events" in shown.output
    assert "MB used" in shown.output
    assert "records damaged" in shown.output


@in_a_loop
async def test_a_sound_spool_is_verified_in_one_go(config: BoxConfig) -> None:  # noqa: F811
    make_spool(config.data_dir / "spool.db")
    async with vitals(config):
        shown = await typed(config, "verify")
    assert shown.exit_code == 0, shown.output
    assert "all of it is sound" in shown.output


@in_a_loop
async def test_verify_finds_a_damaged_record_and_says_so(config: BoxConfig) -> None:  # noqa: F811
    path = config.data_dir / "spool.db"
    make_spool(path)
    pages = Pages(path)
    overflow = pages.of_table("record_2")["overflow"]
    harm(path, overflow[len(overflow) // 2], pages.size, HARMS["a bit flips"])
    async with vitals(config):
        shown = await typed(config, "verify")
        again = await typed(config, "verify")
    assert shown.exit_code == 1
    assert "1 records are damaged on the card and were given up" in shown.output
    assert again.exit_code == 0, again.output


@in_a_loop
async def test_verify_of_a_file_that_is_damaged_says_that_another_took_its_place(
    config: BoxConfig,  # noqa: F811
) -> None:
    path = config.data_dir / "spool.db"
    make_spool(path)
    pages = Pages(path)
    first = min(pages.of_table("record_2")["leaf"])  # of records that the hub has: nobody reads them
    harm(path, first, pages.size, HARMS["all is noise"])
    async with vitals(config):
        shown = await typed(config, "verify")
        async with asyncio.timeout(LIMIT_S):
            while "former spool" not in (await typed(config, "status")).output:
                pass  # it is set aside a moment later
    assert shown.exit_code == 1
    assert "another has taken its place" in shown.output


@in_a_loop
async def test_an_export_beside_the_service_has_every_record(config: BoxConfig) -> None:  # noqa: F811
    truth = make_spool(config.data_dir / "spool.db")
    async with vitals(config):
        shown = await typed(config, "export", str(config.file.parent / "stick"))
        again = await typed(config, "export", str(config.file.parent / "stick"))
    assert shown.exit_code == 0, shown.output
    everything = {raw for records in records_of(config.file.parent / "stick").values() for raw in records}
    assert set(truth.owed.values()) <= everything
    assert again.exit_code == 1
    assert "is not empty; choose a new folder" in again.output.replace("\n", " ")


@in_a_loop
async def test_a_check_that_the_card_ends_is_told_and_not_waited_for(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise SpoolError("the card cannot be read")

    async with vitals(config):
        monkeypatch.setattr(Spool, "check_slice", refuse)
        async with asyncio.timeout(30.0):
            shown = await typed(config, "verify")
    assert shown.exit_code == 1
    assert "the card cannot be read" in shown.output


def test_an_export_during_which_the_service_began_again_is_not_called_whole(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.spool.cli._ask", lambda *_, **__: {"export": None})
    with open_spool(config.data_dir / "spool.db"):
        shown = type_in(config, "export", str(config.file.parent / "stick"))
    assert shown.exit_code == 1
    assert "export once more" in shown.output.replace("\n", " ")


@in_a_loop
async def test_an_export_that_the_end_of_the_service_cuts_off_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stall(*_: object) -> None:
        await asyncio.Event().wait()

    async with rooms(tmp_path) as some:
        desk = SpoolDesk(
            some.own,
            SalvageService(tmp_path, some.offices),
            IntegrityService(
                some.own,
                boot=BOOT,
                now_us=lambda: 0,
                is_in_call=lambda: False,
                on_told=lambda _: None,
                on_gone=lambda _: None,
            ),
            station=STATION,
            boot=BOOT,
            quota_bytes=QUOTA_BYTES,
            now_us=lambda: 0,
            oldest_age_s=lambda _: None,
        )
        with monkeypatch.context() as patch:
            patch.setattr(some.own, "use", stall)
            await desk.export({"folder": str(tmp_path / "stick")})
            await asyncio.sleep(0)
            await desk.close()
        told = (await desk.status({}))["export"]
    assert told["is_over"]
    assert "export once more" in told["error"]


def test_an_export_without_the_service_holds_the_lock_and_has_former_spools_too(
    config: BoxConfig,  # noqa: F811
) -> None:
    truth = make_spool(config.data_dir / "spool.db")
    _, former = salvage(config.data_dir)
    assert former is not None
    former.close()
    with open_spool(config.data_dir / "spool.db") as spool:
        spool.commit(Batch(entries=[wave(0), event()]))
        own = spool.spool_id
    shown = type_in(config, "export", str(config.file.parent / "stick"))
    assert shown.exit_code == 0, shown.output
    found = records_of(config.file.parent / "stick")
    assert {name for name, _ in found} == {f"{own:016x}", f"{truth.spool:016x}"}
    assert set(truth.owed.values()) <= {raw for records in found.values() for raw in records}


@pytest.mark.parametrize("words", [("status",), ("verify",)])
def test_without_the_service_there_is_nobody_to_ask(config: BoxConfig, words: tuple[str, ...]) -> None:  # noqa: F811
    config.data_dir.mkdir()
    shown = type_in(config, *words)
    assert shown.exit_code == 1
    assert "does not answer" in shown.output


def test_an_export_that_cannot_be_written_is_one_line(config: BoxConfig) -> None:  # noqa: F811
    with open_spool(config.data_dir / "spool.db") as spool:
        assert isinstance(spool, Spool)
    (config.file.parent / "file").write_text("")
    shown = type_in(config, "export", str(config.file.parent / "file" / "stick"))
    assert shown.exit_code == 1
    assert "cannot be used" in shown.output


def test_a_box_without_a_spool_says_so(config: BoxConfig) -> None:  # noqa: F811
    shown = type_in(config, "export", "stick")
    assert shown.exit_code == 1
    assert "there is no spool" in shown.output


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "200")
    yield

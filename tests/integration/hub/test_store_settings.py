"""Settings and commands in the real store: what was changed is kept for ever, documents have versions."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contract.desired import settings_hash
from contract.errors import OwnFaultError
from contract.events import AnyEvent, CommandResult, DesiredApplied, RefusedSetting
from contract.ids import BootId, SpoolId, StationId
from hub.fleet.desired import Plan
from hub.fleet.groups import no_units
from hub.store.interface import Arrival
from hub.store.settings_book import UNANSWERED, CommandRow, LayerDraft, LayerRow, VersionRow
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import NOW_US, event_arrival

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
SPOOL = SpoolId(0xB0C5)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path, is_writer=True) as opened:
        yield opened


def documents(layers: Sequence[LayerRow]) -> Mapping[StationId, tuple[str, str]]:
    return Plan(layers, (CON_DAO, LY_SON), unit_members=no_units).documents()


def change(
    store: SqliteStore,
    layer: str,
    *,
    after: int,
    by: str = "Lan",
    is_removed: bool = False,
    **settings: object,
) -> list[VersionRow] | None:
    draft = LayerDraft(layer=layer, settings=settings, is_removed=is_removed, by=by, why="vì sao", utc_us=7)
    return store.settings.change_layer(draft, after=after, documents=documents)


def told(version: int, *, refused: Sequence[RefusedSetting] = ()) -> DesiredApplied:
    return DesiredApplied(version=version, epoch=5, hash="0" * 32, taken=(), refused=tuple(refused))


def test_a_change_makes_the_next_version_of_the_documents_that_it_touches_alone(store: SqliteStore) -> None:
    made = change(store, "all", after=0, volume_pct=80)
    assert made is not None
    assert sorted((row.station, row.version) for row in made) == [(CON_DAO, 1), (LY_SON, 1)]
    (one,) = change(store, "station:ly-son-02", after=0, volume_pct=40) or []
    assert (one.station, one.version, one.hash) == (LY_SON, 2, settings_hash({"volume_pct": 40}))
    assert change(store, "all", after=1, volume_pct=80, hotline="115") is not None
    assert {row.station: row.version for row in store.settings.newest_versions().values()} == {
        CON_DAO: 2,
        LY_SON: 3,
    }
    hashes = [row.hash for row in store.settings.versions(LY_SON, newest=10)]
    contents = store.settings.contents(hashes)
    assert [contents[one] for one in hashes] == [
        {"hotline": "115", "volume_pct": 40},
        {"volume_pct": 40},
        {"volume_pct": 80},
    ]


def test_a_change_that_makes_nothing_otherwise_is_kept_and_makes_no_version(store: SqliteStore) -> None:
    change(store, "all", after=0, volume_pct=80)
    assert change(store, "station:con-dao-01", after=0, volume_pct=80) == []
    assert len(store.settings.changes(newest=10)) == 2


def test_two_who_change_one_layer_at_once_do_not_overwrite_one_another(store: SqliteStore) -> None:
    change(store, "all", after=0, volume_pct=80)
    assert change(store, "all", after=0, by="Minh", volume_pct=10) is None
    (layer,) = store.settings.layers()
    assert (layer.by, layer.settings) == ("Lan", {"volume_pct": 80})


def test_who_changed_what_when_and_why_is_kept_and_compared(store: SqliteStore) -> None:
    change(store, "all", after=0, volume_pct=80)
    change(store, "group:islands", after=0, by="Minh", hotline="115")
    change(store, "all", after=1, by="Minh", volume_pct=60)
    newest, group, first = store.settings.changes(newest=10)
    assert [(row.layer, row.by) for row in (newest, group, first)] == [
        ("all", "Minh"),
        ("group:islands", "Minh"),
        ("all", "Lan"),
    ]
    assert store.settings.change_before(newest) == first
    assert store.settings.change_before(first) is None
    change(store, "group:islands", after=group.no, is_removed=True)
    assert [row.layer for row in store.settings.layers()] == ["all"]


def test_a_station_that_came_later_is_brought_up_once(store: SqliteStore) -> None:
    wanted = {CON_DAO: (settings_hash({"volume_pct": 80}), json.dumps({"volume_pct": 80}))}
    assert [row.version for row in store.settings.bring_up(wanted, by="", utc_us=1)] == [1]
    assert store.settings.bring_up(wanted, by="", utc_us=1) == []
    assert store.settings.bring_up({LY_SON: (settings_hash({}), "{}")}, by="", utc_us=1) == []


def test_what_a_station_said_last_counts_whatever_comes_late(store: SqliteStore) -> None:
    why = RefusedSetting(name="dance", why="not known here")
    for seq, (version, t_us) in enumerate([(2, 2_000), (1, 1_000), (3, 3_000)], start=1):
        event = told(version, refused=[why])
        store.commit([arrival(CON_DAO, event, seq=seq, t_us=t_us)])
    report = store.settings.report(CON_DAO)
    assert report is not None
    assert (report.event.version, report.event.refused) == (3, (why,))
    assert store.settings.standings()[CON_DAO].version == 3
    assert [station for station, _ in store.settings.refusals(most=5)] == [CON_DAO]


def arrival(station: StationId, event: AnyEvent, *, seq: int, t_us: int) -> Arrival:
    return event_arrival(station, SPOOL, event, boot=BootId(1), t_us=t_us, seq=seq, utc_us=NOW_US)


def command(name: str = "0" * 16) -> CommandRow:
    return CommandRow(name=name, station=CON_DAO, word="bundle", by="Lan", made_utc_us=1, expires_utc_us=100)


def test_what_an_old_card_said_does_not_undo_what_the_new_one_says(store: SqliteStore) -> None:
    old, new, epoch = SPOOL, SpoolId(0xB0C6), store.epoch
    seqs = itertools.count(1)

    def say(spool: SpoolId, version: int, *, boot: int, late_s: int = 0, of_epoch: int = epoch) -> int:
        event = told(version).model_copy(update={"epoch": of_epoch})
        seq = next(seqs)
        arrival = event_arrival(
            CON_DAO, spool, event, boot=BootId(boot), t_us=seq * 1_000, seq=seq, utc_us=NOW_US
        )
        store.commit([replace(arrival, sent_t_us=arrival.sent_t_us + late_s * 1_000_000)])
        report = store.settings.report(CON_DAO)
        assert report is not None
        return report.event.version

    assert say(old, 3, boot=9) == 3
    assert say(new, 5, boot=1) == 5  # a new card counts its boots anew
    assert say(old, 4, boot=9, late_s=86_400) == 5  # it lay in the old card
    assert say(old, 4, boot=9) == 4  # the old card is in the box again
    assert say(new, 5, boot=1, late_s=86_400) == 5
    assert say(old, 5, boot=9, late_s=86_400) == 5
    assert say(old, 70, boot=9, late_s=86_400, of_epoch=epoch ^ 1) == 5  # of a store before this one


def test_a_command_is_open_until_its_own_station_answers(store: SqliteStore) -> None:
    store.settings.add_command(command())
    assert store.settings.open_commands() == [command()]
    for number, station in enumerate((LY_SON, CON_DAO), start=1):
        event = CommandResult(command="0" * 16, state="taken")
        store.commit([arrival(station, event, seq=number, t_us=number)])
        assert (store.settings.open_commands() == []) is (station == CON_DAO)
    done = CommandResult(command="0" * 16, state="done", text="14230 bytes", object="a" * 32)
    store.commit([arrival(CON_DAO, done, seq=3, t_us=3)])
    (kept,) = store.settings.commands(CON_DAO, newest=5)
    assert [(step.state, step.text, step.object_name) for step in kept.steps] == [
        ("taken", "", None),
        ("done", "14230 bytes", "a" * 32),
    ]


def test_one_that_nobody_answered_is_given_up_and_says_so(store: SqliteStore) -> None:
    store.settings.add_command(command())
    store.settings.give_up_command("0" * 16, utc_us=100)
    (kept,) = store.settings.commands(CON_DAO, newest=5)
    assert [step.state for step in kept.steps] == [UNANSWERED]


def test_a_reader_changes_nothing(store: SqliteStore, tmp_path: Path) -> None:
    change(store, "all", after=0, volume_pct=80)
    with SqliteStore(tmp_path, is_writer=False) as reader:
        assert len(reader.settings.layers()) == 1
        with pytest.raises(OwnFaultError):
            reader.settings.add_command(command())

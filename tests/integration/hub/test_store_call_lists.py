"""What lists and statistics read of calls over all stations."""

from contract.events import Press
from contract.ids import CallId, StationId
from hub.statistics.reading import practice_of
from hub.store.interface import CallMove, JournalLine
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import NOW_US, Arrive
from tests.simulators.box import BoxRecords

DAY_US = 86_400_000_000


def pressed(store: SqliteStore, box: BoxRecords, arrive: Arrive, at_us: int, **said: object) -> CallId:
    press = arrive(box.press(**said), received_utc_us=at_us)  # type: ignore[arg-type]
    store.commit([press])
    assert isinstance(press.event, Press)
    return CallId(box.station, box.spool, press.record_id.seq)


def move(store: SqliteStore, call_id: CallId, revision: int, at_us: int, input_: str, state: str) -> None:
    is_closed = state == "CLOSED"
    line = JournalLine(utc_us=at_us, by="Lan", input=input_, from_state="CALLBACK", to_state=state)
    row = store.call(call_id)
    assert row is not None
    moved = CallMove(
        call_id=call_id, revision=revision, owner="Lan", is_closed=is_closed, kept=row.kept or "{}", line=line
    )
    assert store.move_calls([moved]) != [None]


def test_calls_of_a_time_come_with_their_journals_in_order(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    first = pressed(store, box, arrive, NOW_US)
    second = pressed(store, box, arrive, NOW_US + 1)
    pressed(store, box, arrive, NOW_US + DAY_US)
    move(store, second, 1, NOW_US + 2, "CLAIM", "CLAIMED")
    move(store, second, 2, NOW_US + 3, "END", "WRAP_UP")
    found = [
        (row.call_id, [line.input for line in lines])
        for row, lines in store.journals_between(NOW_US, NOW_US + DAY_US)
    ]
    assert found == [(first, []), (second, ["CLAIM", "END"])]
    assert [lines for row, lines in store.journals_between(NOW_US, NOW_US + DAY_US)][1] == store.journal(
        second
    )


def test_each_station_has_one_newest_call_whatever_became_of_it(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    assert store.newest_calls() == []
    pressed(store, box, arrive, NOW_US)
    newest = pressed(store, box, arrive, NOW_US + 5)
    assert [row.call_id for row in store.newest_calls()] == [newest]


def test_practice_is_found_among_all_calls_and_a_nurse_who_called_is_none(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    old = pressed(store, box, arrive, NOW_US - DAY_US, practice="test")
    pressed(store, box, arrive, NOW_US)
    drill = pressed(store, box, arrive, NOW_US + 1, practice="drill")
    found = store.newest_practices(since_utc_us=NOW_US - DAY_US, newest=10)
    assert [(row.call_id, practice_of(row)) for row in found] == [(drill, "drill"), (old, "test")]
    assert [row.call_id for row in store.newest_practices(since_utc_us=NOW_US, newest=10)] == [drill]


def test_what_changed_hands_is_found_once_and_by_when(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    call_id = pressed(store, box, arrive, NOW_US)
    move(store, call_id, 1, NOW_US + 10, "HANDED_OVER", "CALLBACK")
    move(store, call_id, 2, NOW_US + 20, "HANDED_OVER", "CALLBACK")
    assert store.handed_over(since_utc_us=NOW_US + 15, newest=10) == [call_id]
    assert store.handed_over(since_utc_us=NOW_US, newest=10) == [call_id]
    assert store.handed_over(since_utc_us=NOW_US + 21, newest=10) == []


def test_closed_calls_come_newest_first_with_how_they_ended_and_without_tests_and_open_ones(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    old, first, second, tested = (
        pressed(store, box, arrive, NOW_US + at_us, practice="test" if at_us == 3 else None)
        for at_us in (0, 1, 2, 3)
    )
    pressed(store, box, arrive, NOW_US + 4)  # open still
    for call_id in (old, first, second, tested):
        move(store, call_id, 1, NOW_US + 10, "END", "WRAP_UP")
        move(store, call_id, 2, NOW_US + 20, "CLOSE", "CLOSED")
    found = store.closed_calls(since_utc_us=NOW_US + 1, newest=10)
    assert [one.row.call_id for one in found] == [second, first]
    assert [one.last for one in found] == [store.journal(second)[-1], store.journal(first)[-1]]
    assert not any(one.has_minutes for one in found)
    assert store.closed_calls(since_utc_us=NOW_US + 1, newest=10, station=box.station) == found
    assert store.closed_calls(since_utc_us=NOW_US + 1, newest=10, station=StationId("elsewhere")) == []
    assert store.closed_calls(since_utc_us=NOW_US, newest=1) == found[:1]

"""Calls in the store: made by presses, moved by compare and set, each move with its line of the journal."""

from dataclasses import replace

from contract.events import CallStep, parse_event
from contract.header import Record, UnreadableRecord
from contract.ids import CallId, KeyId, RecordClass, StationId, VisitNo
from contract.sealing import Opener
from hub.store.interface import CallMove, JournalLine, Outcome
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import NOW_US, Arrive, of_version_9
from tests.simulators.box import BoxRecords

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
CALL = RecordClass.CALL


def moved(
    call_id: CallId, *, revision: int, state: str, owner: str = "lan", is_closed: bool = False
) -> CallMove:
    line = JournalLine(
        utc_us=NOW_US + 5, by=owner, input="CLAIM", from_state="RECEIVED", to_state=state, detail='{"a": 1}'
    )
    return CallMove(
        call_id=call_id, revision=revision, owner=owner, is_closed=is_closed, kept='{"rung": 1}', line=line
    )


def test_a_press_becomes_a_call_once(store: SqliteStore, box: BoxRecords, arrive: Arrive) -> None:
    box.visit = VisitNo(7)
    press = arrive(box.press())
    assert store.commit([press, press]) == [Outcome.STORED, Outcome.DUPLICATE]
    (call,) = store.open_calls()
    assert call.call_id == CallId(CON_DAO, box.spool, press.record_id.seq)
    assert (call.state, call.revision, call.visit, call.owner, call.nudges) == ("RECEIVED", 1, 7, None, 0)
    assert isinstance(press.record, Record)
    assert (call.boot, call.t_us) == (press.record.header.boot, press.record.header.t_us)
    assert (call.sent_boot, call.sent_t_us, call.received_utc_us) == (box.boot, press.sent_t_us, NOW_US)


def test_a_nudge_counts_at_the_open_call_and_rings_anew_when_there_is_none(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    press = arrive(box.press())
    call_id = CallId(CON_DAO, box.spool, press.record_id.seq)
    store.commit([press, arrive(box.press(nudges=call_id.seq))])
    (call,) = store.open_calls()
    assert (call.call_id, call.nudges, call.revision) == (call_id, 1, 2)
    assert store.move_calls([moved(call_id, revision=2, state="CLOSED", is_closed=True)]) != [None]
    assert store.open_calls() == []
    store.commit([arrive(box.press(nudges=call_id.seq)), arrive(box.press(nudges=999))])
    assert [call.call_id.seq for call in store.open_calls()] == [call_id.seq + 2, call_id.seq + 3]


def test_whatever_of_class_0_cannot_be_opened_rings(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    sealed, unreadable = arrive(box.press(), is_opened=False), arrive(of_version_9(box.press()))
    assert isinstance(unreadable.record, UnreadableRecord)
    store.commit([sealed, unreadable, arrive(box.chunk(record_class=CALL))])
    calls = store.open_calls()
    assert [call.call_id.seq for call in calls] == [sealed.record_id.seq, unreadable.record_id.seq]
    assert [call.boot for call in calls] == [box.boot, 0]


def test_a_call_moves_only_from_the_revision_that_was_seen(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    press = arrive(box.press())
    store.commit([press])
    call_id = CallId(CON_DAO, box.spool, press.record_id.seq)

    def claim(owner: str) -> str | None:
        (row,) = store.move_calls([moved(call_id, revision=1, state="CLAIMED", owner=owner)])
        return None if row is None else row.owner

    assert [claim("lan"), claim("minh")] == ["lan", None]
    call = store.call(call_id)
    assert call is not None
    assert (call.owner, call.state, call.revision, call.changed_utc_us) == ("lan", "CLAIMED", 2, NOW_US + 5)
    assert call.kept == '{"rung": 1}'
    assert [(line.by, line.to_state, line.detail) for line in store.journal(call_id)] == [
        ("lan", "CLAIMED", '{"a": 1}')
    ]
    assert store.call(CallId(LY_SON, box.spool, 1)) is None
    assert store.journal(CallId(LY_SON, box.spool, 1)) == []


def test_moves_of_a_batch_stand_for_themselves_and_each_that_is_done_is_written_down(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    presses = [arrive(box.press()) for _ in range(2)]
    store.commit(presses)
    first, second = (CallId(CON_DAO, box.spool, press.record_id.seq) for press in presses)
    store.move_calls([moved(first, revision=1, state="CLAIMED", owner="hoa")])
    rows = store.move_calls(
        [moved(first, revision=1, state="CLAIMED"), moved(second, revision=1, state="CLAIMED")]
    )
    assert [None if row is None else row.call_id for row in rows] == [None, second]
    assert [len(store.journal(one)) for one in (first, second)] == [1, 1]


def test_a_press_that_is_practice_or_answers_says_so_and_a_real_one_is_no_nudge_of_a_practice(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    ring = "00112233445566aa"
    drill = arrive(box.press(practice="drill"))
    store.commit([drill])
    seq = drill.record_id.seq
    store.commit([arrive(box.press(seq, practice="drill")), arrive(box.press(seq, answers=ring))])
    calls = store.open_calls()
    assert [(call.call_id.seq, call.nudges, call.kept) for call in calls] == [
        (seq, 1, '{"practice": "drill"}'),
        (seq + 2, 0, f'{{"answers": "{ring}"}}'),
    ]
    nudged = store.journal(calls[0].call_id)
    assert [(line.input, line.from_state, line.to_state) for line in nudged] == [
        ("PRESSED_AGAIN", "RECEIVED", "RECEIVED")
    ]


def test_calls_are_told_by_when_they_were_received_and_by_station(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    early = arrive(box.press())
    late = replace(arrive(box.press()), received_utc_us=NOW_US + 1_000)
    store.commit([early, late])
    store.move_calls([moved(CallId(CON_DAO, box.spool, 1), revision=1, state="CLOSED", is_closed=True)])
    between = store.calls_between(NOW_US, NOW_US + 1_000)
    assert [call.call_id.seq for call in between] == [early.record_id.seq]
    assert len(store.calls_between(NOW_US, NOW_US + 1_001, station=CON_DAO)) == 2
    assert store.calls_between(0, NOW_US * 2, station=LY_SON) == []


def test_what_was_taken_for_a_press_and_was_none_is_no_call_any_more(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, opener: Opener
) -> None:
    """A hub restored from a backup hears a step of a call before the key that opens it."""
    step = arrive(box.event(CallStep(call_seq=1, step="at the hub"), CALL), is_opened=False)
    press = arrive(box.press(), is_opened=False)
    store.commit([step, press])
    assert len(store.open_calls()) == 2, "better one ring too many"
    for stored in store.unopened(CON_DAO, box.spool, KeyId(1)):
        store.file_event(stored.record_id, parse_event(opener.open(stored.record)), now_utc_us=NOW_US)
    assert [call.call_id.seq for call in store.open_calls()] == [press.record_id.seq]
    assert store.call(CallId(CON_DAO, box.spool, step.record_id.seq)) is None

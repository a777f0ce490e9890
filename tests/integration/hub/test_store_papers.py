"""Papers, advice and visits of calls in the real store: every version is kept, nobody is somebody else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import AdviceKept, AnyEvent, Press, VisitOpened
from contract.header import Record
from contract.ids import BootId, CallId, RecordClass, SpoolId, StationId, VisitNo
from contract.times import Anchor
from hub.cases.case_book import (
    WrongPersonError,
    check_visit,
    read_person,
    save_form,
    save_note,
    visits_of,
)
from hub.cases.minutes_writing import write_document
from hub.cases.notes import Consent, Form, Identity
from hub.store.interface import CallMove, CallRow, JournalLine
from hub.store.papers import AdviceDraft, VisitId
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import anchor_arrival, event_arrival

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
SPOOL, OTHER_SPOOL = SpoolId(0xB0C5), SpoolId(0xB0C6)
BOOT = BootId(1)
NOON_US = 1_800_000_000_000_000
S = 1_000_000
CALL = CallId(CON_DAO, SPOOL, 7)
FIRST, NEXT = VisitId(SPOOL, VisitNo(3)), VisitId(SPOOL, VisitNo(4))


def row(state: str = "WRAP_UP", visit: int = 3) -> CallRow:
    return CallRow(
        call_id=CALL,
        state=state,
        revision=1,
        boot=BOOT,
        t_us=1_000,
        sent_boot=BOOT,
        sent_t_us=1_000,
        visit=VisitNo(visit),
        received_utc_us=NOON_US,
        changed_utc_us=NOON_US,
        owner="lan",
        nudges=0,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path, is_writer=True) as opened:
        opened.commit(
            [
                anchor_arrival(station, spool, Anchor(BOOT, 1_000, NOON_US, 5_000, "ntp"), seq=1)
                for station, spool in ((CON_DAO, SPOOL), (CON_DAO, OTHER_SPOOL), (LY_SON, SPOOL))
            ]
        )
        yield opened


def kept(store: SqliteStore, station: StationId, event: AdviceKept, *, seq: int) -> None:
    arrival = event_arrival(station, SPOOL, event, boot=BOOT, t_us=seq, seq=seq, utc_us=NOON_US + seq * S)
    store.commit([arrival])


def advice(store: SqliteStore, *, text: str = "uống nước", made_utc_us: int = NOON_US) -> int:
    draft = AdviceDraft(call_id=CALL, of=FIRST, urgency="soon", text=text, by="lan", made_utc_us=made_utc_us)
    return store.add_advice(draft).no


def test_advice_is_of_practice_as_long_as_its_call_is(store: SqliteStore) -> None:
    drill = Press(device="board", device_boot=1, press_count=1, learned_from="event", practice="drill")
    arrival = event_arrival(CON_DAO, SPOOL, drill, boot=BOOT, t_us=7, seq=7, utc_us=NOON_US)
    assert isinstance(arrival.record, Record)
    header = replace(arrival.record.header, record_class=RecordClass.CALL)
    store.commit([replace(arrival, record=replace(arrival.record, header=header))])
    advice(store)
    assert [one.practice for one in store.open_advice()] == ["drill"]
    assert [one.practice for one in store.advice_of_call(CALL)] == ["drill"]
    line = JournalLine(
        utc_us=NOON_US, by=None, input="RAISED", from_state="RECEIVED", to_state="RECEIVED", detail=None
    )
    move = CallMove(call_id=CALL, revision=1, owner=None, is_closed=False, kept="{}", line=line)
    (moved,) = store.move_calls([move])
    assert moved is not None and [one.practice for one in store.open_advice()] == [None]


def test_what_two_type_into_other_fields_is_put_together(store: SqliteStore) -> None:
    first = save_form(store, row(), FIRST, Form(findings="sốt"), base=0, by="lan", utc_us=NOON_US)
    mine = Form(findings="sốt", advice="nghỉ")
    theirs = Form(findings="sốt cao")
    save_form(store, row(), FIRST, theirs, base=first.version.revision, by="minh", utc_us=NOON_US)
    saved = save_form(store, row(), FIRST, mine, base=first.version.revision, by="lan", utc_us=NOON_US)
    assert (saved.form, saved.disputed) == (Form(findings="sốt cao", advice="nghỉ"), ())
    assert read_person(store, CALL, FIRST).form[0] == saved.form


def test_what_two_type_into_one_field_is_kept_twice_and_the_later_one_is_shown_the_other(
    store: SqliteStore,
) -> None:
    save_form(store, row(), FIRST, Form(findings="sốt"), base=0, by="minh", utc_us=NOON_US)
    for _ in range(3):  # the page says it again and again
        saved = save_form(store, row(), FIRST, Form(findings="ho"), base=0, by="lan", utc_us=NOON_US)
        assert (saved.form.findings, saved.disputed, saved.other) == ("sốt", ("findings",), "minh")
    rows = store.papers_of_call(CALL, kind="form")
    assert [(json.loads(one.json)["findings"], one.by, one.revision) for one in rows] == [
        ("sốt", "minh", 1),
        ("ho", "lan", None),
    ]
    knowing = save_form(store, row(), FIRST, Form(findings="ho"), base=1, by="lan", utc_us=NOON_US)
    assert (knowing.form.findings, knowing.disputed) == ("ho", ())


def test_what_was_not_changed_makes_no_version(store: SqliteStore) -> None:
    for base in (0, 1, 1):
        save_form(store, row(), FIRST, Form(advice="a"), base=base, by="lan", utc_us=NOON_US)
    save_form(store, row(), FIRST, Form(), base=0, by="lan", utc_us=NOON_US)
    assert len(store.papers_of_call(CALL)) == 1


def test_a_visit_that_was_never_part_of_the_call_is_refused(store: SqliteStore) -> None:
    stranger = VisitId(OTHER_SPOOL, VisitNo(3))
    assert visits_of(store, row()) == [FIRST]
    store.note_visit(CALL, NEXT, utc_us=NOON_US)
    store.note_visit(CALL, NEXT, utc_us=NOON_US + 1)
    store.note_visit(CallId(CON_DAO, SPOOL, 8), VisitId(SPOOL, VisitNo(5)), utc_us=NOON_US)
    assert visits_of(store, row()) == [FIRST, NEXT]
    for wrong in (stranger, VisitId(SPOOL, VisitNo(5)), VisitId(SPOOL, VisitNo(0))):
        with pytest.raises(WrongPersonError):
            check_visit(store, row(), wrong)
        with pytest.raises(WrongPersonError):
            save_form(store, row(), wrong, Form(advice="x"), base=0, by="lan", utc_us=NOON_US)
    assert store.papers_of_call(CALL) == []


def test_a_late_save_for_the_former_person_stays_the_former_persons(store: SqliteStore) -> None:
    store.note_visit(CALL, NEXT, utc_us=NOON_US)
    save_form(store, row(), NEXT, Form(findings="người sau"), base=0, by="lan", utc_us=NOON_US)
    save_form(store, row(), FIRST, Form(findings="người trước"), base=0, by="lan", utc_us=NOON_US)
    assert read_person(store, CALL, FIRST).form[0].findings == "người trước"
    assert read_person(store, CALL, NEXT).form[0].findings == "người sau"


def test_who_somebody_is_holds_in_every_call_of_the_visit_and_in_no_other_visit(store: SqliteStore) -> None:
    identity = Identity(name="Nguyễn Văn A")
    assert save_note(store, row(), FIRST, "identity", identity, base=0, by="lan", utc_us=NOON_US)
    assert not save_note(store, row(), FIRST, "identity", identity, base=0, by="minh", utc_us=NOON_US)
    second = CallId(CON_DAO, SPOOL, 8)
    assert read_person(store, second, FIRST).identity[0] == identity
    assert read_person(store, second, NEXT).identity[0] is None
    assert store.papers_of_visit(LY_SON, FIRST, "identity") == []
    assert [one.by for one in store.papers_of_visit(CON_DAO, FIRST, "identity")] == ["lan", "minh"]


def test_nobody_is_named_where_nobody_was_seen(store: SqliteStore) -> None:
    nobody = VisitId(SPOOL, VisitNo(0))
    assert visits_of(store, row(visit=0)) == [nobody]
    save_form(store, row(visit=0), nobody, Form(findings="nói chuyện"), base=0, by="lan", utc_us=NOON_US)
    with pytest.raises(WrongPersonError):
        save_note(
            store, row(visit=0), nobody, "identity", Identity(name="A"), base=0, by="lan", utc_us=NOON_US
        )


def test_minutes_name_a_person_only_who_consented_to_it(store: SqliteStore) -> None:
    save_note(store, row(), FIRST, "identity", Identity(name="Bà Sáu"), base=0, by="lan", utc_us=NOON_US)

    def text() -> str:
        written = write_document(
            store, row(), station_name="Côn Đảo", former=None, reason="", by="lan", utc_us=NOON_US
        )
        return json.dumps(written, ensure_ascii=False)

    assert "Bà Sáu" not in text()
    agreed = Consent(is_given=True, by_whom="con gái", purposes=("record",))
    save_note(store, row(), FIRST, "consent", agreed, base=0, by="lan", utc_us=NOON_US)
    assert "Bà Sáu" in text()
    taken = Consent(is_given=False, by_whom="con gái")
    save_note(store, row(), FIRST, "consent", taken, base=1, by="lan", utc_us=NOON_US)
    assert "Bà Sáu" not in text()
    assert text().count("con gái") == 2


def test_advice_is_open_until_its_own_station_has_it(store: SqliteStore) -> None:
    no = advice(store)
    kept(store, LY_SON, AdviceKept(advice=no, state="received"), seq=2)
    kept(store, CON_DAO, AdviceKept(advice=no + 1, state="received"), seq=2)
    assert [one.no for one in store.open_advice()] == [no]
    kept(store, CON_DAO, AdviceKept(advice=no, state="received"), seq=3)
    kept(store, CON_DAO, AdviceKept(advice=no, state="not printed", text="hết giấy"), seq=4)
    assert store.open_advice() == []
    (found,) = store.advice_of_call(CALL)
    assert [(step.state, step.text) for step in found.steps] == [
        ("received", ""),
        ("not printed", "hết giấy"),
    ]


def test_advice_that_was_given_up_may_still_be_confirmed(store: SqliteStore) -> None:
    no = advice(store)
    store.give_up_advice(no, utc_us=NOON_US + 1)
    assert store.open_advice() == []
    kept(store, CON_DAO, AdviceKept(advice=no, state="received"), seq=3)
    assert [step.state for step in store.advice_of_call(CALL)[0].steps] == ["undelivered", "received"]


def test_a_number_of_advice_is_never_given_again_also_not_by_a_hub_put_back(
    tmp_path: Path, store: SqliteStore
) -> None:
    numbers = [advice(store) for _ in range(3)]
    assert numbers == sorted(set(numbers))
    with SqliteStore(tmp_path / "restored", is_writer=True) as restored:
        restored.commit([anchor_arrival(CON_DAO, SPOOL, Anchor(BOOT, 1_000, NOON_US, 5_000, "ntp"), seq=1)])
        assert advice(restored, made_utc_us=NOON_US + 60 * S) > numbers[-1]


def test_a_press_and_a_visit_make_no_paper_by_themselves(store: SqliteStore) -> None:
    press = Press(device="board-1", device_boot=1, press_count=1, learned_from="event")
    opened = VisitOpened(visit=3, how="button")
    told: tuple[AnyEvent, ...] = (press, opened)
    for number, event in enumerate(told, start=2):
        store.commit(
            [event_arrival(CON_DAO, SPOOL, event, boot=BOOT, t_us=number, seq=number, utc_us=NOON_US)]
        )
    assert store.papers_of_call(CALL) == []
    assert store.call_visits(CALL) == []

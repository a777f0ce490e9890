"""What an event stream is told of calls: what has changed, and no more."""

import json
from dataclasses import replace

from contract.ids import BootId, CallId, SpoolId, StationId, VisitNo
from hub.calls.age import Age
from hub.calls.call import Call
from hub.calls.kept import Kept
from hub.calls.moves import HeldCall
from hub.calls.open_call import OpenCall
from hub.calls.table import State
from hub.console.call_list import GONE_KEPT, CallList, CallsTold
from hub.store.interface import CallRow


def open_call(seq: int, *, offered_to: frozenset[str] = frozenset({"lan"})) -> OpenCall:
    row = CallRow(
        call_id=CallId(StationId("con-dao-01"), SpoolId(0xB0C5), seq),
        state="RECEIVED",
        revision=1,
        boot=BootId(1),
        t_us=1,
        sent_boot=BootId(1),
        sent_t_us=1,
        visit=VisitNo(0),
        received_utc_us=seq,
        changed_utc_us=seq,
        owner=None,
        nudges=0,
    )
    kept = Kept(call=Call(since_us=seq), received_us=seq)
    return OpenCall(HeldCall(row, kept, Age(0.0, 0.0)), changed_us=0, owner_seen_us=0, offered_to=offered_to)


def claimed(one: OpenCall) -> OpenCall:
    held = one.held
    row = replace(held.row, state="CLAIMED", revision=held.row.revision + 1, owner="lan")
    kept = replace(held.kept, call=Call(state=State.CLAIMED, since_us=9, owner="lan"))
    return replace(one, held=HeldCall(row, kept, held.age))


class Desk:
    def __init__(self, count: int) -> None:
        self.calls = {seq: open_call(seq) for seq in range(count)}
        self.list = CallList()

    def since(self, number: int | None, account: str = "lan") -> CallsTold:
        self.list.refresh(self.calls.values(), name=str, phone=lambda _: None, rung=lambda _: 0)
        return self.list.since(number, account=account)


def seqs(told: CallsTold) -> list[int]:
    return [int(json.loads(text)["id"].rpartition(".")[2]) for text in told.calls]


def test_a_stream_is_told_everything_at_first_and_nothing_while_nothing_changes() -> None:
    desk = Desk(3)
    first = desk.since(None)
    assert (first.is_whole, seqs(first), first.gone) == (True, [0, 1, 2], ())
    again = desk.since(first.number)
    assert (again.is_whole, again.calls, again.gone) == (False, (), ())


def test_of_a_thousand_calls_only_what_changed_is_told_however_many_streams_ask() -> None:
    desk = Desk(1_000)
    first = desk.since(None)
    desk.calls[500] = claimed(desk.calls[500])
    del desk.calls[7]
    desk.calls[1_000] = open_call(1_000)
    for account in ("lan", "minh"):
        told = desk.since(first.number, account)
        assert (told.is_whole, sorted(seqs(told))) == (False, [500, 1_000])
        assert told.gone == (str(open_call(7).call_id),)
    assert json.loads(desk.since(first.number).calls[0])["owner"] == "lan"


def test_a_call_rings_for_whom_it_is_offered_to_and_is_told_again_when_that_changes() -> None:
    desk = Desk(1)
    first = desk.since(None)
    assert json.loads(first.calls[0])["rings"] is True
    assert json.loads(desk.since(None, "minh").calls[0])["rings"] is False
    desk.calls[0].offered_to = frozenset({"minh"})
    told = desk.since(first.number)
    assert json.loads(told.calls[0])["rings"] is False


def test_a_call_that_is_read_anew_and_is_as_it_was_is_not_told_again() -> None:
    desk = Desk(2)
    first = desk.since(None)
    desk.calls[0] = replace(desk.calls[0], held=replace(desk.calls[0].held))
    assert desk.since(first.number).calls == ()


def test_a_call_that_was_closed_and_is_open_again_is_not_gone() -> None:
    desk = Desk(1)
    first = desk.since(None)
    call = desk.calls.pop(0)
    desk.since(first.number)
    desk.calls[0] = call
    told = desk.since(first.number)
    assert (seqs(told), told.gone) == ([0], ())


def test_a_stream_that_missed_more_than_is_remembered_is_told_everything() -> None:
    desk = Desk(GONE_KEPT + 2)
    first = desk.since(None)
    for seq in range(GONE_KEPT):
        del desk.calls[seq]
    assert len(desk.since(first.number).gone) == GONE_KEPT
    del desk.calls[GONE_KEPT]
    late = desk.since(first.number)
    assert (late.is_whole, seqs(late)) == (True, [GONE_KEPT + 1])

from contract.errors import Refusal
from contract.ids import BoxName, RecordClass, SpoolId, StationId
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord
from hub.ingest.ingest import Sent
from hub.ingest.receipt_desk import ReceiptDesk

CON_DAO, LY_SON = (StationId("con-dao-01"), SpoolId(5)), (StationId("ly-son-02"), SpoolId(6))
WAVEFORM = RecordClass.WAVEFORM


def ranges(high: int) -> dict[RecordClass, SeqRanges]:
    return {WAVEFORM: SeqRanges([(1, high)])}


def due(desk: ReceiptDesk, now_s: float) -> list[tuple[StationId | BoxName, Receipt]]:
    return desk.due(now_s=now_s, utc_now_us=900)


def test_the_first_receipt_of_a_spool_goes_at_once_and_then_one_each_five_seconds() -> None:
    desk = ReceiptDesk(epoch=3)
    assert desk.next_due_s is None
    desk.note(CON_DAO, Sent(11, 22), ranges(1), is_urgent=False, now_s=100.0)
    expected = Receipt(CON_DAO[1], 3, 11, 22, 900, ranges(1), ())
    assert due(desk, 100.0) == [(CON_DAO[0], expected)]
    desk.note(CON_DAO, Sent(12, 23), ranges(2), is_urgent=False, now_s=101.0)
    desk.note(CON_DAO, Sent(13, 24), ranges(3), is_urgent=False, now_s=102.0)
    assert desk.next_due_s == 105.0
    assert due(desk, 104.9) == []
    assert due(desk, 105.0) == [(CON_DAO[0], Receipt(CON_DAO[1], 3, 13, 24, 900, ranges(3), ()))]
    assert due(desk, 200.0) == []


def test_a_call_does_not_wait_for_the_five_seconds() -> None:
    desk = ReceiptDesk(epoch=3)
    desk.note(CON_DAO, Sent(1, 1), ranges(1), is_urgent=False, now_s=100.0)
    due(desk, 100.0)
    desk.note(CON_DAO, Sent(2, 2), ranges(2), is_urgent=False, now_s=101.0)
    desk.note(CON_DAO, Sent(3, 3), ranges(3), is_urgent=True, now_s=101.5)
    assert desk.next_due_s == 101.5
    assert [receipt.echo_sent_t_us for _, receipt in due(desk, 101.5)] == [3]
    assert due(desk, 105.0) == []


def test_each_refusal_is_said_once_and_again_when_it_comes_again() -> None:
    desk = ReceiptDesk(epoch=3)
    refused = RefusedRecord(WAVEFORM, 9, Refusal.OTHER_CONTENT)
    desk.note(CON_DAO, Sent(1, 1), {}, refused=[refused, refused], is_urgent=False, now_s=0.0)
    assert [receipt.refused for _, receipt in due(desk, 0.0)] == [(refused,)]
    desk.note(CON_DAO, Sent(1, 1), {}, is_urgent=True, now_s=1.0)
    assert [receipt.refused for _, receipt in due(desk, 1.0)] == [()]
    desk.note(CON_DAO, Sent(1, 1), {}, refused=[refused], is_urgent=True, now_s=2.0)
    assert [receipt.refused for _, receipt in due(desk, 2.0)] == [(refused,)]


def test_refusals_of_one_receipt_are_bounded() -> None:
    desk = ReceiptDesk(epoch=3)
    many = [RefusedRecord(WAVEFORM, seq, Refusal.BAD_CRC) for seq in range(1, 1_000)]
    desk.note(CON_DAO, Sent(1, 1), {}, refused=many, is_urgent=True, now_s=0.0)
    ((_, receipt),) = due(desk, 0.0)
    assert len(receipt.refused) == 64


def test_spools_are_answered_in_the_order_in_which_they_are_due() -> None:
    desk = ReceiptDesk(epoch=3)
    for now_s, spool in ((0.0, CON_DAO), (1.0, LY_SON)):
        desk.note(spool, Sent(1, 1), ranges(1), is_urgent=False, now_s=now_s)
        due(desk, now_s)
    desk.note(LY_SON, Sent(2, 2), ranges(2), is_urgent=False, now_s=2.0)
    desk.note(CON_DAO, Sent(2, 2), ranges(2), is_urgent=False, now_s=3.0)
    assert [station for station, _ in due(desk, 60.0)] == [CON_DAO[0], LY_SON[0]]


def test_a_spool_that_was_forgotten_is_answered_at_once_again() -> None:
    desk = ReceiptDesk(epoch=3, spools_max=1)
    desk.note(CON_DAO, Sent(1, 1), ranges(1), is_urgent=False, now_s=0.0)
    due(desk, 0.0)
    desk.note(LY_SON, Sent(1, 1), ranges(1), is_urgent=False, now_s=0.5)
    desk.note(CON_DAO, Sent(2, 2), ranges(2), is_urgent=False, now_s=1.0)
    assert [station for station, _ in due(desk, 1.0)] == [CON_DAO[0]]

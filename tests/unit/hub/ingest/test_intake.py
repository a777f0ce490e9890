from contract.ids import RecordClass, StationId
from hub.ingest.ingest import Payload
from hub.ingest.intake import (
    BATCH_BYTES,
    BATCH_PAYLOADS,
    BUSY_PAYLOADS_PER_S,
    BUSY_WINDOW_S,
    WINDOW_S,
    BatchWindow,
    Intake,
)


def payload(record_class: RecordClass, data: bytes = b"x") -> Payload:
    return Payload(StationId("con-dao-01"), record_class, data, 0, 0.0)


def test_calls_go_first_and_the_rest_in_the_order_of_arrival() -> None:
    intake = Intake()
    for number in range(3):
        intake.put(payload(RecordClass.WAVEFORM, bytes((number,))))
    intake.put(payload(RecordClass.CALL, b"call"))
    assert [one.data for one in intake.take_batch()] == [b"call", b"\x00", b"\x01", b"\x02"]
    assert intake.is_empty


def test_a_batch_is_bounded_in_payloads_and_in_bytes() -> None:
    intake = Intake()
    for _ in range(BATCH_PAYLOADS + 1):
        intake.put(payload(RecordClass.NUMERIC))
    assert intake.is_full_batch
    assert len(intake.take_batch()) == BATCH_PAYLOADS
    assert not intake.is_empty
    large = Intake()
    for _ in range(100):
        large.put(payload(RecordClass.WAVEFORM, bytes(60_000)))
    assert sum(len(one.data) for one in large.take_batch()) < BATCH_BYTES + 60_000


def test_a_full_queue_drops_counts_and_takes_again_when_there_is_room() -> None:
    intake = Intake(queue_payloads=2, queue_bytes=10)
    assert intake.put(payload(RecordClass.WAVEFORM, bytes(8)))
    assert not intake.put(payload(RecordClass.WAVEFORM, bytes(3)))
    assert intake.put(payload(RecordClass.WAVEFORM, bytes(1)))
    assert not intake.put(payload(RecordClass.WAVEFORM, bytes(1)))
    assert intake.dropped_count == 2
    intake.take_batch()
    assert intake.put(payload(RecordClass.WAVEFORM, bytes(10)))


def test_a_backlog_does_not_take_a_calls_place() -> None:
    intake = Intake(queue_payloads=1, queue_bytes=10)
    assert intake.put(payload(RecordClass.WAVEFORM, bytes(10)))
    assert intake.put(payload(RecordClass.CALL, bytes(10)))


def test_commits_gather_for_longer_while_much_comes_and_only_then() -> None:
    window = BatchWindow()
    assert window.length_s == WINDOW_S
    window.on_batch(round(BUSY_PAYLOADS_PER_S * WINDOW_S))
    assert window.length_s == BUSY_WINDOW_S
    window.on_batch(round(BUSY_PAYLOADS_PER_S * BUSY_WINDOW_S))
    assert window.length_s == BUSY_WINDOW_S  # the same rate fills the longer window in proportion
    window.on_batch(round(BUSY_PAYLOADS_PER_S * BUSY_WINDOW_S) - 1)
    assert window.length_s == WINDOW_S

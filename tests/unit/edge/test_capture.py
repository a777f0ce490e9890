from collections.abc import Iterable
from dataclasses import replace

import pytest

from contract.chunks import decode_chunk
from contract.codecs import Codec
from contract.events import (
    AnyEvent,
    DeviceState,
    LeadState,
    SamplesLost,
    StreamSet,
    VisitClosed,
    VisitOpened,
    parse_event,
)
from contract.header import Kind
from contract.ids import NO_VISIT, BootId, RecordClass
from edge.capture.capture import BOARD, Capture
from edge.capture.told import ENTRIES_MAX
from edge.spool.batch import Batch, Entry
from firmware_bridge import events as bridge
from tests.unit.edge.board_events import ECG, PLETH, PULSE, SPO2, UID, block, connected, leads

BOOT = BootId(3)
NOW_US = 40_000_000


def capture(**facts: object) -> Capture:
    return Capture(boot=BOOT, facts={"visit": None, "stream set": None, **facts})


def running(**facts: object) -> Capture:
    """A board is there, and what came with it is stored."""
    heard = capture(**facts)
    feed(heard, [connected()])
    cut(heard)
    return heard


def feed(heard: Capture, events: Iterable[bridge.Event], *, now_us: int = NOW_US) -> None:
    for event in events:
        heard.handle(event, source=BOARD, now_us=now_us)


def cut(heard: Capture, *, now_us: int = NOW_US, is_live: bool = False) -> Batch:
    """What one cut brings to the card, its batches as one; what the second drafts first is not seen."""
    told = batches(heard, now_us=now_us, is_live=is_live)
    if not told:
        return Batch()
    entries = [entry for batch in told for entry in batch.entries]
    return replace(told[-1], entries=entries, facts={**told[0].facts, **told[-1].facts})


def batches(heard: Capture, *, now_us: int = NOW_US, is_live: bool = False) -> list[Batch]:
    made = [heard.batch(one, one.coded()) for one in heard.cut(now_us=now_us, is_live=is_live)]
    return [batch for batch in made if batch is not None]


def events_of(entries: Iterable[Entry]) -> list[AnyEvent]:
    return [parse_event(entry.body) for entry in entries if entry.header.kind is Kind.EVENT]


def columns_of(entries: Iterable[Entry]) -> list[list[tuple[int, int, int, int]]]:
    """(visit, stream, first index, end index) of each column of each chunk."""
    return [
        [
            (entry.header.visit, c.stream, c.first_index, c.end_index)
            for c in decode_chunk(entry.body, t_us=entry.header.t_us)
        ]
        for entry in entries
        if entry.header.kind is Kind.CHUNK
    ]


def test_a_board_is_told_with_its_streams_before_any_sample() -> None:
    heard = capture()
    feed(heard, [connected(), block(ECG, 0, 25, mask=0)])
    batch = cut(heard)
    streams, contact, device, opened = events_of(batch.entries)
    assert isinstance(streams, StreamSet)
    assert streams.set_no == 1
    assert contact == LeadState(device=UID.hex(), off=())  # whatever was off in an earlier life
    assert device == DeviceState(device=UID.hex(), state="connected")
    assert opened == VisitOpened(visit=1, how="signal")
    assert columns_of(batch.entries) == [[(1, 0, 0, 25)]]


def test_quiet_seconds_are_drafts_and_every_thirty_seconds_they_become_records() -> None:
    heard = running()
    for second in range(29):
        feed(heard, [block(ECG, 250 * second, 250, mask=0)])
        batch = cut(heard, now_us=NOW_US + (second + 1) * 1_000_000)
        assert columns_of(batch.drafts) == [[(1, 0, 250 * second, 250 * (second + 1))]]
        assert not columns_of(batch.entries)
        assert not batch.drops_drafts
    feed(heard, [block(ECG, 7_250, 250, mask=0)])
    batch = cut(heard, now_us=NOW_US + 30_000_000)
    assert columns_of(batch.entries) == [[(1, 0, 0, 7_500)]]
    assert batch.drops_drafts
    assert not batch.drafts


def test_before_thirty_seconds_are_coded_the_last_of_them_is_drafted() -> None:
    """Coding takes a while, and no more than a second may be at risk."""
    heard = running()
    feed(heard, [block(ECG, 0, 250, mask=0)])
    cut(heard)
    feed(heard, [block(ECG, 250, 250, mask=0)])
    draft, records = batches(heard, now_us=NOW_US + 30_000_000)
    assert columns_of(draft.drafts) == [[(1, 0, 250, 500)]]
    assert not draft.drops_drafts
    assert columns_of(records.entries) == [[(1, 0, 0, 500)]]
    assert records.drops_drafts


def test_what_happens_while_samples_are_coded_is_stored_with_them() -> None:
    """Facts are those of the moment of storing: never older than what a press has stored meanwhile."""
    heard = running()
    feed(heard, [block(ECG, 0, 250, mask=0)])
    (taken,) = heard.cut(now_us=NOW_US, is_live=True)
    coded = taken.coded()
    heard.next_person(now_us=NOW_US)
    pressed = heard.press(t_us=NOW_US, now_us=NOW_US)
    assert heard.visit == 2
    batch = heard.batch(taken, coded)
    assert batch is not None
    assert columns_of(batch.entries) == [[(1, 0, 0, 250)]]
    assert batch.facts == heard.facts()
    assert [type(event) for event in events_of(pressed)][-2:] == [VisitClosed, VisitOpened]


def test_drafts_are_coded_quickly_and_records_well() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 250, mask=0)])
    draft, records = batches(heard, now_us=NOW_US + 30_000_000)
    assert [entry.header.codec for entry in draft.drafts] == [Codec.RICE]
    chunks = [entry for entry in records.entries if entry.header.kind is Kind.CHUNK]
    assert [entry.header.codec for entry in chunks] == [Codec.ADAPTIVE]


def test_live_every_cut_makes_records() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 125, mask=0)])
    batch = cut(heard, now_us=NOW_US + 500_000, is_live=True)
    assert columns_of(batch.entries) == [[(1, 0, 0, 125)]]
    assert batch.drops_drafts


def test_nothing_heard_is_nothing_to_store() -> None:
    heard = running()
    assert batches(heard, now_us=NOW_US + 1_000_000) == []


def test_samples_with_a_lead_off_are_not_stored_and_the_visit_goes_on() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=1), block(ECG, 50, 25, mask=0)])
    batch = cut(heard)
    assert columns_of(batch.drafts) == [[(1, 0, 0, 25)], [(1, 0, 50, 75)]]
    told = [event for event in events_of(batch.entries) if isinstance(event, LeadState)]
    assert [event.off for event in told] == [(0,), ()]
    assert heard.sights()[0].unmeasured_samples == 25
    assert heard.visit == 1


def test_a_probe_that_is_off_takes_spo2_and_pulse_with_it_but_not_the_ecg() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), block(PLETH, 0, 8), block(SPO2, 0, 1)])
    feed(heard, [leads(PLETH, probe=bridge.ProbeState.OFF)])
    feed(heard, [block(ECG, 25, 25, mask=0), block(PLETH, 8, 8), block(SPO2, 1, 1), block(PULSE, 1, 1)])
    batch = cut(heard)
    assert columns_of(batch.drafts) == [[(1, 0, 0, 25), (1, 1, 0, 8), (1, 2, 0, 1)], [(1, 0, 25, 50)]]
    told = [event for event in events_of(batch.entries) if isinstance(event, LeadState)]
    assert [event.off for event in told] == [(1, 2, 3)]


def test_the_probe_s_state_in_an_ecg_s_lead_state_says_nothing_of_the_electrodes() -> None:
    heard = running()
    feed(heard, [leads(ECG, mask=0, probe=bridge.ProbeState.OFF), block(ECG, 0, 25, mask=0)])
    batch = cut(heard)
    assert columns_of(batch.drafts) == [[(1, 0, 0, 25)]]
    assert not [event for event in events_of(batch.entries) if isinstance(event, LeadState)]


def test_a_board_that_starts_again_begins_a_new_stream_set_and_its_old_blocks_are_strangers() -> None:
    heard = running()
    feed(heard, [block(ECG, 900, 25, mask=0), connected(board_boot=0xCAFE)])
    feed(heard, [block(ECG, 925, 25, mask=0), block(ECG, 0, 25, mask=0, board_boot=0xCAFE)])
    batch = cut(heard)
    chunks = [entry for entry in batch.drafts if entry.header.kind is Kind.CHUNK]
    assert [(c.header.stream_set, c.header.first_index, c.header.count) for c in chunks] == [
        (1, 900, 25),
        (2, 0, 25),
    ]
    assert [e.set_no for e in events_of(batch.entries) if isinstance(e, StreamSet)] == [2]


def test_the_same_board_introduced_again_keeps_its_stream_set() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), connected(), block(ECG, 25, 25, mask=0)])
    batch = cut(heard)
    assert not [event for event in events_of(batch.entries) if isinstance(event, StreamSet)]
    assert columns_of(batch.drafts) == [[(1, 0, 0, 50)]]


def test_stream_sets_are_counted_on_from_what_is_stored() -> None:
    heard = capture(**{"stream set": 5})
    feed(heard, [connected()])
    batch = cut(heard)
    assert [event.set_no for event in events_of(batch.entries) if isinstance(event, StreamSet)] == [6]
    assert batch.facts["stream set"] == 6


def test_absent_numerics_do_not_cut_the_ecg() -> None:
    heard = running()
    absent = bridge.SamplesLost(SPO2, 0xBEEF, 1, 3, bridge.LossReason.NO_VALUE)
    feed(heard, [block(ECG, 0, 25, mask=0), block(SPO2, 0, 1), absent, block(SPO2, 4, 1)])
    feed(heard, [block(ECG, 25, 25, mask=0)])
    batch = cut(heard)
    assert not batch.drops_drafts
    assert columns_of(batch.drafts) == [[(1, 2, 0, 1)], [(1, 0, 0, 50), (1, 2, 4, 5)]]
    assert heard.lost_samples == 0
    assert not [event for event in events_of(batch.entries) if isinstance(event, SamplesLost)]


def test_lost_samples_are_counted_and_told_and_the_chunk_ends_at_the_hole() -> None:
    heard = running()
    lost = bridge.SamplesLost(ECG, 0xBEEF, 25, 10, bridge.LossReason.ON_THE_WIRE)
    feed(heard, [block(ECG, 0, 25, mask=0), lost, block(ECG, 35, 25, mask=0)])
    batch = cut(heard)
    told = [event for event in events_of(batch.entries) if isinstance(event, SamplesLost)]
    assert [(t.set_no, t.stream, t.first_index, t.count) for t in told] == [(1, 0, 25, 10)]
    assert columns_of(batch.drafts) == [[(1, 0, 0, 25)], [(1, 0, 35, 60)]]
    assert heard.lost_samples == 10


def test_a_flood_of_events_is_bounded_but_visits_are_still_told() -> None:
    heard = running()
    lost = bridge.SamplesLost(ECG, 0xBEEF, 0, 1, bridge.LossReason.ON_THE_WIRE)
    feed(heard, [lost] * (ENTRIES_MAX + 50))
    feed(heard, [block(ECG, 100, 25, mask=0)])
    told = events_of(cut(heard).entries)
    assert len(told) == ENTRIES_MAX + 1
    assert isinstance(told[-1], VisitOpened)
    assert heard.dropped_entries == 50


def test_a_stream_set_that_a_flood_left_no_room_for_is_not_used_until_it_is_told() -> None:
    heard = capture()
    for boot in range(1, 400):  # each a stream set and a state
        feed(heard, [connected(board_boot=boot)])
    feed(heard, [block(ECG, 0, 25, mask=0, board_boot=399)])
    told = {e.set_no for e in events_of(cut(heard).entries) if isinstance(e, StreamSet)}
    feed(heard, [connected(board_boot=399), block(ECG, 25, 25, mask=0, board_boot=399)])
    batch = cut(heard)
    told |= {e.set_no for e in events_of(batch.entries) if isinstance(e, StreamSet)}
    (chunk,) = [e for e in [*batch.entries, *batch.drafts] if e.header.kind is Kind.CHUNK]
    assert chunk.header.first_index == 25
    assert chunk.header.stream_set in told


def test_a_press_opens_a_visit_and_takes_all_waiting_events_with_it() -> None:
    heard = running()
    feed(heard, [bridge.BoardSilent(0xBEEF, 3_000_000)])
    told = heard.press(t_us=NOW_US, now_us=NOW_US)
    assert [event.event for event in events_of(told)] == ["device", "visit opened"]
    assert heard.visit == 1
    assert heard.facts()["visit"]["last"] == 1
    assert not cut(heard).entries


def test_a_press_during_a_visit_opens_none() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0)])
    cut(heard)
    assert heard.press(t_us=NOW_US, now_us=NOW_US) == []
    assert heard.visit == 1


def test_samples_after_next_person_belong_to_nobody_until_the_sensors_were_off() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0)])
    heard.next_person(now_us=NOW_US)
    feed(heard, [block(ECG, 25, 25, mask=0)])
    heard.press(t_us=NOW_US, now_us=NOW_US)  # opens visit 2, the sensors are still on the one before
    feed(heard, [block(ECG, 50, 25, mask=0), block(ECG, 75, 25, mask=3), block(ECG, 100, 25, mask=0)])
    assert columns_of(cut(heard).entries) == [
        [(1, 0, 0, 25)],
        [(NO_VISIT, 0, 25, 75)],
        [(2, 0, 100, 125)],
    ]


def test_next_person_takes_the_next_signal_when_only_the_ecg_was_ever_on_and_came_off() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3)])
    heard.next_person(now_us=NOW_US)
    feed(heard, [block(ECG, 50, 25, mask=0)])
    assert heard.visit == 2


def test_a_probe_that_is_off_from_the_start_does_not_end_the_wait_for_the_electrodes() -> None:
    heard = running()
    feed(heard, [leads(ECG), block(ECG, 0, 25, mask=0)])
    heard.next_person(now_us=NOW_US)
    feed(heard, [leads(PLETH, probe=bridge.ProbeState.OFF), block(ECG, 25, 25, mask=0)])
    assert heard.visit == NO_VISIT


def test_a_lost_board_ends_the_chunk_and_is_told_with_its_remedy() -> None:
    heard = running()
    gone = bridge.BoardLost("no heartbeat for 5 s", "check the board's cable", 4_000_000)
    feed(heard, [block(ECG, 0, 25, mask=0), gone, block(ECG, 25, 25, mask=0)])
    batch = cut(heard)
    assert columns_of(batch.drafts) == [[(1, 0, 0, 25)], [(1, 0, 25, 50)]]
    assert heard.sights()[0].problem == "no heartbeat for 5 s: check the board's cable"
    states = [event for event in events_of(batch.entries) if isinstance(event, DeviceState)]
    assert [(s.state, s.text) for s in states] == [("gone", "no heartbeat for 5 s: check the board's cable")]


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (bridge.ButtonFault(UID, bridge.ButtonFaultKind.LOOP_OPEN, 1), "call button: loop open"),
        (bridge.ResetsAlarm(UID, 3, 1), "restarted 3 times"),
        (bridge.OutputFailed(1, 2, 1), "output 1"),
        (bridge.StreamNotSet(2, False, 0, bridge.CommandFailure.REFUSED, 1), "stream 2 is not switched off"),
        (bridge.BootloaderRefused(UID, bridge.CommandFailure.UNANSWERED, "no answer", 1), "no answer"),
        (bridge.BootloaderEntered(UID, 1), "boot loader"),
        (bridge.ClockDrift(UID, -251.2, True, 1), "-251 ppm"),
    ],
)
def test_a_fault_of_the_board_is_shown_and_told(event: bridge.Event, word: str) -> None:
    heard = running()
    feed(heard, [event])
    assert word in (heard.sights()[0].problem or "")
    (told,) = events_of(cut(heard).entries)
    assert isinstance(told, DeviceState)
    assert word in told.text


def test_a_button_that_works_again_is_no_problem_any_more() -> None:
    heard = running()
    feed(heard, [bridge.ButtonFault(UID, bridge.ButtonFaultKind.STUCK, 1), bridge.ButtonFault(UID, None, 2)])
    assert heard.sights()[0].problem is None


def test_a_clock_that_runs_well_again_is_no_problem_any_more() -> None:
    heard = running()
    feed(heard, [bridge.ClockDrift(UID, 251.0, True, 1), bridge.ClockDrift(UID, 20.0, False, 2)])
    assert heard.sights()[0].problem is None


def test_a_stream_that_is_switched_off_has_lost_nothing() -> None:
    heard = running()
    off = bridge.SamplesLost(ECG, 0xBEEF, 0, 25, bridge.LossReason.STREAM_OFF)
    feed(heard, [off])
    assert heard.lost_samples == 0


def test_a_board_of_another_schema_is_a_problem_with_a_remedy() -> None:
    heard = capture()
    feed(heard, [connected(streams=())])
    assert "update the board" in (heard.sights()[0].problem or "")


def test_a_restart_in_another_boot_closes_the_visit_of_before() -> None:
    before = running()
    feed(before, [block(ECG, 0, 25, mask=0)])
    saved = cut(before).facts["visit"]
    after = Capture(boot=BootId(BOOT + 1), facts={"visit": saved})
    (closed,) = events_of(cut(after, now_us=1).entries)
    assert closed == VisitClosed(visit=1, why="box restarted")
    feed(after, [connected(), block(ECG, 0, 25, mask=0)])
    assert after.visit == 2


def test_a_restart_in_the_same_boot_goes_on_with_the_visit() -> None:
    before = running()
    feed(before, [block(ECG, 0, 25, mask=0)])
    after = Capture(boot=BOOT, facts={"visit": cut(before).facts["visit"]})
    assert after.visit == 1
    assert batches(after) == []


def test_all_sensors_off_asks_and_closes_by_the_clock() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3)])
    assert heard.asks(now_us=NOW_US + 120_000_000)
    batch = cut(heard, now_us=NOW_US + 1_800_000_000)
    assert VisitClosed(visit=1, why="sensors off 30 min") in events_of(batch.entries)
    assert heard.visit == NO_VISIT


def test_numerics_are_class_one_and_waveforms_class_two() -> None:
    heard = running()
    feed(heard, [block(ECG, 0, 25, mask=0), block(SPO2, 0, 1)])
    chunks = [e for e in cut(heard, is_live=True).entries if e.header.kind is Kind.CHUNK]
    assert [e.header.record_class for e in chunks] == [RecordClass.NUMERIC, RecordClass.WAVEFORM]


def test_numerics_alone_open_no_visit() -> None:
    heard = running()
    feed(heard, [block(SPO2, 0, 1)])
    assert heard.visit == NO_VISIT


def test_waveforms_come_until_two_seconds_without_any_and_numerics_are_none() -> None:
    heard = running()
    assert not heard.has_samples(now_us=NOW_US)
    feed(heard, [block(SPO2, 0, 1)])
    assert not heard.has_samples(now_us=NOW_US)
    feed(heard, [block(PLETH, 0, 10)])
    assert heard.has_samples(now_us=NOW_US + 1_999_999)
    assert not heard.has_samples(now_us=NOW_US + 2_000_000)


def test_the_hub_may_want_records_oftener_while_nobody_watches() -> None:
    heard = running()
    heard.record_every_s = 10.0
    feed(heard, [block(ECG, 0, 250, mask=0)])
    assert not cut(heard, now_us=NOW_US + 9_000_000).drops_drafts
    feed(heard, [block(ECG, 250, 250, mask=0)])
    batch = cut(heard, now_us=NOW_US + 10_000_000)
    assert batch.drops_drafts
    assert columns_of(batch.entries) == [[(1, 0, 0, 500)]]

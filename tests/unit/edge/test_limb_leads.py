"""From blocks of a device to a suspicion that is told: windows, gaps, visits."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contract.codes import ECG_I, ECG_II
from contract.events import LeadReversal
from edge.capture.capture import BOARD
from edge.capture.lead_reversal import AGREEING_WINDOWS
from edge.capture.limb_leads import LimbLeads
from edge.capture.streams import map_streams
from firmware_bridge.events import BoardConnected, SampleBlock, StreamDescription, StreamKind, StreamUnit
from tests.unit.edge.board_events import connected
from tests.unit.edge.heard_station import Station
from tests.unit.edge.test_lead_reversal import RATE_HZ, leads

SCALE_UV = 5.0
I_ID, II_ID = 1, 5
BLOCK = 25


def board() -> BoardConnected:
    streams = tuple(
        StreamDescription(number, StreamKind.ECG, mdc, 250_000, 1, 24, SCALE_UV, StreamUnit.MICROVOLT)
        for number, mdc in ((I_ID, ECG_I), (II_ID, ECG_II))
    )
    return replace(connected(), streams=streams, board_boot=99)


def blocks(stream_id: int, lead_uv: NDArray[np.float64], first: int) -> list[SampleBlock]:
    raw = np.round(lead_uv / SCALE_UV).astype(np.int32).reshape(-1, 1)
    return [
        SampleBlock(stream_id, 99, first + at, raw[at : at + BLOCK], 0, 1_000_000, 0, False, False)
        for at in range(0, len(raw), BLOCK)
    ]


def ten_seconds(first: int, *, is_swapped: bool) -> list[SampleBlock]:
    lead_i, lead_ii = leads()
    if is_swapped:
        lead_i, lead_ii = -lead_i, lead_ii - lead_i
    return blocks(I_ID, lead_i, first) + blocks(II_ID, lead_ii, first)


def test_a_station_tells_a_suspicion_and_takes_it_back() -> None:
    station = Station()
    station.say(BOARD, board())
    size = round(10 * RATE_HZ)
    for number in range(AGREEING_WINDOWS):
        station.say(BOARD, *ten_seconds(number * size, is_swapped=True))
    [told] = station.told(LeadReversal)
    assert isinstance(told, LeadReversal)
    assert (told.device, told.suspected) == (board().uid.hex(), "RA-LA")
    for number in range(AGREEING_WINDOWS, 2 * AGREEING_WINDOWS):
        station.say(BOARD, *ten_seconds(number * size, is_swapped=False))
    assert [one.suspected for one in station.told(LeadReversal) if isinstance(one, LeadReversal)] == [
        "RA-LA",
        None,
    ]


def test_what_was_seen_of_one_person_says_nothing_of_the_next() -> None:
    station = Station()
    station.say(BOARD, board())
    size = round(10 * RATE_HZ)
    for number in range(AGREEING_WINDOWS - 1):
        station.say(BOARD, *ten_seconds(number * size, is_swapped=True))
    station.next_person()
    station.say(BOARD, *ten_seconds((AGREEING_WINDOWS - 1) * size, is_swapped=True))
    assert station.told(LeadReversal) == []
    assert station.visits_of(LeadReversal) == []


def limb_leads() -> LimbLeads:
    mapped = map_streams(board(), 1)  # type: ignore[arg-type]
    assert mapped is not None
    return LimbLeads(mapped.streams())


def test_a_gap_begins_the_window_anew() -> None:
    watch, size = limb_leads(), round(10 * RATE_HZ)
    first = 0
    for _ in range(AGREEING_WINDOWS + 1):
        swapped = ten_seconds(first, is_swapped=True)
        lacking = [one for one in swapped if one.first_index != first + 100 * BLOCK // 2]  # one block each
        assert not any(watch.add(one) for one in lacking)
        first += size
    assert watch.suspected is None


def test_leads_whose_size_is_unknown_are_not_judged() -> None:
    mapped = map_streams(board(), 1)  # type: ignore[arg-type]
    assert mapped is not None
    counts = {number: one.model_copy(update={"unit": "1"}) for number, one in mapped.streams().items()}
    watch, size = LimbLeads(counts), round(10 * RATE_HZ)
    for number in range(AGREEING_WINDOWS + 1):
        assert not any(watch.add(one) for one in ten_seconds(number * size, is_swapped=True))


def test_a_lead_whose_other_is_off_is_not_kept_for_hours() -> None:
    watch, size = limb_leads(), round(10 * RATE_HZ)
    lead_i, _ = leads()
    for number in range(12):
        for one in blocks(I_ID, lead_i, number * size):
            assert not watch.add(one)
    kept = watch._leads[I_ID]
    assert kept.end_index - kept.first_index <= 2 * size + BLOCK
    changed = [
        watch.add(one) for number in range(12, 17) for one in ten_seconds(number * size, is_swapped=True)
    ]
    assert changed.count(True) == 1  # and both are looked at again when it is back


def test_clipped_and_settling_samples_are_not_judged() -> None:
    watch, size = limb_leads(), round(10 * RATE_HZ)
    for number in range(AGREEING_WINDOWS + 1):
        for one in ten_seconds(number * size, is_swapped=True):
            is_bad = one.first_index % size == 50 * BLOCK
            assert not watch.add(replace(one, is_clipped=is_bad, is_settling=is_bad))


def test_what_is_seen_of_the_person_before_is_not_told_of_the_next() -> None:
    station = Station()
    station.say(BOARD, board())
    size = round(10 * RATE_HZ)
    station.say(BOARD, *ten_seconds(0, is_swapped=True))
    station.next_person()
    station.capture.press(t_us=station.now_us, now_us=station.now_us)
    assert station.capture.visit == 2
    for number in range(1, AGREEING_WINDOWS + 2):
        station.say(BOARD, *ten_seconds(number * size, is_swapped=True))
    assert station.visits_of(LeadReversal) == [0]

import json

import numpy as np
import pytest

from contract.codes import SPO2
from contract.events import (
    AnchorSet,
    CallStep,
    LeadState,
    PartFound,
    SamplesLost,
    SelfTested,
    Status,
    Stream,
    StreamSet,
    VisitClosed,
    VisitOpened,
)
from contract.ids import BootId, StationId, StreamSetNo
from hub.console.live_frames import SampleFrame
from hub.console.live_texts import Value
from hub.live.arrived import Arrived
from hub.live.station_now import LIVE_MAX_AGE_S, Change, StationNow
from hub.live.view_messages import view_text
from hub.times.placing import PlacedColumn
from tests.unit.hub.live.station_events import UTC_US, S, arrived, tell

ECG, PLETH, SATURATION = 0, 1, 2
RATE_HZ = 250
STATION = StationId("con-dao-01")
SET = StreamSet(
    set_no=1,
    device="board-1",
    streams=(
        Stream(stream=ECG, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV"),
        Stream(stream=PLETH, mdc=150452, label="Pleth", shape="pleth", rate_mhz=100_000, scale=1.0, unit="1"),
        Stream(
            stream=SATURATION, mdc=SPO2, label="SpO2", shape="numeric", rate_mhz=1_000, scale=1.0, unit="%"
        ),
    ),
)


def station(*, visit: int | None = 1) -> StationNow:
    now = StationNow()
    now.on_event(arrived(1.0, visit=0), SET)
    if visit is not None:
        now.on_event(arrived(2.0), VisitOpened(visit=visit, how="signal"))
    return now


def ecg(
    now: StationNow,
    first: int,
    count: int,
    t_s: float,
    *,
    visit: int = 1,
    sent_s: float | None = None,
    **more: int,
) -> list[SampleFrame]:
    """A chunk of ECG that begins at `t_s` arrives; return what may be drawn of it."""
    samples = np.arange(first, first + count, dtype=np.int32)
    column = PlacedColumn(ECG, first, int(t_s * S), 0, samples)
    sent_s = t_s + count / RATE_HZ if sent_s is None else sent_s
    return now.on_waveform(arrived(t_s, visit=visit, sent_s=sent_s, **more), [column])[1]


def saturation(
    now: StationNow, value: int, t_s: float, *, visit: int = 1, sent_s: float | None = None
) -> None:
    column = PlacedColumn(SATURATION, 0, int(t_s * S), 0, np.array([value], np.int32))
    now.on_numerics(arrived(t_s, visit=visit, sent_s=t_s if sent_s is None else sent_s), [column])


def shown(now: StationNow, at_s: float, mdc: int = SPO2) -> Value:
    values = now.values(now_utc_ms=(UTC_US + at_s * S) / 1000 + 40)
    return next(value for value in values if value["mdc"] == mdc)


def close(now: StationNow, visit: int, t_s: float) -> None:
    now.on_event(arrived(t_s), VisitClosed(visit=visit, why="next person"))


def test_samples_of_the_visit_under_way_are_drawn_once_with_their_time() -> None:
    now = station()
    (frame,) = ecg(now, 0, 250, 10.0)
    assert (frame.stream_id, frame.set_no, frame.visit_no, frame.first_index) == (0, 1, 1, 0)
    assert list(frame.samples) == list(range(250))
    assert frame.captured_ms == (UTC_US + 10 * S) / 1000 + 40
    assert ecg(now, 0, 250, 10.0) == []
    (rest,) = ecg(now, 200, 100, 10.8)
    assert (rest.first_index, list(rest.samples)) == (250, list(range(250, 300)))


def fast(first: int, count: int, t_s: float, rate_hz: float) -> PlacedColumn:
    samples = np.zeros(count, np.int32)
    return PlacedColumn(ECG, first, int(t_s * S), 0, samples, rate_hz=rate_hz)


def test_a_true_rate_places_samples_and_is_told_to_pages_when_it_differs() -> None:
    now = station()
    stream = SET.streams[ECG]
    change, (frame,) = now.on_waveform(arrived(10.0, sent_s=11.0), [fast(0, 250, 10.0, 250.0375)])
    assert Change.VIEW in change
    assert now.rate_mhz(StreamSetNo(1), stream) == 250_038
    assert json.loads(view_text(STATION, now, now_utc_ms=0.0))["streams"][ECG]["rate_mhz"] == 250_038
    change, (frame,) = now.on_waveform(arrived(10.5, sent_s=11.5), [fast(125, 250, 10.5, 250.039)])
    assert Change.VIEW not in change  # a thousandth of a hertz more: nobody sees it
    assert frame.first_index == 250
    assert frame.captured_ms == pytest.approx((UTC_US + 10.5 * S) / 1000 + 40 + 125e3 / 250.039, abs=0.01)
    now.on_event(arrived(20.0), SET.model_copy(update={"set_no": 2}))
    assert now.rate_mhz(StreamSetNo(1), stream) == 250_000  # of a set that is no more nothing is kept


def test_samples_of_an_earlier_visit_are_never_drawn_however_they_come() -> None:
    now = station()
    close(now, 1, 20.0)
    now.on_event(arrived(30.0), VisitOpened(visit=2, how="next person"))
    assert ecg(now, 0, 250, 19.0, visit=1) == []
    assert len(ecg(now, 7_000, 250, 31.0, visit=2)) == 1
    assert ecg(now, 250, 250, 20.0, visit=1) == []


def test_samples_of_nobody_are_never_drawn_neither_beside_somebody_nor_alone() -> None:
    now = station()
    assert ecg(now, 0, 250, 10.0, visit=0) == []
    close(now, 1, 20.0)
    assert ecg(now, 7_000, 250, 21.0, visit=0) == []


def test_a_later_visit_begins_with_its_first_chunk_when_that_overtakes_its_opening() -> None:
    now = station()
    assert len(ecg(now, 0, 250, 30.0, visit=2)) == 1
    assert now.visit is not None
    assert now.visit.no == 2
    now.on_event(arrived(29.0, sent_s=31.0), VisitOpened(visit=2, how="signal"))
    assert now.opened_utc_ms() == (UTC_US + 29 * S) / 1000 + 40


def test_a_late_opening_or_closing_of_an_earlier_visit_changes_nothing() -> None:
    now = station(visit=3)
    assert now.on_event(arrived(1.5), VisitOpened(visit=2, how="signal")) is Change.NOTHING
    assert now.on_event(arrived(1.9), VisitClosed(visit=2, why="asked")) is Change.NOTHING
    assert now.visit is not None
    assert now.visit.no == 3


def test_a_closing_that_comes_before_its_opening_wins() -> None:
    now = station(visit=None)
    close(now, 4, 50.0)
    now.on_event(arrived(10.0), VisitOpened(visit=4, how="signal"))
    assert now.visit is None


def test_the_numbers_of_one_visit_are_gone_when_the_next_one_begins() -> None:
    now = station()
    saturation(now, 91, 10.0)
    now.on_event(arrived(11.0), VisitOpened(visit=2, how="next person"))
    assert shown(now, 11.0)["value"] is None
    saturation(now, 90, 10.5, visit=1)
    assert shown(now, 11.0)["value"] is None


def test_a_number_older_than_five_seconds_is_no_value_but_keeps_its_times() -> None:
    now = station()
    saturation(now, 97, 10.0)
    assert shown(now, 15.0)["value"] == 97
    late = shown(now, 15.1)
    assert (late["value"], late["state"]) == (None, "unknown")
    assert late["measured_ms"] == (UTC_US + 10 * S) / 1000 + 40


def test_a_number_is_no_value_once_the_hub_s_clock_was_stepped_back() -> None:
    now = station()
    saturation(now, 97, 3_700.0)
    stepped = shown(now, 100.0)  # an hour back: the number stays ahead of now for as long
    assert (stepped["value"], stepped["state"]) == (None, "unknown")


def test_a_number_that_was_old_when_it_came_is_never_shown_as_new() -> None:
    now = station()
    saturation(now, 97, 10.0, sent_s=60.0)
    assert shown(now, 60.0)["value"] is None


def test_an_older_number_does_not_replace_a_newer_one() -> None:
    now = station()
    saturation(now, 97, 10.0)
    saturation(now, 80, 9.0, sent_s=10.5)
    assert shown(now, 10.5)["value"] == 97


def test_a_number_says_since_when_it_has_been_the_same() -> None:
    now = station()
    for t_s, value in ((10.0, 96), (11.0, 97), (12.0, 97)):
        saturation(now, value, t_s)
    assert shown(now, 12.0)["changed_ms"] == (UTC_US + 11 * S) / 1000 + 40


def test_what_is_not_measured_is_unknown_and_never_zero_and_what_no_device_has_is_not_there() -> None:
    now = station()
    value = shown(now, 10.0)
    assert (value["value"], value["state"], value["measured_ms"]) == (None, "unknown", None)
    assert [one["mdc"] for one in now.values(now_utc_ms=0.0)] == [SPO2]


@pytest.mark.parametrize(("off", "state"), [((PLETH,), "off"), ((SATURATION,), "off"), ((ECG,), "ok")])
def test_a_probe_that_came_off_takes_its_number_with_it(off: tuple[int, ...], state: str) -> None:
    now = station()
    saturation(now, 97, 10.0)
    now.on_event(arrived(10.5), LeadState(device="board-1", off=off))
    assert shown(now, 10.5)["state"] == state
    assert (shown(now, 10.5)["value"] is None) is (state == "off")


def test_an_older_lead_state_or_status_does_not_replace_a_newer_one() -> None:
    now = station()
    now.on_event(arrived(10.0), LeadState(device="board-1", off=(ECG,)))
    now.on_event(arrived(9.0), LeadState(device="board-1", off=()))
    assert now.devices.off("board-1") == {ECG}
    for t_s, round_trip_ms in ((20.0, 40), (19.0, 900)):
        now.on_event(arrived(t_s), status(round_trip_ms))
    assert now.status is not None
    assert now.status.round_trip_ms == 40


def status(round_trip_ms: int) -> Status:
    return Status(
        owed={},
        spool_bytes=0,
        disk_free_bytes=0,
        round_trip_ms=round_trip_ms,
        connected_for_s=1.0,
        frames_damaged=0,
        samples_lost=0,
        refused=0,
    )  # fmt: skip


def test_a_backlog_chunk_is_not_live_and_one_just_young_enough_is() -> None:
    now = station()
    end_s = 10.0 + 1.0
    assert ecg(now, 0, 250, 10.0, sent_s=end_s + LIVE_MAX_AGE_S + 0.1) == []
    assert len(ecg(now, 0, 250, 10.0, sent_s=end_s + LIVE_MAX_AGE_S)) == 1


def test_a_chunk_sent_after_a_reboot_is_not_live_for_its_age_is_not_known() -> None:
    now, column = station(), PlacedColumn(ECG, 0, 10 * S, 0, np.zeros(250, np.int32))
    late = arrived(10.0)
    rebooted = Arrived(late.spool, late.header, 2, 5 * S, late.received_utc_us)
    assert now.on_waveform(rebooted, [column])[1] == []


def test_of_a_long_quiet_chunk_only_the_last_seconds_are_drawn() -> None:
    (frame,) = ecg(station(), 0, 30 * RATE_HZ, 10.0)
    assert frame.first_index == 18 * RATE_HZ
    assert len(frame.samples) == 12 * RATE_HZ


def test_a_device_that_starts_anew_gets_a_new_set_and_the_old_one_is_drawn_no_more() -> None:
    now = station()
    ecg(now, 0, 250, 10.0)
    assert Change.VIEW in now.on_event(arrived(12.0), SET.model_copy(update={"set_no": 2}))
    assert ecg(now, 250, 250, 11.0) == []
    assert len(ecg(now, 0, 250, 13.0, set_no=2)) == 1
    assert now.on_event(arrived(1.0), SET) is Change.NOTHING


def test_a_second_device_has_streams_of_its_own_beside_the_first() -> None:
    now = station()
    now.on_event(arrived(3.0), SET.model_copy(update={"set_no": 2, "device": "usb-1"}))
    assert [(one.set_no, one.device, one.stream.label) for one in now.streams()] == [
        (1, "board-1", "I"),
        (2, "usb-1", "I"),
        (1, "board-1", "Pleth"),
        (2, "usb-1", "Pleth"),
        (1, "board-1", "SpO2"),
        (2, "usb-1", "SpO2"),
    ]
    assert [one.stream_id for one in now.streams()] == [0, 3, 1, 4, 2, 5], "the first one's stay as they were"


def test_a_new_card_makes_everything_new_and_the_old_cards_backlog_does_not_bring_it_back() -> None:
    now = station(visit=9)
    saturation(now, 97, 10.0, visit=9)
    change = now.on_event(arrived(3.0, spool=8), VisitOpened(visit=1, how="signal"))
    assert Change.VIEW in change
    assert (now.spool, now.visit and now.visit.no, now.streams()) == (8, 1, [])
    assert now.on_event(arrived(11.0, sent_s=40.0), VisitOpened(visit=10, how="signal")) is Change.NOTHING
    assert now.spool == 8


def test_an_anchor_ties_a_boot_to_utc() -> None:
    now = station()
    anchor = AnchorSet(boot=5, t_us=4 * S, utc_us=UTC_US, err_us=1_000, source="hub")
    now.on_event(arrived(20.0), anchor)
    assert now.times.utc_ms(BootId(5), 6 * S) == (UTC_US + 2 * S) / 1000
    assert now.times.utc_ms(BootId(6), 6 * S) is None


def test_what_only_the_list_of_events_shows_is_told_all_the_same() -> None:
    now = station()
    assert now.on_event(arrived(3.0), CallStep(call_seq=1, step="ended")) is Change.EVENTS
    assert (
        now.on_event(arrived(4.0), SamplesLost(set_no=1, stream=0, first_index=5, count=3, reason="absent"))
        is Change.EVENTS
    )


def test_the_last_word_of_a_self_test_counts_by_the_boxs_time() -> None:
    now = station()
    part = PartFound(part="camera", is_well=False, text="no picture")
    tell(now, SelfTested(by="station", state="done", parts=(part,)), 9.0)
    tell(now, SelfTested(by="station", state="begun"), 8.0)  # comes late
    assert now.self_test is not None
    assert (now.self_test.state, now.self_test.parts) == ("done", (part,))

"""The ECG and the numbers on a transfer letter: where they truly were, gaps open, nothing of anybody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from contract.codes import SYSTOLIC
from contract.events import Conditions, LeadReversal, Measured, MeasuredValue
from contract.ids import CallId, SpoolId, StreamSetNo, VisitNo
from hub.calls.table import Input
from hub.cases.case_service import Cases
from hub.cases.ecg_reading import Stretch
from hub.cases.letter import LetterFacts, write_letter
from hub.cases.note_words import DISCLAIMER
from hub.console.words import Words
from hub.fleet.organisation import HOME_ZONE
from hub.papers.blocks import Facts, Heading, Paragraph, StripBlock
from hub.store.papers import VisitId
from tests.integration.console.desk_calls import give
from tests.simulators.answered_call import answered, seen_at
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import (
    BOARD,
    ECG,
    ECG_HZ,
    PLETH,
    PULSE_STREAM,
    SPO2_STREAM,
    STREAMS,
    ConsoleStation,
)

MV = 200  # steps of 5 µV
STATIONS = iter(f"tram-{number:02d}" for number in range(40))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("ecg")) as server:
        server.account("Lan")
        server.call(lambda: server.rooms.open_page("Lan"))
        yield server


@pytest.fixture
def station(server: ConsoleServer, monkeypatch: pytest.MonkeyPatch) -> ConsoleStation:
    """Its clock stands: what a test sends lies as far apart as it says, however slow the machine is."""
    station = seen_at(server, next(STATIONS))
    stop_clock(station, monkeypatch)
    return station


def stop_clock(station: ConsoleStation, monkeypatch: pytest.MonkeyPatch, *, later_s: float = 0.0) -> None:
    at_us = station.now_us() + int(later_s * 1e6)
    monkeypatch.setattr(station, "now_us", lambda: at_us)


@pytest.fixture
def call(server: ConsoleServer, station: ConsoleStation) -> CallId:
    return answered(server, station)


def letter(server: ConsoleServer, call: CallId, visit: int = 3) -> LetterFacts:
    cases: Cases = server.rooms.cases
    of = VisitId(SpoolId(call.spool), VisitNo(visit))
    facts: LetterFacts = server.run(
        lambda: cases.letter(call, of, by="Lan", why_nameless="–", zone=HOME_ZONE)
    )
    return facts


def stretch(server: ConsoleServer, call: CallId, *, samples: int) -> Stretch:
    """The newest ECG of the visit, once so many samples of it are there."""
    found: list[Stretch] = []

    def has_come() -> bool:
        read = letter(server, call).stretch
        if read is not None:
            found.append(read)
        return bool(found) and sum(len(run.mv) for run in found[-1].leads[0].runs) >= samples

    wait_for(has_come, f"{samples} samples")
    return found[-1]


def test_samples_stand_in_millivolts_where_they_were(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    wave = [MV if index % 250 < 125 else 0 for index in range(500)]
    station.samples(ECG, wave)
    station.samples(PLETH, [1_000] * 200)
    (lead,) = stretch(server, call, samples=500).leads
    (run,) = lead.runs
    assert (lead.label, lead.was_off, run.rate_hz) == ("I", False, ECG_HZ)
    assert run.mv.tolist() == pytest.approx([value / MV for value in wave])
    assert run.at_s == pytest.approx(10.0 - 2.0, abs=0.01)


def test_chunks_that_follow_one_another_are_one_line_and_what_came_twice_is_drawn_once(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    for second in range(4):
        station.samples(ECG, [second] * 250, ended_s_ago=3.0 - second)
    station._next_index[ECG] -= 125
    station.samples(ECG, [3] * 125 + [4] * 125, ended_s_ago=-0.5)
    runs = stretch(server, call, samples=1_125).leads[0].runs
    assert [len(run.mv) for run in runs] == [1_125]
    assert np.unique(runs[0].mv * MV).tolist() == pytest.approx([0, 1, 2, 3, 4])


def test_a_gap_stays_a_gap_as_long_as_it_was(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.samples(ECG, [1] * 500, ended_s_ago=5.0)
    station.skip(3.0)
    station.samples(ECG, [2] * 500)
    first, second = stretch(server, call, samples=1_000).leads[0].runs
    gap_s = second.at_s - first.at_s - len(first.mv) / first.rate_hz
    assert gap_s == pytest.approx(3.0, abs=0.05)


def test_a_device_that_stood_still_leaves_a_gap_though_it_lost_no_count(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=4.0)
    station.samples(ECG, [2] * 250)
    first, second = stretch(server, call, samples=500).leads[0].runs
    assert second.at_s - first.at_s == pytest.approx(4.0, abs=0.05)


def test_only_the_last_ten_seconds_are_taken_and_they_end_with_the_newest_sample(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    for second in range(0, 15, 5):
        station.samples(ECG, [second + index // 250 for index in range(1_250)], ended_s_ago=10.0 - second)

    def newest() -> int:
        return round(float(stretch(server, call, samples=1_000).leads[0].runs[-1].mv[-1]) * MV)

    wait_for(lambda: newest() == 14, "the newest second")
    (run,) = stretch(server, call, samples=2_490).leads[0].runs
    assert len(run.mv) == pytest.approx(2_500, abs=12)
    assert run.at_s == pytest.approx(0.0, abs=0.05)


def test_a_lead_that_was_off_says_so_and_one_that_is_on_again_does_not(
    server: ConsoleServer, station: ConsoleStation, call: CallId, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.leads(ECG)
    station.samples(ECG, [1] * 250)
    assert stretch(server, call, samples=250).leads[0].was_off
    station.leads()
    stop_clock(station, monkeypatch, later_s=12.0)
    station.samples(ECG, [1] * 250)
    wait_for(lambda: not stretch(server, call, samples=250).leads[0].was_off, "the lead that is on again")
    station.tell(Conditions(device=BOARD, on=("lead off",)))
    station.samples(ECG, [1] * 250, ended_s_ago=-1.0)
    wait_for(lambda: stretch(server, call, samples=250).leads[0].was_off, "what the device says")


def test_electrodes_that_may_be_changed_over_are_said_and_nothing_is_corrected(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.tell(LeadReversal(device=BOARD, suspected="RA-LA"))
    station.samples(ECG, [-MV] * 250)
    read = stretch(server, call, samples=250)
    assert read.reversals == ("RA-LA",)
    assert float(read.leads[0].runs[0].mv[0]) == -1.0


def test_nothing_of_another_visit_is_on_the_strip_or_among_the_numbers(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=4.0)
    station.numbers(97, 71)
    station.close_visit()
    station.open_visit(4)
    station.samples(ECG, [9] * 500)
    station.numbers(55, 33)
    station.tell(Measured(device=BOARD, values=(MeasuredValue(mdc=SYSTOLIC, value=222, unit="mm[Hg]"),)))
    wait_for(lambda: server.call(lambda: server.rooms.visit_now(call.station)).visit == 4, "the next person")
    server.run(lambda: server.rooms.cases.look(call))
    wait_for(lambda: letter(server, call, 4).stretch is not None, "the next person's ECG")
    first = stretch(server, call, samples=250)
    assert {round(float(value) * MV) for run in first.leads[0].runs for value in run.mv} == {1}
    numbers = [
        value for vital in letter(server, call).vitals for one in vital.quantities for value in one["values"]
    ]
    assert sorted(number for number in numbers if number is not None) == [71, 97]


def test_numbers_say_when_they_were_measured_and_what_the_device_thought_of_them(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.numbers(88, 120)
    station.tell(Conditions(device=BOARD, on=("weak signal",)))
    station.samples(SPO2_STREAM, [89], ended_s_ago=-1.0)
    pressure = tuple(
        MeasuredValue(mdc=mdc, value=value, unit="mm[Hg]") for mdc, value in ((150021, 120), (150022, 80))
    )
    station.tell(Measured(device=BOARD, values=pressure))
    wait_for(lambda: len(letter(server, call).vitals) == 3, "the numbers")
    wait_for(lambda: letter(server, call).vitals[0].doubts == ("tín hiệu yếu",), "the doubt")
    facts = letter(server, call)
    assert next(one["values"] for vital in facts.vitals for one in vital.quantities) == [89.0]
    paper = write_letter(facts, Words("vi"))
    rows = dict(row for block in paper.blocks if isinstance(block, Facts) for row in block.rows)
    assert rows["SpO2"].startswith("89 % · ")
    assert "cách lúc in" in rows["SpO2"]
    assert rows["SpO2"].endswith(f"{BOARD} · tín hiệu yếu")
    assert rows["Huyết áp"].startswith("120/80")
    assert rows["Mạch"].startswith("120 lần/phút")


def words_on(server: ConsoleServer, call: CallId) -> list[str]:
    """Everything that the letter says, piece by piece."""
    said: list[str] = []
    for block in write_letter(letter(server, call), Words("vi")).blocks:
        match block:
            case Facts(rows=rows):
                said += [value for _, value in rows]
            case Paragraph(text=text) | Heading(text=text):
                said.append(text)
            case StripBlock(strip=strip):
                said += [*strip.notes, *(f"{trace.label}: {trace.note}" for trace in strip.traces)]
            case _:
                pass
    return said


def test_what_an_unverified_device_measured_is_marked_and_the_rest_is_not(
    server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    station.samples(ECG, [1] * 250)
    station.numbers(88, 120)
    pressure = tuple(
        MeasuredValue(mdc=mdc, value=value, unit="mm[Hg]") for mdc, value in ((150021, 120), (150022, 80))
    )
    station.tell(Measured(device="cuff", values=pressure, unverified="never seen in real bytes"))
    stretch(server, call, samples=250)
    wait_for(lambda: len(letter(server, call).vitals) == 3, "the numbers")
    said = words_on(server, call)
    assert [text.split(" · ")[0] for text in said if text.endswith("cuff: chưa kiểm chứng *")] == [
        "120/80/– mmHg"
    ]
    assert "* cuff: chưa kiểm chứng (never seen in real bytes)" in said
    assert "I: " in said
    station.tell(STREAMS.model_copy(update={"set_no": 7, "unverified": "never seen", "model": "OV3"}))
    station.records.stream_set = StreamSetNo(7)
    station.samples(ECG, [1] * 250, ended_s_ago=-2.0)
    for stream, value in ((SPO2_STREAM, 89), (PULSE_STREAM, 121)):
        station.samples(stream, [value], ended_s_ago=-2.0)
    wait_for(lambda: "* OV3: chưa kiểm chứng" in words_on(server, call), "its ECG")
    wait_for(lambda: sum("chưa kiểm chứng *" in text for text in words_on(server, call)) == 3, "its numbers")
    said = words_on(server, call)
    assert "* OV3: chưa kiểm chứng (never seen)" in said
    assert said.count("* OV3: chưa kiểm chứng") == 1  # of its ECG
    assert "I: chưa kiểm chứng" in said


def test_the_letter_says_what_it_is_not_for_and_whether_the_call_was_still_open(
    server: ConsoleServer, call: CallId
) -> None:
    open_still = "Cuộc gọi chưa kết thúc khi in thư này"
    said = words_on(server, call)
    assert DISCLAIMER in said
    assert any(text.startswith(open_still) for text in said)
    assert give(server, call, Input.END, Input.CLOSE, by="Lan")
    said = words_on(server, call)
    assert DISCLAIMER in said
    assert not any(text.startswith(open_still) for text in said)


def test_the_letter_of_a_station_in_another_zone_is_on_its_clock_and_says_so(
    server: ConsoleServer, call: CallId
) -> None:
    facts = letter(server, call)
    papers = [write_letter(replace(facts, zone=zone), Words("vi")) for zone in (HOME_ZONE, "Asia/Tokyo")]
    home, there = (datetime.strptime(f"{one.footer[-19:]}+0000", "%d/%m/%Y %H:%M:%S%z") for one in papers)
    assert there - home == timedelta(hours=2)
    rows = [
        dict(row for block in one.blocks if isinstance(block, Facts) for row in block.rows) for one in papers
    ]
    assert "Giờ trên giấy này" not in rows[0]
    assert rows[1]["Giờ trên giấy này"] == "Asia/Tokyo (UTC+09:00), giờ trạm sớm hơn 2 giờ"
    assert rows[0]["Trạm gọi lúc"] != rows[1]["Trạm gọi lúc"]

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from contract.codes import Condition
from contract.ids import StationId
from edge.capture.capture import BOARD
from edge.capture.recent import KEPT_S
from edge.live.frames import HEADER, encode_samples
from edge.live.look import Look
from edge.live.watch import Watch
from firmware_bridge import events as bridge
from tests.unit.edge.board_events import ECG, PLETH, SPO2, block, leads
from tests.unit.edge.heard_station import Station
from tests.unit.edge.instrument_events import matter, plugged, samples

DOCUMENT = (Path(__file__).parents[4] / "docs" / "live.md").read_text("utf-8")


def look(station: Station, *, news: int = 0, now_us: int | None = None) -> Look:
    return Look(
        station=StationId("con-dao-01"),
        now_us=station.now_us if now_us is None else now_us,
        zero_ms=1_795_000_000_000.0,
        clock_no=1,
        is_utc_known=True,
        visit=station.capture.visit,
        code="K7-42",
        sights=station.capture.sights(),
        recent=station.capture.recent,
        news=news,
    )


def texts(messages: list[bytes | str]) -> dict[str, Any]:
    parsed = [json.loads(one) for one in messages if isinstance(one, str)]
    return {one["type"]: one for one in parsed}


def drawn(
    messages: list[bytes | str], samples: dict[int, dict[int, int]] | None = None
) -> dict[int, dict[int, int]]:
    found = {} if samples is None else samples
    for one in messages:
        if isinstance(one, bytes):
            head = HEADER.unpack_from(one)
            values = np.frombuffer(one, "<i4", offset=HEADER.size)
            assert len(values) == head[-1]
            stream = found.setdefault(head[2], {})
            for offset, value in enumerate(values.tolist()):
                assert head[6] + offset not in stream, "sent twice"
                stream[head[6] + offset] = value
    return found


def test_a_frame_has_the_bytes_of_the_worked_example() -> None:
    found = re.search(r"^```live-frame\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    fields = re.search(r"^```json live-frame\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert found and fields
    said = json.loads(fields[1])
    samples, visit_no = np.array(said.pop("samples"), np.int32), int(said.pop("visit_no"))
    assert encode_samples(samples, visit_no=visit_no, **said) == bytes.fromhex(found[1])


def test_nobodys_samples_are_told_to_no_screen_and_a_view_comes_before_the_first_frame() -> None:
    station, watch = Station(), Watch()
    first = watch.messages(look(station))
    view = texts(first)["view"]
    assert (view["visit"], drawn(first)) == (None, {})
    assert [one["label"] for one in view["streams"]] == ["ECG", "Pleth", "SpO2", "Pulse"]
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    then = watch.messages(look(station))
    assert isinstance(then[0], str)
    assert json.loads(then[0])["visit"] == {"no": "1", "code": "K7-42", "opened_ms": None}
    assert drawn(then) == {0: {index: index for index in range(25)}}


def test_each_sample_is_told_once_with_its_time_and_a_gap_stays_one() -> None:
    station, watch = Station(), Watch()
    for first in (0, 25, 75):
        station.say(BOARD, block(ECG, first, 25, mask=0))
    messages = watch.messages(look(station))
    frames = [HEADER.unpack_from(one) for one in messages if isinstance(one, bytes)]
    assert [(one[6], one[8]) for one in frames] == [(0, 50), (75, 25)]
    assert [one[7] - 1_795_000_000_000.0 for one in frames] == [2_000.0, 2_300.0]
    station.say(BOARD, block(ECG, 100, 25, mask=0))
    assert sorted(drawn(watch.messages(look(station)))[0]) == list(range(100, 125))
    assert drawn(watch.messages(look(station))) == {}


def test_who_did_not_look_for_long_gets_the_last_seconds_and_what_is_true_now() -> None:
    station, watch = Station(), Watch()
    station.say(BOARD, block(ECG, 0, 250, mask=0))
    watch.messages(look(station))
    for first in range(250, 250 * 30, 250):  # half a minute
        station.say(BOARD, block(ECG, first, 250, mask=0))
    indexes = sorted(drawn(watch.messages(look(station)))[0])
    assert indexes[-1] == 250 * 30 - 1
    assert KEPT_S * 250 <= len(indexes) <= (KEPT_S + 1) * 250


def test_the_next_persons_screen_has_nothing_of_the_person_before() -> None:
    station, watch = Station(), Watch()
    station.say(BOARD, block(ECG, 0, 250, mask=0), block(SPO2, 0, 1), leads(PLETH))
    watch.messages(look(station))
    station.next_person()
    messages = watch.messages(look(station))
    assert (texts(messages)["view"]["visit"], texts(messages)["values"]["values"]) == (None, [])
    station.say(BOARD, block(ECG, 250, 250, mask=3), block(ECG, 500, 250, mask=0))
    messages = [*messages, *watch.messages(look(station))]
    assert min(drawn(messages)[0]) == 500
    values = texts(messages)["values"]["values"]
    assert {one["value"] for one in values} == {None}


def test_a_number_older_than_five_seconds_is_told_as_none_and_never_as_zero() -> None:
    station, watch = Station(), Watch()
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say(BOARD, block(SPO2, 97, 1))
    measured_us = 2_000_000 + 97 * 4_000
    for later_us, value, state in ((5_000_000, 97, "ok"), (5_000_001, None, "unknown")):
        values = texts(watch.messages(look(station, now_us=measured_us + later_us)))["values"]["values"]
        spo2 = next(one for one in values if one["label"] == "SpO2")
        assert (spo2["value"], spo2["state"]) == (value, state)
        assert spo2["measured_ms"] == 1_795_000_000_000.0 + measured_us / 1000
        pulse = next(one for one in values if one["label"] == "Mạch")
        assert (pulse["value"], pulse["measured_ms"]) == (None, None)


def test_which_electrode_is_off_is_said_on_its_strip_and_the_probe_on_its_own() -> None:
    station, watch = Station(), Watch()
    station.say(BOARD, block(ECG, 0, 25, mask=0), block(PLETH, 0, 25))
    watch.messages(look(station))
    station.say(BOARD, block(ECG, 25, 25, mask=0b10), leads(PLETH, probe=bridge.ProbeState.OFF))
    told = texts(watch.messages(look(station)))
    assert told["notices"]["streams"] == [
        {"stream_id": 0, "notices": [{"key": "tuột điện cực {electrodes}", "values": {"electrodes": "LA"}}]},
        {"stream_id": 1, "notices": [{"key": "tuột đầu dò", "values": {}}]},
    ]
    values = {one["label"]: one["why"] for one in told["values"]["values"]}
    assert values == {"SpO2": "tuột đầu dò", "Mạch": "tuột đầu dò"}


def test_an_instrument_that_only_says_that_one_is_off_is_not_given_a_name() -> None:
    station, watch = Station(), Watch()
    station.say("usb-1", plugged("usb-1"), samples(0, 0, 10), matter("usb-1", Condition.LEAD_OFF))
    devices = texts(watch.messages(look(station)))["devices"]["devices"]
    told = next(one for one in devices if one["device"] == "usb-1")
    assert told["notices"] == [{"key": "tuột điện cực", "values": {}}]


def test_news_is_told_at_once_and_the_clock_each_second() -> None:
    station, watch = Station(), Watch()
    now_us = station.now_us
    assert texts(watch.messages(look(station, news=1)))["link"]["news"] == 1
    assert watch.messages(look(station, news=1, now_us=now_us + 200_000)) == []
    assert texts(watch.messages(look(station, news=2, now_us=now_us + 400_000)))["link"]["news"] == 2
    again = texts(watch.messages(look(station, news=2, now_us=now_us + 1_000_000)))
    assert set(again) == {"values", "link"}
    assert again["link"]["now_ms"] == 1_795_000_000_000.0 + (now_us + 1_000_000) / 1000

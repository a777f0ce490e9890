"""What a page is told, in words of the catalogue."""

import json
from typing import Any

import pytest

from contract.codes import Condition
from contract.events import Conditions, LeadReversal, LeadState, Measured, MeasuredValue
from contract.ids import StationId
from hub.console.words import catalogue
from hub.live.measure_words import condition_word
from hub.live.measurements import KEPT_MAX
from hub.live.view_messages import devices_text, measurements_text, notices_text, view_text
from tests.unit.hub.live.station_events import (
    BOARD,
    ECG,
    OXIMETER,
    PLETH,
    board,
    oximeter,
    station,
    tell,
)

PAGE_TAKES_CHARS = 65_536  # MAX_TEXT_CHARS of web/live.js


def notices(text: str) -> dict[int, list[str]]:
    told: dict[str, Any] = json.loads(text)
    return {one["stream_id"]: [notice["key"] for notice in one["notices"]] for one in told["streams"]}


def test_every_condition_has_its_word_in_both_languages_and_an_unknown_one_is_said_as_it_came() -> None:
    words = [condition_word(one) for one in Condition]
    assert len(set(words)) == len(Condition)
    assert set(words) <= set(catalogue("en"))
    assert condition_word("of a later version") == "of a later version"


def test_each_stream_says_whose_it_is_what_is_unverified_and_whether_a_pacemaker_would_be_seen() -> None:
    now = station()
    tell(now, board(3).model_copy(update={"detects_pacing": True}), 9.0)
    tell(now, oximeter(4, unverified="a guess"), 9.0)
    streams = json.loads(view_text(StationId("s"), now, now_utc_ms=0.0))["streams"]
    assert [(one["device_name"], one["unverified"], one["detects_pacing"]) for one in streams[:3]] == [
        (BOARD, None, True),
        (BOARD, None, True),
        ("CMS50D+", "a guess", False),
    ]
    tell(now, board(5), 9.5)
    assert json.loads(view_text(StationId("s"), now, now_utc_ms=0.0))["streams"][0]["detects_pacing"] is False


def test_a_notice_stands_on_the_strips_that_it_speaks_of() -> None:
    now = station()
    strips = {(one.device, one.stream.stream): one.stream_id for one in now.streams()}
    ecg, pleth, other = strips[BOARD, ECG], strips[BOARD, PLETH], strips[OXIMETER, PLETH]
    assert notices(notices_text(now, now_utc_ms=0.0)) == {}
    tell(now, LeadState(device=BOARD, off=(ECG,)), 9.0)
    tell(now, Conditions(device=BOARD, on=("lead off", "weak signal", "battery low")), 9.0)
    tell(now, Conditions(device=OXIMETER, on=("artifact", "alarm")), 9.0)
    tell(now, LeadReversal(device=BOARD, suspected="RA-LA"), 9.0)
    assert notices(notices_text(now, now_utc_ms=0.0)) == {
        ecg: ["Tuột điện cực {electrodes}", "nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa"],
        pleth: ["tín hiệu yếu"],
        other: ["nhiễu do cử động hoặc ánh sáng"],
    }
    text = json.loads(notices_text(now, now_utc_ms=0.0))
    assert text["streams"][0]["notices"][0]["values"] == {"electrodes": "LA / RA"}
    assert text["streams"][0]["notices"][1]["values"] == {"electrodes": "RA–LA"}


def test_every_device_is_named_with_what_is_the_matter() -> None:
    now = station()
    tell(now, Conditions(device=OXIMETER, on=("alarm", "of a later version")), 9.0)
    tell(now, LeadReversal(device=BOARD, suspected="RA-LA"), 9.0)
    devices = json.loads(devices_text(now, now_utc_ms=0.0))["devices"]
    keys = [[notice["key"] for notice in one["notices"]] for one in devices]
    assert [(one["name"], one["word"], key) for one, key in zip(devices, keys, strict=True)] == [
        (BOARD, "connected", ["nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa"]),
        ("CMS50D+", "connected", ["thiết bị đang báo động", "of a later version"]),
    ]


@pytest.mark.parametrize("letter", ["x", "ế"])
def test_no_station_can_make_a_message_longer_than_the_page_takes(letter: str) -> None:
    now = station()
    value = MeasuredValue(mdc=1, value=1.0, unit=letter * 200)
    for t_s in range(KEPT_MAX):
        texts = {"device_time": letter * 200, "text": letter * 200, "unverified": letter * 200}
        longest = Measured.model_validate({"device": "d" * 64, "values": [value] * 16, **texts})
        tell(now, longest, 10.0 + t_s)
    assert len(measurements_text(now, now_utc_ms=0.0)) < PAGE_TAKES_CHARS


def test_electrodes_suspected_before_a_device_began_anew_are_not_suspected_now() -> None:
    now = station()
    tell(now, LeadReversal(device=BOARD, suspected="RA-LA"), 10.0)
    tell(now, board(3), 20.0)
    assert now.devices.reversal(BOARD, now.visit) is None
    assert notices(notices_text(now, now_utc_ms=0.0)) == {}
    tell(now, LeadReversal(device=BOARD, suspected="RA-LL"), 30.0)
    assert now.devices.reversal(BOARD, now.visit) == "RA-LL"

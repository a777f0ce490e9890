import re

import pytest

from contract.codes import Condition
from edge.panel.pages import lines_of
from edge.panel.station_devices import CONNECTED, TROUBLE, DeviceNow, StationDevices
from edge.panel.words import LANGUAGES, WORDS, Words
from firmware_bridge.instruments.instrument_presence import State
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.port_sights import absent_sight, port_sight
from firmware_bridge.ports.probing import Outcome

STATES = [
    *(state.name.lower() for state in State),
    *(outcome.name.lower() for outcome in Outcome),
    port_sight(Adapter(path="/p", place="p", plugging="1"), None, is_expected=False).state,
    absent_sight(DeviceSettings(where="/p")).state,
    CONNECTED,
    TROUBLE,
]


def test_both_languages_say_everything_with_the_same_values() -> None:
    assert list(WORDS) == list(LANGUAGES) == ["vi", "en"]
    for key, text in WORDS["vi"].items():
        assert text, key
        assert WORDS["en"][key], key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", WORDS["en"][key])), key
    assert WORDS["vi"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_every_condition_has_its_words(language: str) -> None:
    devices = [
        DeviceNow(device="finger", port="/p", state=state, conditions=tuple(conditions))
        for state in STATES
        for conditions in ((), Condition)
    ]
    lines = lines_of(StationDevices(questions=(), devices=tuple(devices)), Words(language))
    assert all(line.state for line in lines)
    assert {line.is_well for line in lines if Words(language)(Condition.PROBE_OFF) in line.state} == {False}


def test_an_age_is_told_in_the_unit_that_people_use() -> None:
    words = Words("en")
    assert [words.age(s) for s in (0.4, 119.9, 120, 7199, 7200)] == [
        "0 s",
        "119 s",
        "2 min",
        "119 min",
        "2 h",
    ]


def test_a_language_that_nobody_here_speaks_is_vietnamese() -> None:
    assert Words("de").language == Words(None).language == "vi"

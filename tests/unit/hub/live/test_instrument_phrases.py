"""Everything that an instrument may say of itself is a word of the catalogue."""

import pytest

from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.drivers.creative_texts import FINDINGS, PC100_ERRORS, PC300_ERRORS, POOR_SIGNAL_TEXT
from hub.console.words import Words, catalogue
from hub.live.instrument_phrases import BETWEEN, keys_or_none, phrase_keys

DRIVERS = all_drivers().values()
UNVERIFIED = {phrase for driver in DRIVERS for phrase in driver.unverified.split(BETWEEN) if phrase}
FAULTS = {*PC100_ERRORS.values(), *PC300_ERRORS.values(), *FINDINGS.values(), POOR_SIGNAL_TEXT}


@pytest.mark.parametrize("phrase", sorted(UNVERIFIED | FAULTS | {"the oximeter could not measure"}))
def test_a_phrase_of_a_driver_is_said_in_both_languages(phrase: str) -> None:
    key = phrase_keys(phrase)
    assert key != phrase
    assert BETWEEN not in key
    assert key in catalogue("en")
    assert Words("en").phrases(phrase) == catalogue("en")[key]
    assert Words("vi").phrases(phrase) == key


def test_phrases_stay_apart_and_what_is_not_known_stays_as_it_was_said() -> None:
    said = "the battery is too low; something of a later release; systolic out of range (400 mmHg)"
    assert phrase_keys(said) == "pin quá yếu; something of a later release; số ngoài khoảng có thể có"
    assert (phrase_keys(""), keys_or_none(None)) == ("", None)

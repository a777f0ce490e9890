from contract.events import Press
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from tests.powercut.guests import owing, wrong_presses


def test_what_the_hub_lacks_is_owed_unless_it_was_given_up() -> None:
    now = {"given": {"0": 3, "2": 10}, "given_up": {"0": [], "2": [[1, 4]]}}
    there = {RecordClass.CALL: SeqRanges([(1, 3)]), RecordClass.WAVEFORM: SeqRanges([(6, 9)])}
    assert owing(now, there) == 2
    assert owing(now, {}) == 3 + 6


def press(count: int, *, boot: int = 1) -> Press:
    return Press(device="c01c3ca7608ca658", device_boot=boot, press_count=count, learned_from="event")


def test_a_press_that_was_acknowledged_is_there_and_once() -> None:
    there = [(3, press(1)), (4, press(2)), (9, press(1, boot=2))]
    assert wrong_presses({3, 9}, there) == []
    assert wrong_presses({3, 5}, there) == ["the hub lacks the presses [5]"]
    [told] = wrong_presses({3}, [*there, (12, press(2))])
    assert told.startswith("the hub has presses twice: ")

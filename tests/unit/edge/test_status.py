import pytest

from contract.ids import BootId, RecordClass
from edge.health.status import StatusRhythm, connected_for_s, owed_of
from edge.spool.batch import OwedRecord
from edge.uplink.link_state import LinkState
from tests.unit.edge.owing import owing

SHAPE = (True, 0, False)


def test_the_first_status_is_due_at_once() -> None:
    assert StatusRhythm().is_due(SHAPE, is_live=False, has_samples=True, now_s=3.0)


@pytest.mark.parametrize(
    ("is_live", "has_samples", "every_s"),
    [(False, False, 300.0), (False, True, 300.0), (True, False, 5.0), (True, True, 30.0)],
)
def test_a_status_is_due_every_five_minutes_and_oftener_while_somebody_watches(
    is_live: bool, has_samples: bool, every_s: float
) -> None:
    rhythm = StatusRhythm()
    rhythm.is_due(SHAPE, is_live=is_live, has_samples=has_samples, now_s=0.0)
    assert not rhythm.is_due(SHAPE, is_live=is_live, has_samples=has_samples, now_s=every_s - 0.1)
    assert rhythm.is_due(SHAPE, is_live=is_live, has_samples=has_samples, now_s=every_s)
    assert not rhythm.is_due(SHAPE, is_live=is_live, has_samples=has_samples, now_s=every_s + 0.1)


def test_a_change_is_told_at_once_and_only_once() -> None:
    rhythm = StatusRhythm()
    rhythm.is_due(SHAPE, is_live=False, has_samples=True, now_s=0.0)
    assert rhythm.is_due((False, 0, False), is_live=False, has_samples=True, now_s=1.0)
    assert not rhythm.is_due((False, 0, False), is_live=False, has_samples=True, now_s=2.0)


def test_a_status_is_due_at_once_when_waveforms_have_stopped_and_nothing_else_says_we_are_there() -> None:
    rhythm = StatusRhythm()
    rhythm.is_due(SHAPE, is_live=True, has_samples=True, now_s=0.0)
    assert not rhythm.is_due(SHAPE, is_live=True, has_samples=True, now_s=7.0)
    assert rhythm.is_due(SHAPE, is_live=True, has_samples=False, now_s=7.0)


def test_the_age_of_what_is_owed_is_known_only_in_this_boot() -> None:
    records = [
        OwedRecord(RecordClass.NUMERIC, 1, BootId(1), 5_000_000, 100),
        OwedRecord(RecordClass.WAVEFORM, 9, BootId(2), 5_000_000, 100),
        OwedRecord(RecordClass.WAVEFORM, 10, BootId(2), 6_000_000, 100),
    ]
    owed = owed_of(owing(*records), boot=BootId(2), now_us=65_000_000)
    assert {name: (one.records, one.oldest_age_s) for name, one in owed.items()} == {
        "1": (1, None),
        "2": (2, 60.0),
    }


@pytest.mark.parametrize(
    ("since_s", "now_s", "stands_s"), [(None, 5.0, None), (2.0, 5.0, 3.0), (5.1, 5.0, 0.0)]
)
def test_a_link_that_came_up_while_the_status_was_made_stands_for_no_time_yet(
    since_s: float | None, now_s: float, stands_s: float | None
) -> None:
    assert connected_for_s(LinkState(connected_since_s=since_s), now_s=now_s) == stands_s


def test_the_hub_may_want_another_time_between_two_while_nobody_watches() -> None:
    rhythm = StatusRhythm()
    rhythm.quiet_s = 60.0
    rhythm.is_due(SHAPE, is_live=False, has_samples=True, now_s=0.0)
    assert not rhythm.is_due(SHAPE, is_live=False, has_samples=True, now_s=59.9)
    assert rhythm.is_due(SHAPE, is_live=False, has_samples=True, now_s=60.0)

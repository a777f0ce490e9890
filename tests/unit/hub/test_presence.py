import pytest

from contract.ids import StationId
from hub.fleet.presence import Heard, Word, presence
from hub.fleet.stations import StationList


def heard_at(at_s: float, *, kind: str = "status", are_samples: bool = False) -> Heard:
    heard = Heard()
    heard.hear(kind, at_s=at_s, are_samples=are_samples)
    return heard


def test_a_station_never_heard_is_said_to_be_so() -> None:
    now = presence(Heard(connected_hint=True, hint_s=5.0), now_s=6.0, leased_since_s=None)
    assert (now.word, now.age_s) == (Word.NEVER, None)


@pytest.mark.parametrize(
    ("age_s", "leased_for_s", "are_samples", "word"),
    [
        (360.0, None, False, Word.LIVE),  # idle: a status every five minutes
        (360.1, None, False, Word.LATE),
        (1080.0, None, False, Word.LATE),
        (1080.1, None, False, Word.SILENT),
        (3.0, 60.0, True, Word.LIVE),  # watched, samples flow
        (3.1, 60.0, True, Word.LATE),
        (9.1, 60.0, True, Word.SILENT),
        (8.0, 60.0, False, Word.LIVE),  # watched, nobody at the sensors: a status every five seconds
        (8.1, 60.0, False, Word.LATE),
        (24.1, 60.0, False, Word.SILENT),
        (200.0, 9.9, False, Word.LIVE),  # just asked: the lease has not had time to work
        (200.0, 10.0, False, Word.SILENT),
    ],
)
def test_the_word_follows_from_the_clocks(
    age_s: float, leased_for_s: float | None, are_samples: bool, word: Word
) -> None:
    now_s = 10_000.0
    heard = heard_at(now_s - age_s, are_samples=are_samples)
    leased_since_s = None if leased_for_s is None else now_s - leased_for_s
    now = presence(heard, now_s=now_s, leased_since_s=leased_since_s)
    assert now.word is word
    assert now.age_s == pytest.approx(age_s)


def test_a_connection_that_fell_makes_a_fresh_station_late_but_what_is_heard_after_it_counts_for_more() -> (
    None
):
    heard = heard_at(100.0)
    heard.hint(False, at_s=101.0)
    assert presence(heard, now_s=102.0, leased_since_s=None).word is Word.LATE
    assert presence(heard, now_s=102.0, leased_since_s=None).is_cut_hint
    heard.hear("status", at_s=103.0, are_samples=False)
    assert presence(heard, now_s=104.0, leased_since_s=None).word is Word.LIVE


def test_a_connection_that_stands_makes_no_silent_station_live() -> None:
    heard = heard_at(100.0)
    heard.hint(True, at_s=5_000.0)
    assert presence(heard, now_s=5_000.0, leased_since_s=None).word is Word.SILENT


def test_what_was_heard_before_the_hub_started_keeps_its_true_age() -> None:
    heard = Heard(started_s=50.0, before_start_age_s=300.0)
    assert presence(heard, now_s=90.0, leased_since_s=None).age_s == 340.0
    assert presence(heard, now_s=120.0, leased_since_s=None).word is Word.LATE


def test_each_kind_has_an_age_of_its_own() -> None:
    heard = heard_at(10.0, kind="waveform", are_samples=True)
    heard.hear("status", at_s=14.0, are_samples=False)
    assert presence(heard, now_s=15.0, leased_since_s=None).by_kind_s == {"waveform": 5.0, "status": 1.0}


@pytest.mark.parametrize(
    ("age_s", "word"), [(10.0, Word.LIVE), (5_000.0, Word.SILENT), (-3_600.0, Word.NEVER)]
)
def test_a_hub_that_starts_with_its_clock_behind_takes_nobody_for_live(age_s: float, word: Word) -> None:
    stations = StationList((), name_of=str, started_s=100.0)
    stations.begin([(StationId("con-dao-01"), age_s)])
    assert stations.presence(StationId("con-dao-01"), now_s=101.0, leased_since_s=None).word is word

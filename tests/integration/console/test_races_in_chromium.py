"""Two consoles answer the same call in the same moment; the thousand of them are a bench's."""

from pathlib import Path

from tests.races import NAMES, run_races

RACES = 24


def test_of_two_consoles_that_answer_at_once_one_owns_the_call_and_both_name_it(tmp_path: Path) -> None:
    races = run_races(RACES, folder=tmp_path)
    assert (races.count, races.double_owned, races.disagreed) == (RACES, 0, 0)
    assert set(races.won) == set(NAMES), "one always came first: these were no races"

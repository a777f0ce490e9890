"""Hub, broker, boxes and a tab killed while calls stand in many states: each press ends well."""

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.calls.kills import KINDS, Kills
from tests.calls.street import PLACES, street


@pytest.mark.timeout(600)
def test_no_kill_loses_a_press_doubles_an_owner_or_leaves_a_call_to_nobody(tmp_path: Path) -> None:
    with street(tmp_path, PLACES[::2]) as there:
        kills = Kills(there, random.Random(20261126))
        kills.round(KINDS)
        kills.account()
        assert kills.tally.faults == []
        killed = Counter(kind for kind, _ in kills.tally.at.elements())
        assert set(killed) == set(KINDS)
        assert kills.tally.presses == len(there.village.stations)

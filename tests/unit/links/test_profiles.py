"""Profiles are read from JSON as their description says, and nothing unknown is passed over."""

import json
from pathlib import Path

import pytest

from tests.simulators.links.bad_day import BAD_DAY
from tests.simulators.links.known import KNOWN, find_profile
from tests.simulators.links.profile import Burst, Profile, ProfileError, Spell, document_of, profile_of

DOCUMENT = {
    "name": "hill",
    "duration": 30,
    "desc": "an example",
    "ab": {
        "rate_kbps": [[0, 512], [25, 0]],
        "loop_s": 50,
        "delay_ms": 20,
        "jitter_ms": 5,
        "loss": 0.01,
        "ge": {"p": 0.1, "r": 0.2},
        "queue_bytes": 32000,
        "seed": 7,
        "spells": [{"from": 10, "delay_ms": 300, "loss": 0.05}, {"from": 20, "delay_ms": 20}],
    },
    "ba": {"rate_kbps": 64, "queue_ms": 800},
    "tcp": [{"start": 15, "stop": 45, "cc": "cubic"}],
}


def test_every_key_of_the_json_has_its_place() -> None:
    profile = profile_of(DOCUMENT)
    up = profile.up
    assert (profile.name, profile.seconds) == ("hill", 30.0)
    assert up.rate == ((0.0, 512_000.0), (25.0, 0.0))
    assert (up.repeat_s, up.delay_s, up.jitter_s, up.loss) == (50, 0.02, 0.005, 0.01)
    assert (up.burst, up.queue_bytes, up.seed) == (Burst(to_bad=0.1, to_good=0.2), 32_000, 7)
    assert up.spells == (Spell(from_s=10, delay_s=0.3, loss=0.05), Spell(from_s=20, delay_s=0.02))
    assert (profile.down.rate, profile.down.queue_s) == (((0.0, 64_000.0),), 0.8)
    assert profile.tcp[0].control == "cubic"


@pytest.mark.parametrize(
    "profile", [*KNOWN.values(), KNOWN["floor_64k"].behind_a_wall(443), profile_of(DOCUMENT)]
)
def test_a_profile_survives_the_way_through_json(profile: Profile) -> None:
    assert profile_of(json.loads(json.dumps(document_of(profile)))) == profile


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"speed": 3}, "speed: not a key"),
        ({"ab": {"rate_kbps": 1, "delay": 3}}, "delay: not a key"),
        ({"ab": {}}, "rate_kbps is missing"),
        ({"ab": {"rate_kbps": [[5, 1], [0, 2]]}}, "in order of time"),
        ({"ab": {"rate_kbps": -1}}, "expected a number"),
        ({"ab": {"rate_kbps": 1, "spells": [{"from": 2}, {"from": 1}]}}, "spells: expected them in order"),
        ({"ab": {"rate_kbps": 1, "spells": [{"delay_ms": 2}]}}, "from is missing"),
    ],
)
def test_what_is_not_a_profile_is_refused_by_name(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint):
        profile_of({**DOCUMENT, **change})


def test_a_folder_of_profiles_goes_before_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "hill.json").write_text(json.dumps(DOCUMENT))
    assert find_profile("hill", tmp_path).name == "hill"
    assert find_profile("floor_64k", tmp_path) is KNOWN["floor_64k"]
    with pytest.raises(ProfileError, match=r"no link profile 'valley'; there are .*floor_64k.*hill"):
        find_profile("valley", tmp_path)


def test_the_bad_day_is_an_hour_whose_outages_leave_room_for_a_voice() -> None:
    up = BAD_DAY.up
    ends_s = [from_s for from_s, _ in up.rate[1:]] + [BAD_DAY.seconds]
    dark_s = [end_s - from_s for (from_s, bps), end_s in zip(up.rate, ends_s, strict=True) if bps == 0]
    assert BAD_DAY.seconds == 3_600
    assert sorted(dark_s) == [1, 1, 2, 3, 5, 8, 25]
    assert min(bps for _, bps in up.rate if bps) == 24e3
    assert max(bps for _, bps in BAD_DAY.down.rate) == 128e3
    assert [one.from_s for one in up.spells] == sorted(one.from_s for one in up.spells)

from typing import Final

import pytest

from edge.call.own_sound import LOUDEST_PCT, WORDS, OwnSound
from edge.call.video_messages import VOLUME_MIN_PCT, StationSound
from edge.errors import IllegalInputError

SPOOL, OTHER_SPOOL = "0123456789abcdef", "fedcba9876543210"
CALL: Final = (SPOOL, 5)


def test_a_mute_is_of_one_call_and_never_of_the_next() -> None:
    sound = OwnSound(None)
    sound.turn("mute", CALL)
    assert sound.now(CALL).is_muted
    assert not sound.now(None).is_muted
    assert not sound.now((SPOOL, 6)).is_muted
    assert OwnSound(sound.saved()).now(CALL).is_muted, "a restart in the call keeps it"
    assert not OwnSound(sound.saved()).now((OTHER_SPOOL, 5)).is_muted, "a call of another spool"
    sound.turn("mute or unmute", CALL)
    assert not sound.now(CALL).is_muted
    sound.turn("mute or unmute", CALL)
    assert sound.now(CALL).is_muted
    sound.turn("unmute", CALL)
    assert not sound.now(CALL).is_muted


def test_the_loudness_is_kept_and_has_two_ends() -> None:
    sound = OwnSound(None)
    sound.turn("louder", None)
    assert sound.now(None).volume_pct == LOUDEST_PCT
    for _ in range(3):
        sound.turn("quieter", None)
    assert OwnSound(sound.saved()).now((SPOOL, 9)).volume_pct == 70
    for _ in range(20):
        sound.turn("quieter", CALL)
    assert sound.now(CALL).volume_pct == VOLUME_MIN_PCT > 0, "it has no mute"


@pytest.mark.parametrize("word", ["", "loud", "MUTE"])
def test_another_word_changes_nothing(word: str) -> None:
    sound = OwnSound(None)
    with pytest.raises(IllegalInputError, match="louder, quieter"):
        sound.turn(word, CALL)
    assert sound.now(CALL) == StationSound()


@pytest.mark.parametrize("word", [word for word in WORDS if "mute" in word])
def test_without_a_call_there_is_no_microphone_to_mute(word: str) -> None:
    with pytest.raises(IllegalInputError, match="no call is open"):
        OwnSound(None).turn(word, None)


@pytest.mark.parametrize("saved", [None, 7, {}, {"volume_pct": 5}, {"muted_in": 5}, {"muted_in": ["5", "5"]}])
def test_what_no_version_saved_is_as_delivered(saved: object) -> None:
    assert OwnSound(saved).now(CALL) == StationSound()


def test_edge_video_is_told_news_alone() -> None:
    sound = OwnSound(None)
    assert sound.news(None) == [StationSound()]
    assert sound.news(CALL) == []
    sound.turn("mute", CALL)
    assert sound.news(CALL) == [StationSound(is_muted=True)]
    assert sound.news(None) == [StationSound()], "the call is over"

import pytest

from edge.call.own_sound import LOUDEST_PCT, WORDS, OwnSound
from edge.call.video_messages import VOLUME_MIN_PCT, StationSound
from edge.errors import IllegalInputError


def test_a_mute_is_of_one_call_and_never_of_the_next() -> None:
    sound = OwnSound(None)
    sound.turn("mute", 5)
    assert sound.now(5).is_muted
    assert not sound.now(None).is_muted
    assert not sound.now(6).is_muted
    assert OwnSound(sound.saved()).now(5).is_muted, "a restart in the call keeps it"
    sound.turn("mute or unmute", 5)
    assert not sound.now(5).is_muted
    sound.turn("mute or unmute", 5)
    assert sound.now(5).is_muted
    sound.turn("unmute", 5)
    assert not sound.now(5).is_muted


def test_the_loudness_is_kept_and_has_two_ends() -> None:
    sound = OwnSound(None)
    sound.turn("louder", None)
    assert sound.now(None).volume_pct == LOUDEST_PCT
    for _ in range(3):
        sound.turn("quieter", None)
    assert OwnSound(sound.saved()).now(9).volume_pct == 70
    for _ in range(20):
        sound.turn("quieter", 5)
    assert sound.now(5).volume_pct == VOLUME_MIN_PCT > 0, "it has no mute"


@pytest.mark.parametrize("word", ["", "loud", "MUTE"])
def test_another_word_changes_nothing(word: str) -> None:
    sound = OwnSound(None)
    with pytest.raises(IllegalInputError, match="louder, quieter"):
        sound.turn(word, 5)
    assert sound.now(5) == StationSound()


@pytest.mark.parametrize("word", [word for word in WORDS if "mute" in word])
def test_without_a_call_there_is_no_microphone_to_mute(word: str) -> None:
    with pytest.raises(IllegalInputError, match="no call is open"):
        OwnSound(None).turn(word, None)


@pytest.mark.parametrize("saved", [None, 7, {}, {"volume_pct": 5}, {"volume_pct": "70", "muted_in": "5"}])
def test_what_no_version_saved_is_as_delivered(saved: object) -> None:
    assert OwnSound(saved).now(5) == StationSound()


def test_edge_video_is_told_news_alone() -> None:
    sound = OwnSound(None)
    assert sound.news(None) == [StationSound()]
    assert sound.news(5) == []
    sound.turn("mute", 5)
    assert sound.news(5) == [StationSound(is_muted=True)]
    assert sound.news(None) == [StationSound()], "the call is over"

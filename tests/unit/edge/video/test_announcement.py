import numpy as np
import pytest

from edge.video.voice.announcement import TAIL_SAMPLES, VOICE_GAIN, Announcement, Sound
from edge.video.voice.playout import PIECE_SAMPLES

QUIET = np.zeros(PIECE_SAMPLES, np.int16)
VOICE = np.full(PIECE_SAMPLES, 8_000, np.int16)


def steady(value: int, pieces: int) -> Sound:
    return np.full(pieces * PIECE_SAMPLES, value, np.int16)


def play(announcement: Announcement, pieces: int, voice: Sound = QUIET) -> list[Sound]:
    return [announcement.mixed(voice) for _ in range(pieces)]


def test_the_voice_alone_is_played_as_it_is() -> None:
    assert Announcement().mixed(VOICE) is VOICE


def test_a_prompt_is_played_to_its_last_sample_and_its_end_is_told_when_it_has_sounded() -> None:
    announcement = Announcement()
    announcement.say(7, steady(1_000, 2)[:-100])
    first, second = play(announcement, 2)
    assert first.tolist() == [1_000] * PIECE_SAMPLES
    assert second.tolist() == [1_000] * (PIECE_SAMPLES - 100) + [0] * 100
    tail = 0
    while announcement.over is None:
        assert not announcement.mixed(QUIET).any()
        tail += 1
    assert announcement.over == 7
    assert tail * PIECE_SAMPLES == pytest.approx(TAIL_SAMPLES, abs=PIECE_SAMPLES)
    assert not announcement.is_on


def test_the_voice_goes_on_softer_below_a_prompt_and_is_itself_again_after_it() -> None:
    announcement = Announcement()
    announcement.say(1, steady(1_000, 3))
    pieces = play(announcement, 3, VOICE)
    assert pieces[0][0] == 9_000  # it softens within 10 ms, not at once
    assert pieces[2].tolist() == [1_000 + int(8_000 * VOICE_GAIN)] * PIECE_SAMPLES
    while announcement.over is None:
        announcement.mixed(VOICE)
    announcement.mixed(VOICE)  # it rises
    assert announcement.mixed(VOICE) is VOICE


def test_a_newer_prompt_cuts_the_older_within_ten_milliseconds() -> None:
    announcement = Announcement()
    announcement.say(1, steady(1_000, 100))
    play(announcement, 3)
    announcement.say(2, steady(-500, 100))
    crossing, then = play(announcement, 2)
    assert crossing[0] == 500  # both
    assert crossing[-1] == -500
    assert then.tolist() == [-500] * PIECE_SAMPLES
    assert announcement.over is None


def test_a_cut_prompt_fades_out_and_nothing_is_played_any_more() -> None:
    announcement = Announcement()
    announcement.say(1, steady(1_000, 100))
    play(announcement, 3)
    announcement.cut()
    assert announcement.is_on  # its last 10 ms
    fading = announcement.mixed(QUIET)
    assert (fading[0], fading[-1]) == (1_000, 0)
    assert not announcement.is_on
    assert not announcement.mixed(QUIET).any()
    assert announcement.over is None


def test_what_nobody_can_hear_is_forgotten_with_its_number() -> None:
    announcement = Announcement()
    announcement.say(4, steady(1_000, 100))
    play(announcement, 3)
    assert announcement.give_up() == 4
    assert not announcement.is_on
    assert announcement.give_up() is None


def test_too_loud_together_is_held_at_full_scale() -> None:
    announcement = Announcement()
    announcement.say(1, steady(30_000, 3))
    play(announcement, 1, np.full(PIECE_SAMPLES, 32_000, np.int16))
    assert play(announcement, 1, np.full(PIECE_SAMPLES, 32_000, np.int16))[0].max() == 32_767

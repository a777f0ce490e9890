import numpy as np
import pytest

from edge.video.picture.talking_head import RHYTHM_S, TalkingHead

HEAD = TalkingHead(320, 180)


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (1280, 720)])
def test_it_draws_any_even_size_as_i420(size: tuple[int, int]) -> None:
    picture = TalkingHead(*size).draw(1.0)
    assert picture.shape == (size[1] * 3 // 2, size[0])
    assert 16 <= picture.min() < picture.max() <= 240


@pytest.mark.parametrize("size", [(321, 180), (320, 181), (1282, 720), (0, 0)])
def test_an_odd_or_huge_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="drawn face"):
        TalkingHead(*size)


def test_the_same_time_gives_the_same_picture_and_another_time_another() -> None:
    assert np.array_equal(HEAD.draw(4.2), TalkingHead(320, 180).draw(4.2))
    assert not np.array_equal(HEAD.draw(4.2), HEAD.draw(4.7))


def test_the_louder_the_wider_the_mouth() -> None:
    quiet = HEAD.draw(1.0, loudness=0.0).astype(int)
    change = [int(np.abs(HEAD.draw(1.0, loudness=level) - quiet).sum()) for level in (0.2, 0.5, 0.8)]
    assert 0 < change[0] < change[1] < change[2]


def test_without_a_voice_the_mouth_moves_as_if_it_spoke() -> None:
    # The same moment of body, eyes and hand in all of them: only the mouth can differ from a closed one.
    opened = [
        not np.array_equal(HEAD.draw(at_s), HEAD.draw(at_s, loudness=0.0))
        for at_s in np.arange(0, RHYTHM_S, 0.1)
    ]
    assert 0.2 < np.mean(opened) < 0.95


def test_it_blinks() -> None:
    assert not np.array_equal(HEAD.draw(3.70, loudness=0.0)[40:80], HEAD.draw(3.69, loudness=0.0)[40:80])

import numpy as np
import pytest
from PIL import Image

from tests.links_bench.barcode import draw_number, read_number

SIZES = [(640, 360), (480, 270), (320, 180), (160, 90)]


def numbered(number: int, level: int = 128) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    picture = np.full((360, 640), level, np.uint8)
    draw_number(picture, number)
    return picture


@pytest.mark.parametrize("size", SIZES)
def test_every_number_is_read_again_at_every_size_that_is_sent(size: tuple[int, int]) -> None:
    for number in range(1024):
        small = np.asarray(Image.fromarray(numbered(number)).resize(size, Image.Resampling.BOX))
        assert read_number(small) == number


def test_it_survives_noise_and_a_coarse_quantizer() -> None:
    rng = np.random.default_rng(1)
    for number in range(0, 1024, 7):
        picture = np.asarray(Image.fromarray(numbered(number)).resize((320, 180), Image.Resampling.BOX))
        coarse = np.round((picture + rng.normal(0, 12, picture.shape)) / 40) * 40
        assert read_number(np.clip(coarse, 0, 255).astype(np.uint8)) == number


def test_what_has_no_barcode_or_half_of_another_is_not_read() -> None:
    assert read_number(np.full((360, 640), 128, np.uint8)) is None
    between = (numbered(511).astype(int) + numbered(512)) // 2  # one square is neither dark nor light
    assert read_number(between.astype(np.uint8)) is None
    wrong = numbered(5)
    wrong[:16, 7 * 16 : 8 * 16] = 210  # one square turned over
    assert read_number(wrong) is None


def test_frames_in_succession_differ_in_one_square_and_its_check() -> None:
    changed = [
        int((np.abs(numbered(number).astype(int) - numbered(number + 1)) > 0).sum()) // 256
        for number in range(1023)
    ]
    assert max(changed) <= 1 + 4
    assert np.mean(changed) < 4


def test_a_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="1024"):
        numbered(1024)

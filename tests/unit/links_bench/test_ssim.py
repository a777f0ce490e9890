import numpy as np
import pytest

from tests.links_bench.ssim import C1, shown_at, ssim

RNG = np.random.default_rng(2)
PICTURE = RNG.uniform(40, 200, (60, 80)).astype(np.uint8)


def test_a_picture_is_like_itself() -> None:
    assert ssim(PICTURE, PICTURE) == pytest.approx(1.0)


def test_two_even_pictures_differ_by_their_light_alone() -> None:
    dark, light = np.full((40, 40), 100, np.uint8), np.full((40, 40), 150, np.uint8)
    assert ssim(dark, light) == pytest.approx((2 * 100 * 150 + C1) / (100**2 + 150**2 + C1))


def test_noise_without_structure_has_nothing_in_common_and_a_negative_is_worse() -> None:
    other = RNG.uniform(40, 200, PICTURE.shape).astype(np.uint8)
    assert abs(ssim(PICTURE, other)) < 0.05
    assert ssim(PICTURE, (240 - PICTURE).astype(np.uint8)) < -0.5


def test_more_noise_leaves_less() -> None:
    left = [
        ssim(PICTURE, np.clip(PICTURE + RNG.normal(0, sigma, PICTURE.shape), 0, 255).astype(np.uint8))
        for sigma in (5, 20, 60)
    ]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.98


def test_a_small_picture_is_shown_at_the_size_of_the_page() -> None:
    small = np.tile(np.arange(0, 160, dtype=np.uint8), (90, 1))
    shown = shown_at(small, width=640, height=360)
    assert shown.shape == (360, 640)
    assert float(np.abs(shown[10].astype(float) - np.linspace(-0.375, 159.375, 640)).max()) <= 1.0


def test_pictures_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        ssim(PICTURE, PICTURE[:-1])

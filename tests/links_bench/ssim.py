"""How much of a picture's structure is left (core).

Source: Wang, Bovik, Sheikh, Simoncelli: Image quality assessment, IEEE Trans. Image Processing 13 (2004),
600-612, DOI 10.1109/TIP.2003.819861; its Gaussian window of 11 × 11, on the luma.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float64]

WINDOW_PX: Final = 11
SIGMA_PX: Final = 1.5
C1: Final = (0.01 * 255) ** 2
C2: Final = (0.03 * 255) ** 2


def ssim(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the mean over two pictures of one shape, 11 × 11 at least: 1 the same, 0 nothing in common."""
    if one.shape != other.shape or min(one.shape) < WINDOW_PX:
        raise ValueError(
            f"pictures of {one.shape} and {other.shape}: of one shape, {WINDOW_PX} pixels at least"
        )
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    var_x = _blurred(x * x) - mean_x**2
    var_y = _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    below = (mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2)
    return float((above / below).mean())


def shown_at(luma: NDArray[np.uint8], *, width: int, height: int) -> NDArray[np.uint8]:
    """Return a plane as a page shows it at that size: bilinear."""
    if luma.shape == (height, width):
        return luma
    return np.asarray(Image.fromarray(luma).resize((width, height), Image.Resampling.BILINEAR))


def _kernel() -> Plane:
    at = np.arange(WINDOW_PX) - WINDOW_PX // 2
    weights = np.exp(-(at**2) / (2 * SIGMA_PX**2))
    return np.asarray(weights / weights.sum())


_KERNEL: Final = _kernel()


def _blurred(plane: Plane) -> Plane:
    """The weighted mean of each window that lies wholly within the plane."""
    rows = plane.shape[0] - WINDOW_PX + 1
    tall = sum(weight * plane[at : at + rows] for at, weight in enumerate(_KERNEL))
    columns = plane.shape[1] - WINDOW_PX + 1
    wide = sum(weight * tall[:, at : at + columns] for at, weight in enumerate(_KERNEL))
    return np.asarray(wide)

"""A face that moves and talks before a textured wall, with a sensor's noise: what a camera would see."""

import numpy as np
import numpy.typing as npt
from av import VideoFrame

Levels = npt.NDArray[np.uint8]


def moving_pictures(width: int, height: int, *, count: int, seed: int = 3) -> list[VideoFrame]:
    """Return `count` pictures in yuv420p, `width` and `height` even; the last is close to the first, so that
    they can be shown over and over."""
    rng = np.random.default_rng(seed)
    wall = _wall(rng, width, height)
    noise = rng.normal(0.0, 2.0, (height, width + count)).astype(np.float32)
    return [_picture(wall, noise[:, index : index + width], index / count) for index in range(count)]


def luminance(frame: VideoFrame) -> Levels:
    """Return the Y plane of a yuv420p picture, one row a line."""
    return np.asarray(frame.to_ndarray()[: frame.height], dtype=np.uint8)


def _wall(rng: np.random.Generator, width: int, height: int) -> npt.NDArray[np.float32]:
    coarse = rng.uniform(60, 190, (height // 8 + 2, width // 8 + 2)).astype(np.float32)
    wide = np.kron(coarse, np.ones((8, 8), np.float32))
    for axis in (0, 1):  # soft edges, as a lens makes them
        wide = np.mean([np.roll(wide, shift, axis) for shift in range(-4, 5)], axis=0, dtype=np.float32)
    return wide[:height, :width]


def _picture(wall: npt.NDArray[np.float32], noise: npt.NDArray[np.float32], turn: float) -> VideoFrame:
    height, width = wall.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    angle = 2 * np.pi * turn
    middle_x = width * (0.5 + 0.06 * np.sin(angle))
    middle_y = height * (0.55 + 0.03 * np.sin(2 * angle))
    across, down = (columns - middle_x) / (0.16 * width), (rows - middle_y) / (0.36 * height)
    face = across**2 + down**2 < 1
    levels = wall.copy()
    levels[face] = 150 + 40 * across[face] + 20 * np.cos(9 * down[face])
    gape = 0.03 + 0.09 * abs(np.sin(6 * angle))  # it talks
    levels[(across / 0.45) ** 2 + ((down - 0.45) / gape) ** 2 < 1] = 50
    for side in (-0.4, 0.4):
        levels[(across - side) ** 2 + (down + 0.25) ** 2 < 0.015] = 30
    colours = np.full((height // 2, width // 2), 128, np.uint8)
    reds = np.where(face[::2, ::2], 150, 120).astype(np.uint8)
    planes = [np.clip(levels + noise, 0, 255).astype(np.uint8), colours, reds]
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return VideoFrame.from_ndarray(flat.reshape(height * 3 // 2, width), format="yuv420p")

"""Pictures of the night, in the order in which they were taken, small enough for a document."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Error, Page

from tests.browser import SCREENSHOTS

FOLDER: Final = SCREENSHOTS / "night-shift"
SCROLL: Final = "(element) => element.scrollIntoView()"
COMMON: Final = 96  # colours that are kept as they are: paper, ink and signs cover most of a page
RARE: Final = 64  # and what stands for the rest: an alarm may be small
TRIES: Final = 5  # a panel is drawn anew every second or so


class Pictures:
    """Takes `build/screenshots/night-shift/NN-NAME.png`; those of the night before are removed."""

    def __init__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        self.folder = FOLDER
        self._taken = 0

    def take(self, page: Page, name: str, *, at: str | None = None, is_dark: bool = False) -> Path:
        """Take what the page shows now; scrolled to the element `at`, else from its top."""
        self._taken += 1
        path = FOLDER / f"{self._taken:02}-{name}.png"
        if at is None:
            _scroll_to_top(page)
        else:
            page.locator(at).first.evaluate(SCROLL)
        if is_dark:
            page.emulate_media(color_scheme="dark")
        page.screenshot(path=path)
        if is_dark:
            page.emulate_media(color_scheme="light")
        make_small(path)
        return path


def make_small(path: Path) -> None:
    """Write a picture anew, in few colours: those that cover much as they are, and no rare one is lost."""
    with Image.open(path) as picture:
        whole = picture.convert("RGB")
    packed, place, counts = np.unique(_packed(whole), return_inverse=True, return_counts=True)
    common = packed[np.argsort(-counts, kind="stable")[:COMMON]]
    rare = whole.quantize(RARE, method=Image.Quantize.MAXCOVERAGE).convert("RGB")
    palette = _unpacked(np.concatenate([common, np.unique(_packed(rare))]))
    far = (palette**2).sum(axis=1) - 2 * _unpacked(
        packed
    ) @ palette.T  # squared, less what is one colour's own
    small = Image.frombytes("P", whole.size, far.argmin(axis=1).astype(np.uint8)[place].tobytes())
    small.putpalette(palette.astype(np.uint8).tobytes())
    small.save(path, optimize=True)


def _packed(picture: Image.Image) -> NDArray[np.int64]:
    """Return the pixels, each colour as one number."""
    red, green, blue = np.asarray(picture).reshape(-1, 3).astype(np.int64).T
    packed: NDArray[np.int64] = red << 16 | green << 8 | blue
    return packed


def _unpacked(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1)


def _scroll_to_top(page: Page) -> None:
    """Not by an element: a page may be drawn anew meanwhile, also under the question."""
    for left in reversed(range(TRIES)):
        try:
            page.evaluate("scrollTo(0, 0)")
            return
        except Error as error:
            if "navigation" not in str(error) or not left:
                raise

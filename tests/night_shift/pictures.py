"""Pictures of the night, in the order in which they were taken, small enough for a document."""

from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Error, Page

from tests.browser import SCREENSHOTS

FOLDER: Final = SCREENSHOTS / "night-shift"
SCROLL: Final = "(element) => element.scrollIntoView()"
COLOURS: Final = 96
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
    """Write a picture anew, in few colours, the rare ones too: an alarm may be small."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(
            COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    small.save(path, optimize=True)


def _scroll_to_top(page: Page) -> None:
    """Not by an element: a page may be drawn anew meanwhile, also under the question."""
    for left in reversed(range(TRIES)):
        try:
            page.evaluate("scrollTo(0, 0)")
            return
        except Error as error:
            if "navigation" not in str(error) or not left:
                raise

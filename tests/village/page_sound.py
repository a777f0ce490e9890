"""A page's microphone that gives marks, and its ears that are recorded: for timing a voice on its way."""

import base64
from bisect import bisect_right
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page

from tests.simulators.marks import find_marks

_MICROPHONE: Final = Path(__file__).with_name("page_microphone.js")
_EAR: Final = Path(__file__).with_name("page_ear.js")


def put_in_marks(page: Page, *, every_s: float) -> None:
    """From the next page on its microphone gives a mark so often. The page is watched (`media_watch`)."""
    text = _MICROPHONE.read_text(encoding="utf-8")
    page.add_init_script(script=text.replace('Number("EVERY_S")', str(every_s)))


def put_in_ear(page: Page) -> None:
    """From the next page on what it hears is recorded."""
    page.add_init_script(path=_EAR)


def said_marks_s(page: Page) -> list[float]:
    """Return when (wall clock) each mark began that the page has sent so far.

    The audio clock runs in blocks, and stands still while the machine is overloaded: each mark is placed by
    the last look at the clock before it, so delays come out some milliseconds too long, never too short.
    """
    said = page.evaluate("() => window.pageMicrophone()")
    audio_s = [audio for audio, _ in said["clock"]]
    marks_s = []
    for mark_s in said["marks"]:
        before = bisect_right(audio_s, mark_s) - 1
        if 0 <= before < len(audio_s) - 1:
            marks_s.append(said["clock"][before][1] + mark_s - audio_s[before])
    return marks_s


def heard_sound(page: Page) -> tuple[int, np.ndarray[Any, np.dtype[np.float64]]]:
    """Return the rate in Hz and the samples that the page heard since the last time it was asked, -1 … 1."""
    taken = page.evaluate("() => window.pageEar.take()")
    return taken["rate"], np.frombuffer(base64.b64decode(taken["data"]), dtype="<i2") / 32_768


def heard_marks_s(page: Page, *, apart_s: float) -> list[float]:
    """Return when (wall clock) the page heard the beginning of each mark since the last time it was asked."""
    taken = page.evaluate("() => window.pageEar.take()")
    sound = np.frombuffer(base64.b64decode(taken["data"]), dtype="<i2") / 32_768
    block_s, times = taken["block"] / taken["rate"], taken["times"]
    for number in range(len(times) - 2, -1, -1):  # a block is not later than the next; the page may be
        times[number] = min(times[number], times[number + 1] - block_s)
    found = []
    for mark_s in find_marks(sound, rate_hz=taken["rate"], apart_s=apart_s):
        block = int(mark_s // block_s)
        found.append(times[block] + mark_s - (block + 1) * block_s)  # a block has come with its last sample
    return found

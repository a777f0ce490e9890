"""What a side of senders gives: calls that stand.

A side is the station's end of a `link` and who sends there; a context. Each `call()` is another sender behind
the same link, until the side ends; there are as many as the profile has flows, all of them ready beforehand.
"""

from dataclasses import dataclass

from playwright.sync_api import Page

Targets = list[tuple[float, float]]  # when (monotonic), and what a sender aims for, bit/s


@dataclass(frozen=True, slots=True)
class Call:
    """One that stands: the page that receives it, and what its sender aimed for so far."""

    page: Page
    targets: Targets

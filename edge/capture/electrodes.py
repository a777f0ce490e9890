"""Electrodes by name (core): which bit of our board's mask is which, and what a lead hangs on."""

from collections.abc import Iterable
from typing import Final

from contract.codes import MEASUREMENTS
from contract.events import Stream

BOARD_BITS: Final = ("RA", "LA", "LL", "RL")  # docs/board.md; a later bit is told by its number
_LIMBS: Final = ("RA", "LA", "LL")
_OF_LEAD: Final = {"I": ("RA", "LA"), "II": ("RA", "LL"), "III": ("LA", "LL")}
_CHEST: Final = tuple(f"V{n}" for n in range(1, 7))
PLACES: Final = ("RA", "LA", "LL", "RL", *_CHEST)


def names_of(mask: int) -> tuple[str, ...]:
    """Return the electrodes whose bits are set; "#5" is one that this version cannot name."""
    bits = (bit for bit in range(mask.bit_length()) if mask >> bit & 1)
    return tuple(BOARD_BITS[bit] if bit < len(BOARD_BITS) else f"#{bit + 1}" for bit in bits)


def places_of(streams: Iterable[Stream], *, has_drive: bool) -> tuple[str, ...]:
    """Return the electrodes that these leads hang on, in the order of PLACES; none where there is no ECG.
    `has_drive`: the device has an RL, of which no lead tells."""
    found: set[str] = set()
    for stream in streams:
        if stream.shape == "ecg":
            known = MEASUREMENTS.get(stream.mdc)
            label = stream.label if known is None else known.label
            found.update(_OF_LEAD.get(label, (*_LIMBS, label) if label in _CHEST else _LIMBS))
    if found and has_drive:
        found.add("RL")
    return tuple(place for place in PLACES if place in found)

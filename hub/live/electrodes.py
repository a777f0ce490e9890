"""Which electrode came off, by the leads that it is part of (core).

A box tells streams without contact. A lead is the difference of electrodes: where each lead of one is off and
the leads of the others are on, that one has come off. More than one answer is told as it is.
"""

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Final

from contract.events import Stream

_LIMBS: Final = frozenset({"RA", "LA", "LL"})
_OF_LEAD: Final = {
    "I": frozenset({"RA", "LA"}),
    "II": frozenset({"RA", "LL"}),
    "III": frozenset({"LA", "LL"}),
    **{label: _LIMBS for label in ("aVR", "aVL", "aVF")},
    **{f"V{number}": _LIMBS | {f"V{number}"} for number in range(1, 7)},
}
SHOWN_MAX: Final = 3  # electrodes of one text; of more the lead alone is told


def electrodes_off(streams: Sequence[Stream], off: Collection[int]) -> str:
    """Return the electrodes that came off: "RA", "RA, LL", or what it may be, "RA / LA"; "" when the leads do
    not tell. `off`: the streams without contact, by their numbers.
    """
    leads = {
        one.stream: _OF_LEAD[one.label] for one in streams if one.shape == "ecg" and one.label in _OF_LEAD
    }
    gone = {number: leads[number] for number in leads if number in off}
    if not gone:
        return ""
    held = frozenset().union(*(leads[number] for number in leads if number not in off))
    possible = sorted(frozenset().union(*gone.values()) - held)
    for count in range(1, SHOWN_MAX + 1):  # the fewest that explain every lead that is off
        found = [one for one in combinations(possible, count) if all(lead & {*one} for lead in gone.values())]
        if found:
            is_told = len(found) == 1 or (count == 1 and len(found) <= SHOWN_MAX)
            return " / ".join(", ".join(one) for one in found) if is_told else ""
    return ""

"""Which part of a speech that is said over and over was heard when (core).

Between mouth and ear time is not even: a jitter buffer stretches it and jumps. So each second that was heard
is sought by itself, and the way through all of them is the one that fits best and jumps least (Viterbi's).
"""

from typing import Final

import numpy as np

from tests.links_bench.estoi import HOP, Sound, bands

PART_FRAMES: Final = 78  # a second
FREE: Final = 4  # frames: what a jitter buffer stretches a second by
JUMP_COST: Final = 0.6  # of a perfect match
FINE: Final = 8  # so many steps within a frame
_SOFT: Final = 1e-3  # of the loudest: below it a sound is none


def aligned(heard: Sound, said: Sound) -> Sound:
    """Return what was said while `heard` was heard, as long as that; whole seconds only count.

    Both have the rate of `estoi.py`; `said` is said over and over, `heard` begins anywhere in it.
    """
    part = PART_FRAMES * HOP
    if len(said) < part:
        raise ValueError(f"{len(said)} samples of speech: a second is needed")
    parts = heard[: len(heard) // part * part].reshape(-1, part)
    if not len(parts):
        return np.zeros(0)
    longer = np.resize(said, len(said) + part + 2 * HOP)  # so that a part fits over its end
    scores = np.stack([_scores(one, longer, len(said)) for one in parts])
    pieces = []
    for number, lag in enumerate(_best_way(scores)):
        place = (number * PART_FRAMES + lag) % scores.shape[1]
        pieces.append(_finest(parts[number], said, place * HOP))
    return np.concatenate(pieces)


def _scores(part: Sound, longer: Sound, length: int) -> Sound:
    """How well a part fits at each place of the speech, −1 … 1."""
    ours = _loudness(part)
    theirs = _loudness(longer)
    rows, places = len(ours), length // HOP
    size = 1 << (len(theirs) + rows).bit_length()
    spectra = np.fft.rfft(theirs, size, axis=0) * np.conj(np.fft.rfft(ours, size, axis=0))
    products = np.fft.irfft(spectra.sum(axis=1), size)[:places]
    sums = np.cumsum(np.concatenate([[0.0], (theirs**2).sum(axis=1)]))
    energy = sums[rows : rows + places] - sums[:places]
    floor = energy.mean() / 4 + 1e-12  # a rest fits everything: it says nothing
    return np.asarray(products / np.sqrt((energy + floor) * ((ours**2).sum() + floor)))


def _loudness(sound: Sound) -> Sound:
    """Loudness in each band, less its mean: one row a frame."""
    found = bands(sound)
    found = np.log10(found + _SOFT * (found.max() + 1e-12))
    return np.asarray(found - found.mean(axis=0))


def _best_way(scores: Sound) -> list[int]:
    """For each part how many frames the speech is ahead of it: one number, were time even."""
    places = scores.shape[1]
    total = np.zeros(places)
    came_from = []
    for number, row in enumerate(scores):
        here = np.roll(row, -(number * PART_FRAMES) % places)  # by how much it is ahead
        near = np.stack([np.roll(total, shift) for shift in range(-FREE, FREE + 1)])
        best = near.argmax(axis=0)
        stays = near.max(axis=0)
        jumps = total.max() - JUMP_COST
        origin = (np.arange(places) - (best - FREE)) % places
        came_from.append(np.where(stays >= jumps, origin, int(total.argmax())))
        total = np.maximum(stays, jumps) + here
    way = [int(total.argmax())]
    for origins in reversed(came_from[1:]):
        way.append(int(origins[way[-1]]))
    return way[::-1]


def _finest(part: Sound, said: Sound, begins: int) -> Sound:
    """What was said in that part, placed within a frame."""
    ours = bands(part)
    ours = ours - ours.mean(axis=0)
    best, found = -np.inf, np.zeros(len(part))
    for step in range(-FINE // 2, FINE // 2 + 1):
        first = begins + step * HOP // FINE
        tried = said.take(range(first, first + len(part)), mode="wrap")
        theirs = bands(tried)
        theirs = theirs - theirs.mean(axis=0)
        score = float((ours * theirs).sum() / (np.linalg.norm(theirs) + 1e-12))
        if score > best:
            best, found = score, tried
    return found

"""One screen that looks on (core): what it must be told next.

Nothing waits for it anywhere. It is told what is true now, and the samples that it lacks, as far as they are
still in memory: one that did not read for a while has a gap and is up to date all the same.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from contract.chunks import Column
from contract.ids import NO_VISIT
from edge.capture.recent import Key
from edge.live.frames import SAMPLES_MAX, encode_samples
from edge.live.look import Look
from edge.live.texts import Text, texts

AGAIN_US: Final = 1_000_000  # values and the clock are said so often, changed or not
STREAM_IDS: Final = 256  # a frame names its stream in one byte
_AGAIN: Final = ("values", "link")

Message = bytes | str


class Watch:
    """Ask `messages` whenever there is room for them; what it returns counts as told."""

    def __init__(self) -> None:
        self._told: dict[str, Text] = {}
        self._told_us = 0
        self._ids: dict[Key, int] = {}
        self._visit = NO_VISIT
        self._next: dict[Key, int] = {}  # index of the first sample that was not sent

    def messages(self, look: Look) -> list[Message]:
        """Return what is to be sent now, in this order."""
        self._number_streams(look)
        if look.visit != self._visit:
            self._visit = look.visit
            self._next.clear()
        return [*self._texts(look), *self._frames(look)]

    def _texts(self, look: Look) -> list[Message]:
        found = texts(look, self._ids)
        is_due = look.now_us - self._told_us >= AGAIN_US
        is_another_view = self._told.get("view") != found[0]  # and with it all the others
        told: list[Message] = []
        for text in found:
            name = text["type"]
            if is_another_view or text != self._told.get(name) or (is_due and name in _AGAIN):
                told.append(json.dumps({**text, "now_ms": look.now_ms}, ensure_ascii=False))
                self._told[name] = text
        if is_due:
            self._told_us = look.now_us
        return told

    def _frames(self, look: Look) -> list[Message]:
        frames: list[Message] = []
        for shown in () if look.visit == NO_VISIT else look.streams():
            key, stream_id = shown.key, self._ids.get(shown.key)
            if stream_id is None or shown.stream.shape == "numeric":
                continue
            period_us = 1e9 / look.recent.rate_mhz(key, shown.stream)
            from_index = self._next.get(key, 0)
            for run in _joined(look.recent.runs(key, look.visit, from_index=from_index)):
                skip = max(0, from_index - run.first_index)
                frame = encode_samples(
                    run.samples[skip:],
                    stream_id=stream_id,
                    set_no=key[0],
                    visit_no=look.visit,
                    first_index=run.first_index + skip,
                    captured_ms=look.utc_ms(run.t_us + int(skip * period_us)),
                )
                frames.append(frame)
                self._next[key] = run.end_index
        return frames

    def _number_streams(self, look: Look) -> None:
        """Streams that are there keep their numbers: a device that comes does not clear another's strip."""
        there = [one.key for one in look.streams()]
        self._ids = {key: number for key, number in self._ids.items() if key in set(there)}
        free = iter(sorted(set(range(STREAM_IDS)) - set(self._ids.values())))
        for key in there:
            if key not in self._ids and (number := next(free, None)) is not None:
                self._ids[key] = number


def _joined(runs: Sequence[Column]) -> Iterator[Column]:
    """Join what follows on into columns of at most SAMPLES_MAX."""
    joined: list[Column] = []
    count = 0
    for run in runs:
        is_full = count + len(run.samples) > SAMPLES_MAX
        if joined and (run.first_index != joined[-1].end_index or is_full):
            yield _one(joined)
            joined, count = [], 0
        joined.append(run)
        count += len(run.samples)
    if joined:
        yield _one(joined)


def _one(columns: list[Column]) -> Column:
    return replace(columns[0], samples=np.concatenate([one.samples for one in columns]))

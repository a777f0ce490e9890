"""Blocks of samples become columns of chunks (core): contiguous, of one visit and one stream set, and never
too long.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from contract.chunks import Column
from contract.ids import RecordClass
from edge.capture.cuts import Scene, TakenChunk

CLASS_SAMPLES_MAX: Final = (
    12_000  # at four bytes each, coded as badly as can be, a record stays below its limit
)


@dataclass(slots=True)
class _Run:
    blocks: list[Column]  # each follows on from the one before
    drafted: int = 0  # of `blocks`, how many a draft holds

    @property
    def end_index(self) -> int:
        return self.blocks[-1].end_index

    def __len__(self) -> int:
        return self.end_index - self.blocks[0].first_index

    def column(self, start: int = 0) -> Column:
        """Return the blocks from `start` on as one column, with the times of its first sample."""
        samples = np.concatenate([block.samples for block in self.blocks[start:]])
        return replace(self.blocks[start], samples=samples)


@dataclass(slots=True)
class _Chunk:
    scene: Scene
    runs: dict[RecordClass, dict[int, _Run]] = field(default_factory=dict)

    def samples(self, record_class: RecordClass) -> int:
        return sum(map(len, self.runs.get(record_class, {}).values()))

    def undrafted(self) -> list[tuple[RecordClass, Column]]:
        """Return what no draft holds yet, and take it as drafted."""
        found = []
        for record_class, runs in sorted(self.runs.items(), reverse=True):  # a draft begins with waveforms
            for _, run in sorted(runs.items()):
                if run.drafted < len(run.blocks):
                    found.append((record_class, run.column(run.drafted)))
                    run.drafted = len(run.blocks)
        return found


class Blocks:
    """Gathers blocks between two cuts. The caller cuts at least once a second.

    A numeric comes and goes with the finger: its gap ends a chunk of numerics alone. Any other gap ends the
    chunk of all.
    """

    def __init__(self, scene: Scene) -> None:
        self._chunk = _Chunk(scene)
        self._ended: list[_Chunk] = []
        self._next_index: dict[int, int] = {}  # of each stream of this set, whatever was cut meanwhile
        self.repeated_samples = 0  # came twice and were dropped

    def set_scene(self, scene: Scene) -> None:
        """What comes from now on belongs to another visit or stream set."""
        if scene.stream_set != self._chunk.scene.stream_set:
            self._next_index = {}
        if scene != self._chunk.scene:
            self.end_chunk(scene)

    def end_chunk(self, scene: Scene | None = None) -> None:
        """End the chunk here: a gap, a lead that came off."""
        if self._chunk.runs:
            self._ended.append(self._chunk)
        self._chunk = _Chunk(scene or self._chunk.scene)

    def _end_numerics(self) -> None:
        runs = self._chunk.runs.pop(RecordClass.NUMERIC)
        self._ended.append(_Chunk(self._chunk.scene, {RecordClass.NUMERIC: runs}))

    def add(self, record_class: RecordClass, column: Column) -> None:
        """Add the next block of a stream; one that does not follow on ends the chunk first."""
        if column.first_index < self._next_index.get(column.stream, 0):
            self.repeated_samples += len(column.samples)
            return
        self._next_index[column.stream] = column.end_index
        run = self._chunk.runs.get(record_class, {}).get(column.stream)
        if self._chunk.samples(record_class) + len(column.samples) > CLASS_SAMPLES_MAX:
            self.end_chunk()
        elif run is not None and column.first_index != run.end_index:
            if record_class == RecordClass.NUMERIC:
                self._end_numerics()
            else:
                self.end_chunk()
        runs = self._chunk.runs.setdefault(record_class, {})
        if column.stream in runs:
            runs[column.stream].blocks.append(column)
        else:
            runs[column.stream] = _Run([column])

    def cut_drafts(self) -> list[TakenChunk]:
        """Return what came since the last cut, of all streams: one draft, and one more for each chunk of
        numerics that has ended, or where one would be too long.
        """
        drafts = []
        for chunk in (*self._ended, self._chunk):
            found = chunk.undrafted()
            fits = sum(len(column.samples) for _, column in found) <= CLASS_SAMPLES_MAX
            for group in [found] if fits else [[f for f in found if f[0] == c] for c in RecordClass]:
                if group:
                    drafts.append(TakenChunk(group[0][0], chunk.scene, [column for _, column in group]))
        return drafts

    def cut_records(self) -> list[TakenChunk]:
        """Return everything since the last records as new ones: they replace all drafts."""
        self.end_chunk()
        ended, self._ended = self._ended, []
        return [
            TakenChunk(record_class, chunk.scene, [run.column() for _, run in sorted(runs.items())])
            for chunk in ended
            for record_class, runs in sorted(chunk.runs.items())
        ]

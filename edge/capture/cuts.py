"""What a cut takes out of memory, and how it becomes entries (core).

Taking is quick and happens on the loop; coding takes about a hundredth of the time that the samples took (a
tenth for twelve leads), and happens on a thread of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.chunks import Column, encode_chunk
from contract.header import Header, Kind
from contract.ids import CLEAR, BootId, RecordClass, StreamSetNo, VisitNo
from edge.spool.batch import Entry


@dataclass(frozen=True, slots=True)
class Scene:
    """Whose samples these are and what they mean: a change of either ends the chunk."""

    visit: VisitNo
    stream_set: StreamSetNo


@dataclass(frozen=True, slots=True)
class TakenChunk:
    """A chunk to be: columns of one scene, at least one."""

    record_class: RecordClass
    scene: Scene
    columns: Sequence[Column]

    def entry(self, *, boot: BootId, is_draft: bool) -> Entry:
        """Return it coded. A draft is coded quickly, a record well."""
        codec, body = encode_chunk(self.columns, is_draft=is_draft)
        first = self.columns[0]
        header = Header(
            kind=Kind.CHUNK,
            record_class=self.record_class,
            seq=0,
            key_id=CLEAR,
            nonce=0,
            boot=boot,
            t_us=first.t_us,
            visit=self.scene.visit,
            stream_set=self.scene.stream_set,
            first_index=first.first_index,
            count=len(first.samples),
            codec=codec,
        )
        return Entry(header, body)


@dataclass(frozen=True, slots=True)
class Cut:
    """Samples that are stored together: as drafts, or as records that take the place of all drafts."""

    boot: BootId
    chunks: Sequence[TakenChunk]
    is_draft: bool

    def coded(self) -> list[Entry]:
        """Return the entries. It takes a while: not to be called on the loop."""
        return [chunk.entry(boot=self.boot, is_draft=self.is_draft) for chunk in self.chunks]

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.chunks import Column, decode_chunk
from contract.header import Record, encode_record
from contract.ids import BootId, RecordClass, StreamSetNo, VisitNo
from contract.limits import RECORD_MAX_BYTES
from contract.sealing import TAG_BYTES
from edge.capture.blocks import CLASS_SAMPLES_MAX, Blocks
from edge.capture.cuts import Scene
from edge.spool.batch import Entry

WAVE, NUMERIC = RecordClass.WAVEFORM, RecordClass.NUMERIC
BOOT = BootId(1)
SCENE = Scene(VisitNo(1), StreamSetNo(1))
CLASS_OF = {0: WAVE, 1: WAVE, 2: NUMERIC, 3: NUMERIC}


def column(stream: int, first: int, count: int) -> Column:
    samples = (np.arange(first, first + count) * 7 + stream).astype(np.int32)
    return Column(stream, first, first * 4_000 + stream, first * 4_000, samples)


def columns_of(entry: Entry) -> list[Column]:
    return decode_chunk(entry.body, t_us=entry.header.t_us)


def spans(entries: list[Entry]) -> list[list[tuple[int, int, int]]]:
    """(stream, first index, end index) of each column of each entry."""
    return [[(c.stream, c.first_index, c.end_index) for c in columns_of(entry)] for entry in entries]


def blocks() -> Blocks:
    return Blocks(SCENE)


def records_of(gathered: Blocks) -> list[Entry]:
    return [chunk.entry(boot=BOOT, is_draft=False) for chunk in gathered.cut_records()]


def drafts_of(gathered: Blocks) -> list[Entry]:
    return [chunk.entry(boot=BOOT, is_draft=True) for chunk in gathered.cut_drafts()]


def test_blocks_that_follow_on_become_one_column() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.add(WAVE, column(0, 25, 25))
    assert spans(records_of(gathered)) == [[(0, 0, 50)]]
    assert records_of(gathered) == []


def test_a_header_names_scene_first_column_and_time() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(1, 40, 5))
    gathered.add(WAVE, column(0, 100, 25))
    (entry,) = records_of(gathered)
    header = entry.header
    assert (header.visit, header.stream_set, header.boot) == (1, 1, 1)
    assert (header.first_index, header.count, header.t_us) == (100, 25, 400_000)


def test_classes_are_records_of_their_own_and_one_draft() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.add(NUMERIC, column(2, 0, 1))
    (draft,) = drafts_of(gathered)
    assert draft.header.record_class == WAVE
    assert spans([draft]) == [[(0, 0, 25), (2, 0, 1)]]
    assert [entry.header.record_class for entry in records_of(gathered)] == [NUMERIC, WAVE]


def test_a_draft_holds_only_what_is_new() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    drafts_of(gathered)
    assert drafts_of(gathered) == []
    gathered.add(WAVE, column(0, 25, 5))
    assert spans(drafts_of(gathered)) == [[(0, 25, 30)]]


def test_a_gap_of_a_waveform_ends_the_chunk_of_all() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.add(WAVE, column(1, 0, 8))
    gathered.add(WAVE, column(0, 26, 25))
    gathered.add(WAVE, column(1, 8, 8))
    assert spans(drafts_of(gathered)) == [[(0, 0, 25), (1, 0, 8)], [(0, 26, 51), (1, 8, 16)]]
    gathered.add(WAVE, column(0, 51, 25))
    assert spans(drafts_of(gathered)) == [[(0, 51, 76)]]
    assert spans(records_of(gathered)) == [[(0, 0, 25), (1, 0, 8)], [(0, 26, 76), (1, 8, 16)]]


def test_a_gap_of_a_numeric_does_not_cut_the_ecg() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.add(NUMERIC, column(2, 0, 1))
    gathered.add(NUMERIC, column(2, 5, 1))
    gathered.add(WAVE, column(0, 25, 25))
    assert spans(drafts_of(gathered)) == [[(2, 0, 1)], [(0, 0, 50), (2, 5, 6)]]
    assert spans(records_of(gathered)) == [[(2, 0, 1)], [(2, 5, 6)], [(0, 0, 50)]]


@pytest.mark.parametrize("scene", [Scene(VisitNo(2), StreamSetNo(1)), Scene(VisitNo(1), StreamSetNo(2))])
def test_another_visit_or_stream_set_ends_the_chunk(scene: Scene) -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.set_scene(scene)
    gathered.add(WAVE, column(0, 25, 25))
    first, second = records_of(gathered)
    assert (first.header.visit, first.header.stream_set) == (1, 1)
    assert (second.header.visit, second.header.stream_set) == (scene.visit, scene.stream_set)


def test_the_same_scene_again_ends_nothing() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    gathered.set_scene(Scene(VisitNo(1), StreamSetNo(1)))
    gathered.add(WAVE, column(0, 25, 25))
    assert spans(records_of(gathered)) == [[(0, 0, 50)]]


def test_a_chunk_ends_before_its_record_grows_too_long() -> None:
    gathered = blocks()
    noise = np.random.default_rng(1).integers(-(2**31), 2**31 - 1, CLASS_SAMPLES_MAX + 250, np.int32)
    for first in range(0, len(noise), 250):
        gathered.add(WAVE, Column(0, first, first * 4_000, 0, noise[first : first + 250]))
    first_entry, second_entry = records_of(gathered)
    assert first_entry.header.count == CLASS_SAMPLES_MAX
    assert second_entry.header.count == 250
    sealed = encode_record(Record(first_entry.with_seq(2**62), first_entry.body + bytes(TAG_BYTES)))
    assert len(sealed) <= RECORD_MAX_BYTES


def test_a_draft_of_both_classes_never_grows_longer_than_a_record() -> None:
    gathered = blocks()
    noise = np.random.default_rng(2).integers(-(2**31), 2**31 - 1, 8_000, np.int32)
    gathered.add(WAVE, Column(0, 0, 0, 0, noise))
    gathered.add(NUMERIC, Column(2, 0, 0, 0, noise))
    drafts = drafts_of(gathered)
    assert len(drafts) == 2
    assert all(len(draft.body) < RECORD_MAX_BYTES - 1_000 for draft in drafts)


def test_a_block_that_comes_twice_is_dropped_and_counted_even_after_a_cut() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 0, 25))
    records_of(gathered)
    gathered.add(WAVE, column(0, 0, 25))
    assert gathered.repeated_samples == 25
    assert records_of(gathered) == []


def test_a_new_stream_set_counts_its_samples_from_zero_again() -> None:
    gathered = blocks()
    gathered.add(WAVE, column(0, 1_000, 25))
    gathered.set_scene(Scene(VisitNo(1), StreamSetNo(2)))
    gathered.add(WAVE, column(0, 0, 25))
    assert gathered.repeated_samples == 0


@dataclass
class Disk:
    """What the spool would hold: drafts until records replace them."""

    drafts: list[Entry] = field(default_factory=list)
    records: list[Entry] = field(default_factory=list)

    def cut(self, gathered: Blocks, *, is_live: bool) -> None:
        if is_live:
            self.records += records_of(gathered)
            self.drafts = []
        else:
            self.drafts += drafts_of(gathered)

    def samples(self) -> dict[tuple[int, int, int], tuple[int, int]]:
        """(set, stream, index) -> (visit, value), each exactly once."""
        found: dict[tuple[int, int, int], tuple[int, int]] = {}
        for entry in [*self.records, *self.drafts]:
            for one in columns_of(entry):
                for offset, value in enumerate(one.samples.tolist()):
                    key = (int(entry.header.stream_set), one.stream, one.first_index + offset)
                    assert key not in found, f"{key} is held twice"
                    found[key] = (int(entry.header.visit), value)
        return found


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3), st.integers(1, 30), st.sampled_from([0, 0, 0, 1, 9])),
        st.tuples(st.just("repeat"), st.integers(0, 3)),
        st.tuples(st.just("visit")),
        st.tuples(st.just("set")),
        st.tuples(st.just("end")),
        st.tuples(st.just("cut"), st.booleans()),
    ),
    max_size=40,
)


@given(STEPS)
def test_drafts_and_records_together_hold_every_sample_once_whatever_happens(
    steps: list[tuple[object, ...]],
) -> None:
    gathered, disk, scene = blocks(), Disk(), SCENE
    expected: dict[tuple[int, int, int], tuple[int, int]] = {}
    next_index = dict.fromkeys(CLASS_OF, 0)
    last: dict[int, Column] = {}
    for step in [*steps, ("cut", True)]:
        match step:
            case ("add", int(stream), int(count), int(gap)):
                one = column(stream, next_index[stream] + gap, count)
                gathered.add(CLASS_OF[stream], one)
                next_index[stream], last[stream] = one.end_index, one
                for offset, value in enumerate(one.samples.tolist()):
                    key = (int(scene.stream_set), stream, one.first_index + offset)
                    expected[key] = (int(scene.visit), value)
            case ("repeat", int(stream)) if stream in last:
                gathered.add(CLASS_OF[stream], last[stream])
            case ("visit",):
                scene = Scene(VisitNo(scene.visit + 1), scene.stream_set)
                gathered.set_scene(scene)
            case ("set",):
                scene = Scene(scene.visit, StreamSetNo(scene.stream_set + 1))
                gathered.set_scene(scene)
                next_index, last = dict.fromkeys(CLASS_OF, 0), {}
            case ("end",):
                gathered.end_chunk()
            case ("cut", bool(is_live)):
                disk.cut(gathered, is_live=is_live)
                assert disk.samples() == expected
    assert not disk.drafts

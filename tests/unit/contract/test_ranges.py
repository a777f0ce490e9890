from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ranges import SeqRanges
from contract.varints import VARINT_MAX

pairs = st.tuples(st.integers(1, 40), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(pairs, max_size=30))
def test_ranges_are_the_set_of_what_was_added(added: list[tuple[int, int]]) -> None:
    ranges = SeqRanges(added)
    model = {seq for low, high in added for seq in range(low, high + 1)}
    assert {seq for seq in range(60) if seq in ranges} == model
    assert [seq for low, high in ranges for seq in range(low, high + 1)] == sorted(model)


@given(st.lists(pairs, max_size=30))
def test_ranges_neither_touch_nor_overlap(added: list[tuple[int, int]]) -> None:
    shown = list(SeqRanges(added))
    assert all(one[1] + 1 < other[0] for one, other in pairwise(shown))


@given(st.lists(pairs, max_size=30))
def test_cumulative_ends_before_the_first_hole(added: list[tuple[int, int]]) -> None:
    ranges = SeqRanges(added)
    assert all(seq in ranges for seq in range(1, ranges.cumulative + 1))
    assert ranges.cumulative + 1 not in ranges
    assert SeqRanges.from_parts(ranges.cumulative, ranges.above_cumulative()) == ranges


@given(st.lists(pairs, max_size=30))
def test_the_order_of_adding_does_not_matter(added: list[tuple[int, int]]) -> None:
    assert SeqRanges(added) == SeqRanges(reversed(added)) == SeqRanges(sorted(added))


@pytest.mark.parametrize(("low", "high"), [(0, 5), (-1, 1), (5, 4), (1, VARINT_MAX + 1)])
def test_what_is_no_range_of_seqs_is_refused_and_changes_nothing(low: int, high: int) -> None:
    ranges = SeqRanges([(3, 4)])
    with pytest.raises(ValueError, match="no range of seqs"):
        ranges.add(low, high)
    assert list(ranges) == [(3, 4)]


class Counted(int):
    """A seq that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) < int(other)

    def __gt__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) > int(other)

    def __ge__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) >= int(other)

    def __le__(self, other: int) -> bool:
        Counted.compared += 1
        return int(self) <= int(other)


def test_adding_and_asking_far_from_the_end_stay_cheap() -> None:
    ranges = SeqRanges((Counted(seq), Counted(seq)) for seq in range(20_000, 0, -2))
    assert Counted.compared < 10_000 * 50
    Counted.compared = 0
    assert Counted(3) not in ranges
    assert Counted.compared < 50


def test_ranges_cannot_be_a_key_of_a_dictionary() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(SeqRanges())


def test_ranges_say_what_they_hold() -> None:
    assert repr(SeqRanges([(1, 2), (4, 4)])) == "SeqRanges([(1, 2), (4, 4)])"
    assert SeqRanges() != [(1, 1)]


@given(st.lists(pairs, max_size=30), st.integers(1, 60), st.integers(0, 60))
def test_holes_are_what_is_not_there(added: list[tuple[int, int]], low: int, high: int) -> None:
    ranges = SeqRanges(added)
    holes = list(ranges.holes(low, high))
    shown = [seq for start, end in holes for seq in range(start, end + 1)]
    assert shown == [seq for seq in range(low, high + 1) if seq not in ranges]
    assert all(one[1] + 1 < other[0] for one, other in pairwise(holes))


@given(st.lists(pairs, max_size=30), st.integers(0, 60))
def test_a_count_is_of_those_up_to_a_seq(added: list[tuple[int, int]], last: int) -> None:
    ranges = SeqRanges(added)
    assert ranges.count_to(last) == len([seq for seq in range(1, last + 1) if seq in ranges])

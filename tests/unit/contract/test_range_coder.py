from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codecs.logistic import LEVELS
from contract.codecs.range_coder import Interval, RangeDecoder, encode, raw_bits
from contract.errors import Refusal, RefusedError

TABLE = (0, 1, 2, 3, 65_534, 65_535, 65_536)
symbols = st.lists(st.integers(0, 5) | st.just(3), min_size=1, max_size=400)


def interval(symbol: int, table: tuple[int, ...] = TABLE) -> Interval:
    return table[symbol], table[symbol + 1] - table[symbol], 16


def read(data: bytes, count: int) -> list[int]:
    decoder = RangeDecoder(data)
    found = [decoder.symbol(TABLE) for _ in range(count)]
    decoder.finish()
    return found


@given(symbols)
def test_symbols_come_back_likely_and_unlikely(sent: list[int]) -> None:
    assert read(encode(map(interval, sent)), len(sent)) == sent


@pytest.mark.parametrize("sent", [[4] * 300, [5] * 300, [0] * 300, [3] * 300 + [5] * 9])
def test_a_carry_runs_through_bytes_that_are_full(sent: list[int]) -> None:
    data = encode(map(interval, sent))
    assert read(data, len(sent)) == sent


def test_a_likely_symbol_costs_next_to_nothing_and_an_unlikely_one_two_bytes() -> None:
    assert len(encode(map(interval, [3] * 10_000))) < 4
    assert len(encode(map(interval, [1] * 1_000))) == pytest.approx(2_000, abs=8)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0)), max_size=40))
def test_raw_bits_come_back(wanted: list[tuple[int, int]]) -> None:
    numbers = [(value % (1 << width), width) for width, value in wanted]
    intervals = [one for value, width in numbers for one in raw_bits(value, width)]
    decoder = RangeDecoder(encode(intervals))
    assert [decoder.raw(width) for _, width in numbers] == [value for value, _ in numbers]
    decoder.finish()


@given(symbols)
def test_every_byte_is_needed_and_none_may_follow(sent: list[int]) -> None:
    data = encode(map(interval, sent))
    with pytest.raises(RefusedError):
        read(data + b"\0", len(sent))
    with pytest.raises(RefusedError):
        read(data[:-1], len(sent))


def test_a_code_outside_all_shares_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        RangeDecoder(b"\xff\xff\xff\xff").symbol(TABLE)
    assert caught.value.refusal is Refusal.MALFORMED
    with pytest.raises(RefusedError):
        RangeDecoder(b"\xff\xff\xff\xff").raw(3)


def test_every_table_has_a_share_for_every_symbol() -> None:
    for tables in LEVELS:
        for fraction, table in enumerate(tables):
            assert table[0] == 0
            assert table[-1] == 65_536
            shares = [later - earlier for earlier, later in pairwise(table)]
            assert min(shares) > 0
            likeliest = len(table) // 2 - 1
            assert shares[likeliest + (fraction > 2)] == max(shares)

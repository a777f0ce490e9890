import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.varints import VARINT_MAX, Reader, encode_varint, unzigzag, zigzag

numbers = st.integers(0, VARINT_MAX) | st.integers(0, 62).map(lambda bit: 1 << bit)


@given(numbers)
def test_a_number_comes_back_and_leaves_nothing(number: int) -> None:
    reader = Reader(encode_varint(number), what="number")
    assert reader.varint() == number
    reader.finish()


@given(st.integers(-(2**62), 2**62 - 1))
def test_a_signed_number_comes_back(number: int) -> None:
    assert unzigzag(zigzag(number)) == number
    assert zigzag(number) in (2 * number, -2 * number - 1)


@pytest.mark.parametrize("number", [-1, VARINT_MAX + 1])
def test_a_number_outside_63_bits_is_our_own_fault(number: int) -> None:
    with pytest.raises(OwnFaultError):
        encode_varint(number)


@given(st.binary(min_size=1, max_size=12))
def test_a_number_has_one_encoding_only(data: bytes) -> None:
    reader = Reader(data, what="number")
    try:
        number = reader.varint()
    except RefusedError:
        return
    assert encode_varint(number) == data[: reader.offset]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", Refusal.TRUNCATED),
        (b"\x80", Refusal.TRUNCATED),
        (b"\x80\x00", Refusal.MALFORMED),
        (b"\xff" * 9 + b"\x01", Refusal.MALFORMED),
        (b"\x80" * 9, Refusal.MALFORMED),
    ],
)
def test_a_varint_cut_short_too_long_or_not_minimal_is_refused(data: bytes, refusal: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        Reader(data, what="number").varint()
    assert caught.value.refusal is refusal


def test_bytes_after_the_end_are_refused() -> None:
    reader = Reader(b"\x01\x02", what="number")
    reader.varint()
    with pytest.raises(RefusedError, match="1 bytes after its end"):
        reader.finish()


@given(st.lists(numbers, max_size=9))
def test_several_are_read_as_one_by_one(some: list[int]) -> None:
    data = b"".join(map(encode_varint, some))
    reader = Reader(data + b"\x07", what="numbers")
    assert (reader.varints(len(some)), reader.left) == (some, 1)
    if some:
        with pytest.raises(RefusedError) as refused:
            Reader(data[:-1], what="numbers").varints(len(some))
        assert refused.value.refusal is Refusal.TRUNCATED

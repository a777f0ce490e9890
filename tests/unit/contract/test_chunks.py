import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.chunks import Column, decode_chunk, encode_chunk, read_starts
from contract.codecs import Codec
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX, COLUMNS_MAX, RECORD_MAX_BYTES
from contract.varints import VARINT_MAX, encode_varint, zigzag

T_US = 5_000_000


def column(samples: list[int], *, t_us: int = T_US, first_index: int = 1000) -> Column:
    return Column(1, first_index, t_us, 7_000_000, np.array(samples, np.int32))


columns = st.builds(
    Column,
    st.integers(0, 63),
    st.integers(0, 2**62),
    st.integers(T_US, T_US + 30_000_000),
    st.integers(0, VARINT_MAX),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=80).map(lambda s: np.array(s, np.int32)),
)


@given(st.lists(columns, min_size=1, max_size=5))
def test_columns_come_back_as_they_were(sent: list[Column]) -> None:
    _, body = encode_chunk(sent)
    got = decode_chunk(body, t_us=sent[0].t_us)
    for one, other in zip(sent, got, strict=True):
        assert (one.stream, one.first_index) == (other.stream, other.first_index)
        assert (one.t_us, one.device_t_us) == (other.t_us, other.device_t_us)
        assert np.array_equal(one.samples, other.samples)
        assert one.end_index == other.end_index


def test_decoded_numbers_are_plain_integers_and_samples_int32() -> None:
    _, body = encode_chunk([column([1, 2, 3])])
    (got,) = decode_chunk(body, t_us=T_US)
    assert {type(n) for n in (got.stream, got.first_index, got.t_us, got.device_t_us, got.end_index)} == {int}
    assert got.samples.dtype == np.int32
    assert got.end_index == 1003


def test_the_codec_of_a_chunk_is_the_highest_of_its_columns() -> None:
    ramp = list(range(100))
    assert encode_chunk([column([97])])[0] is Codec.RAW
    assert encode_chunk([column([97]), column(ramp[:20])])[0] is Codec.RICE
    assert encode_chunk([column(ramp), column([97])])[0] is Codec.ADAPTIVE
    assert encode_chunk([column(ramp), column([97])], is_draft=True)[0] is Codec.RICE


@pytest.mark.parametrize("count", [0, COLUMNS_MAX + 1])
def test_no_column_and_too_many_are_refused_on_both_sides(count: int) -> None:
    with pytest.raises(OwnFaultError):
        encode_chunk([column([1])] * count)
    with pytest.raises(RefusedError) as caught:
        decode_chunk(encode_varint(count) + bytes(1000), t_us=T_US)
    assert caught.value.refusal is Refusal.OVERSIZED


def test_the_limit_of_samples_holds_for_all_columns_together() -> None:
    half = Column(1, 0, T_US, 0, np.zeros(CHUNK_SAMPLES_MAX // 2, np.int32))
    _, body = encode_chunk([half, half])
    assert len(decode_chunk(body, t_us=T_US)) == 2
    with pytest.raises(OwnFaultError, match="200001"):
        encode_chunk([half, half, column([1])])
    _, one_more = encode_chunk([column([1])])
    with pytest.raises(RefusedError) as caught:
        decode_chunk(b"\x03" + body[1:] + one_more[1:], t_us=T_US)
    assert caught.value.refusal is Refusal.OVERSIZED


def test_a_body_larger_than_any_record_is_refused() -> None:
    noise = np.random.default_rng(3).integers(-(2**31), 2**31, 15_000, dtype=np.int32)
    _, body = encode_chunk([Column(1, 0, T_US, 0, noise)])
    assert len(body) > RECORD_MAX_BYTES
    with pytest.raises(RefusedError) as caught:
        decode_chunk(body, t_us=T_US)
    assert caught.value.refusal is Refusal.OVERSIZED


def raw_column(*, first_index: int = 0, offset_us: int = 0, count: int = 1, codec: int = 1) -> bytes:
    numbers = (1, first_index, zigzag(offset_us), 0, count)
    data = b"\x01" + bytes(min(count, 10))
    return b"".join(map(encode_varint, numbers)) + bytes((codec,)) + encode_varint(len(data)) + data


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"\x02" + raw_column() + raw_column(offset_us=-T_US - 1), Refusal.MALFORMED),
        (b"\x02" + raw_column() + raw_column(offset_us=2**62 - 1), None),
        (b"\x02" + raw_column() + raw_column(offset_us=-T_US), None),
        (b"\x01" + raw_column(offset_us=1), Refusal.MALFORMED),
        (b"\x01" + raw_column(first_index=VARINT_MAX), Refusal.MALFORMED),
        (b"\x01" + raw_column(first_index=VARINT_MAX - 1), None),
        (b"\x01" + raw_column(count=0), Refusal.MALFORMED),
        (b"\x01" + raw_column(codec=5), Refusal.UNKNOWN_VERSION),
        (b"\x01" + raw_column(codec=0), Refusal.UNKNOWN_VERSION),
        (b"\x01" + raw_column(count=VARINT_MAX), Refusal.OVERSIZED),
        (b"\x01" + raw_column() + b"\x00", Refusal.MALFORMED),
        (b"\x02" + raw_column(), Refusal.TRUNCATED),
    ],
)
def test_a_column_outside_its_range_is_refused(body: bytes, refusal: Refusal | None) -> None:
    if refusal is None:
        assert decode_chunk(body, t_us=T_US)
        return
    with pytest.raises(RefusedError) as caught:
        decode_chunk(body, t_us=T_US)
    assert caught.value.refusal is refusal


def test_a_time_beyond_63_bits_is_refused() -> None:
    body = b"\x02" + raw_column() + raw_column(offset_us=1)
    assert decode_chunk(body, t_us=VARINT_MAX - 1)
    with pytest.raises(RefusedError, match="outside"):
        decode_chunk(body, t_us=VARINT_MAX)


def test_every_truncation_of_a_body_is_refused() -> None:
    _, body = encode_chunk([column([3, 1, 4, 1, 5, 9]), column(list(range(30)))])
    for length in range(len(body)):
        with pytest.raises(RefusedError):
            decode_chunk(body[:length], t_us=T_US)


def test_where_columns_begin_is_read_without_decoding_them() -> None:
    sent = [column([1, 2, 3]), column([4], t_us=T_US - 5, first_index=2**40)]
    _, body = encode_chunk(sent)
    starts = [(c.stream, c.first_index, c.t_us, c.device_t_us, len(c.samples)) for c in sent]
    read = [(s.stream, s.first_index, s.t_us, s.device_t_us, s.count) for s in read_starts(body, t_us=T_US)]
    assert read == starts

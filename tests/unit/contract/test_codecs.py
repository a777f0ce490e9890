from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.codecs import Codec, adaptive, decode_column, encode_column, raw, rice
from contract.codecs.table import Coder, Coding, smallest
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX
from tests.unit.contract import rice_by_hand

LOW, HIGH = -(2**31), 2**31 - 1
int32 = st.integers(LOW, HIGH) | st.sampled_from([LOW, LOW + 1, -1, 0, 1, HIGH - 1, HIGH])
small = st.integers(-20, 20)
lists = st.lists(int32, min_size=1, max_size=200) | st.lists(small, min_size=1, max_size=200)
columns = lists.map(lambda samples: np.array(samples, np.int32))


def heartbeats(seconds: int, *, rate_hz: int = 250) -> NDArray[np.int32]:
    """A drawn ECG in steps of 5 µV: P, QRS and T at 72 a minute, breathing, mains hum and noise."""
    rng = np.random.default_rng(7)
    t_s = np.arange(seconds * rate_hz) / rate_hz
    phase_s = t_s % (60 / 72)
    waves = [
        (120, 0.18, 0.025),
        (-90, 0.26, 0.010),
        (1100, 0.29, 0.011),
        (-210, 0.32, 0.012),
        (260, 0.52, 0.05),
    ]
    beat_uv = sum(height * np.exp(-(((phase_s - at) / width) ** 2)) for height, at, width in waves)
    drift_uv = 100 * np.sin(2 * np.pi * 0.25 * t_s) + 8 * np.sin(2 * np.pi * 50 * t_s)
    return (
        np.asarray((beat_uv + drift_uv + rng.normal(0, 8, len(t_s))) / 5, np.float64).round().astype(np.int32)
    )


@given(columns)
def test_each_codec_gives_back_what_it_was_given(samples: NDArray[np.int32]) -> None:
    for codec in (raw, rice):
        again = codec.decode(codec.encode(samples), len(samples))
        assert again.dtype == np.int32
        assert np.array_equal(again, samples)


@given(columns)
def test_rice_is_what_a_reader_written_from_the_page_reads(samples: NDArray[np.int32]) -> None:
    assert rice_by_hand.decode(rice.encode(samples), len(samples)) == samples.tolist()


@given(columns)
def test_a_column_comes_back_whatever_its_codec(samples: NDArray[np.int32]) -> None:
    codec, data = encode_column(samples)
    assert np.array_equal(decode_column(codec, data, count=len(samples)), samples)
    assert len(data) <= len(raw.encode(samples))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 63, 64, 65, 66, 67, 68, 128, 129])
@pytest.mark.parametrize("step", [0, 1, HIGH, 2**31])
def test_blocks_and_extremes_meet_at_every_edge(length: int, step: int) -> None:
    samples = (np.arange(length, dtype=np.int64) * step + LOW).astype(np.int32)  # wraps around
    assert np.array_equal(rice.decode(rice.encode(samples), length), samples)
    swinging = np.where(np.arange(length) % 2, HIGH, LOW).astype(np.int32)
    assert np.array_equal(rice.decode(rice.encode(swinging), length), swinging)


@pytest.mark.parametrize(
    ("high", "width"), [(127, 1), (128, 2), (2**15 - 1, 2), (2**15, 3), (2**23 - 1, 3), (2**23, 4), (HIGH, 4)]
)
def test_raw_takes_the_least_whole_number_of_bytes(high: int, width: int) -> None:
    for samples in ([0, high], [0, -high - 1]):
        data = raw.encode(np.array(samples, np.int32))
        assert (data[0], len(data)) == (width, 1 + 2 * width)


def test_an_ecg_takes_less_than_five_bits_a_sample_and_half_of_raw() -> None:
    samples = heartbeats(30)
    codec, data = encode_column(samples)
    assert codec is Codec.ADAPTIVE
    assert len(data) * 8 / len(samples) < 4.0
    assert len(data) < len(rice.encode(samples)) * 0.95
    assert len(data) < len(raw.encode(samples)) / 2


def test_noise_goes_as_it_is() -> None:
    noise = np.random.default_rng(3).integers(LOW, HIGH, 1000, dtype=np.int32, endpoint=True)
    codec, data = encode_column(noise)
    assert (codec, len(data)) == (Codec.RAW, 4001)


def test_a_flat_line_costs_next_to_nothing() -> None:
    _, data = encode_column(np.full(7500, 12, np.int32))
    assert len(data) == 2
    line = np.full(7500, -(2**31), np.int32)
    line[5000] = 2**31 - 1
    assert len(encode_column(line)[1]) < 60


def test_a_draft_is_coded_quickly() -> None:
    assert encode_column(heartbeats(1), is_draft=True)[0] is Codec.RICE
    assert encode_column(heartbeats(1))[0] is Codec.ADAPTIVE


def test_of_a_few_samples_nothing_is_learned() -> None:
    assert encode_column(heartbeats(1)[:20])[0] in (Codec.RAW, Codec.RICE)


def coder(codec: Codec, data: bytes) -> Coder:
    return lambda: (codec, data)


def fails() -> Coding:
    raise ZeroDivisionError("a bug")


def test_of_several_coders_the_shortest_is_taken() -> None:
    samples = heartbeats(1)
    coders = [coder(Codec.RICE, rice.encode(samples)), coder(Codec.ADAPTIVE, adaptive.encode(samples))]
    assert smallest(samples, coders)[0] is Codec.ADAPTIVE
    assert smallest(samples, coders[:1])[0] is Codec.RICE
    assert smallest(samples, []) == (Codec.RAW, raw.encode(samples))


@pytest.mark.parametrize("data", [adaptive.encode(heartbeats(1) + 1), b"", b"\x00\x00\xff"])
def test_a_coder_that_errs_costs_bytes_never_samples(data: bytes) -> None:
    """Other samples, or bytes that are refused: both are seen before anything is stored."""
    samples = heartbeats(1)
    wrong, right = coder(Codec.ADAPTIVE, data), coder(Codec.RICE, rice.encode(samples))
    with pytest.warns(RuntimeWarning, match="ADAPTIVE coder: it wrote other samples"):
        codec, coded = smallest(samples, [wrong, right])
    assert codec is Codec.RICE
    assert np.array_equal(decode_column(codec, coded, count=len(samples)), samples)


def test_a_coder_that_fails_costs_bytes_never_samples() -> None:
    samples = heartbeats(1)
    with pytest.warns(RuntimeWarning, match="a coder failed: ZeroDivisionError"):
        assert smallest(samples, [fails, coder(Codec.RICE, rice.encode(samples))])[0] is Codec.RICE
    with pytest.warns(RuntimeWarning):
        assert smallest(samples, [fails]) == (Codec.RAW, raw.encode(samples))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.int32),
        np.zeros(CHUNK_SAMPLES_MAX + 1, np.int32),
        np.zeros(5, np.int64),
        np.zeros(5, np.float32),
        np.zeros((5, 1), np.int32),
        np.zeros(5, ">i4"),
    ],
    ids=["empty", "too long", "int64", "float", "a table", "big-endian"],
)
def test_what_is_no_column_is_our_own_fault(samples: NDArray[np.int32]) -> None:
    with pytest.raises(OwnFaultError):
        encode_column(samples)


def test_every_truncation_of_a_column_is_refused() -> None:
    samples = heartbeats(1)
    for codec in (raw, rice, adaptive):
        data = codec.encode(samples)
        for length in range(len(data)):
            with pytest.raises(RefusedError):
                codec.decode(data[:length], len(samples))


@pytest.mark.parametrize("codec", [raw, rice, adaptive])
@pytest.mark.parametrize("difference", [-20, 20])
def test_another_count_than_the_coded_one_is_refused(codec: ModuleType, difference: int) -> None:
    samples = heartbeats(1)
    with pytest.raises(RefusedError):
        codec.decode(codec.encode(samples), len(samples) + difference)


@pytest.mark.parametrize(
    ("data", "count", "refusal"),
    [
        ("04", 8, Refusal.MALFORMED),  # order 4
        ("03020202", 3, Refusal.MALFORMED),  # as many first samples as samples
        ("01808080801000", 2, Refusal.MALFORMED),  # first sample 2**31
        ("", 1, Refusal.TRUNCATED),  # no order
        ("00", 1, Refusal.TRUNCATED),  # no k
        ("0007ff", 1, Refusal.TRUNCATED),  # a quotient without end
        ("00f8", 1, Refusal.MALFORMED),  # 31 bits of remainder are missing
        ("000000", 1, Refusal.MALFORMED),  # a byte too many
        ("0001", 1, Refusal.MALFORMED),  # the filling is not zero
        ("00fe00000000", 1, Refusal.MALFORMED),  # a residual of 33 bits
    ],
)
def test_rice_bytes_that_no_coder_makes_are_refused(data: str, count: int, refusal: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        rice.decode(bytes.fromhex(data), count)
    assert caught.value.refusal is refusal


def test_a_residual_of_32_bits_is_the_largest() -> None:
    assert rice.decode(bytes.fromhex("00fc00000000"), 1).tolist() == [2**30]


@pytest.mark.parametrize("codec", [0, 5, 255])
def test_a_codec_of_a_later_year_is_named(codec: int) -> None:
    with pytest.raises(RefusedError, match=f"codec {codec} is not known here; update this side") as caught:
        decode_column(codec, b"\x01\x00", count=1)
    assert caught.value.refusal is Refusal.UNKNOWN_VERSION


def test_a_column_over_the_limit_is_refused_though_its_bytes_are_good() -> None:
    data = rice.encode(np.zeros(CHUNK_SAMPLES_MAX + 1, np.int32))
    with pytest.raises(RefusedError) as caught:
        decode_column(Codec.RICE, data, count=CHUNK_SAMPLES_MAX + 1)
    assert caught.value.refusal is Refusal.OVERSIZED

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.codecs import adaptive, rice
from contract.codecs.weights import DIFFERENCE_MAX, INERTIA, OWN, OWN_START, WEIGHT_MAX, Weights
from contract.errors import Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX
from tests.unit.contract import adaptive_by_hand
from tests.unit.contract.recordings import bits_a_sample, pulse_wave, recorded

LOW, HIGH = -(2**31), 2**31 - 1
int32 = st.integers(LOW, HIGH) | st.sampled_from([LOW, LOW + 1, -1, 0, 1, HIGH - 1, HIGH])
small = st.integers(-20, 20)
samples_of = st.lists(int32, min_size=1, max_size=90) | st.lists(small, min_size=1, max_size=90)
columns = samples_of.map(lambda samples: np.array(samples, np.int32))
tables = st.integers(1, 60).flatmap(
    lambda count: st.lists(
        st.lists(int32 | small, min_size=count, max_size=count).map(lambda s: np.array(s, np.int32)),
        min_size=1,
        max_size=5,
    )
)


def chunks_of(samples: NDArray[np.int32], count: int) -> list[NDArray[np.int32]]:
    return [samples[at : at + count] for at in range(0, len(samples) - count + 1, count)]


def comes_back(samples: NDArray[np.int32]) -> bytes:
    data = adaptive.encode(samples)
    again = adaptive.decode(data, len(samples))
    assert again.dtype == np.int32
    assert np.array_equal(again, samples)
    return data


@given(columns)
def test_every_column_comes_back(samples: NDArray[np.int32]) -> None:
    comes_back(samples)


@settings(max_examples=30)
@given(columns)
def test_a_reader_written_from_the_page_reads_it(samples: NDArray[np.int32]) -> None:
    data = adaptive.encode(samples)
    assert adaptive_by_hand.Adaptive(data, len(samples)).samples == samples.tolist()


@settings(max_examples=30)
@given(tables)
def test_a_column_with_neighbours_comes_back_also_by_the_page(table: list[NDArray[np.int32]]) -> None:
    *earlier, samples = table
    data = adaptive.encode(samples, list(enumerate(earlier)))
    assert np.array_equal(adaptive.decode(data, len(samples), earlier), samples)
    plain = [one.tolist() for one in earlier]
    assert adaptive_by_hand.Adaptive(data, len(samples), plain).samples == samples.tolist()


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 31, 32, 33, 300])
@pytest.mark.parametrize("step", [0, 1, DIFFERENCE_MAX, DIFFERENCE_MAX + 1, HIGH, 2**31])
def test_blocks_and_extremes_meet_at_every_edge(length: int, step: int) -> None:
    comes_back((np.arange(length, dtype=np.int64) * step + LOW).astype(np.int32))  # wraps around
    comes_back(np.where(np.arange(length) % 2, HIGH, LOW).astype(np.int32))
    comes_back(np.where(np.arange(length) % 40 == 17, step - 2**31, 3).astype(np.int32))


def test_the_longest_column_comes_back() -> None:
    rng = np.random.default_rng(5)
    wave = np.cumsum(rng.integers(-9, 10, CHUNK_SAMPLES_MAX)).astype(np.int32)
    wave[100_000:100_500] = rng.integers(LOW, HIGH, 500)
    comes_back(wave)


def test_contexts_forget_what_is_long_past() -> None:
    """Counts are halved at 256: a signal that changes its noise is met by both sides alike."""
    rng = np.random.default_rng(6)
    loud, quiet = rng.normal(0, 3000, 2000), rng.normal(0, 1, 2000)
    comes_back(np.concatenate((quiet, loud, quiet)).astype(np.int32))


@pytest.mark.parametrize("name", ["an", "binh"])
def test_a_recorded_ecg_takes_a_tenth_less_than_by_rice(name: str) -> None:
    ecg = recorded(name)
    for seconds, gain in ((10, 0.88), (1, 0.92)):
        chunks = chunks_of(ecg, seconds * 250)
        ours = bits_a_sample([comes_back(chunk) for chunk in chunks], len(chunks) * len(chunks[0]))
        theirs = bits_a_sample([rice.encode(chunk) for chunk in chunks], len(chunks) * len(chunks[0]))
        assert ours < theirs * gain


def test_a_recorded_pulse_wave_begins_with_the_weights_of_a_smooth_one() -> None:
    wave = pulse_wave("an")
    data = comes_back(wave[:750])
    assert data[0] & 0x80
    assert not comes_back(recorded("an")[:2500])[0] & 0x80
    assert len(data) < len(rice.encode(wave[:750])) * 0.85


def test_a_neighbour_that_says_the_same_makes_a_column_cheap() -> None:
    ecg = recorded("an")[:2500]
    shifted = (ecg * 2 + 40).astype(np.int32)
    alone, beside = adaptive.encode(shifted), adaptive.encode(shifted, [(1, ecg)])
    assert np.array_equal(adaptive.decode(beside, 2500, [None, ecg]), shifted)
    assert len(beside) < len(alone) / 3


def test_codes_that_a_converter_never_gives_are_not_exploited() -> None:
    """A coder that learns which values occur would look better on old tapes than it is: twice the values, one
    bit."""
    ecg = recorded("an")[:2500]
    gain = len(adaptive.encode((ecg * 2).astype(np.int32))) * 8 / 2500 - len(adaptive.encode(ecg)) * 8 / 2500
    assert gain > 0.9


def test_a_jump_does_not_spoil_what_follows() -> None:
    """An electrode put on: one block of huge differences must not move the weights for long."""
    ecg = recorded("an")[:5000]
    jumped = np.concatenate((np.full(1000, LOW // 70_000, np.int32), ecg[1000:]))
    assert len(comes_back(jumped)) < len(comes_back(ecg)) * 0.9


lessons = st.lists(st.integers(-DIFFERENCE_MAX, DIFFERENCE_MAX), min_size=9 * 16, max_size=9 * 16)


@given(lessons, st.booleans())
def test_weights_stay_within_their_limit_whatever_they_learn(numbers: list[int], is_smooth: bool) -> None:
    weights = Weights(0, is_smooth=is_smooth)
    rows = np.array(numbers, np.int64).reshape(16, 9)
    for _ in range(3):
        weights.learn(rows, np.abs(rows[:, 0]))
        assert len(weights.now) == OWN
        assert all(-WEIGHT_MAX <= weight <= WEIGHT_MAX for weight in weights.now)


def test_weights_that_learn_nothing_stay_as_they_began() -> None:
    weights = Weights(1, is_smooth=False)
    weights.learn(np.zeros((16, 11), np.int64), np.zeros(16, np.int64))
    assert weights.now == [*OWN_START[0], 0, 0]
    assert INERTIA > 0


@pytest.mark.parametrize(
    ("data", "count", "refusal"),
    [
        ("", 2, Refusal.TRUNCATED),  # no head
        ("10", 2, Refusal.TRUNCATED),  # no column
        ("1000", 2, Refusal.MALFORMED),  # column 0 is not before this one
        ("00", 2, Refusal.TRUNCATED),  # no first sample
        ("008080808010ff", 2, Refusal.MALFORMED),  # first sample 2**31
        ("0000", 2, Refusal.TRUNCATED),  # no residuals
        ("0f00", 2, None),  # head 15: all are as the first
        ("0f000000", 1, Refusal.MALFORMED),  # residuals where there are none
        ("000000ffffffff", 2, Refusal.MALFORMED),
        ("0000ffffffffffff", 2, Refusal.MALFORMED),  # outside all shares
    ],
)
def test_bytes_that_no_coder_makes_are_refused(data: str, count: int, refusal: Refusal | None) -> None:
    if refusal is None:
        assert adaptive.decode(bytes.fromhex(data), count).tolist() == [0, 0]
        return
    with pytest.raises(RefusedError) as caught:
        adaptive.decode(bytes.fromhex(data), count)
    assert caught.value.refusal is refusal


def test_a_neighbour_of_other_times_is_refused() -> None:
    ecg = recorded("an")[:50]
    data = adaptive.encode(ecg, [(1, ecg)])
    assert adaptive.decode(data, 50, [None, ecg]).tolist() == ecg.tolist()
    for earlier in ([ecg, None], [ecg], []):
        with pytest.raises(RefusedError, match="column 1 is no neighbour"):
            adaptive.decode(data, 50, earlier)

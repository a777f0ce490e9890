import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.chunks import Column, decode_chunk, encode_chunk
from contract.codecs import Codec, relation
from contract.codecs.relation import Relation, Rounding
from contract.errors import Refusal, RefusedError
from contract.varints import Reader
from tests.unit.contract import adaptive_by_hand
from tests.unit.contract.recordings import recorded

LOW, HIGH = -(2**31), 2**31 - 1
int32 = st.integers(LOW, HIGH) | st.integers(-9, 9) | st.sampled_from([LOW, HIGH])
triples = st.lists(st.tuples(int32, int32, int32), min_size=1, max_size=60).map(
    lambda rows: np.array(rows, np.int32).T.copy()
)
factors = st.integers(-8, 7)


def leads(*, is_derived: bool, count: int = 2500) -> dict[str, NDArray[np.int32]]:
    """Twelve leads made of two recordings: I and II, four that follow from them, six mixtures with noise.

    Those that follow are computed by the device from its own whole numbers, or each rounded from finer ones.
    """
    rng = np.random.default_rng(1)
    one = recorded("an")[:count] + rng.normal(0, 0.3, count)
    two = recorded("binh")[:count] * 0.7 + one * 0.6 + rng.normal(0, 0.3, count)
    if is_derived:
        one, two = np.round(one), np.round(two)
    found = {"I": one, "II": two, "III": two - one, "aVR": -(one + two) / 2}
    found |= {"aVL": (one - found["III"]) / 2, "aVF": (two + found["III"]) / 2}
    for n in range(6):
        found[f"V{n + 1}"] = one * (n - 2.3) / 3.1 + two * (5.4 - n) / 4.3 + rng.normal(0, 1.5, count)
    return {name: np.round(lead).astype(np.int32) for name, lead in found.items()}


def chunk_of(lead_samples: dict[str, NDArray[np.int32]]) -> list[Column]:
    return [Column(number, 1000, 5_000_000, 0, one) for number, one in enumerate(lead_samples.values())]


def codecs_and_sizes(columns: list[Column]) -> list[tuple[Codec, int]]:
    """Of each column as it was coded, read off the body as docs/wire.md says."""
    _, body = encode_chunk(columns)
    reader, found = Reader(body, what="chunk"), []
    for _ in range(reader.varint()):
        for _ in range(5):
            reader.varint()
        codec = Codec(reader.byte())
        found.append((codec, len(reader.take(reader.varint()))))
    return found


@given(triples, factors, factors)
def test_whatever_the_leads_a_relation_gives_them_back(rows: NDArray[np.int32], a: int, b: int) -> None:
    p, q, samples = rows
    data = relation.encode(samples, Relation(0, 1, a, b), [p, q])
    assert np.array_equal(relation.decode(data, len(samples), [p, q]), samples)
    assert adaptive_by_hand.relation(data, len(samples), [p.tolist(), q.tolist()]) == samples.tolist()


def test_leads_that_a_device_derives_cost_four_bytes() -> None:
    columns = chunk_of(leads(is_derived=True))
    sizes = codecs_and_sizes(columns)
    assert [codec for codec, _ in sizes[:6]] == [Codec.ADAPTIVE] * 2 + [Codec.RELATION] * 4
    assert [size for _, size in sizes[2:6]] == [4, 4, 4, 4]


def test_leads_that_a_device_measures_cost_a_bit_a_sample() -> None:
    sizes = codecs_and_sizes(chunk_of(leads(is_derived=False)))
    assert [codec for codec, _ in sizes[2:6]] == [Codec.RELATION] * 4
    assert all(size * 8 / 2500 < 1.3 for _, size in sizes[2:6])
    assert [codec for codec, _ in sizes[7:]] == [Codec.ADAPTIVE] * 5  # nothing else is as near


def test_twelve_leads_come_back_and_help_each_other() -> None:
    columns = chunk_of(leads(is_derived=False))
    codec, body = encode_chunk(columns)
    assert codec is Codec.RELATION
    for sent, got in zip(columns, decode_chunk(body, t_us=5_000_000), strict=True):
        assert np.array_equal(sent.samples, got.samples)
    alone = sum(len(encode_chunk([column])[1]) for column in columns)
    assert len(body) < alone * 0.75


@pytest.mark.parametrize("moved", [0, 7])
def test_columns_of_other_times_do_not_help(moved: int) -> None:
    """The same samples one index later are another time: nothing may be predicted from them."""
    samples = recorded("an")[:250]
    first, second = Column(0, 1000, 5_000_000, 0, samples), Column(1, 1000 + moved, 5_000_000, 0, samples)
    sizes = codecs_and_sizes([first, second])
    assert (sizes[1][1] < sizes[0][1] / 2) is (moved == 0)
    again = decode_chunk(encode_chunk([first, second])[1], t_us=5_000_000)
    assert all(np.array_equal(one.samples, samples) for one in again)


def test_leads_that_have_nothing_to_do_with_each_other_follow_from_nothing() -> None:
    others = [recorded(name)[:2500] for name in ("an", "binh")]
    assert relation.find(recorded("an")[5000:7500], others) is None
    assert relation.find(others[0], [others[1]]) is None
    assert relation.find(others[0], [None, others[1], None]) is None


@pytest.mark.parametrize(
    ("rounding", "rounded"),
    [
        (Rounding.DOWN, np.floor),
        (Rounding.UP, np.ceil),
        (Rounding.TO_ZERO, np.trunc),
        (Rounding.FROM_ZERO, lambda halves: np.sign(halves) * np.ceil(np.abs(halves))),
        (Rounding.TO_EVEN, np.round),
    ],
)
def test_however_a_device_rounds_nothing_is_left_to_code(rounding: Rounding, rounded: object) -> None:
    p, q = np.arange(-50, 50, dtype=np.int32), np.arange(100, dtype=np.int32)[::-1] * 4 - 200
    samples = rounded(-(p + q) / 2).astype(np.int32)  # type: ignore[operator]
    data = relation.encode(samples, Relation(0, 1, -1, -1), [p, q])
    assert (len(data), data[0]) == (4, rounding << 4)
    assert np.array_equal(relation.decode(data, 100, [p, q]), samples)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ("", Refusal.TRUNCATED),
        ("000001", Refusal.TRUNCATED),  # no factors
        ("60000111", Refusal.MALFORMED),  # a rounding that is none
        ("00000211", Refusal.MALFORMED),  # a column that is not there
        ("00010011", None),
        ("0000011100", Refusal.TRUNCATED),  # too few residuals
        ("00000111ffffffffff", Refusal.MALFORMED),
    ],
)
def test_bytes_that_no_coder_makes_are_refused(data: str, refusal: Refusal | None) -> None:
    earlier = [np.arange(40, dtype=np.int32), np.arange(40, dtype=np.int32)]
    if refusal is None:
        assert relation.decode(bytes.fromhex(data), 40, earlier).tolist() == list(range(40))
        return
    with pytest.raises(RefusedError) as caught:
        relation.decode(bytes.fromhex(data), 40, earlier)
    assert caught.value.refusal is refusal

import hashlib
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.header import CRC_BYTES
from contract.limits import RECORD_MAX_BYTES
from contract.parts import (
    OBJECT_MAX_BYTES,
    SLICE_MAX_BYTES,
    Content,
    Part,
    encode_part,
    join_parts,
    parse_part,
    slice_object,
)
from contract.sealing import TAG_BYTES

ID = bytes(range(16))


def slices(data: bytes, slice_bytes: int = 7) -> list[Part]:
    return slice_object(data, Content.BUNDLE, object_id=ID, slice_bytes=slice_bytes)


@given(st.binary(min_size=1, max_size=400), st.integers(1, 60), st.randoms(use_true_random=False))
def test_slices_in_any_order_and_twice_make_the_object_again(data: bytes, size: int, rng: Random) -> None:
    sent = [parse_part(encode_part(part)) for part in slices(data, size)] * 2
    rng.shuffle(sent)
    assert join_parts(sent) == data


def test_the_object_is_not_there_while_a_slice_is_missing() -> None:
    parts = slices(b"a" * 20)
    assert join_parts([]) is None
    assert join_parts(parts[:-1]) is None
    assert join_parts(parts[1:]) is None


def test_slices_of_two_objects_make_none() -> None:
    one, other = slices(b"a" * 20), slices(b"b" * 20)
    with pytest.raises(RefusedError) as caught:
        join_parts([*one[:2], other[2]])
    assert caught.value.refusal is Refusal.MALFORMED


def test_an_object_that_is_not_what_its_hash_says_is_refused() -> None:
    parts = [replace(part, digest=hashlib.sha256(b"other").digest()) for part in slices(b"a" * 20)]
    with pytest.raises(RefusedError, match="do not make the object"):
        join_parts(parts)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"size_bytes": OBJECT_MAX_BYTES + 1}, Refusal.OVERSIZED),
        ({"size_bytes": 0}, Refusal.OVERSIZED),
        ({"total": 65_537}, Refusal.OVERSIZED),
        ({"total": 0}, Refusal.OVERSIZED),
        ({"index": 3}, Refusal.MALFORMED),
        ({"data": b""}, Refusal.MALFORMED),
        ({"data": bytes(SLICE_MAX_BYTES + 1)}, Refusal.OVERSIZED),
        ({"content": 9}, Refusal.UNKNOWN_VERSION),
    ],
)
def test_a_part_outside_the_limits_is_refused(change: dict[str, int | bytes], refusal: Refusal) -> None:
    part = replace(slices(b"a" * 20)[0], **change)  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as caught:
        parse_part(encode_part(part))
    assert caught.value.refusal is refusal


@given(st.binary(max_size=120))
def test_any_bytes_are_a_part_or_refused(body: bytes) -> None:
    with suppress(RefusedError):
        assert isinstance(parse_part(body), Part)


@pytest.mark.parametrize(("size", "slice_bytes"), [(0, 7), (20, 0), (20, SLICE_MAX_BYTES + 1), (70_000, 1)])
def test_what_does_not_fit_is_our_own_fault(size: int, slice_bytes: int) -> None:
    with pytest.raises(OwnFaultError):
        slices(bytes(size), slice_bytes)


def test_the_largest_slice_fits_a_record() -> None:
    (part,) = slices(bytes(SLICE_MAX_BYTES), SLICE_MAX_BYTES)
    header_max_bytes = 3 + 10 * 9 + 1  # every varint at its longest
    assert header_max_bytes + len(encode_part(part)) + TAG_BYTES + CRC_BYTES <= RECORD_MAX_BYTES

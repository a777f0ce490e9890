import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.claims import ALPHABET, RANDOM_BYTES, make_code, parse_code
from contract.errors import RefusedError

SEVEN = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


@given(SEVEN)
def test_a_code_reads_back_however_it_was_written(raw: bytes) -> None:
    code = make_code(raw)
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    plain = code.replace("-", "")
    for written in (code, code.lower(), plain, f" {code.replace('-', '  ')} ", plain.replace("0", "O")):
        assert parse_code(written) == plain
    assert parse_code(plain.replace("1", "l")) == plain


@given(SEVEN, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(raw: bytes, place: int, other: str) -> None:
    code = parse_code(make_code(raw))
    wrong = code[:place] + other + code[place + 1 :]
    if wrong != code:
        with pytest.raises(RefusedError, match="mistyped"):
            parse_code(wrong)


def test_nearly_all_pairs_that_changed_places_are_found() -> None:
    rng, missed, tried = random.Random(5), 0, 0
    for _ in range(500):
        code = parse_code(make_code(rng.randbytes(RANDOM_BYTES)))
        for place in range(11):
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            if swapped == code:
                continue
            tried += 1
            try:
                parse_code(swapped)
            except RefusedError:
                continue
            missed += 1
    assert missed < tried / 100


@pytest.mark.parametrize(
    "text", ["", "7K3M", "7K3M-Q0WX-ZB5U", "7K3M-Q0WX-ZB5RR", "Ж" * 12, "7K3M_Q0WX_ZB5R"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="claim code"):
        parse_code(text)


def test_codes_use_all_bits_that_they_say() -> None:
    assert make_code(bytes(7)).startswith("0000-0000-000")
    assert make_code(b"\xff" * 7).startswith("ZZZZ-ZZZZ-ZZZ")
    codes = {make_code(bytes([0] * at + [1 << bit] + [0] * (6 - at))) for at in range(7) for bit in range(8)}
    assert len(codes) == 56  # 55 that differ, and the top bit, which falls away

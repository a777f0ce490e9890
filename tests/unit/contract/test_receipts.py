import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import RecordClass
from contract.limits import PAYLOAD_MAX_BYTES, RECEIPT_RANGES_MAX, RECEIPT_REFUSALS_MAX
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord, encode_receipt, parse_receipt
from contract.varints import VARINT_MAX, encode_varint
from tests.unit.contract.headers import SPOOL

number = st.integers(0, VARINT_MAX)
ranges = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 5)).map(lambda p: (p[0], p[0] + p[1])), max_size=20
).map(SeqRanges)
passing = [Refusal.STORE_FAILED]
refused = st.builds(
    RefusedRecord,
    st.sampled_from(RecordClass),
    st.integers(1, VARINT_MAX),
    st.sampled_from([one for one in Refusal if one not in passing]),
)


def receipt(
    committed: dict[RecordClass, SeqRanges] | None = None, refusals: list[RefusedRecord] | None = None
) -> Receipt:
    return Receipt(SPOOL, 0xA1B2C3D4, 9_000_000, 1_000, 2_000, committed or {}, refusals or [])


def refusal_of(payload: bytes) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        parse_receipt(payload)
    return caught.value.refusal


@given(
    st.builds(
        Receipt,
        st.just(SPOOL),
        st.integers(0, 2**32 - 1),
        number,
        number,
        number,
        st.dictionaries(st.sampled_from(RecordClass), ranges),
        st.lists(refused, max_size=5),
    )
)
def test_a_receipt_comes_back_as_it_was(sent: Receipt) -> None:
    assert parse_receipt(encode_receipt(sent)) == sent


def test_every_truncation_and_every_byte_more_is_refused() -> None:
    committed = {RecordClass.CALL: SeqRanges([(1, 5), (9, 9)]), RecordClass.PART: SeqRanges([(2, 3)])}
    payload = encode_receipt(receipt(committed, [RefusedRecord(RecordClass.CALL, 7, Refusal.BAD_CRC)]))
    for length in range(len(payload)):
        assert refusal_of(payload[:length]) is Refusal.TRUNCATED
    assert refusal_of(payload + b"\0") is Refusal.MALFORMED


def test_ranges_over_the_limit_wait_the_highest_first() -> None:
    many = SeqRanges([(1, 1), *((seq, seq) for seq in range(3, 3 + 2 * (RECEIPT_RANGES_MAX + 5), 2))])
    got = parse_receipt(encode_receipt(receipt({RecordClass.CALL: many}))).committed[RecordClass.CALL]
    assert list(got) == list(many)[: 1 + RECEIPT_RANGES_MAX]


def test_refusals_over_the_limit_wait() -> None:
    many = [RefusedRecord(RecordClass.CALL, seq, Refusal.BAD_CRC) for seq in range(1, 100)]
    assert parse_receipt(encode_receipt(receipt(refusals=many))).refused == many[:RECEIPT_REFUSALS_MAX]


def test_a_record_that_the_hub_could_not_store_is_never_named_as_refused() -> None:
    with pytest.raises(OwnFaultError, match="stays owed"):
        encode_receipt(receipt(refusals=[RefusedRecord(RecordClass.CALL, 1, Refusal.STORE_FAILED)]))


HEAD = encode_receipt(receipt())[:-2]


@pytest.mark.parametrize(
    ("rest", "refusal"),
    [
        (b"\x05", Refusal.OVERSIZED),
        (b"\x01\x04\x00\x00\x00", Refusal.MALFORMED),
        (b"\x02\x00\x05\x00\x00\x05\x00\x00", Refusal.MALFORMED),
        (b"\x01\x00\x05" + encode_varint(RECEIPT_RANGES_MAX + 1), Refusal.OVERSIZED),
        (b"\x01\x00\x05\x01" + encode_varint(VARINT_MAX) + b"\x00\x00", Refusal.MALFORMED),
        (b"\x01\x00\x05\x01\x00" + encode_varint(VARINT_MAX) + b"\x00", Refusal.MALFORMED),
        (b"\x00" + encode_varint(RECEIPT_REFUSALS_MAX + 1), Refusal.OVERSIZED),
        (b"\x00\x01\x04\x01\x03", Refusal.MALFORMED),
    ],
    ids=[
        "5 classes",
        "class 4",
        "a class twice",
        "65 ranges",
        "a range that starts too high",
        "a range that ends too high",
        "65 refusals",
        "refused of class 4",
    ],
)
def test_a_receipt_outside_its_limits_is_refused(rest: bytes, refusal: Refusal) -> None:
    assert refusal_of(HEAD + rest) is refusal


def test_a_reason_of_a_newer_hub_is_taken_as_malformed() -> None:
    (one,) = parse_receipt(HEAD + b"\x00\x01\x00\x07\xfa").refused
    assert one == RefusedRecord(RecordClass.CALL, 7, Refusal.MALFORMED)


def test_a_receipt_of_another_version_spool_zero_or_over_64_kb_is_refused() -> None:
    payload = encode_receipt(receipt())
    assert refusal_of(b"\x02" + payload[1:]) is Refusal.UNKNOWN_VERSION
    assert refusal_of(payload[:1] + bytes(8) + payload[9:]) is Refusal.MALFORMED
    assert refusal_of(bytes(PAYLOAD_MAX_BYTES + 1)) is Refusal.OVERSIZED

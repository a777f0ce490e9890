import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import BootId
from contract.limits import PARCEL_RECORDS_MAX, PAYLOAD_MAX_BYTES, RECORD_MAX_BYTES
from contract.parcels import Parcel, encode_parcel, parse_parcel
from tests.unit.contract.headers import SPOOL


def parcel(records: list[bytes], *, sent_t_us: int = 9_000_000) -> Parcel:
    return Parcel(SPOOL, BootId(3), sent_t_us, records)


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 2**63 - 1))
def test_a_parcel_comes_back_as_it_was(records: list[bytes], sent_t_us: int) -> None:
    sent = parcel(records, sent_t_us=sent_t_us)
    assert parse_parcel(encode_parcel(sent)) == sent


def refusal_of(payload: bytes) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        parse_parcel(payload)
    return caught.value.refusal


def test_every_truncation_and_every_byte_more_is_refused() -> None:
    payload = encode_parcel(parcel([b"one", b"another"]))
    for length in range(len(payload)):
        assert refusal_of(payload[:length]) is Refusal.TRUNCATED
    assert refusal_of(payload + b"\0") is Refusal.MALFORMED


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_parcel_of_another_version_is_refused_as_such(version: int) -> None:
    payload = bytes((version,)) + encode_parcel(parcel([b"one"]))[1:]
    assert refusal_of(payload) is Refusal.UNKNOWN_VERSION


def test_a_parcel_of_spool_or_boot_zero_is_refused() -> None:
    payload = encode_parcel(parcel([b"one"]))
    assert refusal_of(payload[:1] + bytes(8) + payload[9:]) is Refusal.MALFORMED
    assert refusal_of(payload[:9] + b"\0" + payload[10:]) is Refusal.MALFORMED


def test_more_records_than_one_commit_may_hold_are_refused_on_both_sides() -> None:
    full = encode_parcel(parcel([b""] * PARCEL_RECORDS_MAX))
    assert len(parse_parcel(full).records) == PARCEL_RECORDS_MAX
    with pytest.raises(OwnFaultError):
        encode_parcel(parcel([b""] * (PARCEL_RECORDS_MAX + 1)))
    one_more = full.replace(b"\xe8\x07", b"\xe9\x07", 1) + b"\0"
    assert refusal_of(one_more) is Refusal.OVERSIZED


def test_a_payload_over_64_kb_is_refused_on_both_sides() -> None:
    with pytest.raises(OwnFaultError):
        encode_parcel(parcel([bytes(40_000)] * 2))
    assert refusal_of(bytes(PAYLOAD_MAX_BYTES + 1)) is Refusal.OVERSIZED


def test_the_largest_record_fits_a_parcel() -> None:
    assert encode_parcel(parcel([bytes(RECORD_MAX_BYTES)], sent_t_us=2**63 - 1))

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.header import (
    Header,
    Kind,
    Record,
    UnreadableRecord,
    crc32c,
    encode_record,
    parse_draft,
    parse_record,
)
from contract.ids import BootId, KeyId, RecordClass, StreamSetNo, VisitNo
from contract.limits import RECORD_MAX_BYTES
from contract.varints import VARINT_MAX
from tests.unit.contract.headers import header

number = st.integers(0, VARINT_MAX)
positive = st.integers(1, VARINT_MAX)
half = st.integers(0, 2**62 - 1)
is_sealed = st.tuples(positive, positive) | st.just((0, 0))


@st.composite
def headers(draw: st.DrawFn) -> Header:
    key_id, nonce = draw(is_sealed)
    return Header(
        kind=draw(st.sampled_from(Kind)),
        record_class=draw(st.sampled_from(RecordClass)),
        seq=draw(positive),
        key_id=KeyId(key_id),
        nonce=nonce,
        boot=BootId(draw(positive)),
        t_us=draw(number),
        visit=VisitNo(draw(number)),
        stream_set=StreamSetNo(draw(number)),
        first_index=draw(half),
        count=draw(half),
        codec=draw(st.integers(0, 255)),
        was_draft=draw(st.booleans()),
    )


@given(headers(), st.binary(max_size=200))
def test_a_record_comes_back_as_it_was(any_header: Header, body: bytes) -> None:
    record = Record(any_header, body)
    assert parse_record(encode_record(record)) == record


@given(headers(), st.binary(max_size=200))
def test_a_draft_comes_back_as_it_was_and_never_as_a_record(any_header: Header, body: bytes) -> None:
    draft = Record(replace(any_header, seq=0, was_draft=False), body)
    assert parse_draft(encode_record(draft)) == draft
    with pytest.raises(RefusedError, match="drafts do not travel"):
        parse_record(encode_record(draft))


def test_a_record_is_never_taken_for_a_draft() -> None:
    with pytest.raises(RefusedError, match="not a draft"):
        parse_draft(encode_record(Record(header(), b"body")))


def with_crc(data: bytes | bytearray) -> bytes:
    return bytes(data) + crc32c(bytes(data)).to_bytes(4, "little")


def refusal_of(raw: bytes) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        parse_record(raw)
    return caught.value.refusal


def test_every_flip_of_a_single_bit_is_refused_by_the_crc() -> None:
    raw = encode_record(Record(header(), bytes(range(48))))
    for bit in range(len(raw) * 8):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << bit % 8
        assert refusal_of(bytes(damaged)) is Refusal.BAD_CRC


def test_every_truncation_is_refused() -> None:
    raw = encode_record(Record(header(), bytes(range(48))))
    for length in range(len(raw)):
        assert refusal_of(raw[:length]) is (Refusal.TRUNCATED if length < 8 else Refusal.BAD_CRC)


def test_every_truncation_is_refused_even_when_the_crc_was_made_to_fit() -> None:
    raw = encode_record(Record(header(), bytes(range(48))))[:-4]
    for length in range(len(raw)):
        assert refusal_of(with_crc(raw[:length])) is Refusal.TRUNCATED


def test_bytes_between_body_and_crc_are_refused() -> None:
    raw = encode_record(Record(header(), b"body"))[:-4]
    assert refusal_of(with_crc(raw + b"\0")) is Refusal.MALFORMED


def test_a_record_of_the_largest_size_passes_and_a_byte_more_does_not() -> None:
    head_bytes = len(encode_record(Record(header(), bytes(50_000)))) - 50_000
    largest = bytes(RECORD_MAX_BYTES - head_bytes)
    assert parse_record(encode_record(Record(header(), largest))) == Record(header(), largest)
    with pytest.raises(OwnFaultError, match="60001 bytes"):
        encode_record(Record(header(), largest + b"\0"))
    assert refusal_of(bytes(RECORD_MAX_BYTES + 1)) is Refusal.OVERSIZED


@pytest.mark.parametrize("version", [0, 2, 255])
def test_a_record_of_another_version_is_kept_by_its_name(version: int) -> None:
    raw = bytes((version, 0xF2, 0xFF, 0xAC, 0x02)) + b"fields of a later year"
    assert parse_record(with_crc(raw)) == UnreadableRecord(version, RecordClass.WAVEFORM, 300, with_crc(raw))
    assert refusal_of(raw + b"\0\0\0\0") is Refusal.BAD_CRC


@pytest.mark.parametrize("version", [1, 2])
def test_a_class_that_does_not_exist_is_refused_in_every_version(version: int) -> None:
    assert refusal_of(with_crc(bytes((version, 0x14, 0, 1)) + bytes(20))) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("changes", "at", "value"),
    [
        ({}, 1, 0x02),
        ({}, 1, 0x42),
        ({}, 2, 0x02),
        ({}, 2, 0x80),
        ({"boot": 0}, None, None),
        ({"key_id": 0}, None, None),
        ({"nonce": 0}, None, None),
        ({"first_index": VARINT_MAX, "count": 1}, None, None),
        ({"seq": 0}, None, None),
    ],
)
def test_a_header_with_a_value_that_cannot_be_is_refused(
    changes: dict[str, int], at: int | None, value: int | None
) -> None:
    raw = bytearray(encode_record(Record(replace(header(), **changes), b"body"))[:-4])  # type: ignore[arg-type]
    if at is not None and value is not None:
        raw[at] = value
    assert refusal_of(with_crc(raw)) is Refusal.MALFORMED


def test_a_draft_that_says_it_was_one_is_refused() -> None:
    raw = encode_record(Record(replace(header(seq=0), was_draft=True), b"body"))
    with pytest.raises(RefusedError, match="says it was one"):
        parse_draft(raw)


def test_a_draft_is_numbered_once_and_from_one_on() -> None:
    draft = header(seq=0)
    numbered = draft.numbered(41)
    assert (numbered.seq, numbered.was_draft) == (41, True)
    assert numbered.as_sealed() == draft
    with pytest.raises(OwnFaultError):
        numbered.numbered(42)
    with pytest.raises(OwnFaultError):
        draft.numbered(0)


def test_a_record_that_was_no_draft_was_sealed_as_it_stands() -> None:
    assert header().as_sealed() == header()


def test_the_crc_is_castagnoli_s() -> None:
    """Source: RFC 3720, appendix B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_the_headers_of_these_tests_have_another_value_in_every_field() -> None:
    values = [int(getattr(header(), one.name)) for one in fields(Header) if one.name != "was_draft"]
    assert values == [1, 2, 300, 7, 9, 3, 5_000_000, 2, 1, 1000, 8, 2]

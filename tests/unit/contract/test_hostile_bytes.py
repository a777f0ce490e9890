"""Whatever a peer sends, a decoder raises RefusedError and nothing else, and takes memory in proportion."""

import json
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.chunks import decode_chunk
from contract.codecs import adaptive, decode_column, raw, relation, rice
from contract.errors import RefusedError
from contract.events import parse_event
from contract.header import crc32c, parse_draft, parse_record
from contract.ids import CallId, parse_spool, parse_station
from contract.limits import CHUNK_SAMPLES_MAX, RECORD_MAX_BYTES
from contract.parcels import parse_parcel
from contract.receipts import parse_receipt
from contract.signals import parse_signal
from contract.topics import parse_topic
from contract.varints import encode_varint
from tests.unit.contract.wire_page import EXAMPLES


def with_crc(data: bytes) -> bytes:
    return data + crc32c(data).to_bytes(4, "little")


DECODERS: Final[dict[str, Callable[[bytes], object]]] = {
    "record": parse_record,
    "record with a good CRC": lambda data: parse_record(with_crc(data)),
    "draft with a good CRC": lambda data: parse_draft(with_crc(data)),
    "parcel": parse_parcel,
    "receipt": parse_receipt,
    "event": parse_event,
    "signal": parse_signal,
    "chunk": lambda data: decode_chunk(data, t_us=5_000_000),
    "rice": lambda data: rice.decode(data, 8),
    "raw": lambda data: raw.decode(data, 8),
    "adaptive": lambda data: adaptive.decode(data, 20, [np.arange(20, dtype=np.int32)]),
    "relation": lambda data: relation.decode(
        data, 3, [EXAMPLES["relation-column"].samples(lead) for lead in ("p", "q")]
    ),
    "topic": lambda data: parse_topic(data.decode("latin-1")),
    "station": lambda data: parse_station(data.decode("latin-1")),
    "spool": lambda data: parse_spool(data.decode("latin-1")),
    "call": lambda data: CallId.parse(data.decode("latin-1")),
}
SEEDS: Final = [
    *(
        example.raw("hex").removesuffix(b"" if name[:6] != "record" else example.raw("hex")[-4:])
        for name, example in EXAMPLES.items()
        if "hex" in example.fields
    ),
    *(example["json"].encode() for example in EXAMPLES.values() if "json" in example.fields),
    EXAMPLES["record-clear-key-event"].raw("body"),
    EXAMPLES["event-short"].raw("body"),
    EXAMPLES["relation-column"].raw("near-hex"),
    b"v1/con-dao-01/up/0",
    EXAMPLES["names"]["call"].encode(),
]


def outcome(decoder: str, data: bytes) -> bool:
    """True: taken, False: refused; anything else that is raised fails the test."""
    try:
        DECODERS[decoder](data)
    except RefusedError as error:
        assert 0 < len(str(error)) < 500
        return False
    return True


few = settings(max_examples=25)  # of each of many decoders; the whole takes seconds


@pytest.mark.parametrize("decoder", DECODERS)
@few
@given(data=st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused(decoder: str, data: bytes) -> None:
    outcome(decoder, data)


@pytest.mark.parametrize("decoder", DECODERS)
@few
@given(data=st.data())
def test_good_bytes_with_some_bytes_changed_are_taken_or_refused(decoder: str, data: st.DataObject) -> None:
    damaged = bytearray(data.draw(st.sampled_from(SEEDS)))
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=4)):
        damaged[at] = data.draw(st.integers(0, 255))
    outcome(decoder, bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_decoder_takes_one_of_the_examples(decoder: str) -> None:
    """Else the tests above would only ever see refusals."""
    drafts = [EXAMPLES["record-former-draft"].raw("draft")[:-4]]
    records = [with_crc(seed) for seed in SEEDS]
    names = [b"con-dao-01", b"0123456789abcdef"]
    raw_of_eight = bytes.fromhex("01") + bytes(8)
    assert any(outcome(decoder, data) for data in [*SEEDS, *drafts, *records, *names, raw_of_eight])


odd_text = st.text(st.sampled_from("ahuvz-./019\n\0 Aé٣²\u200b🫀\udc80"), max_size=40)


@given(text=odd_text)
def test_any_text_is_taken_or_refused_as_a_name(text: str) -> None:
    for parse in (parse_topic, parse_station, parse_spool, CallId.parse):
        try:
            assert parse(text) is not None
        except RefusedError as error:
            assert 0 < len(str(error)) < 500


@given(count=st.integers(0, 2**63 - 1), data=st.binary(max_size=100), codec=st.integers(0, 255))
def test_any_count_is_taken_or_refused_by_every_codec(count: int, data: bytes, codec: int) -> None:
    for decode in (raw.decode, rice.decode):
        with suppress(RefusedError):
            assert len(decode(data, count)) == count
    with suppress(RefusedError):
        assert len(adaptive.decode(data, count % 300 + 1)) == count % 300 + 1
    with suppress(RefusedError):
        assert decode_column(codec, data, count=count).dtype == np.int32


values = st.none() | st.booleans() | st.integers() | st.floats() | odd_text
fields = st.sampled_from(
    ["event", "signal", "key", "leads", "status", "call", "owed", "off", "streams", "device"]
)
trees = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=12,
)


@given(tree=st.dictionaries(fields, trees, max_size=6))
def test_any_json_is_taken_or_refused_as_event_and_signal(tree: dict[str, object]) -> None:
    text = json.dumps(tree).encode()  # may hold NaN and Infinity, as a careless peer's would
    outcome("event", text)
    outcome("signal", text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"event":"leads","x":' + b"[" * 4000 + b"]" * 4000 + b"}",
        b'{"event":"leads","device":"b","off":[' + b"9" * 8000 + b"]}",
        b'{"event":"leads","device":"\xff","off":[]}',
        b'{"event":"leads","device":"\\ud800","off":[]}',
        b'{"event":"status","owed":{"' + b"k" * 7000 + b'":{"records":1}}}',
        b'{"event":"' + b"k" * 7000 + b'"}',
        b'{"event":{"a":1}}',
        b"[]",
        b"null",
    ],
    ids=[
        "deep",
        "huge number",
        "not utf-8",
        "half a pair",
        "long key",
        "long name",
        "no name",
        "list",
        "null",
    ],
)
def test_hostile_json_is_refused_in_few_words(text: bytes) -> None:
    assert not outcome("event", text)
    assert not outcome("signal", text)


def _columns(*counts_and_data: tuple[int, int, bytes]) -> bytes:
    parts = [encode_varint(len(counts_and_data))]
    for count, codec, data in counts_and_data:
        parts += [bytes(4), encode_varint(count), bytes((codec,)), encode_varint(len(data)), data]
    return b"".join(parts)


BOMBS: Final = {
    "64 columns that claim 200,000 samples each": _columns(*[(CHUNK_SAMPLES_MAX, 2, b"\0" * 900)] * 64),
    "a column that claims 2**63-1 samples": _columns((2**63 - 1, 1, b"\1\0")),
    "as many rice samples as zeros can say": _columns((CHUNK_SAMPLES_MAX, 2, b"\0" * 59_000)),
    "constant columns beyond the limit": _columns(*[(100_000, 2, b"\0" * 13_478)] * 3),
    "one quotient as long as the body": _columns((1, 2, b"\0\xff" + b"\xff" * 59_000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_body_cannot_take_much_memory(name: str) -> None:
    body = BOMBS[name]
    assert len(body) <= RECORD_MAX_BYTES
    tracemalloc.start()
    try:
        assert not outcome("chunk", body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 32_000_000


def test_the_largest_chunk_that_is_taken_takes_bounded_memory() -> None:
    bits = -(-CHUNK_SAMPLES_MAX // 64) * 5 + CHUNK_SAMPLES_MAX
    body = _columns((CHUNK_SAMPLES_MAX, 2, b"\0" + bytes(-(-bits // 8))))
    tracemalloc.start()
    try:
        assert outcome("chunk", body)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 32_000_000

"""The worked examples of docs/wire.md, both ways: the fields make the bytes, the bytes say the fields."""

import json
import re

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256

from contract.chunks import Column, decode_chunk, encode_chunk
from contract.codecs import adaptive, logistic, raw, relation, rice
from contract.commands import encode_command, parse_command
from contract.desired import encode_desired, parse_desired, settings_hash
from contract.errors import Refusal
from contract.events import KeyMade, MediaState, Press, encode_event, parse_event
from contract.header import Header, Kind, Record, encode_record, parse_draft, parse_record
from contract.ids import (
    CLEAR,
    NO_VISIT,
    BootId,
    CallId,
    KeyId,
    RecordClass,
    SpoolId,
    StreamSetNo,
    VisitNo,
    parse_spool,
    parse_station,
    spool_text,
    visit_code,
)
from contract.media import Join, StationMedia
from contract.parcels import Parcel, encode_parcel, parse_parcel
from contract.parts import Content, encode_part, join_parts, parse_part, slice_object
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord, encode_receipt, parse_receipt
from contract.sealing import HubKey, Opener, unwrap_key
from contract.short_events import DICTIONARY, shorten
from contract.signals import (
    Advice,
    AnySignal,
    BoxState,
    CallState,
    ConfirmDevice,
    Interest,
    Practice,
    Replaced,
    RingStation,
    SealKey,
    encode_signal,
    parse_signal,
)
from contract.varints import Reader, encode_varint
from tests.unit.contract import adaptive_by_hand
from tests.unit.contract.wire_page import EXAMPLES, PAGE, Example


def test_every_block_of_the_page_is_an_example_that_a_test_reads() -> None:
    assert set(EXAMPLES) == {
        "varints",
        "record-clear-key-event",
        "event-press",
        "chunk-body",
        "part-body",
        "raw-column",
        "rice-column",
        "adaptive-column",
        "residual-tables",
        "relation-column",
        "parcel",
        "receipt",
        "key-wrapping",
        "record-sealed-chunk",
        "record-former-draft",
        "signal-seal-key",
        "signal-interest",
        "signal-call",
        "signal-ring-station",
        "signal-practice",
        "signal-advice",
        "signal-advice-practice",
        "signal-state",
        "signal-state-of-a-machine",
        "signal-confirm-device",
        "signal-replaced",
        "signal-join",
        "signal-media",
        "event-media",
        "names",
        "desired",
        "event-desired-applied",
        "command",
        "event-command-result",
        "event-short",
    }
    assert PAGE.count("\n```") == 2 * len(EXAMPLES)


def test_varints() -> None:
    for number, octets in EXAMPLES["varints"].fields.items():
        assert encode_varint(int(number)).hex() == octets
        assert Reader(bytes.fromhex(octets), what="example").varint() == int(number)


def test_a_clear_key_event() -> None:
    example = EXAMPLES["record-clear-key-event"]
    header = Header(
        kind=Kind(example.number("kind")),
        record_class=RecordClass(example.number("class")),
        seq=example.number("seq"),
        key_id=CLEAR,
        nonce=0,
        boot=BootId(example.number("boot")),
        t_us=example.number("t_us"),
        visit=NO_VISIT,
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    wrapping = EXAMPLES["key-wrapping"]
    event = KeyMade(key_id=wrapping.number("key_id"), wrapped_key=wrapping.raw("wrapped_key"))
    assert encode_event(event) == example.raw("body")
    assert parse_event(example.raw("body")) == event
    assert encode_record(Record(header, example.raw("body"))) == example.raw("hex")
    assert parse_record(example.raw("hex")) == Record(header, example.raw("body"))


def test_a_press() -> None:
    example = EXAMPLES["event-press"]
    press = parse_event(example["json"].encode())
    assert isinstance(press, Press)
    shown = press.model_dump(exclude_none=True, exclude={"event"})
    assert {name: str(value) for name, value in shown.items()} == {
        name: value for name, value in example.fields.items() if name != "json"
    }
    assert encode_event(press).decode() == example["json"]


def test_a_short_event() -> None:
    example = EXAMPLES["event-short"]
    assert example.raw("dictionary") == DICTIONARY
    assert parse_event(example.raw("body")) == parse_event(example["json"].encode())
    assert shorten(example["json"].encode()) == example.raw("body")


def test_how_camera_and_sound_are() -> None:
    example = EXAMPLES["event-media"]
    event = parse_event(example["json"].encode())
    assert isinstance(event, MediaState)
    assert event.model_dump(exclude={"event"}) == {
        name: value for name, value in example.fields.items() if name != "json"
    }
    assert encode_event(event).decode() == example["json"]


def test_a_desired_document() -> None:
    example = EXAMPLES["desired"]
    desired = parse_desired(example["json"].encode())
    assert encode_desired(desired).decode() == example["json"]
    assert len(encode_desired(desired)) == example.number("bytes")
    assert settings_hash(desired.settings) == example["hash"]


def test_a_command() -> None:
    example = EXAMPLES["command"]
    assert encode_command(parse_command(example["json"].encode())).decode() == example["json"]


@pytest.mark.parametrize("name", ["event-desired-applied", "event-command-result"])
def test_what_became_of_it(name: str) -> None:
    example = EXAMPLES[name]
    assert encode_event(parse_event(example["json"].encode())).decode() == example["json"]


def _column(example: Example, number: int) -> tuple[Column, int]:
    words = dict(pair.split(" ") for pair in example[f"column-{number}"].split(", "))
    values = {name: int(value) for name, value in words.items()}
    codec = values.pop("codec")
    return Column(**values, samples=example.samples(f"samples-{number}")), codec


def test_a_chunk_body() -> None:
    example = EXAMPLES["chunk-body"]
    shown = [_column(example, number + 1) for number in range(example.number("columns"))]
    codec, body = encode_chunk([column for column, _ in shown])
    assert body == example.raw("hex")
    assert codec == max(codec for _, codec in shown)
    for column, (expected, _) in zip(decode_chunk(body, t_us=example.number("t_us")), shown, strict=True):
        assert (column.stream, column.first_index, column.t_us, column.device_t_us) == (
            expected.stream,
            expected.first_index,
            expected.t_us,
            expected.device_t_us,
        )
        assert np.array_equal(column.samples, expected.samples)


def test_a_part_body() -> None:
    example = EXAMPLES["part-body"]
    content = Content(example.number("content"))
    parts = slice_object(
        example.raw("object"),
        content,
        object_id=example.raw("object_id"),
        slice_bytes=example.number("slice_bytes"),
    )
    slices = [example.raw("slice-1"), example.raw("slice-2")]
    assert [encode_part(part) for part in parts] == slices
    assert join_parts(map(parse_part, slices)) == example.raw("object")


def test_a_raw_column() -> None:
    example = EXAMPLES["raw-column"]
    samples = example.samples("samples")
    assert raw.encode(samples) == example.raw("hex")
    assert np.array_equal(raw.decode(example.raw("hex"), len(samples)), samples)


def test_a_rice_column() -> None:
    example = EXAMPLES["rice-column"]
    samples = example.samples("samples")
    assert rice.encode(samples) == example.raw("hex")
    assert np.array_equal(rice.decode(example.raw("hex"), len(samples)), samples)


def test_the_rice_column_bit_by_bit_is_what_its_hexadecimal_says() -> None:
    example = EXAMPLES["rice-column"]
    order = example.number("order")
    samples = example.samples("samples").astype(np.int64)
    residuals = np.diff(samples, order)
    assert residuals.tolist() == example.samples("residuals").tolist()
    z = [2 * value if value >= 0 else -2 * value - 1 for value in residuals.tolist()]
    assert z == example.samples("z").tolist()
    k = int(example["k"], 2)
    assert ["1" * (value >> k) + "0" for value in z] == example["quotients"].split()
    assert [format(value & (1 << k) - 1, f"0{k}b") for value in z] == example["remainders"].split()
    bits = "".join(example[part].replace(" ", "") for part in ("k", "quotients", "remainders", "padding"))
    coded = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    assert bytes((order,)) + example.raw("first") + coded == example.raw("hex")


def test_an_adaptive_column() -> None:
    example = EXAMPLES["adaptive-column"]
    samples = example.samples("samples")
    assert adaptive.encode(samples) == example.raw("hex")
    assert np.array_equal(adaptive.decode(example.raw("hex"), len(samples)), samples)
    by_hand = adaptive_by_hand.Adaptive(example.raw("hex"), len(samples))
    assert by_hand.samples == samples.tolist()
    assert by_hand.predictions == example.samples("predictions").tolist()
    assert by_hand.residuals == example.samples("residuals").tolist()
    assert by_hand.weights == example.samples("weights-after-16").tolist()
    start, neighbours, smooth = map(int, re.findall(r"\d+", example["head"]))
    head = bytes((smooth << 7 | neighbours << 4 | start,))
    assert example.raw("hex").startswith(head + example.raw("first"))


def test_the_tables_of_residuals() -> None:
    example = EXAMPLES["residual-tables"]
    for name, numbers in example.fields.items():
        match re.findall(r"\d+", name):
            case [octave, quarter, fraction]:
                table = logistic.LEVELS[4 * int(octave) + int(quarter) - logistic.LEVEL_MIN][int(fraction)]
                assert " ".join(map(str, table)) == numbers
            case [count]:
                assert len([table for tables in logistic.LEVELS for table in tables]) == int(count)
                assert sum(sum(table) for tables in logistic.LEVELS for table in tables) == int(numbers)


def test_a_relation_column() -> None:
    example = EXAMPLES["relation-column"]
    a, b = map(int, example["factors"].split())
    earlier = [example.samples("p"), example.samples("q")]
    for name in ("exact", "near"):
        samples, coded = example.samples(name), example.raw(f"{name}-hex")
        assert relation.encode(samples, relation.Relation(0, 1, a, b), earlier) == coded
        assert np.array_equal(relation.decode(coded, len(samples), earlier), samples)
        columns = [one.tolist() for one in earlier]
        assert adaptive_by_hand.relation(coded, len(samples), columns) == samples.tolist()


def test_a_parcel() -> None:
    example = EXAMPLES["parcel"]
    parcel = Parcel(
        parse_spool(example["spool"]),
        BootId(example.number("boot")),
        example.number("sent_t_us"),
        [bytes.fromhex(word) for word in example["records"].split()],
    )
    assert encode_parcel(parcel) == example.raw("hex")
    assert parse_parcel(example.raw("hex")) == parcel


def _ranges(text: str) -> SeqRanges:
    return SeqRanges((int(low), int(high)) for low, high in re.findall(r"(\d+)-(\d+)", text))


def test_a_receipt() -> None:
    example = EXAMPLES["receipt"]
    record_class, seq, reason = map(int, re.findall(r"\d+", example["refused"]))
    receipt = Receipt(
        parse_spool(example["spool"]),
        int(example["epoch"], 16),
        example.number("echo_sent_t_us"),
        example.number("hub_received_utc_us"),
        example.number("hub_sent_utc_us"),
        {
            RecordClass.CALL: _ranges(example["class-0"]),
            RecordClass.WAVEFORM: _ranges(example["class-2"]),
        },
        [RefusedRecord(RecordClass(record_class), seq, Refusal(reason))],
    )
    assert encode_receipt(receipt) == example.raw("hex")
    assert parse_receipt(example.raw("hex")) == receipt


def test_a_key_wrapped_for_the_hub_opens_the_sealed_chunk() -> None:
    example, chunk = EXAMPLES["key-wrapping"], EXAMPLES["record-sealed-chunk"]
    hub_key = X25519PrivateKey.from_private_bytes(example.raw("hub_private"))
    assert hub_key.public_key().public_bytes_raw() == example.raw("hub_public")
    opener = unwrap_key(
        hub_key,
        example.raw("wrapped_key"),
        station=parse_station(example["station"]),
        spool=parse_spool(example["spool"]),
        key_id=KeyId(example.number("key_id")),
    )
    record = parse_record(chunk.raw("hex"))
    assert isinstance(record, Record)
    assert opener.open(record) == chunk.raw("opened")


def _opener(example: Example) -> Opener:
    wrapping = EXAMPLES["key-wrapping"]
    station, spool = parse_station(wrapping["station"]), parse_spool(wrapping["spool"])
    return Opener(wrapping.raw("key"), station=station, spool=spool, key_id=KeyId(7))


def test_a_new_key_of_the_hub_is_signed_by_the_authority_over_these_bytes() -> None:
    example = EXAMPLES["signal-seal-key"]
    hub_key = HubKey(example.number("number"), X25519PublicKey.from_public_bytes(example.raw("hub_public")))
    signed = b"haidang hub seal key 1" + b"\0" + b"\x02\0\0\0" + example.raw("hub_public")
    assert hub_key.to_sign() == example.raw("signed") == signed
    authority = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), example.raw("authority"))
    authority.verify(example.raw("signature"), example.raw("signed"), ec.ECDSA(SHA256()))
    signal = parse_signal(example["json"].encode())
    assert isinstance(signal, SealKey)
    assert signal.signature == example.raw("signature")


def test_a_sealed_chunk() -> None:
    example = EXAMPLES["record-sealed-chunk"]
    header = Header(
        kind=Kind(example.number("kind")),
        record_class=RecordClass(example.number("class")),
        seq=example.number("seq"),
        key_id=KeyId(example.number("key_id")),
        nonce=example.number("nonce"),
        boot=BootId(example.number("boot")),
        t_us=example.number("t_us"),
        visit=VisitNo(example.number("visit")),
        stream_set=StreamSetNo(example.number("stream_set")),
        first_index=example.number("first_index"),
        count=example.number("count"),
        codec=example.number("codec"),
    )
    cipher = ChaCha20Poly1305(EXAMPLES["key-wrapping"].raw("key"))
    nonce = bytes(4) + header.nonce.to_bytes(8, "little")
    sealed = Record(header, cipher.encrypt(nonce, example.raw("opened"), example.raw("associated")))
    assert encode_record(sealed) == example.raw("hex")
    assert parse_record(example.raw("hex")) == sealed
    assert _opener(example).open(sealed) == example.raw("opened")
    assert example.raw("opened") == EXAMPLES["chunk-body"].raw("hex")


def test_a_draft_that_became_a_record() -> None:
    example = EXAMPLES["record-former-draft"]
    draft = parse_draft(example.raw("draft"))
    record = Record(draft.header.numbered(example.number("seq")), draft.body)
    assert encode_record(record) == example.raw("hex")
    assert parse_record(example.raw("hex")) == record
    assert _opener(example).open(record) == _opener(example).open(draft) == example.raw("opened")
    cipher = ChaCha20Poly1305(EXAMPLES["key-wrapping"].raw("key"))
    nonce = bytes(4) + draft.header.nonce.to_bytes(8, "little")
    assert cipher.decrypt(nonce, record.body, example.raw("associated")) == example.raw("opened")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("signal-interest", Interest),
        ("signal-call", CallState),
        ("signal-ring-station", RingStation),
        ("signal-practice", Practice),
        ("signal-advice", Advice),
        ("signal-advice-practice", Advice),
        ("signal-state", BoxState),
        ("signal-state-of-a-machine", BoxState),
        ("signal-confirm-device", ConfirmDevice),
        ("signal-replaced", Replaced),
        ("signal-join", Join),
        ("signal-media", StationMedia),
        ("signal-seal-key", SealKey),
    ],
)
def test_a_signal(name: str, model: type[AnySignal]) -> None:
    text = EXAMPLES[name]["json"]
    signal = parse_signal(text.encode())
    assert type(signal) is model
    assert signal.model_dump(mode="json", exclude_none=True) == json.loads(text)
    assert encode_signal(signal).decode() == text


def test_the_names_of_a_call_and_of_a_visit() -> None:
    example = EXAMPLES["names"]
    spool = SpoolId(0x0123456789ABCDEF)
    call = CallId(parse_station("con-dao-01"), spool, 6)
    assert str(call) == example["call"]
    assert CallId.parse(example["call"]) == call
    assert spool_text(spool) in example["call"]
    assert visit_code(spool, VisitNo(example.number("visit"))) == example["visit_code"]

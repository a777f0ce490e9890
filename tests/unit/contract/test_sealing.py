import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contract.errors import OwnFaultError, Refusal, RefusedError, SealExhaustedError
from contract.header import Header, Kind, Record, encode_record, parse_draft, parse_record
from contract.ids import CLEAR, KeyId, RecordClass, SpoolId, StationId
from contract.sealing import (
    TAG_BYTES,
    WRAPPED_KEY_BYTES,
    HubKey,
    Opener,
    Sealer,
    read_hub_key,
    unwrap_key,
)
from contract.varints import VARINT_MAX
from tests.unit.contract.headers import SPOOL, STATION, header
from tests.unit.contract.wire_page import EXAMPLES

HUB_KEY = X25519PrivateKey.from_private_bytes(EXAMPLES["key-wrapping"].raw("hub_private"))
INFO = EXAMPLES["key-wrapping"].raw("info")
KEY_ID = KeyId(7)
LIBRARY = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)  # whom our wrapping must understand


def sealer() -> Sealer:
    return Sealer(HubKey(1, HUB_KEY.public_key()), station=STATION, spool=SPOOL, key_id=KEY_ID)


def opener_of(box: Sealer, *, station: StationId = STATION, spool: SpoolId = SPOOL) -> Opener:
    key = unwrap_key(HUB_KEY, box.wrapped_key, station=STATION, spool=SPOOL, key_id=KEY_ID)
    if (station, spool) == (STATION, SPOOL):
        return key
    secret = LIBRARY.decrypt(box.wrapped_key, HUB_KEY, info=INFO)
    return Opener(secret, station=station, spool=spool, key_id=KEY_ID)


def refusal_of(opener: Opener, record: Record) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        opener.open(record)
    return caught.value.refusal


def test_what_a_box_sealed_opens_at_its_hub_after_the_wire() -> None:
    box = sealer()
    sealed = box.seal(header(), b"heartbeats")
    assert b"heartbeats" not in encode_record(sealed)
    assert len(sealed.body) == len(b"heartbeats") + TAG_BYTES
    arrived = parse_record(encode_record(sealed))
    assert isinstance(arrived, Record)
    assert opener_of(box).open(arrived) == b"heartbeats"


def test_an_empty_body_is_sealed_too() -> None:
    box = sealer()
    assert opener_of(box).open(box.seal(header(), b"")) == b""


OTHERS = {
    "kind": Kind.EVENT,
    "record_class": RecordClass.NUMERIC,
    "seq": 301,
    "nonce": 2,
    "boot": 4,
    "t_us": 5_000_001,
    "visit": 3,
    "stream_set": 2,
    "first_index": 1001,
    "count": 9,
    "codec": 1,
    "was_draft": True,
}


def test_every_field_of_the_header_is_tried_below() -> None:
    assert {*OTHERS, "key_id"} == {one.name for one in fields(Header)}


@pytest.mark.parametrize("field", OTHERS)
def test_a_body_under_another_header_does_not_open(field: str) -> None:
    box = sealer()
    sealed = box.seal(header(), b"heartbeats")
    moved = Record(replace(sealed.header, **{field: OTHERS[field]}), sealed.body)  # type: ignore[arg-type]
    assert moved.header != sealed.header
    assert refusal_of(opener_of(box), moved) is Refusal.SEAL_BROKEN
    assert opener_of(box).open(sealed) == b"heartbeats"


def test_a_body_under_another_key_s_number_waits_for_that_key() -> None:
    box = sealer()
    sealed = box.seal(header(), b"heartbeats")
    other = Record(replace(sealed.header, key_id=KeyId(8)), sealed.body)
    assert refusal_of(opener_of(box), other) is Refusal.UNKNOWN_KEY


def test_a_body_moved_to_another_station_or_spool_does_not_open() -> None:
    box = sealer()
    sealed = box.seal(header(), b"heartbeats")
    at_another_station = opener_of(box, station=StationId("con-dao-02"))
    on_another_card = opener_of(box, spool=SpoolId(SPOOL + 1))
    assert refusal_of(at_another_station, sealed) is Refusal.SEAL_BROKEN
    assert refusal_of(on_another_card, sealed) is Refusal.SEAL_BROKEN


def test_every_flipped_bit_and_every_cut_of_a_body_is_seen() -> None:
    box = sealer()
    sealed, opener = box.seal(header(), b"heartbeats"), opener_of(box)
    for bit in range(len(sealed.body) * 8):
        body = bytearray(sealed.body)
        body[bit // 8] ^= 1 << bit % 8
        assert refusal_of(opener, Record(sealed.header, bytes(body))) is Refusal.SEAL_BROKEN
    for length in range(len(sealed.body)):
        assert refusal_of(opener, Record(sealed.header, sealed.body[:length])) is Refusal.SEAL_BROKEN


def test_a_draft_numbered_later_still_opens_and_only_as_a_former_draft() -> None:
    box = sealer()
    opener = opener_of(box)
    draft = parse_draft(encode_record(box.seal(header(seq=0), b"one second")))
    record = parse_record(encode_record(Record(draft.header.numbered(41), draft.body)))
    assert isinstance(record, Record)
    assert opener.open(draft) == opener.open(record) == b"one second"
    as_if_coded = Record(replace(record.header, was_draft=False), record.body)
    assert refusal_of(opener, as_if_coded) is Refusal.SEAL_BROKEN


@pytest.mark.parametrize("field", sorted(set(OTHERS) - {"seq", "was_draft"}))
def test_a_former_draft_is_bound_to_all_but_its_number(field: str) -> None:
    box = sealer()
    draft = box.seal(header(seq=0), b"one second")
    numbered = draft.header.numbered(41)
    assert opener_of(box).open(Record(replace(numbered, seq=42), draft.body)) == b"one second"
    moved = Record(replace(numbered, **{field: OTHERS[field]}), draft.body)  # type: ignore[arg-type]
    assert refusal_of(opener_of(box), moved) is Refusal.SEAL_BROKEN


def test_what_was_sealed_as_a_draft_is_not_sealed_again() -> None:
    with pytest.raises(OwnFaultError, match="sealed as a draft"):
        sealer().seal(header(seq=0).numbered(41), b"one second")


def test_the_counter_starts_at_one_and_no_nonce_comes_twice() -> None:
    box = sealer()
    assert [box.seal(header(), b"").header.nonce for _ in range(5)] == [1, 2, 3, 4, 5]


def test_no_nonce_comes_twice_when_threads_seal_at_once() -> None:
    box = sealer()
    with ThreadPoolExecutor(4) as pool:
        nonces = list(pool.map(lambda _: box.seal(header(), b"").header.nonce, range(2000)))
    assert sorted(nonces) == list(range(1, 2001))


def test_two_processes_with_the_same_number_have_different_keys() -> None:
    one, other = sealer(), sealer()
    assert refusal_of(opener_of(other), one.seal(header(), b"heartbeats")) is Refusal.SEAL_BROKEN
    assert one.wrapped_key != other.wrapped_key


def test_a_key_ends_before_its_counter_turns_around() -> None:
    box = sealer()
    box._nonces = count(VARINT_MAX)
    assert box.seal(header(), b"").header.nonce == VARINT_MAX
    with pytest.raises(SealExhaustedError, match="restart the service"):
        box.seal(header(), b"")


def test_key_number_zero_means_clear_and_cannot_be_made() -> None:
    with pytest.raises(OwnFaultError):
        Sealer(HubKey(1, HUB_KEY.public_key()), station=STATION, spool=SPOOL, key_id=CLEAR)


def test_the_page_s_info_string_is_built_as_the_page_says() -> None:
    built = b"haidang key 1\x00" + b"con-dao-01\x00" + SPOOL.to_bytes(8, "little") + (7).to_bytes(8, "little")
    assert built == INFO
    assert len(b"haidang key 1") == 13


def test_a_key_wrapped_by_the_box_is_unwrapped_by_the_library() -> None:
    box = sealer()
    assert len(box.wrapped_key) == WRAPPED_KEY_BYTES
    secret = LIBRARY.decrypt(box.wrapped_key, HUB_KEY, info=INFO)
    opener = Opener(secret, station=STATION, spool=SPOOL, key_id=KEY_ID)
    assert opener.open(box.seal(header(), b"heartbeats")) == b"heartbeats"


def test_the_page_s_wrapped_key_still_opens_for_the_library_and_for_us() -> None:
    example = EXAMPLES["key-wrapping"]
    assert LIBRARY.decrypt(example.raw("wrapped_key"), HUB_KEY, info=INFO) == example.raw("key")
    opener = unwrap_key(HUB_KEY, example.raw("wrapped_key"), station=STATION, spool=SPOOL, key_id=KEY_ID)
    record = parse_record(EXAMPLES["record-sealed-chunk"].raw("hex"))
    assert isinstance(record, Record)
    assert opener.open(record) == EXAMPLES["record-sealed-chunk"].raw("opened")


def test_a_key_wrapped_by_the_library_is_unwrapped_by_the_hub() -> None:
    example = EXAMPLES["key-wrapping"]
    hub_public = X25519PublicKey.from_public_bytes(example.raw("hub_public"))
    wrapped = LIBRARY.encrypt(example.raw("key"), hub_public, info=INFO)
    opener = unwrap_key(HUB_KEY, wrapped, station=STATION, spool=SPOOL, key_id=KEY_ID)
    record = parse_record(EXAMPLES["record-sealed-chunk"].raw("hex"))
    assert isinstance(record, Record)
    assert opener.open(record) == EXAMPLES["record-sealed-chunk"].raw("opened")


@pytest.mark.parametrize(
    ("station", "spool", "key_id"),
    [
        (StationId("con-dao-02"), SPOOL, KEY_ID),
        (STATION, SpoolId(SPOOL + 1), KEY_ID),
        (STATION, SPOOL, KeyId(8)),
    ],
)
def test_a_key_given_out_as_another_s_is_refused(station: StationId, spool: SpoolId, key_id: KeyId) -> None:
    with pytest.raises(RefusedError) as caught:
        unwrap_key(HUB_KEY, sealer().wrapped_key, station=station, spool=spool, key_id=key_id)
    assert caught.value.refusal is Refusal.SEAL_BROKEN


def test_a_key_wrapped_for_another_hub_is_refused() -> None:
    with pytest.raises(RefusedError, match="not wrapped for this hub's key"):
        unwrap_key(
            X25519PrivateKey.generate(), sealer().wrapped_key, station=STATION, spool=SPOOL, key_id=KEY_ID
        )


@pytest.mark.parametrize("length", [0, 79, 81, 256])
def test_a_wrapped_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(RefusedError) as caught:
        unwrap_key(HUB_KEY, bytes(length), station=STATION, spool=SPOOL, key_id=KEY_ID)
    assert caught.value.refusal is Refusal.MALFORMED


def test_a_wrapped_key_with_a_point_of_low_order_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        unwrap_key(HUB_KEY, bytes(80), station=STATION, spool=SPOOL, key_id=KEY_ID)
    assert caught.value.refusal is Refusal.SEAL_BROKEN


def test_the_hub_s_first_key_is_32_bytes_and_a_later_one_has_its_number_behind() -> None:
    raw = EXAMPLES["key-wrapping"].raw("hub_public")
    first, third = HubKey(1, HUB_KEY.public_key()), HubKey(3, HUB_KEY.public_key())
    assert (first.to_bytes(), third.to_bytes()) == (raw, raw + b"\x03\0\0\0")
    assert (read_hub_key(raw), read_hub_key(third.to_bytes())) == (first, third)
    for wrong in (b"", raw[:-1], raw + b"\0", raw + bytes(4), raw + b"\x01\0\0\0", raw.hex().encode()):
        with pytest.raises(RefusedError, match="not 32"):
            read_hub_key(wrong)


def test_a_key_of_the_hub_that_is_no_key_seals_nothing() -> None:
    nothing = HubKey(1, X25519PublicKey.from_public_bytes(bytes(32)))
    with pytest.raises(RefusedError, match="low order"):
        Sealer(nothing, station=STATION, spool=SPOOL, key_id=KEY_ID)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_was_forked_off_seals_nothing_under_its_parent_s_key() -> None:
    box = sealer()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            box.seal(header(), b"the same nonce")
        except OwnFaultError as error:
            os.write(write_end, str(error).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as told:
        assert b"belongs to process %d" % os.getpid() in told.read()
    os.waitpid(child, 0)
    assert box.seal(header(), b"").header.nonce == 1

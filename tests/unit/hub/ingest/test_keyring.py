"""A hub with several seal keys: which opens what, and what a copied card may not do."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.errors import Refusal
from contract.events import KeyMade, parse_event
from contract.header import Record, parse_record
from contract.ids import KeyId, RecordClass, SpoolId, StationId
from hub.ingest.ingest import Batch, Counters, Payload, read_batch
from hub.ingest.keyring import KeyRing
from tests.simulators.box import BoxRecords

CON_DAO = StationId("con-dao-01")
HUB_KEYS = {number: X25519PrivateKey.generate() for number in (1, 2, 5)}


def new_box(number: int, *, key_id: int = 1) -> BoxRecords:
    return BoxRecords(CON_DAO, HUB_KEYS[number].public_key(), hub_key_number=number, key_id=key_id)


def key_event(box: BoxRecords) -> KeyMade:
    record = parse_record(box.key())
    assert isinstance(record, Record)
    event = parse_event(record.body)
    assert isinstance(event, KeyMade)
    return event


def read(
    box: BoxRecords,
    *records: bytes,
    ring: KeyRing,
    stored: KeyMade | None = None,
    counters: Counters | None = None,
) -> Batch:
    def find(_station: StationId, _spool: SpoolId, key_id: KeyId) -> KeyMade | None:
        return stored if stored is not None and stored.key_id == key_id else None

    payload = Payload(CON_DAO, RecordClass.CALL, box.parcel(records), 1_000, 1.0)
    return read_batch([payload], ring=ring, find_key=find, counters=counters or Counters())


def test_what_was_wrapped_for_any_key_of_the_hub_is_opened_and_it_is_known_for_which() -> None:
    ring = KeyRing(HUB_KEYS)
    for key_id, number in enumerate(HUB_KEYS, start=1):
        box = new_box(number, key_id=key_id)
        batch = read(box, box.key(), box.press(), ring=ring)
        assert None not in [arrival.event for arrival in batch.arrivals]
        event = batch.arrivals[0].event
        assert isinstance(event, KeyMade)
        assert event.hub_key == ring.hub_key_of(CON_DAO, box.spool, event) == number


def test_a_box_that_names_no_key_or_a_wrong_one_is_opened_all_the_same() -> None:
    for told in (None, 1, 7):
        box, ring = new_box(2), KeyRing(HUB_KEYS)
        event = key_event(box).model_copy(update={"hub_key": told})
        assert ring.hub_key_of(CON_DAO, box.spool, event) == 2


def test_a_key_that_comes_to_the_hub_later_opens_what_none_could() -> None:
    box, ring = new_box(5), KeyRing({1: HUB_KEYS[1]})
    event = key_event(box)
    assert ring.hub_key_of(CON_DAO, box.spool, event) is None
    assert "was the hub's seal key replaced?" in str(ring.broken_text)
    ring.take_hub_keys(HUB_KEYS)
    assert ring.hub_key_of(CON_DAO, box.spool, event) == 5
    assert ring.opener(lambda *_: event, CON_DAO, box.spool, KeyId(1)) is not None


def test_the_key_of_a_copied_card_does_not_take_the_place_of_the_one_that_is_stored() -> None:
    first, copy = new_box(1), new_box(1)  # the same spool and key id, another key
    stored = key_event(first)
    ring, counters = KeyRing(HUB_KEYS), Counters()
    batch = read(copy, copy.key(), copy.press(), ring=ring, stored=stored, counters=counters)
    assert [arrival.event is None for arrival in batch.arrivals] == [False, True]
    assert counters.unopened == {Refusal.OTHER_CONTENT: 1, Refusal.SEAL_BROKEN: 1}
    batch = read(first, first.press(), ring=ring, stored=stored)
    assert batch.arrivals[0].event is not None

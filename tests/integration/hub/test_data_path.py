"""From a box's parcel over a real broker to the hub's disk, and the receipt back."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.errors import Refusal
from contract.events import LeadState, Press
from contract.header import CRC_BYTES, crc32c
from contract.ids import KeyId, RecordClass
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from contract.signals import BoxState, Interest, encode_signal
from contract.topics import Topic
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.store.interface import Outcome
from tests.broker import Broker
from tests.running_hub import HubThread, hub_config, read_store
from tests.simulators.box import WAIT_LIMIT_S, BoxLink, BoxRecords, box_state

CON_DAO, LY_SON = "con-dao-01", "ly-son-02"
CALL, NUMERIC, WAVEFORM, _ = RecordClass
LEADS = LeadState(device="board-1", off=(1,))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path, stations=[CON_DAO, LY_SON]) as broker:
        yield broker


@pytest.fixture
def box(broker: Broker) -> BoxRecords:
    return new_box(broker)


def new_box(broker: Broker, station: str = CON_DAO, *, spool: int = 0xB0C5, key_id: int = 1) -> BoxRecords:
    public = X25519PublicKey.from_public_bytes(broker.boxes[station].seal_key.read_bytes())
    return BoxRecords(station, public, spool=spool, key_id=key_id)


def new_link(broker: Broker, station: str = CON_DAO) -> BoxLink:
    return BoxLink(broker.boxes[station], station, port=broker.port)


def hear(hub: HubThread) -> Committed:
    return hub.committed.get(timeout=WAIT_LIMIT_S)


def test_a_press_is_on_disk_when_its_receipt_comes_and_then_the_rooms_are_told(
    broker: Broker, box: BoxRecords
) -> None:
    config = hub_config(broker)
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)
        link.send(CALL, box.parcel([box.press()]))
        receipt = link.receipt_with(CALL, 2)
        with read_store(config) as store:
            assert receipt.epoch == store.epoch
            (call,) = store.open_calls()
        assert call.call_id.seq == 2
        assert receipt.spool == box.spool
        assert receipt.committed == {CALL: SeqRanges([(1, 2)])}
        assert receipt.echo_sent_t_us == box.t_us
        assert call.received_utc_us == receipt.hub_received_utc_us <= receipt.hub_sent_utc_us
        assert hear(hub).arrival.record_id.seq == 1
        told = hear(hub)
        assert isinstance(told.arrival.event, Press)
        assert told.outcome is Outcome.STORED
        assert 0 <= hub.hub.now_s() - told.received_s < WAIT_LIMIT_S


def test_a_hello_is_answered_with_what_is_stored(broker: Broker, box: BoxRecords) -> None:
    with HubThread(hub_config(broker)) as hub, new_link(broker) as link:
        link.send(WAVEFORM, box.parcel([box.chunk(), box.chunk()]))
        link.receipt_with(WAVEFORM, 2)
        link.say(box_state(box, connected=True))
        receipt = link.receipt()
        assert receipt.committed == {WAVEFORM: SeqRanges([(1, 2)])}
        assert receipt.echo_sent_t_us == box.t_us
        heard = hub.signals.get(timeout=WAIT_LIMIT_S)
        assert (heard.station, heard.topic, heard.is_retained) == (CON_DAO, Topic.STATE, False)


def test_a_hub_that_comes_later_knows_an_old_hello_for_what_it_is(broker: Broker, box: BoxRecords) -> None:
    with new_link(broker) as link:
        link.say(box_state(box, connected=True))
        with HubThread(hub_config(broker)) as hub:
            heard = hub.signals.get(timeout=WAIT_LIMIT_S)
            assert isinstance(heard.signal, BoxState)
            assert heard.is_retained
            assert link.receipt().echo_sent_t_us == 0
            assert hub.hub.broker_link().heard_s is None


def test_what_is_sent_twice_is_stored_once_and_acknowledged_again(broker: Broker, box: BoxRecords) -> None:
    config = hub_config(broker)
    with HubThread(config) as hub, new_link(broker) as link:
        parcel = box.parcel([box.key(), box.press()])
        for _ in range(3):
            link.send(CALL, parcel)
            assert link.receipt().committed == {CALL: SeqRanges([(1, 2)])}
        assert [hear(hub).outcome for _ in range(6)] == [Outcome.STORED] * 2 + [Outcome.DUPLICATE] * 4
        with read_store(config) as store:
            assert len(store.open_calls()) == 1


def test_the_same_identity_with_other_content_is_an_alarm_and_the_first_stays(
    broker: Broker, box: BoxRecords, caplog: pytest.LogCaptureFixture
) -> None:
    config = hub_config(broker)
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(CALL, box.parcel([box.key(), box.press()]))
        link.receipt_with(CALL, 2)
        twin = new_box(broker, key_id=2)
        link.send(CALL, twin.parcel([twin.key(), twin.press()]))
        refused = link.receipt().refused
        assert refused == [RefusedRecord(CALL, seq, Refusal.OTHER_CONTENT) for seq in (1, 2)]
        outcomes = [hear(hub).outcome for _ in range(4)]
        assert outcomes == [Outcome.STORED] * 2 + [Outcome.OTHER_CONTENT] * 2
        assert hub.hub.ingest_state().other_content_count == 2
        assert "came with other content" in caplog.text
        with read_store(config) as store:
            assert store.key_event(box.station, box.spool, KeyId(2)) is None


def test_garbage_from_one_station_is_counted_and_hides_nobody(broker: Broker, box: BoxRecords) -> None:
    other = new_box(broker, LY_SON, spool=7)
    with HubThread(hub_config(broker)) as hub, new_link(broker) as link, new_link(broker, LY_SON) as good:
        for payload in (b"", b"\x00" * 50, b"\xff" * 50_000, box.parcel([box.chunk()])[:-3]):
            link.publish(f"v1/{CON_DAO}/up/2", payload)
        link.publish(f"v1/{CON_DAO}/up/nothing", b"?")
        link.publish(f"v1/{CON_DAO}/state", b"{}", retain=True)
        link.publish(f"v1/{CON_DAO}/up/signal", b"[" * 10_000)
        chunk = box.chunk()
        link.send(WAVEFORM, box.parcel([chunk[:-1], chunk]))
        assert link.receipt().committed == {WAVEFORM: SeqRanges([(2, 2)])}
        good.send(CALL, other.parcel([other.key(), other.press()]))
        good.receipt_with(CALL, 2)
        state = hub.hub.ingest_state()
        assert sum(state.refused_counts.values()) == 8
        assert {"truncated", "unknown_version", "bad_crc", "wrong_topic"} <= set(state.refused_counts)
        assert state.first_refusal_text is not None
        assert state.stored_count == 3


def test_a_version_from_the_future_is_stored_acknowledged_and_reported(
    broker: Broker, box: BoxRecords
) -> None:
    config = hub_config(broker)
    changed = b"\x09" + box.chunk()[1:-CRC_BYTES]
    raw = changed + crc32c(changed).to_bytes(CRC_BYTES, "little")
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(WAVEFORM, box.parcel([raw]))
        assert link.receipt_with(WAVEFORM, 1).refused == []
        with read_store(config) as store:
            ((_, record),) = store.unreadable(box.station)
        assert (record.version, record.raw) == (9, raw)
        hear(hub)
        assert hub.hub.ingest_state().refused_counts == {"unknown_version": 1}


def test_events_that_came_before_their_key_are_opened_and_told_when_it_comes(
    broker: Broker, box: BoxRecords
) -> None:
    config = hub_config(broker)
    key, leads, press = box.key(), box.event(LEADS), box.press()
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(NUMERIC, box.parcel([leads]))
        link.receipt_with(NUMERIC, 1)
        link.send(CALL, box.parcel([press]))
        link.receipt_with(CALL, 2)
        with read_store(config) as store:
            assert store.events(box.station) == []
            assert [call.call_id.seq for call in store.open_calls()] == [2]
        link.send(CALL, box.parcel([key]))
        link.receipt_with(CALL, 1)
        told = [hear(hub) for _ in range(5)]
        assert [type(one.arrival.event).__name__ for one in told] == [
            "NoneType",
            "NoneType",
            "KeyMade",
            "Press",
            "LeadState",
        ]
        with read_store(config) as store:
            assert [stored.event for stored in store.events(box.station, names=["leads"])] == [LEADS]
            assert len(store.open_calls()) == 1


def test_a_room_that_fails_holds_up_neither_receipts_nor_other_rooms(
    broker: Broker, box: BoxRecords, caplog: pytest.LogCaptureFixture
) -> None:
    def prepare(hub: Hub) -> None:
        def fail(committed: Sequence[Committed]) -> None:
            raise LookupError("a bug of a room")

        hub.on_committed(fail)

    with HubThread(hub_config(broker), prepare=prepare) as hub, new_link(broker) as link:
        for seq in (1, 2):
            link.send(CALL, box.parcel([box.key()]))
            link.receipt_with(CALL, seq)
            hear(hub)
    assert "a room failed" in caplog.text


def test_what_the_hub_says_reaches_its_station_only(broker: Broker, box: BoxRecords) -> None:
    interest = encode_signal(Interest(lease_s=30))
    with HubThread(hub_config(broker)) as hub, new_link(broker) as link, new_link(broker, LY_SON) as other:
        link.say(box_state(box, connected=True))
        link.receipt()
        assert hub.hub.publish_signal(box.station, Topic.INTEREST, interest)
        assert link.messages.get(timeout=WAIT_LIMIT_S) == (f"v1/{CON_DAO}/down/interest", interest)
        assert other.messages.empty()


def test_a_broker_that_dies_is_noticed_and_found_again(broker: Broker, box: BoxRecords) -> None:
    with HubThread(hub_config(broker)) as hub:
        with new_link(broker) as link:
            link.send(CALL, box.parcel([box.key()]))
            link.receipt_with(CALL, 1)
            up = hub.hub.broker_link()
            assert (up.is_connected, up.text) == (True, "")
            broker.kill()
            assert link.is_closed.wait(WAIT_LIMIT_S)
        hub.wait_until(lambda rooms: not rooms.broker_link().is_connected)
        down = hub.hub.broker_link()
        assert down.changed_s is not None
        assert up.changed_s is not None
        assert down.changed_s > up.changed_s
        assert down.text
        assert not hub.hub.publish_signal(box.station, Topic.SIGNAL, b"{}")
        broker.start()
        with new_link(broker) as link:
            link.say(box_state(box, connected=True))
            assert link.receipt().committed == {CALL: SeqRanges([(1, 1)])}
            link.send(CALL, box.parcel([box.press()]))
            link.receipt_with(CALL, 2)

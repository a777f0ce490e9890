"""The soak's check can fail: a hub's store in which one thing was changed by hand is found out."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray

from contract.events import Press, Stream, StreamSet, Tombstone
from contract.ids import BootId, RecordClass, SpoolId
from firmware_bridge.events import PressIdentity
from hub.ingest.ingest import Counters, Payload, read_batch
from hub.ingest.keyring import KeyRing
from hub.store.sqlite import SqliteStore
from tests.simulators.box import BoxRecords
from tests.soak.check import Findings, check_presses, check_records
from tests.soak.ledger import BoardBoot, ClockZero, Ledger, RecordKey, SentStream
from tests.soak.read_store import read_holdings
from tests.soak.sample_check import check_samples

HUB_KEY = X25519PrivateKey.generate()
UID = bytes.fromhex("48440000000000b1")
BOARD_BOOT, BOARD_STREAM, ECG_MDC = 7, 1, 131329
CHUNKS, CHUNK_SAMPLES = 4, 250
AT_US = 1_004_000  # of the second press


@dataclass
class World:
    """A box that has sent everything, and what was seen of it."""

    folder: Path
    box: BoxRecords = field(default_factory=lambda: BoxRecords("soak-01", HUB_KEY.public_key()))
    ledger: Ledger = field(default_factory=Ledger)
    values: NDArray[np.int32] = field(
        default_factory=lambda: np.arange(CHUNKS * CHUNK_SAMPLES, dtype=np.int32)
    )

    def commit(self, record_class: RecordClass, raw: bytes) -> None:
        """The hub gets a record."""
        payload = Payload(self.box.station, record_class, self.box.parcel([raw]), 1, 1.0)
        with SqliteStore(self.folder, is_writer=True) as store:
            batch = read_batch(
                [payload], ring=KeyRing({1: HUB_KEY}), find_key=store.key_event, counters=Counters()
            )
            store.commit(batch.arrivals)

    def commit_kept(self, record_class: RecordClass, raw: bytes) -> None:
        """The box has committed a record, and the hub gets it."""
        _, seq = next(reversed(self.box.sent))
        self.ledger.add_record(RecordKey(self.box.spool, record_class, seq), raw)
        self.commit(record_class, raw)

    def press(self, count: int) -> bytes:
        """The record of a press."""
        event = Press(device=UID.hex(), device_boot=BOARD_BOOT, press_count=count, learned_from="event")
        return self.box.event(event, RecordClass.CALL)

    def doctor(self, sql: str) -> None:
        """Change the store by hand."""
        with closing(sqlite3.connect(self.folder / "hub.db")) as db, db:
            assert db.execute(sql).rowcount == 1

    def found(self) -> Findings:
        """What the check says."""
        held = read_holdings(self.folder, KeyRing({1: HUB_KEY}), self.box.station, self.ledger)
        findings = Findings()
        check_presses(self.ledger, held, findings)
        check_records(self.ledger, held, findings, owed=set(self.ledger.committed), is_complete=True)
        check_samples(self.ledger, held, findings)
        return findings


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two presses and four chunks of an ECG, everything at the hub."""
    world = World(tmp_path / "store")
    ledger, box = world.ledger, world.box
    world.commit_kept(RecordClass.CALL, box.key())
    ecg = Stream(stream=0, mdc=ECG_MDC, label="II", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
    streams = StreamSet(set_no=1, device=UID.hex(), streams=(ecg,))
    world.commit_kept(RecordClass.NUMERIC, box.event(streams))
    for count in (1, 2):
        world.commit_kept(RecordClass.CALL, world.press(count))
        ledger.presses.add(PressIdentity(UID, BOARD_BOOT, count))
    ledger.registered = set(ledger.presses)
    for first in range(0, len(world.values), CHUNK_SAMPLES):
        part = world.values[first : first + CHUNK_SAMPLES]
        world.commit_kept(RecordClass.WAVEFORM, box.chunk(part, stream=0, first_index=first))
    ledger.spool_boots[box.spool, BootId(1)] = "boot"
    ledger.zeros.append(ClockZero("boot", 0.0))
    ledger.board_boots.append(BoardBoot(BOARD_BOOT, 1.0))
    ledger.sent[BOARD_BOOT, BOARD_STREAM] = SentStream.of_blocks([(0, world.values[:, None])], [1.0])
    return world


def test_a_store_that_has_everything_once_is_found_in_order(world: World) -> None:
    found = world.found()
    assert (found.counts, found.texts) == ({}, [])
    assert found.numbers["samples"] == len(world.values)
    assert found.numbers["registered"] == found.numbers["presses"] == 2
    assert found.numbers["records"] == 4 + CHUNKS


def test_a_record_that_is_removed_is_lost_with_its_samples(world: World) -> None:
    world.doctor("DELETE FROM record WHERE class = 2 AND seq = 3")
    found = world.found()
    assert found.counts == {"lost": 1 + CHUNK_SAMPLES}
    assert any("WAVEFORM 3" in text for text in found.texts)


def test_a_record_that_came_under_two_names_is_doubled(world: World) -> None:
    again = world.box.chunk(world.values[:CHUNK_SAMPLES], stream=0, first_index=0)
    world.commit_kept(RecordClass.WAVEFORM, again)
    assert world.found().counts["duplicated"] == CHUNK_SAMPLES


def test_an_event_that_came_under_two_names_is_doubled(world: World) -> None:
    first = Press(device=UID.hex(), device_boot=BOARD_BOOT, press_count=2, learned_from="event")
    world.box.t_us = (
        AT_US - 1_000
    )  # at the same time of the box, which the next record makes a millisecond later
    world.commit_kept(RecordClass.CALL, world.box.event(first, RecordClass.CALL))
    found = world.found()
    assert any("say the same" in text for text in found.texts)
    assert any("is at the hub 2 times" in text for text in found.texts)


def test_a_press_that_is_dropped_is_lost(world: World) -> None:
    world.doctor("DELETE FROM record WHERE class = 0 AND seq = 3")
    found = world.found()
    assert any("press 2 of board boot 7 was registered" in text for text in found.texts)
    assert set(found.counts) == {"lost", "duplicated"}, "and its call is of no press"


def test_two_samples_that_are_swapped_are_out_of_order(world: World) -> None:
    sent = world.ledger.sent[BOARD_BOOT, BOARD_STREAM].values
    sent[[300, 301]] = sent[[301, 300]]
    assert world.found().counts == {"misordered": 2}


def test_a_record_that_the_box_never_had_is_found(world: World) -> None:
    world.commit(RecordClass.WAVEFORM, world.box.chunk(world.values[:1], stream=0, first_index=5_000))
    found = world.found()
    assert found.counts == {"duplicated": 1, "misordered": 1}


def test_samples_of_which_nobody_can_tell_what_they_are_are_lost(world: World) -> None:
    world.doctor("DELETE FROM record WHERE class = 1 AND seq = 1")  # the stream set
    assert world.found().counts["lost"] == 1 + 2 * CHUNKS * CHUNK_SAMPLES, (
        "it, what it explains, what was sent"
    )


def test_a_record_whose_key_is_gone_is_lost(world: World) -> None:
    world.doctor("DELETE FROM key")
    found = world.found()
    assert sum("cannot be opened" in text for text in found.texts) == 3 + CHUNKS


@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize(
    ("tell", "is_lost"),
    [
        (lambda key: key, False),
        (lambda key: key._replace(seq=key.seq + 1), True),
    ],
)
def test_what_was_given_up_with_a_tombstone_is_not_lost(
    world: World, tell: Callable[[RecordKey], RecordKey], is_lost: bool, is_seen: bool
) -> None:
    key = RecordKey(SpoolId(world.box.spool), RecordClass.WAVEFORM, 3)
    named = tell(key)
    tombstone = Tombstone(record_class=2, first_seq=named.seq, last_seq=named.seq, why="the spool is full")
    world.commit_kept(RecordClass.NUMERIC, world.box.event(tombstone))
    world.doctor(f"DELETE FROM record WHERE class = {key.record_class.value} AND seq = {key.seq}")  # noqa: S608
    if not is_seen:  # nobody looked between its commit and its end
        del world.ledger.committed[key]
    assert world.found().counts["lost"] == (1 + CHUNK_SAMPLES if is_lost else 0)

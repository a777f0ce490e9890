"""Keys and nonces of a real spool file: no pair comes twice, whatever a process, a clock or a card does."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.errors import RefusedError
from contract.events import KeyMade, parse_event
from contract.header import Record, parse_draft
from contract.ids import CLEAR, BootId, KeyId
from contract.sealing import HubKey, unwrap_key
from edge.errors import SpoolFullError
from edge.spool.batch import Batch, OwedRecord
from edge.spool.drafts import living_drafts
from edge.spool.spool import Spool
from tests.integration.edge.spools import (
    CALL,
    HUB,
    HUB_KEY,
    NUMERIC,
    QUOTA_BYTES,
    STATION,
    WAVE,
    event,
    open_all,
    open_spool,
    press_batch,
    stored,
    wave,
)

NEW_HUB = X25519PrivateKey.generate()
NEW_KEY = HubKey(2, NEW_HUB.public_key())
SECOND = Batch(drafts=[wave()])
RECORDS = Batch(entries=[wave(), event()])


def nonces(spool: Spool) -> Counter[tuple[KeyId, int]]:
    """Every key and nonce on the card, of records and of drafts."""
    records = [one for record_class in (CALL, NUMERIC, WAVE) for one in stored(spool, record_class).values()]
    drafts = [parse_draft(bytes(raw)) for _, raw in living_drafts(spool._db)]
    return Counter(
        (one.header.key_id, one.header.nonce) for one in (*records, *drafts) if one.header.key_id != CLEAR
    )


def keys(spool: Spool) -> dict[int, KeyMade]:
    """The key events by seq."""
    found = {}
    for seq, record in stored(spool, CALL).items():
        told = parse_event(record.body) if record.header.key_id == CLEAR else None
        if isinstance(told, KeyMade):
            found[seq] = told
    return found


def change(spool: Spool, hub_key: HubKey = NEW_KEY) -> list[OwedRecord]:
    return spool.change_hub_key(hub_key, station=STATION, boot=BootId(1), t_us=5, facts={"told": "by it"})


def body_of(record: Record, key: KeyMade, hub: X25519PrivateKey, spool: Spool) -> bytes:
    opener = unwrap_key(hub, key.wrapped_key, station=STATION, spool=spool.spool_id, key_id=KeyId(key.key_id))
    return opener.open(record)


def test_from_the_new_key_of_the_hub_on_only_the_new_one_opens_and_before_it_only_the_old(
    tmp_path: Path,
) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(RECORDS)
        (owed,) = change(spool)
        spool.commit(RECORDS)
        press = spool.commit(press_batch(1))[0]
        first, second = keys(spool).values()
        assert (first.key_id, first.hub_key, second.key_id, second.hub_key) == (1, 1, 2, 2)
        assert (owed.record_class, keys(spool)[owed.seq]) == (CALL, second)
        assert owed.seq < press.seq, "a press is sealed under a key that comes before it"
        before, after = stored(spool, WAVE).values()
        assert body_of(before, first, HUB, spool) == body_of(after, second, NEW_HUB, spool) == wave().body
        with pytest.raises(RefusedError):
            body_of(after, second, HUB, spool)
        assert spool.fact("told") == "by it"
        assert max(nonces(spool).values()) == 1


def test_drafts_of_before_the_new_key_become_records_under_theirs(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(SECOND)
        change(spool)
        spool.commit(SECOND)
    with open_spool(tmp_path / "spool.db") as spool:
        assert [one.header.key_id for one in stored(spool, WAVE).values()] == [1, 2]
        first, second, _ = keys(spool).values()
        before, after = stored(spool, WAVE).values()
        assert body_of(before, first, HUB, spool) == body_of(after, second, NEW_HUB, spool) == wave().body


def test_a_new_key_that_finds_no_room_changes_nothing_and_what_is_stored_then_opens(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(RECORDS)
        spool._db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON record_0 BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(Exception, match="no"):
            change(spool)
        spool._db.execute("DROP TRIGGER full")
        spool.commit(RECORDS)
        assert [told.key_id for told in keys(spool).values()] == [1]
        assert spool.fact("told") is None
        open_all(spool)  # all of it, with the hub's first key
        change(spool)
        assert [told.key_id for told in keys(spool).values()] == [1, 2]


def test_what_is_rolled_back_leaves_a_hole_in_the_nonces_and_takes_none_twice(tmp_path: Path) -> None:
    def fail(_seq: int) -> dict[str, object]:
        raise SpoolFullError("the card refuses at the last moment")

    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(RECORDS)
        for _ in range(3):
            with pytest.raises(SpoolFullError):
                spool.commit(Batch(entries=[wave(), event()], drafts=[wave()], facts_of_seq=fail))
        spool.commit(RECORDS)
        spool.commit(SECOND)
        taken = sorted(nonce for _, nonce in nonces(spool))
        assert max(nonces(spool).values()) == 1
        assert taken[-1] - taken[-2] == 1
        assert taken[-2] - taken[-3] == 1
        assert set(range(1, taken[-1] + 1)) - set(taken) == {4, 5, 6, 7, 8, 9, 10, 11, 12}
        open_all(spool)


def test_a_process_that_starts_with_its_clock_set_back_takes_a_new_key_and_no_nonce_twice(
    tmp_path: Path,
) -> None:
    for t_us in (9_000_000, 5, 0):
        spool = Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES)
        spool.begin_sealing(HUB_KEY, station=STATION, boot=spool.begin_boot("b"), t_us=t_us, software="test")
        spool.commit(RECORDS)
        spool.commit(SECOND)
        seen = nonces(spool)
        spool.close()
    assert max(seen.values()) == 1
    assert {key_id for key_id, _ in seen} == {1, 2, 3}
    assert (1, 1) in seen
    assert (3, 1) in seen


def test_a_card_restored_from_a_copy_gives_the_numbers_again_but_never_a_key(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(RECORDS)
    shutil.copytree(tmp_path, tmp_path / "copy", ignore=shutil.ignore_patterns("copy"))
    seen = {}
    for name in (tmp_path, tmp_path / "copy"):
        with open_spool(name / "spool.db") as spool:
            spool.commit(RECORDS)
            seq, made = max(keys(spool).items())
            record = max(stored(spool, WAVE).items())
            seen[name] = (
                spool.spool_id,
                seq,
                made,
                record[0],
                record[1],
                body_of(record[1], made, HUB, spool),
            )
    one, other = seen.values()
    assert one[:2] == other[:2]
    assert one[2].key_id == other[2].key_id == 2
    assert one[3] == other[3]
    assert one[4].header.nonce == other[4].header.nonce
    assert one[2].wrapped_key != other[2].wrapped_key
    assert one[5] == other[5]
    assert one[4].body != other[4].body, "the same nonce under the same key"
    with open_spool(tmp_path / "spool.db") as spool, pytest.raises(RefusedError):
        body_of(other[4], one[2], HUB, spool)

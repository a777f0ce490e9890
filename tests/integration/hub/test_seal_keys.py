"""`hub seal …` over a real pki folder and store: keys are made, counted, kept, locked away and put back."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.ids import RecordClass, StationId
from contract.sealing import read_hub_key
from hub.config import Config, read_config
from hub.pki import escrow
from hub.pki.authority import Authority
from hub.pki.files import PkiError
from hub.pki.seal_keys import SealKeys
from tests.integration.conftest import Command
from tests.integration.hub.stored import store_records
from tests.simulators.box import BoxRecords

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PASSPHRASE = "sáu từ trên một tờ giấy"


@pytest.fixture
def config(tmp_path: Path, command: Command) -> Config:
    assert command("init", tmp_path / "hub").status == 0
    return read_config(tmp_path / "hub" / "hub.toml")


def box_of(keys: SealKeys, number: int, *, spool: int, key_id: int = 1) -> BoxRecords:
    known = keys.read()
    public = (known[number] if number in known else X25519PrivateKey.generate()).public_key()
    return BoxRecords("con-dao-01", public, hub_key_number=number, spool=spool, key_id=key_id)


def test_a_new_key_is_numbered_on_is_given_to_boxes_and_the_old_one_stays(
    config: Config, tmp_path: Path, command: Command
) -> None:
    keys = SealKeys(config.pki_folder)
    first = keys.newest()
    assert first.number == 1
    said = command("seal", "rotate", "--config", config.path)
    assert (said.status, "seal key 2 is made" in said.out, "hub seal escrow" in said.out) == (0, True, True)
    assert keys.newest().number == 2
    assert keys.read()[1].public_key() == first.public
    assert command("enrol", "con-dao-01", "--out", tmp_path / "box", "--config", config.path).status == 0
    assert read_hub_key((tmp_path / "box" / "hub-seal.pub").read_bytes()) == keys.newest()
    assert {path.stat().st_mode & 0o777 for path in config.pki_folder.glob("seal*.key")} == {0o600}
    Authority(config.pki_folder).check()


def test_a_new_key_has_a_larger_number_than_any_that_a_box_knows(config: Config, command: Command) -> None:
    keys = SealKeys(config.pki_folder)
    box = box_of(keys, 7, spool=1)  # sealed to a key that this hub has lost
    store_records(config, box, RecordClass.CALL, box.key())
    said = command("seal", "list", "--config", config.path)
    assert (said.status, "LOST" in said.out, "newest escrow" in said.err) == (1, True, True)
    assert "seal key 8 is made" in command("seal", "rotate", "--config", config.path).out


def test_the_list_says_how_many_boxes_seal_to_each_key(config: Config, command: Command) -> None:
    keys = SealKeys(config.pki_folder)
    keys.rotate()
    one, other = box_of(keys, 1, spool=1), box_of(keys, 1, spool=2)
    moved = box_of(keys, 2, spool=2, key_id=2)
    moved._seqs = other._seqs
    for box in (one, other, moved):
        store_records(config, box, RecordClass.CALL, box.key())
    rows = command("seal", "list", "--config", config.path).out.split("│")
    told = [tuple(rows[at + n].strip() for n in (0, 2, 3, 4)) for at in range(1, len(rows) - 4, 6)]
    assert told[-2:] == [("1", "1", "2", "yes"), ("2", "1", "1", "yes")], rows


def test_only_a_key_that_opens_nothing_is_retired(config: Config, command: Command) -> None:
    keys = SealKeys(config.pki_folder)
    keys.rotate()
    keys.rotate()
    box = box_of(keys, 1, spool=1)
    store_records(config, box, RecordClass.CALL, box.key())
    told = {number: command("seal", "retire", number, "--config", config.path) for number in (1, 2, 3, 4)}
    assert [told[number].status for number in (1, 2, 3, 4)] == [1, 0, 1, 1]
    assert "1 keys of boxes are wrapped for it" in told[1].err
    assert "is the newest" in told[3].err
    assert "there is no seal key 4" in told[4].err
    assert keys.numbers() == [1, 3]


def test_a_hub_that_lost_its_newest_key_does_not_start_and_is_told_both_ways_out(config: Config) -> None:
    authority = Authority(config.pki_folder)
    authority.seal_keys.rotate()
    authority.seal_keys.path(2).unlink()
    with pytest.raises(PkiError, match=r"seal-2\.key is gone.*hub seal recover.*hub seal rotate goes on"):
        authority.check()
    assert authority.seal_keys.rotate().number == 3
    authority.check()


def test_an_interrupted_rotation_is_finished_by_the_next_start(config: Config) -> None:
    keys = SealKeys(config.pki_folder)
    told = keys.public.read_bytes()
    keys.rotate()
    keys.public.write_bytes(told)  # power went between the two files
    Authority(config.pki_folder).make(names=(), now=NOW)
    assert read_hub_key(keys.public.read_bytes()).number == 2


def test_an_escrow_makes_the_same_authority_and_keys_of_nothing(
    config: Config, command: Command, tmp_path: Path
) -> None:
    authority = Authority(config.pki_folder)
    authority.seal_keys.rotate()
    before = escrow.read_secrets(authority)
    box = authority.enrol(StationId("con-dao-01"), tmp_path / "box", now=NOW)
    said = command(
        "seal", "escrow", "--out", tmp_path / "escrow", "--config", config.path, stdin=PASSPHRASE + "\n"
    )
    assert (said.status, "seal keys 1, 2" in said.out) == (0, True)
    shutil.rmtree(config.pki_folder)
    said = command("seal", "recover", tmp_path / "escrow", "--config", config.path, stdin=PASSPHRASE)
    assert (said.status, "put back: 1, 2" in said.out) == (0, True)
    authority.check()
    after = escrow.read_secrets(authority)
    assert (after.ca_certificate, after.ca_key) == (before.ca_certificate, before.ca_key)
    assert [(kept.number, kept.raw) for kept in after.seal_keys] == [
        (kept.number, kept.raw) for kept in before.seal_keys
    ]
    assert [round(kept.made_utc_s) for kept in after.seal_keys] == [
        round(kept.made_utc_s) for kept in before.seal_keys
    ]
    again = authority.enrol(StationId("con-dao-01"), tmp_path / "box", now=NOW)
    assert again.certificate.read_bytes() == box.certificate.read_bytes(), "the box is still its own"
    said = command("seal", "recover", tmp_path / "escrow", "--config", config.path, stdin=PASSPHRASE)
    assert (said.status, "none was missing" in said.out) == (0, True)


def test_nothing_of_a_key_can_be_read_in_an_escrow(config: Config) -> None:
    secrets = escrow.read_secrets(Authority(config.pki_folder))
    raw = escrow.lock(secrets, PASSPHRASE, made=NOW)
    (kept,) = secrets.seal_keys
    for secret in (kept.raw, escrow._text(kept.raw).encode(), secrets.ca_key[60:120]):
        assert secret not in raw
    assert json.loads(raw.partition(b"\n")[0])["seal_keys"] == [1]


def test_a_wrong_passphrase_and_a_changed_escrow_are_refused(config: Config) -> None:
    raw = escrow.lock(escrow.read_secrets(Authority(config.pki_folder)), PASSPHRASE, made=NOW)
    assert escrow.unlock(raw, f" {PASSPHRASE} \n").seal_keys
    with pytest.raises(PkiError, match="passphrase is wrong"):
        escrow.unlock(raw, PASSPHRASE + "x")
    with pytest.raises(PkiError, match="passphrase is wrong"):
        escrow.unlock(raw.replace(b'"seal_keys": [1]', b'"seal_keys": [2]'), PASSPHRASE)
    for broken in (
        b"",
        b"{}\n",
        raw[:40],
        raw.replace(b"scrypt", b"rot13"),
        raw.replace(b"131072", b"1073741824"),
    ):
        with pytest.raises(PkiError, match="no escrow of a hub"):
            escrow.unlock(broken, PASSPHRASE)


def test_a_short_passphrase_locks_nothing(config: Config, command: Command, tmp_path: Path) -> None:
    said = command("seal", "escrow", "--out", tmp_path / "escrow", "--config", config.path, stdin="short\n")
    assert (said.status, "at least 12" in said.err, (tmp_path / "escrow").exists()) == (1, True, False)


def test_spaces_are_no_passphrase(config: Config, command: Command, tmp_path: Path) -> None:
    said = command("seal", "escrow", "--out", tmp_path / "escrow", "--config", config.path, stdin=" " * 20)
    assert (said.status, "0 letters" in said.err, (tmp_path / "escrow").exists()) == (1, True, False)


def test_where_an_escrow_cannot_be_is_said_with_what_to_do(
    config: Config, command: Command, tmp_path: Path
) -> None:
    out = tmp_path / "away" / "escrow"
    said = command("seal", "escrow", "--out", out, "--config", config.path, stdin=PASSPHRASE)
    assert (said.status, "is no folder: make it" in said.err) == (1, True)
    said = command("seal", "recover", out, "--config", config.path, stdin=PASSPHRASE)
    assert (said.status, "name what hub seal escrow wrote" in said.err) == (1, True)


def test_an_escrow_is_not_written_over_another_file(config: Config, command: Command, tmp_path: Path) -> None:
    (tmp_path / "escrow").write_text("something else")
    said = command("seal", "escrow", "--out", tmp_path / "escrow", "--config", config.path, stdin=PASSPHRASE)
    assert (said.status, "exists" in said.err) == (1, True)


def test_an_escrow_of_another_installation_changes_nothing(config: Config, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    other.make(names=(), now=NOW)
    before = {path: path.read_bytes() for path in config.pki_folder.iterdir()}
    with pytest.raises(PkiError, match="another installation"):
        escrow.put_back(Authority(config.pki_folder), escrow.read_secrets(other))
    secrets = escrow.read_secrets(Authority(config.pki_folder))
    another_key = [escrow.KeptKey(1, bytes(32), 0.0)]
    with pytest.raises(PkiError, match="another key than the one"):
        escrow.put_back(
            Authority(config.pki_folder),
            escrow.Secrets(secrets.ca_certificate, secrets.ca_key, another_key),
        )
    assert {path: path.read_bytes() for path in config.pki_folder.iterdir()} == before

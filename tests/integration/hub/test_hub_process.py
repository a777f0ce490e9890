"""The hub as a process: killed, restarted, on a full disk, and spoken to from the command line."""

import queue
import random
import resource
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from contract.ids import RecordClass
from hub.__main__ import main
from hub.config import Config
from hub.store.sqlite import SqliteStore
from tests.broker import Broker
from tests.running_hub import HubProcess, hub_config, read_store
from tests.simulators.box import BoxLink, BoxRecords, box_state

CON_DAO = "con-dao-01"
CALL, NUMERIC, WAVEFORM, _ = RecordClass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path, stations=[CON_DAO]) as broker:
        yield broker


@pytest.fixture
def box(broker: Broker) -> BoxRecords:
    return BoxRecords(CON_DAO, X25519PublicKey.from_public_bytes(broker.boxes[CON_DAO].seal_key.read_bytes()))


def is_owed(link: BoxLink, owed: set[tuple[RecordClass, int]], *, wait_s: float) -> bool:
    """Take the receipts that come off `owed`, until none comes for `wait_s`; whether any record is left."""
    try:
        while owed:
            committed = link.receipts.get(timeout=wait_s).committed
            owed -= {
                (of_class, seq)
                for of_class, seq in owed
                if of_class in committed and seq in committed[of_class]
            }
    except queue.Empty:
        pass
    return bool(owed)


def send_all(box: BoxRecords, link: BoxLink, owed: set[tuple[RecordClass, int]]) -> None:
    for record_class, seq in sorted(owed):
        link.send(record_class, box.parcel([box.sent[record_class, seq]]))


def stored_ids(config: Config, box: BoxRecords) -> list[tuple[RecordClass, int]]:
    with read_store(config) as store:
        records = [
            stored.record_id[2:]
            for record_class in (NUMERIC, WAVEFORM)
            for stored in store.chunks(box.station, box.spool, record_class=record_class)
        ]
        records += [stored.record_id[2:] for stored in store.events(box.station, newest=10_000)]
    return sorted(records)


def test_a_hub_killed_mid_stream_loses_nothing_and_doubles_nothing(broker: Broker, box: BoxRecords) -> None:
    config, rng = hub_config(broker), random.Random(3)
    box.key()
    with HubProcess(config) as hub, BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as link:
        link.say(box_state(box, connected=True))
        link.receipt()
        for _ in range(3):
            for _ in range(rng.randrange(20, 60)):
                box.press() if rng.random() < 0.2 else box.chunk(record_class=rng.choice((NUMERIC, WAVEFORM)))
            owed = set(box.sent) - set(stored_ids(config, box))
            send_all(box, link, owed)
            link.receipt()
            hub.kill()
            is_owed(link, owed, wait_s=0.2)  # what the broker still had
            assert set(box.sent) - owed <= set(stored_ids(config, box)), (
                "a receipt was given for what is not on disk"
            )
            hub.start()
            assert link.receipt().spool == box.spool  # it answers the hello that the broker kept
        owed = set(box.sent)
        send_all(box, link, owed)
        while is_owed(link, owed, wait_s=1.0):
            link.say(box_state(box, connected=True))
    assert stored_ids(config, box) == sorted(box.sent)
    with read_store(config) as store:
        presses = [seq for record_class, seq in box.sent if record_class is CALL and seq > 1]
        assert [call.call_id.seq for call in store.open_calls()] == presses


def test_a_full_disk_gives_no_receipt_says_so_and_is_got_over(broker: Broker, box: BoxRecords) -> None:
    config = hub_config(broker)
    with HubProcess(config) as hub, BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as link:
        link.say(box_state(box, connected=True))
        link.receipt()
        _, hard = resource.prlimit(hub.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(
            hub.pid, resource.RLIMIT_FSIZE, (4_000, hard)
        )  # less than a page: a full disk, without root
        parcel = box.parcel([box.key(), box.press()])
        link.send(CALL, parcel)
        link.say(box_state(box, connected=True))
        assert link.receipt().committed == {}
        assert stored_ids(config, box) == []
        assert "make room" in hub.log.read_text(encoding="utf-8")
        resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (hard, hard))
        link.send(CALL, parcel)
        link.receipt_with(CALL, 2)
    assert stored_ids(config, box) == sorted(box.sent)


RunHub = Callable[..., tuple[int, str]]


@pytest.fixture
def run_hub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHub:
    """Runs a command line here and returns its exit status and what it said on standard error."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hub", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), capsys.readouterr().err

    return run


def test_a_new_hub_is_made_once_and_boxes_are_enrolled(tmp_path: Path, run_hub: RunHub) -> None:
    folder, out = tmp_path / "hub", tmp_path / "box"
    assert run_hub("init", folder, "--name", "hub.example.vn", "--port", 9443) == (0, "")
    files = {path: path.read_bytes() for path in (folder / "pki").iterdir()}
    assert run_hub("init", folder) == (0, "")
    assert {path: path.read_bytes() for path in (folder / "pki").iterdir()} == files
    assert "port = 9443" in (folder / "hub.toml").read_text(encoding="utf-8")
    config = ("--config", folder / "hub.toml")
    assert run_hub("enrol", "con-dao-01", "--out", out, *config) == (0, "")
    assert 'station = "con-dao-01"' in (out / "box.toml").read_text(encoding="utf-8")
    assert (out / "station.key").stat().st_mode & 0o777 == 0o600
    assert run_hub("broker-config", "--out", tmp_path / "broker", *config) == (0, "")
    assert (tmp_path / "broker" / "mosquitto.conf").exists()
    status, text = run_hub("enrol", "hub", "--out", out, *config)
    assert (status, text.startswith("hub: malformed: station name 'hub'")) == (1, True)


def test_what_keeps_the_hub_from_starting_is_one_line_that_names_the_cure(
    broker: Broker, tmp_path: Path, run_hub: RunHub
) -> None:
    config = hub_config(broker)
    ingest = ("ingest", "--config", config.path)

    status, text = run_hub("ingest", "--config", tmp_path / "none.toml")
    assert (status, text.count("\n")) == (1, 1)
    assert "make one with: hub init" in text

    with socket.socket() as other:
        other.bind(("127.0.0.1", config.console.port))
        other.listen()
        status, text = run_hub("serve", "--config", config.path)
    assert (status, f"port {config.console.port}" in text, "another program has it" in text) == (
        1,
        True,
        True,
    )

    with SqliteStore(config.store_folder, is_writer=True):
        status, text = run_hub(*ingest)
    assert (status, "is open in another hub" in text) == (1, True)

    key = config.pki_folder / "hub.key"
    key.unlink()
    status, text = run_hub(*ingest)
    assert (status, text.startswith(f"hub: {key} cannot be read")) == (1, True)

"""The hub's command line, run here, and records put into its store as ingest does."""

import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from contract.ids import RecordClass
from hub.__main__ import main
from hub.config import Config
from hub.ingest.ingest import Counters, Payload, read_batch
from hub.ingest.keyring import KeyRing
from hub.pki.seal_keys import SealKeys
from hub.store.sqlite import SqliteStore
from tests.simulators.box import BoxRecords


class Said(NamedTuple):
    """How a command ended. `out` has the spaces of tables made one."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `hub` with these arguments and `stdin`; returns its exit status and what it said."""

    def run(*arguments: object, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["hub", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), " ".join(said.out.split()), said.err)

    return run


def store_records(config: Config, box: BoxRecords, record_class: RecordClass, *records: bytes) -> None:
    """Commit records of a class to the store of a hub that does not run."""
    ring = KeyRing(SealKeys(config.pki_folder).read())
    payload = Payload(box.station, record_class, box.parcel(records), 1_000, 1.0)
    with SqliteStore(config.store_folder, is_writer=True) as store:
        batch = read_batch([payload], ring=ring, find_key=store.key_event, counters=Counters())
        store.commit(batch.arrivals)

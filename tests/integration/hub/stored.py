"""Records put into the store of a hub that does not run, as its ingest does."""

from contract.ids import RecordClass
from hub.config import Config
from hub.ingest.ingest import Counters, Payload, read_batch
from hub.ingest.keyring import KeyRing
from hub.pki.seal_keys import SealKeys
from hub.store.sqlite import SqliteStore
from tests.simulators.box import BoxRecords


def store_records(config: Config, box: BoxRecords, record_class: RecordClass, *records: bytes) -> None:
    """Commit records of a class to the store of a hub that does not run."""
    ring = KeyRing(SealKeys(config.pki_folder).read())
    payload = Payload(box.station, record_class, box.parcel(records), 1_000, 1.0)
    with SqliteStore(config.store_folder, is_writer=True) as store:
        batch = read_batch([payload], ring=ring, find_key=store.key_event, counters=Counters())
        store.commit(batch.arrivals)

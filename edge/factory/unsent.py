"""What a box that does not run still has for the hub (shell over the spool)."""

from contextlib import closing
from pathlib import Path

from contract.ids import SpoolId
from edge.config import BoxConfig
from edge.errors import FactoryReturnError, SpoolBusyError, SpoolError
from edge.factory.request import Unsent
from edge.spool.former import FormerSpool, formers
from edge.spool.salvage_aside import asides
from edge.spool.spool import Spool


def count_unsent(config: BoxConfig) -> Unsent:
    """Return what would be lost. Raises FactoryReturnError: `edge vitals` runs."""
    records = unread = 0
    own = config.data_dir / "spool.db"
    places: list[tuple[Path, SpoolId | None]] = [(own, None)] if own.exists() else []
    if config.data_dir.is_dir():
        places += formers(config.data_dir)
        unread = len(asides(config.data_dir))
    for path, name in places:
        try:
            with closing(_opened(config, path, name)) as spool:
                records += spool.unsent_count()
        except SpoolBusyError as error:
            raise FactoryReturnError(f"{error}; stop `edge vitals` first, and start it no more") from error
        except SpoolError:
            unread += 1
    return Unsent(records, unread)


def _opened(config: BoxConfig, path: Path, name: SpoolId | None) -> Spool:
    if name is None:
        return Spool(path, quota_bytes=config.quota_bytes)
    return FormerSpool(path, name)

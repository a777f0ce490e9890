"""Records that come by hand: folders in the hub's inbox, taken through the same ingest as parcels from boxes.

`hub import` puts a folder there; whichever process has the store takes it, and writes beside it what became
of the records. A folder goes when all of it is stored; one that is begun anew does no harm.
"""

import asyncio
import json
import logging
import re
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final

from hub.clock import Clock
from hub.ingest.ingest import Payload
from hub.ingest.ingest_service import IngestService
from hub.ingest.parcel_files import ParcelFolderError, parcels, read_folder
from hub.store.interface import StoreFailedError

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
AGAIN_S: Final = 10.0  # after the store failed
PARCELS_AT_ONCE: Final = 20  # of 48 kB: what a call may wait behind
RESULT: Final = ".result.json"
UNREADY: Final = "."  # a name that begins so is not yet whole
_NUMBER: Final = re.compile(r"\.?([0-9]{6,})-")  # of a folder, or of a result that nobody has read yet


class Inbox:
    """The inbox of one hub. Belongs to the loop."""

    def __init__(self, folder: Path, ingest: IngestService, clock: Clock) -> None:
        self._folder, self._ingest, self._clock = folder, ingest, clock

    async def run(self) -> None:
        """Take what comes, until cancelled."""
        while True:
            try:
                await self.take_all()
            except OSError as error:  # such as no room for what became of it; what is there is taken again
                LOG.error("import waits: %s", error)
                await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(LOOK_EVERY_S)

    async def take_all(self) -> None:
        """Take all folders that are there."""
        for folder in await asyncio.to_thread(_ready, self._folder):
            try:
                counts = await self._take(folder)
            except (ParcelFolderError, OSError) as error:
                LOG.error("import: %s", error)
                await asyncio.to_thread(_finish, folder, {"error": str(error)})
            except Exception as error:  # what came on a stick does not end the hub
                LOG.exception("import: %s failed in a way that is our own fault", folder.name)
                text = f"{folder.name}: {error!r}; the hub's log says more: keep the stick, and report it"
                await asyncio.to_thread(_finish, folder, {"error": text})
            else:
                LOG.info("import: %s: %s", folder.name, dict(counts))
                await asyncio.to_thread(_finish, folder, {"counts": dict(counts)})

    async def _take(self, folder: Path) -> Counter[str]:
        found = await asyncio.to_thread(read_folder, folder)
        counts: Counter[str] = Counter()
        for file in found.files:
            waiting = parcels(file)
            while some := await asyncio.to_thread(lambda: list(islice(waiting, PARCELS_AT_ONCE))):  # noqa: B023
                utc_us, now_s = self._clock.utc_now_us(), self._clock.now_s()
                payloads = [Payload(found.station, file.record_class, one, utc_us, now_s) for one in some]
                counts += await self._store(payloads)
        counts["refused"] += max(
            0, found.records - counts.total()
        )  # whole parcels, or records without a name
        return +counts

    async def _store(self, payloads: list[Payload]) -> Counter[str]:
        while True:
            try:
                return await self._ingest.take_in(payloads)
            except StoreFailedError as error:
                LOG.error("import waits: %s", error)
                await asyncio.sleep(AGAIN_S)


def put(folder: Path, inbox: Path, *, on_bytes: Callable[[int], None]) -> Path:
    """Copy an export into the inbox; return its place there. Raises ParcelFolderError, OSError."""
    read_folder(folder)
    inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = (match for path in inbox.iterdir() if (match := _NUMBER.match(path.name)))
    number = 1 + max((int(match[1]) for match in taken), default=0)
    name = f"{number:06d}-{folder.resolve().name}"
    unready, place = inbox / (UNREADY + name), inbox / name
    unready.mkdir(mode=0o700)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            shutil.copyfile(path, unready / path.name)
            on_bytes(path.stat().st_size)
    unready.rename(place)
    return place


def result_of(place: Path) -> Path:
    """Return where it will stand what became of a folder in the inbox."""
    return place.with_name(UNREADY + place.name + RESULT)


def _ready(inbox: Path) -> list[Path]:
    if not inbox.exists():
        return []
    return sorted(path for path in inbox.iterdir() if path.is_dir() and not path.name.startswith(UNREADY))


def _finish(place: Path, result: dict[str, object]) -> None:
    unready = result_of(place).with_suffix(".new")
    unready.write_text(json.dumps(result), encoding="utf-8")
    unready.rename(result_of(place))
    shutil.rmtree(place)

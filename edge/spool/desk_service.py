"""What tools ask of the spools: how they are, a check of everything, an export to a folder."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from contract.ids import BootId, RecordClass, SpoolId, StationId, spool_text
from edge.errors import BoxError, ExportError
from edge.spool.export import Export
from edge.spool.integrity_service import IntegrityService
from edge.spool.ledger import Ledger
from edge.spool.salvage_service import SalvageService
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

Numbers = dict[str, int]


class SpoolDesk:
    """All methods on the loop. `oldest_age_s` says how old the oldest owed record of a class is, if anybody
    can tell.
    """

    def __init__(
        self,
        own: SpoolThread,
        salvage: SalvageService,
        integrity: IntegrityService,
        *,
        station: StationId,
        boot: BootId,
        quota_bytes: int,
        now_us: Callable[[], int],
        oldest_age_s: Callable[[RecordClass], float | None],
    ) -> None:
        self._own, self._salvage, self._integrity = own, salvage, integrity
        self._station, self._boot, self._quota_bytes = station, boot, quota_bytes
        self._now_us, self._oldest_age_s = now_us, oldest_age_s
        self._export: Export | None = None
        self._export_task: asyncio.Task[None] | None = None
        self._export_error: str | None = None

    def questions(self) -> Mapping[str, Any]:
        """Return what the control socket answers."""
        return {"spool status": self.status, "spool verify": self.verify, "spool export": self.export}

    async def status(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return how the spools are. Raises SpoolError."""
        name, ledgers, used, free = await self._own.use(
            lambda s: (s.spool_id, s.ledgers(), s.used_bytes(), s.free_bytes())
        )
        formers = [
            {
                "spool": spool_text(spool),
                "owed": _owed(await thread.use(lambda s: s.ledgers())),
                "bytes": thread.path.stat().st_size,
                "is_filling": thread.is_filling,
            }
            for spool, thread in list(self._salvage.formers.threads.items())
        ]
        asides = [
            {
                "file": file,
                "why": now.aside.why,
                "spool": None if now.spool is None else spool_text(now.spool),
                "scanned": now.outcome.scanned,
                "waits_for": now.waits_for,
                "bytes": now.aside.path.stat().st_size,
            }
            for file, now in self._salvage.asides.items()
        ]
        return {
            "spool": spool_text(name),
            "owed": _owed(ledgers),
            "oldest_age_s": {str(int(c)): self._oldest_age_s(c) for c in RecordClass},
            "kept": {str(int(c)): _kept(one) for c, one in ledgers.items()},
            "given_up": {str(int(c)): _given_up(one) for c, one in ledgers.items()},
            "refused": {str(int(c)): one.refused.count_to(one.given) for c, one in ledgers.items()},
            "used_bytes": used,
            "free_bytes": free,
            "quota_bytes": self._quota_bytes,
            "disk_free_bytes": self._own.disk_free_bytes(),
            "problem": self._own.problem,
            "check": self._integrity.state(),
            "formers": formers,
            "asides": asides,
            "export": self._export_state(),
        }

    async def verify(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check everything now; return the spool and the pass that must be over."""
        name: SpoolId = await self._own.use(lambda s: s.spool_id)
        return {"spool": spool_text(name), "pass": self._integrity.ask(), **self._integrity.state()}

    # Export

    async def export(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begin to write everything to the folder that is asked for. Raises ExportError."""
        folder = Path(str(request.get("folder")))
        if not folder.is_absolute():
            raise ExportError(f"{folder}: the service needs the whole path of the folder")
        if self._export_task is not None and not self._export_task.done():
            raise ExportError(f"an export to {self._export and self._export.folder} is under way")
        self._export_error = None
        self._export = await asyncio.to_thread(Export, folder, station=self._station)
        self._export_task = asyncio.create_task(self._write(self._export), name="export")
        return {"folder": str(folder), "user": os.geteuid()}

    async def _write(self, export: Export) -> None:
        threads: list[SpoolThread] = [self._own, *self._salvage.formers.threads.values()]
        try:
            planned = [(thread, await thread.use(export.plan)) for thread in threads]
            for thread, one in planned:
                while await thread.use(lambda _, one=one: one.portion()):  # type: ignore[misc]
                    pass  # between two of them a press has its turn
            await asyncio.to_thread(export.finish, boot=self._boot, t_us=self._now_us())
        except asyncio.CancelledError:
            self._export_error = "the service ends; export once more, to a new folder"
            raise
        except BoxError as error:
            log.error("export: %s", error)
            self._export_error = str(error)

    def _export_state(self) -> Mapping[str, Any] | None:
        if self._export is None or self._export_task is None:
            return None
        return {
            "folder": str(self._export.folder),
            "total": self._export.total,
            "done": self._export.done,
            "damaged": sum(one.damaged for one in self._export.files),
            "bytes": sum(one.bytes for one in self._export.files),
            "is_over": self._export_task.done(),
            "error": self._export_error,
        }

    async def close(self) -> None:
        """End an export that is under way: its folder has no manifest."""
        if self._export_task is not None:
            self._export_task.cancel()
            await asyncio.gather(self._export_task, return_exceptions=True)


def _owed(ledgers: Mapping[RecordClass, Ledger]) -> Numbers:
    return {str(int(c)): one.given - one.settled().count_to(one.given) for c, one in ledgers.items()}


def _kept(ledger: Ledger) -> int:
    """Received, and still here for a hub that is restored from a backup."""
    return sum(high - low + 1 for low, high in ledger.on_card(ledger.received))


def _given_up(ledger: Ledger) -> int:
    """Gone without having been received."""
    return sum(high - low + 1 for gone in ledger.given_up for low, high in ledger.received.holes(*gone))

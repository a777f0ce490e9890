"""The spools of a box: its own, the former ones, and files that were set aside.

A file that says it is damaged is replaced within seconds: the rooms of `edge vitals` end, the file is set
aside, and they begin again with another spool that takes over what they knew. Recovery, the check of what is
in use and the proof that a card went back in time run beside them.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from contract.ids import BootId, RecordClass, SpoolId, spool_text
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from edge.call.call_records_service import STORE_AGAIN_S
from edge.call.call_service import CallService
from edge.call.station_table import OWED
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import SpoolDamagedError, SpoolError
from edge.health.doctor import AsideSight, CardSight
from edge.machine_name import machine_name
from edge.spool.batch import Batch, Entry, OwedRecord
from edge.spool.binding import bind
from edge.spool.desk_service import SpoolDesk
from edge.spool.former_service import FormerThread, Ledgers, Offices
from edge.spool.integrity_service import IntegrityService
from edge.spool.salvage_aside import Aside, Heritage, asides, keep_name, kept_name, set_aside
from edge.spool.salvage_heritage import UNKNOWN, heritage_of
from edge.spool.salvage_service import DRAFTS_ELSEWHERE, SalvageService
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread
from edge.uplink.owed import Owed
from edge.uplink.receipts_service import Card
from edge.uplink.sources import Source
from edge.uplink.timeline import Doubt
from edge.uplink.uplink_service import Uplink

log = logging.getLogger(__name__)

UNSENT_FACT: Final = "unsent from"  # of `edge.uplink.timeline`
AGAIN_MAX_S: Final = 60.0  # between two files that are damaged at once: then it is the card


class Spools:
    """Built once; `open`, `build` and `run` for each own spool, `replace` after it. All on the loop."""

    def __init__(self, config: BoxConfig, clock: BoxClock) -> None:
        self._config, self._clock = config, clock
        self._path = config.data_dir / "spool.db"
        self._carried: list[Entry] = []  # from memory, for the next spool
        self._replaced_s: list[float] = []
        self.own = self._new_thread()

    def _new_thread(self) -> SpoolThread:
        return SpoolThread(self._path, quota_bytes=self._config.quota_bytes)

    def begin_again(self) -> None:
        """Let `open` open the same own spool once more, after it was closed."""
        self.own = self._new_thread()

    async def open(self) -> Spool:
        """Return the own spool, open; one that is damaged, or of another machine, has been replaced. Raises
        SpoolError.
        """
        await self._finish_moving()
        try:
            return await self._open()
        except SpoolDamagedError as error:
            await self.own.close()
            await self._set_aside(str(error), Heritage(spool=kept_name(self._path)))
            self.own = self._new_thread()
            return await self._open()

    async def _open(self) -> Spool:
        spool = await self.own.open()
        machine = await asyncio.to_thread(machine_name, self._config.serial_file)
        await self.own.use(lambda s: bind(s, machine))
        await asyncio.to_thread(keep_name, self._path, spool.spool_id)
        before = await asyncio.to_thread(self._before)
        if before is not None:
            heritage = await asyncio.to_thread(heritage_of, before, boot_name=self._clock.boot_name)
            await self.own.use(lambda s: s.inherit(heritage, heir_of=before.path.name))
        return spool

    async def _finish_moving(self) -> None:
        """A power cut may have come while a file was being set aside: it must not be opened in between."""
        try:
            await asyncio.to_thread(asides, self._path.parent)
        except OSError as error:
            raise SpoolError(
                f"{self._path.parent}: cannot finish setting a file aside: {error.strerror}; change the card"
            ) from error

    def _before(self) -> Aside | None:
        """The own spool that was set aside last, while its file is there."""
        own = [one for one in asides(self._path.parent) if one.origin == self._path.name]
        return own[-1] if own else None

    async def store_carried(self) -> list[OwedRecord]:
        """Store what the rooms still had in memory when the spool before ended."""
        before = await asyncio.to_thread(self._before)
        if before is None or not self._carried:
            return []
        entries, self._carried = self._carried, []
        elsewhere = await self.own.use(lambda s: s.fact(DRAFTS_ELSEWHERE) or [])
        facts = {DRAFTS_ELSEWHERE: [*elsewhere, before.path.name]}
        try:
            return await self.own.store_now(Batch(entries=entries, facts=facts))
        except SpoolError as error:
            log.error("%d events and records of the spool before are lost: %s", len(entries), error)
            return []

    async def replace(self, why: str, heritage: Heritage, told: list[Entry]) -> None:
        """Set the own spool aside and let `open` begin another. `told` must be stored there before what could
        not be stored here. Raises SpoolError: the card cannot even rename a file.
        """
        unsaved = self.own.take_unsaved()
        self._carried += [*told, *unsaved] if unsaved else []
        await self.own.close()
        await asyncio.sleep(self._patience_s())
        await self._set_aside(why, heritage)
        self.own = self._new_thread()

    async def _set_aside(self, why: str, heritage: Heritage) -> None:
        try:
            await asyncio.to_thread(set_aside, self._path, why=why, heritage=heritage)
        except OSError as error:
            raise SpoolError(
                f"{self._path}: is damaged ({why}) and cannot be set aside: {error.strerror}; change the card"
            ) from error

    def _patience_s(self) -> float:
        """A card that damages one file after the other is not given a new one each second."""
        now_s = self._clock.now_s()
        self._replaced_s = [at_s for at_s in self._replaced_s if now_s - at_s < 600.0] + [now_s]
        recent = len(self._replaced_s) - 1
        return 0.0 if recent == 0 else min(AGAIN_MAX_S, 2.0**recent)

    # The proof that the card went back in time

    @property
    def card(self) -> Card:
        """What the uplink asks and tells of the own spool's time."""
        return Card(self._keep_unsent, self._is_given_up, self._on_back_in_time)

    async def _keep_unsent(self, kept: dict[str, int] | None) -> None:
        """Note, durably, what was not sent. Raises SpoolError."""
        await self.own.store_now(Batch(facts={UNSENT_FACT: kept}))

    async def _is_given_up(self, doubt: Doubt) -> bool:
        """Whether all of these were given up: their tombstones may have been earlier than we. Raises
        SpoolError.
        """
        ledger = await self.own.use(lambda s: s.ledger(doubt.record_class))
        return next(ledger.given_up.holes(doubt.first_seq, doubt.last_seq), None) is None

    def _on_back_in_time(self, why: str) -> None:
        """Numbers were given twice. The press of now, if the hub has not had it, may bear such a one."""
        call = self._call.call
        if call.state in OWED and call.spool is None:
            call.left_behind(UNKNOWN)
        self.own.condemn(why)

    # Beside the rooms

    def build(
        self,
        *,
        boot: BootId,
        uplink: Uplink,
        call: CallService,
        on_stored: Callable[[list[OwedRecord]], None],
        is_in_call: Callable[[], bool],
    ) -> None:
        """Bind to the rooms of now."""

        def oldest_age_s(record_class: RecordClass) -> float | None:
            oldest = uplink.owed.oldest(record_class)
            is_dated = oldest is not None and oldest.boot == boot
            return max(0.0, (self._clock.now_us() - oldest.t_us) / 1e6) if oldest and is_dated else None

        self._uplink, self._call = uplink, call
        self.own.on_told = on_stored
        offices = Offices(
            own=self.own,
            clock=self._clock,
            boot=boot,
            quota_bytes=self._config.quota_bytes,
            is_in_call=is_in_call,
            on_stored=on_stored,
            on_opened=self._on_opened,
            on_more=self._on_more,
            on_closed=lambda thread: uplink.sources.remove(thread.spool),
            on_calls=self._on_calls,
        )
        self.salvage = SalvageService(self._path.parent, offices)
        self.integrity = IntegrityService(
            self.own,
            boot=boot,
            now_us=self._clock.now_us,
            is_in_call=is_in_call,
            on_told=on_stored,
            on_gone=uplink.owed.give_up,
        )
        self.desk = SpoolDesk(
            self.own,
            self.salvage,
            self.integrity,
            station=self._config.station,
            boot=boot,
            quota_bytes=self._config.quota_bytes,
            now_us=self._clock.now_us,
            oldest_age_s=oldest_age_s,
        )

    async def run(self) -> None:
        """Recover and check until cancelled. Raises SpoolDamagedError when the own spool must be replaced."""
        if self._call.call.spool == UNKNOWN:
            await self._on_calls(None, SeqRanges())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.salvage.run(), name="salvage")
                tasks.create_task(self.integrity.run(), name="integrity")
                tasks.create_task(self._until_damaged(), name="damage")
        finally:
            await asyncio.shield(self.desk.close())

    async def _until_damaged(self) -> None:
        raise SpoolDamagedError(await self.own.until_damaged())

    def on_receipt(self, receipt: Receipt) -> None:
        """A receipt came, of whatever spool."""
        self.salvage.formers.on_hub_clock(receipt.hub_sent_utc_us)

    def _on_opened(self, thread: FormerThread, ledgers: Ledgers) -> None:
        owed = Owed(ledgers)
        owed.epoch = thread.epoch

        def on_receipt(receipt: Receipt, _gone: list[OwedRecord]) -> None:
            self.salvage.formers.on_receipt(thread, receipt, owed.received)
            self.on_receipt(receipt)
            self._call.on_receipt(receipt)

        source = Source(thread.spool, thread.boot, owed, thread.load, thread.read, thread.reload, on_receipt)
        self._uplink.sources.add(source)
        self._uplink.look_again()

    def _on_more(self, thread: FormerThread, ledgers: Ledgers) -> None:
        source = self._uplink.sources.of(thread.spool)
        if source is not None:
            for record_class, received in source.owed.received.items():
                for low, high in received:
                    ledgers[record_class].received.add(low, high)
            source.owed.hub_restored(ledgers)
            self._uplink.look_again()

    async def _on_calls(self, spool: SpoolId | None, there: SeqRanges) -> None:
        """All that can be found soon of a former spool's class 0 is `there`; of no spool: of none that is
        not known. A press that is not there and that the hub does not have is stored again.
        """
        call = self._call.call
        if call.spool is None or call.call_seq is None or call.state not in OWED:
            return
        known = {spool_text(one) for one in self.salvage.formers.threads}
        is_lost = (
            call.spool not in known
            if spool is None
            else call.spool == spool_text(spool) and call.call_seq not in there
        )
        if is_lost:
            log.error("the press of call %d is lost with its spool: it is stored again", call.call_seq)
            await self._store_press_anew()

    async def _store_press_anew(self) -> None:
        """However long the card refuses. Raises SpoolDamagedError: then the next spool is asked."""
        while True:
            try:
                presses = await self.own.use(lambda s: s.presses())
                await self._call.records.store_anew(presses[-1] if presses else None)
            except SpoolDamagedError:
                raise
            except SpoolError as error:
                log.error("the press waits: %s", error)
                await asyncio.sleep(STORE_AGAIN_S)
            else:
                return

    # For the doctor

    def sight(self) -> CardSight:
        """How sound the card is."""
        now, last = self.integrity.now, self.salvage.last
        return CardSight(
            check_share=now.share if now.is_running else None,
            check_passes=now.passes,
            damaged_records=now.damaged,
            asides=tuple(
                AsideSight(
                    file=file,
                    why=one.aside.why,
                    is_known=one.spool is not None or not one.outcome.is_done,
                    waits_for=one.waits_for,
                )
                for file, one in self.salvage.asides.items()
            ),
            recovered=None if last is None else (last[0], last[1].recovered, last[1].lost_count),
            former_owed=sum(
                source.owed.count(record_class)
                for source in self._uplink.sources
                if source is not self._uplink.sources.own
                for record_class in RecordClass
            ),
        )

"""Minutes are signed when a call is off the list, whoever took it off, and again when they are corrected."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from contract.events import Press
from contract.ids import CallId, RecordClass, StationId
from hub.calls.table import State
from hub.cases.minutes import Minutes, MinutesError, Sign, read_minutes, sign_minutes
from hub.cases.minutes_writing import practice_of, write_document
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.pki.authority import Authority
from hub.pki.files import PkiError
from hub.store.interface import CallRow, Store, StoreFailedError
from hub.store.papers import Paper, PaperRow, VisitId

log = logging.getLogger(__name__)

GATHER_S: Final = 0.2  # many calls that change at once are looked at together
TRY_AGAIN_S: Final = 5.0
LOOK_BACK_US: Final = 7 * 86_400_000_000  # for calls whose hub ended between closing them and their minutes


class MinutesDesk:
    """`begin`, then `run` until cancelled; `on_calls` is told of each change of calls."""

    def __init__(
        self,
        hub: Hub,
        *,
        open_calls: Callable[[], Iterable[CallId]],
        name_of: Callable[[StationId], str],
        unit_of: Callable[[StationId], str],
    ) -> None:
        """`open_calls`: those that are on the list now; `name_of`: what people call a station;
        `unit_of`: the path of its unit, "" for none.
        """
        self._hub, self._open_calls, self._name_of, self._unit_of = hub, open_calls, name_of, unit_of
        self._sign: Sign = Authority(hub.config.pki_folder).sign
        self._unsettled: set[CallId] = set()  # open, just pressed, or just closed
        self._awake = asyncio.Event()
        hub.on_committed(self._on_committed)

    async def begin(self) -> None:
        """Find the calls that were closed and have no minutes yet."""
        from_us = self._hub.utc_now_us() - LOOK_BACK_US
        self._unsettled = set(await self._hub.run_read(lambda store: store.calls_unsigned(from_us)))
        self._awake.set()

    def on_calls(self) -> None:
        """Some call has changed."""
        self._awake.set()

    async def run(self) -> None:
        """Write minutes, until cancelled."""
        while True:
            await self._awake.wait()
            await asyncio.sleep(GATHER_S)
            self._awake.clear()
            listed = set(self._open_calls())
            try:
                for call_id in self._unsettled - listed:
                    if await self._hub.run_write(lambda store, of=call_id: self._settle(store, of)):  # type: ignore[misc]
                        self._unsettled.discard(call_id)
            except (StoreFailedError, PkiError) as error:
                log.error("minutes are still to be signed: %s", error)
                await asyncio.sleep(TRY_AGAIN_S)
                self._awake.set()
            self._unsettled |= listed

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        """A press is a call that may be closed before it is seen on any list."""
        for one in batch:
            station, spool, record_class, seq = one.arrival.record_id
            if record_class is RecordClass.CALL and isinstance(one.arrival.event, Press):
                self._unsettled.add(CallId(station, spool, seq))

    def correct(self, store: Store, call_id: CallId, *, reason: str, by: str) -> bool:
        """Sign another version of what stands now, which names the former; False: there is none yet. For the
        store's thread. Raises StoreFailedError, PkiError.
        """
        row, former = store.call(call_id), read_newest(store, call_id)
        if row is None or former is None:
            return False
        return self._keep(store, row, former, reason=reason, by=by)

    def _settle(self, store: Store, call_id: CallId) -> bool:
        """Write the minutes of a call that is off the list; False: it is on it, or will be in a moment."""
        row = store.call(call_id)
        if row is None or practice_of(row) == "test":
            return True  # it was a nudge of another, or a press that proves the way and no call
        if row.state != State.CLOSED.name:
            return False
        journal, former = store.journal(call_id), read_newest(store, call_id)
        if not journal or (former is not None and len(former.document["journal"]) >= len(journal)):
            return True  # of a hub that kept no journal yet, or all is written
        by = next((line.by for line in reversed(journal) if line.to_state == State.CLOSED.name), None)
        if self._keep(store, row, former, reason="", by=by):
            log.info("call %s: minutes are signed", call_id)
        return True

    def _keep(
        self, store: Store, row: CallRow, former: Minutes | None, *, reason: str, by: str | None
    ) -> bool:
        utc_us = self._hub.utc_now_us()
        document = write_document(
            store,
            row,
            station_name=self._name_of(row.call_id.station),
            station_unit=self._unit_of(row.call_id.station),
            former=former,
            reason=reason,
            by=by,
            utc_us=utc_us,
        )
        minutes = sign_minutes(document, sign=self._sign)
        paper = Paper(
            call_id=row.call_id,
            of=VisitId(row.call_id.spool, row.visit),
            kind="minutes",
            by=by or "",
            utc_us=utc_us,
            json=minutes.to_bytes().decode(),
        )
        return store.keep_paper(paper, after=0 if former is None else former.version) is not None


def read_kept(row: PaperRow) -> Minutes | None:
    """Return minutes as the store has them; whether they are signed is for `hub minutes verify` to say."""
    try:
        return read_minutes(row.json.encode(), check=lambda _text, _signature: True)
    except MinutesError as error:
        log.error("minutes of call %s in the store: %s", row.call_id, error)
        return None


def read_newest(store: Store, call_id: CallId) -> Minutes | None:
    """Return the newest minutes of a call; None: there are none yet."""
    rows = store.papers_of_call(call_id, kind="minutes")
    return read_kept(rows[-1]) if rows else None

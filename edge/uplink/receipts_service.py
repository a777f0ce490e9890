"""What receipts change: who owes what no more, whose hub is another, and that a card went back in time."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from contract.errors import Refusal
from contract.ids import RecordClass
from contract.receipts import Receipt
from contract.times import TimeExchange
from edge.errors import SpoolError
from edge.uplink.sources import Source, Sources
from edge.uplink.timeline import Doubt, Timeline

log = logging.getLogger(__name__)

READ_AGAIN_S: Final = 1.0  # after the card refused to be read


@dataclass(frozen=True, slots=True)
class Card:
    """What the card is asked and told of the own spool's time. The two that are awaited raise SpoolError."""

    keep_unsent: Callable[[dict[str, int] | None], Awaitable[None]]  # for `Timeline`
    is_given_up: Callable[[Doubt], Awaitable[bool]]
    on_back_in_time: Callable[[str], None]  # the own spool must not be used any more, and why


def exchange_of(receipt: Receipt, *, heard_us: int) -> TimeExchange:
    """Return the four times of a receipt that was heard then, µs of the box's clock."""
    return TimeExchange(
        receipt.echo_sent_t_us, receipt.hub_received_utc_us, receipt.hub_sent_utc_us, heard_us
    )


class Receipts:
    """Takes the receipts of all sources. All methods on the loop."""

    def __init__(self, sources: Sources, timeline: Timeline, card: Card) -> None:
        self._sources, self._timeline, self._card = sources, timeline, card

    async def take(self, receipt: Receipt) -> None:
        """Take one receipt, of whatever spool."""
        source = self._sources.of(receipt.spool)
        if source is None or await self._is_back_in_time(source, receipt):
            return
        owed = source.owed
        if owed.epoch is not None and receipt.epoch != owed.epoch:
            text = "the hub's store is another one (epoch %08x): sending again what it lacks"
            log.warning(text, receipt.epoch)
            await self._start_over(source, receipt)
        gone = owed.receive(receipt.committed, epoch=receipt.epoch)
        owed.refuse(receipt.refused)
        source.on_receipt(receipt, gone)

    async def _start_over(self, source: Source, receipt: Receipt) -> None:
        """The hub's store is another: what it lacks is owed again, as soon as the card lets us look."""
        while True:
            try:
                ledgers = await source.reload(receipt)
                break
            except SpoolError as error:
                log.error("what the hub lacks cannot be looked up: %s", error)
                await asyncio.sleep(READ_AGAIN_S)
        source.owed.hub_restored(ledgers)

    # The proof that the card went back in time

    async def _is_back_in_time(self, source: Source, receipt: Receipt) -> bool:
        """Whether the receipt proves that the card was put back to an older state: then it is about records
        of another time.
        """
        if source is not self._sources.own:
            return False
        doubt = self._timeline.doubt(receipt.committed, source.owed)
        other = next((one for one in receipt.refused if one.refusal is Refusal.OTHER_CONTENT), None)
        try:
            if doubt is not None and not await self._card.is_given_up(doubt):
                text = f"the hub has record {doubt.first_seq} of class {doubt.record_class}, never sent"
            elif other is not None:
                text = f"the hub has another record {other.seq} of class {other.record_class}"
            else:
                return False
        except SpoolError as error:
            log.error("a receipt cannot be checked, and is not taken: %s", error)
            return True
        self._card.on_back_in_time(f"the card went back in time: {text}")
        return True

    async def before_connecting(self) -> None:
        """While nothing can be sent, note what was not."""
        if not self._timeline.is_kept:
            with contextlib.suppress(SpoolError):  # then all of before may have been sent
                await self._card.keep_unsent(self._timeline.kept())
                self._timeline.is_kept = True

    async def before_sending(self, source: Source) -> None:
        """From now on anything may have been sent, and the card must know before it is."""
        if source is self._sources.own and self._timeline.is_kept:
            with contextlib.suppress(SpoolError):  # at worst another spool begins for nothing
                await self._card.keep_unsent(None)
            self._timeline.is_kept = False

    def on_sent(self, source: Source, record_class: RecordClass, seqs: Iterable[int]) -> None:
        """These are on the way."""
        if source is self._sources.own:
            self._timeline.on_sent(record_class, seqs)

"""What receipts have said since the card was last told (core)."""

from collections.abc import Mapping
from dataclasses import replace

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord
from edge.spool.batch import Batch


class ReceiptBook:
    """`refused_count`: records that the hub will not take, of all times."""

    def __init__(self, *, refused_count: int) -> None:
        self.refused_count = refused_count
        self._refused: list[RefusedRecord] = []
        self._hub_utc_us = 0
        self._has_news = False

    def on_receipt(self, receipt: Receipt) -> None:
        """The hub has said something of the own spool."""
        self._has_news, self._hub_utc_us = True, receipt.hub_sent_utc_us
        self._refused += receipt.refused
        self.refused_count += len(receipt.refused)

    def added_to(
        self, batch: Batch | None, *, received: Mapping[RecordClass, SeqRanges], epoch: int | None
    ) -> Batch | None:
        """Return `batch` with what is new; `received` and `epoch` are what is known by now."""
        if not self._has_news:
            return batch
        self._has_news = False
        refused, self._refused = self._refused, []
        batch = batch or Batch()
        return replace(
            batch,
            facts={**batch.facts, "epoch": epoch},
            received={
                c: SeqRanges(ranges) for c, ranges in received.items()
            },  # the original goes on changing
            refused=refused,
            hub_utc_us=self._hub_utc_us,
        )

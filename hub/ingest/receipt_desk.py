"""When which spool gets a receipt (core): at once for a call or a hello, else every RECEIPT_EVERY_S."""

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from contract.ids import BoxName, RecordClass, SpoolId, StationId
from contract.limits import RECEIPT_EVERY_S, RECEIPT_REFUSALS_MAX
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord
from hub.ingest.ingest import Sent, Spool

SPOOLS_MAX: Final = (
    30_000  # 14,000 stations, some with two; one that is forgotten gets its next receipt at once
)


@dataclass(slots=True)
class _Account:
    sent: Sent
    ranges: Mapping[RecordClass, SeqRanges]
    refused: dict[tuple[RecordClass, int], RefusedRecord] = field(default_factory=dict)
    receipt_s: float | None = None  # when the last one went out
    due_s: float | None = None


class ReceiptDesk:
    """What we owe each spool. The caller asks `due` at `next_due_s` and after each `note`."""

    def __init__(self, *, epoch: int, spools_max: int = SPOOLS_MAX) -> None:
        self._epoch, self._spools_max = epoch, spools_max
        self._accounts: OrderedDict[Spool, _Account] = OrderedDict()  # the last noted at the end
        self._dues: list[tuple[float, Spool]] = []  # a heap; entries that no longer hold are skipped

    def note(
        self,
        spool: Spool,
        sent: Sent,
        ranges: Mapping[RecordClass, SeqRanges],
        *,
        refused: Iterable[RefusedRecord] = (),
        is_urgent: bool,
        now_s: float,
    ) -> None:
        """Something of the spool was committed, or it said hello; `ranges` is all that is stored of it."""
        account = self._accounts.setdefault(spool, _Account(sent, ranges))
        account.sent, account.ranges = sent, ranges
        for one in refused:
            if len(account.refused) < RECEIPT_REFUSALS_MAX:
                account.refused[one.record_class, one.seq] = one
        self._accounts.move_to_end(spool)
        if len(self._accounts) > self._spools_max:
            self._accounts.popitem(last=False)
        due_s = now_s
        if not is_urgent and account.receipt_s is not None:
            due_s = max(now_s, account.receipt_s + RECEIPT_EVERY_S)
        if account.due_s is None or due_s < account.due_s:
            account.due_s = due_s
            heapq.heappush(self._dues, (due_s, spool))

    @property
    def next_due_s(self) -> float | None:
        """When the next receipt is due, monotonic; None: not before something comes."""
        return self._dues[0][0] if self._dues else None

    def due(self, *, now_s: float, utc_now_us: int) -> list[tuple[StationId | BoxName, Receipt]]:
        """Return the receipts to send now, each with whom to: a station is the box that it has now."""
        receipts = list[tuple[StationId | BoxName, Receipt]]()
        while self._dues and self._dues[0][0] <= now_s:
            due_s, spool = heapq.heappop(self._dues)
            account = self._accounts.get(spool)
            if account is None or account.due_s != due_s:
                continue
            receipts.append((account.sent.former or spool[0], self._receipt(spool[1], account, utc_now_us)))
            account.receipt_s, account.due_s = now_s, None
            account.refused = {}
        return receipts

    def _receipt(self, spool: SpoolId, account: _Account, utc_now_us: int) -> Receipt:
        return Receipt(
            spool=spool,
            epoch=self._epoch,
            echo_sent_t_us=account.sent.sent_t_us,
            hub_received_utc_us=account.sent.received_utc_us,
            hub_sent_utc_us=max(utc_now_us, 0),
            committed=account.ranges,
            refused=tuple(account.refused.values()),
        )

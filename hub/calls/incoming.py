"""What was committed and has to do with calls, until the desk gets to it (core)."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from contract.events import PracticeMode, Press
from contract.header import Record
from contract.ids import CallId, RecordClass, StationId
from hub.calls.age import Age, age_on_arrival
from hub.calls.news import News, news_of, news_of_delivery
from hub.ingest.committed import Committed
from hub.routing.outside import Delivery
from hub.store.interface import Outcome
from hub.times.fit import UNKNOWN

NEWS_MAX: Final = 10_000  # what waits to be applied; the store has it all the same
_UNKNOWN_AGE: Final = Age(0.0, None)


class Incoming:
    """Filled by `hear`; the desk takes what it has dealt with."""

    def __init__(self) -> None:
        self.to_read: dict[CallId, int] = {}  # what may be a call now, or is none any more; when it came
        self.news: deque[News] = deque(maxlen=NEWS_MAX)
        self.practices: list[tuple[StationId, PracticeMode]] = []

    def hear(self, batch: Sequence[Committed]) -> bool:
        """Take what was committed; return whether any of it has to do with calls."""
        return any([self._hear(one) for one in batch if one.outcome is Outcome.STORED])

    def add_missed(self, news: Sequence[News]) -> None:
        """Add what the store knows and nobody has applied, before what has come since; no record twice."""
        there = {one.record for one in self.news}
        self.news.extendleft(reversed([one for one in news if one.record is None or one.record not in there]))

    def hear_of_delivery(self, delivery: Delivery) -> bool:
        """Take what became of a message to the outside; return whether the journal is told."""
        news = news_of_delivery(delivery)
        if news is not None:
            self.news.append(news)
        return news is not None

    def _hear(self, one: Committed) -> bool:
        event = one.arrival.event
        is_of_class_0 = one.arrival.record_class is RecordClass.CALL
        if event is None and not is_of_class_0:
            return False
        record_id = one.arrival.record_id
        if is_of_class_0:  # what cannot be opened may be a press; what is opened late may have been none
            call_id = CallId(record_id.station, record_id.spool, record_id.seq)
            self.to_read.setdefault(call_id, round(one.received_s * 1e6))
        if isinstance(event, PracticeMode):
            self.practices.append((record_id.station, event))
            return True
        news = news_of(event, record_id, age=_age(one) if isinstance(event, Press) else _UNKNOWN_AGE)
        if news is not None:
            self.news.append(news)
        return is_of_class_0 or news is not None


def _age(one: Committed) -> Age:
    """How old a press was when it came, as far as its parcel alone tells."""
    arrival = one.arrival
    if not isinstance(arrival.record, Record):
        return _UNKNOWN_AGE
    header = arrival.record.header
    return age_on_arrival(
        header.boot,
        header.t_us,
        sent_boot=arrival.boot,
        sent_t_us=arrival.sent_t_us,
        received_utc_us=arrival.received_utc_us,
        moment=UNKNOWN,
    )

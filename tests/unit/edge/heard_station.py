"""A box with a board and instruments, for tests of capture: what was said, and what came onto its card."""

from typing import Any

from contract.events import AnyEvent, Event, StreamSet, parse_event
from contract.header import Kind
from contract.ids import BootId
from edge.capture.capture import BOARD, Capture
from edge.spool.batch import Batch, Entry
from firmware_bridge import events as bridge
from tests.unit.edge.board_events import connected

BOOT = BootId(3)
NOW_US = 40_000_000


class Station:
    """A box with a board and instruments, and all that came onto its card."""

    def __init__(self, facts: dict[str, Any] | None = None) -> None:
        self.capture = Capture(boot=BOOT, facts=facts or {})
        self.now_us = NOW_US
        self.entries: list[Entry] = []
        self.drafts: list[Entry] = []
        self.say(BOARD, connected())
        self.cut()

    def say(self, source: str, *events: bridge.Event) -> None:
        for event in events:
            self.capture.handle(event, source=source, now_us=self.now_us)

    def cut(self, *, is_live: bool = False) -> Batch | None:
        """Return the last batch; all are on the card."""
        batch = None
        for one in self.capture.cut(now_us=self.now_us, is_live=is_live):
            batch = self.capture.batch(one, one.coded())
            if batch is not None:
                self.entries += batch.entries
                self.drafts = [] if batch.drops_drafts else [*self.drafts, *batch.drafts]
        return batch

    def told(self, *kinds: type[Event]) -> list[AnyEvent]:
        self.cut()
        events = [parse_event(one.body) for one in self.entries if one.header.kind is Kind.EVENT]
        return [event for event in events if isinstance(event, kinds)]

    def visits_of(self, kind: type[Event]) -> list[int]:
        self.cut()
        return [
            one.header.visit
            for one in self.entries
            if one.header.kind is Kind.EVENT and isinstance(parse_event(one.body), kind)
        ]

    def chunks(self) -> list[tuple[str, int, int, int]]:
        """(device, visit, first index, samples) of the first column of each chunk on the card."""
        sets = {one.set_no: one.device for one in self.told(StreamSet) if isinstance(one, StreamSet)}
        return [
            (sets[one.header.stream_set], one.header.visit, one.header.first_index, one.header.count)
            for one in (*self.entries, *self.drafts)
            if one.header.kind is Kind.CHUNK
        ]

    def next_person(self) -> None:
        self.capture.next_person(now_us=self.now_us)

"""What stations do to calls, as their records tell it, and what became of words to the outside (core)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from contract.events import AnyEvent, CallRaised, CallStep, HubRang, Press
from contract.ids import CallId, RecordClass, RecordId, parse_spool, spool_text
from contract.ranges import SeqRanges
from hub.calls.age import Age
from hub.calls.call import Given
from hub.calls.call_book import CallBook
from hub.calls.moves import HeldCall, Step
from hub.calls.open_call import ABANDONED_NUDGED_US
from hub.calls.rings import Fruitless
from hub.calls.table import LIVE_STATES, Input, State
from hub.routing.outside import Delivery
from hub.routing.webhook_signing import message_id
from hub.store.interface import JournalLine, Store

STEPS: Final = ("call step", "call raised")  # events of a call beside its presses
STEPS_READ: Final = 50  # of a station: as many are looked at after a restart
WHY_MAX_CHARS: Final = 200  # of a line of the journal
_PRESSED: Final = frozenset({Input.PRESSED_AGAIN, Input.PRESSED_LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a station did to a call. `press`: the press that did it, if it was one: where the store made it a
    call of its own, the call that it names is left alone, or one press would ring twice. `ring`: of the hub,
    that is accepted or not. `call_id` None: whichever call has that ring. `record`: where it was told.
    """

    input: Input
    call_id: CallId | None = None
    press: CallId | None = None
    ring: str | None = None
    record: str | None = None
    said: Fruitless | None = None  # the station's own word for it
    detail: Mapping[str, object] = field(default_factory=dict)  # what else the journal is told


def news_of(event: AnyEvent | None, record_id: RecordId, *, age: Age) -> News | None:
    """Return what an event does to a call that there is; `age`: of a press."""
    station, spool, _, seq = record_id
    record = f"{spool_text(spool)}.{seq}"
    match event:
        case CallStep(step="cancelled", call_seq=call_seq):  # "ended" says again what the hub has said
            named = spool if event.spool is None else parse_spool(event.spool)
            call_id = CallId(station, named, call_seq)
            return News(input=Input.CANCEL, call_id=call_id, record=record)
        case CallRaised(call_seq=call_seq):
            named = spool if event.spool is None else parse_spool(event.spool)
            return News(input=Input.RAISED, call_id=CallId(station, named, call_seq), record=record)
        case Press(nudges=int(call_seq), answers=ring):
            input_ = Input.PRESSED_LATE if age.is_too_old_to_ring else Input.PRESSED_AGAIN
            press = CallId(station, spool, seq)
            call_id = CallId(station, spool, call_seq)
            return News(input=input_, call_id=call_id, press=press, ring=ring, record=record)
        case HubRang(outcome=("declined" | "unanswered") as outcome, ring=ring):
            return News(input=Input.DECLINED, ring=ring, said=outcome)
        case _:
            return None


def news_of_delivery(delivery: Delivery) -> News | None:
    """Return what the journal is told of a message to the outside: how it ended, and the first try that
    failed; None: what is neither."""
    if delivery.state == "withdrawn" or (delivery.state == "trying" and delivery.tries > 1):
        return None
    detail = {
        "delivery": delivery.state,
        "adapter": delivery.tell.adapter.name,
        "message": message_id(str(delivery.call_id), delivery.tell.key),
        "people": [person.name for person in delivery.tell.people],
        "why": delivery.text[:WHY_MAX_CHARS],
    }
    return News(
        input=Input.TOLD, call_id=delivery.call_id, detail={key: said for key, said in detail.items() if said}
    )


def unsent_of(store: Store, held: HeldCall) -> frozenset[str]:
    """Return what was about to be told outside of a call, and went out by no line of its journal: the hub may
    have ended in between."""
    call_id, told = held.row.call_id, held.kept.told
    said = [_said(line) for line in (store.journal(call_id) if told else ())]
    sent = {one.get("message") for one in said if one.get("delivery") == "sent"}
    return frozenset(key for key in told if message_id(str(call_id), key) not in sent)


def step_of(news: News, book: CallBook, *, has_page: Callable[[str], bool], now_us: int) -> Step | None:
    """Return what the news means for the call by now; None: nothing."""
    detail = dict(news.detail) | {
        key: value
        for key, value in (("record", news.record), ("ring", news.ring), ("said", news.said))
        if value is not None
    }
    if news.call_id is None:
        called = None if news.ring is None else book.with_ring(news.ring)
        return None if called is None else Step(called.call_id, Given(input=news.input), detail)
    one, input_, press = book.get(news.call_id), news.input, news.press
    if input_ is Input.TOLD and one is None:
        return None  # it is closed by now
    if press is not None and (book.get(press) is not None or book.was_closed(press)):
        return None
    if one is not None and input_ in _PRESSED:
        if one.is_abandoned(ABANDONED_NUDGED_US, has_page=has_page, now_us=now_us):
            input_ = Input.ABANDONED
        elif one.state is State.CALLING:
            input_ = Input.ACCEPTED if news.ring == one.call.ring else Input.PRESSED_AGAIN
    return Step(news.call_id, Given(input=input_), detail)


def missed_news(store: Store, held: HeldCall) -> list[News]:
    """Return what the station did to a call and nobody has applied: the desk was not there.

    The journal names the record of each step that was applied, and of each press that was counted; what the
    box recorded after the last of them is news. A press that was counted last, of a call for which nobody
    waits, has not rung yet.
    """
    call_id = held.row.call_id
    journal = store.journal(call_id)
    seen = _seen(call_id, journal)
    found = []
    for one in reversed(store.events(call_id.station, names=STEPS, newest=STEPS_READ)):
        news = news_of(one.event, one.record_id, age=held.age)
        is_new = one.record_id.seq > seen.get(spool_text(one.record_id.spool), 0)
        if news is not None and news.call_id == call_id and is_new:
            found.append(news)
    if not found and journal and held.kept.call.state not in LIVE_STATES and _is_counted(journal[-1]):
        ring = _said(journal[-1]).get("answers")
        found.append(News(input=Input.PRESSED_AGAIN, call_id=call_id, ring=ring if ring else None))
    return found


def counted_of(store: Store, presses: Iterable[CallId]) -> frozenset[CallId]:
    """Return which of these, none of which is a call, are stored: presses that were counted at a call."""
    return frozenset(
        one
        for one in presses
        if one.seq in store.ranges(one.station, one.spool).get(RecordClass.CALL, SeqRanges())
    )


def _seen(call_id: CallId, journal: Sequence[JournalLine]) -> dict[str, int]:
    """Return the last record of each spool that the journal names."""
    seen = {spool_text(call_id.spool): call_id.seq}
    for line in journal:
        if _is_counted(line):  # by the store, of whatever came before it nothing may be applied
            continue
        spool, _, seq = str(_said(line).get("record", "")).partition(".")
        if seq.isdecimal():
            seen[spool] = max(seen.get(spool, 0), int(seq))
    return seen


def _is_counted(line: JournalLine) -> bool:
    """Whether it is the store's own line of a press."""
    return line.input == Input.PRESSED_AGAIN.name and line.from_state == line.to_state


def _said(line: JournalLine) -> dict[str, str]:
    said = json.loads(line.detail or "{}")
    return said if isinstance(said, dict) else {}

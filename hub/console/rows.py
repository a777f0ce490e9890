"""What lists show of a call and of a station, in a page's HTML and in its event stream (core)."""

from typing import Literal, TypedDict

from contract.events import DeviceQuestion
from contract.ids import NO_VISIT, StationId, visit_code
from hub.calls.age import Age
from hub.calls.call import AskKind, Guest
from hub.calls.moves import HeldCall
from hub.calls.rings import Fruitless, Ring
from hub.calls.table import ANSWERED_STATES, RINGING_STATES, State
from hub.console.live_texts import Value
from hub.fleet.presence import Presence, Word
from hub.fleet.stations import Link
from hub.live.answers import Answer
from hub.live.devices import DevicesNow
from hub.live.station_now import StationNow

Group = Literal["ringing", "claimed", "parked", "callback"]


class AskedEntry(TypedDict):
    """Who asks whom for what, until when; `to` "*": whoever is ready."""

    kind: AskKind
    to: str
    by: str
    due_ms: float


class GuestEntry(TypedDict):
    """Somebody beside the owner; `due_ms` None: is there, else invited until then."""

    name: str
    role: Literal["second", "doctor"]
    due_ms: float | None


class CallEntry(TypedDict):
    """One open call. Moments are ms of the hub's own time line, which no clock that is set moves, but for
    `changed_utc_ms`. The press was between `earliest_ms` (None: unbounded) and `latest_ms`. `since_ms`: its
    state. `due_ms`: what must happen in that state. `rung`: how far up anybody was asked. `rings`: on
    consoles of the account that is told. `phone`: what the station is told where no voice comes this way."""

    id: str
    station: str
    name: str
    state: str
    group: Group
    owner: str | None
    revision: int
    nudges: int
    earliest_ms: float | None
    latest_ms: float
    received_ms: float
    since_ms: float
    changed_utc_ms: float
    due_ms: float | None
    visit: str | None
    is_emergency: bool
    is_practice: bool
    rung: int
    stage: int
    phone: str | None
    asked: AskedEntry | None
    guests: list[GuestEntry]
    turn: str | None
    tries: int
    overdue: int
    rings: bool


class LinkEntry(TypedDict):
    """Link and spool, as of `at_ms`."""

    round_trip_ms: int | None
    owed_count: int
    oldest_owed_s: float | None
    at_ms: float | None


class Candidate(TypedDict):
    """A device that the one in question may be."""

    device: str
    name: str


class AnswerEntry(TypedDict):
    """What somebody said: `name` None: a new device. "unheard": the station did not confirm it in time."""

    name: str | None
    by: str
    state: Literal["waiting", "sent", "unheard"]


class QuestionEntry(TypedDict):
    """A device of which nobody knows which it is. `device` is its name for the time being."""

    device: str
    port: str
    candidates: list[Candidate]
    answer: AnswerEntry | None


class RingEntry(TypedDict):
    """Who rings a station without a call, until when on the hub's time line. `outcome`: it rings no more, for
    the station did not accept."""

    by: str
    until_ms: float
    outcome: Fruitless | None


class StationEntry(TypedDict):
    """One station of the list."""

    station: str
    name: str
    word: str
    heard_ms: float | None
    is_cut: bool
    visit: str | None
    values: list[Value]
    link: LinkEntry | None
    questions: list[QuestionEntry]
    ring: RingEntry | None
    news: int  # grows when its list of events is to be read again


def call_entry(held: HeldCall, *, name: str, phone: str | None, rung: int, rings: bool) -> CallEntry:
    """Return a call as lists show it."""
    row, call, age = held.row, held.kept.call, held.age
    received_ms = held.kept.received_us / 1000
    asked = call.asked
    return {
        "id": str(row.call_id),
        "station": row.call_id.station,
        "name": name,
        "state": call.state.name,
        "group": group_of(call.state),
        "owner": call.owner,
        "revision": row.revision,
        "nudges": row.nudges,
        "earliest_ms": None if age.at_most_s is None else received_ms - age.at_most_s * 1000,
        "latest_ms": received_ms - age.at_least_s * 1000,
        "received_ms": received_ms,
        "since_ms": call.since_us / 1000,
        "changed_utc_ms": row.changed_utc_us / 1000,
        "due_ms": _ms(call.due_us),
        "visit": None if row.visit == NO_VISIT else visit_code(row.call_id.spool, row.visit),
        "is_emergency": call.is_emergency,
        "is_practice": call.practice is not None,
        "rung": rung,
        "stage": call.stage,
        "phone": phone,
        "asked": None
        if asked is None
        else {"kind": asked.kind, "to": asked.to, "by": asked.by, "due_ms": asked.due_us / 1000},
        "guests": [_guest_entry(guest) for guest in call.guests],
        "turn": call.turn,
        "tries": call.tries,
        "overdue": call.overdue,
        "rings": rings,
    }


def group_of(state: State) -> Group:
    """Return under which heading a call of that state is shown."""
    if state in RINGING_STATES:
        return "ringing"
    if state is State.PARKED:
        return "parked"
    return "claimed" if state in ANSWERED_STATES else "callback"


def press_age_of(entry: CallEntry, *, now_ms: float) -> Age:
    """Return how old a call's press is; `now_ms` on the hub's time line."""
    earliest_ms = entry["earliest_ms"]
    at_most_s = None if earliest_ms is None else (now_ms - earliest_ms) / 1000
    return Age(max(0.0, now_ms - entry["latest_ms"]) / 1000, at_most_s)


def _guest_entry(guest: Guest) -> GuestEntry:
    return {"name": guest.name, "role": guest.role, "due_ms": _ms(guest.due_us)}


def _ms(at_us: int | None) -> float | None:
    return None if at_us is None else at_us / 1000


def station_entry(
    station: StationId,
    *,
    name: str,
    now: StationNow,
    presence: Presence,
    link: Link | None,
    questions: list[QuestionEntry],
    ring: RingEntry | None,
    now_utc_ms: float,
    news: int,
) -> StationEntry:
    """Return a station as lists show it."""
    is_known = now.visit is not None and now.spool is not None
    return {
        "station": station,
        "name": name,
        "word": presence.word.name,
        "heard_ms": None if presence.age_s is None else round(now_utc_ms - presence.age_s * 1000),
        "is_cut": presence.is_cut_hint,
        "visit": visit_code(now.spool, now.visit.no) if is_known and now.spool and now.visit else None,
        "values": now.values(now_utc_ms=now_utc_ms) if presence.word is not Word.NEVER else [],
        "link": None
        if link is None
        else {
            "round_trip_ms": link.round_trip_ms,
            "owed_count": link.owed_count,
            "oldest_owed_s": link.oldest_owed_s,
            "at_ms": link.at_utc_ms,
        },
        "questions": questions,
        "ring": ring,
        "news": news,
    }


def ring_entry(ring: Ring) -> RingEntry:
    """Return a ring of the hub as pages show it."""
    return {"by": ring.by, "until_ms": ring.until_us / 1000, "outcome": ring.outcome}


def question_entry(
    question: DeviceQuestion, answer: Answer | None, *, devices: DevicesNow, now_s: float
) -> QuestionEntry:
    """Return a question as pages show it. Two of a kind have one name: each is told by its identity too."""
    return {
        "device": question.device,
        "port": question.port,
        "candidates": [{"device": one, "name": devices.full_name(one)} for one in question.candidates],
        "answer": None if answer is None else _answer_entry(answer, devices, now_s),
    }


def _answer_entry(answer: Answer, devices: DevicesNow, now_s: float) -> AnswerEntry:
    is_device = answer.signal.is_device
    is_sent = answer.said_s is not None
    state: Literal["waiting", "sent"] = "sent" if is_sent else "waiting"
    return {
        "name": None if is_device is None else devices.full_name(is_device),
        "by": answer.signal.by,
        "state": state if answer.holds(now_s=now_s) else "unheard",
    }

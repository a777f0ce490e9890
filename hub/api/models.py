"""What the API says and takes, version 1 (core). The OpenAPI document is made from these models.

Times are UTC in ms since 1970 (`…_ms`); an age is how old something was at `as_of_ms`, in seconds. Unknown is
null, never 0. A field may be added within a version, none is taken away or changes its meaning.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

STATION_PATTERN: Final = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"
PresenceWord = Literal["LIVE", "LATE", "SILENT", "NEVER"]
Age = Annotated[float, Field(ge=0, description="seconds, at as_of_ms")]
UtcMs = Annotated[float, Field(description="UTC, ms since 1970")]


class Model(BaseModel):
    """What all have in common: what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(Model):
    """Why a request is refused: `code` for programs, `text` (English) for whoever writes them."""

    code: Literal[
        "bad request", "no token", "not allowed", "not found", "changed meanwhile", "too often", "not now"
    ]
    text: str


class Refused(Model):
    """The answer to what is refused."""

    error: Fault


class AsOf(Model):
    """When it was so."""

    as_of_ms: UtcMs


class Place(Model):
    """Degrees of WGS 84."""

    north_deg: Annotated[float, Field(ge=-90, le=90)]
    east_deg: Annotated[float, Field(ge=-180, le=180)]


class UnitStep(Model):
    """A unit on the way from the top."""

    unit: int
    name: str


class Presence(Model):
    """How sure the hub is that a station is there, from clocks when it is asked: never a stored state."""

    word: PresenceWord
    heard_age_s: Age | None
    is_cut_hint: Annotated[bool, Field(description="the broker saw the connection fall: a hint, no more")]


class LinkFigures(Model):
    """Link and spool as the box's newest status said, and how old that is."""

    round_trip_ms: int | None
    owed_records: int
    oldest_owed_s: Annotated[float | None, Field(description="when the status was made")]
    age_s: Age | None


class Number(Model):
    """A number of who is being seen. `value` null: there is none now, `why` says it."""

    mdc: Annotated[int, Field(description="ISO/IEEE 11073 nomenclature")]
    value: float | None
    unit: str
    why: str | None
    measured_age_s: Age | None
    received_age_s: Age | None


class Station(Model):
    """One station. `numbers` null: the token does not have vitals:read."""

    station: str
    name: str
    unit: Annotated[tuple[UnitStep, ...], Field(description="from the top down; empty: of no unit")]
    position: Place | None
    zone: Annotated[str, Field(description="IANA time zone of the place")]
    presence: Presence
    link: LinkFigures | None
    open_call: str | None
    numbers: tuple[Number, ...] | None


class StationPage(AsOf):
    """Stations in the order of their ids. `next`: pass it as `after` for those that follow; null: no more."""

    stations: tuple[Station, ...]
    next: str | None


class OneStation(AsOf):
    """One station and the revision of its card."""

    station: Station
    card_revision: Annotated[int, Field(ge=0, description="0: it has no card")]


class TechnicalEvent(Model):
    """Something that a box said of itself. It happened between the two moments (null: nobody knows)."""

    name: str
    earliest_ms: UtcMs | None
    latest_ms: UtcMs | None
    received_ms: UtcMs
    detail: Annotated[dict[str, Any], Field(description="the event of docs/wire.md, section 3")]


class EventList(AsOf):
    """Newest first."""

    events: tuple[TechnicalEvent, ...]


class UnitNode(Model):
    """A unit. `parent` null: it stands at the top. `closed`: the first day on which it is no more."""

    unit: int
    parent: int | None
    name: str
    aliases: tuple[str, ...]
    code: str | None
    closed: str | None
    stations: Annotated[int, Field(description="of it and of all below it")]


class UnitList(AsOf):
    """All units."""

    units: tuple[UnitNode, ...]


class Call(Model):
    """A call: its press is its id. `state`: docs/calls.md. `kind` is not "real" for practice."""

    call: str
    station: str
    station_name: str
    state: str
    kind: Literal["real", "drill", "test"]
    is_emergency: bool
    owner: str | None
    nudges: int
    received_ms: UtcMs
    changed_ms: UtcMs


class CallList(AsOf):
    """Calls, oldest press first."""

    calls: tuple[Call, ...]


class Step(Model):
    """A line of a call's journal. `by` null: the station, a clock or the rules."""

    at_ms: UtcMs
    by: str | None
    input: str
    from_state: str
    to_state: str


class OneCall(AsOf):
    """A call and what was done to it, in order."""

    call: Call
    journal: tuple[Step, ...]


class CallFigures(AsOf):
    """Figures of whole days of Vietnam, `first` and `last` included, as the page /statistics has them."""

    first: str
    last: str
    total: dict[str, float | None]
    units: Annotated[dict[str, dict[str, float | None]], Field(description="by id of the routing document")]
    stations: dict[str, dict[str, float | None]]


class HubState(AsOf):
    """How the hub itself is."""

    is_broker_connected: bool
    ingest_fault: str | None
    stored: int
    duplicates: int
    other_content: Annotated[int, Field(description="above 0 is an alarm: one identity, two contents")]
    dropped_parcels: int
    refused: dict[str, int]


class PhoneContact(Model):
    """Whom to telephone."""

    role: Annotated[str, Field(max_length=80)]
    phone: Annotated[str, Field(max_length=40)]


class CardDocument(Model):
    """A station's card, whole: what is left out is empty. Nothing of it comes from the box."""

    name: Annotated[str, Field(max_length=120)] = ""
    aliases: Annotated[tuple[Annotated[str, Field(max_length=120)], ...], Field(max_length=16)] = ()
    unit: int | None = None
    position: Place | None = None
    zone: Annotated[str | None, Field(max_length=64)] = None
    contacts: Annotated[tuple[PhoneContact, ...], Field(max_length=16)] = ()
    note: Annotated[str, Field(max_length=2_000)] = ""
    closed: bool = False


class CardKept(AsOf):
    """The card stands."""

    station: Annotated[str, Field(pattern=STATION_PATTERN)]
    card_revision: int


class CardRead(AsOf):
    """A station's card and its revision, for If-Match."""

    station: Annotated[str, Field(pattern=STATION_PATTERN)]
    card_revision: int
    card: CardDocument

"""Every event a box can record, as JSON of at most EVENT_MAX_BYTES (core). Source: docs/wire.md, section 3.

An unknown field is ignored, so that a newer box may say more; an unknown event is stored sealed as it came
and reported.
"""

import base64
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from contract.codes import CameraState, Shape, SoundState
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import RecordClass
from contract.limits import COLUMNS_MAX, EVENT_MAX_BYTES, SETTINGS_MAX
from contract.short_events import lengthen, shorten
from contract.times import Source
from contract.varints import VARINT_MAX

Count = Annotated[int, Field(ge=0, le=VARINT_MAX)]
Number = Annotated[int, Field(ge=1, le=VARINT_MAX)]
HubKeyNumber = Annotated[int, Field(ge=1, le=2**32 - 1)]
Text = Annotated[str, Field(max_length=200)]
SpoolName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
RingName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]  # of a ring by which the hub calls a station
PracticeName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]  # of a practice that the hub asks for
PracticeKind = Literal["drill", "test"]  # a whole call that is none; a press that only proves the way
CommandName = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]  # of a command; given once
ObjectName = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]  # of the parts of an object
SettingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]{0,39}$")]
SettingsHash = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
CommandState = Literal["taken", "done", "refused", "failed", "expired"]
DeviceId = Annotated[str, Field(pattern=r"^[0-9a-zA-Z._:-]{1,64}$")]
WIRE_RULES: Final = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


# Bytes here, base64 (RFC 4648, section 4, padded) in JSON.
Bytes = Annotated[bytes, BeforeValidator(_from_base64), PlainSerializer(_to_base64, when_used="json")]


class Event(BaseModel):
    """What all events share. When it happened stands in the record's header, whose visit it was too."""

    model_config = WIRE_RULES


class KeyMade(Event):
    """The key of this process, wrapped to the hub: the only event whose body is not sealed. Always class 0,
    so that it goes before the first press that needs it."""

    event: Literal["key"] = "key"
    key_id: Number
    wrapped_key: Annotated[Bytes, Field(max_length=256)]
    hub_key: HubKeyNumber | None = None  # for which of the hub's keys; older boxes knew of one only


class BoxStarted(Event):
    """`edge vitals` started; drafts of before have become records."""

    event: Literal["started"] = "started"
    software: Text
    drafts_recovered: Count


class Stream(BaseModel):
    """One channel of a device. A sample times `scale` is in `unit` (UCUM); `rate_mhz` is nominal, mHz."""

    model_config = WIRE_RULES

    stream: Count
    mdc: Count
    label: Text
    shape: Shape
    rate_mhz: Number
    scale: Annotated[float, Field(gt=0, le=1e9)]
    unit: Text
    source: Text | None = None  # of a heart rate: a word of contract.codes.RateSource


class StreamSet(Event):
    """The streams that the chunks of set `set_no` carry. A device that starts anew begins a new set.

    `model`: what people call the device. `unverified`: what about reading it has never been seen in real
    bytes. `detects_pacing`: the device tells beats of a pacemaker; without it, whether there is one is
    unknown.
    """

    event: Literal["streams"] = "streams"
    set_no: Number
    device: DeviceId
    streams: Annotated[tuple[Stream, ...], Field(min_length=1, max_length=COLUMNS_MAX, strict=False)]
    model: Text | None = None
    unverified: Text | None = None
    detects_pacing: bool | None = None


class Press(Event):
    """The call button was pressed. This record's identity is the call's, unless it `nudges` an open call.

    `answers`: the hub was calling the station, and this press accepts that ring (learned from "auto answer":
    nobody pressed, the station's policy accepted it). `practice`: it was made in a practice mode.
    """

    event: Literal["press"] = "press"
    device: DeviceId
    device_boot: Count
    press_count: Count
    learned_from: Literal["event", "heartbeat", "pressed at boot", "auto answer"]
    nudges: Number | None = None
    answers: RingName | None = None
    practice: PracticeKind | None = None


class CallRaised(Event):
    """The button of call `call_seq` was held for two seconds: an emergency. `spool` as in CallStep."""

    event: Literal["call raised"] = "call raised"
    call_seq: Number
    spool: SpoolName | None = None


class CallStep(Event):
    """The station's side of call `call_seq` took a step: what the nurse could see from then on. `spool` names
    the call's where it is another than this record's."""

    event: Literal["call step"] = "call step"
    call_seq: Number
    step: Literal["kept", "at the hub", "ringing", "claimed", "held", "cancelled", "ended"]
    spool: SpoolName | None = None


class HubRang(Event):
    """The hub called the station, and it ended so. "accepted" has a press that answers it beside it."""

    event: Literal["hub rang"] = "hub rang"
    ring: RingName
    outcome: Literal["accepted", "answered by itself", "declined", "unanswered"]
    by: Text


class PracticeMode(Event):
    """The station's practice mode began or ended, and why; "used": by the one press that it was for."""

    event: Literal["practice"] = "practice"
    kind: PracticeKind
    is_on: bool
    why: Literal["asked", "used", "over", "real press"]


class AdviceKept(Event):
    """What became at the station of a piece of advice (signals.Advice); `text` says why it is not printed."""

    event: Literal["advice"] = "advice"
    advice: Number
    state: Literal["received", "printed", "not printed", "put away"]
    text: Text = ""


class LeadState(Event):
    """Electrodes or probe of a device changed. `off` names each stream that has no contact."""

    event: Literal["leads"] = "leads"
    device: DeviceId
    off: Annotated[tuple[Count, ...], Field(max_length=COLUMNS_MAX, strict=False)]


class DeviceState(Event):
    """A device came, fell silent or went, and why."""

    event: Literal["device"] = "device"
    device: DeviceId
    state: Literal["connected", "silent", "gone"]
    text: Text = ""


class Conditions(Event):
    """What is the matter with a device's measuring, from now on. `on`: words of contract.codes.Condition that
    hold; a hub shows one that it does not know as it is. Empty: all is well."""

    event: Literal["conditions"] = "conditions"
    device: DeviceId
    on: Annotated[tuple[Text, ...], Field(max_length=32, strict=False)]


class MeasuredValue(BaseModel):
    """One number of a single measurement, in `unit` (UCUM)."""

    model_config = WIRE_RULES

    mdc: Count
    value: float
    unit: Text


class Measured(Event):
    """A single measurement, such as a blood pressure: it is of its moment, and never a value of now.

    The record's time is when the device told it. `device_time`: what the device's own clock said (local,
    often wrong), for one that stores. `text`: what the device says beside it; `unverified` as in StreamSet.
    A measurement that failed has no values and says why in `text`.
    """

    event: Literal["measured"] = "measured"
    device: DeviceId
    values: Annotated[tuple[MeasuredValue, ...], Field(max_length=16, strict=False)]
    device_time: Text | None = None
    text: Text = ""
    unverified: Text | None = None


class LeadReversal(Event):
    """The ECG looks as if electrodes were changed over. It is never corrected. `suspected` None: no more."""

    event: Literal["lead reversal"] = "lead reversal"
    device: DeviceId
    suspected: Text | None = None  # such as "RA-LA"


class DeviceQuestion(Event):
    """Which device is it? `device` is a name for the time being: what it measures is held apart, in no visit,
    until somebody says. `candidates`: devices known here that it may be. `port`: where it is plugged in."""

    event: Literal["which device"] = "which device"
    device: DeviceId
    candidates: Annotated[tuple[DeviceId, ...], Field(max_length=16, strict=False)]
    port: Text


class DeviceConfirmed(Event):
    """Somebody said which device `device` is: one of the candidates, or (`is_device` None) a new one, which
    keeps the name; `by` whom. `is_device` and what follows count from now on; nothing held apart moves."""

    event: Literal["device confirmed"] = "device confirmed"
    device: DeviceId
    is_device: DeviceId | None = None
    by: Text


class SamplesLost(Event):
    """`count` samples from `first_index` never reached the box, or (`reason` "absent") had no valid value."""

    event: Literal["lost"] = "lost"
    set_no: Number
    stream: Count
    first_index: Count
    count: Number
    reason: Text


class VisitOpened(Event):
    """Somebody is being seen. Everything until the close is theirs."""

    event: Literal["visit opened"] = "visit opened"
    visit: Number
    how: Literal["signal", "button", "next person"]


class VisitClosed(Event):
    """Nobody is being seen any more."""

    event: Literal["visit closed"] = "visit closed"
    visit: Number
    why: Literal["next person", "sensors off 30 min", "asked", "box restarted"]


class MediaState(Event):
    """Camera, microphone or loudspeaker of the station changed: what could be seen and heard from then on.
    `text`: which device, and what to do, when something is not well."""

    event: Literal["media"] = "media"
    camera: CameraState
    microphone: SoundState
    loudspeaker: SoundState
    text: Text = ""


class AnchorSet(Event):
    """A tie of the box's clock to UTC."""

    event: Literal["anchor"] = "anchor"
    boot: Number
    t_us: Count
    utc_us: Count
    err_us: Count
    source: Source


class Owed(BaseModel):
    """What waits for the hub, of one class."""

    model_config = WIRE_RULES

    records: Count
    oldest_age_s: Annotated[float, Field(ge=0)] | None = None


Power = Literal["ok", "was low", "low"]  # under-voltage: never since the start, before now, now


class Status(Event):
    """How the box is: five minutes apart, or five seconds while somebody watches.

    What a box cannot tell is missing, and unknown. Of the link: `loss_permille` is the share of this
    connection's bytes that had to be sent again, `up_bps` what the link was last seen to carry, `reconnects`
    counts since `edge vitals` started. `clock_off_ms` is the box's wall clock less the hub's, `clock_sure`
    whether a time server holds it; nothing goes by that clock. `written_mb`: to the spool's disk since the
    machine started. MB are 10^6 bytes.
    """

    event: Literal["status"] = "status"
    owed: Annotated[dict[Literal["0", "1", "2", "3"], Owed], Field(max_length=4)]
    spool_bytes: Count
    disk_free_bytes: Count
    round_trip_ms: Count | None = None
    connected_for_s: Annotated[float, Field(ge=0)] | None = None
    frames_damaged: Count
    samples_lost: Count
    refused: Count
    loss_permille: Annotated[int, Field(ge=0, le=1000)] | None = None
    up_bps: Count | None = None
    reconnects: Count | None = None
    cpu_c: Annotated[float, Field(ge=-100, le=200)] | None = None
    power: Power | None = None
    clock_off_ms: Annotated[int, Field(ge=-VARINT_MAX, le=VARINT_MAX)] | None = None
    clock_sure: bool | None = None
    disk_mb: Count | None = None
    memory_mb: Count | None = None  # available
    written_mb: Count | None = None


class Tombstone(Event):
    """Records `first_seq` … `last_seq` of a class were given up. One that arrives all the same wins. `spool`
    names theirs where it is another than this record's."""

    event: Literal["tombstone"] = "tombstone"
    record_class: Annotated[int, Field(ge=0, le=3)]
    first_seq: Number
    last_seq: Number
    why: Text
    spool: SpoolName | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_seq < self.first_seq:
            raise ValueError("last_seq is before first_seq")
        return self


class SpoolDamage(Event):
    """Something was wrong with a spool's file: records are damaged, it was set aside, or what could be read
    of it was recovered. `spool` is that file's, if anybody can tell. Each lost record has a tombstone too."""

    event: Literal["spool damage"] = "spool damage"
    what: Literal["records damaged", "set aside", "recovered"]
    text: Text
    spool: SpoolName | None = None
    recovered: Count | None = None
    lost: Count | None = None


class RefusedSetting(BaseModel):
    """A key of a desired document that the box did not take, and why."""

    model_config = WIRE_RULES

    name: Annotated[str, Field(max_length=40)]
    why: Text


class DesiredApplied(Event):
    """What became of a desired document (contract.desired). `taken`: the keys that are in force; `hash` names
    all its settings as they came. `replaces`: the version that was in force before, whose epoch it may not
    share. Version 0: it could not be read at all, and what was in force stays; `refused` says why.
    """

    event: Literal["desired applied"] = "desired applied"
    version: Count
    epoch: Count
    hash: SettingsHash | None = None
    taken: Annotated[tuple[SettingName, ...], Field(max_length=SETTINGS_MAX, strict=False)]
    refused: Annotated[tuple[RefusedSetting, ...], Field(max_length=SETTINGS_MAX, strict=False)] = ()
    replaces: Count | None = None


class CommandResult(Event):
    """What became of a command (contract.commands): "taken" is on the card before it is begun, and one of the
    others follows, whatever happens to the box. `object`: what was made of it, sent as parts."""

    event: Literal["command result"] = "command result"
    command: CommandName
    state: CommandState
    text: Annotated[str, Field(max_length=2_000)] = ""
    object: ObjectName | None = None


class PartFound(BaseModel):
    """One part of a box, as a self-test found it."""

    model_config = WIRE_RULES

    part: Annotated[str, Field(max_length=40)]
    is_well: bool
    text: Text = ""


class SelfTested(Event):
    """A self-test of the box. "waits": asked for by holding the button for ten seconds, and after the call,
    from which it takes nothing back; "broken off": by a press or a ring of the hub; "not done": the call
    lasted too long. `parts` with "done": what is not well first.
    """

    event: Literal["self-test"] = "self-test"
    by: Literal["button", "station"]
    state: Literal["waits", "begun", "done", "broken off", "not done"]
    parts: Annotated[tuple[PartFound, ...], Field(max_length=16, strict=False)] = ()


class SettingTold(BaseModel):
    """A setting that is in force: its value as JSON, and who set it."""

    model_config = WIRE_RULES

    name: SettingName
    value: Annotated[str, Field(max_length=400)]
    origin: Literal["hub", "place", "default"]


class ConfigurationTold(Event):
    """The whole configuration in force, told when asked for. `place`: what only the engineer at the place
    sets; no key and no password is among it."""

    event: Literal["configuration"] = "configuration"
    software: Text
    version: Count
    settings: Annotated[tuple[SettingTold, ...], Field(max_length=SETTINGS_MAX, strict=False)]
    place: Annotated[tuple[SettingTold, ...], Field(max_length=SETTINGS_MAX, strict=False)]


AnyEvent = Annotated[
    KeyMade
    | BoxStarted
    | StreamSet
    | Press
    | CallRaised
    | CallStep
    | HubRang
    | PracticeMode
    | AdviceKept
    | LeadState
    | DeviceState
    | Conditions
    | Measured
    | LeadReversal
    | DeviceQuestion
    | DeviceConfirmed
    | SamplesLost
    | VisitOpened
    | VisitClosed
    | MediaState
    | AnchorSet
    | Status
    | Tombstone
    | SpoolDamage
    | DesiredApplied
    | CommandResult
    | SelfTested
    | ConfigurationTold,
    Field(discriminator="event"),
]
_EVENTS: Final[TypeAdapter[AnyEvent]] = TypeAdapter(AnyEvent)


def encode_event(event: Event) -> bytes:
    """Return the event's JSON. Raises OwnFaultError when it is larger than EVENT_MAX_BYTES."""
    data = event.model_dump_json(exclude_none=True).encode()
    if len(data) > EVENT_MAX_BYTES:
        raise OwnFaultError(f"an event of {len(data)} bytes; the limit is {EVENT_MAX_BYTES}")
    return data


def event_body(event: Event, record_class: RecordClass) -> bytes:
    """Return the body of a record for an event: short, except in class 0, which can be read without anything
    else. Raises OwnFaultError as encode_event does.
    """
    json = encode_event(event)
    return json if record_class is RecordClass.CALL else shorten(json)


def parse_event(body: bytes) -> AnyEvent:
    """Return the event in `body`, JSON or made short. Raises RefusedError."""
    data = lengthen(body)
    if len(data) > EVENT_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"an event of {len(data)} bytes; the limit is {EVENT_MAX_BYTES}"
        )
    try:
        return _EVENTS.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        unknown = first["type"] == "union_tag_invalid"
        where = ".".join(map(str, first["loc"]))[:80]  # a peer's key may be long
        raise RefusedError(
            Refusal.UNKNOWN_VERSION if unknown else Refusal.MALFORMED, f"event {where}: {first['msg'][:200]}"
        ) from None

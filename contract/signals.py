"""Small JSON messages that are not records: interest, call states, the box's state, the hub's key (core).

A signal says how something *is*, not what to do once; it may be lost, doubled or late, and is said again
while it holds. Those of picture and voice stand in `contract/media.py`.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.events import (
    WIRE_RULES,
    Bytes,
    Count,
    DeviceId,
    HubKeyNumber,
    Number,
    PracticeKind,
    PracticeName,
    RingName,
    SpoolName,
    Text,
)
from contract.limits import SIGNAL_MAX_BYTES
from contract.media import AnyMediaSignal, MediaSignal

HubCallState = Literal[
    "offered", "ringing", "claimed", "held", "ended", "cancelled", "missed", "callback", "unknown"
]
Urgency = Literal["routine", "soon", "urgent", "emergency"]
OTHERS_MAX: Final = 8  # of a call, whom the station is told
MachineText = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z._:-]+$")]
AdviceText = Annotated[str, Field(min_length=1, max_length=2_000)]


class Signal(BaseModel):
    """What all signals share."""

    model_config = WIRE_RULES


class Interest(Signal):
    """`down/interest`: somebody watches; send live for so long, then fall quiet. Zero ends it."""

    signal: Literal["interest"] = "interest"
    lease_s: Annotated[float, Field(ge=0, le=120)]


class OnTheLine(BaseModel):
    """Somebody beside the operator who is there. `speaks`: with the station, in the operator's place."""

    model_config = WIRE_RULES

    name: Text
    role: Literal["second", "doctor"]
    speaks: bool = False


class CallState(Signal):
    """`down/signal`: how the hub's side of a call is. `by` is the operator's name as staff may hear it.

    `phone`: the number to ring where no voice comes this way. `others`: who is there beside the operator.
    """

    signal: Literal["call"] = "call"
    spool: SpoolName
    call_seq: Number
    state: HubCallState
    revision: Count  # grows with each change; an older one is ignored
    by: Text | None = None
    phone: Text | None = None
    others: Annotated[tuple[OnTheLine, ...], Field(max_length=OTHERS_MAX, strict=False)] | None = None


class RingStation(Signal):
    """`down/signal`: the hub calls the station; it chimes for `lease_s` from now, and 0 ends it.

    A press accepts it (events.Press.answers). `call_seq` and `spool`: the call that is called back, if any.
    `is_emergency`: whoever calls asks to be heard without a press; the station's own policy decides.
    `practice`: that call is practice.
    """

    signal: Literal["ring station"] = "ring station"
    ring: RingName
    lease_s: Annotated[float, Field(ge=0, le=60)]
    by: Text
    spool: SpoolName | None = None
    call_seq: Number | None = None
    is_emergency: bool | None = None
    practice: PracticeKind | None = None


class Practice(Signal):
    """`down/signal`: the next press within `lease_s` is practice, and 0 ends it.

    One `name` covers one press: said again after that, it begins nothing.
    """

    signal: Literal["practice"] = "practice"
    name: PracticeName
    kind: PracticeKind
    lease_s: Annotated[float, Field(ge=0, le=1800)]
    by: Text


class Advice(Signal):
    """`down/signal`: what the hub advises for the person of a visit of `spool`, until the station has it.

    `advice` counts at the hub, for all stations; the event "advice" answers. `practice`: it was said in a
    practice call, and is for nobody.
    """

    signal: Literal["advice"] = "advice"
    advice: Number
    spool: SpoolName
    visit: Number
    urgency: Urgency
    text: AdviceText
    by: Text
    made_utc_us: Count
    practice: PracticeKind | None = None


class BoxState(Signal):
    """`state`, retained, and its Will: a hint that the connection stands or fell, never the truth about
    presence.

    `open_call` is the call that the station believes open, so that the hub can say how it really is;
    `call_spool` is that call's spool where it is another than `spool`. `machine`: its serial number;
    `boot_name`: what its kernel calls this start. By these the hub knows two machines with one key; the Will
    does not say them.
    """

    signal: Literal["state"] = "state"
    connected: bool
    spool: SpoolName
    boot: Number
    t_us: Count
    open_call: Number | None = None
    call_spool: SpoolName | None = None
    machine: MachineText | None = None
    boot_name: MachineText | None = None


class SealKey(Signal):
    """`down/signal`: the hub's newest seal key, said to a box whose newest key is wrapped for another.

    `signature` is by the hub's authority; `contract/seal_offers.py` makes and checks it.
    """

    signal: Literal["seal key"] = "seal key"
    number: HubKeyNumber
    public_key: Annotated[Bytes, Field(min_length=32, max_length=32)]
    signature: Annotated[Bytes, Field(max_length=80)]


class ConfirmDevice(Signal):
    """`down/signal`: somebody at the hub says which device `device` is (events.DeviceQuestion); `is_device`
    None: a new one. The station's event "device confirmed" answers it."""

    signal: Literal["confirm device"] = "confirm device"
    device: DeviceId
    is_device: DeviceId | None = None
    by: Text


class Replaced(Signal):
    """`down/signal`, to a box that is the station no more: send what you have, capture nothing, call nobody.

    Said after each hello of it. `by`: the box that is the station now.
    """

    signal: Literal["replaced"] = "replaced"
    by: Annotated[str, Field(max_length=48)]


AnySignal = Annotated[
    Interest
    | CallState
    | RingStation
    | Practice
    | Advice
    | BoxState
    | SealKey
    | Replaced
    | ConfirmDevice
    | AnyMediaSignal,
    Field(discriminator="signal"),
]
_SIGNALS: Final[TypeAdapter[AnySignal]] = TypeAdapter(AnySignal)


def encode_signal(signal: Signal | MediaSignal) -> bytes:
    """Return the signal's JSON. Raises OwnFaultError when it is larger than SIGNAL_MAX_BYTES."""
    payload = signal.model_dump_json(exclude_none=True).encode()
    if len(payload) > SIGNAL_MAX_BYTES:
        raise OwnFaultError(f"a signal of {len(payload)} bytes; the limit is {SIGNAL_MAX_BYTES}")
    return payload


def parse_signal(payload: bytes) -> AnySignal:
    """Return the signal in `payload`. Raises RefusedError."""
    if len(payload) > SIGNAL_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a signal of {len(payload)} bytes; the limit is {SIGNAL_MAX_BYTES}"
        )
    try:
        return _SIGNALS.validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        unknown = first["type"] == "union_tag_invalid"
        where = ".".join(map(str, first["loc"]))
        raise RefusedError(
            Refusal.UNKNOWN_VERSION if unknown else Refusal.MALFORMED, f"signal {where}: {first['msg'][:200]}"
        ) from None

"""A station's call, and what is said to it, for tests of its side."""

from contract.events import CallStep, Event
from contract.ranges import SeqRanges
from contract.signals import HubCallState, RingStation
from edge.call.station_call import StationCall

NOW_S = 1000.0
RING, OTHER_RING = "00112233445566aa", "00112233445566bb"
OLD = "0123456789abcdef"


def pressed(call: StationCall, seq: int, now_s: float = NOW_S) -> tuple[Event, ...]:
    """Press; return what is stored with it."""
    meaning = call.begin_press()
    call.press(seq, meaning, now_s=now_s)
    return meaning.told


def registered(seq: int = 5) -> StationCall:
    call = StationCall()
    pressed(call, seq)
    return call


def says(
    call: StationCall,
    seq: int,
    state: HubCallState,
    revision: int,
    by: str | None = None,
    *,
    spool: str | None = None,
    now_s: float = NOW_S,
) -> str | None:
    """The hub says so; return the step that this was."""
    call.hub_says(seq, state, revision=revision, by=by, spool=spool, now_s=now_s)
    return step(call)


def step(call: StationCall) -> str | None:
    steps = [one.step for one in call.take_told() if isinstance(one, CallStep)]
    assert len(steps) <= 1
    return steps[0] if steps else None


def received(call: StationCall, *seqs: int) -> str | None:
    ranges = SeqRanges([(seq, seq) for seq in seqs])
    call.nudges_received(ranges)
    call.receipt(ranges, now_s=NOW_S)
    return step(call)


def ring(name: str = RING, lease_s: float = 12.0, **details: object) -> RingStation:
    return RingStation.model_validate({"ring": name, "lease_s": lease_s, "by": "Lan", **details})


def rings(
    call: StationCall, signal: RingStation, *, may_answer: bool = False, now_s: float = NOW_S
) -> list[Event]:
    call.hub_rings(signal, may_answer=may_answer, now_s=now_s)
    return call.take_told()

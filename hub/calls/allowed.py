"""Who may give which input (core): what the table allows is not everybody's to give."""

from typing import Final

from hub.calls.call import ANYBODY, AskKind, Call, Given
from hub.calls.table import ANSWERED, IllegalInputError, Input

OF_THE_OWNER: Final = frozenset(
    {
        Input.HOLD,
        Input.RESUME,
        Input.PARK,
        Input.END,
        Input.PROMISE,
        Input.RING,
        Input.ASK,
        Input.INVITE,
        Input.TURN,
    }
)
OF_SOMEBODY: Final = frozenset({Input.CLAIM, Input.TAKE, Input.CLOSE})
ACCEPTS: Final[dict[Input, AskKind]] = {
    Input.TRANSFERRED: "transfer",
    Input.HANDED_OVER: "handover",
    Input.SECONDED: "second",
}


def check(call: Call, given: Given) -> None:
    """Raise IllegalInputError when the input is not that account's to give, or makes no sense now."""
    why = _why_not(call, given)
    if why:
        raise IllegalInputError(f"{given.input.name} by {given.by or 'nobody'}: {why}")


def _why_not(call: Call, given: Given) -> str:
    input_, by = given.input, given.by
    if input_ in OF_THE_OWNER and (by is None or by != call.owner):
        return f"the call is {call.owner or 'nobody'}'s"
    if input_ in OF_SOMEBODY and by is None:
        return "an account must"
    if input_ in ACCEPTS:
        return _why_not_accepted(call, given, ACCEPTS[input_])
    return _why_no_sense(call, given)


def _why_no_sense(call: Call, given: Given) -> str:
    guest, to, why = call.guest(given.to), given.to, ""
    match given.input:
        case Input.ASK if given.kind is None or to in (None, call.owner):
            why = f"asks {to or 'nobody'}"
        case Input.ASK if (given.kind == "handover") is (call.state in ANSWERED):
            why = f"a {given.kind} is not for {call.state.name}"
        case Input.ASK_OVER if call.asked is None:
            why = "nobody is asked"
        case Input.ASSIGN if to is None:
            why = "to nobody"
        case Input.TURN if to is not None and (guest is None or guest.due_us is not None):
            why = f"{to} is not there"
        case Input.INVITE if to in (None, call.owner) or guest is not None:
            why = f"{to or 'nobody'} needs no invitation"
        case Input.GUEST if guest is None or given.change is None:
            why = f"{to or 'nobody'} was not invited"
        case Input.RING if given.ring is None:
            why = "by no name"
        case Input.TESTED if call.practice != "test":
            why = "it is no test"
        case Input.PRACTICE_OVER if call.practice is None:
            why = "it is no practice"
    return why


def _why_not_accepted(call: Call, given: Given, kind: AskKind) -> str:
    asked = call.asked
    if asked is None or asked.kind != kind:
        return f"nobody asks for a {kind}"
    if given.by is None or given.by == call.owner or asked.to not in (ANYBODY, given.by):
        return f"{asked.to} was asked"
    return ""

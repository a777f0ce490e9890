"""What the hub asks a box to do once (core): JSON on `down/command`, answered by the event "command result".

A command has a name that is given once; a box does it once, whenever and however often it is said. It is
said again until the box has answered, and never after its end: `lease_s` counts from its arrival, by the
box's own clock; `expires_utc_us` is the same end by the hub's, for a box that knows it.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.events import WIRE_RULES, CommandName, Count, Text
from contract.limits import COMMAND_MAX_BYTES


class Said(StrEnum):
    """What boxes say of commands in words that do not change: a hub shows them in the language of its page.
    Others stand there as they came."""

    UNKNOWN_WORD = "this box does not know that command: it is older than the hub"
    TOO_MANY = "eight other commands wait here: try again when they are done"
    TOO_LATE = "it came, or its turn came, after its end: nothing was done"
    RESTARTED = "the machine has started anew"
    NOT_RESTARTED = "`edge vitals` started anew, the machine did not"
    INTERRUPTED = "the box ended in the midst of it: nothing is begun twice; ask again"
    IN_A_CALL = "a call is open at the station, or is coming"
    NO_RESTART = 'no restart command at this place: set [commands] restart = ["systemctl", "reboot"]'
    NO_VIDEO = "`edge video` does not run now; it starts with the next call"
    VIDEO_ENDED = "`edge video` was ended; it starts again while it is needed"
    ASKED = "the broker was asked"
    LINK_LOST = "the link was lost meanwhile"
    ALL_WELL = "all is well"


LEASE_MAX_S: Final = 86_400.0  # nobody remembers for longer why it was asked


class Command(BaseModel):
    """What all commands share. `by`: the account that asks."""

    model_config = WIRE_RULES

    id: CommandName
    lease_s: Annotated[float, Field(ge=0, le=LEASE_MAX_S)]
    expires_utc_us: Count
    by: Text


class MakeBundle(Command):
    """Gather the diagnostic bundle, and send it as parts."""

    command: Literal["bundle"] = "bundle"


class RestartVideo(Command):
    """End `edge video` where it runs; it starts again by itself when it is needed."""

    command: Literal["restart video"] = "restart video"


class RestartBox(Command):
    """Start the machine anew. Refused while a call is open or coming."""

    command: Literal["restart box"] = "restart box"


class SelfTest(Command):
    """Look at everything, as `edge doctor` does, and say what is not well."""

    command: Literal["self-test"] = "self-test"


class Identify(Command):
    """Blink, and say the station's name. Refused while a call is open or coming."""

    command: Literal["identify"] = "identify"


class ReadDesired(Command):
    """Ask the broker for `down/desired` again, and say what came of it whether or not it is new."""

    command: Literal["read desired"] = "read desired"


class SayConfiguration(Command):
    """Say the whole configuration that is in force: the event "configuration"."""

    command: Literal["say configuration"] = "say configuration"


AnyCommand = Annotated[
    MakeBundle | RestartVideo | RestartBox | SelfTest | Identify | ReadDesired | SayConfiguration,
    Field(discriminator="command"),
]
_COMMANDS: Final[TypeAdapter[AnyCommand]] = TypeAdapter(AnyCommand)
CommandWord = Literal[
    "bundle", "restart video", "restart box", "self-test", "identify", "read desired", "say configuration"
]


def make_command(word: CommandWord, *, name: str, lease_s: float, expires_utc_us: int, by: str) -> AnyCommand:
    """Return a command by its word."""
    fields = {"id": name, "lease_s": lease_s, "expires_utc_us": expires_utc_us, "by": by}
    return _COMMANDS.validate_python({"command": word, **fields})


def encode_command(command: Command) -> bytes:
    """Return the command's JSON. Raises OwnFaultError when it is larger than COMMAND_MAX_BYTES."""
    payload = command.model_dump_json().encode()
    if len(payload) > COMMAND_MAX_BYTES:
        raise OwnFaultError(f"a command of {len(payload)} bytes; the limit is {COMMAND_MAX_BYTES}")
    return payload


def parse_command(payload: bytes) -> AnyCommand | Command:
    """Return the command in `payload`; of a word that is not known here only what all share, so that
    it can be answered. Raises RefusedError.
    """
    if len(payload) > COMMAND_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a command of {len(payload)} bytes; the limit is {COMMAND_MAX_BYTES}"
        )
    try:
        return _COMMANDS.validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid":
        try:
            return Command.model_validate_json(payload)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))[:80]
    raise RefusedError(Refusal.MALFORMED, f"command {where}: {first['msg'][:150]}")

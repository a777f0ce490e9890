"""What is kept of a call beyond its state and owner, as one JSON object (core).

Every moment in it lies on the hub's own time line (`hub.calls.time_line`). Beside them stand the name of the
machine's boot and where UTC lay then: in the same boot all stays exact however the wall clock is set, in
another one it is shifted by UTC. The store writes the first version of it, of what the press says.
"""

import json
from dataclasses import dataclass, fields
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hub.calls.call import LIMITS, Asked, Call, Guest, Limits, fresh, shifted
from hub.calls.table import State
from hub.calls.time_line import TimeLine
from hub.store.interface import CallRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """`call`; `received_us`: when its press came, on the time line of now; `answers`: the ring of the hub
    that the press accepted; `told`: what was told outside of it (`hub.routing.ladder.Tell.key`); `is_fresh`:
    nobody has moved it since its press."""

    call: Call
    received_us: int
    answers: str | None = None
    told: tuple[str, ...] = ()
    is_fresh: bool = False


class _Line(BaseModel):
    """What stands in the JSON beside the call's own fields."""

    model_config = ConfigDict(extra="ignore")

    boot: str | None = None
    offset_us: int = 0
    received_us: int | None = None
    answers: str | None = None
    told: tuple[str, ...] = ()


_CALL: Final[TypeAdapter[Call]] = TypeAdapter(Call)
_DEFAULTS: Final = {field.name: field.default for field in fields(Call) if field.name != "since_us"}
_COLUMNS: Final = ("state", "owner")  # of their own in the store


def kept_json(kept: Kept, *, line: TimeLine) -> str:
    """Return the JSON of a call. What is as usual is left out."""
    call = kept.call
    said: dict[str, Any] = {
        name: getattr(call, name)
        for name, default in _DEFAULTS.items()
        if name not in _COLUMNS and getattr(call, name) != default
    }
    said |= {"since_us": call.since_us, "received_us": kept.received_us}
    said |= {"boot": line.boot, "offset_us": line.offset_us()}
    said |= {key: value for key, value in (("answers", kept.answers), ("told", kept.told)) if value}
    return json.dumps(said, default=_plain, ensure_ascii=False)


def read_kept(row: CallRow, *, line: TimeLine, limits: Limits = LIMITS) -> Kept:
    """Return what is kept of a call, its moments on the time line of now.

    A press that nobody has moved yet is a fresh call. A row of an older hub, or one that cannot be read, has
    its state and owner and begins its time now.
    """
    try:
        said = json.loads(row.kept or "{}")
        about = _Line.model_validate(said)
        practice = said.get("practice") if said.get("practice") in ("drill", "test") else None
        is_moved = "since_us" in said
        columns = {"state": State[row.state], "owner": row.owner}
        read = _CALL.validate_python({**said, **columns}) if is_moved else None
    except (ValueError, AttributeError, ValidationError):
        about, practice, read = _Line(), None, None
    received_us = line.of_utc(row.received_utc_us)
    by_us = 0 if about.boot == line.boot else about.offset_us - line.offset_us()
    if about.received_us is not None and about.boot is not None:
        received_us = about.received_us + by_us
    is_fresh = read is None and row.state == State.RECEIVED.name
    if read is None:
        read = fresh(now_us=line.now_us(), limits=limits, practice=practice)
        if not is_fresh:
            read = Call(state=State[row.state], owner=row.owner, since_us=line.now_us(), practice=practice)
        by_us = 0
    return Kept(
        call=shifted(read, by_us) if by_us else read,
        received_us=received_us,
        answers=about.answers,
        told=about.told,
        is_fresh=is_fresh,
    )


def _plain(value: object) -> object:
    if isinstance(value, Asked | Guest):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{value!r} has no JSON")

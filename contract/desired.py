"""What the hub wants of a box (core): one JSON document, retained on `down/desired`.

Source: docs/wire.md, section 12.

Each setting stands in one table with its type and range. A box takes each key by itself: one that it does not
know, or whose value it cannot take, is refused with the reason and the others count. A key is never given
another meaning; an older box says of a newer key that it does not know it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.events import WIRE_RULES, Count, Number, SettingName, Text
from contract.limits import DESIRED_MAX_BYTES, SETTINGS_MAX

WHY_UNKNOWN: Final = "not known here: the box is older than the hub"
HASH_DIGITS: Final = 32  # of SHA-256: 128 bits tell documents apart, and half the bytes on a poor link
_LANGUAGE: Final = r"^[a-z]{2,3}(-[a-zA-Z0-9]{1,8}){0,2}$"
_HOTLINE: Final = r"^\+?[0-9][0-9 .()-]{1,28}[0-9]$"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _is_a_line(text: str) -> str:
    if text != text.strip() or _CONTROL.search(text):
        raise ValueError("one line without spaces at its ends")
    return text


def _is_a_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone that is known here, such as Asia/Ho_Chi_Minh") from None
    return name


def _has_no_doubles(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise ValueError("each language once")
    return names


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `kind` says how people write it: a text, a whole number of `unit`, yes or no, or names in
    order; `low` and `high` are a number's range.
    """

    name: str
    kind: Literal["text", "number", "truth", "names"]
    value_type: Any
    unit: str = ""
    low: int | None = None
    high: int | None = None

    def check(self, value: object) -> Any:
        """Return the value as it may be used. Raises RefusedError, with the reason as one short sentence."""
        try:
            return TypeAdapter(self.value_type).validate_python(value, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise RefusedError(Refusal.MALFORMED, f"{self.name}: {first['msg'][:150]}") from None


def _number(name: str, low: int, high: int, unit: str) -> Setting:
    return Setting(name, "number", Annotated[int, Field(ge=low, le=high)], unit, low, high)


_Line = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_is_a_line)]
_Languages = Annotated[
    list[Annotated[str, Field(pattern=_LANGUAGE)]],
    Field(min_length=1, max_length=4),
    AfterValidator(_has_no_doubles),
]
_ALL: Final = (
    Setting("station_name", "text", _Line),  # on the panel, on what is printed, said by `identify`
    Setting("hotline", "text", Annotated[str, Field(pattern=_HOTLINE)]),  # shown when nobody answers
    Setting("languages", "names", _Languages),  # of the spoken prompts, in the order of speaking
    Setting("answers_emergency_ring", "truth", bool),  # false: not even where the place allows it
    _number("status_every_s", 60, 3_600, "s"),  # while nobody watches
    _number("record_every_s", 10, 120, "s"),  # of what is measured while nobody watches
    _number("volume_pct", 10, 100, "%"),  # of the loudspeaker; never so low that a call is not heard
    _number("video_max_bps", 20_000, 5_000_000, "bit/s"),  # of the picture, whatever the link has room for
    _number("video_max_height", 180, 1_080, "px"),
    Setting("time_zone", "text", Annotated[str, Field(max_length=60), AfterValidator(_is_a_zone)]),
)
SETTINGS: Final[Mapping[str, Setting]] = {setting.name: setting for setting in _ALL}


class Desired(BaseModel):
    """`down/desired`: what the hub wants of one box. `version` grows within an `epoch` of the hub's store; a
    store restored from a backup has another epoch, and what it says counts whatever number it has.

    `by`: the account that made the last change of it, at `made_utc_us`.
    """

    model_config = WIRE_RULES

    version: Number
    epoch: Count
    made_utc_us: Count
    by: Text
    settings: Annotated[dict[SettingName, JsonValue], Field(max_length=SETTINGS_MAX)]


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the name of some settings: the same for the same keys and values, in whatever order."""
    text = json.dumps(dict(settings), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def encode_desired(desired: Desired) -> bytes:
    """Return the document's JSON. Raises OwnFaultError when it is larger than DESIRED_MAX_BYTES."""
    payload = desired.model_dump_json().encode()
    if len(payload) > DESIRED_MAX_BYTES:
        raise OwnFaultError(f"a desired document of {len(payload)} bytes; the limit is {DESIRED_MAX_BYTES}")
    return payload


def parse_desired(payload: bytes) -> Desired:
    """Return the document in `payload`; its settings are not looked into. Raises RefusedError."""
    if len(payload) > DESIRED_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a desired document of {len(payload)} bytes; the limit is {DESIRED_MAX_BYTES}"
        )
    try:
        return Desired.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise RefusedError(Refusal.MALFORMED, f"desired {where}: {first['msg'][:150]}") from None

"""A desired document weighed key by key (core). What is in force changes as one, or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import ValidationError

from contract.desired import SETTINGS, WHY_UNKNOWN, Desired, parse_desired, settings_hash
from contract.errors import RefusedError
from contract.events import DesiredApplied, RefusedSetting

REFUSED_TOLD_MAX: Final = 32  # keys; with reasons of WHY_MAX_CHARS an event of them fits
WHY_MAX_CHARS: Final = 100
WHOLE: Final = "the whole document"


@dataclass(frozen=True, slots=True)
class InForce:
    """The document of now, and what of it was taken; `refused` has the reason of each other key."""

    document: Desired
    taken: Mapping[str, Any]
    refused: Mapping[str, str]

    @classmethod
    def of(cls, document: Desired) -> Self:
        """Return what this box takes of a document."""
        taken: dict[str, Any] = {}
        refused: dict[str, str] = {}
        for name, value in document.settings.items():
            if name not in SETTINGS:
                refused[name] = WHY_UNKNOWN
                continue
            try:
                taken[name] = SETTINGS[name].check(value)
            except RefusedError as error:
                refused[name] = str(error).partition(f"{name}: ")[2] or str(error)
        return cls(document, taken, refused)

    @classmethod
    def restored(cls, saved: Mapping[str, Any] | None) -> Self | None:
        """Return what the card has, weighed by the software of now; None: nothing that can be read."""
        if not saved:
            return None
        try:
            return cls.of(Desired.model_validate_json(json.dumps(saved["document"])))
        except (ValidationError, KeyError, TypeError):
            return None

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know, as JSON."""
        return {"document": self.document.model_dump(mode="json"), "taken": sorted(self.taken)}

    def event(self, *, replaces: "InForce | None") -> DesiredApplied:
        """Return what the hub is told."""
        told = list(self.refused.items())[:REFUSED_TOLD_MAX]
        return DesiredApplied(
            version=self.document.version,
            epoch=self.document.epoch,
            hash=settings_hash(self.document.settings),
            taken=tuple(sorted(self.taken)),
            refused=tuple(RefusedSetting(name=name, why=why[:WHY_MAX_CHARS]) for name, why in told),
            replaces=None if replaces is None else replaces.document.version,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What a payload makes: an event to be stored with what is then in force, which may be as before."""

    event: DesiredApplied
    in_force: InForce | None


def hear(payload: bytes, now: InForce | None, *, is_asked: bool) -> Heard | None:
    """Return what comes of `payload`; None: it is not news. `is_asked`: the hub wants an answer all the same.

    Within the epoch of the one in force only a higher version counts: a broker may hand out an older one. A
    document of another epoch is of a hub whose store is another, and counts whatever its number is.
    """
    try:
        document = parse_desired(payload)
    except RefusedError as error:
        why = RefusedSetting(name=WHOLE, why=str(error)[:WHY_MAX_CHARS])
        return Heard(DesiredApplied(version=0, epoch=0, taken=(), refused=(why,)), now)
    if now is not None and document.epoch == now.document.epoch and document.version <= now.document.version:
        return Heard(now.event(replaces=None), now) if is_asked else None
    after = InForce.of(document)
    return Heard(after.event(replaces=now), after)

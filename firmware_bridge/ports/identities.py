"""Who is behind an adapter (core). Source: docs/adr/0025-which-device-is-it.md.

A device is known again by its adapter's true serial number or by what the instrument calls itself, wherever
it is plugged in; without either, at its place, as long as no other that could be taken for it was away at
the same time, or as its bytes tell it from all of those. Otherwise nobody guesses: it gets a name for the
time being until somebody says who it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, Final, NamedTuple, Self

from firmware_bridge.errors import IllegalInputError
from firmware_bridge.ports.adapters import Adapter, tell_apart

KNOWN_MAX: Final = (
    64  # a station has a handful; beyond it the one that was plugged in longest ago is forgotten
)
CANDIDATES_MAX: Final = 16  # what a question carries
SAVED_VERSION: Final = 1
_PLACE_MAX_CHARS: Final = 36  # of a place in a name; a name has 64
_UNSAFE: Final = re.compile(r"[^0-9a-zA-Z._:-]+")


class State(Enum):
    """Where a device is, as far as is known."""

    HERE = "plugged in, and it is this one"
    UNCONFIRMED = "plugged in, under a name for the time being"
    ABSENT = "gone alone: what is plugged in at its place is this one"
    ADRIFT = "gone together with others like it: nothing tells which of them comes back where"
    FORGOTTEN = "no longer known"


class Input(Enum):
    """What happens to a device."""

    GONE_ALONE = "its port went; no other that could be taken for it is away"
    GONE_TOGETHER = "its port went while another like it is away"
    OTHER_GONE = "another like it went while it is away"
    RECOGNISED = "plugged in again, and its adapter, its place or its own name says who it is"
    CONFIRMED = "a person says that it is this one"
    IS_NEW = "a person, or its own name, says that it is none of those known"
    IS_OTHER = "a person, or its own name, says that it is another one"
    DROPPED = "a person says that it will not come back"


TRANSITIONS: Final[Mapping[tuple[State, Input], State]] = {
    (State.HERE, Input.GONE_ALONE): State.ABSENT,
    (State.HERE, Input.GONE_TOGETHER): State.ADRIFT,
    (State.HERE, Input.IS_OTHER): State.ADRIFT,
    (State.ABSENT, Input.OTHER_GONE): State.ADRIFT,
    (State.ADRIFT, Input.OTHER_GONE): State.ADRIFT,
    (State.ABSENT, Input.RECOGNISED): State.HERE,
    (State.ADRIFT, Input.RECOGNISED): State.HERE,
    (State.ABSENT, Input.CONFIRMED): State.HERE,
    (State.ADRIFT, Input.CONFIRMED): State.HERE,
    (State.UNCONFIRMED, Input.IS_NEW): State.HERE,
    (State.UNCONFIRMED, Input.IS_OTHER): State.FORGOTTEN,
    (State.UNCONFIRMED, Input.GONE_ALONE): State.FORGOTTEN,
    (State.UNCONFIRMED, Input.GONE_TOGETHER): State.FORGOTTEN,
    **{(state, Input.DROPPED): State.FORGOTTEN for state in State if state is not State.FORGOTTEN},
}
PLUGGED_IN: Final = frozenset({State.HERE, State.UNCONFIRMED})
AWAY: Final = frozenset({State.ABSENT, State.ADRIFT})


@dataclass(slots=True)
class Known:
    """One device. `adapter`: behind which it was seen last. `family`: drivers whose bytes look alike have the
    same. `own`: what the instrument calls itself, empty as long as it has not. `said_name`: what the
    configuration calls whatever is plugged in there."""

    device: str
    driver: str
    family: str
    state: State
    adapter: Adapter
    own: str = ""
    said_name: str = ""

    def could_be_taken_for(self, other: "Known") -> bool:
        """Whether, before a byte was heard, nothing but the place tells these two apart."""
        return (
            self is not other
            and not (self.adapter.mark or other.adapter.mark)
            and self.adapter.vid_pid == other.adapter.vid_pid
        )


class Question(NamedTuple):
    """Which device is it? `device` is its name for the time being, `path` where it is plugged in."""

    device: str
    candidates: tuple[str, ...]
    path: str


class Look(NamedTuple):
    """What changed: names of devices that went, of those that came; adapters of which nobody knows yet."""

    went: tuple[str, ...]
    came: tuple[str, ...]
    unknown: tuple[Adapter, ...]


class Identities:
    """All devices that this station knows."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}  # whoever was plugged in last is last
        self._shared: set[str] = set()
        self._names_given = 0

    def look(self, adapters: Sequence[Adapter]) -> Look:
        """Take what is plugged in now. Whatever is `unknown` stays so in every look until `meet`."""
        told = tell_apart(adapters, shared=self._shared)
        for known in self._known.values():
            if known.adapter.mark in self._shared:
                known.adapter = replace(known.adapter, is_shared=True)
        pluggings = {adapter.plugging for adapter in told}
        went = [one for one in self._in(PLUGGED_IN) if one.adapter.plugging not in pluggings]
        for known in went:
            self._go(known)
        taken = {known.adapter.plugging for known in self._in(PLUGGED_IN)}
        came, unknown = [], []
        for adapter in told:
            if adapter.plugging in taken:
                continue
            found = self._recognise(adapter)
            if found is None:
                unknown.append(adapter)
            else:
                self._arrive(found, Input.RECOGNISED, adapter)
                came.append(found.device)
        return Look(tuple(one.device for one in went), tuple(came), tuple(unknown))

    def meet(self, adapter: Adapter, driver: str, *, family: str, said_name: str = "", own: str = "") -> str:
        """Return the name of what is behind an `unknown` adapter, now that its driver is known.

        `said_name`: what the configuration calls it; `own`: what the instrument calls itself.
        """
        known = self._away_named(family, own) or self._only_one_of_its_kind(adapter, family, own)
        if known is not None:
            self._arrive(known, Input.RECOGNISED, adapter)
            return known.device
        if adapter.mark and said_name in self._known and self._known[said_name].state in AWAY:
            self._arrive(self._known[said_name], Input.CONFIRMED, adapter)
            return said_name
        newcomer = Known("", driver, family, State.HERE, adapter, own, said_name)
        if self._candidates(newcomer):
            newcomer.state = State.UNCONFIRMED
            newcomer.device = self._new_name(f"unconfirmed-{_safe_place(adapter.place)}")
        elif said_name and said_name not in self._known:
            newcomer.device = said_name
        else:
            newcomer.device = self._new_name(driver)
        self._add(newcomer)
        return newcomer.device

    def names_itself(self, device: str, own: str) -> str:
        """The instrument at `device`'s port calls itself `own`: return its name from now on, which may be
        another; what it says from that frame on is not `device`'s then."""
        known = self._known[device]
        if known.own == own or (known.adapter.mark and known.said_name):
            return device  # an adapter to which a person gave a name keeps it, whichever instrument it serves
        other = self._away_named(known.family, own)
        if other is None and not known.own:
            known.own = own
            if known.state is State.UNCONFIRMED and not self._candidates(known):
                self._move(known, Input.IS_NEW)
            return device
        if other is None and any(one.own == own for one in self._in(PLUGGED_IN)):
            return device  # two say the same at once: that is no name
        self._move(known, Input.IS_OTHER)
        return self.meet(known.adapter, known.driver, family=known.family, own=own)

    def is_another(self, device: str) -> None:
        """What is plugged in at `device`'s port speaks otherwise: its adapter is unknown in the next look."""
        self._move(self._known[device], Input.IS_OTHER)

    def confirm(self, device: str, is_device: str | None) -> None:
        """A person says that `device`, which is unconfirmed, is one of its candidates; None: a new one, which
        keeps its name. Raises IllegalInputError: that cannot be (any more); nothing changed."""
        known = self._known.get(device)
        if known is None or known.state is not State.UNCONFIRMED:
            raise IllegalInputError(f"nobody asks who {device} is (any more)")
        if is_device is None:
            self._move(known, Input.IS_NEW)
            return
        if is_device not in self._candidates(known):
            raise IllegalInputError(
                f"{device} cannot be {is_device}: that one is plugged in, or not of its kind"
            )
        self._move(known, Input.IS_OTHER)
        if is_device in self._known:
            self._arrive(self._known[is_device], Input.CONFIRMED, known.adapter)
        else:
            self._add(replace(known, device=is_device, state=State.HERE))

    def forget(self, device: str) -> None:
        """A person says that this device will not come back. Raises IllegalInputError: nobody knows it."""
        if device not in self._known:
            raise IllegalInputError(f"there is no device {device}")
        self._move(self._known[device], Input.DROPPED)

    def questions(self) -> tuple[Question, ...]:
        """Return what somebody must say, as things are now."""
        asked = (one for one in self._known.values() if one.state is State.UNCONFIRMED)
        return tuple(Question(one.device, self._candidates(one), one.adapter.path) for one in asked)

    def known(self) -> tuple[Known, ...]:
        """Return all devices. Not to be changed."""
        return tuple(self._known.values())

    def behind(self, adapter: Adapter) -> Known | None:
        """Return who is behind an adapter that is plugged in."""
        here = self._in(PLUGGED_IN)
        return next((one for one in here if one.adapter.plugging == adapter.plugging), None)

    def saved(self) -> dict[str, object]:
        """Return all that must survive a restart, for JSON."""
        return {
            "version": SAVED_VERSION,
            "names_given": self._names_given,
            "shared": sorted(self._shared),
            "known": [{**asdict(one), "state": one.state.name} for one in self._known.values()],
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any]) -> Self:
        """Return what `saved` said. The first look tells who has been unplugged since, or that the box has
        been off, which is the same. Raises ValueError: it is damaged, or of another version."""
        if saved.get("version") != SAVED_VERSION:
            raise ValueError(f"known devices of version {saved.get('version')}; this is {SAVED_VERSION}")
        identities = cls()
        try:
            identities._names_given = int(saved["names_given"])
            identities._shared = set(saved["shared"])
            for one in saved["known"]:
                adapter, state = Adapter(**one["adapter"]), State[one["state"]]
                known = Known(**{**one, "adapter": adapter, "state": state})
                identities._known[known.device] = known
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"known devices are damaged: {error!r}") from error
        return identities

    def _in(self, states: frozenset[State]) -> list[Known]:
        return [one for one in self._known.values() if one.state in states]

    def _recognise(self, adapter: Adapter) -> Known | None:
        """Return who must be behind an adapter that was just plugged in, by its mark or its place."""
        for known in self._known.values():
            if known.state is not State.ABSENT or known.adapter.vid_pid != adapter.vid_pid:
                continue
            if known.adapter.mark == adapter.mark and (adapter.mark or known.adapter.place == adapter.place):
                return known
        return None

    def _away_named(self, family: str, own: str) -> Known | None:
        """Return the device that is away and calls itself so."""
        named = (one for one in self._in(AWAY) if own and (one.family, one.own) == (family, own))
        return next(named, None)

    def _only_one_of_its_kind(self, adapter: Adapter, family: str, own: str) -> Known | None:
        """Return who is away, spoke like this, and was plugged in here; None when another one may be it."""
        kind = [one for one in self._in(AWAY) if one.family == family and not one.adapter.mark]
        if len(kind) != 1 or adapter.mark or (kind[0].own and own):
            return None
        was = kind[0].adapter
        return kind[0] if (was.place, was.vid_pid) == (adapter.place, adapter.vid_pid) else None

    def _candidates(self, newcomer: Known) -> tuple[str, ...]:
        """Return whom it may be: all of its kind that are away, and whom the configuration expects there."""
        if newcomer.adapter.mark:
            return ()
        away = [
            one.device
            for one in self._in(AWAY)
            if one.family == newcomer.family
            and not one.adapter.mark
            and not (one.own and newcomer.own and one.own != newcomer.own)
        ]
        if away and newcomer.said_name and newcomer.said_name not in self._known:
            away.append(newcomer.said_name)
        return tuple(away[-CANDIDATES_MAX:])

    def _go(self, known: Known) -> None:
        likes = [one for one in self._in(AWAY) if one.could_be_taken_for(known)]
        self._move(known, Input.GONE_TOGETHER if likes else Input.GONE_ALONE)
        for like in likes:
            self._move(like, Input.OTHER_GONE)

    def _arrive(self, known: Known, input_: Input, adapter: Adapter) -> None:
        self._move(known, input_)
        known.adapter = adapter
        self._known[known.device] = self._known.pop(known.device)

    def _move(self, known: Known, input_: Input) -> None:
        state = TRANSITIONS.get((known.state, input_))
        if state is None:
            raise IllegalInputError(f"{known.device}: {input_.name} while {known.state.name}")
        known.state = state
        if state is State.FORGOTTEN:
            del self._known[known.device]

    def _add(self, known: Known) -> None:
        if len(self._known) >= KNOWN_MAX and (away := self._in(AWAY)):
            self._move(away[0], Input.DROPPED)
        self._known[known.device] = known

    def _new_name(self, stem: str) -> str:
        """Return a name that was never given before."""
        self._names_given += 1
        return f"{stem}-{self._names_given}"


def _safe_place(place: str) -> str:
    return _UNSAFE.sub("-", place)[-_PLACE_MAX_CHARS:].strip("-")

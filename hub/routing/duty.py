"""Which consoles are on duty (core). One is only while it proves that it could hear and answer.

A page posts its proof every PROOF_EVERY_S, from the moment somebody is logged in until it is closed::

    {"console": "…", "sound": true, "microphone": true, "clock_offset_ms": -41.5}

`console` names the page: any text, its own for each page. `sound`: its sound runs, tried and not only asked
for. `microphone`: it is granted and opens. `clock_offset_ms`: hub minus page, null while unknown. A page
that is closed posts ``{"console": "…", "goodbye": true}`` and is gone GOODBYE_S later, in which the page that
comes after it proves itself; one that falls silent is gone when its lease is over. The account is the
session's, never the page's word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PROOF_EVERY_S: Final = 5.0
LEASE_S: Final = 12.0  # two proofs may be lost on the way
GOODBYE_S: Final = 4.0  # a page that is left for another one of ours says goodbye too
CONSOLES_MAX: Final = 2_000  # pages at once; one that invents names does not fill the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a console proves. `clock_offset_ms`: hub minus page; None: not known."""

    sound: bool
    microphone: bool
    clock_offset_ms: float | None

    @property
    def missing(self) -> tuple[str, ...]:
        """What it lacks, of "sound", "microphone", "clock"; empty: it counts."""
        lacks = {
            "sound": not self.sound,
            "microphone": not self.microphone,
            "clock": self.clock_offset_ms is None,
        }
        return tuple(name for name, is_missing in lacks.items() if is_missing)


@dataclass(frozen=True, slots=True)
class DutyChange:
    """An account came on duty with its first ready console, or went with its last.

    `why`: "proved", "said goodbye", "fell silent", or what is missing, such as "microphone".
    """

    account: str
    is_on: bool
    why: str
    at_s: float  # monotonic; for one that fell silent, when its lease was over


@dataclass(slots=True)
class _Ready:
    account: str
    until_s: float
    why: str = "fell silent"  # it goes then


class DutyRegister:
    """All consoles that are ready. Every call names the moment; time never goes back between calls."""

    def __init__(self) -> None:
        self._consoles: dict[str, _Ready] = {}
        self._since_s: dict[str, float] = {}  # account -> when it came on duty
        self._listeners: list[Callable[[DutyChange], None]] = []

    def on_change(self, listener: Callable[[DutyChange], None]) -> None:
        """Add a listener, called at each change of an account; so that history may be kept."""
        self._listeners.append(listener)

    def hear(self, console: str, account: str, proof: Proof, *, now_s: float) -> tuple[str, ...]:
        """Take a console's proof; return what is missing, empty: it counts for LEASE_S.

        A proof that lacks something ends what an earlier one gave. A console over CONSOLES_MAX is not taken
        and told so ("too many consoles").
        """
        self.expire(now_s=now_s)
        if missing := proof.missing:
            self._end(console, ", ".join(missing), at_s=now_s)
            return missing
        known = self._consoles.get(console)
        if known is not None and known.account != account:  # somebody else logged in on the same page
            self._end(console, "said goodbye", at_s=now_s)
        elif known is None and len(self._consoles) >= CONSOLES_MAX:
            return ("too many consoles",)
        self._consoles[console] = _Ready(account, now_s + LEASE_S)
        if account not in self._since_s:
            self._since_s[account] = now_s
            self._tell(DutyChange(account, True, "proved", now_s))
        return ()

    def goodbye(self, console: str, *, now_s: float) -> None:
        """A console closes: it is gone soon. It need not be known."""
        self.expire(now_s=now_s)
        closing = self._consoles.get(console)
        if closing is not None:
            closing.until_s, closing.why = min(closing.until_s, now_s + GOODBYE_S), "said goodbye"

    def expire(self, *, now_s: float) -> None:
        """Let go the consoles that fell silent; every other call does so too."""
        over = [
            (one.until_s, console, one.why) for console, one in self._consoles.items() if one.until_s <= now_s
        ]
        for until_s, console, why in sorted(over):
            self._end(console, why, at_s=until_s)

    def ready_accounts(self, *, now_s: float) -> frozenset[str]:
        """Return the accounts with at least one ready console."""
        self.expire(now_s=now_s)
        return frozenset(self._since_s)

    def on_duty_since_s(self, *, now_s: float) -> dict[str, float]:
        """Return since when each ready account has been so without a break, monotonic."""
        self.expire(now_s=now_s)
        return dict(self._since_s)

    def next_change_s(self) -> float | None:
        """Return when the first lease is over unless it is renewed; None: no console is ready."""
        return min((one.until_s for one in self._consoles.values()), default=None)

    def _end(self, console: str, why: str, *, at_s: float) -> None:
        gone = self._consoles.pop(console, None)
        if gone is None or any(one.account == gone.account for one in self._consoles.values()):
            return
        del self._since_s[gone.account]
        self._tell(DutyChange(gone.account, False, why, at_s))

    def _tell(self, change: DutyChange) -> None:
        for listener in self._listeners:
            listener(change)

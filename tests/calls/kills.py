"""Hub, broker, boxes and a tab are killed while calls stand in every state; each press is followed."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal

from contract.ids import CallId, spool_text
from hub.calls.table import ANSWERED, CLOSED_STATES, LISTED, WAITING, State
from hub.store.interface import CallRow
from tests.calls.accounts import ADVICE, Fault, faults_of
from tests.calls.looks import LIMIT_S, LOOK_EVERY_S, until
from tests.calls.media_page import MediaPage
from tests.calls.seat import Hand
from tests.calls.street import SEATS, Street
from tests.village.station import Station

Kind = Literal["hub", "broker", "box", "tab"]
KINDS: Final[tuple[Kind, ...]] = ("hub", "broker", "box", "tab")
ADVISED: Final = 0.3  # of the calls that are written up
RINGS_AT: Final = {
    "tram-1": State.RINGING,
    "tram-2": State.RINGING,
    "tram-3": State.OFFERED,
    "tram-4": State.RECEIVED,
}
REACHED: Final = (
    State.CLAIMED,
    State.CONNECTING,
    State.ACTIVE,
    State.DROPPED,
    State.HELD,
    State.PARKED,
    State.WRAP_UP,
    State.CALLBACK,
    State.CALLING,
    State.CANCELLED,
)


@dataclass(slots=True)
class Tally:
    """What the campaign counts. `at`: kills by what was killed and how a call stood then; `faults`: each in
    words."""

    kills: int = 0
    presses: int = 0
    at: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def count(self, key: str) -> int:
        """Return how many faults of a kind there were."""
        return sum(one == key for one, _ in self.faults)


class Kills:
    """Rounds: each station's call is brought to a state, something is killed, and all are followed."""

    def __init__(self, street: Street, rng: random.Random) -> None:
        self.tally = Tally()
        self._street, self._village, self._looks, self._rng = street, street.village, street.looks, rng
        self._pages: dict[CallId, MediaPage] = {}
        self._fates: dict[CallId, State] = {}  # of this round's calls: the state when something was killed

    def account(self) -> None:
        """Look at everything that the hub and the stations have. Everything must be at rest."""
        self.tally.faults += faults_of(self._street)

    def round(self, kinds: Sequence[Kind]) -> None:
        """Bring the calls of all stations to a state each, kill these one after the other, and follow."""
        try:
            self._round(kinds)
        finally:
            self._close_pages()

    def _round(self, kinds: Sequence[Kind]) -> None:
        calls, self._fates = {}, {}
        for station in self._village.stations:
            target = self._target(station)
            calls[self._reach(station, target)] = (station, target)
        self._rng.choice(self._village.stations).ask("next person")  # the calls stay those of whoever pressed
        for kind in kinds:
            for call_id in calls:
                self.tally.at[kind, self._looks.row(call_id).state] += 1
            before = {call_id: self._looks.row(call_id) for call_id in calls}
            self._kill(kind)
            self.tally.kills += 1
            for call_id, row in before.items():
                self._compare(kind, row, self._looks.row(call_id))
        for call_id, (station, target) in calls.items():
            try:
                self._follow(station, call_id)
            except TimeoutError as error:
                self.tally.faults.append(("stuck", f"{call_id}, brought to {target.name}: {error}"))

    def _close_pages(self) -> None:
        for page in self._pages.values():
            page.close()
        self._pages.clear()

    def _target(self, station: Station) -> State:
        """Return the state of which there were fewest kills, of those that this station's call can have."""
        targets = (RINGS_AT[station.name], *REACHED)
        killed = Counter[str]()
        for (_, state), number in self.tally.at.items():
            killed[state] += number
        fewest = min(killed[target.name] + self._planned(target) for target in targets)
        chosen = [target for target in targets if killed[target.name] + self._planned(target) == fewest]
        return self._rng.choice(chosen)

    def _planned(self, target: State) -> int:
        return sum(one is target for one in self._fates.values())

    # Bringing a call to a state

    def _reach(self, station: Station, target: State) -> CallId:
        before = {row.call_id for row in self._looks.open_calls()}
        station.board.press()
        station.board.release()
        self.tally.presses += 1
        row = until(
            lambda: self._looks.new_call(station.name, before), f"the press of {station.name} at the hub"
        )
        call_id = row.call_id
        self._fates[call_id] = target
        if target in WAITING:
            until(lambda: self._looks.is_in(call_id, target), f"{call_id} {target.name}")
            return call_id
        if target is State.CANCELLED:
            station.ask("cancel call")
            until(lambda: self._looks.is_in(call_id, target), f"{call_id} {target.name}")
            return call_id
        hand = self._street.hand(self._rng.choice((*SEATS, self._street.tab.name)))
        hand.do(call_id, "claim")
        until(lambda: self._looks.row(call_id).owner == hand.name, f"{call_id} {hand.name}'s")
        if target is not State.CLAIMED:
            self._go_on(hand, call_id, target)
        return call_id

    def _go_on(self, hand: Hand, call_id: CallId, target: State) -> None:
        """Bring an answered call further."""
        page = self._pages[call_id] = MediaPage(self._street.port, call_id, hand.cookie)
        until(lambda: self._looks.is_in(call_id, State.CONNECTING), f"{call_id} CONNECTING")
        if target is State.CONNECTING:
            return
        page.flows = True
        until(lambda: self._looks.is_in(call_id, State.ACTIVE), f"{call_id} ACTIVE")
        match target:
            case State.DROPPED:
                page.flows = False
            case State.HELD:
                self._do(hand, call_id, "hold")
            case State.PARKED:
                self._do(hand, call_id, "park")
            case State.WRAP_UP | State.CALLBACK | State.CALLING:
                self._do(hand, call_id, "end")
        if target in (State.CALLBACK, State.CALLING):
            hand.do(call_id, "promise", at=time.strftime("%H:%M", time.localtime(time.time() + 3 * 3600)))
            until(lambda: self._looks.is_in(call_id, State.CALLBACK), f"{call_id} CALLBACK")
        if target is State.CALLING:
            self._do(hand, call_id, "ring")
        if target is not State.ACTIVE:
            until(lambda: self._looks.is_in(call_id, target), f"{call_id} {target.name}")

    def _do(self, hand: Hand, call_id: CallId, word: str) -> None:
        """Do it as the call is now; once more when it has moved on between the look and the deed."""

        def is_taken() -> bool:
            revision = self._looks.row(call_id).revision
            status, _ = hand.do(call_id, word, revision=revision)
            return status == HTTPStatus.OK or self._looks.row(call_id).revision == revision

        until(is_taken, f"{call_id} {word}")

    # Killing

    def _kill(self, kind: Kind) -> None:
        """Kill, wait a moment, start again, and return once it works."""
        village, pause_s = self._village, self._rng.uniform(0.0, 1.0)
        match kind:
            case "hub":
                village.hub.kill()
                time.sleep(pause_s)  # it is away for so long
                village.start_hub()
            case "broker":
                village.broker.kill()
                time.sleep(pause_s)  # it is away for so long
                village.broker.start()
            case "box":
                station = self._rng.choice(village.stations)
                station.vitals.kill()
                time.sleep(pause_s)  # it is away for so long
                station.vitals.start()
                until(station.answers, f"{station.name} answers")
            case "tab":
                self._street.tab.kill()
                time.sleep(pause_s)  # it is away for so long
                self._street.tab.open_again()

    def _compare(self, kind: Kind, before: CallRow, after: CallRow) -> None:
        """Nobody else has the call because something was killed."""
        was, is_ = before.owner, after.owner
        if was is not None and is_ not in (was, None):
            self.tally.faults.append(("double_owned", f"{before.call_id}: {was}'s, {is_}'s after a {kind}"))

    # Following

    def _follow(self, station: Station, call_id: CallId) -> None:
        """Bring a call to its end, whatever it is by now; the station's lamp is off then. Raises
        TimeoutError.
        """
        deadline_s = time.monotonic() + 2 * LIMIT_S
        while (state := State[self._looks.row(call_id).state]) not in CLOSED_STATES:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"it is still {state.name}")
            self._step(call_id)
            time.sleep(LOOK_EVERY_S)  # between looks at the store
        until(lambda: self._is_dark(station), f"the lamp of {station.name} off")
        self._check_pages(call_id)

    def _step(self, call_id: CallId) -> None:
        row = self._looks.row(call_id)
        state, owner = State[row.state], row.owner
        if state in WAITING or state is State.PARKED:
            self._street.hand(self._rng.choice(SEATS)).do(call_id, "claim")
        elif owner is not None and state in (*ANSWERED, State.CALLING):
            self._check_believers(call_id, owner)
            self._street.hand(owner).do(call_id, "end", revision=row.revision)
        elif owner is not None and state in LISTED:
            self._write_up(row, self._street.hand(owner))

    def _write_up(self, row: CallRow, hand: Hand) -> None:
        """Advise whoever was seen, and take the call off the list."""
        call_id, person = row.call_id, {"spool": spool_text(row.call_id.spool), "visit": str(row.visit)}
        if row.visit and self._rng.random() < ADVISED:
            hand.do(call_id, "advice", advice=f"{ADVICE}{call_id}", urgency="routine", revision=0, **person)
        hand.do(call_id, "disposition", disposition="other", reason="thử", unsent="keep")

    def _is_dark(self, station: Station) -> bool:
        return station.board.lamp.pattern.name == "OFF"

    def _check_believers(self, call_id: CallId, owner: str) -> None:
        """All pages that hear the hub come to believe in the same owner."""

        def agree() -> bool:
            told = [seat.calls.get(str(call_id)) for seat in self._street.seats.values() if seat.is_told]
            return all(one is None or one["owner"] == self._looks.row(call_id).owner for one in told)

        try:
            until(agree, "pages agree")
        except TimeoutError:
            self.tally.faults.append(
                ("double_owned", f"pages disagree who has {call_id}, {owner} by the store")
            )

    def _check_pages(self, call_id: CallId) -> None:
        def is_off() -> bool:
            return all(str(call_id) not in seat.calls for seat in self._street.seats.values() if seat.is_told)

        until(is_off, f"{call_id} off all lists")

"""What must hold in a world at every moment, and what must have come of everything once it is at rest."""

import json
from typing import Any, Final

from contract.events import CallRaised, CallStep, Press
from contract.ids import CallId, RecordClass, RecordId, spool_text
from edge.call.station_table import State as AtStation
from hub.calls.table import ANSWERED_STATES, CLOSED_STATES, LISTED, SIGNALLED_AS, Input, State
from hub.store.interface import CallRow, JournalLine
from tests.model.station import Station, Written
from tests.model.world import Line, World

TAKES_FROM_NOBODY: Final = frozenset({Input.CLAIM, Input.TAKE, Input.ASSIGN})
TAKES_OVER: Final = frozenset({Input.TRANSFERRED, Input.HANDED_OVER, Input.TAKE, Input.ASSIGN})
NEEDS_THE_HUB: Final = (AtStation.AT_HUB, AtStation.RINGING, AtStation.CLAIMED, AtStation.HELD)
SAID_AS: Final = {AtStation.RINGING: "ringing", AtStation.CLAIMED: "claimed", AtStation.HELD: "held"}
SHOWN_AS: Final = {
    None: AtStation.AT_HUB,
    "offered": AtStation.AT_HUB,
    "missed": AtStation.AT_HUB,
    "callback": AtStation.AT_HUB,
    "ringing": AtStation.RINGING,
    "claimed": AtStation.CLAIMED,
    "held": AtStation.HELD,
}
OVER: Final = frozenset({"END", "CLOSE", "TESTED", "PRACTICE_OVER", "CANCEL"})


class Broken(AssertionError):
    """Something that must hold does not; `key` says what, as the bench counts it."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key


def is_by_itself(one: Written) -> bool:
    """Whether nobody pressed: the station's policy answered the hub."""
    return isinstance(one.event, Press) and one.event.learned_from == "auto answer"


class Truths:
    """Looks at one world again and again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._owners: dict[CallId, str | None] = {}
        self._lines: dict[CallId, int] = {}

    def check(self) -> None:
        """What must hold at every moment. Raises Broken."""
        for call_id, row in self._world.store.rows.items():
            self._check_journal(call_id, row)
        for line in self._world.lines.values():
            self._check_lamp(line.station)

    def _check_journal(self, call_id: CallId, row: CallRow) -> None:
        lines = self._world.store.lines[call_id]
        known = self._lines.get(call_id, 0)
        if len(lines) == known:
            return
        owner = self._owners.get(call_id)
        for line in lines[known:]:
            said = json.loads(line.detail or "{}")
            if "owner" in said:
                self._check_owner(call_id, line, owner, said["owner"])
                owner = said["owner"]
        self._lines[call_id], self._owners[call_id] = len(lines), owner
        if owner != row.owner:
            raise Broken("double_owned", f"{call_id} is {row.owner}'s, and by its journal {owner}'s")
        if row.owner is None and State[row.state] in ANSWERED_STATES:
            raise Broken("double_owned", f"{call_id} is {row.state} and nobody's")

    def _check_owner(self, call_id: CallId, line: JournalLine, before: str | None, after: str | None) -> None:
        if after is None:
            return
        input_ = Input[line.input]
        may = TAKES_FROM_NOBODY if before is None else TAKES_OVER
        if input_ not in may:
            raise Broken("double_owned", f"{call_id}: {line.input} made {before}'s call {after}'s")

    def _check_lamp(self, station: Station) -> None:
        call = station.call
        if call is None or call.call_seq is None or call.state not in NEEDS_THE_HUB:
            return
        call_id = CallId(station.name, station.spool, call.call_seq)
        record = RecordId(station.name, station.spool, RecordClass.CALL, call.call_seq)
        if record not in self._world.store.records:
            raise Broken(
                "lost", f"the lamp says {call.state.name} of {call_id}, and the hub has no such press"
            )
        said = SAID_AS.get(call.state)
        told = {state for (one, _), state in self._world.said.items() if one == call_id}
        if said is not None and said not in told:
            raise Broken("lost", f"the lamp says {said} of {call_id}, which the hub never said")

    # Once everything works and has had its time

    def check_at_rest(self) -> None:
        """Everything that was done has come to something. Raises Broken."""
        self.check()
        for line in self._world.lines.values():
            self._check_presses(line)
            self._check_agreement(line.station)
        for row in self._world.store.rows.values():
            self._check_over(row)

    def _check_presses(self, line: Line) -> None:
        station, world = line.station, self._world
        presses = [one for one in station.records if isinstance(one.event, Press)]
        by_hand = [one for one in presses if not is_by_itself(one)]
        if len(by_hand) != line.pressed or station.unstored:
            raise Broken("lost", f"{line.pressed} presses at {station.name}, {len(by_hand)} on its disk")
        if station.owed:
            raise Broken("stuck", f"{station.name} still owes {station.owed}")
        counted = {
            json.loads(journal.detail or "{}").get("record")
            for lines in world.store.lines.values()
            for journal in lines
        }
        for one in presses:
            call_id = CallId(station.name, station.spool, one.seq)
            if call_id not in world.store.rows and f"{spool_text(station.spool)}.{one.seq}" not in counted:
                raise Broken("lost", f"press {call_id} is no call and was counted at none")
        for one in station.records:
            self._check_step(station, one)

    def _check_step(self, station: Station, one: Written) -> None:
        """What the nurse said of a call has come to it."""
        event = one.event
        if isinstance(event, CallRaised):
            inputs = self._inputs(CallId(station.name, station.spool, event.call_seq))
            if inputs is not None and "RAISED" not in inputs:
                raise Broken("lost", f"{event} of {station.name} never came to its call: {inputs}")
        elif isinstance(event, CallStep) and event.step == "cancelled":
            inputs = self._inputs(CallId(station.name, station.spool, event.call_seq))
            if inputs is not None and OVER.isdisjoint(inputs):
                raise Broken("lost", f"{event} of {station.name} never came to its call: {inputs}")

    def _inputs(self, call_id: CallId) -> list[str] | None:
        lines = self._world.store.lines.get(call_id)
        return None if lines is None else [line.input for line in lines]

    def _check_agreement(self, station: Station) -> None:
        call = station.call
        if call is None:
            raise Broken("stuck", f"{station.name} does not run")
        if call.call_seq is None:
            return
        row = self._world.store.rows.get(CallId(station.name, station.spool, call.call_seq))
        if row is None:
            raise Broken(
                "stuck", f"{station.name} shows {call.state.name} of a call that the hub does not have"
            )
        said = SIGNALLED_AS[State[row.state]]
        if SHOWN_AS.get(said) is not call.state:
            raise Broken(
                "stuck", f"{station.name} shows {call.state.name} of {row.call_id}, it is {row.state}"
            )

    def _check_over(self, row: CallRow) -> None:
        state = State[row.state]
        if state in CLOSED_STATES:
            return
        if state not in LISTED or row.owner is None:
            raise Broken("stuck", f"{row.call_id} is {row.state}, {row.owner or 'nobody'}'s")
        said: dict[str, Any] = json.loads(row.kept or "{}")
        if said.get("practice"):
            raise Broken("stuck", f"{row.call_id} is practice, and on the list as {row.state}")

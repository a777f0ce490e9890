"""The box as one process after another: the real link over the cable, the real spool on a disk. A thin shell.

What the card takes its time for is lost when the process is killed before it is done; what was committed is
there for the next process, which is told by the spool which presses came last, as `edge vitals` is. The lamp
follows the call as there, without a hub: registered, at the hub, over.
"""

import random
from collections import deque
from pathlib import Path
from typing import Final

from contract.events import Press
from contract.ids import RecordClass
from edge.call.lamps import CALL_LAMP
from edge.call.station_table import State as CallState
from edge.spool.batch import Batch, event_entry
from edge.spool.spool import Spool
from firmware_bridge.board.link import BoardLink
from firmware_bridge.board.messages import OutputId
from firmware_bridge.events import ButtonPressed, Event
from firmware_bridge.frames import FrameDecoder
from tests.button.accounts import Accounts, Name
from tests.button.line import Cable
from tests.integration.edge.spools import HUB_KEY, QUOTA_BYTES, STATION, open_all

CARD_S: Final = ((0.8, 0.005, 0.04), (0.98, 0.1, 0.6), (1.0, 1.0, 3.5))  # share up to, from, to
AT_HUB_S: Final = (0.3, 2.0)
CALL_S: Final = (6.0, 9.0)  # from then on, unless it is pressed again; longer than a lamp's command lasts
CALL_FACT: Final = "call"


class Box:
    """One process. `kill` ends it, wherever it is; `dies_after` and `dies_before`: at its next commit."""

    def __init__(
        self, path: Path, cable: Cable, accounts: Accounts, rng: random.Random, *, now_s: float
    ) -> None:
        self.is_alive = True
        self.dies_before_commit = self.dies_after_commit = False
        self._cable, self._accounts, self._rng = cable, accounts, rng
        self._spool = Spool(path, quota_bytes=QUOTA_BYTES)
        self._boot = self._spool.begin_boot("the-boot")
        self._spool.begin_sealing(
            HUB_KEY, station=STATION, boot=self._boot, t_us=round(now_s * 1e6), software="test"
        )
        self._link = BoardLink(last_presses=self._spool.last_presses())
        self._decoder = FrameDecoder()
        self._work: deque[ButtonPressed] = deque()
        self._card_s: float | None = None  # when the card has taken what is first in the queue
        self._call = CallState.IDLE
        self._call_s = float("inf")  # when it goes on
        self._move_call(CallState.REGISTERED if self._spool.fact(CALL_FACT) else CallState.IDLE, now_s)
        if cable.is_in:
            self._link.open(now_s=now_s)

    def kill(self) -> None:
        """End it now. What the card has not taken is gone."""
        self.is_alive = False
        self._spool.close()

    def lose_port(self, *, now_s: float) -> None:
        """The cable is out."""
        self._link.close("the device went away", "plug the board in again", now_s=now_s)

    def find_port(self, *, now_s: float) -> None:
        """The cable is in."""
        self._decoder.restart()
        self._link.open(now_s=now_s)

    def turn(self, now_s: float) -> None:
        """Hear, store, speak."""
        if self._cable.is_in:
            for frame in self._decoder.feed(self._cable.to_box.arrived(now_s=now_s)):
                self._link.handle(frame, now_s=now_s)
            self._link.tick(now_s=now_s)
        for event in self._link.events_received():
            self._hear(event, now_s)
        self._store(now_s)
        if not self.is_alive:
            return
        if now_s >= self._call_s:
            self._go_on(now_s)
        data = self._link.data_to_send()
        if self._cable.is_in:
            self._cable.to_board.send(data, now_s=now_s)

    def _hear(self, event: Event, _now_s: float) -> None:
        if isinstance(event, ButtonPressed):
            self._work.append(event)

    def _store(self, now_s: float) -> None:
        """Store one press after the other, each as long as the card takes."""
        if self._card_s is None:
            self._card_s = now_s + self._card_takes_s() if self._work else None
        if self._card_s is None or now_s < self._card_s:
            return
        if self.dies_before_commit:
            self.kill()
            return
        press = self._work.popleft()
        self._card_s = None
        self._commit(press, now_s)
        if self.dies_after_commit:
            self.kill()
            return
        self._link.press_stored(press.identity)
        if self._call is CallState.IDLE:
            self._move_call(CallState.REGISTERED, now_s)

    def _commit(self, press: ButtonPressed, now_s: float) -> None:
        """As `edge.call.call_service` does it: a press that is there already is not stored again."""
        name = (press.uid.hex(), press.origin_boot_id, press.press_count)
        if not self._is_on_disk(name):
            self._spool.commit(self._batch(press, name))
        self._accounts.stored(Name(name[1], name[2]), now_s=now_s)

    def _batch(self, press: ButtonPressed, name: tuple[str, int, int]) -> Batch:
        told = Press(device=name[0], device_boot=name[1], press_count=name[2], learned_from="event")
        entry = event_entry(told, RecordClass.CALL, boot=self._boot, t_us=press.box_t_us)
        return Batch(entries=[entry], press=name, facts_of_seq=lambda seq: {CALL_FACT: {"seq": seq}})

    def _is_on_disk(self, name: tuple[str, int, int]) -> bool:
        return self._spool.press_seq(*name) is not None

    def _go_on(self, now_s: float) -> None:
        if self._call is CallState.REGISTERED:
            self._move_call(CallState.AT_HUB, now_s)
        elif not self._work:
            self._spool.commit(Batch(facts={CALL_FACT: None}))
            self._accounts.call_closed()
            self._move_call(CallState.IDLE, now_s)

    def _move_call(self, call: CallState, now_s: float) -> None:
        self._call = call
        pause_s = {CallState.REGISTERED: AT_HUB_S, CallState.AT_HUB: CALL_S}.get(call)
        self._call_s = float("inf") if pause_s is None else now_s + self._rng.uniform(*pause_s)
        self._link.show_output(OutputId.CALL_LED, *CALL_LAMP[call], now_s=now_s)

    def _card_takes_s(self) -> float:
        chance = self._rng.random()
        low_s, high_s = next((low, high) for share, low, high in CARD_S if chance < share)
        return self._rng.uniform(low_s, high_s)


def names_on_disk(path: Path) -> list[Name]:
    """Return the presses that a reader finds in the spool, by their records, opened with the hub's key."""
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    try:
        events = open_all(spool).values()
    finally:
        spool.close()
    return [Name(one.device_boot, one.press_count) for one in events if isinstance(one, Press)]

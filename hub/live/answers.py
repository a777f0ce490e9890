"""What operators said of devices in question, until the station confirms (core).

An answer is said again while it holds, and no longer than a minute: what is plugged in there after that may
be another device. It is never kept: a hub that starts anew asks again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.events import DeviceQuestion
from contract.ids import StationId
from contract.signals import ConfirmDevice
from hub.live.device_now import Told

SAY_AGAIN_S: Final = 5.0
HOLDS_S: Final = 60.0

AskedNow = Callable[[StationId], list[Told[DeviceQuestion]]]


@dataclass(slots=True)
class Answer:
    """One answer to one question. `said_s` None: it could not be sent yet."""

    question: Told[DeviceQuestion]
    signal: ConfirmDevice
    given_s: float
    said_s: float | None = None

    def holds(self, *, now_s: float) -> bool:
        """Whether it is still being said."""
        return now_s - self.given_s <= HOLDS_S


class Answers:
    """Say what `due` returns and tell with `said` that it went out."""

    def __init__(self) -> None:
        self._answers: dict[tuple[StationId, str], Answer] = {}

    def give(
        self, station: StationId, question: Told[DeviceQuestion], signal: ConfirmDevice, *, now_s: float
    ) -> None:
        """Somebody said which device it is; a later word counts."""
        self._answers[station, question.event.device] = Answer(question, signal, now_s)

    def to(self, station: StationId, question: Told[DeviceQuestion]) -> Answer | None:
        """Return what was last answered to this very question; None: nothing."""
        answer = self._answers.get((station, question.event.device))
        return answer if answer is not None and answer.question == question else None

    def due(self, asked: AskedNow, *, now_s: float) -> list[tuple[StationId, ConfirmDevice]]:
        """Return what is to be said now. `asked`: the questions that are open at a station."""
        due = []
        for (station, device), answer in list(self._answers.items()):
            if answer.question not in asked(station):
                del self._answers[station, device]
            elif answer.holds(now_s=now_s) and (
                answer.said_s is None or now_s - answer.said_s >= SAY_AGAIN_S
            ):
                due.append((station, answer.signal))
        return due

    def said(self, station: StationId, device: str, *, now_s: float) -> None:
        """The broker took it."""
        if (station, device) in self._answers:
            self._answers[station, device].said_s = now_s

"""A call with picture and voice as the box sees it: board, `edge vitals`, broker and hub are real."""

import asyncio
import os
import queue
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from contract.events import MediaState, Press
from contract.header import Record
from contract.ids import RecordClass, spool_text
from contract.media import Join, MediaSignal, Offer, PhotoTaken, StationMedia, TakePhoto
from contract.parts import join_parts, parse_part
from contract.signals import encode_signal
from contract.topics import Topic
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import ask
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputId, OutputPattern
from hub.ingest.committed import Committed
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.uplinks import board_of, box_config
from tests.running_hub import HubThread, hub_config
from tests.simulators import video_stand_in
from tests.simulators.board import BoardSim
from tests.simulators.video_stand_in import LEG, PICTURE, heard

LIMIT_S: Final = 30.0
ROOT: Final = Path(__file__).parents[3]
PAGE, PHOTO = "a" * 16, "b" * 32


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, stations=["con-dao-01"]) as broker:
        yield broker


class HubSide:
    """What the hub has heard, and what it says of the one call."""

    def __init__(self, hub: HubThread) -> None:
        self._hub = hub
        self.committed: list[Committed] = []
        self.signals: list[MediaSignal] = []

    def look(self) -> None:
        with suppress(queue.Empty):
            while True:
                self.committed.append(self._hub.committed.get_nowait())
        with suppress(queue.Empty):
            while True:
                heard_now = self._hub.signals.get_nowait().signal
                if isinstance(heard_now, MediaSignal):
                    self.signals.append(heard_now)

    def told(self, kind: type[MediaSignal]) -> list[Any]:
        self.look()
        return [one for one in self.signals if isinstance(one, kind)]

    def press(self) -> Committed | None:
        self.look()
        return next((one for one in self.committed if isinstance(one.arrival.event, Press)), None)

    def media_events(self) -> list[MediaState]:
        self.look()
        events = [one.arrival.event for one in self.committed]
        return [event for event in events if isinstance(event, MediaState)]

    def photograph(self) -> bytes | None:
        """Return the photograph when all of its parts are committed here."""
        self.look()
        sealed = [
            one.arrival
            for one in self.committed
            if one.arrival.record_id.record_class is RecordClass.PART
            and isinstance(one.arrival.record, Record)
        ]

        def open_all(store: Any) -> list[bytes]:
            bodies = []
            for arrival in sealed:
                assert isinstance(arrival.record, Record)
                key_id = arrival.record.header.key_id
                opener = self._hub.hub.opener_for(store, arrival.station, arrival.spool, key_id)
                assert opener is not None
                bodies.append(opener.open(arrival.record))
            return bodies

        bodies = self._hub.read(open_all)
        return join_parts(map(parse_part, bodies))

    def say(self, kind: type[MediaSignal], **fields: Any) -> None:
        press = self.press()
        assert press is not None
        arrival = press.arrival
        of_call = {"spool": spool_text(arrival.spool), "call_seq": arrival.record_id.seq}
        data = encode_signal(kind.model_validate({**of_call, **fields}))
        assert self._hub.do(lambda hub: hub.publish_signal(arrival.station, Topic.SIGNAL, data))


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - lamps, processes and another thread announce nothing
            await asyncio.sleep(0.01)


@in_a_loop
async def scenario(config: BoxConfig, hub: HubSide, command: tuple[str, ...], folder: Path) -> None:
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=command)
    running = asyncio.create_task(service.run())
    try:
        with BoardSim(board_of(config)) as board:

            def light() -> bool:
                return board.output(OutputId.STATUS_LED).pattern is OutputPattern.STEADY

            board.press()
            await until(hub.press)
            assert not light()
            assert not service._uplink._window.is_in_call
            hub.say(Join, page=PAGE)
            await until(lambda: hub.told(Offer))
            assert (hub.told(Offer)[0].page, hub.told(Offer)[0].leg) == (PAGE, LEG)
            await until(light)
            await until(lambda: service._uplink._window.is_in_call)
            hub.say(TakePhoto, photo=PHOTO)
            await until(lambda: hub.told(PhotoTaken))
            await until(lambda: hub.photograph() == PICTURE)

            first = heard(folder)[0][0]
            os.kill(first, signal.SIGKILL)
            await until(lambda: hub.told(StationMedia))
            await until(lambda: len(hub.told(Offer)) == 2)
            await until(light)
            await until(lambda: [one.camera for one in hub.media_events()] == ["open", "closed", "open"])

            board.camera_press()
            await asyncio.sleep(1.1)  # a nurse's finger: the board measures it
            board.camera_release()
            await until(lambda: [line for _, line in heard(folder) if line.get("is_allowed") is False])
            await ask(config.control_socket, "camera", is_allowed=True)
            second = heard(folder)[-1][0]
            await ask(config.control_socket, "cancel call")
            await until(lambda: not light())
            await until(lambda: not service._uplink._window.is_in_call)
            await until(lambda: not Path(f"/proc/{second}").exists())
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_a_call_with_picture_from_the_press_to_its_end(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    config = box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)
    command = (sys.executable, "-m", video_stand_in.__name__, str(tmp_path))
    with HubThread(hub_config(broker)) as hub:
        scenario(config, HubSide(hub), command, tmp_path)

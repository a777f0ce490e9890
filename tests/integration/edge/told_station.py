"""A station that is told what it is: a real `edge panel` beside a control socket that answers literal facts.

The panel's peer is made up here, the panel and its pages are real. Signals are a recording, as they come.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np

from contract.chunks import Column
from contract.codes import PLETH as PLETH_MDC
from contract.codes import PULSE_RATE, SPO2, Shape
from contract.events import Stream, StreamSet
from contract.ids import StationId, StreamSetNo, VisitNo
from edge.capture.device import DeviceSight
from edge.capture.recent import Recent
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import Stream as ControlStream
from edge.control_service import serve_control
from edge.errors import ControlError
from edge.live.link_facts import LinkFacts
from edge.live.live_service import framed
from edge.live.look import Look
from edge.live.watch import Watch
from edge.panel.pages import StationNow
from edge.panel.panel_service import serve_panel
from edge.video.panel_screen import PanelScreen
from edge.video.picture.talking_head import TalkingHead
from tests.simulators.board.recordings import load

TICK_S: Final = 0.2
NO_ANSWER: Final = "nobody answers"
MODEL: Final = "Berry BM1000"
START_LIMIT_S: Final = 30.0
SET: Final = StreamSetNo(1)
LEAD_II: Final = 131330
_RATES_HZ: Final = {0: 250, 1: 100, 2: 1, 3: 1}  # by the stream's number in the set; the board's is one more


def _stream(number: int, mdc: int, label: str, shape: Shape, scale: float, unit: str) -> Stream:
    rate_mhz = _RATES_HZ[number] * 1_000
    return Stream(stream=number, mdc=mdc, label=label, shape=shape, rate_mhz=rate_mhz, scale=scale, unit=unit)


_STREAMS: Final = StreamSet(
    set_no=SET,
    device="board",
    streams=(
        _stream(0, LEAD_II, "II", "ecg", 5.0, "uV"),
        _stream(1, PLETH_MDC, "Pleth", "pleth", 1.0, "1"),
        _stream(2, SPO2, "SpO2", "numeric", 1.0, "%"),
        _stream(3, PULSE_RATE, "Pulse", "numeric", 1.0, "/min"),
    ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is so. `off`: streams without contact; `electrodes_off`: by name; `is_seen`: an operator's face
    comes; None as `now`: `edge vitals` does not answer."""

    now: StationNow | None
    off: tuple[int, ...] = ()
    electrodes_off: tuple[str, ...] = ()
    is_seen: bool = False


class ToldStation:
    """`tell` what is so; `url` is the panel's."""

    def __init__(self, config: BoxConfig) -> None:
        self._config, self._clock = config, BoxClock.read()
        self._told = Told(None)
        self._news = 0
        self._recent, self._recording = Recent(), load("an")
        self._begun_us = self._clock.now_us() - 12_000_000
        self._given = dict.fromkeys(_RATES_HZ, 0)
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = f"http://127.0.0.1:{config.panel.port}/"

    def tell(self, told: Told) -> None:
        """From now on this is so."""
        self._told = told
        self._news += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve meanwhile."""
        thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="told station")
        thread.start()
        try:
            self._until_served(thread)
            yield
        finally:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(START_LIMIT_S)
            assert not thread.is_alive()

    def _until_served(self, thread: threading.Thread) -> None:
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._config.panel.port), timeout=1.0).close()
                return
            except OSError:
                assert thread.is_alive() and time.monotonic() < deadline_s, "the panel does not listen"
                time.sleep(0.02)  # between tries: nothing announces that it listens

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        asked = ("visit", "devices", "advice", "link", "call", "self-test now")
        questions = {name: self._answering(name) for name in asked}
        streams: dict[str, ControlStream] = {"live": lambda _pid: self._talk}
        self._config.data_dir.mkdir(parents=True, exist_ok=True)
        tasks = [
            asyncio.create_task(serve_panel(self._config, self._clock)),
            asyncio.create_task(serve_control(self._config.control_socket, questions, streams=streams)),
            asyncio.create_task(self._show_faces()),
        ]
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, stopping):
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _answering(self, name: str) -> Any:
        async def answer(_request: Mapping[str, Any]) -> Mapping[str, Any]:
            now = self._told.now
            if now is None:
                raise ControlError(NO_ANSWER)
            if name == "visit":
                return now.visit._asdict()
            link = now.link or LinkFacts(is_connected=True)
            facts = {"devices": now.all, "advice": now.advice, "link": link, "call": now.call}
            facts["self-test now"] = now.self_test
            return facts[name].model_dump(mode="json")

        return answer

    async def _show_faces(self) -> None:
        screen, head = PanelScreen(self._config.picture_socket), TalkingHead(640, 480)
        while True:
            if self._told.is_seen:
                screen.show(av.VideoFrame.from_ndarray(head.draw(time.monotonic()), format="yuv420p"))
            else:
                screen.clear()
            await asyncio.sleep(TICK_S)

    async def _talk(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watch = Watch()
        while not writer.is_closing():
            self._measure()
            for message in watch.messages(self._look()):
                writer.write(framed(message))
            await writer.drain()
            await asyncio.sleep(TICK_S)

    def _measure(self) -> None:
        """What came since, but from sensors that are off."""
        now_us = self._clock.now_us()
        for number, rate_hz in _RATES_HZ.items():
            first, end = self._given[number], (now_us - self._begun_us) * rate_hz // 1_000_000
            self._given[number] = end
            if end <= first or number in self._told.off:
                continue
            samples = self._recording.samples(number + 1, first, end - first)[:, 0].astype(np.int32)
            t_us = self._begun_us + first * 1_000_000 // rate_hz
            self._recent.take(
                Column(number, first, t_us, t_us, samples),
                _STREAMS.streams[number],
                set_no=SET,
                visit=self._visit(),
                now_us=now_us,
            )

    def _visit(self) -> VisitNo:
        return VisitNo(0 if self._told.now is None else self._told.now.visit.visit)

    def _look(self) -> Look:
        device = DeviceSight(
            source="board", name="board", model=MODEL, unverified="", problem=None, conditions=(),
            lost_samples=0, unmeasured_samples=0, is_held_apart=False, is_measuring=True, streams=_STREAMS,
            off=self._told.off, electrodes_off=self._told.electrodes_off, visit=self._visit(),
        )  # fmt: skip
        return Look(
            station=StationId(self._config.station),
            now_us=self._clock.now_us(),
            zero_ms=time.time() * 1000 - self._clock.now_us() / 1000,
            clock_no=1,
            is_utc_known=True,
            visit=self._visit(),
            code="K7-42",
            sights=(device,),
            recent=self._recent,
            news=self._news,
        )

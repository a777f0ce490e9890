"""One box's video side: real processes, the real socket and spool; the hub is a list."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from contract.ids import StationId, spool_text
from contract.media import (
    MediaSignal,
)
from edge.call.press_meaning import PressMeaning
from edge.call.prompts_due import Prompt
from edge.call.station_call import StationCall
from edge.call.video_service import Offices, VideoService
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import BoxConfig, SocketsConfig, VideoConfig
from edge.spool.batch import OwedRecord
from edge.spool.spool_service import SpoolThread
from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.integration.edge.spools import HUB_KEY
from tests.simulators import video_stand_in
from tests.simulators.video_stand_in import heard

LIMIT_S: Final = 20.0
ROOT: Final = Path(__file__).parents[3]
PAGE, OTHER_PAGE, PHOTO = "a" * 16, "c" * 16, "b" * 32


def config_of(folder: Path, *, loudspeaker: str) -> BoxConfig:
    """A box that has nothing but a loudspeaker."""
    return BoxConfig(
        file=folder / "box.toml",
        station=StationId("con-dao-01"),
        data_dir=folder,
        hub_host="localhost",
        hub_port=1,
        ca=folder / "ca",
        certificate=folder / "certificate",
        key=folder / "key",
        seal_key=folder / "seal",
        board_port=None,
        board_baud=460_800,
        quota_bytes=2_000_000_000,
        boot_file=folder / "boot",
        video=VideoConfig(camera="none", microphone="none", loudspeaker=loudspeaker, screen="none"),
    )


class Box:
    """One box's video side, and what it said."""

    def __init__(
        self,
        folder: Path,
        *,
        manner: str = "",
        command: tuple[str, ...] | None = None,
        loudspeaker: str = "none",
        unit: Path | None = None,
    ) -> None:
        config = config_of(folder, loudspeaker=loudspeaker)
        self._config = replace(config, sockets=SocketsConfig(video=unit))
        self.folder = folder
        self.call = StationCall()
        self.said: list[MediaSignal] = []
        self.stored: list[OwedRecord] = []
        self.shares: list[tuple[bool, int | None]] = []  # what the uplink was told of voice and picture
        self.flows: list[None] = []  # so often packets of the call were said to come and go
        self.spoken: list[Prompt] = []
        self._light = OutputPattern.OFF
        self.light_told = 0
        self.is_hub_there = True
        self.spool = SpoolThread(folder / "spool.db", quota_bytes=2_000_000_000)
        self._command = command or (
            *(sys.executable, "-m", video_stand_in.__name__),
            *(str(folder), manner),
        )

    async def begin(self) -> None:
        opened = await self.spool.open()
        clock = BoxClock.read()
        boot = await self.spool.use(lambda spool: spool.begin_boot(clock.boot_name))
        station = StationId("con-dao-01")
        await self.spool.use(
            lambda spool: spool.begin_sealing(HUB_KEY, station=station, boot=boot, t_us=1, software="test")
        )
        self.spool_id = opened.spool_id
        self.capture = Capture(boot=boot, facts={})
        self.capture.press(t_us=1, now_us=clock.now_us())  # opens the visit
        self.video = VideoService(
            self._command,
            config=self._config,
            spool_id=opened.spool_id,
            facts={"camera off": None},
            offices=Offices(
                clock=clock,
                boot=boot,
                spool=self.spool,
                capture=self.capture,
                show_output=self._show,
                share_link=lambda is_in_call, media_bps: self.shares.append((is_in_call, media_bps)),
                say=self._say,
                on_flow=lambda: self.flows.append(None),
                on_said=self.spoken.append,
                parcel_bytes=lambda: 4_096,
                on_stored=self.stored.extend,
            ),
        )

    def _show(self, output: OutputId, pattern: OutputPattern) -> None:
        assert output is OutputId.STATUS_LED
        self._light = pattern
        self.light_told += 1

    def light(self) -> OutputPattern:
        return self._light

    def is_lit(self) -> bool:
        return self._light is OutputPattern.STEADY

    def _say(self, signal: MediaSignal) -> bool:
        if self.is_hub_there:
            self.said.append(signal)
        return self.is_hub_there

    def press(self, seq: int = 5) -> None:
        self.call.press(seq, PressMeaning(), now_s=0.0)
        self.video.on_call(self.call)

    def hub_says(self, kind: type[MediaSignal], *, call_seq: int = 5, **fields: Any) -> None:
        of_call = {"spool": spool_text(self.spool_id), "call_seq": call_seq}
        self.video.on_hub(kind.model_validate({**of_call, **fields}))

    def end(self) -> None:
        self.call.cancel(now_s=0.0)
        self.video.on_call(self.call)

    def heard(self, tell: str) -> list[dict[str, Any]]:
        return [line for _, line in heard(self.folder) if line.get("tell") == tell]

    def from_hub(self) -> list[str]:
        return [line["signal"]["signal"] for line in self.heard("from hub")]

    def pids(self) -> list[int]:
        return list(dict.fromkeys(pid for pid, _ in heard(self.folder)))

    def told(self, kind: type[MediaSignal]) -> list[Any]:
        return [signal for signal in self.said if isinstance(signal, kind)]


@pytest.fixture(autouse=True)
def _is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in is found wherever the tests are started."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@asynccontextmanager
async def running(folder: Path, *, is_in_a_call: bool = False, **options: Any) -> AsyncIterator[Box]:
    """`is_in_a_call`: as `edge vitals` starts with a call that it was left."""
    box = Box(folder, **options)
    await box.begin()
    if is_in_a_call:
        box.press()
    running = asyncio.create_task(box.video.run())
    await until(lambda: box.light_told > 0)
    try:
        yield box
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await box.spool.close()


@asynccontextmanager
async def called_at(path: Path, folder: Path, *manner: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A stand-in that nobody of this test's `edge vitals` has started: it outlived one, or systemd did."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(2)
        command = (sys.executable, "-m", video_stand_in.__name__, str(folder), *manner)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=listener.fileno())
    try:
        await until((folder / f"waits-{process.pid}").exists)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - a file and a process announce nothing
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False

"""The live view that `edge vitals` gives a screen of the station: true, bounded, and never in the way."""

import asyncio
import json
import select
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.config import BoxConfig
from edge.control_service import ask
from edge.errors import ControlError
from edge.live import live_service
from edge.live.frames import HEADER
from edge.live.live_service import WATCHERS_MAX
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_vitals import LIMIT_S, config, drafts, until, vitals  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim
from tests.simulators.board.recordings import ECG

HEAD = struct.Struct("<cI")


class Watcher:
    """A screen that reads."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.texts: dict[str, Any] = {}
        self.samples: dict[tuple[int, int], dict[int, int]] = {}

    async def read(self) -> None:
        kind, size = HEAD.unpack(await self.reader.readexactly(HEAD.size))
        data = await self.reader.readexactly(size)
        if kind == b"t":
            text = json.loads(data)
            self.texts[text["type"]] = text
            return
        head = HEADER.unpack_from(data)
        stream = self.samples.setdefault((head[4], head[2]), {})
        for offset, value in enumerate(np.frombuffer(data, "<i4", offset=HEADER.size).tolist()):
            stream[head[6] + offset] = value

    async def until(self, is_so: Any) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not is_so():
                await self.read()


@asynccontextmanager
async def watcher(config: BoxConfig) -> AsyncIterator[Watcher]:  # noqa: F811
    reader, writer = await asyncio.open_unix_connection(str(config.control_socket))
    try:
        writer.write(b'{"ask": "live"}\n')
        answer = json.loads(await reader.readline())
        if not answer["ok"]:
            raise ControlError(answer["error"])
        yield Watcher(reader, writer)
    finally:
        writer.close()


def ecg_of(screen: Watcher) -> dict[int, int]:
    return next((values for (_, stream_id), values in screen.samples.items() if stream_id == 0), {})


@in_a_loop
async def test_a_screen_is_told_what_the_board_sent_and_what_is_the_matter(config: BoxConfig) -> None:  # noqa: F811
    with BoardSim(board_of(config)) as board:
        async with vitals(config), watcher(config) as screen:
            await screen.until(lambda: len(ecg_of(screen)) >= 500)
            truth = board.truth.samples(board.boot_id, ECG)
            assert {index: truth[index] for index in ecg_of(screen)} == ecg_of(screen)
            board.leads_off(0b10)
            off_s = time.monotonic()
            await screen.until(lambda: screen.texts["notices"]["streams"])
            assert screen.texts["notices"]["streams"][0]["notices"][0]["values"] == {"electrodes": "LA"}
            assert time.monotonic() - off_s < LIMIT_S
            news = screen.texts["link"]["news"]
            board.press()
            while (await ask(config.control_socket, "call"))["state"] == "IDLE":
                await screen.until(lambda n=news: screen.texts["link"]["news"] > n)
                news = screen.texts["link"]["news"]
            devices = (await ask(config.control_socket, "devices"))["devices"]
            assert devices[0]["electrodes_off"] == ["LA"]
            assert not (await ask(config.control_socket, "link"))["is_connected"]


@in_a_loop
async def test_screens_that_do_not_read_cost_no_sample_no_memory_and_no_other_screen(
    config: BoxConfig,  # noqa: F811
) -> None:
    with BoardSim(board_of(config)) as board:
        async with vitals(config):
            async with watcher(config), watcher(config), watcher(config), watcher(config) as screen:
                assert WATCHERS_MAX == 4
                try:
                    async with watcher(config):
                        raise AssertionError("a fifth screen looks on")
                except ControlError as error:
                    assert "screens look on already" in str(error)
                await screen.until(lambda: len(ecg_of(screen)) >= 1_000)  # the others read nothing
                board.press()
                async with asyncio.timeout(LIMIT_S):
                    while (await ask(config.control_socket, "call"))["state"] == "IDLE":  # noqa: ASYNC110
                        await asyncio.sleep(0.01)  # nothing announces it to a tool
                await until(lambda: drafts(config) >= 1)
                truth = board.truth.samples(board.boot_id, ECG)
                assert {index: truth[index] for index in ecg_of(screen)} == ecg_of(screen)
            async with watcher(config) as again:  # those that went left their places
                await again.until(lambda: len(ecg_of(again)) >= 250)


@in_a_loop
async def test_a_screen_that_reads_nothing_is_given_up_and_never_written_to_without_end(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_service, "UNREAD_MAX_BYTES", 0)  # beside what the kernel holds
    monkeypatch.setattr(live_service, "STALLED_MAX_S", 0.5)
    with BoardSim(board_of(config), speed=40.0) as board, socket.socket(socket.AF_UNIX) as stalled:
        async with vitals(config):
            stalled.connect(str(config.control_socket))
            stalled.sendall(b'{"ask": "live"}\n')
            await until(lambda: _is_given_up(stalled))
            board.press()  # and it was in nobody's way
            async with asyncio.timeout(LIMIT_S):
                while (await ask(config.control_socket, "call"))["state"] == "IDLE":  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            async with watcher(config) as again:
                await again.until(lambda: len(ecg_of(again)) >= 250)


def _is_given_up(stalled: socket.socket) -> bool:
    """Whether the other end has hung up on what it never read."""
    poll = select.poll()
    poll.register(stalled, select.POLLHUP)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def test_the_socket_of_the_picture_lies_in_the_boxs_own_folder(config: BoxConfig, tmp_path: Path) -> None:  # noqa: F811
    assert config.picture_socket.parent == config.control_socket.parent == tmp_path / "data"

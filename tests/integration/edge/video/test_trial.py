"""The devices tried by a real `edge video`, in a process that a call kills."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.call.video_messages import (
    CallNow,
    DevicesTried,
    End,
    Here,
    ToVideo,
    TryDevices,
    encode_line,
    parse_from_video,
)
from edge.video.trial_service import Trial
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.test_video_process import write_config

LIMIT_S = 120.0  # it loads the video libraries twice, on a machine that does much else


class Line:
    """The line of `edge vitals` to an `edge video`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, message: ToVideo) -> None:
        self._writer.write(encode_line(message))

    async def said(self, kind: type) -> DevicesTried | Here:
        """Return the next of a kind."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                message = parse_from_video(await self._reader.readline())
                if isinstance(message, kind):
                    assert isinstance(message, DevicesTried | Here)
                    return message


@asynccontextmanager
async def edge_video(config: Path) -> AsyncIterator[tuple[Line, int]]:
    path = config.parent / "video.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(2)
        command = (sys.executable, "-m", "edge", "video", "--config", str(config))
        process = await asyncio.create_subprocess_exec(*command, stdin=listener.fileno())
    reader, writer = await asyncio.open_unix_connection(path, limit=70_000)
    line = Line(reader, writer)
    try:
        await line.said(Here)
        yield line, process.pid
    finally:
        line.say(End())
        async with asyncio.timeout(LIMIT_S):
            await process.wait()
        writer.close()


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def until_children(pid: int, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len(children(pid)) != count:  # noqa: ASYNC110 - a process announces nothing
            await asyncio.sleep(0.02)


@in_a_loop
async def test_what_can_be_tried_is_and_a_call_ends_the_trial(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    async with edge_video(write_config(tmp_path, microphone="none")) as (line, pid):
        line.say(TryDevices())
        await until_children(pid, 1)
        call = CallNow(spool="0123456789abcdef", call_seq=6, is_claimed=False)
        line.say(call)
        await until_children(pid, 0)
        line.say(TryDevices())
        await until_children(pid, 1)
        line.say(TryDevices(is_wanted=False))
        await until_children(pid, 0)
        line.say(TryDevices())
        tried = await line.said(DevicesTried)
        assert isinstance(tried, DevicesTried)
        assert [(one.part, one.is_well) for one in tried.findings] == [("camera", True)]


@in_a_loop
@pytest.mark.parametrize(
    ("command", "text"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "the trial ended with 3"),
        ((sys.executable, "-c", "print('[{}]')"), "the trial ended with 0"),
        (("/nobody/is/there",), "cannot be tried: No such file"),
    ],
)
async def test_a_trial_that_fails_says_why(command: tuple[str, ...], text: str) -> None:
    said: asyncio.Queue[DevicesTried] = asyncio.Queue()
    trial = Trial(command, on_tried=said.put_nowait)
    trial.start()
    tried = await asyncio.wait_for(said.get(), LIMIT_S)
    assert text in tried.text
    assert tried.findings == ()
    await trial.end()

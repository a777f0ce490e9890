"""`edge vitals` ends in the very moment in which its `edge video` does: nothing of it stays open or alive."""

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from edge.call import video_process
from edge.call.video_messages import Here, encode_line
from edge.call.video_process import VideoProcess
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video_side import is_alive, running, until


@pytest.mark.parametrize("turns", range(8))
@in_a_loop
async def test_however_many_turns_of_the_loop_lie_between_its_connection_is_closed(
    tmp_path: Path, turns: int
) -> None:
    writers: list[asyncio.StreamWriter] = []
    loop = asyncio.get_running_loop()

    def end_after(turns: int) -> None:
        if turns:
            loop.call_soon(end_after, turns - 1)
        else:
            run.cancel()

    async def talk(_pid: int, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        end_after(turns)

    process = VideoProcess(
        (), path=tmp_path / "unit.sock", is_unit=True, is_wanted=lambda: True, talk=talk,
        on_ended=lambda _: None,
    )  # fmt: skip
    with socket.socket(socket.AF_UNIX) as listener:
        listener.setblocking(False)
        listener.bind(str(tmp_path / "unit.sock"))
        listener.listen(1)
        run = asyncio.create_task(process.run())
        line, _ = await loop.sock_accept(listener)
        with line:
            line.sendall(encode_line(Here(pid=os.getpid())))
            with suppress(asyncio.CancelledError):
                await run
    (writer,) = writers
    assert writer.is_closing()


@in_a_loop
async def test_a_child_that_was_being_ended_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_process, "TERM_S", 1.0)
    async with running(tmp_path, manner="stubborn") as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        (pid,) = box.pids()
        box.end()
        for _ in range(20):  # turns of the loop: it is sent SIGTERM, and does not mind it
            await asyncio.sleep(0)
    assert not is_alive(pid)

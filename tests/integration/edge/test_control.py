import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from edge.control_service import LINE_MAX_BYTES, Stream, Talk, ask, serve_control
from edge.errors import ControlError, IllegalInputError
from tests.integration.edge.loops import in_a_loop


async def _name(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"hello": request["who"]}


async def _refuse(_request: Mapping[str, Any]) -> Mapping[str, Any]:
    raise IllegalInputError("there is no call to cancel")


def _echo(pid: int) -> Talk:
    """A stream that says who asked, and then each line again."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{pid}\n".encode())
        while line := await reader.readline():
            if line == b"break\n":
                raise ZeroDivisionError
            writer.write(line)

    return talk


def _refuse_stream(_pid: int) -> Talk:
    raise IllegalInputError("no call is open")


STREAMS = {"echo": _echo, "closed": _refuse_stream}


@asynccontextmanager
async def serving(path: Path, streams: Mapping[str, Stream] = MappingProxyType({})) -> AsyncIterator[Path]:
    questions = {"name": _name, "refuse": _refuse}
    task = asyncio.create_task(serve_control(path, questions, streams=streams))
    await asyncio.sleep(0)  # it listens as soon as it has run once
    await ask(path, "name", who="ready?")
    try:
        yield path
    finally:
        task.cancel()
        async with asyncio.timeout(5):
            with suppress(asyncio.CancelledError):
                await task


async def raw(path: Path, data: bytes) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    answer = json.loads(await reader.readline())
    writer.close()
    assert isinstance(answer, dict)
    return answer


@in_a_loop
async def test_a_question_is_answered_with_its_details(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as path:
        assert await ask(path, "name", who="Lan") == {"hello": "Lan"}


@in_a_loop
async def test_one_connection_may_ask_again(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as path:
        reader, writer = await asyncio.open_unix_connection(path)
        for name in ("a", "b"):
            writer.write(json.dumps({"ask": "name", "who": name}).encode() + b"\n")
            assert json.loads(await reader.readline()) == {"ok": True, "hello": name}
        writer.close()


@in_a_loop
async def test_a_refusal_is_the_asker_s_error_in_the_same_words(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as path:
        with pytest.raises(ControlError, match=r"^there is no call to cancel$"):
            await ask(path, "refuse")


@pytest.mark.parametrize(
    "line", [b"garbage\n", b"\xff\xfe\x00\n", b"[]\n", b"{}\n", b'{"ask": []}\n', b'{"ask": "x"}\n']
)
def test_what_is_no_question_is_told_which_ones_there_are(tmp_path: Path, line: bytes) -> None:
    async def scenario() -> None:
        async with serving(tmp_path / "s") as path:
            answer = await raw(path, line)
            assert answer == {"ok": False, "error": 'expected {"ask": …} with one of name, refuse'}
            assert await ask(path, "name", who="still there") == {"hello": "still there"}

    asyncio.run(scenario())


@in_a_loop
async def test_an_endless_line_is_answered_and_ends_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as path:
        answer = await raw(path, b"x" * (LINE_MAX_BYTES + 10))
        assert answer["ok"] is False
        assert await ask(path, "name", who="still there") == {"hello": "still there"}


@in_a_loop
async def test_a_fault_of_our_own_is_no_end_of_the_box(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path / "s") as path:
        with pytest.raises(ControlError, match="a fault of our own; see the log"):
            await ask(path, "name")  # its name is missing
        assert await ask(path, "name", who="still there") == {"hello": "still there"}
    assert "KeyError" in caplog.text


@in_a_loop
async def test_an_idle_asker_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"ask": "name", "who": 1}\n')
        await reader.readline()
    assert await reader.read() == b""
    writer.close()


@in_a_loop
async def test_a_service_that_does_not_run_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"`edge vitals` does not answer \(.*\); is it running\?"):
        await ask(tmp_path / "none.sock", "doctor")


@in_a_loop
async def test_a_socket_left_by_a_killed_process_is_taken_over_and_only_ours(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with serving(path):
        pass
    with pytest.raises(ControlError, match="is it running"):
        await ask(path, "doctor")
    async with serving(path):
        assert await ask(path, "name", who="new") == {"hello": "new"}
        assert stat.S_IMODE(path.stat().st_mode) == 0o660, "of the folder's group"


@in_a_loop
async def test_a_folder_deeper_than_a_sockets_name_may_be_long_serves_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120)
    folder.mkdir()
    async with serving(folder / "s") as path:
        assert await ask(path, "name", who="deep") == {"hello": "deep"}


@in_a_loop
async def test_a_folder_that_cannot_hold_a_socket_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match=r"cannot listen there \(.*\); check the folder's rights"):
        await serve_control(tmp_path / "none" / "s", {"name": _name})


@in_a_loop
async def test_a_stream_has_its_connection_from_the_answer_to_its_end(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", STREAMS) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"ask": "name", "who": "first"}\n{"ask": "echo"}\n')
        assert json.loads(await reader.readline()) == {"ok": True, "hello": "first"}
        assert json.loads(await reader.readline()) == {"ok": True}
        assert int(await reader.readline()) == os.getpid(), "it is told who asks"
        for line in (b"one\n", b'{"ask": "name"}\n'):
            writer.write(line)
            assert await reader.readline() == line
        assert await ask(path, "name", who="others") == {"hello": "others"}
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


@in_a_loop
async def test_a_stream_that_is_refused_leaves_the_connection_to_questions(tmp_path: Path) -> None:
    async with serving(tmp_path / "s", STREAMS) as path:
        with pytest.raises(ControlError, match=r"^no call is open$"):
            await ask(path, "closed")
        assert await ask(path, "name", who="still there") == {"hello": "still there"}


@in_a_loop
async def test_a_stream_that_fails_ends_itself_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path / "s", STREAMS) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b'{"ask": "echo"}\nbreak\n')
        await reader.read()
        writer.close()
        assert await ask(path, "name", who="still there") == {"hello": "still there"}
    assert "ZeroDivisionError" in caplog.text

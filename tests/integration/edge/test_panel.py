"""A real `edge panel`, asked over HTTP, beside a real `edge vitals` with two like instruments."""

import asyncio
import http.client
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from edge.call.call_facts import call_facts
from edge.call.station_call import StationCall
from edge.clock import BoxClock
from edge.config import BoxConfig, PanelConfig
from edge.control_service import ask, serve_control
from edge.errors import PanelError
from edge.health.self_test import SelfTestNow
from edge.live.link_facts import LinkFacts
from edge.panel import panel_service
from edge.panel.panel_service import serve_panel
from tests.broker import free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_instruments_in_vitals import (
    has_frames,
    name_on,
    on_port,
    oximeter,
    until_told,
)
from tests.integration.edge.test_spool_cli import write_toml
from tests.integration.edge.test_vitals import LIMIT_S, config, vitals  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim


@dataclass
class Answer:
    status: int
    text: str
    location: str | None
    refresh: str | None


class Screen:
    """Asks as a browser does. `origin` "own": the page's own."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def get(self, path: str = "/?lang=en") -> Answer:
        return await asyncio.to_thread(self._ask, "GET", path, "", {})

    async def post(self, path: str, *, origin: str | None = "own", **fields: str) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if origin is not None:
            headers["Origin"] = f"http://127.0.0.1:{self._port}" if origin == "own" else origin
        return await asyncio.to_thread(self._ask, "POST", path, urlencode(fields), headers)

    async def until(self, words: str) -> str:
        """Return the page of the station once it says so; it looks again by itself."""
        async with asyncio.timeout(LIMIT_S):
            while words not in (page := (await self.get()).text):  # noqa: ASYNC110 - see below
                await asyncio.sleep(0.02)  # as the page itself: nothing announces what it would say
            return page

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=LIMIT_S)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            text, header = response.read().decode(), response.getheader
            return Answer(response.status, text, header("location"), header("refresh"))
        finally:
            connection.close()


@asynccontextmanager
async def panel_process(config: BoxConfig) -> AsyncIterator[Screen]:  # noqa: F811
    """`edge panel` as it runs at a station; ended by SIGTERM."""
    toml = write_toml(config)
    with toml.open("a") as file:
        file.write(f"[panel]\nport = {config.panel.port}\n")
    typed = (sys.executable, "-m", "edge", "panel", "--config", str(toml))
    process = await asyncio.create_subprocess_exec(*typed)
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                try:
                    await Screen(config.panel.port).get()
                    break
                except ConnectionRefusedError:
                    assert process.returncode is None
                    await asyncio.sleep(0.05)  # nothing announces that it listens
        yield Screen(config.panel.port)
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0


@asynccontextmanager
async def panel(config: BoxConfig) -> AsyncIterator[Screen]:  # noqa: F811
    """The same in the loop of the test."""
    task = asyncio.create_task(serve_panel(config, BoxClock.read()))
    try:
        async with asyncio.timeout(LIMIT_S):
            while not task.done():
                try:
                    await Screen(config.panel.port).get()
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)  # nothing announces that it listens
        yield Screen(config.panel.port)
    finally:
        task.cancel()
        await asyncio.wait([task])


@in_a_loop
async def test_at_the_screen_somebody_says_which_of_two_like_oximeters_was_plugged_in(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
) -> None:
    ports = ("left", "right")
    devices = tuple(on_port(tmp_path, port) for port in ports)
    config = replace(config, board_port=None, devices=devices, panel=PanelConfig(port=free_port()))
    with oximeter(tmp_path, "left") as left, oximeter(tmp_path, "right", seed=2) as right:
        async with panel_process(config) as screen:
            page = await screen.until("does not answer")
            assert "program started" in page
            async with vitals(config):
                names = [await name_on(config, tmp_path / port) for port in ports]
                assert "Being seen: visit 1" in await screen.until("Being seen")
                left.unplug()
                right.unplug()
                for port in ports:
                    await until_told(config, lambda f, p=port: p in f.text and "no such port" in f.text)  # type: ignore[misc]
                left.plug()
                page = await screen.until("Which device was just plugged in?")
                assert str(tmp_path / "left") in page
                buttons = re.findall(r'name="is_device" value="([^"]*)"', page)
                assert sorted(buttons[:-1]) == sorted(names)
                assert buttons[-1] == ""
                (temporary,) = re.findall(r'name="device" value="([^"]*)"', page)
                said = {"device": temporary, "is_device": names[1], "port": "left"}
                for foreign in (None, "null", "http://evil.example", "http://127.0.0.1:1"):
                    answer = await screen.post("/devices?lang=en", origin=foreign, **said)
                    assert answer.status == 403
                assert "Which device was just plugged in?" in (await screen.get()).text
                wrong = await screen.post("/devices?lang=en", **{**said, "is_device": "nobody"})
                assert (wrong.status, wrong.location) == (303, "/?lang=en")
                page = (await screen.get()).text
                assert f"asked is: {temporary}" in page
                assert (await screen.post("/devices?lang=en", **said)).status == 303
                assert (await screen.post("/devices?lang=en", **said)).status == 303  # a trembling hand
                page = (await screen.get()).text
                assert f"Noted: at port left is {names[1]}" in page
                assert "Which device" not in page
                assert "Which device" not in await screen.until(f"{names[1]} <small>")
                await until_told(config, has_frames(f"{names[1]} (berry-bm1000) on {tmp_path / 'left'}", 1))
                assert names[1] in await screen.until("works")

                assert "End visit 1 and go" in (await screen.get("/next?lang=en")).text
                assert (await screen.post("/next?lang=en", visit="1")).status == 303
                assert "Visit 1 is over" in (await screen.get()).text
                assert (await ask(config.control_socket, "visit"))["visit"] != 1
            page = await screen.until("does not answer")
            assert "This page knows nothing of what has happened since" in page
            answer = await screen.post("/devices?lang=en", **{**said, "is_device": ""})
            assert answer.status == 303
            assert "could not be done" in (await screen.get()).text


@in_a_loop
async def test_what_is_stalled_changed_or_not_understood_is_said_and_ends_no_visit(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(config, panel=PanelConfig(port=free_port()))
    config.data_dir.mkdir()
    visit: dict[str, object] = {"visit": 2, "asks_visit_over": False, "awaits_sensors_off": False}
    ended, answers = list[object](), asyncio.Event()
    asked, told_devices = list[object](), list[object]()
    answers.set()

    async def told(_: object) -> dict[str, object]:
        await answers.wait()
        return visit

    async def end(request: object) -> dict[str, object]:
        ended.append(request)
        return {}

    async def devices(_: object) -> dict[str, object]:
        return {"questions": asked, "devices": told_devices}

    async def call(_: object) -> dict[str, object]:
        return call_facts(StationCall(), hotline=None, now_s=0.0)

    async def advice(_request: object) -> dict[str, object]:
        return {}

    async def link(_request: object) -> dict[str, object]:
        return LinkFacts(is_connected=True).model_dump()

    questions = {"visit": told, "devices": devices, "next person": end, "call": call, "advice": advice}

    async def tested(_request: object) -> dict[str, object]:
        return SelfTestNow().model_dump()

    questions["link"], questions["self-test now"] = link, tested
    service = asyncio.create_task(serve_control(config.control_socket, questions))
    try:
        async with panel(config) as screen:
            await screen.until("Being seen: visit 2")
            await screen.post("/next?lang=en", visit="1")  # asked before the visit changed
            assert "Nothing was done" in (await screen.get()).text
            assert (await screen.post("/next?lang=en", visit="")).location == "/?lang=en"  # no
            assert not ended
            await screen.post("/next?lang=en", visit="2")
            assert len(ended) == 1
            asked.append({"device": "unconfirmed-1", "candidates": ["finger"], "port": "left"})
            monkeypatch.setattr(panel_service, "SETTLING_S", 1e6)
            assert "Which device" not in (await screen.get()).text  # somebody has just touched it
            monkeypatch.setattr(panel_service, "SETTLING_S", 0.0)
            assert "Which device" in (await screen.get()).text
            asked.clear()
            monkeypatch.setattr(panel_service, "ANSWER_LIMIT_S", 0.2)
            answers.clear()
            assert "has not answered within" in (await screen.get()).text
            monkeypatch.setattr(panel_service, "ANSWER_LIMIT_S", 60.0)
            answers.set()
            await screen.until("Being seen: visit 2")
            told_devices.append({"device": "finger", "state": "of a later version"})
            answer = await screen.get()
            assert (answer.status, answer.refresh) == (500, "2; url=/")  # no screen stays where it is
            assert "state of a later version" in answer.text
            told_devices.clear()
            await screen.until("Being seen: visit 2")
    finally:
        service.cancel()
        await asyncio.wait([service])


@in_a_loop
async def test_at_the_screen_the_open_call_is_raised_and_cancelled_and_no_other(
    config: BoxConfig,  # noqa: F811
) -> None:
    config = replace(config, panel=PanelConfig(port=free_port()))
    with BoardSim(board_of(config)) as board:
        async with vitals(config), panel(config) as screen:
            await screen.until("The call button is ready")
            board.press()
            board.release()
            await screen.until('action="/cancel"')
            seq = (await ask(config.control_socket, "call"))["call_seq"]
            await screen.post("/call?lang=en", deed="raise", about="999")
            assert "Nothing was done: the call changed" in (await screen.get()).text
            await screen.post("/call?lang=en", deed="raise", about=str(seq))
            assert "The call is an emergency" in await screen.until("EMERGENCY")
            assert f'name="about" value="{seq}"' in (await screen.get("/cancel?lang=en")).text
            assert (await screen.post("/call?lang=en", deed="", about=str(seq))).location == "/?lang=en"  # no
            assert (await ask(config.control_socket, "call"))["call_seq"] == seq
            await screen.post("/call?lang=en", deed="cancel", about=str(seq))
            await screen.post("/call?lang=en", deed="cancel", about=str(seq))  # a trembling hand
            page = await screen.until("The call button is ready")
            assert "The call is cancelled" in page
            assert (await screen.get("/cancel?lang=en")).status == 303
            await screen.post("/call?lang=en", deed="accept", about="0" * 16)
            assert "Nothing was done: the call changed" in (await screen.get()).text


@in_a_loop
async def test_a_live_view_is_given_to_our_own_page_and_to_no_other(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, panel=PanelConfig(port=free_port()))
    own = f"http://127.0.0.1:{config.panel.port}"
    async with panel(config):
        for path in ("/live", "/picture"):
            for origin, status in ((own, 101), ("http://evil.example", 403), (None, 403), ("null", 403)):
                assert await _handshake(config.panel.port, path, origin) == status
            assert await _handshake(config.panel.port, path, own, host="evil.example") == 403


async def _handshake(port: int, path: str, origin: str | None, *, host: str | None = None) -> int:
    """Return the status of the answer to a page that wants a WebSocket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {'A' * 22}=="]
    lines += [] if origin is None else [f"Origin: {origin}"]
    try:
        writer.write("\r\n".join((*lines, "", "")).encode())
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()


@in_a_loop
async def test_a_port_that_another_program_has_is_named_with_what_to_do(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, panel=PanelConfig(port=free_port()))
    async with panel(config):
        with pytest.raises(PanelError, match=rf"port {config.panel.port} of 127.0.0.1 cannot be had"):
            await serve_panel(config, BoxClock.read())

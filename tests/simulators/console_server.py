"""The hub with its console and without a broker: real store, ingest and pages; stations speak bytes to it."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import uvicorn

from contract.ids import RecordClass, StationId
from contract.media import MediaSignal
from contract.signals import AnySignal, BoxState, encode_signal, parse_signal
from contract.topics import Topic, topic_name, topic_of_class
from hub.clock import Clock
from hub.config import Config, parse_config
from hub.console.app import build_app
from hub.console.rooms import Rooms
from hub.hub import BrokerLink
from hub.hub_service import listen, open_hub
from hub.ingest.ingest_service import IngestService
from hub.people.accounts import Accounts, Role
from hub.pki.authority import Authority

LIMIT_S: Final = 30.0
PASSWORD: Final = "mot hai ba bon nam"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub answered."""

    status: int
    headers: Message
    data: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.data.decode()


class SetClock(Clock):
    """The machine's clocks, set forward as a test wants: deadlines come when it wants them to."""

    def __init__(self) -> None:
        self.ahead_s = 0.0  # time has passed
        self.stepped_us = 0  # the wall clock alone was set

    def now_s(self) -> float:
        """As if so much time had passed."""
        return super().now_s() + self.ahead_s

    def utc_now_us(self) -> int:
        """As if so much time had passed, and the clock been set."""
        return super().utc_now_us() + round(self.ahead_s * 1e6) + self.stepped_us


class ConsoleServer:
    """One hub on a free loopback port. All methods may be called from the test's thread."""

    def __init__(
        self,
        folder: Path,
        *,
        names: dict[str, str] | None = None,
        port: int = 0,
        settings: str = "",
        ahead_s: float = 0.0,
    ) -> None:
        """`ahead_s`: as long after now it begins, by its clocks."""
        named = "".join(f'{key} = "{name}"\n' for key, name in (names or {}).items())
        self.config: Config = parse_config(f"{settings}\n[stations]\n{named}", path=folder / "hub.toml")
        self.authority = Authority(self.config.pki_folder)
        self.authority.make(names=(), now=datetime.now(UTC))
        self.signals: list[tuple[StationId, AnySignal]] = []  # what the stations were told
        self.handed_out: list[tuple[StationId, Topic, bytes]] = []  # documents and commands
        self.on_signal: list[Callable[[StationId, AnySignal], None]] = []  # told at once, in the hub's thread
        self.clock = SetClock()
        self.clock.ahead_s = ahead_s
        self.is_broker_there = True
        self._changed_s = self.clock.now_s()
        here = replace(self.config.console, address="127.0.0.1", port=port)
        self._listening = ExitStack()
        self._socket = self._listening.enter_context(listen(replace(self.config, console=here)))
        self._socket.listen()
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._said = threading.Condition()
        self._ready: Future[tuple[asyncio.AbstractEventLoop, IngestService, Rooms]] = Future()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="console server")

    @property
    def ahead_s(self) -> float:
        """How much time has passed by the hub's clocks beside what really has."""
        return self.clock.ahead_s

    @ahead_s.setter
    def ahead_s(self, ahead_s: float) -> None:
        self.clock.ahead_s = ahead_s

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop, self._ingest, self.rooms = self._ready.result(LIMIT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self.call(self.rooms.end_streams)
            self._server.should_exit = True
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive(), "the console did not end"
        self._listening.close()

    def account(self, name: str, role: Role = Role.OPERATOR) -> None:
        """Make an account with PASSWORD."""
        with closing(Accounts(self.config.accounts_path)) as accounts:
            accounts.add(name, PASSWORD, role=role, now_utc_s=time.time())

    def session(self, name: str) -> str:
        """Return a session's cookie for an account, made behind the login page's back."""
        with closing(Accounts(self.config.accounts_path)) as accounts:
            account = accounts.check(name, PASSWORD)
            assert account is not None, f"no account {name}"
            return f"haidang={accounts.open_session(account, now_utc_s=time.time())}"

    def get(self, path: str, **headers: str) -> Answer:
        """GET a path; redirects are not followed."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """POST a form, from a page of ours unless `Origin` says otherwise ("" for none)."""
        return self._ask("POST", path, urlencode(form or {}), {"Origin": self.url, **headers})

    def post_json(self, path: str, body: object, **headers: str) -> Answer:
        """POST JSON, from a page of ours."""
        told = {"Origin": self.url, "Content-Type": "application/json", **headers}
        return self._ask("POST", path, json.dumps(body), told)

    def post_file(self, path: str, name: str, data: bytes, **headers: str) -> Answer:
        """POST a form with one field `file`, from a page of ours."""
        bounds = "haidang-form-data"
        head = f'--{bounds}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{bounds}--\r\n".encode()
        kind = f"multipart/form-data; boundary={bounds}"
        return self._ask("POST", path, body, {"Origin": self.url, "Content-Type": kind, **headers})

    def _ask(self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def take(self, station: str, record_class: RecordClass, parcel: bytes) -> None:
        """A parcel of a station arrives."""
        topic = topic_name(StationId(station), topic_of_class(record_class))
        self.call(lambda: self._ingest.take(topic, parcel, is_retained=False))

    def say(self, station: str, state: BoxState, *, is_retained: bool = False) -> None:
        """A station says how it is."""
        topic = topic_name(StationId(station), Topic.STATE)
        self.call(lambda: self._ingest.take(topic, encode_signal(state), is_retained=is_retained))

    def signal(self, station: str, signal: MediaSignal) -> None:
        """A station says something of a call's media. May be called from any thread."""
        topic = topic_name(StationId(station), Topic.UP_SIGNAL)
        self.call(lambda: self._ingest.take(topic, encode_signal(signal), is_retained=False))

    def set_broker(self, *, is_there: bool) -> None:
        """The hub's broker goes or comes back."""
        self.is_broker_there, self._changed_s = is_there, self.clock.now_s()

    def call(self, work: Callable[[], Any]) -> Any:
        """Do something in the hub's loop; return what it returns."""

        async def do() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(LIMIT_S)

    def run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Await something in the hub's loop; return what it returns."""

        async def do() -> Any:
            return await work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(LIMIT_S)

    def wait_signal(self, is_wanted: Callable[[StationId, AnySignal], bool]) -> AnySignal:
        """Wait until a station was told something of that kind."""

        def found() -> AnySignal | None:
            return next((signal for station, signal in self.signals if is_wanted(station, signal)), None)

        with self._said:
            assert self._said.wait_for(lambda: found() is not None, LIMIT_S), f"only {self.signals[-5:]}"
        signal = found()
        assert signal is not None
        return signal

    def _publish(self, station: StationId, topic: Topic, data: bytes) -> bool:
        if self.is_broker_there and topic in (Topic.DESIRED, Topic.COMMAND):
            self.handed_out.append((station, topic, data))
        if self.is_broker_there and topic in (Topic.SIGNAL, Topic.INTEREST):
            signal = parse_signal(data)
            with self._said:
                self.signals.append((station, signal))
                self._said.notify_all()
            for listener in list(self.on_signal):
                listener(station, signal)
        return self.is_broker_there

    def _link(self) -> BrokerLink:
        return BrokerLink(is_connected=self.is_broker_there, changed_s=self._changed_s, heard_s=None, text="")

    async def _serve(self) -> None:
        async with open_hub(self.config, self.authority, clock=self.clock) as (hub, _, ingest):
            app = build_app(replace(hub, publish_signal=self._publish, broker_link=self._link))
            self._server = _Server(
                uvicorn.Config(
                    app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="on"
                ),
                lambda: self._ready.set_result((asyncio.get_running_loop(), ingest, app.state.rooms)),
            )
            running = asyncio.create_task(ingest.run())
            try:
                await self._server.serve(sockets=[self._socket])
            except BaseException as error:
                if not self._ready.done():
                    self._ready.set_exception(error)
                raise
            finally:
                running.cancel()


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    """Ask again and again until it is so; fails after LIMIT_S."""
    deadline_s = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {LIMIT_S} s in vain for {what}"
        time.sleep(0.01)


class _Server(uvicorn.Server):
    """Says when it serves; leaves signals to the test."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=list(sockets or []))
        self._on_ready()

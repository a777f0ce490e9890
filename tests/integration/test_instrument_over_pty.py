"""The instrument bridge and simulated instruments over real pseudo-terminals, in real time."""

import asyncio
import contextlib
import os
import pty
import random
import select
import termios
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.catalogue import all_drivers, driver_named
from firmware_bridge.drivers.driver import Driver, Line
from firmware_bridge.events import (
    ConditionsChanged,
    Event,
    InstrumentConnected,
    InstrumentLost,
    InstrumentSilent,
    LossReason,
    PortMissing,
    PortProblem,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
    StreamKind,
)
from firmware_bridge.instruments import instrument_bridge
from firmware_bridge.instruments.instrument_bridge import LINE_TRIED_S, InstrumentBridge
from firmware_bridge.port import Parity, SerialPort
from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.sim import DeviceSim

LIMIT_S = 30.0  # of one wait: nothing here takes five seconds, but a loaded machine may
LOOK_EVERY_S = 0.05
TURNS = 10  # of the loop: more than anything takes that is ready
BERRY = driver_named("berry-bm1000")
CONTEC_C = driver_named("contec-cms50-c")


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def device_of(driver: Driver, *, seed: int = 1) -> SimulatedDevice:
    return all_simulators()[driver.name](random.Random(seed), now_s=time.monotonic())


class Watch:
    """Runs a bridge and keeps what it tells."""

    def __init__(self, driver: Driver, link: Path, *, line: Line | None = None) -> None:
        self.driver = driver
        self.events: list[Event] = []
        self.heard: list[tuple[float, bytes]] = []
        self._changed = asyncio.Event()
        self.bridge = InstrumentBridge(
            driver,
            str(link),
            self._on_event,
            device=link.name,
            boottime_s=boottime_s,
            line=line,
            on_bytes=lambda at_s, data: self.heard.append((at_s, data)),
        )

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait until `seen`: looked at with each event, and now and then. Raises TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            while not seen():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._changed.wait()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def lives(self) -> list[int]:
        return [event.life for event in self.events if isinstance(event, InstrumentConnected)]

    def samples(self, name: str, life: int | None = None) -> list[int]:
        """Return what was told of a stream in a life, the latest unless said; holes are left out."""
        stream_id = [stream.name for stream in self.driver.streams].index(name)
        life = self.lives()[-1] if life is None else life
        return [
            int(row[0])
            for event in self.events
            if isinstance(event, SampleBlock) and (event.stream_id, event.board_boot) == (stream_id, life)
            for row in event.samples
        ]

    def conditions(self) -> frozenset[Condition]:
        told = [event.on for event in self.events if isinstance(event, ConditionsChanged)]
        return told[-1] if told else frozenset()

    def lost(self) -> list[SamplesLost]:
        return [
            event
            for event in self.events
            if isinstance(event, SamplesLost) and event.reason is not LossReason.NO_VALUE
        ]


@asynccontextmanager
async def running(driver: Driver, link: Path, *, line: Line | None = None) -> AsyncIterator[Watch]:
    watch = Watch(driver, link, line=line)
    task = asyncio.create_task(watch.bridge.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()  # and not ended by an exception


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "oximeter-1"


def waves_of(driver: Driver) -> list[str]:
    return [s.name for s in driver.streams if s.kind is not StreamKind.NUMERIC and s.rate_mhz]


def numbers_of(driver: Driver) -> list[str]:
    return [s.name for s in driver.streams if s.kind is StreamKind.NUMERIC and s.rate_mhz]


def is_run_of(told: list[int], sent: list[int | None]) -> bool:
    """Whether `told` stands in `sent` as it is, without a hole."""
    return any(sent[at : at + len(told)] == told for at in range(len(sent) - len(told) + 1))


def test_every_instrument_is_heard_as_it_speaks(tmp_path: Path) -> None:
    drivers = [driver for name, driver in all_drivers().items() if name in all_simulators()]

    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            watches = []
            for driver in drivers:
                link = tmp_path / driver.name
                sim = stack.enter_context(DeviceSim(link, device_of(driver)))
                watches.append((sim, await stack.enter_async_context(running(driver, link))))
            for sim, watch in watches:
                await hears_all(sim, watch)

    async def hears_all(sim: DeviceSim, watch: Watch) -> None:
        driver = watch.driver
        await watch.until(watch.lives)
        for name in waves_of(driver):
            await watch.until(lambda: len(watch.samples(name)) > 60)  # noqa: B023
            assert is_run_of(watch.samples(name), sim.device.sent[name]), f"{driver.name}: {name}"
        for name in numbers_of(driver):
            await watch.until(lambda: len(watch.samples(name)) > 1)  # noqa: B023
            assert set(watch.samples(name)) <= set(sim.device.sent[name]), f"{driver.name}: {name}"
        if not waves_of(driver) and not numbers_of(driver):
            await watch.until(lambda: watch.of(SingleMeasurement))
        assert watch.lost() == [], driver.name
        answers = 1 if driver.talk is not None else 0  # a byte that stands between two frames
        assert watch.bridge.counters().damaged <= answers, driver.name

    asyncio.run(scenario())


def test_an_instrument_that_is_unplugged_comes_back_as_another_life(link: Path) -> None:
    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)) as sim:
            async with running(BERRY, link) as watch:
                await watch.until(lambda: watch.lives() and len(watch.samples("pleth")) > 20)
                sim.unplug()
                await watch.until(lambda: watch.of(PortMissing))
                (lost,) = watch.of(InstrumentLost)
                assert isinstance(lost, InstrumentLost)
                assert (lost.device, lost.remedy) == ("oximeter-1", "plug it in again")
                sim.plug()
                plugged_s = boottime_s()
                await watch.until(lambda: len(watch.lives()) == 2 and len(watch.samples("pleth")) > 20)
                assert boottime_s() - plugged_s < LIMIT_S / 2
                first, second = watch.lives()
                assert second > first > 0
                for life in (first, second):
                    assert is_run_of(watch.samples("pleth", life), sim.device.sent["pleth"])
                (missing,) = watch.of(PortMissing)  # told once, however often it was tried
                assert isinstance(missing, PortMissing)
                assert (missing.problem, missing.device) == (PortProblem.MISSING, "oximeter-1")

    asyncio.run(scenario())


def test_lives_of_a_process_that_starts_again_are_new(link: Path) -> None:
    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)):
            lives = []
            for _ in range(2):
                async with running(BERRY, link) as watch:
                    await watch.until(watch.lives)
                    lives += watch.lives()
            assert lives[0] < lives[1]

    asyncio.run(scenario())


def test_one_that_must_be_asked_is_asked_kept_alive_asked_again_and_told_to_stop(link: Path) -> None:
    assert CONTEC_C.talk is not None
    talk = replace(CONTEC_C.talk, keep_alive_s=0.5, silence_s=1.0)
    driver = replace(CONTEC_C, talk=talk, silence_s=1.0)

    async def scenario() -> None:
        with DeviceSim(link, device_of(driver)) as sim:
            async with running(driver, link) as watch:
                await watch.until(lambda: watch.lives() and len(watch.samples("pleth")) > 60)
                assert sim.device.heard.startswith(talk.opening)
                await watch.until(lambda: talk.keep_alive in sim.device.heard)
                asked = sim.device.heard.count(talk.opening)
                sim.device.hear(talk.closing)  # it stops by itself, as these do
                await watch.until(lambda: watch.of(InstrumentSilent))
                await watch.until(lambda: len(watch.lives()) == 2)
                assert sim.device.heard.count(talk.opening) > asked
            await watch.until(lambda: sim.device.heard.endswith(talk.closing))

    asyncio.run(scenario())


def test_one_that_is_only_listened_to_never_hears_a_byte(link: Path) -> None:
    driver = replace(BERRY, silence_s=0.5)

    async def scenario() -> None:
        with DeviceSim(link, device_of(driver)) as sim:
            async with running(driver, link) as watch:
                await watch.until(watch.lives)
                sim.switch(is_on=False)
                await watch.until(lambda: watch.of(InstrumentSilent))
                sim.switch(is_on=True)
                await watch.until(lambda: len(watch.lives()) == 2)
            assert sim.device.heard == b""

    asyncio.run(scenario())


def test_a_finger_that_is_taken_out_is_a_condition_and_no_number(link: Path) -> None:
    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)) as sim:
            async with running(BERRY, link) as watch:
                await watch.until(lambda: watch.lives() and watch.samples("spo2"))
                sim.device.has_contact = False
                await watch.until(lambda: Condition.PROBE_OFF in watch.conditions())
                is_off_from = len(watch.events)
                await watch.until(lambda: len(watch.of(SamplesLost)) >= 5)
                meanwhile = [e for e in watch.events[is_off_from:] if isinstance(e, SampleBlock)]
                assert meanwhile == []  # neither numbers nor a wave of nobody
                sim.device.has_contact = True
                await watch.until(lambda: Condition.PROBE_OFF not in watch.conditions())
                count = len(watch.samples("spo2"))
                await watch.until(lambda: len(watch.samples("spo2")) > count)
                assert 0 not in watch.samples("pleth")
                assert watch.lost() == []

    asyncio.run(scenario())


def test_noise_on_the_line_is_counted_and_makes_no_number(link: Path) -> None:
    rng = random.Random(7)

    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)) as sim:
            async with running(BERRY, link) as watch:
                await watch.until(lambda: watch.lives() and watch.samples("spo2"))
                for _ in range(100):
                    sim.inject(rng.randbytes(rng.randrange(1, 12)))
                    await asyncio.sleep(0.03)
                await watch.until(lambda: len(watch.samples("spo2")) > 3)
                counters = watch.bridge.counters()
                assert counters.damaged > 10
                assert counters.discarded_bytes > 0
                for name in numbers_of(BERRY):
                    assert set(watch.samples(name)) <= set(sim.device.sent[name])

    asyncio.run(scenario())


def test_lines_are_tried_in_turn_until_one_makes_sense_and_then_kept(link: Path) -> None:
    wrong, right = Line(9600), Line(115_200, "E")
    driver = replace(BERRY, lines=(wrong, right))

    async def scenario() -> None:
        with DeviceSim(link, device_of(driver)) as sim:
            sim.switch(is_on=False)
            async with running(driver, link) as watch:
                began_s = boottime_s()
                await watch.until(lambda: watch.bridge.counters().line == right)
                assert boottime_s() - began_s >= LINE_TRIED_S
                sim.switch(is_on=True)
                await watch.until(watch.lives)
                assert watch.bridge.counters().line == right
                assert len(watch.of(InstrumentSilent)) == 1  # not once for each line
                assert watch.of(InstrumentLost) == []

    asyncio.run(scenario())


def test_lines_are_tried_without_giving_the_port_back() -> None:
    right = Line(115_200, "E")
    driver = replace(BERRY, lines=(Line(9600), right))
    ours, theirs = pty.openpty()
    path = os.ttyname(theirs)
    hung_up = select.poll()
    hung_up.register(ours, 0)  # POLLHUP is told unasked: nobody has the port open
    gaps: list[object] = []

    def is_held() -> bool:
        gaps.extend(hung_up.poll(0))
        return not gaps

    async def scenario() -> None:
        async with running(driver, Path(path)) as watch:
            await watch.until(lambda: watch.bridge.counters().is_open)
            os.close(theirs)
            await watch.until(lambda: is_held() and watch.bridge.counters().line == right)
            os.write(ours, b"x")
            await watch.until(lambda: is_held() and watch.heard)
        assert gaps == []  # a board that restarts when it is opened would never come to speak

    try:
        asyncio.run(scenario())
    finally:
        os.close(ours)


@pytest.mark.parametrize(("parity", "is_odd"), [("N", False), ("E", False), ("O", True)])
def test_the_port_is_opened_with_the_parity_of_the_line(parity: Parity, is_odd: bool) -> None:
    device_fd, host_fd = pty.openpty()

    async def scenario() -> None:
        with SerialPort(os.ttyname(host_fd), baud=4800, parity=parity):
            flags = termios.tcgetattr(host_fd)[2]  # a terminal without a line keeps this flag alone
            assert bool(flags & termios.PARODD) is is_odd

    try:
        asyncio.run(scenario())
    finally:
        os.close(device_fd)
        os.close(host_fd)


def test_a_pseudo_terminal_does_not_mind_parity_however_often_it_is_opened_and_set() -> None:
    device_fd, host_fd = pty.openpty()
    parities: tuple[Parity, ...] = ("O", "O", "E", "E")

    async def scenario() -> None:
        for parity in parities:
            with SerialPort(os.ttyname(host_fd), baud=4800, parity=parity) as port:
                port.set_line(baud=4800, parity="N")
                port.set_line(baud=4800, parity=parity)

    try:
        asyncio.run(scenario())
    finally:
        os.close(device_fd)
        os.close(host_fd)


def test_bytes_are_recorded_as_they_come_with_their_times(link: Path) -> None:
    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)):
            async with running(BERRY, link) as watch:
                began_s = boottime_s()
                await watch.until(lambda: watch.lives() and watch.samples("pleth"))
                decoder = BERRY.decoder()
                for _, data in watch.heard:
                    decoder.feed(data)
                assert decoder.counts.frames == watch.bridge.counters().frames
                times_s = [at_s for at_s, _ in watch.heard]
                assert times_s == sorted(times_s)
                assert began_s <= times_s[0] <= boottime_s()

    asyncio.run(scenario())


def test_a_stream_that_is_known_wakes_nobody_with_each_of_its_bytes(
    link: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instrument_bridge, "GATHER_S", LIMIT_S)

    async def scenario() -> None:
        with DeviceSim(link, device_of(BERRY)):
            terminal = os.open(link, os.O_RDONLY | os.O_NOCTTY)
            try:
                async with running(BERRY, link) as watch:
                    await watch.until(watch.lives)
                    before = len(watch.heard)
                    assert (await asyncio.to_thread(select.select, [terminal], [], [], LIMIT_S / 2))[0]
                    for _ in range(TURNS):
                        await asyncio.sleep(0)
                    assert len(watch.heard) == before
                assert len(watch.heard) == before + 1, "what waited in the end is taken"
            finally:
                os.close(terminal)

    asyncio.run(scenario())

"""The devices service with instruments that it has to find, that name themselves, or that break it."""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.drivers.driver import Driver, Reading
from firmware_bridge.errors import IllegalInputError, UnknownDriverError
from firmware_bridge.events import Event, InstrumentLost, PortMissing
from firmware_bridge.instruments.instrument_bridge import REOPEN_EVERY_S
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.devices_service import DevicesService
from firmware_bridge.ports.served_device import ServedDevice
from tests.integration.devices_station import Station, is_part_of, running
from tests.integration.test_listening import other_program
from tests.simulators.devices.announcer import NAME, Announcer, AnnouncerDecoder, announcer_driver
from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.sim import DeviceSim
from tests.simulators.usb_sockets import UsbSockets

DRIVERS: dict[str, Driver] = {NAME: announcer_driver()}


@pytest.fixture
def cables(tmp_path: Path) -> Iterator[dict[str, DeviceSim]]:
    """Two instruments that say their names, not plugged in."""
    with ExitStack() as stack:
        made = {}
        for seed, name in enumerate(("anna", "bert")):
            device = Announcer(random.Random(seed), now_s=time.monotonic(), name=name)
            made[name] = stack.enter_context(DeviceSim(tmp_path / name, device))
            made[name].unplug()
        yield made


def said(*places: str) -> list[DeviceSettings]:
    return [DeviceSettings(where=place, driver=NAME, name=f"at-{place}") for place in places]


def test_what_is_plugged_in_is_found_by_listening_and_known_by_its_own_name_anywhere(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        async with running(sockets, [], drivers=DRIVERS) as station:
            await station.until(lambda: station.is_connected(f"{NAME}-1"))
            sockets.pull("left")
            await station.until(lambda: not station.is_connected(f"{NAME}-1"))
            sockets.plug("right", cables["anna"])
            await station.until(lambda: station.is_connected(f"{NAME}-1"))
        assert {name for name, _ in station.events} == {f"{NAME}-1"}
        assert station.asked == {}
        assert cables["anna"].device.heard == b""

    asyncio.run(scenario())


def test_an_instrument_exchanged_behind_its_adapter_gets_its_own_name_from_its_first_frame_on(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        cable = cables["anna"]
        sent = [cable.device.sent]
        sockets.plug("left", cable)
        async with running(sockets, said("left"), drivers=DRIVERS) as station:
            await station.until(lambda: station.count("at-left") > 20)
            for name, device in (("bert", f"{NAME}-1"), ("anna", "at-left")):
                before = station.count(device)
                cable.device = Announcer(random.Random(len(sent)), now_s=time.monotonic(), name=name)
                sent.append(cable.device.sent)
                await station.until(lambda d=device, n=before: station.count(d) > n + 20)  # type: ignore[misc]
        first, last = (dict([life]) for life in station.lives("at-left").items())
        assert is_part_of(sent[0]["pleth"], first)
        assert is_part_of(sent[1]["pleth"], station.lives(f"{NAME}-1"))
        assert is_part_of(sent[2]["pleth"], last)
        assert station.asked == {}

    asyncio.run(scenario())


class LateSockets(UsbSockets):
    """Nobody looks before somebody says so."""

    async def change(self, *, timeout_s: float) -> None:
        await super().change(timeout_s=3600.0 * timeout_s)


def test_whoever_comes_to_the_path_of_one_that_went_is_not_opened_before_it_is_known_who_that_is(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = LateSockets(tmp_path, is_told=False)
        sockets.plug("left", cables["anna"])
        async with running(sockets, said("left"), drivers=DRIVERS) as station:
            await station.until(lambda: station.count("at-left") > 20)
            path = cables["anna"].link
            sockets.pull("left")
            await station.until(lambda: not station.is_connected("at-left"))
            sockets.plug("left", cables["bert"])
            assert cables["bert"].link == path
            told = len(station.events)
            await asyncio.sleep(3 * REOPEN_EVERY_S)  # a bridge of its own would have opened it again
            assert len(station.events) == told
            sockets.wake()
            await station.until(lambda: station.count(f"{NAME}-1") > 20)
        assert is_part_of(cables["anna"].device.sent["pleth"], station.lives("at-left"))
        assert is_part_of(cables["bert"].device.sent["pleth"], station.lives(f"{NAME}-1"))

    asyncio.run(scenario())


def test_one_that_goes_before_its_port_was_opened_is_told_to_be_gone(tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[Event] = []
        served = ServedDevice(
            "unconfirmed-1",
            str(tmp_path / "port"),
            DRIVERS[NAME],
            line=None,
            on_event=told.append,
            on_own=lambda _: None,
            boottime_s=time.monotonic,
        )
        served.begin(after=set())
        assert served.task is not None
        served.end("the adapter was unplugged", "plug it in again")  # the task has not run yet
        await asyncio.wait([served.task])
        (lost,) = told
        assert isinstance(lost, InstrumentLost)
        assert (lost.device, lost.reason) == ("unconfirmed-1", "the adapter was unplugged")

    asyncio.run(scenario())


def test_one_whose_events_cannot_be_taken_is_over_and_can_be_begun_anew(tmp_path: Path) -> None:
    def break_down(_: Event) -> None:
        raise ZeroDivisionError

    async def scenario() -> None:
        served = ServedDevice(
            "at-left",
            str(tmp_path / "port"),
            DRIVERS[NAME],
            line=None,
            on_event=break_down,
            on_own=lambda _: None,
            boottime_s=time.monotonic,
        )
        served.begin(after=set())
        assert served.task is not None
        await asyncio.wait([served.task])
        with contextlib.suppress(ZeroDivisionError, asyncio.CancelledError):
            served.task.result()
        assert (served.has_failed, served.is_over) == (True, True)

    asyncio.run(scenario())


def test_one_that_will_not_come_back_is_forgotten_and_nobody_is_asked_for_it(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        device = all_simulators()["berry-bm1000"]
        settings = [DeviceSettings(where=place, driver="berry-bm1000") for place in ("left", "right")]
        for seed, (place, cable) in enumerate(zip(("left", "right"), cables.values(), strict=True)):
            cable.device = device(random.Random(seed), now_s=time.monotonic())
            sockets.plug(place, cable)
        left, right = "berry-bm1000-1", "berry-bm1000-2"
        async with running(sockets, settings) as station:
            await station.until(lambda: station.is_connected(left) and station.is_connected(right))
            sockets.pull("left")
            sockets.pull("right")
            await station.until(lambda: not (station.is_connected(left) or station.is_connected(right)))
            station.service.forget(left)
            with pytest.raises(IllegalInputError, match="there is no device berry-bm1000-1"):
                station.service.forget(left)
            sockets.plug("left", cables["anna"])
            await station.until(lambda: station.asked)
            assert list(station.asked.values()) == [(right,)]
            station.service.forget(right)
            await station.until(lambda: () in station.asked.values())
            station.service.forget(next(iter(station.asked)))
            await station.until(lambda: station.is_connected("berry-bm1000-4"))
            assert station.service.questions() == ()

    asyncio.run(scenario())


def test_an_instrument_that_names_itself_answers_the_question_who_it_is(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        sockets.plug("right", cables["bert"])
        async with running(sockets, said("left", "right"), drivers=DRIVERS) as station:
            await station.until(lambda: station.count("at-left") > 20 and station.count("at-right") > 20)
            sockets.pull("left")
            sockets.pull("right")
            before = station.count("at-right")
            sockets.plug("left", cables["bert"])
            await station.until(lambda: station.count("at-right") > before + 20)
        assert len(station.asked) == 1
        ((unconfirmed, device, by),) = station.confirmed
        assert (device, by) == ("at-right", "the instrument itself")
        assert station.count(unconfirmed) == 0
        assert is_part_of(cables["bert"].device.sent["pleth"], station.lives("at-right"))

    asyncio.run(scenario())


def test_a_device_in_which_our_own_program_fails_stops_no_other(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    class Breaks(AnnouncerDecoder):
        def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
            if frame[1:5] == b"bert" and offset > 300:
                raise ZeroDivisionError
            return super()._read(frame, offset, lost)

    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        sockets.plug("right", cables["bert"])
        broken = {NAME: announcer_driver(Breaks)}
        async with running(sockets, said("left", "right"), drivers=broken) as station:
            await station.until(lambda: station.is_connected("at-right"))
            await station.until(lambda: not station.is_connected("at-right"))
            before = station.count("at-left")
            await station.until(lambda: station.count("at-left") > before + 50)
            assert station.is_connected("at-left")

    asyncio.run(scenario())


def test_a_fault_in_who_is_who_ends_nothing_and_is_logged_once(
    tmp_path: Path, cables: dict[str, DeviceSim], caplog: pytest.LogCaptureFixture
) -> None:
    class Breaks(UsbSockets):
        breakdowns = 0

        def now(self) -> tuple[Adapter, ...]:
            if self.breakdowns < 3:
                self.breakdowns += 1
                raise ZeroDivisionError("of ours")
            return super().now()

    async def scenario() -> None:
        sockets = Breaks(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        async with running(sockets, said("left"), drivers=DRIVERS) as station:
            await station.until(lambda: station.is_connected("at-left"))

    asyncio.run(scenario())
    assert [one.message.split(":")[0] for one in caplog.records].count("devices") == 1


def test_a_port_of_another_program_is_not_opened_though_the_configuration_names_it(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        cable = cables["anna"]
        cable.switch(is_on=False)
        sockets.plug("left", cable)
        with other_program(str(cable.link)) as program:
            async with running(sockets, said("left"), drivers=DRIVERS) as station:
                await station.until(lambda: station.of("at-left", PortMissing))
                (sight,) = station.service.sights()
                assert f"process {program.pid}" in sight.problem
                cable.inject(b"all of it is the other program's, to the end")
                assert program.stdout is not None
                answer = await asyncio.to_thread(program.stdout.readline)
                assert answer == "44 True\n"
                await asyncio.to_thread(program.wait)
                cable.switch(is_on=True)
                await station.until(lambda: station.is_connected("at-left"))  # once it has ended

    asyncio.run(scenario())


def test_one_whose_bytes_only_the_configuration_can_name_waits_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        device = all_simulators()["berry-bm1000"](random.Random(1), now_s=time.monotonic())
        with DeviceSim(tmp_path / "cable", device) as cable:
            cable.unplug()
            sockets.plug("left", cable)
            async with running(sockets, []) as station:
                await station.looks_until(lambda: station.service.sights()[0].state == "ambiguous")
                (sight,) = station.service.sights()
                assert "berry-bm1000" in sight.driver
                assert "configuration" in sight.remedy
        assert station.events == []

    asyncio.run(scenario())


def test_one_that_speaks_otherwise_than_the_device_of_its_place_is_found_anew(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        drivers = {**DRIVERS, "berry-bm1000": all_drivers()["berry-bm1000"]}
        berry = [DeviceSettings(where="left", driver="berry-bm1000")]
        async with running(sockets, berry, drivers=drivers) as station:
            await station.looks_until(lambda: station.service.sights()[0].device == "berry-bm1000-1")
        saved = {**station.saved, "known": [{**one, "said_name": ""} for one in known_in(station)]}
        async with running(sockets, [], saved=saved, drivers=drivers) as station:
            await station.until(lambda: station.count(f"{NAME}-2") > 20)
            assert station.asked == {}

    asyncio.run(scenario())


def known_in(station: Station) -> list[dict[str, object]]:
    known = station.saved["known"]
    assert isinstance(known, list)
    return known


def test_who_is_known_and_what_is_asked_survive_a_restart(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        for place, name in (("left", "anna"), ("right", "bert")):
            sockets.plug(place, cables[name])
        settings = said("left", "right")
        async with running(sockets, settings, drivers=DRIVERS) as station:
            await station.until(lambda: station.is_connected("at-left") and station.is_connected("at-right"))
        sockets.pull("left")
        sockets.plug("left", cables["anna"])  # alone, while the process was down
        async with running(sockets, settings, saved=station.saved, drivers=DRIVERS) as station:
            await station.until(lambda: station.is_connected("at-left") and station.is_connected("at-right"))
            assert station.asked == {}

    asyncio.run(scenario())


def test_what_was_saved_and_is_damaged_is_told_and_all_are_met_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Station(UsbSockets(tmp_path, is_told=True), [], saved={"version": 1, "known": 7}, drivers=None)
    assert "met anew" in caplog.text


def test_a_driver_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(UnknownDriverError, match="there is no driver 'berri'"):
        DevicesService(
            [DeviceSettings(where="left", driver="berri")],
            lambda *_: None,
            boottime_s=time.monotonic,
            on_question=lambda *_: None,
            on_confirmed=lambda *_: None,
            on_known=lambda _: None,
        )


def test_a_port_that_somebody_else_in_this_process_has_is_left_to_it(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        link = tmp_path / "board"
        link.symlink_to(cables["anna"].link)
        sockets.plug("right", cables["bert"])
        async with running(sockets, said("left", "right"), drivers=DRIVERS, reserved=[str(link)]) as station:
            await station.until(lambda: station.is_connected("at-right"))
            assert [sight.path for sight in station.service.sights() if sight.state != "absent"] == [
                str(cables["bert"].link)
            ]

    asyncio.run(scenario())


def test_the_configuration_may_name_a_link_that_leads_to_the_port(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        link = (
            tmp_path / "usb-Silicon_Labs_CP2102_0001-if00"
        )  # udev's name of one without a true serial number
        link.symlink_to(cables["anna"].link)
        settings = [DeviceSettings(where=str(link), driver=NAME, name="bed")]
        async with running(sockets, settings, drivers=DRIVERS) as station:
            await station.until(lambda: station.is_connected("bed"))

    asyncio.run(scenario())


def test_ports_of_the_configuration_are_watched_on_any_machine_and_two_that_were_exchanged_are_asked_about(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        left, right = tmp_path / "left", tmp_path / "right"
        settings = [DeviceSettings(where=str(path), driver=NAME, name=path.name) for path in (left, right)]
        cables["anna"].link, cables["bert"].link = left, right
        async with running(None, settings, drivers=DRIVERS) as station:
            for _ in range(2):
                cables["anna"].plug()
                await station.until(lambda: station.is_connected("left"))
                cables["anna"].unplug()
                await station.until(lambda: not station.is_connected("left"))
            cables["anna"].plug()
            cables["bert"].plug()
            await station.until(lambda: station.is_connected("left") and station.is_connected("right"))
            cables["anna"].unplug()
            cables["bert"].unplug()
            await station.until(lambda: not (station.is_connected("left") or station.is_connected("right")))
            cables["anna"].link, cables["bert"].link = right, left
            cables["anna"].plug()
            cables["bert"].plug()
            await station.until(lambda: station.is_connected("left") and station.is_connected("right"))
        assert len(station.asked) == 2  # and both answered by themselves
        assert is_part_of(cables["anna"].device.sent["pleth"], station.lives("left"))
        assert is_part_of(cables["bert"].device.sent["pleth"], station.lives("right"))

    asyncio.run(scenario())

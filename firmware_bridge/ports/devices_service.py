"""All instruments of a station: whoever is plugged in is found, served under its own name, and asked about.

`identities.py` says who is who, `probing.py` what speaks, `served_device.py` serves one. A fault of one
device stops no other.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from firmware_bridge.drivers.catalogue import all_drivers, driver_named
from firmware_bridge.drivers.driver import Driver, Line
from firmware_bridge.events import Event, InstrumentConnected
from firmware_bridge.ports.adapters import Adapter
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.hotplug import MachinePorts, Ports
from firmware_bridge.ports.identities import PLUGGED_IN, Identities, Known, Question
from firmware_bridge.ports.listening import probe
from firmware_bridge.ports.port_sights import PortSight, absent_sight, device_sight, port_sight
from firmware_bridge.ports.probing import Outcome, ProbeResult, family_of
from firmware_bridge.ports.served_device import ServedDevice

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5  # where no udev daemon tells; a replugged device is served within two seconds
FAULT_RETRY_S: Final = 30.0  # after a fault of our own
LISTEN_AGAIN_S: Final = 60.0  # to what no driver reads; somebody may plug in another instrument behind it
SILENT_AGAIN_S: Final = (5.0, 10.0, 20.0)  # to what is silent: it may be switched on at any time

OnQuestion = Callable[[str, tuple[str, ...], str], None]
OnConfirmed = Callable[[str, str | None, str], None]


class DevicesService:
    """Runs one bridge a device. All methods belong to the thread of the event loop that runs `run`.

    `on_event` gets (device, event), in order; it must not block. `on_question` gets (device, candidates,
    port) before the first event of a device whose name is for the time being, and again when the candidates
    change. `on_confirmed` gets (device, the one that it is or None for a new one, by whom) before the first
    event under the right name. `on_known` gets all that must survive a restart whenever it has changed; it
    comes back as `saved`. `reserved`: ports of others in this process, such as our own board's. `ports`:
    where to learn what is plugged in; None: this machine. `drivers`: by name; None: all there are.

    Raises UnknownDriverError: a driver of the configuration.
    """

    def __init__(
        self,
        settings: Sequence[DeviceSettings],
        on_event: Callable[[str, Event], None],
        *,
        boottime_s: Callable[[], float],
        on_question: OnQuestion,
        on_confirmed: OnConfirmed,
        on_known: Callable[[dict[str, object]], None],
        saved: Mapping[str, Any] | None = None,
        reserved: Sequence[str] = (),
        ports: Ports | None = None,
        drivers: Mapping[str, Driver] | None = None,
    ) -> None:
        self._drivers = drivers if drivers is not None else all_drivers()
        for one in settings:
            if one.driver and one.driver not in self._drivers:
                driver_named(one.driver)  # raises, and says which there are
        self._settings = tuple(settings)
        self._on_event, self._on_question = on_event, on_question
        self._on_confirmed, self._on_known = on_confirmed, on_known
        self._boottime_s = boottime_s
        self._reserved = tuple(reserved)
        self._ports = ports
        self._identities = self._restored(saved)
        self._saved: Mapping[str, Any] = saved or {}
        self._served: dict[str, ServedDevice] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._lines: dict[str, Line] = {}  # how each device was heard last
        self._asked: dict[str, tuple[str, ...]] = {}
        self._seen: tuple[Adapter, ...] = ()
        self._heard: dict[str, ProbeResult] = {}  # by plugging
        self._listen_at_s: dict[str, float] = {}
        self._silences: dict[str, int] = {}
        self._listening: asyncio.Task[None] | None = None
        self._retry_at_s: dict[str, float] = {}  # devices in which our own program failed
        self._fault = ""  # of our own, in the last look

    async def run(self) -> None:
        """Serve until cancelled. Raises nothing for what devices and cables do."""
        ports = self._ports or MachinePorts(
            [one.where for one in self._settings if one.where.startswith("/")]
        )
        self._ports = ports
        try:
            while True:
                self._look_whatever_comes(ports)
                await ports.change(timeout_s=LOOK_EVERY_S)
        finally:
            ports.close()
            for served in list(self._served.values()):
                self._end(served.name, "this program ends", "")
            if self._listening is not None:
                self._listening.cancel()
                self._closing.add(self._listening)
            if self._closing:
                await asyncio.wait(self._closing)

    def _look_whatever_comes(self, ports: Ports) -> None:
        """A fault of ours in who is who must not end capture and call beside us: it is logged once."""
        try:
            self._look(ports.now())
        except Exception as error:
            if repr(error) != self._fault:
                log.exception("devices: a fault in our own program; who is plugged in is looked at again")
            self._fault = repr(error)
        else:
            self._fault = ""

    def confirm(self, device: str, is_device: str | None, *, by: str) -> None:
        """Somebody says which device `device` is: one of the candidates, or None: a new one, which keeps the
        name. Raises IllegalInputError: that cannot be (any more); nothing changed."""
        self._identities.confirm(device, is_device)
        log.info("%s is %s, says %s", device, is_device or "a new device", by)
        self._answered(device, is_device, by)

    def forget(self, device: str) -> None:
        """Somebody says that this device will not come back; one that is plugged in is met anew. Raises
        IllegalInputError: nobody knows it."""
        self._identities.forget(device)
        log.info("%s is forgotten", device)
        self._end(device, "it is to be forgotten", "")
        self._wake()

    def known(self) -> tuple[str, ...]:
        """Return the names of all devices that this station knows, plugged in or not."""
        return tuple(one.device for one in self._identities.known())

    def questions(self) -> tuple[Question, ...]:
        """Return what somebody must confirm."""
        return self._identities.questions()

    def sights(self) -> list[PortSight]:
        """Return how each port is, and each device of the configuration whose port is not there."""
        sights = [self._sight(adapter) for adapter in self._seen]
        absent = (one for one in self._settings if not any(_is_about(one, port) for port in self._seen))
        return [*sights, *(absent_sight(one) for one in absent)]

    def _look(self, adapters: Sequence[Adapter]) -> None:
        """Take what is plugged in now: end who went, serve who came, find out who is unknown."""
        self._seen = tuple(one for one in adapters if not self._is_reserved(one))
        self._doubt()
        look = self._identities.look(self._seen)
        for device in look.went:
            self._end(device, "the adapter was unplugged", "plug it in again")
        for adapter in look.unknown:
            self._meet(adapter)
        self._ask()
        for known in self._identities.known():
            if known.state in PLUGGED_IN and known.device not in self._served:
                self._serve(known)
        self._save()
        self._listen([one for one in look.unknown if self._identities.behind(one) is None])

    def _meet(self, adapter: Adapter) -> None:
        """Say who is behind an adapter if its driver is known by now."""
        said, heard = self._setting(adapter), self._heard.get(adapter.plugging)
        driver, own = said.driver, ""
        if not driver and heard is not None and heard.outcome is Outcome.FOUND:
            driver, own = heard.drivers[0], heard.own
            if self._drivers[driver].talk is not None:
                return  # never spoken to before the configuration says so
        if not driver:
            return
        family = ",".join(sorted(family_of(driver, self._drivers)))
        device = self._identities.meet(adapter, driver, family=family, said_name=said.name, own=own)
        if heard is not None and heard.line is not None:
            self._lines[device] = heard.line
        log.info("%s is %s (%s)", adapter.name, device, driver)

    def _serve(self, known: Known) -> None:
        """Begin to serve a device that is plugged in."""
        if self._boottime_s() < self._retry_at_s.get(known.device, 0.0):
            return
        driver = self._drivers.get(known.driver)
        if driver is None:  # saved by a version that had it
            self._identities.forget(known.device)
            return
        line = self._lines.get(known.device)
        if line is not None:
            driver = replace(driver, lines=tuple(dict.fromkeys((line, *driver.lines))))
        device = known.device
        served = ServedDevice(
            device,
            known.adapter.path,
            driver,
            line=self._setting(known.adapter).line,
            on_event=lambda event: self._told(device, event),
            on_own=lambda own: self._named_itself(device, own),
            boottime_s=self._boottime_s,
        )
        self._served[device] = served
        served.begin(after=self._closing)

    def _end(self, device: str, reason: str, remedy: str) -> None:
        if (served := self._served.get(device)) is not None:
            served.end(reason, remedy)
            self._put_away(served)

    def _put_away(self, served: ServedDevice) -> None:
        """It is over or ends: nobody opens a port before all such have given theirs back."""
        self._served.pop(served.name, None)
        if served.task is not None and not served.task.done():
            self._closing.add(served.task)
            served.task.add_done_callback(self._closing.discard)
        if served.has_failed:
            self._retry_at_s[served.name] = self._boottime_s() + FAULT_RETRY_S

    def _doubt(self) -> None:
        """End what is over; who speaks otherwise than the device of its place is somebody else."""
        for device, served in list(self._served.items()):
            if served.is_over:
                self._put_away(served)
            elif served.is_not_understood and not self._is_said(device):
                log.warning("%s: bytes come, and none is a frame of it: another instrument", device)
                self._end(device, "another instrument is plugged in there", "")
                self._identities.is_another(device)

    def _told(self, device: str, event: Event) -> None:
        if isinstance(event, InstrumentConnected) and device in self._served:
            self._lines[device] = self._served[device].counters.line
        self._on_event(device, event)

    def _named_itself(self, device: str, own: str) -> None:
        """What comes from now on is of whom the instrument says that it is."""
        if device not in self._served:
            return  # it has ended, and what it held back is told
        name = self._identities.names_itself(device, own)
        if name != device:
            log.info("%s calls itself what %s does", device, name)
            served = self._served[device]
            served.disown()
            self._put_away(served)
            self._wake()
        is_asked = any(question.device == device for question in self._identities.questions())
        if device in self._asked and not is_asked:
            self._answered(device, name if name != device else None, "the instrument itself")

    def _answered(self, device: str, is_device: str | None, by: str) -> None:
        self._asked.pop(device, None)
        self._on_confirmed(device, is_device, by)
        if is_device is not None:
            self._end(device, "it has another name from now on", "")
        self._wake()

    def _ask(self) -> None:
        """Ask what has not been asked yet, or otherwise."""
        questions = self._identities.questions()
        for device, candidates, path in questions:
            if self._asked.get(device) != candidates:
                self._on_question(device, candidates, path)
        self._asked = {question.device: question.candidates for question in questions}

    def _listen(self, unknown: Sequence[Adapter]) -> None:
        """Listen to one port of which nobody knows what is behind it; one at a time, again after a while."""
        pluggings = {adapter.plugging for adapter in unknown}
        for memory in (self._heard, self._listen_at_s, self._silences):
            for gone in memory.keys() - pluggings:
                del memory[gone]
        if self._listening is not None:
            return
        now_s = self._boottime_s()
        for adapter in unknown:
            if now_s >= self._listen_at_s.get(adapter.plugging, 0.0):
                probing = self._probe(adapter)
                self._listening = asyncio.create_task(probing, name=f"listening to {adapter.path}")
                return

    async def _probe(self, adapter: Adapter) -> None:
        if self._closing:
            await asyncio.wait(set(self._closing))
        try:
            result = await probe(adapter.path, boottime_s=self._boottime_s, drivers=self._drivers)
        except Exception:
            log.exception("%s: a fault in our own program", adapter.path)
            result = ProbeResult(outcome=Outcome.FAILED, text="a fault in this program; the journal has it")
        finally:
            self._listening = None
        if self._heard.get(adapter.plugging) != result:
            log.info("%s: %s", adapter.name, result.text)
        self._heard[adapter.plugging] = result
        again_s = float("inf") if result.outcome is Outcome.BOARD else LISTEN_AGAIN_S
        if result.outcome in (Outcome.SILENT, Outcome.OWNED, Outcome.FAILED):
            times = self._silences.get(adapter.plugging, 0)
            self._silences[adapter.plugging] = times + 1
            again_s = SILENT_AGAIN_S[min(times, len(SILENT_AGAIN_S) - 1)]
        self._listen_at_s[adapter.plugging] = self._boottime_s() + again_s
        self._wake()

    def _setting(self, adapter: Adapter) -> DeviceSettings:
        """Return what the configuration says about what is plugged in there."""
        said = (one for one in self._settings if _is_about(one, adapter))
        return next(said, DeviceSettings(where=adapter.path))

    def _is_said(self, device: str) -> bool:
        known = next((one for one in self._identities.known() if one.device == device), None)
        return known is not None and bool(self._setting(known.adapter).driver)

    def _is_reserved(self, adapter: Adapter) -> bool:
        mine = {os.path.realpath(path) for path in self._reserved}
        return os.path.realpath(adapter.path) in mine

    def _restored(self, saved: Mapping[str, Any] | None) -> Identities:
        """Return who is known, without those about whom the configuration says something else by now."""
        if saved is None:
            return Identities()
        try:
            identities = Identities.restored(saved)
        except ValueError as error:
            log.error("all devices must be met anew: %s", error)
            return Identities()
        for known in identities.known():
            by_name = (one for one in self._settings if one.name and one.name == known.said_name)
            said = next(by_name, None) or self._setting(known.adapter)
            if said.name != known.said_name or (said.driver and said.driver != known.driver):
                log.info("%s: the configuration has changed; it is met anew", known.device)
                identities.forget(known.device)
        return identities

    def _save(self) -> None:
        saved = self._identities.saved()
        if saved != self._saved:
            self._saved = saved
            self._on_known(saved)

    def _wake(self) -> None:
        if self._ports is not None:
            self._ports.wake()

    def _sight(self, adapter: Adapter) -> PortSight:
        said = self._setting(adapter)
        known = self._identities.behind(adapter)
        if known is None:
            return port_sight(adapter, self._heard.get(adapter.plugging), is_expected=said in self._settings)
        served = self._served.get(known.device)
        return device_sight(
            known,
            self._drivers.get(known.driver),
            None if served is None else served.counters,
            owner="" if served is None else served.owner,
            is_understood=served is None or not served.is_not_understood,
            is_expected=said in self._settings,
        )


def _is_about(said: DeviceSettings, adapter: Adapter) -> bool:
    """Whether the configuration means this adapter, by a name or by a path that leads there now."""
    leads_to = os.path.realpath(said.where) if said.where.startswith("/") else None
    return said.is_about(adapter) or leads_to == os.path.realpath(adapter.path)

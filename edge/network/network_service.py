"""`edge network`: keeps the box on the best link that reaches the hub, counts bytes, and tells `edge vitals`.

It asks the cores: `Ways` which link is used and when one is tried, `verdict_of` what a probe means. What it
sets is one route (edge/network/interfaces.py); when it is stopped, NetworkManager's order holds again.
"""

import asyncio
import json
import logging
import ssl
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any, Final

from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import ask
from edge.enrolment.files import read_file, write_file
from edge.errors import BoxError, ControlError, NetworkError
from edge.hub_way import KEPT_NAME, HubWay
from edge.link_config import LinkSettings, found_links
from edge.network.interfaces import Kernel, route_changes
from edge.network.kernel_routes import RouteEvents, change_route, read_kernel
from edge.network.meter import Meter, day_of
from edge.network.probe import Target, probe
from edge.network.standing import WORKS, Standing
from edge.network.told import QUESTION, Ailing, Ailment, LinkNow, NetworkNow, VitalsWord
from edge.network.verdict import Answer, Verdict, verdict_of
from edge.network.ways import Ways
from supervisor.notify import Supervisor

log = logging.getLogger(__name__)

TURN_S: Final = 1.0
LOOK_S: Final = 10.0  # at the kernel, when it announces nothing: bytes are counted without a word
SETTLE_S: Final = 0.1  # what comes together is looked at once
FULL_AGAIN_S: Final = 86_400.0  # whether large packets pass
SAVE_S: Final = 300.0  # counters: a power cut forgets so much at most
COUNTERS: Final = "bytes.json"
USED: Final = "used-link"  # the name of the link that is used, for the next start


class Network:
    """The links of one box. `run` until cancelled."""

    def __init__(self, config: BoxConfig, clock: BoxClock, supervisor: Supervisor) -> None:
        self._config, self._clock, self._supervisor = config, clock, supervisor
        self._way = HubWay(config.hub_host, config.network_folder / KEPT_NAME)
        used = read_file(config.network_folder / USED).decode("utf-8", "replace") or None
        self._ways = Ways(return_after_s=config.network.return_after_s, used=used, now_s=clock.now_s())
        self._kernel, self._looked_s = Kernel({}, {}), -LOOK_S
        self._links: tuple[LinkSettings, ...] = ()
        self._verdicts: dict[str, Verdict] = {}
        self._full: dict[str, tuple[float, Answer | None]] = {}  # when, and what came of it
        self._probing: dict[str, asyncio.Task[None]] = {}
        self._meters: dict[str, Meter] = {}
        self._kept, self._saved_s = self._read_counters(), clock.now_s()
        self._utc_off_ms: int | None = None  # of the hub's time, from this boot's
        self._wake, self._tell = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled. Raises NetworkError: this machine's links cannot be seen."""
        loop = asyncio.get_running_loop()
        with RouteEvents() as events:
            loop.add_reader(events.fileno(), self._on_route, events)
            try:
                self._look()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._keep_choosing(), name="links")
                    tasks.create_task(self._keep_telling(), name="telling vitals")
            finally:
                loop.remove_reader(events.fileno())
                for task in self._probing.values():
                    task.cancel()
                self._save()
                self._route(None)

    def _on_route(self, events: RouteEvents) -> None:
        events.take()
        self._looked_s = -LOOK_S
        self._wake.set()

    async def _keep_choosing(self) -> None:
        while True:
            now_s = self._clock.now_s()
            if now_s - self._looked_s >= LOOK_S:
                try:
                    self._look()
                except NetworkError as error:
                    log.warning("%s; what was seen last holds", error)
                    self._looked_s = now_s
            self._choose()
            for name in self._ways.due(now_s=now_s):
                if name not in self._probing:
                    self._ways.tried(name, now_s=now_s)
                    self._probing[name] = asyncio.create_task(self._probe(name), name=f"probe {name}")
            if now_s - self._saved_s >= SAVE_S:
                self._save()
            self._supervisor.say_ready(f"{self._ways.used or 'no link'} is used")
            self._supervisor.say_alive()
            await _until(self._wake)

    async def _keep_telling(self) -> None:
        while True:
            await self._tell_vitals()
            await _until(self._tell)

    def _look(self) -> None:
        """See what the kernel knows. Raises NetworkError."""
        self._kernel, self._looked_s = read_kernel(), self._clock.now_s()
        self._links = self._config.network.links or found_links(list(self._kernel.interfaces))
        self._ways.set_links(self._links)
        for link in self._links:
            now = self._kernel.interfaces.get(link.interface)
            can_carry = now is not None and now.lacks() is None
            if self._ways.standing(link.name) is Standing.ABSENT:
                self._verdicts.pop(link.name, None)
                self._full.pop(link.name, None)
            self._ways.on_carries(link.name, can_carry, now_s=self._looked_s)
            if link.budget is not None and now is not None:
                meter = self._meters.setdefault(link.name, Meter(link.budget.per, self._kept.get(link.name)))
                used = meter.read(now.bytes_both, boot=self._clock.boot_name, today=self._today())
                self._ways.on_spent(link.name, used >= link.budget.limit_bytes)

    def _choose(self) -> None:
        before, used = self._ways.used, self._ways.choose(now_s=self._clock.now_s())
        if used != before:
            log.info("%s is used%s", used or "no link", f" in place of {before}" if before else "")
            self._tell.set()
            if used is not None:
                self._keep_used(used)
        self._route(used)

    def _keep_used(self, name: str) -> None:
        try:
            write_file(self._config.network_folder / USED, name.encode(), mode=0o600)
        except (BoxError, OSError) as error:
            log.warning("the next start begins with the first link: %s", error)

    def _route(self, name: str | None) -> None:
        """Make a link the way of all; None: NetworkManager's order holds."""
        interface = next((link.interface for link in self._links if link.name == name), None)
        verdict = self._verdicts.get(name) if name else None
        narrow = verdict is not None and verdict.is_narrow
        changes = route_changes(interface, self._kernel, is_narrow=narrow)
        for change in changes:
            change_route(change)
        if changes:
            with suppress(NetworkError):  # said by the next look, too
                self._kernel = read_kernel()

    async def _probe(self, name: str) -> None:
        link = next(one for one in self._links if one.name == name)
        try:
            addresses = await asyncio.to_thread(self._way.addresses)
            target = Target(
                host=self._config.hub_host,
                port=self._config.hub_port,
                ca_pem=read_file(self._config.ca),
                interface=link.interface,
                addresses=addresses,
            )
            full_s, full = self._full.get(name, (0.0, None))
            wants_full = full is None or self._clock.now_s() - full_s >= FULL_AGAIN_S
            probed = await probe(
                target, is_name_dead=self._way.is_name_dead, wants_full=wants_full, utc_ms=self._utc_ms()
            )
        except (BoxError, ValueError, ssl.SSLError, OSError) as error:
            log.error("%s cannot be tried: %s; enrol the box again", name, error)
            return
        finally:
            self._probing.pop(name, None)
            self._wake.set()
        seen = probed.seen
        if seen.full is not None:
            self._full[name] = (self._clock.now_s(), seen.full)
        elif full is not None and seen.main is Answer.HUB:
            seen = replace(seen, full=full)
        verdict = verdict_of(seen)
        if verdict != self._verdicts.get(name):
            said = ", ".join(f"{one.ailment.value} ({one.detail})" for one in verdict.ailments)
            log.info(
                "%s %s the hub%s",
                name,
                "reaches" if verdict.is_reached else "does not reach",
                said and f": {said}",
            )
        self._verdicts[name] = verdict
        if probed.address is not None:
            self._way.keep(probed.address)
        self._ways.on_probe(name, verdict.is_reached, now_s=self._clock.now_s())

    async def _tell_vitals(self) -> None:
        told = self._ways.used
        try:
            answer = await ask(self._config.control_socket, QUESTION, now=self.now().model_dump(mode="json"))
            word = VitalsWord.model_validate(answer)
        except (ControlError, ValueError) as error:
            log.debug("%s", error)
            word = VitalsWord()
        self._wake.set()
        if word.utc_ms is not None:
            self._utc_off_ms = word.utc_ms - self._clock.now_us() // 1000
        if told == self._ways.used:
            self._ways.on_vitals(word, now_s=self._clock.now_s())

    def now(self) -> NetworkNow:
        """Return how all links are."""
        return NetworkNow(links=tuple(self._link_now(link) for link in self._links), used=self._ways.used)

    def _link_now(self, link: LinkSettings) -> LinkNow:
        now, standing = self._kernel.interfaces.get(link.interface), self._ways.standing(link.name)
        lacks = Ailing(ailment=Ailment.NO_CARRIER) if now is None else now.lacks()
        verdict = self._verdicts.get(link.name)
        ailments = [lacks] if lacks else [*(verdict.ailments if verdict else ())]
        meter, budget = self._meters.get(link.name), link.budget
        used_bytes = meter.used_bytes if meter else 0
        if budget is not None and used_bytes >= budget.limit_bytes:
            ailments.append(Ailing(ailment=Ailment.BUDGET_SPENT))
        return LinkNow(
            name=link.name,
            interface=link.interface,
            kind=link.kind,
            is_metered=link.is_metered,
            is_configured=link.is_configured,
            addresses=now.addresses if now else (),
            standing=standing.name,
            is_reached=standing in WORKS,
            ailments=tuple(ailments),
            budget_bytes=budget.limit_bytes if budget else None,
            budget_per=budget.per if budget else None,
            used_bytes=used_bytes,
        )

    def _utc_ms(self) -> int | None:
        return None if self._utc_off_ms is None else self._utc_off_ms + self._clock.now_us() // 1000

    def _today(self) -> date | None:
        utc_ms = self._utc_ms()
        return None if utc_ms is None else day_of(utc_ms)

    def _read_counters(self) -> dict[str, Any]:
        with suppress(ValueError):
            found = json.loads(read_file(self._config.network_folder / COUNTERS) or b"{}")
            return found if isinstance(found, dict) else {}
        return {}

    def _save(self) -> None:
        self._saved_s = self._clock.now_s()
        if not self._meters:
            return
        self._kept = {**self._kept, **{name: meter.document() for name, meter in self._meters.items()}}
        try:
            write_file(self._config.network_folder / COUNTERS, json.dumps(self._kept).encode(), mode=0o600)
        except (BoxError, OSError) as error:
            log.warning("bytes are counted and not kept: %s", error)


async def _until(event: asyncio.Event) -> None:
    """Return a moment after `event`, so that what comes together is taken together; after TURN_S without."""
    with suppress(TimeoutError):
        async with asyncio.timeout(TURN_S):
            await event.wait()
            await asyncio.sleep(SETTLE_S)
    event.clear()

"""What each command does in `edge vitals`: every deed says how it ended, none waits for the hub."""

import asyncio
import contextlib
import platform
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from contract.commands import AnyCommand, Said
from contract.events import Event
from contract.ids import NO_VISIT, BootId
from contract.limits import CONTRACT_VERSION
from contract.parts import OBJECT_ID_BYTES, Content, slice_object
from edge.call.video_service import VideoService
from edge.clock import BoxClock
from edge.commands.book import Outcome
from edge.commands.commands_service import Deed
from edge.config import BoxConfig
from edge.desired.desired_service import DesiredService
from edge.health.bundle import findings_of, make_bundle
from edge.health.doctor import Sight, report_of
from edge.health.log_ring import LogRing
from edge.spool.batch import Batch, OwedRecord
from edge.spool.part_entries import batches, slice_bytes_of
from edge.spool.spool_service import SpoolThread
from edge.uplink.uplink_service import Uplink

IDENTIFY_S: Final = 10.0
RESTART_LIMIT_S: Final = 120.0  # the machine is down by then, or does not go down


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the rest of `edge vitals` does for the deeds. `blink`: the lamp that no call needs, so long."""

    config: BoxConfig
    software: str
    clock: BoxClock
    boot: BootId
    spool: SpoolThread
    uplink: Uplink
    video: VideoService
    desired: DesiredService
    log: LogRing
    see: Callable[[], Awaitable[Sight]]
    is_busy: Callable[[], bool]  # with a call, open or coming
    blink: Callable[[float], Awaitable[None]]
    tell: Callable[[Event], object]
    on_stored: Callable[[list[OwedRecord]], None]


class Deeds:
    """The deeds of one box, by the words of their commands."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def by_word(self) -> Mapping[str, Deed]:
        """Return what each command does."""
        return {
            "bundle": self._make_bundle,
            "restart video": self._restart_video,
            "restart box": self._restart_box,
            "self-test": self._test,
            "identify": self._identify,
            "read desired": self._read_desired,
            "say configuration": self._say_configuration,
        }

    async def _make_bundle(self, _command: AnyCommand) -> Outcome:
        means = self._means
        sight = await means.see()
        data = await asyncio.to_thread(make_bundle, self._files(sight), means.log.lines())
        name = secrets.token_bytes(OBJECT_ID_BYTES)
        slice_bytes = slice_bytes_of(means.uplink.parcel_bytes)
        parts = slice_object(data, Content.BUNDLE, object_id=name, slice_bytes=slice_bytes)
        t_us = means.clock.now_us()
        for entries in batches(parts, boot=means.boot, t_us=t_us, visit=NO_VISIT):
            means.on_stored(await means.spool.store_now(Batch(entries=entries)))
        return Outcome("done", f"{len(data)} bytes in {len(parts)} parts", name.hex())

    def _files(self, sight: Sight) -> dict[str, Any]:
        """What stands in the bundle; nothing of a person is among it."""
        means, link = self._means, self._means.uplink.link
        devices = ("source", "name", "model", "unverified", "problem", "lost_samples", "unmeasured_samples")
        return {
            "versions.json": {
                "software": means.software,
                "contract": CONTRACT_VERSION,
                "python": platform.python_version(),
                "machine": platform.machine(),
                "system": platform.platform(),
                "boot": means.boot,
                "boot_name": means.clock.boot_name,
                "up_s": round(means.clock.now_s(), 1),
            },
            "configuration.json": means.desired.told().model_dump(mode="json"),
            "doctor.json": findings_of(report_of(sight)),
            "status.json": sight.status.model_dump(mode="json"),
            "spool.json": {
                "problem": sight.spool_problem,
                "lost_batches": sight.lost_batches,
                "damaged_drafts": sight.damaged_drafts,
                "dropped_events": sight.dropped_events,
                "card": asdict(sight.card),
            },
            "link.json": {**asdict(link), **means.uplink.figures()},
            "devices.json": {
                "board": None if sight.counters is None else asdict(sight.counters),
                "devices": [{name: getattr(one, name) for name in devices} for one in sight.devices],
                "ports": [one._asdict() for one in sight.ports],
            },
            "media.json": {
                **sight.media.model_dump(mode="json"),
                "is_running": means.video.process.pid is not None,
                "starts": means.video.process.starts,
                "dropped": dict(means.video.relay.dropped),
            },
        }

    async def _restart_video(self, _command: AnyCommand) -> Outcome:
        if self._means.video.process.pid is None:
            return Outcome("done", Said.NO_VIDEO)
        self._means.video.process.kill()
        return Outcome("done", Said.VIDEO_ENDED)

    async def _restart_box(self, _command: AnyCommand) -> Outcome:
        program = self._means.config.restart_command
        if not program:
            return Outcome("refused", Said.NO_RESTART)
        if self._means.is_busy():
            return Outcome("refused", Said.IN_A_CALL)
        try:
            process = await asyncio.create_subprocess_exec(
                *program, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
            )
        except OSError as error:
            return Outcome("failed", f"{program[0]}: {error.strerror}")
        status = await process.wait()
        if status:
            return Outcome("failed", f"{program[0]} ended with {status}")
        await asyncio.sleep(RESTART_LIMIT_S)  # this process is ended meanwhile; the next one answers
        return Outcome("failed", f"{program[0]} said nothing was wrong, and the machine goes on")

    async def _test(self, _command: AnyCommand) -> Outcome:
        """The state is of the test, not of the box: it is done also where not all is well."""
        findings = findings_of(report_of(await self._means.see()))
        ill = [f"{one['part']}: {one['text']} → {one['remedy']}" for one in findings if not one["is_well"]]
        text = "\n".join(ill) or Said.ALL_WELL
        return Outcome("done", text)

    async def _identify(self, _command: AnyCommand) -> Outcome:
        if self._means.is_busy():
            return Outcome("refused", Said.IN_A_CALL)
        name = self._means.desired.settings.station_name
        saying = asyncio.create_task(self._means.video.prompts.say_text(name), name="identify")
        try:
            await self._means.blink(IDENTIFY_S)
            why_not = await saying
        finally:
            saying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saying
        said = f'blinked, and said "{name}"' if not why_not else f"blinked; not said: {why_not}"
        return Outcome("done", said)

    async def _read_desired(self, _command: AnyCommand) -> Outcome:
        self._means.desired.ask()
        if not self._means.uplink.ask_for_desired():
            return Outcome("failed", Said.LINK_LOST)
        return Outcome("done", Said.ASKED)

    async def _say_configuration(self, _command: AnyCommand) -> Outcome:
        self._means.tell(self._means.desired.told())
        return Outcome("done")

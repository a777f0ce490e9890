"""Everything that the box sees of itself at one moment: for `edge doctor`, the self-test and the bundle."""

from collections.abc import Callable, Mapping
from typing import Any

from edge.enrolment.box_key import ends_utc_s
from edge.enrolment.files import read_file
from edge.health.doctor import Sight, report_of
from edge.health.self_test import SelfTestNow
from edge.machine_name import machine_name
from edge.network.told import NetworkNow
from edge.rooms import Rooms


class Sights:
    """Looks at all rooms when somebody asks."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        self_test: Callable[[], SelfTestNow] = SelfTestNow,
        network: Callable[[], tuple[NetworkNow | None, float]] = lambda: (None, 0.0),
    ) -> None:
        """`self_test`: how that stands; the self-test itself looks without. `network`: the links, and how
        long ago they were so.
        """
        self._rooms, self._self_test, self._network = rooms, self_test, network

    async def see(self) -> Sight:
        """Return what there is to see now."""
        rooms = self._rooms
        now_us, capture = rooms.clock.now_us(), rooms.capture
        return Sight(
            config=rooms.config,
            now_us=now_us,
            boot=rooms.boot,
            boot_name=rooms.clock.boot_name,
            counters=rooms.board.counters(),
            devices=capture.sights(),
            ports=rooms.instruments.sights(),
            visit=capture.visit,
            asks_visit_over=capture.asks(now_us=now_us),
            awaits_sensors_off=capture.awaits_sensors_off,
            status=await rooms.statuses.now(),
            hub_keys=rooms.hub_keys,
            spool_problem=rooms.spool.problem,
            lost_batches=rooms.spool.lost_batches,
            damaged_drafts=rooms.damaged_drafts,
            dropped_events=capture.dropped_entries,
            unstored_presses=rooms.call.records.unstored_presses,
            card=rooms.spools.sight(),
            link=rooms.uplink.link,
            anchor=rooms.hub_anchors.last,
            call=rooms.call.call,
            media=rooms.video.devices,
            operator=rooms.video.relay.peer,
            certificate_ends_utc_s=ends_utc_s(read_file(rooms.config.certificate)),
            prompts=rooms.video.prompts.now,
            self_test=self._self_test(),
            machine=machine_name(rooms.config.serial_file),
            mended_by=read_file(rooms.config.mended_file).decode("utf-8", "replace").strip(),
            network=self._network(),
        )

    async def answer(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer `edge doctor`."""
        return {"report": report_of(await self.see()).model_dump()}

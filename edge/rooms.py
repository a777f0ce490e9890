"""The rooms of one box, by name (core): what `vitals_service` builds, for those who look at all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.ids import BootId
from edge.board_service import OurBoard
from edge.call.call_service import CallService
from edge.call.video_service import VideoService
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.health.hub_anchors import HubAnchors
from edge.health.status import StatusRhythm
from edge.instruments_service import Instruments
from edge.spool.batch import OwedRecord
from edge.spool.hub_keys import HubKeys
from edge.spool.spool_service import SpoolThread
from edge.spools_service import Spools
from edge.status_service import StatusTeller
from edge.uplink.uplink_service import Uplink


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Of one spool. `damaged_drafts`: found at its start; `on_stored`: records that go to the hub."""

    config: BoxConfig
    software: str
    clock: BoxClock
    boot: BootId
    spool: SpoolThread
    spools: Spools
    hub_keys: HubKeys
    hub_anchors: HubAnchors
    damaged_drafts: int
    board: OurBoard
    capture: Capture
    instruments: Instruments
    call: CallService
    video: VideoService
    uplink: Uplink
    statuses: StatusTeller
    rhythm: StatusRhythm
    on_stored: Callable[[list[OwedRecord]], None]

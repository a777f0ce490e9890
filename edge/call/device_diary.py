"""When the record is told how camera and sound are (core): each change, but no more than a card bears."""

from typing import Final

from contract.events import MediaState
from edge.call.pace import Pace
from edge.call.video_messages import DevicesNow

BURST: Final = 12  # a call opens and closes three devices; twice that, and a loose plug
SECONDS_AN_EVENT: Final = 10.0  # of a device that comes and goes for ever

CLOSED: Final = DevicesNow(camera="closed", microphone="closed", loudspeaker="closed")


def is_lit(devices: DevicesNow) -> bool:
    """Whether somebody at the station can be seen or heard: then the light is on."""
    return "open" in (devices.camera, devices.microphone)


class DeviceDiary:
    """What was told last, and what is still to be told."""

    def __init__(self) -> None:
        self._told = _event(CLOSED)
        self._now = self._told
        self._pace = Pace(per_s=1 / SECONDS_AN_EVENT, burst=BURST)

    def note(self, devices: DevicesNow) -> None:
        """The devices are like this now; take `due` at once."""
        self._now = _event(devices)

    def due(self, *, now_s: float) -> MediaState | None:
        """Return what to record now, None for nothing (new). Ask again each second: of changes that come too
        fast the last one is told when it may be."""
        if self._now == self._told or not self._pace.may(now_s=now_s):
            return None
        self._told = self._now
        return self._told


def _event(devices: DevicesNow) -> MediaState:
    return MediaState(
        camera=devices.camera,
        microphone=devices.microphone,
        loudspeaker=devices.loudspeaker,
        text=devices.text[:200],
    )

"""What `edge vitals` hears of the links, and what it makes of it: bulk waits where a link's bytes are used
up, and a connection that went by another link is made anew.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from edge.call.station_table import OPEN
from edge.errors import ControlError
from edge.network.told import QUESTION, NetworkNow, VitalsWord
from edge.rooms import Rooms


def is_left(before: NetworkNow, now: NetworkNow, *, by: str | None) -> bool:
    """Whether a connection by the address `by` is on the link that was left; None: it has no address yet.
    One by an address of no link of ours, such as the cable to a hub in the same house, is nobody's to cut.
    """
    if now.used_link is None:
        return False
    if by is None:
        return before.used != now.used
    was = () if before.used_link is None else before.used_link.addresses
    return by in was and by not in now.used_link.addresses


class NetworkDesk:
    """Asked by `edge network` once a second; without it everything is as the machine has it."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._heard: NetworkNow | None = None
        self._heard_s = 0.0

    def questions(self) -> dict[str, Any]:
        """What is asked."""
        return {QUESTION: self._hear}

    def sight(self) -> tuple[NetworkNow | None, float]:
        """Return what was heard last, None: nothing since the start; and how long ago that was, seconds."""
        return self._heard, self._rooms.clock.now_s() - self._heard_s

    async def _hear(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            now = NetworkNow.model_validate(request.get("now"))
        except ValidationError as error:
            raise ControlError(f"{QUESTION}: expected what `edge network` says: {error}") from error
        before, self._heard, self._heard_s = self._heard, now, self._rooms.clock.now_s()
        uplink = self._rooms.uplink
        if uplink.sources.holds_bulk != now.is_spent:
            uplink.sources.holds_bulk = now.is_spent
            uplink.look_again()
        if before is not None and is_left(before, now, by=uplink.local_address):
            uplink.connect_anew(f"the link is now {now.used}: connecting anew")
        return self._word().model_dump()

    def _word(self) -> VitalsWord:
        rooms = self._rooms
        anchor, now_us = rooms.hub_anchors.last, rooms.clock.now_us()
        used = None if self._heard is None else self._heard.used_link
        is_by_used = used is not None and rooms.uplink.local_address in used.addresses
        return VitalsWord(
            is_connected=is_by_used and rooms.uplink.link.connected_since_s is not None,
            is_in_call=rooms.video.is_lit or rooms.call.call.state in OPEN,
            owes_call=rooms.uplink.sources.owes_calls,
            utc_ms=None if anchor is None else (anchor.utc_us + now_us - anchor.t_us) // 1000,
        )

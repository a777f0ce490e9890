"""What is said outside of a call that nobody has answered (core): station, age, hotline; no patient."""

import json
from dataclasses import dataclass
from typing import Literal

from contract.ids import CallId
from hub.routing.ladder import Tell
from hub.routing.policy import Unit, utc_of

WEBHOOK_EVENT = "call.unanswered"
DeliveryState = Literal["sent", "trying", "failed", "withdrawn"]


class OutsideError(Exception):
    """A message did not go out. The text says what, where, and what to do.

    `is_final`: trying again is of no use before somebody has mended something.
    """

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A call as the outside may know it. `pressed_utc_us` None: when it was, nobody knows."""

    call_id: CallId
    unit: Unit
    station_name: str
    is_emergency: bool
    pressed_utc_us: int | None

    def age_s(self, utc_us: int) -> int | None:
        """Return how old the press is at `utc_us`; None: unknown."""
        return None if self.pressed_utc_us is None else max(0, (utc_us - self.pressed_utc_us) // 1_000_000)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it stands with one message. `text`: why it is not sent (yet), and what to do. `tries`: so far.

    "sent": the other side has taken it. "trying": it failed and is tried again. "failed": given up.
    "withdrawn": the call was answered before it went out.
    """

    call_id: CallId
    tell: Tell
    state: DeliveryState
    tries: int
    text: str = ""


def sms_text(alarm: Alarm, *, utc_us: int) -> str:
    """Return the message for a telephone, in Vietnamese."""
    what = "CẤP CỨU" if alarm.is_emergency else "Cuộc gọi"
    when = _when(alarm, utc_us)
    hotline = "" if alarm.unit.hotline is None else f" Đường dây nóng: {alarm.unit.hotline}."
    return f"{what} từ {alarm.station_name}{when}, chưa ai trả lời.{hotline}"


def webhook_body(alarm: Alarm, tell: Tell, *, utc_us: int) -> bytes:
    """Return the JSON for another program. Source: docs/routing.md, "Webhooks"."""
    pressed_us = alarm.pressed_utc_us
    body = {
        "event": WEBHOOK_EVENT,
        "call": str(alarm.call_id),
        "station": alarm.call_id.station,
        "station_name": alarm.station_name,
        "unit": alarm.unit.id,
        "rung": tell.rung.name.lower(),
        "is_emergency": alarm.is_emergency,
        "pressed_utc": None if pressed_us is None else utc_of(pressed_us).isoformat(timespec="seconds"),
        "age_s": alarm.age_s(utc_us),
        "hotline": alarm.unit.hotline,
        "people": [{"name": one.name, "phone": one.phone} for one in tell.people],
        "text": sms_text(alarm, utc_us=utc_us),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _when(alarm: Alarm, utc_us: int) -> str:
    age_s = alarm.age_s(utc_us)
    if age_s is None or alarm.pressed_utc_us is None:
        return ", không rõ từ lúc nào"
    ago = f"{age_s} giây" if age_s < 120 else f"{age_s // 60} phút"
    return f" lúc {alarm.unit.local(utc_of(alarm.pressed_utc_us)):%H:%M} ({ago} trước)"

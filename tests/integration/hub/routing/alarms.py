"""A call that nobody has answered, and who is to be told of it."""

import time
from pathlib import Path
from zoneinfo import ZoneInfo

from contract.ids import CallId, SpoolId, StationId
from hub.routing.ladder import Person, Tell
from hub.routing.outside import Alarm
from hub.routing.policy import Adapter, Modem, Rung, SmsCommand, Unit, UnitId, Webhook

SECRET = b"ca thu mot nang"
UNIT = Unit(id=UnitId("tw"), name="Trung ương", zone=ZoneInfo("Asia/Ho_Chi_Minh"), hotline="1900 9095")
PHONE = "+84912345678"
DOCTOR = frozenset({Rung.DOCTOR})


def utc_now_us() -> int:
    return time.time_ns() // 1_000


def alarm(seq: int = 1) -> Alarm:
    return Alarm(
        call_id=CallId(StationId("con-dao-01"), SpoolId(7), seq),
        unit=UNIT,
        station_name="Trạm y tế Côn Đảo",
        is_emergency=False,
        pressed_utc_us=utc_now_us() - 61_000_000,
    )


def webhook(url: str, *, secret: bytes = SECRET, ca_path: Path | None = None) -> Webhook:
    return Webhook(name="w1", unit=UNIT.id, rungs=DOCTOR, url=url, secret=secret, ca_path=ca_path)


def modem(port: Path) -> Modem:
    return Modem(name="m1", unit=UNIT.id, rungs=DOCTOR, port=str(port))


def command(*argv: str) -> SmsCommand:
    return SmsCommand(name="c1", unit=UNIT.id, rungs=DOCTOR, argv=argv)


def tell(adapter: Adapter) -> Tell:
    return Tell(Rung.DOCTOR, adapter, (Person("BS. Hoa", PHONE),))

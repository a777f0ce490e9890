import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from contract.ids import CallId, SpoolId, StationId
from hub.routing.ladder import Person, Tell
from hub.routing.outside import Alarm, sms_text, webhook_body
from hub.routing.policy import Rung, Unit, UnitId, Webhook
from hub.routing.webhook_signing import message_id, secret_bytes, signed_headers

PRESSED_US = 1_795_896_720_000_000  # 2026-11-28 20:12 UTC
UNIT = Unit(id=UnitId("xa"), name="Côn Đảo", zone=ZoneInfo("Asia/Ho_Chi_Minh"), hotline="0254 3999 115")
ALARM = Alarm(
    call_id=CallId(StationId("con-dao-01"), SpoolId(7), 3),
    unit=UNIT,
    station_name="Trạm y tế Côn Đảo",
    is_emergency=False,
    pressed_utc_us=PRESSED_US,
)
WEBHOOK = Webhook(
    name="mien-trung", unit=UNIT.id, rungs=frozenset({Rung.SUPERVISOR}), url="https://h/", secret=b"12345678"
)
TELL = Tell(Rung.SUPERVISOR, WEBHOOK, (Person("BS. Hoa", "+84912345678"),))


def test_an_sms_says_station_age_and_hotline() -> None:
    text = sms_text(ALARM, utc_us=PRESSED_US + 61_000_000)
    assert text == (
        "Cuộc gọi từ Trạm y tế Côn Đảo lúc 03:12 (61 giây trước), chưa ai trả lời."
        " Đường dây nóng: 0254 3999 115."
    )


def test_an_emergency_an_old_press_and_one_of_unknown_age_are_told_so() -> None:
    urgent = replace(ALARM, is_emergency=True, unit=replace(UNIT, hotline=None))
    assert sms_text(urgent, utc_us=PRESSED_US + 185_000_000) == (
        "CẤP CỨU từ Trạm y tế Côn Đảo lúc 03:12 (3 phút trước), chưa ai trả lời."
    )
    assert ", không rõ từ lúc nào, chưa ai trả lời." in sms_text(
        replace(ALARM, pressed_utc_us=None), utc_us=PRESSED_US
    )
    assert "(0 giây trước)" in sms_text(ALARM, utc_us=PRESSED_US - 5_000_000)  # the hub's clock was set back


def test_a_webhook_says_the_same_for_a_program() -> None:
    body = json.loads(webhook_body(ALARM, TELL, utc_us=PRESSED_US + 30_000_000))
    assert body.pop("text").startswith("Cuộc gọi từ Trạm y tế Côn Đảo lúc 03:12")
    assert body == {
        "event": "call.unanswered",
        "call": "con-dao-01.0000000000000007.3",
        "station": "con-dao-01",
        "station_name": "Trạm y tế Côn Đảo",
        "unit": "xa",
        "rung": "supervisor",
        "is_emergency": False,
        "pressed_utc": "2026-11-28T20:12:00+00:00",
        "age_s": 30,
        "hotline": "0254 3999 115",
        "people": [{"name": "BS. Hoa", "phone": "+84912345678"}],
    }
    unknown = json.loads(webhook_body(replace(ALARM, pressed_utc_us=None), TELL, utc_us=PRESSED_US))
    assert (unknown["age_s"], unknown["pressed_utc"]) == (None, None)


def test_signatures_are_those_of_the_convention() -> None:
    """The example that the convention's own libraries are tested with."""
    headers = signed_headers(
        secret_bytes(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        b'{"test": 2432232314}',
        message="msg_p5jXN8AQM9LWM0D4loKWxJek",
        utc_s=1_614_265_330,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_its_text_or_what_follows_the_prefix() -> None:
    assert secret_bytes(b"ca thu mot nang") == b"ca thu mot nang"
    with pytest.raises(ValueError, match="no base64"):
        secret_bytes(b"whsec_***")


def test_a_message_has_one_id_and_another_message_another() -> None:
    assert message_id("c1", "2 a") == message_id("c1", "2 a")
    assert len({message_id(call, key) for call in ("c1", "c2") for key in ("2 a", "3 a")}) == 4

import json
from dataclasses import replace
from pathlib import Path

from contract.ids import StationId
from hub.alerts.alert import Alert, AlertNo, Place, acknowledged, given_back
from hub.alerts.escalation import Escalation, told
from hub.alerts.letter import Told, letter, webhook_body
from hub.alerts.mailbag import HOUR_S, TOGETHER_S, WAITS_S, Mailbag
from hub.alerts.rules import Hook, Person, Rules, Severity
from hub.alerts.table import Input, State
from hub.routing.policy import ROOT, Webhook
from tests.unit.hub.alerts.rules_of_tests import HIGH, HOT, LOW, MEDIUM

LAN = Person(name="Lan", email="lan@example.vn", severities=frozenset(Severity))
OF_UNIT = Person(name="Minh", email="minh@example.vn", severities=frozenset({HIGH}), unit="Cô Tô")
HOOK = Hook(
    webhook=Webhook(name="tổng đài", unit=ROOT, rungs=frozenset(), url="https://x.vn/", secret=b"12345678"),
    severities=frozenset({MEDIUM, HIGH}),
)  # fmt: skip
ALERT = Alert(
    no=AlertNo(7), rule=HOT.name, place=Place(station=StationId("a")), severity=MEDIUM, since_s=0.0,
    raised_s=300.0, unowned_s=300.0, value=85.0,
)  # fmt: skip


def escalation(*people: Person, is_in: bool = True) -> Escalation:
    rules = Rules(path=Path("x"), rules={HOT.name: HOT}, people=people, hooks=(HOOK,))
    return Escalation(rules, is_in=lambda *_: is_in)


def test_an_alert_goes_from_the_console_to_letters_to_webhooks() -> None:
    of = escalation(LAN)
    assert of.due(ALERT, now_s=1_199.9) is None and of.next_s([ALERT]) == 1_200.0
    first = of.due(ALERT, now_s=1_200.0)
    assert first is not None and [word.to.name for word in first.words] == ["Lan"]
    assert first.move.after.state is State.ESCALATED and dict(first.move.after.told) == {"1 Lan": "due"}
    assert of.due(first.move.after, now_s=2_099.9) is None
    second = of.due(first.move.after, now_s=2_100.0)
    assert second is not None and [word.key for word in second.words] == ["2 tổng đài"]
    assert of.due(second.move.after, now_s=1e9) is None and of.next_s([second.move.after]) is None


def test_one_that_somebody_owns_goes_nowhere() -> None:
    owned = acknowledged(ALERT, by="lan", note="", for_s=3_600, now_s=400.0).after
    assert escalation(LAN).due(owned, now_s=1e9) is None


def test_a_rung_at_which_there_is_nobody_is_passed_at_once() -> None:
    found = escalation().due(ALERT, now_s=1_200.0)
    assert found is not None and [word.key for word in found.words] == ["2 tổng đài"]
    assert found.move.after.rung == 2


def test_only_those_are_told_who_are_meant() -> None:
    def first_key(of: Escalation, alert: Alert) -> str:
        found = of.due(alert, now_s=1_200.0)
        assert found is not None
        return found.words[0].key

    worse = replace(ALERT, severity=HIGH)
    assert first_key(escalation(OF_UNIT), ALERT) == "2 tổng đài"
    assert first_key(escalation(OF_UNIT), worse) == "1 Minh"
    assert first_key(escalation(OF_UNIT, is_in=False), worse) == "2 tổng đài"
    assert first_key(escalation(LAN), replace(ALERT, severity=LOW)) == "1 Lan"


def test_what_was_not_sent_when_the_hub_ended_is_known() -> None:
    of = escalation(LAN)
    found = of.due(ALERT, now_s=1_200.0)
    assert found is not None
    assert [word.key for word in of.unsent(found.move.after)] == ["1 Lan"]
    assert of.unsent(told(found.move.after, "1 Lan", "sent").after) == []


def test_that_it_is_over_is_told_to_whoever_was_told_that_it_is_so() -> None:
    of = escalation(LAN)
    first = of.due(ALERT, now_s=1_200.0)
    assert first is not None and of.over(ALERT) == {}
    on_its_way = of.over(first.move.after)
    assert list(on_its_way) == ["1 Lan"] and first.move.after.heard() == []
    sent = told(first.move.after, "1 Lan", "sent").after
    ((key, word),) = of.over(sent).items()
    assert (key, word.to.name, word.key, word.is_over) == ("1 Lan", "Lan", "over 1 Lan", True)
    assert of.over(told(first.move.after, "1 Lan", "failed").after) == {}
    assert escalation().over(sent) == {}  # a person who is in the document no more
    assert Escalation(Rules(people=(LAN,)), is_in=lambda *_: True).over(sent) == {}  # no such rule any more


def test_who_was_told_before_an_owner_gave_it_back_still_knows_of_it() -> None:
    of = escalation(LAN)
    first = of.due(ALERT, now_s=1_200.0)
    assert first is not None
    sent = told(first.move.after, "1 Lan", "sent").after
    owned = acknowledged(sent, by="lan", note="", for_s=3_600, now_s=1_400.0).after
    back = given_back(owned, Input.LAPSE, by=None, now_s=5_000.0).after
    assert back.heard() == ["1 Lan"] and back.rung == 0
    again = of.due(back, now_s=5_900.0)
    assert again is not None and [one.key for one in of.unsent(again.move.after)] == ["1 Lan"]
    for state in ("sent", "failed", "withdrawn"):
        assert told(again.move.after, "1 Lan", state).after.heard() == ["1 Lan"]


def test_letters_that_come_together_are_one() -> None:
    bag: Mailbag[str] = Mailbag()
    for number in range(5):
        bag.put("Lan", f"a{number}", now_s=float(number))
    assert bag.due({"Lan": 6}, now_s=TOGETHER_S - 0.1) == []
    assert bag.due({"Lan": 6}, now_s=TOGETHER_S) == [("Lan", ["a0", "a1", "a2", "a3", "a4"])]
    assert bag.due({"Lan": 6}, now_s=TOGETHER_S) == []  # it is on its way


def test_at_most_so_many_letters_an_hour_and_the_next_says_all() -> None:
    bag: Mailbag[int] = Mailbag()
    sent, now_s = [], 0.0
    for number in range(240):  # an alert every 30 s for two hours
        bag.put("Lan", number, now_s=now_s)
        now_s += 30.0
        for to, items in bag.due({"Lan": 4}, now_s=now_s):
            bag.sent(to, now_s=now_s)
            sent.append((now_s, len(items)))
    assert all(sum(1 for at_s, _ in sent if start < at_s <= start + HOUR_S) <= 4 for start, _ in sent)
    assert len(sent) <= 12 and sum(count for _, count in sent) + bag.waiting("Lan") == 240


def test_a_letter_that_does_not_go_out_waits_longer_each_time() -> None:
    bag: Mailbag[str] = Mailbag()
    bag.put("Lan", "a", now_s=0.0)
    now_s = TOGETHER_S
    for wait_s in (*WAITS_S, WAITS_S[-1]):
        ((to, items),) = bag.due({"Lan": 6}, now_s=now_s)
        bag.failed(to, items, now_s=now_s)
        assert bag.due({"Lan": 6}, now_s=now_s + wait_s - 0.1) == []
        assert bag.next_s({"Lan": 6}, now_s=now_s) == now_s + wait_s
        now_s += wait_s
    assert bag.waiting("Lan") == 1


def test_good_news_alone_leaves_the_last_letter_of_the_hour_to_bad_news() -> None:
    bag: Mailbag[str] = Mailbag(can_wait=lambda item: item.startswith("over"))
    for number, item in enumerate(("over 1", "over 2", "over 3")):
        now_s = 100.0 * (number + 1)
        bag.put("Lan", item, now_s=now_s)
        for to, _ in bag.due({"Lan": 3}, now_s=now_s + TOGETHER_S):
            bag.sent(to, now_s=now_s + TOGETHER_S)
    assert bag.waiting("Lan") == 1
    bag.put("Lan", "bad", now_s=400.0)
    assert bag.due({"Lan": 3}, now_s=400.0 + TOGETHER_S) == [("Lan", ["over 3", "bad"])]


def told_of(alert: Alert = ALERT, place: str = "Trạm Y tế Cô Tô", over_utc_us: int | None = None) -> Told:
    return Told(
        alert=alert, rule=HOT, place=place, unit="Quảng Ninh › Cô Tô", since_utc_us=1_790_000_000_000_000,
        over_utc_us=over_utc_us,
    )  # fmt: skip


def test_a_letter_says_what_where_since_when_and_how_often() -> None:
    subject, text = letter(
        [told_of(), told_of(replace(ALERT, severity=HIGH, count=3), "Trạm khác")],
        utc_us=1_790_000_000_000_000 + 600_000_000, address="https://hub.example/",
    )  # fmt: skip
    assert subject == "[Hải đăng] *** Hộp quá nóng: Trạm khác (và 1 cảnh báo khác)"
    assert (
        "*** CAO: Hộp quá nóng: Trạm khác · Quảng Ninh › Cô Tô · 85 °C"
        " · từ 21:13 21/09/2026 (10 phút trước) · lần thứ 3" in text
    )
    assert "https://hub.example/alerts" in text and text.index("Trạm khác") < text.index("Trạm Y tế Cô Tô")


def test_a_letter_of_very_many_names_some_and_counts_the_rest() -> None:
    _, text = letter([told_of()] * 100, utc_us=1_790_000_000_000_000, address="")
    assert "… và 60 cảnh báo khác." in text


def test_a_letter_says_what_is_over_and_for_how_long_it_was_so() -> None:
    over_us = 1_790_000_000_000_000 + 3_600_000_000
    subject, text = letter([told_of(over_utc_us=over_us)], utc_us=over_us + 600_000_000, address="")
    assert subject == "[Hải đăng] Đã hết: Hộp quá nóng: Trạm Y tế Cô Tô"
    assert text.startswith("Đã hết cảnh báo sau:\n\n** TRUNG BÌNH: Hộp quá nóng: Trạm Y tế Cô Tô")
    assert "từ 21:13 21/09/2026 đến 22:13 21/09/2026 (1 giờ" in text and "Chưa ai nhận" not in text
    both = [told_of(replace(ALERT, severity=HIGH), over_utc_us=over_us), told_of(place="Trạm khác")]
    subject, text = letter(both, utc_us=over_us, address="")
    assert subject == "[Hải đăng] ** Hộp quá nóng: Trạm khác (và 1 cảnh báo khác)"
    assert text.index("Chưa ai nhận cảnh báo sau:") < text.index("Trạm khác") < text.index("Đã hết cảnh báo")
    body = json.loads(webhook_body(both[0], utc_us=over_us + 5_000_000))
    assert (body["event"], body["over_utc"]) == ("alert.over", "2026-09-21T15:13:20+00:00")


def test_a_webhook_says_the_same_for_programs() -> None:
    body = json.loads(webhook_body(told_of(), utc_us=1_790_000_000_000_000 + 5_000_000))
    assert (body["event"], body["alert"], body["severity"], body["place"]) == (
        "alert.unowned", 7, "medium", "station:a",
    )  # fmt: skip
    assert (body["age_s"], body["since_utc"]) == (5, "2026-09-21T14:13:20+00:00")


def test_where_there_is_nobody_to_be_told_nothing_is_said_to_have_been() -> None:
    nobody = Escalation(Rules(rules={HOT.name: HOT}), is_in=lambda *_: True)
    assert nobody.due(ALERT, now_s=1e9) is None

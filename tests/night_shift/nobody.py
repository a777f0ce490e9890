"""Nobody is there at a press: it is told outside at once, is missed, and somebody owes the station a call."""

from playwright.sync_api import expect

from hub.store.interface import CallRow
from tests.night_shift.house import SHORT, USUAL, Night
from tests.village.eyes import open_calls
from tests.village.eyes import wait_until as wait_for

ROW = 'tr[data-call^="con-dao-01"]'


def missed(night: Night) -> None:
    """All consoles are closed; a press passes every rung at once, and becomes somebody's callback."""
    for person in (night.lan, night.minh, night.supervisor, night.hoa):
        person.leave()
    wait_for(lambda: night.lan.ready() == [], what="the hub counts on nobody")
    night.agree_on(SHORT)
    told_before = len(night.outside.taken)
    night.con_dao.press()
    night.con_dao.sees_lamp("SLOW_BLINK")

    def rungs() -> set[str]:
        return {one["rung"] for one in list(night.outside.taken.values())[told_before:]}

    wait_for(lambda: rungs() == {"supervisor", "doctor"}, what="both rungs are told outside")
    wait_for(lambda: "0900000002" in night.telephones, what="the doctor's telephone is told")
    assert [row.state for row in calls_of_con_dao(night)] == ["RECEIVED"], "it is told before it is missed"
    wait_for(
        lambda: [(row.state, row.owner) for row in calls_of_con_dao(night)] == [("CALLBACK", "truong-kip")],
        what="the supervisor owes Côn Đảo a call",
    )
    night.agree_on(USUAL)


def calls_of_con_dao(night: Night) -> list[CallRow]:
    """Its open calls."""
    return [row for row in open_calls(night.village) if row.call_id.station == "con-dao-01"]


def call_back(night: Night) -> None:
    """Lan is back, takes the call from the list, and rings the station; the nurse accepts by the button."""
    lan, nurse = night.lan, night.con_dao
    lan.come_back("calls")
    lan.sees(ROW, "truong-kip sẽ gọi lại")
    night.pictures.take(lan.page, "callbacks")
    lan.press("Home")
    while not lan.page.evaluate("(row) => document.activeElement?.matches(row)", ROW):
        lan.press("ArrowDown")
    lan.press("r")
    wait_for(nurse.chimes, what="the buzzer calls the nurse")
    nurse.reads("Trung tâm đang gọi trạm: lan")
    expect(nurse.screen.locator("form.ring")).to_be_in_viewport(ratio=0.9)  # advice was read below it
    night.pictures.take(nurse.screen, "panel-the-hub-calls")
    nurse.press()
    nurse.sees_lamp("STEADY")
    lan.page.wait_for_url("**/stations/con-dao-01")
    lan.talks()
    lan.press("k")
    nurse.sees_lamp("OFF")
    lan.sees("#callbar", "bạn chưa ghi xong biên bản")
    lan.pick("#case-close select", "đã gọi lại")
    lan.choose("#case-close > button")


def play(night: Night) -> None:
    """The whole of it."""
    missed(night)
    call_back(night)

"""Mường Nhé: the button is held for two seconds."""

from tests.night_shift.con_dao import choose_line
from tests.night_shift.house import Night
from tests.village.eyes import wait_until as wait_for


def emergency(night: Night) -> None:
    """All who could answer ring at once, and those outside are told; the supervisor hears it too."""
    nurse = night.muong_nhe
    nurse.hold()
    night.minh.hears_a_ring("Mường Nhé")
    for person in (night.minh, night.lan, night.supervisor):
        person.hears_a_ring("Mường Nhé")
        person.sees("form.ring.is-emergency .ring-tag", "KHẨN CẤP")
    nurse.let_go()
    nurse.reads("KHẨN CẤP")
    wait_for(
        lambda: any(one["is_emergency"] for one in night.outside.taken.values()), what="the webhook is told"
    )
    wait_for(lambda: "0900000001" in night.telephones, what="the supervisor's telephone is told")
    night.pictures.take(night.supervisor.page, "emergency")
    night.pictures.take(nurse.screen, "panel-emergency")


def doctor_of_the_roster(night: Night) -> None:
    """Lan answers, and asks the doctor whom the roster names; she comes, speaks, and leaves."""
    lan, hoa, nurse = night.lan, night.hoa, night.muong_nhe
    lan.answers("muong-nhe-03")
    nurse.sees_lamp("STEADY")
    lan.talks()
    lan.press("d")
    lan.page.wait_for_selector("dialog.chooser .choices button")
    night.pictures.take(lan.page, "which-doctor")
    choose_line(lan, "BS Hoa")
    hoa.sees("#asked", "lan mời bạn vào cuộc gọi của Trạm y tế Mường Nhé")
    hoa.press("y")
    hoa.page.wait_for_url("**/stations/muong-nhe-03")
    lan.sees("#callbar", "cùng vào: BS Hoa")
    lan.press("v")
    hoa.sees("#callbar", "bạn đang nói với trạm")
    hoa.talks()
    night.pictures.take(hoa.page, "doctor-has-the-word")
    lan.press("v")
    lan.talks()
    hoa.press("k")
    lan.press("k")
    lan.sees("#callbar", "bạn chưa ghi xong biên bản")
    nurse.sees_lamp("OFF")


def play(night: Night) -> None:
    """The whole call; its minutes stay for the handover."""
    emergency(night)
    doctor_of_the_roster(night)

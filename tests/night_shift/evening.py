"""Evening: the shift begins, a button is tested, a drill is ended by somebody who needs help."""

import subprocess
import sys

from tests.night_shift.house import PASSWORD, Night
from tests.night_shift.nurse import Nurse
from tests.village.eyes import wait_until as wait_for
from tests.village.process import ROOT

DRILLS = "#drills tr[data-station={station}]"


def sign_on(night: Night) -> None:
    """Lan and the others sign on; each console proves that it could hear and answer."""
    prove_button(night, night.con_dao)
    prove_button(night, night.muong_nhe)
    for person in (night.lan, night.minh, night.supervisor, night.hoa):
        person.sign_on(PASSWORD)
    night.lan.sees("#fleet", "Trạm y tế Mường Nhé")
    night.lan.sees('tr[data-station="co-to-02"] .presence', "đang nghe")
    night.pictures.take(night.lan.page, "lan-signs-on", is_dark=True)


def prove_button(night: Night, nurse: Nurse) -> None:
    """The nurse tests the button by herself, as she does each week."""
    typed = [sys.executable, "-m", "edge", "call", "practice", "test", "--config", str(nurse.station.config)]
    subprocess.run(typed, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    nurse.sees_lamp("PULSE", is_dim=True)
    nurse.press()
    nurse.sees_lamp("OFF")


def weekly_button_test(night: Night) -> None:
    """Cô Tô's button has not been pressed for a week; Lan asks for a test, the nurse presses, it passes."""
    lan, nurse, row = night.lan, night.co_to, DRILLS.format(station="co-to-02")
    lan.go("/drills")
    lan.sees(row, "quá hạn")
    lan.sees("#drills .count-line", "1 trong 3 trạm")
    night.pictures.take(lan.page, "button-test-overdue")
    lan.choose(f'{row} form[action$="/test"] button')
    nurse.sees_lamp("PULSE", is_dim=True)
    nurse.reads("Lần bấm kế tiếp chỉ thử nút")
    night.pictures.take(nurse.screen, "panel-button-test")
    nurse.press()
    lan.sees(row, "đúng hạn")
    nurse.sees_lamp("OFF")
    lan.sees("#drills .count-line", "nút của cả 3 trạm đều đã được nhấn")


def drill_and_a_real_press(night: Night) -> None:
    """A drill at Mường Nhé says so everywhere; Côn Đảo needs help, and the drill is over."""
    lan, nurse, row = night.lan, night.muong_nhe, DRILLS.format(station="muong-nhe-03")
    lan.choose(f'{row} form[action$="/drill"] button')
    nurse.sees_lamp("PULSE", is_dim=True)
    lan.sees(row, "trạm đã biết")
    nurse.press()
    lan.hears_a_ring("Mường Nhé")
    lan.sees("form.ring .ring-tag", "DIỄN TẬP")
    lan.answers("muong-nhe-03")
    lan.sees("#callbar", "DIỄN TẬP")
    lan.talks()
    nurse.reads("Cuộc gọi này là diễn tập")
    night.pictures.take(lan.page, "drill")
    night.con_dao.press()
    lan.sees("form.ring .ring-name", "Côn Đảo")
    nurse.sees_lamp("OFF")
    lan.hears_a_ring("Côn Đảo")
    wait_for(lambda: not lan.page.evaluate("() => Boolean(document.body.call)"), what="no drill for Lan")


def play(night: Night) -> None:
    """The evening."""
    sign_on(night)
    weekly_button_test(night)
    drill_and_a_real_press(night)

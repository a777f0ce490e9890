"""Cô Tô: the cable is out while somebody presses."""

import re
import time

from playwright.sync_api import expect

from tests.night_shift.house import Night
from tests.night_shift.person import LIMIT_MS

AGE = re.compile(r"cách đây (\d+) s")


def press_without_a_cable(night: Night) -> None:
    """The press is kept, and the lamp says so; with the cable it rings, and its age is that of the press."""
    lan, nurse = night.lan, night.co_to
    nurse.station.cable.pull()
    pressed_s = time.monotonic()
    nurse.press()
    nurse.sees_lamp("FAST_BLINK")
    nurse.sees_lamp("PULSE")
    nurse.reads("Chưa có đường truyền")
    night.pictures.take(nurse.screen, "panel-kept")
    nurse.station.cable.replug()
    lan.hears_a_ring("Cô Tô")
    nurse.sees_lamp("DOUBLE_FLASH")
    nurse.press()
    lan.sees("form.ring .ring-text", "đã nhấn thêm 1 lần")
    waited_s = time.monotonic() - pressed_s
    shown = AGE.search(lan.page.inner_text("form.ring .ring-text"))
    assert shown is not None, lan.page.inner_text("form.ring")
    assert waited_s - 2 <= int(shown[1]) <= time.monotonic() - pressed_s + 1
    night.pictures.take(lan.page, "true-age")


def park_and_take_up(night: Night) -> None:
    """Lan lays the call down for whoever is free; Minh takes it up, and closes it."""
    lan, minh = night.lan, night.minh
    lan.answers("co-to-02")
    lan.talks()
    lan.press("g")
    minh.sees("form.ring.is-parked", "Cô Tô")
    night.pictures.take(minh.page, "parked")
    minh.answers("co-to-02")
    minh.talks()
    lan.sees("#callbar", "minh đang trả lời")
    minh.press("k")
    minh.sees("#callbar", "bạn chưa ghi xong biên bản")
    night.co_to.sees_lamp("OFF")
    minh.pick("#case-close select", "ở lại")
    minh.choose("#case-close > button")
    expect(minh.page.locator("#case-close")).to_have_count(0, timeout=LIMIT_MS)


def play(night: Night) -> None:
    """The whole call."""
    press_without_a_cable(night)
    park_and_take_up(night)

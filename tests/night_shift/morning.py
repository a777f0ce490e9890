"""Morning: what is not done goes to the next shift, and the night is counted."""

from typing import Final

from playwright.sync_api import expect

from tests.night_shift.house import Night
from tests.night_shift.person import LIMIT_MS

NOTE: Final = "hỏi lại huyết áp lúc 7 giờ"
SUNDAY: Final = "2026-11-29T03:00"


def hand_over(night: Night) -> None:
    """Lan offers what is hers with a line; it is Minh's when he takes it."""
    lan, minh = night.lan, night.minh
    minh.come_back()
    lan.go("/handover")
    lan.sees("#mine-to-give", "Mường Nhé")
    lan.fill("#mine-to-give input[type=text]", NOTE)
    lan.choose("#offer")
    lan.sees("#told", "vẫn là của bạn")
    minh.sees("#handed-over", "lan bàn giao 1 việc")
    minh.go("/handover")
    minh.sees("#to-me", NOTE)
    night.pictures.take(minh.page, "handover")
    minh.press("y")
    expect(lan.page.locator("#mine-to-give table")).to_have_count(0, timeout=LIMIT_MS)
    minh.sees("#mine-to-give", "Mường Nhé")


def count(night: Night) -> None:
    """The night in numbers; drills and tests stand for themselves."""
    minh = night.minh
    minh.go("/statistics")
    minh.sees("table.statistics", "Biển đảo")
    night.pictures.take(minh.page, "statistics")


def who_would_ring(night: Night) -> str:
    """What the hub answers to "who would ring at 03:00 on Sunday?"."""
    said = night.hub("route", "con-dao-01", "--at", SUNDAY, "--ready", "minh,truong-kip")
    assert "Sunday 2026-11-29 03:00" in said
    assert "nobody ready" in said.splitlines()[3]
    (night.pictures.folder / "route.txt").write_text(said, encoding="utf-8")
    return said


def play(night: Night) -> None:
    """The end of the shift."""
    hand_over(night)
    count(night)
    who_would_ring(night)

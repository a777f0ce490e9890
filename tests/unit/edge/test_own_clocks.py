"""What the box's own clocks are worth to the hub."""

from dataclasses import replace

import pytest

from contract.ids import BootId
from contract.times import Anchor
from edge.errors import ControlError
from edge.health.own_clocks import (
    NOT_BEFORE_S,
    NTP_ERR_MAX_US,
    NTP_ERR_MIN_US,
    RTC_ERR_US,
    KernelTime,
    OwnClocks,
    clock_off_ms,
    ntp_anchors,
    rtc_anchors,
    staff_anchor,
)

BOOT = BootId(3)
S = 1_000_000
UTC_S = 1_800_000_000
HELD = KernelTime(
    before_us=40 * S, utc_us=UTC_S * S, after_us=40 * S + 10, is_synchronised=True, max_err_us=300_000
)


def test_a_wall_clock_that_ntp_holds_is_an_anchor_of_the_kernels_own_error() -> None:
    assert ntp_anchors(HELD, boot=BOOT) == [Anchor(BOOT, 40 * S + 5, UTC_S * S, 300_010, "ntp")]


def test_an_error_of_zero_is_not_believed() -> None:
    (anchor,) = ntp_anchors(replace(HELD, max_err_us=0), boot=BOOT)
    assert anchor.err_us == NTP_ERR_MIN_US + 10


@pytest.mark.parametrize(
    "reading",
    [
        replace(HELD, is_synchronised=False),
        replace(HELD, max_err_us=NTP_ERR_MAX_US),
        replace(HELD, utc_us=(NOT_BEFORE_S - 1) * S),
    ],
)
def test_a_wall_clock_that_nobody_holds_or_knows_is_none(reading: KernelTime) -> None:
    assert ntp_anchors(reading, boot=BOOT) == []


def test_the_wall_clock_is_held_against_the_hubs_by_the_last_exchange() -> None:
    hub = Anchor(BOOT, 10 * S, (UTC_S - 30 - 2) * S, 50_000, "hub")  # 30 s before, and by the hub 2 s less
    assert clock_off_ms(HELD, hub) == 1_999
    assert clock_off_ms(replace(HELD, is_synchronised=False), hub) == 1_999  # what nobody holds is off too
    assert clock_off_ms(None, hub) is clock_off_ms(HELD, None) is None


def test_a_battery_clock_is_worth_five_minutes_and_one_that_lost_its_battery_nothing() -> None:
    (anchor,) = rtc_anchors(UTC_S, boot=BOOT, now_us=7 * S)
    assert anchor == Anchor(BOOT, 7 * S, UTC_S * S + S // 2, RTC_ERR_US + S // 2, "rtc")
    for lost in (0, 946_684_800, NOT_BEFORE_S - 1):
        assert rtc_anchors(lost, boot=BOOT, now_us=7 * S) == []


class Clocks:
    """Two clocks that count how often they are read."""

    def __init__(self, reading: KernelTime | None, rtc_s: int | None) -> None:
        self.reading, self.rtc_s = reading, rtc_s
        self.reads: list[str] = []

    def kernel(self) -> KernelTime | None:
        self.reads.append("kernel")
        return self.reading

    def rtc(self) -> int | None:
        self.reads.append("rtc")
        return self.rtc_s


def told(clocks: Clocks, times_s: list[int]) -> list[list[str]]:
    own = OwnClocks(BOOT, read_kernel=clocks.kernel, read_rtc_s=clocks.rtc)
    return [[anchor.source for anchor in own.anchors(now_us=at_s * S)] for at_s in times_s]


def test_the_battery_clock_is_told_once_and_ntp_every_ten_minutes() -> None:
    assert told(Clocks(HELD, UTC_S), [1, 2, 599, 601, 602, 1201]) == [
        ["rtc", "ntp"],
        [],
        [],
        ["ntp"],
        [],
        ["ntp"],
    ]


def test_ntp_is_told_as_soon_as_it_holds_the_clock() -> None:
    clocks = Clocks(replace(HELD, is_synchronised=False), None)
    own = OwnClocks(BOOT, read_kernel=clocks.kernel, read_rtc_s=clocks.rtc)
    assert [own.anchors(now_us=at * S) for at in (1, 2, 3)] == [[], [], []]
    clocks.reading = HELD
    assert [anchor.source for anchor in own.anchors(now_us=4 * S)] == ["ntp"]
    assert clocks.reads.count("rtc") == 1


def test_a_machine_without_either_clock_tells_nothing() -> None:
    assert told(Clocks(None, None), [1, 601]) == [[], []]


@pytest.mark.parametrize(
    "text", ["2027-01-15T15:00:00", "2027-01-15T15:00", "2027-01-15 08:00Z", "2027-01-15T09:00+01:00"]
)
def test_staff_say_the_time_of_vietnam_unless_they_name_another(text: str) -> None:
    anchor = staff_anchor(text, within_s=90, boot=BOOT, now_us=7 * S)
    assert anchor == Anchor(BOOT, 7 * S, UTC_S * S, 90 * S, "staff")


@pytest.mark.parametrize(
    ("text", "within_s"),
    [("noon", 60), ("2027-01-15T15:00", 0), ("2027-01-15T15:00", 86_401), ("2025-12-31T15:00", 60)],
)
def test_what_is_no_time_of_now_is_refused_with_what_is_expected(text: str, within_s: int) -> None:
    with pytest.raises(ControlError, match=r"write them as|expected a time since 2026"):
        staff_anchor(text, within_s=within_s, boot=BOOT, now_us=7 * S)

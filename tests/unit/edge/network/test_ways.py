from itertools import product

import pytest

from edge.link_config import LinkSettings
from edge.network.standing import TRANSITIONS, Input, Standing, after
from edge.network.told import VitalsWord
from edge.network.ways import Ways

CABLE = LinkSettings(name="cable", interface="eth0", kind="ethernet", is_metered=False)
MOBILE = LinkSettings(name="4G", interface="wwan0", kind="mobile", is_metered=True)
CONNECTED, AWAY = VitalsWord(is_connected=True), VitalsWord()


def ways(*, carrying: str = "cable 4G") -> Ways:
    made = Ways(return_after_s=60.0)
    made.set_links([CABLE, MOBILE])
    for name in ("cable", "4G"):
        if name in carrying.split():
            made.on_carries(name, True, now_s=0.0)
    return made


def good(made: Ways, *names: str, now_s: float = 0.0) -> None:
    for name in names:
        made.on_probe(name, True, now_s=now_s)
    made.choose(now_s=now_s + 60.0)


@pytest.mark.parametrize(
    ("standing", "input_"), sorted({*product(Standing, Input)} - {*TRANSITIONS}, key=str)
)
def test_what_the_table_does_not_have_changes_nothing(standing: Standing, input_: Input) -> None:
    assert after(standing, input_) is standing


def test_the_first_link_that_can_carry_is_used_before_anything_is_known() -> None:
    assert ways().choose(now_s=0.0) == "cable"
    assert ways(carrying="4G").choose(now_s=0.0) == "4G"
    assert ways(carrying="").choose(now_s=0.0) is None


def restarted(used: str, *, carrying: str = "cable 4G") -> Ways:
    made = Ways(return_after_s=60.0, used=used, now_s=1_000.0)
    made.set_links([CABLE, MOBILE])
    for name in carrying.split():
        made.on_carries(name, True, now_s=1_000.0)
    return made


def test_after_a_restart_the_link_that_was_used_goes_on_and_is_tried_first_of_all() -> None:
    made = restarted("4G")
    assert made.choose(now_s=1_000.0) == "4G"
    made.on_probe("cable", True, now_s=1_000.1)
    assert made.choose(now_s=1_000.1) == "4G", "a call may be on it, and nobody has said so yet"
    made.on_vitals(VitalsWord(is_connected=True, is_in_call=True), now_s=1_000.2)
    made.on_probe("cable", True, now_s=1_070.0)
    assert made.choose(now_s=1_070.0) == "4G", "nor is it left in that call"
    made.on_vitals(CONNECTED, now_s=1_071.0)
    assert made.choose(now_s=1_071.0) == "cable", "the better link comes back as ever"


def test_a_link_that_was_used_before_a_restart_and_does_not_work_any_more_is_left() -> None:
    made = restarted("4G")
    made.choose(now_s=1_000.0)
    made.on_probe("cable", True, now_s=1_000.1)
    made.on_probe("4G", False, now_s=1_003.0)
    assert made.choose(now_s=1_003.0) == "cable"
    hangs = restarted("4G")
    hangs.choose(now_s=1_000.0)
    hangs.on_probe("cable", True, now_s=1_000.1)
    assert hangs.choose(now_s=1_009.9) == "4G"
    assert hangs.choose(now_s=1_010.0) == "cable", "a try that does not end is not waited for"


def test_a_link_that_was_used_before_a_restart_and_is_not_there_any_more_is_not_waited_for() -> None:
    assert restarted("4G", carrying="cable").choose(now_s=1_000.0) == "cable"
    assert restarted("a modem of before").choose(now_s=1_000.0) == "cable"


def test_a_link_without_carrier_is_left_at_once() -> None:
    made = ways()
    made.choose(now_s=0.0)
    good(made, "cable", "4G")
    made.on_carries("cable", False, now_s=100.0)
    assert made.choose(now_s=100.0) == "4G"


def test_one_probe_that_fails_moves_nothing_and_two_do() -> None:
    made = ways()
    made.choose(now_s=0.0)
    good(made, "cable", "4G")
    made.on_probe("cable", False, now_s=100.0)
    assert made.choose(now_s=100.0) == "cable"
    assert "cable" in made.due(now_s=106.0), "in doubt it is tried again soon"
    made.on_probe("cable", False, now_s=106.0)
    assert made.choose(now_s=106.0) == "4G"


def test_the_boxs_own_connection_that_ends_counts_as_one() -> None:
    made = ways()
    made.choose(now_s=0.0)
    good(made, "cable", "4G")
    made.on_vitals(CONNECTED, now_s=70.0)
    made.tried("cable", now_s=0.0)
    assert "cable" not in made.due(now_s=1e6), "while it is connected nothing more is asked"
    made.on_vitals(AWAY, now_s=100.0)
    assert made.standing("cable") is Standing.SHAKY
    assert "cable" in made.due(now_s=100.0)
    made.on_probe("cable", False, now_s=103.0)
    assert made.choose(now_s=103.0) == "4G"


def test_the_better_link_is_taken_again_only_when_it_has_held_and_not_in_a_call() -> None:
    made = ways(carrying="4G")
    made.choose(now_s=0.0)
    good(made, "4G")
    made.on_carries("cable", True, now_s=100.0)
    assert made.choose(now_s=100.0) == "4G"
    made.on_probe("cable", True, now_s=101.0)
    assert made.choose(now_s=160.9) == "4G"
    made.on_vitals(VitalsWord(is_connected=True, is_in_call=True), now_s=161.0)
    assert made.choose(now_s=161.0) == "4G"
    made.on_vitals(CONNECTED, now_s=162.0)
    assert made.choose(now_s=162.0) == "cable"


def test_a_better_link_that_fails_meanwhile_begins_anew() -> None:
    made = ways(carrying="4G")
    made.choose(now_s=0.0)
    good(made, "4G")
    made.on_carries("cable", True, now_s=100.0)
    made.on_probe("cable", True, now_s=101.0)
    made.on_probe("cable", False, now_s=121.0)
    made.on_probe("cable", True, now_s=141.0)
    assert made.choose(now_s=200.0) == "4G"
    assert made.choose(now_s=201.0) == "cable"


def test_where_nothing_works_the_link_is_not_changed_without_need() -> None:
    made = ways()
    made.choose(now_s=0.0)
    for name in ("cable", "4G"):
        made.on_probe(name, False, now_s=10.0)
    assert made.choose(now_s=10.0) == "cable"
    made.on_carries("cable", False, now_s=20.0)
    assert made.choose(now_s=20.0) == "4G"


def test_a_link_whose_bytes_are_used_up_is_the_last_that_is_taken_and_is_taken() -> None:
    made = ways()
    made.choose(now_s=0.0)
    good(made, "cable", "4G")
    made.on_spent("cable", True)
    assert made.choose(now_s=200.0) == "4G"
    made.on_carries("4G", False, now_s=201.0)
    assert made.choose(now_s=201.0) == "cable"


def test_a_spare_is_tried_seldom_a_metered_one_more_seldom_and_all_at_once_in_trouble() -> None:
    made = ways()
    made.choose(now_s=0.0)
    assert made.due(now_s=0.0) == ["cable", "4G"]
    for name in ("cable", "4G"):
        made.tried(name, now_s=0.0)
    made.on_vitals(CONNECTED, now_s=1.0)
    good(made, "4G")
    assert made.due(now_s=3_599.0) == []
    assert made.due(now_s=3_600.0) == ["4G"]
    made.on_vitals(AWAY, now_s=1_000.0)
    assert made.due(now_s=1_000.0) == ["cable", "4G"]


def test_trouble_that_lasts_is_asked_after_less_often_but_not_while_a_press_waits() -> None:
    made = ways(carrying="4G")
    made.choose(now_s=0.0)
    made.on_probe("4G", False, now_s=0.0)
    made.tried("4G", now_s=1_000.0)
    assert made.due(now_s=1_200.0) == []
    assert made.due(now_s=1_340.0) == ["4G"]
    made.on_vitals(VitalsWord(owes_call=True), now_s=1_010.0)
    assert made.due(now_s=1_015.0) == ["4G"]


def test_a_link_that_is_gone_from_the_machine_is_not_used() -> None:
    made = ways()
    made.choose(now_s=0.0)
    made.set_links([MOBILE])
    assert made.choose(now_s=1.0) == "4G"
    made.on_probe("cable", True, now_s=2.0)  # of a probe that was on its way

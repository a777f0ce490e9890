"""The cable is out: 4G takes over, and a press rings. The cable is back: after a while the box is, too."""

from functools import partial
from pathlib import Path

import pytest

from tests.networks.box import scene
from tests.networks.internet import CABLE, MOBILE


@pytest.mark.timeout(300)
def test_a_press_rings_over_the_other_link_when_the_cable_is_out_and_the_box_comes_back_to_it(
    tmp_path: Path,
) -> None:
    with scene(tmp_path) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        there.box.wait("4G (wwan0): reaches the hub")  # although its answers come in where nothing goes out
        there.internet.pull(CABLE)
        there.box.wait("4G (wwan0), used")
        there.press_rings()
        assert there.box.wait("cable (eth0): no carrier").remedy.startswith("plug its cable in")
        there.hang_up()
        there.internet.plug_back(CABLE)
        there.box.wait("cable (eth0), used: reaches the hub")
        there.box.wait_until(there.box.is_connected, what="the box is connected over the cable")
        said = there.box.network.output()
        back = said.index("cable is used in place of 4G")
        assert "cable reaches the hub" in said[said.index("4G is used in place of cable") : back]


@pytest.mark.timeout(300)
def test_a_link_that_died_beyond_the_first_cable_is_left_for_one_that_reaches_the_hub(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        there.internet.drop("iif", CABLE)  # the carrier stays
        there.press_rings(limit_s=90)
        there.box.wait("4G (wwan0), used")
        finding = there.box.wait("cable (eth0): hub silent")
        assert not finding.is_well and finding.remedy


@pytest.mark.timeout(300)
def test_started_anew_it_goes_on_with_the_link_that_it_used(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        box = there.box
        box.network.stop()
        box.config.write_text(box.config.read_text().replace("return_after_s = 3", "return_after_s = 3600"))
        there.internet.pull(CABLE)
        box.network.start()
        box.wait("4G (wwan0), used")
        there.internet.plug_back(CABLE)
        box.wait("cable (eth0): reaches the hub, and has to go on doing so")
        box.network.kill()
        before = len(box.network.output())
        box.network.start()
        for name in ("cable", "4G"):  # both are tried anew
            said = f"{name} reaches the hub"
            box.wait_until(partial(lambda said: said in box.network.output()[before:], said), what=said)
        box.wait("4G (wwan0), used")
        assert "cable is used" not in box.network.output()[before:]


@pytest.mark.timeout(300)
def test_stopped_it_leaves_the_machines_own_order(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        there.internet.pull(CABLE)
        there.box.wait("4G (wwan0), used")
        ways = there.internet.box.ip("-N", "route", "show", "default").splitlines()
        assert ways[0].split()[4:8] == [MOBILE, "proto", "177", "metric"], ways
        there.box.network.stop()
        ways = there.internet.box.ip("-N", "route", "show", "default").splitlines()
        assert [("eth0" in one, "177" in one) for one in ways] == [(True, False), (False, False)], ways

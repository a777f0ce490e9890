"""No network at all: the box captures, the button tells the truth; when there is one, the press is there."""

from pathlib import Path

import pytest

from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.integration.edge.call_station import commands
from tests.networks.box import scene
from tests.networks.internet import CABLE, MOBILE

BEYOND = {OutputPattern.SLOW_BLINK, OutputPattern.DOUBLE_FLASH, OutputPattern.STEADY}  # at the hub, and on


@pytest.mark.timeout(300)
def test_without_any_link_it_captures_and_the_lamp_says_registered_and_no_more(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        box, internet = there.box, there.internet
        box.wait("cable (eth0), used: reaches the hub")
        for link in (CABLE, MOBILE):
            internet.pull(link)
        box.wait("4G (wwan0): no carrier")
        box.wait("cable (eth0): no carrier")
        before = box.owed()
        box.press_is_kept()
        box.wait_until(lambda: box.owed() > before + 2, what="more is captured and kept")
        shown = {one.pattern for _, one in commands(box.board, OutputId.CALL_LED)}
        assert not shown & BEYOND
        assert not box.is_connected()
        assert not there.seat.calls
        internet.plug_back(MOBILE)
        there.rings()

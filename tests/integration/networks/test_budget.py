"""A link whose bytes are used up: waveforms wait; a press, its ring and numbers do not."""

from pathlib import Path

import pytest

from tests.networks.box import LINKS, scene
from tests.networks.internet import CABLE, MOBILE

METERED = LINKS + 'budget_mb = 1\nbudget_per = "day"\n'


@pytest.mark.timeout(300)
def test_with_its_bytes_used_up_the_bulk_waits_and_a_press_does_not(tmp_path: Path) -> None:
    with scene(tmp_path, settings=METERED) as there:
        box, internet = there.box, there.internet
        box.wait("cable (eth0), used: reaches the hub")
        internet.download(MOBILE, 1_200_000)
        spent = box.wait("4G (wwan0): budget used up")
        assert (
            not spent.is_well
            and "waveforms wait" in spent.remedy
            and "of 1 MB of this day used" in spent.text
        )
        internet.pull(CABLE)
        box.wait("4G (wwan0), used")
        there.press_rings()
        box.wait_until(lambda: box.owed_of("2") >= 2, what="waveforms wait")
        assert box.owed_of("1") <= 2, "numbers and events go"
        box.network.stop()  # counted over a restart
        box.network.start()
        box.wait("4G (wwan0), used: budget used up")
        internet.plug_back(CABLE)
        there.hang_up()
        box.wait("cable (eth0), used: reaches the hub")
        box.wait_until(lambda: box.owed_of("2") <= 1, what="what waited has gone over the cable")

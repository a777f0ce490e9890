"""A network that wants a login first: it is named, and once somebody has logged in the press rings."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.pki.authority import Authority
from tests.networks.box import LINKS, scene
from tests.networks.internet import CABLE, HUB_NAME
from tests.village.process import Process

ONE = LINKS[: LINKS.index('[[link]]\nname = "4G"')]


@pytest.mark.timeout(300)
def test_a_captive_portal_is_named_and_believed_in_nothing(tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange")
    strange.make(names=(HUB_NAME,), now=datetime.now(UTC))
    certificate, key = strange.pair("broker")
    with scene(tmp_path, links=(CABLE,), settings=ONE) as there:
        internet = there.internet
        there.box.wait("cable (eth0), used: reaches the hub")
        portal = Process(
            ["tests.networks.portal", internet.hub_address, str(certificate), str(key)],
            log=tmp_path / "portal.log",
            entry=lambda: internet.router.entry,
        )
        internet.stand_in()
        try:
            portal.start()
            portal.wait_for("the portal stands", limit_s=30)
            there.box.restart()
            finding = there.box.wait("captive portal: login.hotel.test")
            assert not finding.is_well and "log in there" in finding.remedy
            assert not there.box.is_connected()
            there.box.press_is_kept()
        finally:
            portal.stop()
            internet.step_aside()
        there.rings()

"""A network that lets nothing out but TCP to 443: the doctor names it, and what the hub lacks."""

from pathlib import Path

import pytest

from tests.networks.box import LINKS, scene
from tests.networks.internet import CABLE
from tests.simulators.cable import Cable

ONE = LINKS[: LINKS.index('[[link]]\nname = "4G"')]


@pytest.mark.timeout(300)
def test_only_443_is_named_where_only_that_passes(tmp_path: Path) -> None:
    with scene(tmp_path, links=(CABLE,), settings=ONE) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        with Cable(there.village.broker.port, address=there.internet.hub_address, port=443):
            there.internet.drop("iif", CABLE, "ipproto", "tcp", "dport", "8883")
            there.box.restart()
            finding = there.box.wait("only 443 passes")
            assert "hub.haidang.test:8883: nothing comes back" in finding.text

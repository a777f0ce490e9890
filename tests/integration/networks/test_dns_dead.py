"""The name server is dead, or lies: the last good address of the hub is used, and TLS checks its name."""

from pathlib import Path

import pytest

from edge.hub_way import HubWay
from tests.networks.box import scene
from tests.networks.internet import CABLE, HUB_NAME


@pytest.mark.timeout(300)
def test_a_box_that_starts_with_a_dead_name_server_reaches_the_hub(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        there.names.is_dead = True
        there.box.restart()
        there.box.wait_until(there.box.is_connected, what="connected without a name server")
        finding = there.box.wait("DNS dead: its last good address is used")
        assert not finding.is_well and "name server" in finding.remedy
        there.press_rings()


@pytest.mark.timeout(300)
def test_a_name_server_that_lies_does_not_keep_the_box_from_its_hub(tmp_path: Path) -> None:
    with scene(tmp_path) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        there.names.lie(there.internet.gateway(CABLE))  # where nobody is
        there.box.restart()
        there.box.wait_until(there.box.is_connected, what="connected at the address that is kept")


def test_an_address_that_is_kept_is_of_one_name(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    HubWay(HUB_NAME, kept).keep("192.0.2.7")
    assert HubWay("192.0.2.9", kept).addresses() == ["192.0.2.9"]
    kept.write_text('{"host": "192.0.2.9", "address": "no address"}')
    assert HubWay("192.0.2.9", kept).addresses() == ["192.0.2.9"]


def test_where_another_answered_is_tried_last(tmp_path: Path) -> None:
    way = HubWay("192.0.2.9", tmp_path / "kept")
    way.keep("192.0.2.7")
    assert way.addresses() == ["192.0.2.9", "192.0.2.7"]
    way.doubt("192.0.2.9")
    assert way.addresses() == ["192.0.2.7", "192.0.2.9"]

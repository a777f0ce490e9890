"""Where a network lets nothing out but TCP to port 443, the box finds its hub there by itself: a press rings,
and a call stands, with voice and picture over the hub's own relay.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from contract.front import FRONT_PORT
from hub.config import read_config
from tests.front import Front
from tests.simulators.links import CLEAN_2M
from tests.village.conversation import answer, grows, hang_up, ring
from tests.village.desk import operator
from tests.village.media_watch import media_counts
from tests.village.village import PLACES, Village

BEHIND_A_WALL = replace(PLACES[0], link=CLEAN_2M.behind_a_wall(FRONT_PORT))
NO_ANSWER = r"ERR_CERT_AUTHORITY_INVALID"  # this browser knows no authority of ours: it needs no relay itself


@pytest.mark.timeout(300)
def test_a_press_rings_and_a_call_stands_where_only_tcp_443_passes(tmp_path: Path) -> None:
    village = Village(tmp_path, [BEHIND_A_WALL], has_front=True)
    station = village.stations[0]
    link = station.link
    assert link is not None
    station.hub = (link.server_address, 8883)  # as it was enrolled: at the ordinary port
    with (
        village,
        Front(read_config(village.config), tmp_path / "front") as front,
        operator(village, allow=NO_ANSWER) as page,
    ):
        ring(page, village, station)
        answer(page, station)
        grows(page)
        pairs, packets, at = media_counts(page).pairs, link.packets(), station.report()
        hang_up(page, village, station)
    assert {(pair["remote"], pair["address"]) for pair in pairs} == {("relay", link.server_address)}
    assert any(f"{link.server_address}:{FRONT_PORT}" in one.text for one in at.findings if one.part == "link")
    passed = [one for one in packets if one.fate != "walled"]
    assert {one.packet.content for one in passed} == {"tcp"}
    assert all(FRONT_PORT in one.packet.ports for one in passed)
    walled = {one.packet.content for one in packets if one.fate == "walled"}
    assert walled >= {"tcp", "stun"}, "port 8883 and the direct way were not tried: no wall was tested"
    assert "ERROR" not in front.output("haproxy")

"""Where a network lets nothing out but TCP to port 443, a call still comes to stand: over TURN on TLS."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulators.links import CLEAN_2M
from tests.village.conversation import answer, grows, hang_up, ring
from tests.village.desk import operator
from tests.village.media_watch import media_counts
from tests.village.turn_server import PORT, TurnServer
from tests.village.village import PLACES, Village

BEHIND_A_WALL = replace(PLACES[0], link=CLEAN_2M.behind_a_wall(PORT))


@pytest.mark.timeout(300)
def test_voice_and_picture_pass_where_only_tcp_443_does(tmp_path: Path) -> None:
    village = Village(tmp_path, [BEHIND_A_WALL])  # the broker too is reached at that port
    station = village.stations[0]
    link = station.link
    assert link is not None
    turn = TurnServer(tmp_path, address=link.server_address, authority=village.broker.authority)
    village.hub_settings = turn.hub_settings
    station.environment["SSL_CERT_FILE"] = str(village.broker.authority.ca)  # as in the system's own store
    with village, turn, operator(village) as page:
        ring(page, village, station)
        answer(page, station)
        grows(page)
        pairs, packets = media_counts(page).pairs, link.packets()
        hang_up(page, village, station)
    assert {(pair["remote"], pair["address"]) for pair in pairs} == {("relay", link.server_address)}
    passed = [one for one in packets if one.fate != "walled"]
    assert passed
    assert {one.packet.content for one in passed} == {"tcp"}
    assert all(PORT in one.packet.ports for one in passed)
    assert any(one.packet.content == "stun" for one in packets), (
        "nobody tried the direct way: no wall was tested"
    )

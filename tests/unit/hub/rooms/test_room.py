"""Who of a call's pages has picture and voice, who waits, and what the desk is told."""

from dataclasses import replace
from typing import Any

from contract.ids import CallId, SpoolId, StationId
from contract.media import IceServer, Join, Leave, PeerMedia
from hub.calls.call import Call, Guest
from hub.calls.table import Input, State
from hub.rooms.direct import RETURN_S, Said
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import PageFlow, PageJoin, PageLeave, PagePeer
from hub.rooms.room import STALLED_S, Room

CALL_ID = CallId(StationId("con-dao-01"), SpoolId(7), 6)
ICE = (IceServer(urls=("stun:h",)),)
LAN, MINH = "a" * 16, "b" * 16  # their pages
CLAIMED = Call(state=State.CLAIMED, since_us=0, owner="Lan")
TWO = replace(CLAIMED, state=State.ACTIVE, guests=(Guest("Minh", "second"),))
MINHS_TURN = replace(TWO, state=State.CONNECTING, turn="Minh")


def room(call: Call = CLAIMED, *, phone: str | None = "115") -> Room:
    return Room(CALL_ID, call, servers=lambda: ICE, phone=lambda: phone, now_s=0.0)


def line(operator: str) -> PageLine:
    return PageLine(CALL_ID, operator, wake=lambda: None, now_s=0.0)


def join(page: str, **fields: Any) -> PageJoin:
    return PageJoin(type="join", page=page, microphone="on", camera="missing", **fields)


def came(found: Room, operator: str, page: str, *, now_s: float = 1.0, **fields: Any) -> Said:
    return found.join(line(operator), join(page, **fields), now_s=now_s)


def told(said: Said, page: str) -> list[str]:
    return [message["type"] for to, message in said.to_pages if to == page]


def message(said: Said, page: str, type_: str) -> dict[str, Any]:
    return next(one for to, one in said.to_pages if to == page and one["type"] == type_)


def flows(found: Room, page: str, *, now_s: float, heard: bool = True, said: bool = True) -> None:
    found.page_says(page, PageFlow(type="flow", heard=heard, said=said), now_s=now_s)


def due(found: Room, *, now_s: float, has_relay: bool = True) -> Input | None:
    return found.input_due(now_s=now_s, has_relay=has_relay)


def test_the_page_of_whoever_speaks_has_the_call_and_the_desk_is_told_that_it_is_there() -> None:
    found = room()
    assert due(found, now_s=1.0) is None
    said = came(found, "Lan", LAN)
    assert told(said, LAN) == ["ice", "stage"]
    assert message(said, LAN, "stage") == {"type": "stage", "stage": "direct", "phone": None}
    assert isinstance(said.to_station[0], Join)
    assert due(found, now_s=1.0) is Input.JOINED


def test_packets_both_ways_make_it_flow_and_three_seconds_without_make_it_stall() -> None:
    found = room()
    came(found, "Lan", LAN)
    found.follow(replace(CLAIMED, state=State.CONNECTING), now_s=2.0)
    flows(found, LAN, now_s=3.0, heard=False)
    flows(found, LAN, now_s=3.0, said=False)
    assert due(found, now_s=3.0) is None
    flows(found, LAN, now_s=4.0)
    assert due(found, now_s=4.0) is Input.FLOWS
    found.follow(replace(CLAIMED, state=State.ACTIVE), now_s=4.0)
    assert due(found, now_s=4.0 + STALLED_S - 0.1) is None
    assert due(found, now_s=4.0 + STALLED_S) is Input.STALLED
    found.follow(replace(CLAIMED, state=State.DROPPED), now_s=7.0)
    assert due(found, now_s=7.0) is None
    flows(found, LAN, now_s=8.0)
    assert due(found, now_s=8.0) is Input.FLOWS


def test_a_hub_that_starts_anew_waits_for_the_page_of_a_call_that_runs_before_it_calls_it_broken() -> None:
    found = room(replace(CLAIMED, state=State.ACTIVE))
    assert due(found, now_s=RETURN_S + STALLED_S - 0.1) is None
    assert due(found, now_s=RETURN_S + STALLED_S) is Input.STALLED
    said = came(found, "Lan", LAN, leg="1" * 16)
    assert isinstance(said.to_station[0], Join)
    assert said.to_station[0].leg == "1" * 16


def test_a_guest_waits_and_has_the_call_without_asking_again_when_the_turn_comes() -> None:
    found = room(TWO)
    came(found, "Lan", LAN)
    waits = came(found, "Minh", MINH)
    assert message(waits, MINH, "waiting") == {"type": "waiting", "reason": "turn", "speaker": "Lan"}
    assert waits.to_station == ()
    flows(found, MINH, now_s=2.0)  # of no connection
    turned = found.follow(MINHS_TURN, now_s=2.0)
    assert told(turned, LAN) == ["waiting"]
    assert told(turned, MINH) == ["ice", "stage"]
    leave, joined = turned.to_station[0], turned.to_station[1]
    assert isinstance(leave, Leave) and isinstance(joined, Join)
    assert (leave.page, joined.page, joined.leg) == (LAN, MINH, None)
    back = found.follow(replace(TWO, state=State.CONNECTING), now_s=3.0)
    assert told(back, LAN) == ["ice", "stage"]
    assert told(back, MINH) == ["waiting"]


def test_a_page_that_waits_says_how_its_devices_are_and_that_is_what_the_station_is_told_later() -> None:
    found = room(TWO)
    came(found, "Minh", MINH)
    found.page_says(MINH, PagePeer(type="peer", microphone="refused", camera="on"), now_s=1.0)
    (_, peer) = found.follow(MINHS_TURN, now_s=2.0).to_station
    assert isinstance(peer, PeerMedia)
    assert (peer.microphone, peer.camera) == ("refused", "on")


def test_while_the_owner_holds_the_call_nobody_has_it_and_it_begins_anew_when_he_is_back() -> None:
    found = room()
    came(found, "Lan", LAN)
    held = found.follow(replace(CLAIMED, state=State.HELD), now_s=2.0)
    assert message(held, LAN, "waiting")["reason"] == "held"
    assert isinstance(held.to_station[0], Leave)
    assert due(found, now_s=60.0) is None
    again = found.follow(CLAIMED, now_s=60.0)
    assert told(again, LAN) == ["ice", "stage"]
    assert due(found, now_s=60.0) is Input.JOINED


def test_who_has_no_place_in_the_call_any_more_is_told_so() -> None:
    found = room(TWO)
    came(found, "Lan", LAN)
    came(found, "Minh", MINH)
    assert found.may_come("Minh") and not found.may_come("Hoa")
    gone = found.follow(replace(TWO, guests=()), now_s=2.0)
    assert message(gone, MINH, "ended") == {"type": "ended", "reason": "left"}
    assert told(gone, LAN) == []
    assert not found.may_come("Minh")
    invited = replace(TWO, guests=(Guest("BS An", "doctor", 99),))
    found.follow(invited, now_s=3.0)
    assert not found.may_come("BS An"), "an invitation is no place yet"


def test_who_takes_the_call_over_has_it_in_the_page_that_waits() -> None:
    found = room(TWO)
    came(found, "Lan", LAN)
    came(found, "Minh", MINH)
    said = found.follow(replace(CLAIMED, owner="Minh"), now_s=2.0)
    assert told(said, LAN)[-1] == "ended"
    assert told(said, MINH) == ["ice", "stage"]


def test_the_reason_of_the_end_goes_with_it() -> None:
    for state, reason in ((State.PARKED, "parked"), (State.OFFERED, "rings"), (State.WRAP_UP, "over")):
        found = room()
        came(found, "Lan", LAN)
        said = found.end(replace(CLAIMED, state=state))
        assert message(said, LAN, "ended")["reason"] == reason
        assert isinstance(said.to_station[0], Leave)
    assert room().end(None) == Said()


def test_each_way_of_setting_up_is_told_and_the_phone_with_its_number() -> None:
    found = room()
    came(found, "Lan", LAN)
    stages = []
    for stage in (1, 2, 3):
        said = found.follow(replace(CLAIMED, state=State.CONNECTING, stage=stage), now_s=10.0 * stage)
        stages.append(message(said, LAN, "stage"))
    assert [one["stage"] for one in stages] == ["audio only", "by relay", "phone"]
    assert [one["phone"] for one in stages] == [None, None, "115"]


def test_where_there_is_no_relay_that_way_is_over_at_once() -> None:
    found = room(replace(CLAIMED, state=State.CONNECTING, stage=2))
    assert due(found, now_s=1.0, has_relay=True) is None
    assert due(found, now_s=1.0, has_relay=False) is Input.DUE


def test_another_page_of_the_same_person_has_the_call_when_the_first_has_gone_for_good() -> None:
    found = room()
    first = line("Lan")
    found.join(first, join(LAN), now_s=1.0)
    second = came(found, "Lan", MINH)
    assert told(second, LAN) == ["taken"]
    found.forget(LAN)
    found.page_says(MINH, PageLeave(type="leave"), now_s=2.0)
    assert found.direct.page is None
    assert due(found, now_s=2.0) is None
    assert told(came(found, "Lan", LAN, now_s=3.0), LAN) == ["ice", "stage"]

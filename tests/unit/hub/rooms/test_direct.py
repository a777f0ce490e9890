from typing import Any

import pytest

from contract.ids import CallId, SpoolId, StationId
from contract.media import (
    Answer,
    IceServer,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PhotoTaken,
    PictureWish,
    Renew,
    StationMedia,
    TakePhoto,
)
from hub.rooms.direct import (
    AGAIN_S,
    NOTHING,
    PHOTO_LIMIT_S,
    PHOTOS_MAX,
    PHOTOS_WANTED_MAX,
    RETURN_S,
    STALE_S,
    DirectRoom,
    Said,
    Why,
)
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import (
    PageAnswer,
    PageJoin,
    PageLeave,
    PageOffer,
    PagePeer,
    PagePhoto,
    PagePicture,
    PageRefusedError,
    PageRenew,
)

SPOOL = "0123456789abcdef"
CALL = CallId(StationId("con-dao-01"), SpoolId(int(SPOOL, 16)), 6)
PAGE, OTHER, LEG, NEXT_LEG, PHOTO = "a" * 16, "b" * 16, "1" * 16, "2" * 16, "c" * 32
ICE = (IceServer(urls=("stun:h",)),)
CLOSED = {"camera": "closed", "microphone": "closed", "loudspeaker": "closed"}


def signal(kind: type[MediaSignal], **fields: Any) -> MediaSignal:
    return kind.model_validate({"spool": SPOOL, "call_seq": 6, **fields})


def offer(page: str = PAGE, leg: str = LEG) -> MediaSignal:
    return signal(Offer, page=page, leg=leg, direction="up", sdp="v=0")


def media(leg: str | None, **fields: Any) -> MediaSignal:
    return signal(StationMedia, **{**CLOSED, "leg": leg, **fields})


def page_join(page: str = PAGE, leg: str | None = None) -> PageJoin:
    return PageJoin(type="join", page=page, microphone="on", camera="missing", leg=leg)


def room(*, now_s: float = 0.0) -> DirectRoom:
    return DirectRoom(CALL, now_s=now_s)


def joined(*, now_s: float = 0.0, leg: str | None = None) -> DirectRoom:
    found = room(now_s=now_s)
    found.join(page_join(leg=leg), ice=ICE, now_s=now_s)
    return found


def standing() -> DirectRoom:
    """The station has offered a leg, at 1 s."""
    found = joined()
    found.station_says(offer(), now_s=1.0)
    return found


def kinds(said: Said) -> list[str]:
    return [*(one.signal for one in said.to_station), *(m["type"] for _, m in said.to_pages)]  # type: ignore[attr-defined]


def only(said: Said) -> dict[str, Any]:
    ((page, message),) = said.to_pages
    assert page == PAGE
    assert said.to_station == ()
    return message


def test_a_page_that_joins_is_told_its_servers_and_the_station_of_the_page() -> None:
    said = room().join(page_join(), ice=ICE, now_s=0.0)
    assert said.to_pages == ((PAGE, {"type": "ice", "servers": [{"urls": ["stun:h"]}]}),)
    assert said.to_station == (
        signal(Join, page=PAGE, ice=ICE),
        signal(PeerMedia, page=PAGE, microphone="on", camera="missing"),
    )


def test_descriptions_go_both_ways_by_leg_and_page() -> None:
    found = standing()
    assert found.leg == LEG
    answer = found.page_says(PAGE, PageAnswer(type="answer", leg=LEG, sdp="a"), now_s=2.0)
    assert answer.to_station == (signal(Answer, page=PAGE, leg=LEG, direction="up", sdp="a"),)
    down = found.page_says(PAGE, PageOffer(type="offer", leg=LEG, sdp="o"), now_s=2.0)
    assert down.to_station == (signal(Offer, page=PAGE, leg=LEG, direction="down", sdp="o"),)
    renew = found.page_says(PAGE, PageRenew(type="renew", leg=LEG), now_s=2.0)
    assert renew.to_station == (signal(Renew, page=PAGE, leg=LEG),)
    back = found.station_says(signal(Answer, page=PAGE, leg=LEG, direction="down", sdp="b"), now_s=3.0)
    assert only(back) == {"type": "answer", "leg": LEG, "sdp": "b"}
    assert not found.dropped


def test_the_station_s_media_is_told_without_the_call_s_name() -> None:
    told = only(standing().station_says(media(LEG, camera="open", target_bps=90_000), now_s=2.0))
    assert told["type"] == "media"
    assert (told["leg"], told["camera"], told["target_bps"]) == (LEG, "open", 90_000)
    assert not {"spool", "call_seq", "signal"} & set(told)


def test_what_the_station_said_before_is_told_to_a_page_that_comes_later() -> None:
    found = room()
    assert found.station_says(media(None, camera="missing"), now_s=0.0) == NOTHING
    said = found.join(page_join(), ice=ICE, now_s=1.0)
    assert [message["type"] for _, message in said.to_pages] == ["ice", "media"]


@pytest.mark.parametrize(
    "late",
    [
        offer(page=OTHER),
        signal(Answer, page=OTHER, leg=LEG, direction="down", sdp="b"),
        signal(Answer, page=PAGE, leg=NEXT_LEG, direction="down", sdp="b"),
        media(NEXT_LEG),
        signal(PhotoTaken, photo=PHOTO, size_bytes=1),
        signal(Renew, page=PAGE, leg=LEG),
    ],
    ids=lambda one: one.signal,
)
def test_what_names_another_page_leg_or_photograph_is_dropped_and_counted(late: MediaSignal) -> None:
    found = standing()
    assert found.station_says(late, now_s=2.0) == NOTHING
    assert found.dropped.total() == 1
    assert found.leg == LEG


def test_a_page_that_speaks_of_the_leg_before_is_late() -> None:
    found = standing()
    found.station_says(offer(leg=NEXT_LEG), now_s=2.0)
    for message in (
        PageAnswer(type="answer", leg=LEG, sdp="a"),
        PageOffer(type="offer", leg=LEG, sdp="a"),
        PageRenew(type="renew", leg=LEG),
    ):
        assert found.page_says(PAGE, message, now_s=3.0) == NOTHING
    assert found.dropped.total() == 3


def test_an_offer_of_a_leg_that_was_replaced_does_not_bring_it_back() -> None:
    found = standing()
    assert only(found.station_says(offer(), now_s=2.0))["leg"] == LEG, "said again: the answer was lost"
    found.station_says(offer(leg=NEXT_LEG), now_s=3.0)
    assert found.station_says(offer(), now_s=4.0) == NOTHING
    assert found.leg == NEXT_LEG


def test_a_join_is_said_again_until_an_offer_names_the_page() -> None:
    found = joined()
    assert found.tick(now_s=AGAIN_S - 0.1) == NOTHING
    assert kinds(found.tick(now_s=AGAIN_S)) == ["join", "peer"]
    assert found.tick(now_s=AGAIN_S + 1.0) == NOTHING
    assert kinds(found.tick(now_s=2 * AGAIN_S)) == ["join", "peer"]
    found.station_says(offer(), now_s=2 * AGAIN_S)
    assert found.tick(now_s=4 * AGAIN_S) == NOTHING


def test_a_leg_of_which_nothing_is_heard_is_asked_for_and_named_so_that_it_may_be_kept() -> None:
    found = standing()
    found.station_says(media(LEG), now_s=10.0)
    assert found.tick(now_s=10.0 + STALE_S - 0.1) == NOTHING
    said = found.tick(now_s=10.0 + STALE_S)
    assert said.to_station[0] == signal(Join, page=PAGE, leg=LEG, ice=ICE)
    found.station_says(media(LEG), now_s=26.0)
    assert found.tick(now_s=30.0) == NOTHING


def test_a_station_that_connects_anew_is_told_the_page_and_its_leg() -> None:
    assert standing().station_is_back(now_s=5.0).to_station[0] == signal(Join, page=PAGE, leg=LEG, ice=ICE)
    assert room().station_is_back(now_s=5.0) == NOTHING


def test_a_station_that_has_no_leg_any_more_is_asked_for_another() -> None:
    found = standing()
    assert only(found.station_says(media(None), now_s=5.0))["camera"] == "closed"
    assert found.leg is None
    said = found.tick(now_s=5.0 + AGAIN_S)
    assert said.to_station[0] == signal(Join, page=PAGE, ice=ICE)


def test_after_a_restart_of_the_hub_the_leg_that_lives_is_kept() -> None:
    """The page names itself and its leg, the station confirms it: no offer, nothing torn down."""
    found = room(now_s=100.0)
    assert found.station_says(media(LEG, is_connected=True), now_s=100.5) == NOTHING
    said = found.join(page_join(leg=LEG), ice=ICE, now_s=101.0)
    assert said.to_station[0] == signal(Join, page=PAGE, leg=LEG, ice=ICE)
    assert only(found.station_says(media(LEG, is_connected=True), now_s=101.2))["is_connected"] is True
    assert found.tick(now_s=105.0) == NOTHING
    answer = found.page_says(PAGE, PageRenew(type="renew", leg=LEG), now_s=106.0)
    assert kinds(answer) == ["renew"]


def test_after_a_restart_of_the_hub_a_page_whose_leg_is_gone_gets_another() -> None:
    found = room(now_s=100.0)
    found.join(page_join(leg=LEG), ice=ICE, now_s=101.0)
    assert only(found.station_says(offer(leg=NEXT_LEG), now_s=101.5))["leg"] == NEXT_LEG


def test_no_page_is_sent_away_in_the_time_that_it_may_take_to_come_back() -> None:
    found = room(now_s=100.0)
    assert found.station_says(offer(), now_s=100.0 + RETURN_S - 0.1) == NOTHING
    assert found.tick(now_s=100.0 + RETURN_S) == NOTHING
    assert found.station_says(offer(), now_s=111.0).to_station == (signal(Leave, page=PAGE),)


def test_the_page_that_comes_last_has_the_call_and_the_one_before_is_told() -> None:
    found = standing()
    said = found.join(page_join(OTHER), ice=(), now_s=2.0)
    assert said.to_pages[0] == (PAGE, {"type": "taken"})
    assert said.to_station[0] == signal(Join, page=OTHER)
    assert found.page_says(PAGE, PageAnswer(type="answer", leg=LEG, sdp="a"), now_s=3.0) == NOTHING
    assert found.page_left(PAGE, is_for_good=True, now_s=3.0) == NOTHING, "the call is not its any more"
    assert found.page == OTHER


def test_a_page_whose_socket_fell_may_come_back_and_is_not_missed_meanwhile() -> None:
    found = standing()
    assert found.page_left(PAGE, is_for_good=False, now_s=5.0) == NOTHING
    assert found.tick(now_s=5.0 + RETURN_S - 0.1) == NOTHING
    said = found.join(page_join(leg=LEG), ice=ICE, now_s=14.9)
    assert said.to_station[0] == signal(Join, page=PAGE, leg=LEG, ice=ICE)
    assert "leave" not in kinds(found.tick(now_s=60.0))


@pytest.mark.parametrize("way", ["gone too long", "closed", "said so"])
def test_a_page_that_has_gone_is_told_to_the_station(way: str) -> None:
    found = standing()
    match way:
        case "gone too long":
            found.page_left(PAGE, is_for_good=False, now_s=5.0)
            said = found.tick(now_s=5.0 + RETURN_S)
        case "closed":
            said = found.page_left(PAGE, is_for_good=True, now_s=5.0)
        case _:
            said = found.page_says(PAGE, PageLeave(type="leave"), now_s=5.0)
    assert said == Said(to_station=(signal(Leave, page=PAGE),))
    assert (found.page, found.leg) == (None, None)
    assert found.tick(now_s=99.0) == NOTHING
    again = found.station_says(offer(), now_s=100.0)
    assert again.to_station == (signal(Leave, page=PAGE),), "it did not hear it: said again"


def test_a_call_that_is_over_is_told_to_the_page_and_the_page_s_going_to_the_station() -> None:
    assert standing().leave() == Said((signal(Leave, page=PAGE),))
    assert room().leave() == NOTHING


def test_how_the_operator_s_devices_are_is_told_at_each_change_and_with_each_join() -> None:
    found = standing()
    said = found.page_says(PAGE, PagePeer(type="peer", microphone="refused", camera="off"), now_s=2.0)
    assert said.to_station == (signal(PeerMedia, page=PAGE, microphone="refused", camera="off"),)
    assert said.to_station[0] in found.station_is_back(now_s=3.0).to_station


def wish(page: str = PAGE) -> MediaSignal:
    return signal(PictureWish, page=page, mode="detail")


def test_what_the_picture_is_for_is_told_and_told_again_while_the_station_does_otherwise() -> None:
    found = standing()
    said = found.page_says(PAGE, PagePicture(type="picture", mode="detail"), now_s=2.0)
    assert said.to_station == (wish(),)
    assert found.station_says(media(LEG, mode="motion"), now_s=3.0).to_station == (wish(),)
    assert found.station_says(media(LEG, mode="detail"), now_s=8.0).to_station == ()
    assert found.station_says(media(LEG), now_s=9.0).to_station == ()  # an older box, which knows of none
    assert found.station_says(media(None, mode="motion"), now_s=9.0).to_station == ()  # it has no picture


def test_it_holds_for_the_call_whoever_has_the_picture_then() -> None:
    found = standing()
    found.page_says(PAGE, PagePicture(type="picture", mode="detail"), now_s=2.0)
    found.join(page_join(OTHER), ice=ICE, now_s=3.0)
    found.station_says(offer(OTHER, NEXT_LEG), now_s=4.0)
    assert found.station_says(media(NEXT_LEG, mode="motion"), now_s=5.0).to_station == (wish(OTHER),)


def test_where_nobody_has_chosen_the_station_s_mode_stands() -> None:
    assert standing().station_says(media(LEG, mode="detail"), now_s=2.0).to_station == ()


def test_a_page_joins_once() -> None:
    with pytest.raises(PageRefusedError, match="joined already"):
        standing().page_says(PAGE, page_join(), now_s=2.0)


# Photographs


def want(found: DirectRoom, photo: str = PHOTO, *, now_s: float = 10.0) -> Said:
    found.station_says(media(LEG), now_s=now_s)
    return found.page_says(PAGE, PagePhoto(type="photo", photo=photo), now_s=now_s)


def test_a_photograph_is_asked_for_until_something_of_it_comes() -> None:
    found = standing()
    assert want(found).to_station == (signal(TakePhoto, photo=PHOTO),)
    assert found.tick(now_s=11.9) == NOTHING
    assert found.tick(now_s=12.0).to_station == (signal(TakePhoto, photo=PHOTO),)
    came = found.photo_is(PHOTO, received=1, total=9, size_bytes=9_000, is_damaged=False)
    expected = {"type": "photo", "photo": PHOTO, "received": 1, "total": 9, "size_bytes": 9_000, "text": ""}
    assert only(came) == expected
    assert found.photo_is(PHOTO, received=1, total=9, size_bytes=9_000, is_damaged=False) == NOTHING
    assert found.tick(now_s=14.0) == NOTHING
    assert only(want(found)) == expected, "asked for again it is told, not taken again"


def test_the_station_s_answer_ends_the_asking_and_its_reason_is_told() -> None:
    found = standing()
    want(found)
    said = only(found.station_says(signal(PhotoTaken, photo=PHOTO, text="camera is missing"), now_s=11.0))
    assert (said["text"], said["total"], said["size_bytes"]) == ("camera is missing", 0, None)
    assert found.tick(now_s=14.0) == NOTHING


def test_a_station_that_does_not_answer_is_told_to_the_page_and_may_be_asked_again() -> None:
    found = standing()
    want(found, now_s=10.0)
    found.station_says(media(LEG), now_s=10.0 + PHOTO_LIMIT_S)
    assert only(found.tick(now_s=10.0 + PHOTO_LIMIT_S))["why"] is Why.NO_ANSWER
    assert want(found, now_s=80.0).to_station == (signal(TakePhoto, photo=PHOTO),)


def test_parts_that_make_another_thing_are_told_as_damaged() -> None:
    found = standing()
    want(found)
    found.photo_is(PHOTO, received=8, total=9, size_bytes=9_000, is_damaged=False)
    said = only(found.photo_is(PHOTO, received=9, total=9, size_bytes=9_000, is_damaged=True))
    assert said["why"] is Why.DAMAGED


def test_no_more_photographs_wait_than_a_camera_takes() -> None:
    found = standing()
    for number in range(PHOTOS_WANTED_MAX):
        want(found, f"{number:032x}")
    said = want(found, "f" * 32)  # an answer and no refusal: twenty of those would cost the page its socket
    assert (said.to_station, only(said)["why"]) == ((), Why.TOO_MANY)
    found.station_says(signal(PhotoTaken, photo=f"{0:032x}", size_bytes=9_000), now_s=11.0)
    assert want(found, "f" * 32).to_station == (signal(TakePhoto, photo="f" * 32),)


def test_a_page_that_joins_may_be_told_of_as_many_photographs_as_a_call_can_have() -> None:
    found = standing()
    for number in range(PHOTOS_MAX):
        found.photo_is(f"{number:032x}", received=9, total=9, size_bytes=9_000, is_damaged=False)
    line = PageLine(CALL, "Lan", wake=lambda: None, now_s=0.0)
    for _, message in found.join(page_join(), ice=(), now_s=50.0).to_pages:
        line.send(message)
    assert not line.is_over, "or it would be closed, join again, and so on"


def test_a_page_that_joins_is_told_of_the_photographs_that_are_there() -> None:
    found = standing()
    found.photo_is(PHOTO, received=9, total=9, size_bytes=9_000, is_damaged=False)
    said = found.join(page_join(OTHER), ice=(), now_s=50.0)
    assert [message["type"] for page, message in said.to_pages if page == OTHER] == ["ice", "photo"]

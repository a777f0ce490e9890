from typing import Any

import pytest

from contract.ids import SpoolId, VisitNo
from contract.media import Join, Leave, MediaSignal, PhotoTaken, PictureWish, StationMedia, TakePhoto
from contract.ranges import SeqRanges
from contract.signals import RingStation
from edge.call.press_meaning import PressMeaning
from edge.call.saved_call import restored_call, saved_call
from edge.call.station_call import StationCall
from edge.call.video_messages import CallNow, CameraWish, FromHub
from edge.call.video_relay import PHOTOS_MAX, ToVideo, VideoRelay
from edge.errors import VideoLinkError

SPOOL, OTHER_SPOOL = "0123456789abcdef", "f" * 16
PAGE, PHOTO, VISIT = "a" * 16, "b" * 32, VisitNo(4)
CLOSED: dict[str, Any] = {"camera": "closed", "microphone": "closed", "loudspeaker": "closed"}


def signal(kind: type[MediaSignal], *, spool: str = SPOOL, call_seq: int = 5, **fields: Any) -> MediaSignal:
    return kind.model_validate({"spool": spool, "call_seq": call_seq, **fields})


def opened() -> tuple[VideoRelay, StationCall]:
    relay, call = VideoRelay(SpoolId(0x0123456789ABCDEF)), StationCall()
    call.press(5, PressMeaning(), now_s=0.0)
    relay.on_call(call)
    return relay, call


def again_after_a_restart(call: StationCall) -> StationCall:
    return restored_call(saved_call(call, boot_name="boot"), boot_name="boot", now_s=0.0)


def names(messages: list[ToVideo]) -> list[str]:
    return [m.signal["signal"] if isinstance(m, FromHub) else m.tell for m in messages]


def test_nothing_is_told_while_no_call_is_open() -> None:
    relay = VideoRelay(SpoolId(1))
    assert relay.on_call(StationCall()) == []
    assert relay.greeting(is_new=True) == []
    assert relay.wish() == []
    assert relay.lost("gone") is None
    assert relay.from_hub(signal(Join, page=PAGE), visit=VISIT) == ([], [])


def test_each_change_of_the_call_is_told_and_a_nudge_or_a_receipt_is_none() -> None:
    relay, call = opened()
    call.press(7, PressMeaning(), now_s=0.0)
    call.receipt(SeqRanges([(5, 5)]), now_s=0.0)
    assert relay.on_call(call) == []
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    assert relay.on_call(call) == [CallNow(spool=SPOOL, call_seq=5, is_claimed=True, by="Lan")]
    call.hub_says(5, "claimed", revision=2, by="Minh", now_s=0.0)
    assert relay.on_call(call) == [CallNow(spool=SPOOL, call_seq=5, is_claimed=True, by="Minh")]


def test_a_call_of_before_a_restart_whose_owner_is_told_again_keeps_its_page() -> None:
    call = StationCall()
    call.press(5, PressMeaning(), now_s=0.0)
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    relay, restored = VideoRelay(SpoolId(0x0123456789ABCDEF)), again_after_a_restart(call)
    relay.on_call(restored)
    relay.from_hub(signal(Join, page=PAGE), visit=VISIT)
    restored.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    assert names(relay.on_call(restored)) == ["call"]
    assert names(relay.greeting(is_new=True)) == ["call", "camera", "join"]


def test_an_edge_video_that_comes_new_is_told_what_the_picture_is_for_in_this_call() -> None:
    relay, call = opened()
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    relay.on_call(call)
    relay.from_hub(signal(Join, page=PAGE), visit=VISIT)
    relay.from_hub(signal(PictureWish, page=PAGE, mode="detail"), visit=VISIT)
    relay.from_hub(signal(Leave, page=PAGE), visit=VISIT)
    relay.from_hub(signal(Join, page="d" * 16), visit=VISIT)
    told = relay.greeting(is_new=True)
    assert names(told) == ["call", "camera", "join", "picture"]
    assert isinstance(told[-1], FromHub)
    assert (told[-1].signal["page"], told[-1].signal["mode"]) == ("d" * 16, "detail")
    assert names(relay.greeting(is_new=False)) == ["call", "camera"]
    call.press(7, PressMeaning(), now_s=0.0)
    call.hub_says(7, "offered", revision=1, by=None, now_s=0.0)
    relay.on_call(call)
    relay.from_hub(signal(Join, call_seq=7, page=PAGE), visit=VISIT)
    assert names(relay.greeting(is_new=True)) == ["call", "camera", "join"]


def test_a_nudge_that_became_the_call_begins_anew() -> None:
    relay, call = opened()
    relay.from_hub(signal(Join, page=PAGE), visit=VISIT)
    relay.switch.is_allowed = False
    call.press(7, PressMeaning(), now_s=0.0)
    call.hub_says(7, "offered", revision=1, by=None, now_s=0.0)
    told = relay.on_call(call)
    assert names(told) == ["call", "camera"]
    assert told[1] == CameraWish(is_allowed=True)
    assert names(relay.greeting(is_new=True)) == ["call", "camera"]


def test_the_nurse_s_wish_outlives_a_restart_and_its_call_does_not() -> None:
    relay, call = opened()
    assert relay.camera_off_in is None
    relay.switch.is_allowed = False
    assert relay.camera_off_in == 5
    again = VideoRelay(SpoolId(0x0123456789ABCDEF), camera_off_in=5)
    again.on_call(again_after_a_restart(call))
    assert again.wish() == [CameraWish(is_allowed=False)]
    again.on_call(StationCall())
    assert again.camera_off_in is None
    other = VideoRelay(SpoolId(0x0123456789ABCDEF), camera_off_in=4)
    other.on_call(again_after_a_restart(call))
    assert other.wish() == [CameraWish(is_allowed=True)]


def test_the_same_process_that_comes_again_is_not_told_to_begin_again() -> None:
    relay, _ = opened()
    relay.from_hub(signal(Join, page=PAGE), visit=VISIT)
    assert names(relay.greeting(is_new=False)) == ["call", "camera"]
    relay.from_hub(signal(Leave, page=PAGE), visit=VISIT)
    assert names(relay.greeting(is_new=True)) == ["call", "camera"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "not a media signal"),
        ({"signal": "interest", "lease_s": 1.0}, "not the station's to say"),
        (
            {"signal": "call", "spool": SPOOL, "call_seq": 5, "state": "ended", "revision": 1},
            "not the station's",
        ),
        ({"signal": "join", "page": PAGE}, "not the station's to say"),
        ({"signal": "media", **CLOSED, "call_seq": 6}, "of another call"),
        ({"signal": "media", **CLOSED, "spool": OTHER_SPOOL}, "of another call"),
        ({"signal": "media", **CLOSED, "camera": "asleep"}, "not a media signal"),
        ({"signal": "photo taken", "photo": PHOTO, "size_bytes": 9}, "`edge vitals` knows better"),
        ({"signal": "media", **CLOSED, "text": "x" * 20_000}, "not a media signal"),
    ],
)
def test_what_video_may_not_say_does_not_reach_the_hub(said: dict[str, Any], why: str) -> None:
    relay, _ = opened()
    with pytest.raises(VideoLinkError, match=why):
        relay.to_hub({"spool": SPOOL, "call_seq": 5, **said} if said else said)


def test_what_video_may_say_reaches_the_hub_as_it_was_said() -> None:
    relay, _ = opened()
    said = {"signal": "media", "spool": SPOOL, "call_seq": 5, **CLOSED}
    assert relay.to_hub(said) == signal(StationMedia, **CLOSED)
    with pytest.raises(VideoLinkError):
        VideoRelay(SpoolId(0x0123456789ABCDEF)).to_hub(said)


def test_a_photograph_is_asked_for_until_it_is_there_and_answered_from_then_on() -> None:
    relay, _ = opened()
    ask = signal(TakePhoto, photo=PHOTO)
    assert names(relay.from_hub(ask, visit=VISIT)[0]) == ["photo"]
    assert names(relay.from_hub(ask, visit=VisitNo(5))[0]) == ["photo"]
    assert relay.visit_of(PHOTO) == VISIT, "whom it shows was decided when it was first asked for"
    stored = relay.photo_stored(PHOTO, 9)
    assert stored == signal(PhotoTaken, photo=PHOTO, size_bytes=9)
    assert relay.from_hub(ask, visit=VISIT) == ([], [stored])
    assert relay.visit_of(PHOTO) is None
    assert relay.photo_failed(PHOTO, "twice") == stored


def test_one_that_failed_is_answered_so_however_often_it_is_asked_for() -> None:
    """The answer may be lost on the way; `edge video` takes none twice under one name."""
    relay, _ = opened()
    ask = signal(TakePhoto, photo=PHOTO)
    relay.from_hub(ask, visit=VISIT)
    failed = relay.photo_failed(PHOTO, "x" * 300)
    assert isinstance(failed, PhotoTaken)
    assert (failed.size_bytes, len(failed.text)) == (None, 200)
    assert relay.from_hub(ask, visit=VISIT) == ([], [failed])
    assert relay.visit_of(PHOTO) is None


def test_a_photograph_of_a_call_that_is_over_is_answered_to_nobody() -> None:
    relay, call = opened()
    relay.from_hub(signal(TakePhoto, photo=PHOTO), visit=VISIT)
    call.cancel(now_s=0.0)
    relay.on_call(call)
    assert relay.photo_stored(PHOTO, 9) is None
    assert relay.visit_of(PHOTO) is None


def test_a_hub_that_asks_for_ever_new_ones_fills_no_memory() -> None:
    relay, _ = opened()
    for number in range(PHOTOS_MAX + 5):
        relay.from_hub(signal(TakePhoto, photo=f"{number:032x}"), visit=VISIT)
    assert relay.visit_of(f"{0:032x}") is None
    assert relay.visit_of(f"{PHOTOS_MAX + 4:032x}") == VISIT


def test_while_a_call_is_held_its_page_waits_and_is_met_anew_with_its_owner() -> None:
    relay, call = opened()
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    relay.on_call(call)
    relay.from_hub(signal(Join, page=PAGE, leg="d" * 16), visit=VISIT)
    call.hub_says(5, "held", revision=2, by="Lan", now_s=0.0)
    assert names(relay.on_call(call)) == ["call", "leave"]
    assert names(relay.greeting(is_new=True)) == ["call", "camera"]
    call.hub_says(5, "claimed", revision=3, by="Lan", now_s=0.0)
    told = relay.on_call(call)
    assert names(told) == ["call", "join"]
    assert isinstance(told[1], FromHub)
    assert "leg" not in told[1].signal
    assert names(relay.greeting(is_new=True)) == ["call", "camera", "join"]


def test_a_page_that_joins_or_leaves_while_the_call_is_held_opens_no_camera() -> None:
    relay, call = opened()
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    relay.on_call(call)
    call.hub_says(5, "held", revision=2, by="Lan", now_s=0.0)
    relay.on_call(call)
    assert relay.from_hub(signal(Join, page=PAGE), visit=VISIT) == ([], [])
    call.hub_says(5, "claimed", revision=3, by="Lan", now_s=0.0)
    assert names(relay.on_call(call)) == ["call", "join"]
    call.hub_says(5, "held", revision=4, by="Lan", now_s=0.0)
    relay.on_call(call)
    relay.from_hub(signal(Leave, page=PAGE), visit=VISIT)
    call.hub_says(5, "claimed", revision=5, by="Lan", now_s=0.0)
    assert names(relay.on_call(call)) == ["call"]


def test_a_held_call_that_another_takes_does_not_meet_the_page_of_the_one_before() -> None:
    relay, call = opened()
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
    relay.on_call(call)
    relay.from_hub(signal(Join, page=PAGE), visit=VISIT)
    call.hub_says(5, "held", revision=2, by=None, now_s=0.0)
    relay.on_call(call)
    call.hub_says(5, "claimed", revision=3, by="Minh", now_s=0.0)
    assert names(relay.on_call(call)) == ["call"]


def test_while_the_hub_calls_there_is_no_call_yet_to_tell_of() -> None:
    relay, call = VideoRelay(SpoolId(0x0123456789ABCDEF)), StationCall()
    call.hub_rings(RingStation(ring=PAGE, lease_s=12.0, by="Lan"), may_answer=False, now_s=0.0)
    assert relay.on_call(call) == []
    assert relay.greeting(is_new=True) == []

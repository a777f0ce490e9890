"""`edge vitals`' side of `edge video`, with real processes."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from contract.events import MediaState, parse_event
from contract.header import Kind
from contract.ids import RecordClass, VisitNo, spool_text
from contract.media import (
    Join,
    Leave,
    Offer,
    PeerMedia,
    PhotoTaken,
    StationMedia,
    TakePhoto,
)
from contract.parts import join_parts, parse_part
from edge.call import video_process
from edge.call.video_process import PAUSE_MAX_S, pause_s
from edge.errors import IllegalInputError
from firmware_bridge.board.messages import OutputPattern
from firmware_bridge.events import CameraButton
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import open_all, open_spool, stored
from tests.integration.edge.video_side import (
    LIMIT_S,
    OTHER_PAGE,
    PAGE,
    PHOTO,
    called_at,
    is_alive,
    running,
    until,
)
from tests.simulators.video_stand_in import LEG, PICTURE, RATE_BPS, heard

NOBODY = ("nobody-starts-this",)


@in_a_loop
async def test_a_press_starts_it_a_join_opens_it_and_the_end_ends_it_and_its_light(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        assert box.video.process.starts == 0
        box.press()
        await until(lambda: box.heard("call") != [])
        assert box.heard("call")[0] == {
            "tell": "call",
            "spool": spool_text(box.spool_id),
            "call_seq": 5,
            "is_claimed": False,
        }
        await until(lambda: box.heard("camera") == [{"tell": "camera", "is_allowed": True}])
        box.call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
        box.video.on_call(box.call)
        box.video.on_call(box.call)  # said once
        await until(lambda: len(box.heard("call")) == 2)
        assert box.heard("call")[1]["by"] == "Lan"
        box.hub_says(Join, page=PAGE)
        await until(lambda: box.told(Offer) != [])
        assert (box.told(Offer)[0].leg, box.told(Offer)[0].page) == (LEG, PAGE)
        assert box.is_lit()
        (pid,) = box.pids()
        box.end()
        await until(lambda: box.video.process.pid is None)
        assert not is_alive(pid)
        assert not box.is_lit()
        assert len(box.heard("call")) == 2


@in_a_loop
async def test_a_station_that_is_looked_for_blinks_whatever_is_said_meanwhile_but_over_an_open_camera(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as box:
        box.video.blink(600.0)
        box.video.on_call(box.call)  # the hub has said that no call is open
        assert box.light() is OutputPattern.FAST_BLINK
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        box.video.on_call(box.call)
        assert box.is_lit()
        box.end()
        await until(lambda: box.light() is OutputPattern.FAST_BLINK)
        box.video.blink(0.0)
        assert box.light() is OutputPattern.OFF
        box.video.blink(1e-6)
        box.video.tick()
        assert box.light() is OutputPattern.OFF


@in_a_loop
async def test_killed_in_the_midst_of_a_call_it_is_back_and_told_all_again_and_the_hub_too(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE, leg="d" * 16)
        box.hub_says(PeerMedia, page=PAGE, microphone="missing", camera="on")
        await until(lambda: box.told(Offer) != [])
        box.video.allow_camera(is_allowed=False)
        await until(lambda: len(box.heard("camera")) == 2)
        os.kill(box.pids()[0], signal.SIGKILL)
        await until(lambda: box.told(StationMedia) != [])
        assert not box.is_lit(), "nobody can be seen any more"
        assert box.told(StationMedia)[0].text == "picture and voice ended at the station; they start again"
        await until(lambda: len(box.told(Offer)) == 2)
        await until(lambda: len(box.from_hub()) == 4)
        second = [line for pid, line in heard(tmp_path) if pid == box.pids()[1]]
        assert [line.get("tell") for line in second[1:]] == [
            "limits",
            "sound",
            "call",
            "camera",
            "from hub",
            "from hub",
        ]
        assert second[4]["is_allowed"] is False
        join, peer = second[5]["signal"], second[6]["signal"]
        assert (join["page"], "leg" in join, peer["microphone"]) == (PAGE, False, "missing")
        assert box.is_lit()


@in_a_loop
async def test_the_record_is_told_what_changed_and_a_flapping_device_does_not_fill_the_card(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        for turn in range(20):
            box.hub_says(Join, page=PAGE)
            box.hub_says(Leave, page=PAGE)
            await until(lambda: len(box.from_hub()) == 2 * (turn + 1))  # noqa: B023
        await until(lambda: len(box.told(Offer)) == 20)
        (cut,) = box.capture.cut(now_us=2, is_live=True)
        batch = box.capture.batch(cut, cut.coded())
        assert batch is not None
        events = [parse_event(entry.body) for entry in batch.entries if entry.header.kind is Kind.EVENT]
        told = [one for one in events if isinstance(one, MediaState)]
        assert [one.camera for one in told[:2]] == ["open", "closed"]
        assert told[0].text == "no loudspeaker: plug one in"
        assert 4 <= len(told) <= 14


@in_a_loop
async def test_a_photograph_is_stored_sealed_in_parts_of_the_visit_and_then_told(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(TakePhoto, photo=PHOTO)
        await until(lambda: box.told(PhotoTaken) != [])
        assert (box.told(PhotoTaken)[0].photo, box.told(PhotoTaken)[0].size_bytes) == (PHOTO, len(PICTURE))
        assert max(record.size_bytes for record in box.stored) <= 4_096
        box.hub_says(TakePhoto, photo=PHOTO)  # its answer was lost
        assert [one.size_bytes for one in box.told(PhotoTaken)] == [len(PICTURE)] * 2
        assert box.from_hub() == ["photo"], "taken once"
        seqs = [record.seq for record in box.stored]
    with open_spool(tmp_path / "spool.db") as spool:
        opened = open_all(spool)
        bodies = [opened[RecordClass.PART, seq] for seq in seqs]
        assert all(isinstance(body, bytes) for body in bodies)
        assert join_parts(parse_part(body) for body in bodies if isinstance(body, bytes)) == PICTURE
        assert {one.header.visit for one in stored(spool, RecordClass.PART).values()} == {VisitNo(1)}
    assert PICTURE[:64] not in on_card(tmp_path)


def on_card(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("spool.db*"))


@in_a_loop
async def test_a_photograph_of_the_person_before_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(TakePhoto, photo=PHOTO)
        box.capture.next_person(now_us=5)
        await until(lambda: box.told(PhotoTaken) != [])
        (answer,) = box.told(PhotoTaken)
        assert (answer.size_bytes, answer.text) == (None, "the next person has come meanwhile; take another")
        assert box.stored == []


@in_a_loop
async def test_one_that_floods_is_slowed_down_and_the_box_answers_meanwhile(tmp_path: Path) -> None:
    async with running(tmp_path, manner="flood") as box:
        box.press()
        dropped = box.video.relay.dropped
        await until(lambda: dropped["from edge video: not usable"] > 100)
        began_s = asyncio.get_running_loop().time()
        for _ in range(50):
            await box.spool.use(lambda spool: spool.spool_id)
        assert asyncio.get_running_loop().time() - began_s < 5.0
        assert box.said == []
        pid = box.video.process.pid
        box.end()
        await until(lambda: box.video.process.pid is None)
        assert pid is not None
        assert not is_alive(pid)


@in_a_loop
async def test_one_that_does_not_read_is_ended_and_started_again(tmp_path: Path) -> None:
    async with running(tmp_path, manner="deaf") as box:
        box.press()
        await until(lambda: heard(tmp_path) != [])
        before = box.video.process.pid
        while box.video.relay.dropped["to edge video: it does not read"] == 0:
            box.hub_says(Join, page=PAGE, ice=[{"urls": ["turn:hub"], "credential": "x" * 200}] * 4)
            await asyncio.sleep(0)
        await until(lambda: box.video.process.pid not in (None, before))


@in_a_loop
async def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    async with running(tmp_path, manner="stubborn") as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        (pid,) = box.pids()
        box.end()
        await until(lambda: not is_alive(pid))


@pytest.mark.parametrize("manner", ["dies", "is not there"])
def test_one_that_cannot_live_is_tried_again_and_ends_nothing(tmp_path: Path, manner: str) -> None:
    @in_a_loop
    async def scenario() -> None:
        command = None if manner == "dies" else (str(tmp_path / "nothing"),)
        async with running(tmp_path, manner="dies", command=command) as box:
            box.press()
            await until(lambda: len(box.told(StationMedia)) >= 2)
            assert all(one.text for one in box.told(StationMedia))

    scenario()


def test_the_pause_grows_and_never_beyond_what_a_call_can_wait() -> None:
    assert [pause_s(deaths) for deaths in (1, 2, 3, 4, 5, 500)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert PAUSE_MAX_S <= 5.0


@in_a_loop
async def test_one_that_outlived_edge_vitals_is_taken_up_and_no_other_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_process, "FIND_AGAIN_S", LIMIT_S)
    async with (
        called_at(tmp_path / "video.sock", tmp_path) as orphan,
        running(tmp_path, is_in_a_call=True) as box,
    ):
        await until(lambda: box.heard("call") != [])
        assert box.pids() == [orphan.pid] == [box.video.process.pid]
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        assert box.video.process.starts == 0
        orphan.kill()
        await until(lambda: box.video.process.starts == 1)
        await until(lambda: len(box.told(Offer)) == 2)


@in_a_loop
async def test_the_light_is_on_until_one_that_outlived_edge_vitals_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_process, "FIND_AGAIN_S", LIMIT_S)
    async with (
        called_at(tmp_path / "video.sock", tmp_path, "stubborn") as orphan,
        running(tmp_path, is_in_a_call=True) as box,
    ):
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        box.end()
        await until(lambda: box.heard("end") != [])
        assert box.is_lit(), "its camera is open"
        orphan.kill()
        await until(lambda: not box.is_lit())


@in_a_loop
async def test_one_that_outlived_edge_vitals_and_hangs_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:  # nobody accepts
        listener.bind(str(tmp_path / "video.sock"))
        listener.listen(2)
        async with running(tmp_path, is_in_a_call=True) as box:
            await until(lambda: box.heard("call") != [])
            assert box.video.process.starts == 1


@in_a_loop
async def test_the_unit_is_called_for_a_call_told_of_its_end_and_called_again_for_the_next(
    tmp_path: Path,
) -> None:
    """Where systemd holds the socket, whoever is started by the call has it on its standard input."""
    at = tmp_path / "unit.sock"
    async with called_at(at, tmp_path) as unit, running(tmp_path, unit=at, command=NOBODY) as box:
        assert box.video.process.pid is None
        box.press()
        await until(lambda: box.heard("call") != [])
        assert box.video.process.pid == unit.pid
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        box.end()
        await unit.wait()
        await until(lambda: box.video.process.pid is None)
        assert not box.is_lit()
        assert unit.returncode == 0
        at.unlink()
        async with called_at(at, tmp_path):
            box.press(6)
            await until(lambda: len(box.pids()) == 2)
            assert box.told(StationMedia) == [], "nothing was lost"


@in_a_loop
async def test_a_unit_that_is_not_there_is_called_again_and_said(tmp_path: Path) -> None:
    at = tmp_path / "unit.sock"
    async with running(tmp_path, unit=at, command=NOBODY) as box:
        box.press()
        await until(lambda: box.told(StationMedia) != [])
        assert box.told(StationMedia)[0].text == "picture and voice cannot be started at the station"
        async with called_at(at, tmp_path):
            await until(lambda: box.heard("call") != [])


@in_a_loop
async def test_what_is_late_or_not_the_hub_s_to_say_goes_no_further(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE, call_seq=4)
        box.hub_says(Offer, page=PAGE, leg=LEG, direction="up", sdp="v=0")
        box.hub_says(Leave, page=OTHER_PAGE)
        await until(lambda: box.from_hub() == ["leave"])
        assert box.video.relay.dropped == {
            "from the hub: of another call": 1,
            "from the hub: not the hub's to say": 1,
        }


@pytest.mark.parametrize("manner", ["", "flows"])
@in_a_loop
async def test_a_leg_that_stands_tells_that_somebody_is_heard_and_one_that_is_made_does_not(
    tmp_path: Path, manner: str
) -> None:
    async with running(tmp_path, manner=manner) as box:
        box.press()
        await until(lambda: len(heard(box.folder)) >= 2)
        box.hub_says(Join, page=PAGE)
        await until(lambda: len(box.said) == (2 if manner else 1))
        assert len(box.flows) == (1 if manner else 0)


@in_a_loop
async def test_the_uplink_is_told_at_once_that_it_shares_the_link_and_what_voice_and_picture_have(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, manner="flows") as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        await until(lambda: box.shares[-1:] == [(False, None)])
        box.hub_says(Join, page=PAGE)
        await until(lambda: box.shares[-1] == (True, RATE_BPS))
        assert (True, None) in box.shares, "as soon as the devices are open"
        os.kill(box.pids()[0], signal.SIGKILL)
        await until(lambda: box.shares[-1] == (False, None))


@in_a_loop
async def test_what_is_sent_is_known_while_somebody_has_the_call_and_forgotten_with_the_process(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, manner="flows") as box:
        box.press()
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE)
        await until(lambda: box.told(StationMedia) != [])
        assert box.video.media is None, "nobody has answered"
        box.call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
        box.video.on_call(box.call)
        assert box.video.media == box.told(StationMedia)[0]
        os.kill(box.pids()[0], signal.SIGKILL)
        await until(lambda: box.video.media is None)


@in_a_loop
async def test_who_lets_a_call_go_takes_his_page_with_him(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        box.press()
        box.call.hub_says(5, "claimed", revision=1, by="Lan", now_s=0.0)
        box.video.on_call(box.call)
        await until(lambda: box.heard("call") != [])
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        box.call.hub_says(5, "offered", revision=2, by=None, now_s=0.0)
        box.video.on_call(box.call)
        await until(lambda: box.from_hub() == ["join", "leave"])
        await until(lambda: not box.is_lit())
        os.kill(box.pids()[0], signal.SIGKILL)
        await until(lambda: len(box.pids()) == 2 and box.heard("call")[-1]["is_claimed"] is False)
        assert box.from_hub() == ["join", "leave"], "the next one is told of no page"


@in_a_loop
async def test_the_camera_button_held_closes_the_camera_for_this_call_and_for_no_other(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as box:

        def hold() -> None:
            box.video.on_button(CameraButton(bytes(8), 1, True, 1_000_000))
            box.video.on_button(CameraButton(bytes(8), 1, False, 2_500_000))

        hold()  # outside a call it means nothing
        with pytest.raises(IllegalInputError, match="no call is open: the camera is closed"):
            box.video.allow_camera(is_allowed=False)
        box.press()
        await until(lambda: len(box.heard("camera")) == 1)
        hold()
        await until(lambda: len(box.heard("camera")) == 2)
        box.end()
        box.press(6)
        await until(lambda: len(box.heard("camera")) >= 3)
        assert [line["is_allowed"] for line in box.heard("camera")[:3]] == [True, False, True]

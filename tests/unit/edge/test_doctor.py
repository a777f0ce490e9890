from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.errors import Refusal, RefusedError
from contract.events import Owed, Status
from contract.ids import NO_VISIT, BootId, StationId, VisitNo
from contract.media import PeerMedia
from contract.sealing import HubKey
from contract.signals import RingStation
from contract.times import Anchor
from edge.call.device_diary import CLOSED
from edge.call.press_meaning import PressMeaning
from edge.call.station_call import StationCall
from edge.call.station_table import State
from edge.call.video_messages import DevicesNow
from edge.capture.capture import BOARD
from edge.capture.device import DeviceSight
from edge.config import BoxConfig, VideoConfig
from edge.health.doctor import AsideSight, CardSight, Sight, report_of
from edge.health.report import Finding
from edge.health.self_test import SelfTestNow
from edge.spool.hub_keys import HubKeys
from edge.uplink.link_state import LinkState
from firmware_bridge.events import Counters

NOW_US = 900_000_000
CONFIG = BoxConfig(
    file=Path("/etc/haidang/box.toml"),
    station=StationId("con-dao-01"),
    data_dir=Path("/data"),
    hub_host="hub.example",
    hub_port=8883,
    ca=Path("/ca"),
    certificate=Path("/crt"),
    key=Path("/key"),
    seal_key=Path("/seal"),
    board_port=Path("/dev/ttyACM0"),
    board_baud=460_800,
    quota_bytes=10**9,
    boot_file=Path("/boot"),
    video=VideoConfig(camera="none", microphone="none", loudspeaker="none", screen="none"),
)


HUB_KEY = HubKey(2, X25519PrivateKey.generate().public_key())


def refusing(text: str) -> HubKeys:
    keys = HubKeys(HUB_KEY, kept=None, ca_pem=b"")
    refusal, _, rest = text.partition(": ")
    keys.refuse(RefusedError(Refusal[refusal.upper()], rest))
    return keys


def counters(*, is_open: bool = True, damaged: int = 0, last_error: str | None = None) -> Counters:
    return Counters(
        is_open=is_open,
        state="connected",
        frames=1_000,
        damaged_frames={"crc": damaged},
        lost_frames=0,
        malformed_messages=0,
        unknown_messages=0,
        early_frames=0,
        stale_blocks=0,
        foreign_blocks=0,
        lost_samples={},
        absent_samples={},
        board_resets=0,
        skipped_presses=0,
        dropped_writes=0,
        round_trip_us=900,
        last_error=last_error,
    )


def status(**changes: object) -> Status:
    owed = {name: Owed(records=0) for name in ("0", "1", "2", "3")}
    values: dict[str, object] = {
        "owed": owed,
        "spool_bytes": 4_000_000,
        "disk_free_bytes": 10**10,
        "round_trip_ms": 40,
        "connected_for_s": 60.0,
        "frames_damaged": 0,
        "samples_lost": 0,
        "refused": 0,
    }
    return Status.model_validate({**values, **changes})


def link(**changes: object) -> LinkState:
    state = LinkState(connected_since_s=840.0, problem=None, last_receipt_s=895.0)
    for name, value in changes.items():
        setattr(state, name, value)
    return state


BOARD_HEARD = DeviceSight(
    source=BOARD,
    name="4844000000000001",
    model="",
    unverified="",
    problem=None,
    conditions=(),
    lost_samples=0,
    unmeasured_samples=0,
    is_held_apart=False,
)
TESTED = (
    Finding(part="card", is_well=True, text="written within 9 ms"),
    Finding(part="camera", is_well=False, text="gone", remedy="plug it in"),
)


def test_the_last_self_test_is_named_where_there_was_one() -> None:
    assert not [one for one in report_of(WELL).findings if one.part == "self-test"]
    ill = report_of(replace(WELL, self_test=SelfTestNow(result=TESTED))).findings[-1]
    assert (ill.part, ill.is_well, ill.text) == ("self-test", False, "camera: gone")
    well = report_of(replace(WELL, self_test=SelfTestNow(result=TESTED[:1]))).findings[-1]
    assert (well.part, well.is_well, well.text) == ("self-test", True, "all was well")


WELL = Sight(
    config=CONFIG,
    now_us=NOW_US,
    boot=BootId(3),
    boot_name="0123456789abcdef",
    counters=counters(),
    devices=(BOARD_HEARD,),
    ports=(),
    visit=NO_VISIT,
    asks_visit_over=False,
    awaits_sensors_off=False,
    status=status(),
    hub_keys=HubKeys(HUB_KEY, kept=None, ca_pem=b""),
    spool_problem=None,
    lost_batches=0,
    damaged_drafts=0,
    dropped_events=0,
    unstored_presses=0,
    card=CardSight(),
    link=link(),
    anchor=Anchor(BootId(3), 1, 2, 30_000),
    call=StationCall(),
    media=CLOSED,
    operator=None,
    certificate_ends_utc_s=60 * 86_400.0,
)
OWING = {"0": Owed(records=0), "1": Owed(records=2), "2": Owed(records=9), "3": Owed(records=0)}


def findings(**changes: object) -> Mapping[str, list[Finding]]:
    report = report_of(replace(WELL, **changes))  # type: ignore[arg-type]
    parts: dict[str, list[Finding]] = {}
    for finding in report.findings:
        parts.setdefault(finding.part, []).append(finding)
    return parts


def test_a_box_without_faults_is_well_and_speaks_of_every_part_in_a_signal_s_order() -> None:
    report = report_of(WELL)
    assert report.is_well
    assert [finding.part for finding in report.findings] == [
        "devices",
        "clock",
        "spool",
        "seal",
        "certificate",
        "link",
        "hub",
        "visit",
        "call",
    ]


def test_the_clock_names_machine_and_start_as_the_alert_of_a_copied_card_does() -> None:
    (clock,) = findings(machine="10000000abcdef01")["clock"]
    assert "(01234567) of 10000000abcdef01, up" in clock.text


@pytest.mark.parametrize(
    ("changes", "part", "text", "remedy"),
    [
        (
            {"counters": counters(is_open=False, last_error="/dev/ttyACM0: no such device")},
            "devices",
            "no such device",
            "cable and [board] port",
        ),
        ({"counters": counters(is_open=False)}, "devices", "/dev/ttyACM0 is not open", "cable"),
        (
            {"devices": (replace(BOARD_HEARD, problem="no heartbeat"),)},
            "devices",
            "no heartbeat",
            "unplug the board",
        ),
        ({"devices": ()}, "devices", "no board has been heard yet", "unplug the board"),
        ({"counters": None, "devices": ()}, "devices", "no board and no instrument", "[[device]]"),
        ({"awaits_sensors_off": True}, "visit", "still on the person before", "take all sensors off"),
        ({"counters": counters(damaged=10)}, "devices", "10 damaged frames", "change the cable"),
        ({"dropped_events": 4}, "devices", "4 events", "cable"),
        ({"anchor": None}, "clock", "not yet tied to UTC", "nothing to do"),
        ({"spool_problem": "spool.db: no room"}, "spool", "spool.db: no room", "free space"),
        ({"status": status(disk_free_bytes=1_000_000)}, "spool", "only 1 MB free", "free space"),
        ({"damaged_drafts": 2}, "spool", "2 seconds of before the start were damaged", "change the card"),
        ({"unstored_presses": 1}, "spool", "1 presses of the button are not stored", "telephone"),
        (
            {"link": link(connected_since_s=None, problem="hub.example:8883 does not answer")},
            "link",
            "does not answer",
            "what is captured is kept",
        ),
        (
            {"link": link(refused_by_broker="the broker does not take what con-dao-01 says: Not authorized")},
            "link",
            "Not authorized",
            "con-dao-01 must be the name in its certificate",
        ),
        (
            {"hub_keys": refusing("seal_broken: the hub's seal key 3 is not signed")},
            "seal",
            "sealed to key 2 of the hub; 1 offers of another were not taken, last: seal_broken: the hub's",
            "tell the hub's operator",
        ),
        (
            {"certificate_ends_utc_s": 23 * 86_400.0},
            "certificate",
            "good for 23 days, and not renewed",
            "journalctl -u haidang-renew",
        ),
        (
            {"certificate_ends_utc_s": -86_400.0},
            "certificate",
            "expired 1 days ago, and not renewed",
            "journalctl -u haidang-renew",
        ),
        ({"certificate_ends_utc_s": None}, "certificate", "cannot be read", "`edge enrol` asks"),
        ({"status": status(refused=3)}, "hub", "the hub refuses 3 records", "tell the hub's operator"),
        ({"link": link(last_receipt_s=None)}, "hub", "no receipt since the start", "check that the hub runs"),
        (
            {"link": link(last_receipt_s=830.0), "status": status(owed=OWING)},
            "hub",
            "came 70 s ago and records are owed",
            "check that the hub runs",
        ),
    ],
)
def test_every_fault_is_told_once_with_what_to_do(
    changes: dict[str, object], part: str, text: str, remedy: str
) -> None:
    faults = [one for some in findings(**changes).values() for one in some if not one.is_well]
    (fault,) = faults
    assert fault.part == part
    assert text in fault.text
    assert remedy in fault.remedy


def test_a_few_damaged_frames_among_many_are_told_but_no_fault() -> None:
    (_, damage) = findings(counters=counters(damaged=9))["devices"]
    assert damage.is_well
    assert "9 damaged frames" in damage.text


def test_seconds_that_a_full_card_cost_stay_visible_after_it() -> None:
    (spool,) = findings(lost_batches=7)["spool"]
    assert spool.is_well
    assert "7 times a second or more was lost" in spool.text


def test_what_is_owed_is_named_by_class() -> None:
    (spool,) = findings(status=status(owed=OWING))["spool"]
    assert "owed: 2 of class 1, 9 of class 2" in spool.text


def test_an_old_receipt_is_no_fault_when_nothing_is_owed() -> None:
    (hub,) = findings(link=link(last_receipt_s=100.0))["hub"]
    assert hub.is_well
    assert "last receipt 800 s ago" in hub.text


@pytest.mark.parametrize(
    ("asks", "text"), [(False, "visit 4 is open"), (True, "sensors are off: is it over?")]
)
def test_an_open_visit_is_told_and_asked_for(asks: bool, text: str) -> None:
    (visit,) = findings(visit=VisitNo(4), asks_visit_over=asks)["visit"]
    assert text in visit.text


def test_an_open_call_is_told_with_who_has_it() -> None:
    call = StationCall()
    call.press(8, PressMeaning(), now_s=0.0)
    call.hub_says(8, "claimed", revision=1, by="Lan", now_s=0.0)
    (told,) = findings(call=call)["call"]
    assert told.text == "call 8: claimed by Lan"


def test_a_ring_of_the_hub_and_practice_are_told() -> None:
    call = StationCall()
    call.practise("drill", by="station", now_s=0.0)
    (told,) = findings(call=call)["call"]
    assert told.text == "no call; the next press is practice (drill)"
    call.hub_rings(RingStation(ring="a" * 16, lease_s=12.0, by="Lan"), may_answer=False, now_s=0.0)
    (told,) = findings(call=call)["call"]
    assert told.text.startswith("the hub calls the station")


CLAIMED = StationCall(State.CLAIMED, 6)


def test_a_call_s_camera_and_sound_are_told_and_outside_a_call_nothing_is() -> None:
    devices = DevicesNow(camera="open", microphone="open", loudspeaker="open")
    (finding,) = findings(call=CLAIMED, media=devices)["media"]
    assert finding.is_well
    assert finding.text == "camera open, microphone open, loudspeaker open"
    assert "media" not in findings(media=devices)


def test_a_microphone_that_is_missing_is_named_with_what_to_do() -> None:
    devices = DevicesNow(camera="off", microphone="missing", loudspeaker="open")
    (finding,) = findings(call=CLAIMED, media=devices)["media"]
    assert not finding.is_well
    assert finding.remedy == "check the microphone, and [video] in /etc/haidang/box.toml"


@pytest.mark.parametrize(("microphone", "is_well"), [("missing", False), ("refused", False), ("off", True)])
def test_an_operator_who_cannot_be_heard_is_named(microphone: str, is_well: bool) -> None:
    peer = PeerMedia.model_validate(
        {
            "spool": "0123456789abcdef",
            "call_seq": 6,
            "page": "a" * 16,
            "microphone": microphone,
            "camera": "off",
        }
    )
    devices = DevicesNow(camera="open", microphone="open", loudspeaker="open")
    _, finding = findings(call=CLAIMED, media=devices, operator=peer)["media"]
    assert finding.is_well is is_well
    assert f"the operator's microphone is {microphone}" in finding.text


@pytest.mark.parametrize(
    ("card", "text", "remedy"),
    [
        (CardSight(damaged_records=3), "3 records were damaged", "change the card soon"),
        (
            CardSight(asides=(AsideSight(file="aside-1", why="torn", is_known=True, waits_for=None),)),
            "aside-1 was set aside (torn) and is being recovered from",
            "change the card soon",
        ),
        (
            CardSight(asides=(AsideSight(file="aside-1", why="torn", is_known=True, waits_for="room"),)),
            "recovery waits for: room",
            "free space",
        ),
        (
            CardSight(asides=(AsideSight(file="aside-1", why="torn", is_known=False, waits_for=None),)),
            "aside-1 was set aside",
            "keep the file",
        ),
        (
            CardSight(recovered=("torn", 17, 2)),
            "17 records were recovered and 2 lost",
            "change the card soon",
        ),
    ],
)
def test_a_card_that_damages_files_is_told_with_what_became_of_them(
    card: CardSight, text: str, remedy: str
) -> None:
    _, found = findings(card=card)["spool"]
    assert not found.is_well
    assert text in found.text
    assert remedy in found.remedy


def test_a_file_system_that_had_to_be_mended_is_told() -> None:
    assert "card" not in findings()
    [found] = findings(mended_by="e2fsck -y")["card"]
    assert not found.is_well
    assert "was mended at this start by e2fsck -y" in found.text
    assert "change the card" in found.remedy


def test_what_former_spools_owe_is_told_and_is_no_fault() -> None:
    _, found = findings(card=CardSight(former_owed=9))["spool"]
    assert found.is_well
    assert "9 records of former spools are still owed" in found.text


@pytest.mark.parametrize(
    ("card", "text"),
    [
        (CardSight(), "not yet checked"),
        (CardSight(check_share=0.43), "checked to 43%"),
        (CardSight(check_passes=2), "checked 2 times since the start"),
    ],
)
def test_how_far_the_check_is_stands_beside_what_is_owed(card: CardSight, text: str) -> None:
    (found,) = findings(card=card)["spool"]
    assert text in found.text


def test_a_certificate_is_weighed_by_the_hubs_clock_alone() -> None:
    """The anchor ties 1 us of this boot to 2 us of 1970: by it 900 s have passed."""
    (found,) = findings(certificate_ends_utc_s=24 * 86_400.0)["certificate"]
    assert (found.is_well, found.text) == (True, "good for 24 days")
    (found,) = findings(certificate_ends_utc_s=-1.0, anchor=None)["certificate"]
    assert (found.is_well, found.text) == (True, "it is there; nobody has told the time yet")

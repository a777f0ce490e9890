"""What a station's screen can show, state by state, with texts as long as they get."""

from typing import Final, NamedTuple

from contract.codes import Condition
from contract.media import SentNow, StationMedia
from contract.signals import OnTheLine, Urgency
from edge.advice.advice_facts import AdviceNow, PieceNow
from edge.advice.piece import Outcome, Print
from edge.call.call_facts import CallFacts, RingNow
from edge.call.video_messages import StationSound
from edge.live.link_facts import LinkFacts
from edge.panel.pages import StationNow, VisitNow
from edge.panel.station_devices import DeviceNow, StationDevices, WhichDevice
from tests.integration.edge.told_station import MODEL, Told

NAME: Final = "Trạm Y tế xã đảo Nhơn Châu (Cù Lao Xanh)"
PEOPLE: Final = ("Nguyễn Thị Thanh Hương", "BS Trần Quốc Bảo Long", "Lê Hoàng Minh")
NOW_MS: Final = 1_795_007_300_000.0
CONDITIONS: Final = (Condition.WEAK_SIGNAL, Condition.ARTIFACT, Condition.BATTERY_CRITICAL)
GOOD: Final = LinkFacts(
    is_connected=True, station_name=NAME, for_s=600.0, round_trip_ms=40, now_utc_ms=NOW_MS, is_time_sure=True
)
LOST: Final = GOOD.model_copy(
    update={
        "is_connected": False,
        "for_s": 7_300.0,
        "since_utc_ms": NOW_MS - 7_300_000,
        "kept_s": 7_250.0,
        "records": 240,
    }
)
QUIET: Final = CallFacts(
    state="IDLE",
    call_seq=None,
    for_s=None,
    by=None,
    is_emergency=False,
    phone=None,
    practice=None,
    next_is_practice=None,
    practice_left_s=None,
    ring=None,
)
BOARD: Final = DeviceNow(
    device="board",
    state="connected",
    electrodes=("RA", "LA", "LL", "RL"),
)
BUTTON: Final = DeviceNow(device="button", state="connected")
PORT: Final = "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0-port0"
FINGER: Final = DeviceNow(device="finger", model=MODEL, port=PORT, state="connected")
DEVICES: Final = StationDevices(questions=(), devices=(BOARD, BUTTON, FINGER))
NOBODY: Final = VisitNow(0, asks_visit_over=False, awaits_sensors_off=False)
VISIT: Final = NOBODY._replace(visit=12)
NO_ADVICE: Final = AdviceNow(code="K7-42")
MEDIA: Final = StationMedia(
    spool="0" * 16,
    call_seq=5,
    camera="open",
    microphone="open",
    loudspeaker="open",
    leg="0" * 16,
    is_connected=True,
    target_bps=310_000,
    sent=SentNow(width=640, height=360, voice_bps=24_000, round_trip_ms=620, lost_pct=5.0, limit="link"),
)
TEXT: Final = (
    "Cho thở oxy qua gọng kính 3 lít/phút, nằm đầu cao 30 độ. Aspirin 81 mg nhai 2 viên nếu không dị ứng.\n"
    "Đo lại huyết áp hai tay sau 15 phút; SpO₂ dưới 92 % hoặc đau ngực tăng thì bấm nút ngay."
)


def piece(number: int, urgency: Urgency, **more: object) -> PieceNow:
    """Advice. `more`: what is so of it beside."""
    facts: dict[str, object] = {
        "advice": number,
        "code": "K7-42",
        "urgency": urgency,
        "text": TEXT,
        "by": PEOPLE[1],
        "made_ago_s": 300.0,
        "came_ago_s": 290.0,
        "is_printing": False,
        "outcome": None,
    }
    return PieceNow.model_validate({**facts, **more})


class State(NamedTuple):
    """`name`: of its pictures; `seen`: CSS of what must be seen whole without scrolling, at 800 × 480."""

    name: str
    told: Told
    seen: str
    path: str = ""


def call(state: str, **more: object) -> CallFacts:
    """A call of now."""
    facts = {"state": state, "call_seq": 5, "for_s": 31.0, **more}
    return QUIET.model_copy(update=facts)


def station(
    call: CallFacts = QUIET,
    *,
    visit: VisitNow = VISIT,
    devices: StationDevices = DEVICES,
    advice: AdviceNow = NO_ADVICE,
    link: LinkFacts = GOOD,
) -> StationNow:
    """A station where somebody is being seen."""
    return StationNow(visit, devices, call, advice, link)


def _board(**contact: object) -> StationDevices:
    return StationDevices(questions=(), devices=(BOARD.model_copy(update=contact), BUTTON))


RING: Final = RingNow(name="r1", by=PEOPLE[0], is_emergency=True, left_s=40.0, answers_in_s=12.0)
ANSWERED: Final = call(
    "CLAIMED",
    by=PEOPLE[0],
    media=MEDIA,
    others=(
        OnTheLine(name=PEOPLE[2], role="second"),
        OnTheLine(name=PEOPLE[1], role="doctor", speaks=True),
    ),
)
UNANSWERED: Final = GOOD.model_copy(update={"heard_ago_s": 70.0, "unanswered_s": 21.0, "kept_s": 60.0})
STATES: Final = (
    State("nobody", Told(station(visit=NOBODY, advice=AdviceNow())), ".call"),
    State("seen", Told(station()), ".call"),
    State("press-stored", Told(station(call("REGISTERED", for_s=1.0))), ".call"),
    State("press-kept", Told(station(call("KEPT", phone="0297 3 846 115"), link=LOST)), ".call"),
    State("at-hub", Told(station(call("AT_HUB", is_emergency=True))), ".call"),
    State("ringing", Told(station(call("RINGING"))), ".call"),
    State("answered", Told(station(ANSWERED), is_seen=True), ".call"),
    State(
        "answered-with-advice",
        Told(station(ANSWERED, advice=AdviceNow(code="K7-42", present=(piece(1, "urgent"),))), is_seen=True),
        ".call",
    ),
    State(
        "muted",
        Told(station(ANSWERED.model_copy(update={"sound": StationSound(volume_pct=70, is_muted=True)}))),
        ".muted",
    ),
    State("on-hold", Told(station(call("HELD", by=PEOPLE[0]))), ".call"),
    State("no-word", Told(station(call("NO_WORD", phone="0297 3 846 115"), link=LOST)), ".call"),
    State("missed", Told(station(QUIET.model_copy(update={"is_missed": True}))), ".call"),
    State("hub-calls", Told(station(QUIET.model_copy(update={"ring": RING}))), ".ring"),
    State(
        "electrode-off",
        Told(station(devices=_board(electrodes_off=("LA", "LL"), has_leads_off=True)), (0,), ("LA", "LL")),
        ".help",
    ),
    State("perhaps-changed-over", Told(station(devices=_board(suspected="RA-LA"))), ".help"),
    State("probe-off", Told(station(devices=_board(has_probe_off=True)), (1, 2, 3)), ".help"),
    State(
        "electrode-off-in-a-call",
        Told(station(ANSWERED, devices=_board(electrodes_off=("LA",), has_leads_off=True)), (0,), ("LA",)),
        ".call",
    ),
    State("no-network", Told(station(link=LOST)), ".link"),
    State(
        "no-answer",
        Told(station(link=UNANSWERED)),
        ".link",
    ),
    State("spool-full", Told(station(link=LOST.model_copy(update={"given_up": 30}))), ".link"),
    State(
        "card-fails-and-no-time",
        Told(station(link=LOST.model_copy(update={"has_card_problem": True, "is_time_sure": False}))),
        ".link",
    ),
    State("practice", Told(station(call("RINGING", practice="drill"))), ".practice"),
    State(
        "practice-next",
        Told(station(QUIET.model_copy(update={"next_is_practice": "test", "practice_left_s": 250.0}))),
        ".practice",
    ),
    State(
        "which-device",
        Told(
            station(
                devices=StationDevices(
                    questions=(WhichDevice(device="u1", candidates=("finger", "cuff"), port=PORT),),
                    devices=(BOARD, BUTTON, DeviceNow(device="u1", port=PORT, state="connected")),
                )
            )
        ),
        ".question h2",
    ),
    State("visit-over", Told(station(visit=VISIT._replace(asks_visit_over=True))), ".call"),
    State("sensors-off", Told(station(visit=NOBODY._replace(awaits_sensors_off=True))), ".call"),
    State(
        "advice",
        Told(
            station(
                advice=AdviceNow(
                    code="K7-42",
                    present=(
                        piece(3, "emergency", outcome=Outcome(how=Print.NOWHERE)),
                        piece(2, "routine", is_practice=True, is_printing=True),
                    ),
                    before=(piece(1, "soon", code="B2-19", outcome=Outcome(how=Print.ON_STICK)),),
                )
            )
        ),
        ".call",
    ),
    State(
        "devices-in-trouble",
        Told(
            station(
                devices=StationDevices(
                    questions=(),
                    devices=(
                        BOARD.model_copy(update={"state": "trouble", "fault": "schema"}),
                        BUTTON.model_copy(update={"state": "trouble", "fault": "button loop open"}),
                        FINGER.model_copy(update={"conditions": CONDITIONS}),
                    ),
                ),
            )
        ),
        ".call",
    ),
    State("cancel", Told(station(call("AT_HUB"))), ".twice", "cancel"),
    State("next-person", Told(station()), ".twice", "next"),
    State("silence", Told(None), ".silence"),
)

"""Records of a station in box time, for the tests of what is true of it now."""

from contract.codes import HEART_RATE, PERFUSION_INDEX, PULSE_RATE, SPO2
from contract.events import AnyEvent, Stream, StreamSet, VisitClosed, VisitOpened
from contract.header import Header, Kind
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StreamSetNo, VisitNo
from hub.live.arrived import Arrived, VisitNow
from hub.live.station_now import Change, StationNow

S = 1_000_000
UTC_US = 1_790_000_000 * S  # the hub's wall clock when the box's boot 1 stood at 0
ECG, PLETH, SATURATION, PULSE, PERFUSION, HEART = 0, 1, 2, 3, 4, 5
BOARD, OXIMETER = "board-1", "usb-1"


def arrived(
    t_s: float, *, visit: int = 1, spool: int = 7, set_no: int = 1, sent_s: float | None = None, boot: int = 1
) -> Arrived:
    """A record of box time `t_s`, sent at `sent_s` (at once for None) and received 40 ms later."""
    sent_us = int((t_s if sent_s is None else sent_s) * S)
    header = Header(
        kind=Kind.CHUNK,
        record_class=RecordClass.WAVEFORM,
        seq=1,
        key_id=KeyId(1),
        nonce=1,
        boot=BootId(boot),
        t_us=int(t_s * S),
        visit=VisitNo(visit),
        stream_set=StreamSetNo(set_no),
        first_index=0,
        count=0,
        codec=0,
    )  # fmt: skip
    return Arrived(SpoolId(spool), header, boot, sent_us, UTC_US + sent_us + 40_000)


def tell(now: StationNow, event: AnyEvent, t_s: float, *, visit: int = 1) -> Change:
    """The box tells an event."""
    return now.on_event(arrived(t_s, visit=visit), event)


def visit_now(number: int = 1, opened_s: float = 2.0) -> VisitNow:
    """A visit under way."""
    return VisitNow(VisitNo(number), BootId(1), int(opened_s * S))


def next_person(now: StationNow, visit: int, t_s: float) -> None:
    """The visit under way ends, and `visit` begins."""
    tell(now, VisitClosed(visit=visit - 1, why="next person"), t_s, visit=visit - 1)
    tell(now, VisitOpened(visit=visit, how="next person"), t_s, visit=visit)


def number(stream: int, mdc: int, label: str, unit: str, **more: object) -> Stream:
    """A number told each second."""
    what = {"stream": stream, "mdc": mdc, "label": label, "unit": unit, "shape": "numeric"}
    return Stream.model_validate({"rate_mhz": 1_000, "scale": 1.0, **what, **more})


_ECG = Stream(stream=ECG, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
_PLETH = Stream(stream=PLETH, mdc=150452, label="Pleth", shape="pleth", rate_mhz=100_000, scale=1.0, unit="1")
NUMBERS = (
    number(SATURATION, SPO2, "SpO2", "%"),
    number(PULSE, PULSE_RATE, "Pulse", "/min"),
    number(PERFUSION, PERFUSION_INDEX, "PI", "%", scale=0.1),
)


def board(set_no: int = 1) -> StreamSet:
    """ECG and pleth with their numbers."""
    heart = number(HEART, HEART_RATE, "HR", "/min", source="ecg")
    return StreamSet(set_no=set_no, device=BOARD, streams=(_ECG, _PLETH, *NUMBERS, heart))


def oximeter(set_no: int = 2, *, device: str = OXIMETER, unverified: str | None = None) -> StreamSet:
    """A commodity oximeter."""
    return StreamSet(
        set_no=set_no, device=device, streams=(_PLETH, *NUMBERS), model="CMS50D+", unverified=unverified
    )


def station() -> StationNow:
    """A station with a board and an oximeter, visit 1 under way since second 2."""
    now = StationNow()
    tell(now, board(), 1.0, visit=0)
    tell(now, oximeter(), 1.5, visit=0)
    tell(now, VisitOpened(visit=1, how="signal"), 2.0)
    return now

"""How a station's box and link are: the block at the head of its page, and the same alone for a page that is
open already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.events import Status
from contract.ids import StationId
from hub.console.fleet import trouble_words
from hub.console.page import render, rooms_of, signed_in, station_in_path
from hub.console.rooms import Rooms
from hub.console.sparkline import Picture, Point, picture_of
from hub.fleet.compact import Row
from hub.fleet.health import Figures
from hub.fleet.limits import LIMITS
from hub.fleet.link_history import (
    DAY_US,
    HOUR_US,
    KEPT_DAYS,
    LinkHour,
    Outage,
    out_us,
    with_open_outage,
    without_the_hubs,
)
from hub.fleet.presence import Heard
from hub.fleet.station_card import BoxCard
from hub.live.devices import DevicesNow
from hub.live.station_now import StationNow
from hub.store.interface import Store
from hub.store.link_book import HourRow

OUTAGES_SHOWN: Final = 20
DEVICE_WORDS: Final = {"connected": "đang nối", "silent": "im lặng", "gone": "đã rút"}
SELF_TEST_WORDS: Final = {
    "waits": "đang chờ hết cuộc gọi",
    "begun": "đã bắt đầu",
    "done": "tất cả đều tốt",
    "broken off": "bị cuộc gọi ngắt",
    "not done": "không làm, cuộc gọi quá lâu",
}
ILL: Final = "có lỗi"
PART_WORDS: Final = {
    "devices": "thiết bị",
    "clock": "đồng hồ",
    "spool": "bộ nhớ chờ gửi",
    "card": "thẻ nhớ",
    "certificate": "chứng thư",
    "link": "đường truyền",
    "hub": "trung tâm",
    "camera": "máy ảnh",
    "sound": "micrô và loa",
    "printer": "máy in",
}
HEARD_WORDS: Final = {
    "status": "tình trạng",
    "hello": "kết nối",
    "numerics": "số đo",
    "waveform": "đường ghi",
    "part": "ảnh",
    "press": "nút gọi",
    "anchor": "giờ",
}


@dataclass(frozen=True, slots=True)
class Past:
    """A period of a link. `out_share`: how much of it the station was not heard, the hub's own gaps apart."""

    round_trip: Picture
    loss: Picture
    up: Picture
    cpu: Picture
    out_share: float
    outage_count: int
    late_count: int  # statuses that came later than they were told


@dataclass(frozen=True, slots=True)
class OutageLine:
    """A gap in what was heard; `is_hubs`: the hub heard nobody then."""

    from_ms: float
    until_ms: float | None
    is_hubs: bool


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The last self-test. `ill`: parts, and what is the matter in the box's own English."""

    word: str
    ill: list[tuple[str, str]]
    line_ms: float | None


@dataclass(frozen=True, slots=True)
class Health:
    """All that the block shows. Moments `…_line_ms` are of the hub's line, others its UTC."""

    row: Row
    troubles: list[str]
    figures: Figures | None
    status: Status | None
    told_line_ms: float | None
    is_old: bool  # the status tells of then
    heard: list[tuple[str, float]]  # what, and when on the line
    hint: tuple[bool, float] | None  # what the broker last said of the connection
    software: str | None
    self_test: SelfTest | None  # None: there was none of which the hub knows
    devices: list[tuple[str, str]]  # name, word
    boxes: list[BoxCard]
    day: Past
    quarter: Past
    outages: list[OutageLine]


async def health_of(rooms: Rooms, station: StationId) -> Health:
    """Read and work out how a station is now."""
    fleet, now, utc_us = rooms.fleet, rooms.feed.now(station), rooms.hub.utc_now_us()
    hours, past, of_hub = await rooms.hub.run_read(_reading(station, utc_us))
    heard = rooms.stations.heard(station)
    age_s = heard.age_s(rooms.hub.now_s())
    heard_us = None if age_s is None else utc_us - round(age_s * 1e6)
    told = list(without_the_hubs(with_open_outage(past, heard_us=heard_us, now_us=utc_us), of_hub))
    row = fleet.row(station)
    figures = fleet.figures(station)
    told_us = None if figures is None else figures.at_line_us
    line_us = fleet.line_us()
    return Health(
        row=row,
        troubles=trouble_words(row),
        figures=figures,
        status=now.status,
        told_line_ms=None if told_us is None else told_us / 1000,
        is_old=told_us is None or line_us - told_us > LIMITS.old_s * 1e6,
        heard=_heard(heard, now_s=rooms.hub.now_s(), line_us=line_us),
        hint=_hint(heard, now_s=rooms.hub.now_s(), line_us=line_us),
        software=now.software,
        self_test=_self_test(now, to_line_ms=line_us / 1000 - utc_us / 1000),
        devices=_devices(now.devices, now.devices.listed(now.visit)),
        boxes=rooms.organisation.now.boxes_of(station),
        day=_past(hours, told, until_us=utc_us, days=1),
        quarter=_past(hours, told, until_us=utc_us, days=KEPT_DAYS),
        outages=[
            OutageLine(one.from_us / 1000, None if one.until_us is None else one.until_us / 1000, is_hubs)
            for one, is_hubs in told[:OUTAGES_SHOWN]
        ],
    )


def _self_test(now: StationNow, *, to_line_ms: float) -> SelfTest | None:
    told, at_ms = now.self_test, now.self_test_utc_ms
    if told is None:
        return None
    ill = [(PART_WORDS.get(one.part, one.part), one.text) for one in told.parts if not one.is_well]
    word = ILL if ill else SELF_TEST_WORDS[told.state]
    return SelfTest(word, ill, None if at_ms is None else at_ms + to_line_ms)


async def show_health(request: Request) -> Response:
    """GET /stations/{station}/health: the block alone."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    health = await health_of(rooms, station)
    return render(request, "station_health.html", account=account, health=health, station=station)


def _reading(
    station: StationId, utc_us: int
) -> Callable[[Store], tuple[list[HourRow], list[Outage], list[Outage]]]:
    since_us = utc_us - KEPT_DAYS * DAY_US

    def read(store: Store) -> tuple[list[HourRow], list[Outage], list[Outage]]:
        links = store.links
        return (
            links.hours(station, from_utc_us=since_us, until_utc_us=utc_us + HOUR_US),
            links.outages(station, since_utc_us=since_us),
            links.hub_outages(since_utc_us=since_us),
        )

    return read


def _past(rows: Sequence[HourRow], told: Sequence[tuple[Outage, bool]], *, until_us: int, days: int) -> Past:
    """Work out one period. Of 90 days a point is a day's third: what one can see."""
    from_us, step_hours = until_us - days * DAY_US, 1 if days == 1 else 8
    rows = [row for row in rows if row.utc_us + HOUR_US > from_us]
    own = [one for one, is_hubs in told if not is_hubs and (one.until_us or until_us) > from_us]
    span_us = days * DAY_US
    gaps = [
        ((one.from_us - from_us) / span_us, ((one.until_us or until_us) - from_us) / span_us) for one in own
    ]
    step = step_hours * HOUR_US / span_us

    def picture(
        value: Callable[[LinkHour], float | None], worst: Callable[[LinkHour], float | None] | None = None
    ) -> Picture:
        steps: dict[int, list[LinkHour]] = {}
        for row in rows:
            if value(row.hour) is not None:
                steps.setdefault(row.utc_us // (step_hours * HOUR_US), []).append(row.hour)
        points = []
        for at, hours in sorted(steps.items()):
            values = [one for hour in hours if (one := value(hour)) is not None]
            worsts = [one for hour in hours if worst and (one := worst(hour)) is not None]
            is_late = all(hour.live_count == 0 for hour in hours)
            share = max(0.0, (at * step_hours * HOUR_US - from_us) / span_us)
            points.append(Point(share, sum(values) / len(values), max(worsts, default=None), is_late))
        return picture_of(points, gaps=gaps, step=step)

    return Past(
        round_trip=picture(lambda hour: hour.round_trip_ms, lambda hour: hour.round_trip_max_ms),
        loss=picture(lambda hour: None if hour.loss_permille is None else hour.loss_permille / 10),
        up=picture(lambda hour: None if hour.up_bps is None else hour.up_bps / 1000),
        cpu=picture(lambda hour: hour.cpu_c),
        out_share=out_us(own, from_us=from_us, until_us=until_us) / span_us,
        outage_count=len(own),
        late_count=sum(row.hour.late_count for row in rows),
    )


def _heard(heard: Heard, *, now_s: float, line_us: int) -> list[tuple[str, float]]:
    """What was heard and when, of those kinds that have a word; the newest first."""
    found = [
        (HEARD_WORDS[kind], line_us / 1000 - (now_s - at_s) * 1000)
        for kind, at_s in heard.by_kind_s.items()
        if kind in HEARD_WORDS
    ]
    return sorted(found, key=lambda one: -one[1])


def _hint(heard: Heard, *, now_s: float, line_us: int) -> tuple[bool, float] | None:
    if heard.connected_hint is None or heard.hint_s is None:
        return None
    return heard.connected_hint, line_us / 1000 - (now_s - heard.hint_s) * 1000


def _devices(devices: DevicesNow, listed: Sequence[str]) -> list[tuple[str, str]]:
    return [(devices.full_name(one), DEVICE_WORDS[devices.word(one)]) for one in listed]

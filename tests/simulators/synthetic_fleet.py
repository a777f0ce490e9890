"""A fleet of made-up stations for pages: units, names and places as Vietnam's could be, and how each stands.

Nothing is heard over any wire: cards go into the book, and what the hub would have heard is put where it
keeps it, so that lists, map and search meet as many rows as there may ever be.
"""

import random
from dataclasses import dataclass
from functools import partial
from typing import Final

from contract.events import Owed, Status
from contract.ids import SpoolId, StationId
from hub.console.rooms import Rooms
from hub.fleet.organisation import Card
from hub.fleet.station_card import Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from tests.simulators.console_server import ConsoleServer

PROVINCES: Final = (  # name, north, east: about where most of its people live
    ("Lai Châu", 22.3, 103.2), ("Điện Biên", 21.8, 103.1), ("Sơn La", 21.2, 104.0),
    ("Lào Cai", 22.0, 104.4), ("Tuyên Quang", 22.4, 105.1), ("Cao Bằng", 22.7, 106.1),
    ("Lạng Sơn", 21.9, 106.5), ("Thái Nguyên", 21.9, 105.8), ("Phú Thọ", 21.2, 105.2),
    ("Bắc Ninh", 21.3, 106.3), ("Quảng Ninh", 21.2, 107.1), ("Hà Nội", 21.0, 105.7),
    ("Hải Phòng", 20.8, 106.5), ("Hưng Yên", 20.6, 106.2), ("Ninh Bình", 20.3, 106.0),
    ("Thanh Hóa", 20.0, 105.3), ("Nghệ An", 19.2, 104.9), ("Hà Tĩnh", 18.3, 105.7),
    ("Quảng Trị", 17.2, 106.7), ("Huế", 16.3, 107.5), ("Đà Nẵng", 15.7, 108.0),
    ("Quảng Ngãi", 14.8, 108.4), ("Gia Lai", 13.8, 108.5), ("Đắk Lắk", 12.8, 108.4),
    ("Khánh Hòa", 12.0, 108.9), ("Lâm Đồng", 11.6, 108.0), ("Đồng Nai", 11.5, 106.9),
    ("Tây Ninh", 11.1, 106.2), ("Thành phố Hồ Chí Minh", 10.8, 106.8), ("Đồng Tháp", 10.5, 105.9),
    ("Vĩnh Long", 10.0, 106.2), ("An Giang", 10.2, 105.1), ("Cần Thơ", 9.8, 105.7),
    ("Cà Mau", 9.1, 105.2),
)  # fmt: skip
FIRST: Final = (
    "Mường", "Bản", "Nà", "Phiêng", "Tân", "Bình", "Phước", "An", "Hòa", "Vĩnh", "Long", "Đông", "Tây",
    "Nam", "Thượng", "Trung", "Hương",
)  # fmt: skip
LAST: Final = (
    "Nhé", "Sang", "Lèng", "Khoa", "Pằn", "Thạnh", "Lộc", "Hưng", "Phú", "Mỹ", "Đức", "Cường", "Giang",
    "Hải", "Lâm", "Thủy", "Trạch", "Điền",
)  # fmt: skip
UNITS_BELOW: Final = 14  # communes of a province that have stations
SILENT_SHARE, LATE_SHARE, NEVER_SHARE, TROUBLE_SHARE = 0.04, 0.02, 0.01, 0.05


@dataclass(frozen=True, slots=True)
class SyntheticFleet:
    """What was made; `statuses` and `heard_s` by station."""

    cards: list[Card]
    stations: list[StationId]


def made_fleet(count: int, *, seed: int = 8) -> SyntheticFleet:
    """Return units and station cards of `count` stations; the same for the same seed."""
    rng = random.Random(seed)
    cards: list[Card] = []
    communes: list[tuple[UnitNo, float, float]] = []
    no = 0
    for name, north, east in PROVINCES:
        no += 1
        province = UnitNo(no)
        cards.append(Unit(no=province, parent=None, names=(UnitName(name),)))
        for _ in range(UNITS_BELOW):
            no += 1
            commune = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
            cards.append(Unit(no=UnitNo(no), parent=province, names=(UnitName(commune),)))
            communes.append((UnitNo(no), north + rng.gauss(0, 0.22), east + rng.gauss(0, 0.22)))
    stations = []
    for number in range(count):
        unit, north, east = communes[number % len(communes)]
        station = StationId(f"tram-{number + 1:05d}")
        name = f"Trạm y tế {rng.choice(FIRST)} {rng.choice(LAST)} {number // len(communes) + 1}"
        place = Position(round(north + rng.gauss(0, 0.06), 4), round(east + rng.gauss(0, 0.06), 4))
        cards.append(StationCard(station=station, name=name, unit=unit, position=place))
        stations.append(station)
    return SyntheticFleet(cards, stations)


def settle(server: ConsoleServer, fleet: SyntheticFleet, *, seed: int = 9) -> None:
    """Put the fleet into a running hub: cards into its book, and how each was last heard."""

    async def keep(rooms: Rooms) -> None:
        for start in range(0, len(fleet.cards), 4_000):
            await rooms.organisation.keep(fleet.cards[start : start + 4_000], by="made", why="synthetic")

    server.run(partial(keep, server.rooms))
    server.call(lambda: stand(server.rooms, fleet.stations, rng=random.Random(seed)))


def stand(rooms: Rooms, stations: list[StationId], *, rng: random.Random) -> None:
    """Each station was heard, or not, and told how it is."""
    now_s = rooms.hub.now_s()
    for station in stations:
        share = rng.random()
        if share < NEVER_SHARE:
            continue
        age_s = rng.uniform(0, 290)
        if share < NEVER_SHARE + SILENT_SHARE:
            age_s = rng.uniform(1_200, 200_000)
        elif share < NEVER_SHARE + SILENT_SHARE + LATE_SHARE:
            age_s = rng.uniform(400, 1_000)
        hear(rooms, station, at_s=now_s - age_s, rng=rng)
    rooms.fleet.turn()


def hear(rooms: Rooms, station: StationId, *, at_s: float, rng: random.Random) -> None:
    """A status of a station came at `at_s` of the hub's monotonic clock."""
    heard = rooms.stations.heard(station)
    heard.hear("status", at_s=at_s, are_samples=False)
    now = rooms.feed.now(station)
    now.spool = now.spool or SpoolId(1)
    now.status = made_status(rng)
    now.status_utc_ms = rooms.utc_ms() - (rooms.hub.now_s() - at_s) * 1000
    rooms.fleet.on_station(station)


def made_status(rng: random.Random) -> Status:
    """A status as a station on some link would tell it."""
    is_troubled = rng.random() < TROUBLE_SHARE
    kind = rng.randrange(5) if is_troubled else None
    waits = {"2": Owed(records=rng.randrange(1, 200), oldest_age_s=rng.uniform(1_000, 9_000))}
    return Status(
        owed=waits if kind == 0 else {},  # type: ignore[arg-type]
        spool_bytes=rng.randrange(10_000_000, 900_000_000),
        disk_free_bytes=1_000_000_000 if kind == 1 else rng.randrange(6_000_000_000, 25_000_000_000),
        round_trip_ms=rng.randrange(20, 900),
        connected_for_s=rng.uniform(60, 90_000),
        frames_damaged=0,
        samples_lost=0,
        refused=0,
        loss_permille=rng.randrange(0, 30),
        up_bps=rng.randrange(20_000, 2_000_000),
        reconnects=rng.randrange(5),
        cpu_c=round(rng.uniform(82, 90), 1) if kind == 2 else round(rng.uniform(38, 70), 1),
        power="was low" if kind == 3 else "ok",
        clock_off_ms=90_000 if kind == 4 else rng.randrange(-400, 400),
        clock_sure=kind != 4,
        disk_mb=31_268,
        memory_mb=rng.randrange(200, 3_000),
        written_mb=rng.randrange(100, 50_000),
    )

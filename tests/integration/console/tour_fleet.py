"""A second hub for the tour: units, cards and boxes, alerts of every severity, configuration, the past.

It stands beside `TourHub` because its alerts would stand on every page of that one.
"""

import re
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode

from contract.commands import parse_command
from contract.events import (
    AnchorSet,
    CommandResult,
    ConfigurationTold,
    DesiredApplied,
    Owed,
    RefusedSetting,
    SettingTold,
    Status,
)
from contract.ids import NO_VISIT, RecordClass, StationId, spool_text
from contract.parts import Content, slice_object
from contract.topics import Topic
from edge.health.bundle import make_bundle
from hub.console.ages import at_place
from hub.fleet.station_card import BoxCard, Contact, OwnedDevice, Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.people.accounts import Role
from tests.simulators.console_server import Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

ADMIN: Final = "Chi"
PEOPLE: Final = {"Lan": Role.OPERATOR, "Minh": Role.OPERATOR, "BS An": Role.DOCTOR, ADMIN: Role.ADMIN}
SERVICE, COAST, NORTH, COMMUNE, ISLAND, ISLES = (UnitNo(no) for no in range(1, 7))
UNITS: Final = (
    Unit(no=SERVICE, parent=None, names=(UnitName("Cục Quân y"),), code="CQY"),
    Unit(no=COAST, parent=SERVICE, names=(UnitName("Vùng biển đảo"),)),
    Unit(no=NORTH, parent=SERVICE, names=(UnitName("Điện Biên"),), aliases=("tỉnh Lai Châu (cũ)",)),
    Unit(
        no=COMMUNE,
        parent=NORTH,
        names=(UnitName("Huyện Mường Nhé"), UnitName("Xã Mường Nhé", date(2025, 7, 1))),
        aliases=("Mường Nhé cũ",),
    ),
    Unit(no=ISLES, parent=COAST, names=(UnitName("Các đảo xa bờ"),)),
    Unit(no=ISLAND, parent=COAST, names=(UnitName("Đặc khu Côn Đảo", date(2025, 7, 1)),)),
)
PLACES: Final = {  # name, unit, north, east
    "con-dao-01": ("Trạm Y tế Côn Đảo", ISLAND, 8.6836, 106.6092),
    "ly-son": ("Trạm Y tế Lý Sơn", ISLES, 15.3820, 109.1170),
    "co-to": ("Trạm Y tế Cô Tô", ISLES, 20.9730, 107.7640),
    "bach-long-vi": ("Trạm Y tế Bạch Long Vĩ", ISLES, 20.1330, 107.7300),
    "muong-nhe": ("Trạm Y tế Mường Nhé", COMMUNE, 22.1870, 102.4560),
    "nam-ke": ("Trạm Y tế Nậm Kè", COMMUNE, 22.0400, 102.6300),
}
SILENT: Final = ("ly-son", "co-to", "bach-long-vi")
CONTACT: Final = Contact("trực trạm", "0254 383 0000")
NOTE: Final = "Tủ điện ở phòng sau, chìa khóa ở trạm trưởng."
ON_THE_WAY: Final = "thợ đang mang hộp khác ra"
WHY_QUIET: Final = "thay ắc quy của cột phát"
WHY_LOUDER: Final = "trạm gần bến tàu, khó nghe"
HOTLINE: Final = "0254 383 0123"
TOKEN: Final = "Bản đồ của Cục"
VIEW: Final = "Ngoài đảo"
FILE: Final = "tram-moi.csv"
IMPORTED: Final = (
    "station,name,note\n"
    "ly-son,Trạm Y tế đảo Lý Sơn,\n"
    "con-dao-01,Trạm Y tế Côn Đảo,gần bến Đầm\n"
    "truong-sa,Trạm Y tế Trường Sa,\n"
)
SOFTWARE: Final = "haidang 0.1.0"
BUNDLE: Final = "ab" * 16
BOXES: Final = ("HD-2026-0117", "HD-2026-0118", "HD-2025-0042")
TOLD: Final = (
    *(unit.name() for unit in UNITS),
    *(alias for unit in UNITS for alias in unit.aliases),
    *("Huyện Mường Nhé", "CQY", *(one[0] for one in PLACES.values()), *PLACES, *PEOPLE, *BOXES),
    *(
        CONTACT.role,
        NOTE,
        ON_THE_WAY,
        WHY_QUIET,
        WHY_LOUDER,
        TOKEN,
        VIEW,
        FILE,
        SOFTWARE,
        "truong-sa",
        "mới về kho",
        "bien-dao",
    ),
    *("Trạm Y tế đảo Lý Sơn", "gần bến Đầm", "Trạm Y tế Trường Sa", "Contec CMS50D+", "OMRON HEM-7156"),
)
STEP_S: Final = 450.0  # between two statuses: more than a box lets pass, less than the rules forgive


class TourFleet:
    """One hub, seeded. `places` fills in the addresses of the tour's stops."""

    def __init__(self, folder: Path) -> None:
        self.server = ConsoleServer(folder)
        self.places: dict[str, str] = {}
        self.stations: dict[str, ConsoleStation] = {}
        self._is_shed_hot = True  # at Nậm Kè, until somebody opened a window
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="stations of the fleet")

    def __enter__(self) -> Self:
        self.server.__enter__()
        try:
            for name, role in PEOPLE.items():
                self.server.account(name, role)
            self._organise()
            self._remember_a_visit()
            self._raise_alerts()
            self._configure()
            self._fetch_a_bundle()
            self._decide()
        except BaseException:
            self.server.__exit__(None, None, None)
            raise
        self._heart.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._heart.join()
        self.server.__exit__(None, None, None)

    def post(self, path: str, form: dict[str, str], by: str = ADMIN) -> Answer:
        """Somebody sends a form of a page; it is taken."""
        answer = self.server.post(path, form, Cookie=self.server.session(by))
        assert answer.status in (200, 303), f"{path}: {answer.status} {answer.text[-2000:]}"
        return answer

    def get(self, path: str, by: str = ADMIN) -> str:
        """What somebody reads at a path."""
        return self.server.get(path, Cookie=self.server.session(by)).text

    def _organise(self) -> None:
        rooms = self.server.rooms
        cards = [
            StationCard(
                station=StationId(station),
                name=name,
                unit=unit,
                position=Position(north, east),
                contacts=(CONTACT,),
                devices=(OwnedDevice("Contec CMS50D+", "180355"), OwnedDevice("OMRON HEM-7156")),
                note=NOTE if station == "con-dao-01" else "",
            )
            for station, (name, unit, north, east) in PLACES.items()
        ]
        boxes = [
            BoxCard(box=BOXES[0], station=StationId("con-dao-01")),
            BoxCard(box=BOXES[1], unit=SERVICE, note="mới về kho"),
            BoxCard(box=BOXES[2], retired=True),
        ]
        self.server.run(lambda: rooms.organisation.keep([*UNITS, *cards, *boxes], by=ADMIN))
        for number, name in enumerate(PLACES):
            station = ConsoleStation(self.server, name, spool=0xF1EE + number)
            self._keep_time(station)
            station.hello()
            self.stations[name] = station
        self.places |= {"unit": str(COMMUNE), "box": BOXES[0], "station": "con-dao-01", "silent": "ly-son"}

    def _keep_time(self, station: ConsoleStation) -> None:
        """Its clock goes forward with the hub's."""
        plain = station.now_us
        station.now_us = lambda: plain() + round(self.server.ahead_s * 1e6)  # type: ignore[method-assign]

    def _remember_a_visit(self) -> None:
        """Forty seconds of ECG, pleth and numbers, with the time of day known; somebody left, and is gone."""
        station = self.stations["con-dao-01"]
        utc_us = int(self.server.call(self.server.rooms.utc_ms) * 1000)
        station.tell(AnchorSet(boot=1, t_us=station.now_us(), utc_us=utc_us, err_us=20_000, source="hub"))
        at_us = station.now_us()
        station.now_us = lambda: at_us - 41_000_000  # type: ignore[method-assign]
        station.open_visit(3)
        station.now_us = lambda: at_us  # type: ignore[method-assign]
        for second in range(40):
            station.live(ended_s_ago=39.0 - second)
        for stream, value in ((2, 97), (3, 72)):
            station.samples(stream, [value + second % 3 for second in range(40)])
        station.close_visit()
        del station.now_us
        self._keep_time(station)
        asked = {"spool": spool_text(station.records.spool), "visit": 3, "boot": 1}
        self.places["period"] = urlencode(asked)
        path = f"/stations/{station.name}/playback"
        wait_for(lambda: 'scope="row"' in self.get(path), "the visit")

    def _raise_alerts(self) -> None:
        """The islands fall silent together; one box is full, one is hot, one's clock is wrong."""
        desk, server = self.server.rooms.alerts, self.server
        self._all_say(PLACES)
        server.run(desk.turn)
        for step in range(4):
            self._is_shed_hot = step < 1
            server.ahead_s += STEP_S
            self._all_say([name for name in PLACES if name not in SILENT])
            server.run(desk.turn)

        def raised() -> bool:
            server.run(desk.turn)
            of_each = {"silent", "disk-free", "temperature", "clock-offset"}
            return of_each <= {one.rule for one in server.call(desk.open_alerts)}

        wait_for(raised, "an alert of every severity")
        by_rule = {one.rule: one for one in server.call(desk.open_alerts)}
        self.places["alert"] = str(by_rule["silent"].no)
        self.places["alert_high"] = str(by_rule["disk-free"].no)
        owned = by_rule["temperature"].no
        self.post(f"/alerts/{owned}/ack", {"note": ON_THE_WAY, "hours": "8"}, by="Lan")

    def _all_say(self, names: Iterable[str]) -> None:
        """These stations say how they are, and the hub has heard it."""
        before = {name: self._last_status(name) for name in names}
        for name in before:
            self._status(name)
        for name, status in before.items():
            wait_for(lambda name=name, status=status: self._last_status(name) is not status, name)  # type: ignore[misc]

    def _last_status(self, name: str) -> object:
        return self.server.call(lambda: self.server.rooms.feed.now(StationId(name)).status)

    def _status(self, name: str) -> None:
        status = Status(
            owed={"2": Owed(records=3, oldest_age_s=40.0)} if name == "nam-ke" else {},
            spool_bytes=84_000_000,
            disk_free_bytes=110_000_000 if name == "muong-nhe" else 21_400_000_000,
            round_trip_ms=180 if name == "nam-ke" else 41,
            connected_for_s=86_000.0,
            frames_damaged=0,
            samples_lost=0,
            refused=0,
            cpu_c=84.5 if name == "con-dao-01" or (name == "nam-ke" and self._is_shed_hot) else 51.0,
            clock_off_ms=420_000 if name == "nam-ke" else 12,
            clock_sure=True,
            disk_mb=31_268,
        )
        self.stations[name].tell(status, visit=NO_VISIT)

    def _configure(self) -> None:
        """All stations get a number to call; one box says what it took of it."""
        self.configure("all", {"hotline": HOTLINE, "volume_pct": "60", "why": WHY_LOUDER})
        rooms, station = self.server.rooms, self.stations["con-dao-01"]
        version = rooms.configuration.version(StationId(station.name))
        assert version is not None
        station.tell(
            DesiredApplied(
                version=version.version,
                epoch=rooms.configuration.epoch,
                hash=version.hash,
                taken=("hotline",),
                refused=(
                    RefusedSetting(name="volume_pct", why="not known here: the box is older than the hub"),
                ),
            )
        )
        settings = (
            SettingTold(name="hotline", value=f'"{HOTLINE}"', origin="hub"),
            SettingTold(name="volume_pct", value="100", origin="default"),
        )
        station.tell(ConfigurationTold(software=SOFTWARE, version=1, settings=settings, place=()))

    def configure(self, layer: str, fields: dict[str, str]) -> None:
        """An administrator saves a layer as the form has it."""
        after = re.search(r'name="after" value="(\d+)"', self.get(f"/configuration/layers/{layer}"))
        assert after is not None
        self.post(f"/configuration/layers/{layer}", {**fields, "after": after[1]})

    def _fetch_a_bundle(self) -> None:
        station = self.stations["con-dao-01"]
        self.post(f"/stations/{station.name}/commands", {"word": "bundle"})
        handed = self.server.handed_out
        wait_for(lambda: any(topic is Topic.COMMAND for _, topic, _ in handed), "the command")
        command = parse_command(next(data for _, topic, data in handed if topic is Topic.COMMAND))
        data = make_bundle(
            {"versions.json": {"software": SOFTWARE}, "doctor.json": [{"part": "link", "is_well": True}]},
            ["1764208800.0 INFO edge.uplink: connected"] * 3,
        )
        parts = slice_object(
            data, Content.BUNDLE, object_id=bytes.fromhex(BUNDLE), slice_bytes=-(-len(data) // 4)
        )
        station.tell(CommandResult(command=command.id, state="done", object=BUNDLE), visit=NO_VISIT)
        station.deliver(RecordClass.PART, [station.records.part(part) for part in parts])
        self.places["object"] = BUNDLE
        path = f"/stations/{station.name}/bundles/{BUNDLE}"
        wait_for(lambda: SOFTWARE in self.get(path), "the bundle")

    def _decide(self) -> None:
        """Maintenance under way, a token, a changed role, a file that waits, a saved view, a new card."""
        now = at_place(self.server.call(self.server.rooms.hub.utc_now_us) / 1000)

        def minute(later: int) -> str:
            return (now + timedelta(minutes=later)).strftime("%Y-%m-%dT%H:%M")

        window = {"station": "nam-ke", "from": minute(-1), "until": minute(120), "why": WHY_QUIET}
        self.post("/maintenance", window, by="Lan")
        later = {"unit": str(COAST), "from": minute(300), "until": minute(420), "why": WHY_QUIET}
        self.post("/maintenance", later, by="Minh")
        self.post("/tokens", {"name": TOKEN, "scope": "fleet:read", "days": "90"})
        self.post("/people/Minh/role", {"role": "admin"})
        self.post("/people/Minh/role", {"role": "operator"})
        self.post("/fleet/views", {"name": VIEW, "query": "q=dao"}, by="Lan")
        took = self.server.post_file(
            "/organisation/import", FILE, IMPORTED.encode(), Cookie=self.server.session(ADMIN)
        )
        assert took.status == 303, took.text[-2000:]
        self.places["digest"] = str(took.headers["Location"]).rpartition("/")[2]

    def _beat(self) -> None:
        """The boxes that are heard say how they are."""
        while not self._stop.wait(60.0):
            with suppress(RuntimeError):  # the hub ends meanwhile
                for name in PLACES:
                    if name not in SILENT:
                        self._status(name)

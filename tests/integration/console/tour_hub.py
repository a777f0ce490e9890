"""The hub that the tour walks through: five stations, calls in every state, papers, advice, a guest."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from contract.events import DeviceQuestion
from contract.ids import CallId, spool_text
from hub.calls.call import Given
from hub.calls.table import Input
from hub.people.accounts import Role
from hub.people.guest_links import GUEST_PREFIX
from tests.simulators.answered_call import answered, give
from tests.simulators.console_devices import OXIMETER
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES: Final = {
    "con-dao-01": "Trạm Y tế Côn Đảo",
    "ly-son": "Trạm Y tế Lý Sơn",
    "muong-nhe": "Trạm Y tế Mường Nhé",
    "co-to-02": "Trạm Y tế Cô Tô",
    "bach-long-vi": "Trạm Y tế Bạch Long Vĩ",
}
PEOPLE: Final = {"Lan": Role.OPERATOR, "Minh": Role.OPERATOR, "BS An": Role.DOCTOR}
PATIENT: Final = "Nguyễn Văn Mẫu"
FINDINGS: Final = "đau ngực từ sáng, tỉnh, nói được"
ADVICE: Final = "Cho nằm nghỉ, đầu cao. Đo lại huyết áp sau 15 phút."
GUEST: Final = "BS Tâm"
NOTE: Final = "gọi lại sau khi đo huyết áp"
DEVICES: Final = (OXIMETER, "usb-9", "1-1.1", "board-1")
ROUTING: Final = (
    """
failsafe = "Minh"
[units.tw]
name = "Trung ương"
hotline = "1900 9095"
[units.dao]
name = "Đơn vị biển đảo"
parent = "tw"
[stations]
"""
    + "".join(f'{station} = "dao"\n' for station in NAMES)
    + """[[groups]]
unit = "dao"
members = ["Lan", "Minh"]
[[on_call]]
unit = "tw"
name = "BS Trực"
phone = "0901234567"
"""
)
# Names and what people typed: told as they are in every language.
TOLD_AS_THEY_ARE: Final = (
    *NAMES.values(),
    *NAMES,
    *PEOPLE,
    *DEVICES,
    GUEST_PREFIX + GUEST,  # so it stands in the journal
    *(PATIENT, FINDINGS, ADVICE, GUEST, NOTE, "Trung ương", "Đơn vị biển đảo", "BS Trực", "Asia/Ho_Chi_Minh"),
)
BEAT_S: Final = 1.0


class TourHub:
    """One hub, seeded. `places` fills in the addresses of the tour's stops."""

    def __init__(self, folder: Path) -> None:
        (folder / "routing.toml").write_text(ROUTING, encoding="utf-8")
        self.server = ConsoleServer(folder, names=NAMES, settings='[folders]\nrouting = "routing.toml"\n')
        self.places: dict[str, str] = {}
        self.stations: dict[str, ConsoleStation] = {}
        self._visits = itertools.count(5)
        self._beating: list[ConsoleStation] = []
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="stations of the tour")

    def __enter__(self) -> Self:
        self.server.__enter__()
        try:
            self._prepare()
        except BaseException:
            self.server.__exit__(None, None, None)
            raise
        self._heart.start()
        lan = self.server.session("Lan")
        wait_for(lambda: ">97" in self.server.get("/", Cookie=lan).text, "the first numbers on the list")
        return self

    def _prepare(self) -> None:
        for name, role in PEOPLE.items():
            self.server.account(name, role)
        self.server.call(lambda: [self.server.rooms.open_page(name) for name in PEOPLE])
        routing = self.server.rooms.routing
        wait_for(lambda: "Minh" in routing.accounts and not routing.has_fault, "the document of routing")
        self._seed()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._heart.join()
        self.server.__exit__(None, None, None)

    def write_papers(self, call: CallId, visit: int) -> None:
        """Somebody types who it is, what was seen and what to do, and sends it."""
        cookie = self.server.session("Lan")
        of = {"spool": spool_text(call.spool), "visit": str(visit)}
        for paper, typed in (
            ("identity", {"name": PATIENT, "birth_year": "1958"}),
            ("consent", {"by_whom": PATIENT, "is_given": "yes", "purpose_record": "1"}),
            ("form", {"findings": FINDINGS, "advice": ADVICE, "urgency": "urgent"}),
        ):
            saved = self.server.post(f"/calls/{call}/papers/{paper}", {**of, **typed}, Cookie=cookie)
            assert saved.status == 303, saved.text
        sent = self.server.post(
            f"/calls/{call}/advice",
            {**of, "findings": FINDINGS, "advice": ADVICE, "urgency": "urgent", "revision": "1"},
            Cookie=cookie,
        )
        assert sent.status == 303, sent.text

    def press(self, name: str) -> CallId:
        """The button of a station is pressed; return the call once the desk has it."""
        call = self.stations[name].press()
        wait_for(lambda: self.server.call(lambda: self.server.rooms.desk.held(call)) is not None, "the call")
        return call

    def put_away(self, call: CallId) -> None:
        """Take a call off every list, whatever became of it."""

        async def close() -> None:
            for input_ in (Input.CLAIM, Input.END, Input.TAKE, Input.CLOSE):
                held = self.server.rooms.desk.held(call)
                owner = (held.call.owner if held else None) or "Lan"
                await self.server.rooms.desk.give(call, Given(input=input_, by=owner))

        self.server.run(close)

    @contextmanager
    def ringing(self) -> Iterator[None]:
        """Two stations call, and a third in an emergency."""
        calls = [self.press(name) for name in ("ly-son", "bach-long-vi", "co-to-02")]
        try:
            self.stations["co-to-02"].hold(calls[-1])
            held = self.server.rooms.desk.held
            wait_for(lambda: self.server.call(lambda: held(calls[-1])).call.is_emergency, "an emergency")
            yield
        finally:
            for call in calls:
                self.put_away(call)

    @contextmanager
    def in_a_call(self) -> Iterator[None]:
        """Lan speaks with a station where somebody is being seen, and has written already."""
        station, visit = self.stations["con-dao-01"], next(self._visits)
        station.open_visit(visit)
        self._beating.append(station)
        call = answered(self.server, station)
        self.places["call_now"] = str(call)
        try:
            self.write_papers(call, visit)
            yield
        finally:
            self._beating.remove(station)
            self.put_away(call)
            station.close_visit()

    @contextmanager
    def invited(self) -> Iterator[None]:
        """Lan made a link for a doctor without an account."""
        with self.in_a_call():
            path = f"/calls/{self.places['call_now']}/link"
            asked = {"Cookie": self.server.session("Lan"), "Accept": "application/json"}
            made = self.server.post(path, {"name": GUEST}, **asked)
            self.places["token"] = str(json.loads(made.text)["url"]).rpartition("/")[2]
            yield

    @contextmanager
    def as_guest(self) -> Iterator[None]:
        """The doctor has used the link; `places["guest"]` is the cookie."""
        with self.invited():
            came = self.server.post(f"/guest/{self.places['token']}")
            self.places["guest"] = str(came.headers["Set-Cookie"]).partition(";")[0]
            yield

    def _seed(self) -> None:
        server = self.server
        self.stations = {name: ConsoleStation(server, name) for name in NAMES}
        for name, station in self.stations.items():
            station.hello(is_connected=name != "bach-long-vi")
        live, asks, written = (self.stations[name] for name in ("muong-nhe", "co-to-02", "ly-son"))
        live.status(owed=3)
        live.open_visit(4)
        self._beating.append(live)
        asks.open_visit(2)
        asks.tell(DeviceQuestion(device="port-1.1", candidates=(OXIMETER, "usb-9"), port="1-1.1"), visit=0)
        written.open_visit(3)
        closed = answered(server, written)
        self.write_papers(closed, 3)
        give(server, closed, Input.END)
        lan = {"Cookie": server.session("Lan")}
        said = {"disposition": "referred", "reason": ""}
        assert server.post(f"/calls/{closed}/disposition", said, **lan).status == 303
        self.places |= {"station": "muong-nhe", "asking": "co-to-02", "call": str(closed), "quiet": "ly-son"}
        self._owed("ly-son", "Lan")
        given = self._owed("muong-nhe", "Minh")
        note = {"call": str(given), f"note-{given}": NOTE, "to": "Lan"}
        assert server.post("/handover/offer", note, Cookie=server.session("Minh")).status == 303
        assert server.post("/drills/con-dao-01/test", {}, **lan).status == 303

    def _owed(self, name: str, by: str) -> CallId:
        """Somebody promised the station to call again."""
        call = self.press(name)
        for input_ in (Input.CLAIM, Input.END, Input.PROMISE):
            give(self.server, call, input_, by=by)
        return call

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_S):
            for station in list(self._beating):
                station.live(seconds=BEAT_S)
                station.numbers(97, 72)

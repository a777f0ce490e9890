"""The papers of a call over HTTP, on a real hub: what is typed, for whom; sent, signed and printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from contract.events import AdviceKept
from contract.ids import CallId, StationId, VisitNo, spool_text, visit_code
from contract.signals import Advice, BoxState
from hub.__main__ import app
from hub.calls.table import Input, State
from hub.cases import advice_saying
from hub.cases.advice_saying import REPEAT_S, SAID_FOR_S
from hub.fleet.station_card import StationCard
from tests.simulators.answered_call import answered, give, seen_at
from tests.simulators.console_server import Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ECG, ConsoleStation
from tests.simulators.pdf_reader import read_pdf

STATIONS = [f"tram-{number:02d}" for number in range(40)]  # each test has its own
UNUSED = iter(STATIONS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cases")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(folder, names={name: f"Trạm {name}" for name in STATIONS}) as server:
        server.account("Lan")
        server.account("Minh")
        server.call(lambda: server.rooms.open_page("Lan"))
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    return seen_at(server, next(UNUSED))


@pytest.fixture
def call(server: ConsoleServer, station: ConsoleStation) -> CallId:
    return answered(server, station)


class Pages:
    """What one operator does."""

    def __init__(self, server: ConsoleServer, call: CallId, name: str = "Lan") -> None:
        self.server, self.call, self.cookie = server, call, server.session(name)

    def get(self, path: str) -> Answer:
        return self.server.get(f"/calls/{self.call}{path}", Cookie=self.cookie)

    def post(self, path: str, visit: int | None = 3, *, is_script: bool = True, **typed: Any) -> Answer:
        of = {} if visit is None else {"spool": spool_text(self.call.spool), "visit": str(visit)}
        accept = {"Accept": "application/json"} if is_script else {}
        return self.server.post(f"/calls/{self.call}{path}", {**of, **typed}, Cookie=self.cookie, **accept)

    def letter(self, visit: int = 3) -> list[str]:
        answer = self.get(f"/letter.pdf?spool={spool_text(self.call.spool)}&visit={visit}")
        assert answer.status == 200, answer.text
        return [page.text for page in read_pdf(answer.data)]


@pytest.fixture
def lan(server: ConsoleServer, call: CallId) -> Pages:
    return Pages(server, call)


def next_person(server: ConsoleServer, station: ConsoleStation, visit: int) -> None:
    station.close_visit()
    station.open_visit(visit)
    wait_for(
        lambda: (
            (now := server.call(lambda: server.rooms.visit_now(StationId(station.name)))) is not None
            and now.visit == visit
        ),
        "the next person",
    )


def close(pages: Pages, **more: Any) -> Answer:
    give(pages.server, pages.call, Input.END)
    return pages.post("/disposition", None, disposition="stays", **more)


def test_the_form_is_saved_as_it_is_typed_from_the_answer_on(lan: Pages) -> None:
    first = json.loads(lan.post("/papers/form", findings="sốt").text)
    assert (first["revision"], first["by"], first["disputed"]) == (1, "Lan", [])
    second = json.loads(lan.post("/papers/form", findings="sốt cao", urgency="urgent", revision="1").text)
    assert (second["revision"], second["form"]["urgency"]) == (2, "urgent")
    assert ">sốt cao</textarea>" in lan.get("").text


def test_before_somebody_has_answered_nothing_is_written(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call")
    assert Pages(server, call).post("/papers/form", findings="sốt").status == 409


def test_two_operators_at_once_lose_nothing(lan: Pages, server: ConsoleServer, call: CallId) -> None:
    minh = Pages(server, call, "Minh")
    lan.post("/papers/form", findings="sốt")
    told = minh.post("/papers/form", findings="ho", advice="nghỉ")
    body = json.loads(told.text)
    assert (told.status, body["disputed"], body["other"]) == (409, ["findings"], "Lan")
    assert body["form"] == {"urgency": None, "findings": "sốt", "advice": "nghỉ"}
    again = minh.post("/papers/form", findings="ho", advice="nghỉ", is_script=False)
    assert again.status == 409
    assert ">ho</textarea>" in again.text
    assert "Lan đã viết: sốt" in again.text


def test_the_next_person_has_an_empty_form_and_a_late_save_stays_the_former_persons(
    lan: Pages, server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    lan.post("/papers/form", findings="của người trước")
    next_person(server, station, 4)
    page = lan.get("/case").text
    assert f'data-code="{visit_code(call.spool, VisitNo(4))}"' in page
    assert "của người trước" not in page
    assert lan.post("/papers/form", visit=3, findings="muộn", revision="1").status == 200
    assert lan.post("/papers/form", visit=4, findings="của người sau").status == 200
    assert ">muộn</textarea>" in lan.get(f"?spool={spool_text(call.spool)}&visit=3").text
    assert ">của người sau</textarea>" in lan.get("").text


def test_wrong_person(lan: Pages, server: ConsoleServer, station: ConsoleStation, call: CallId) -> None:
    """What names a visit that was never part of the call is refused, whichever way it comes."""
    give(server, call, Input.END)
    next_person(server, station, 4)  # the call was over when they sat down
    for path in ("/papers/form", "/papers/identity", "/papers/consent", "/papers/strip", "/advice"):
        typed: dict[str, Any] = {"name": "A", "by_whom": "A", "purpose_letter": "1", "advice": "a"}
        for visit in (4, 5, 0):
            assert lan.post(path, visit=visit, **typed).status in (409, 422), (path, visit)
    elsewhere = {"spool": "1" * 16, "visit": "3", "findings": "x"}
    assert server.post(f"/calls/{call}/papers/form", elsewhere, Cookie=lan.cookie).status == 409
    assert lan.get(f"/letter.pdf?spool={spool_text(call.spool)}&visit=4").status == 409
    assert lan.get(f"?spool={spool_text(call.spool)}&visit=4").status == 404
    assert lan.get(f"/photos/{spool_text(call.spool)}/4/00").status == 404
    assert server.run(lambda: server.rooms.cases.look(call)).persons[0].of.visit == 3


def test_who_somebody_is_never_leaves_the_hub_in_a_signal(lan: Pages, server: ConsoleServer) -> None:
    assert lan.post("/papers/identity", name="Bà Sáu", birth_year="1950").status == 200
    assert lan.post("/papers/identity", name="Bà Bảy").status == 409  # over an older version
    assert lan.post("/papers/identity", name="").status == 422
    lan.post("/advice", advice="uống nhiều nước")
    server.wait_signal(lambda at, signal: at == lan.call.station and isinstance(signal, Advice))
    assert "Bà Sáu" not in repr(server.signals)
    assert "Bà Sáu" in lan.get("").text


def test_the_letter_names_a_person_only_while_the_consent_holds(lan: Pages) -> None:
    lan.post("/papers/identity", name="Nguyễn Thị Ễnh")
    assert "Nguyễn Thị Ễnh" not in "".join(lan.letter())
    agreed: dict[str, Any] = {"by_whom": "con gái", "purpose_letter": "1", "words": "đồng ý gửi đi"}
    assert lan.post("/papers/consent", **agreed).status == 200
    assert "Nguyễn Thị Ễnh" in "".join(lan.letter())
    assert lan.post("/papers/consent", by_whom="con gái", is_given="no", revision="1").status == 200
    assert "Nguyễn Thị Ễnh" not in "".join(lan.letter())


def test_advice_is_said_until_the_station_has_it(
    lan: Pages,
    server: ConsoleServer,
    station: ConsoleStation,
    call: CallId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.loads(lan.post("/advice", advice="uống nước", urgency="soon").text)
    assert (
        json.loads(lan.post("/advice", advice="uống nước", urgency="soon", revision="1").text)["advice"]
        == (body["advice"])
    )
    told = server.wait_signal(lambda at, signal: at == call.station and isinstance(signal, Advice))
    assert isinstance(told, Advice)
    assert (told.advice, told.spool, told.visit) == (body["advice"], spool_text(call.spool), 3)
    assert (told.urgency, told.text, told.by) == ("soon", "uống nước", "Lan")

    def said() -> int:
        return sum(at == call.station and isinstance(signal, Advice) for at, signal in server.signals)

    count = said()
    server.ahead_s += REPEAT_S + 1
    wait_for(lambda: said() > count, "the advice to be said again")
    with monkeypatch.context() as never_by_itself:
        never_by_itself.setattr(advice_saying, "REPEAT_S", 1e6)
        count = said()
        station.hello()
        wait_for(lambda: said() > count, "the advice at the hello")
    station.tell(AdviceKept(advice=body["advice"], state="received"))
    station.tell(AdviceKept(advice=body["advice"], state="not printed", text="hết giấy"))
    wait_for(lambda: "trạm không in được: hết giấy" in lan.get("/case").text, "what became of it")
    count = said()
    server.ahead_s += REPEAT_S + 1
    station.hello()
    lan.post("/papers/form", findings="x")
    assert said() == count


def test_advice_outlives_the_hub_and_is_given_up_after_a_day(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        server.account("Lan")
        call = answered(server, seen_at(server, STATIONS[0]))
        server.set_broker(is_there=False)
        assert Pages(server, call).post("/advice", advice="nằm nghỉ").status == 200
    with ConsoleServer(tmp_path) as again:
        told = again.wait_signal(lambda _, signal: isinstance(signal, Advice))
        assert isinstance(told, Advice)
        assert told.text == "nằm nghỉ"
        again.ahead_s += SAID_FOR_S + 1

        def states() -> list[str]:
            case = again.run(lambda: again.rooms.cases.look(call))
            return [step.state for row in case.persons[0].advice for step in row.steps]

        wait_for(lambda: states() == ["undelivered"], "the advice to be given up")
        count = sum(isinstance(signal, Advice) for _, signal in again.signals)
        again.say(STATIONS[0], BoxState(connected=True, spool=spool_text(call.spool), boot=1, t_us=1))
        again.run(again.rooms.cases.advice.begin)
        assert sum(isinstance(signal, Advice) for _, signal in again.signals) == count


def test_closing_asks_how_it_ended_and_what_becomes_of_unsent_advice(
    lan: Pages, server: ConsoleServer
) -> None:
    lan.post("/papers/form", advice="tái khám")
    assert lan.post("/disposition", None, disposition="stays").status == 409  # it is being talked
    assert close(lan).status == 409
    assert lan.post("/disposition", None).status == 422
    assert lan.post("/disposition", None, disposition="other", unsent="send").status == 422
    assert lan.post("/disposition", None, disposition="stays", unsent="send").status == 200
    server.wait_signal(lambda at, signal: at == lan.call.station and isinstance(signal, Advice))
    assert server.call(lambda: server.rooms.desk.held(lan.call)) is None
    assert lan.post("/papers/form", findings="x").status == 409


def minutes(pages: Pages, *, version: int) -> bytes:
    def found() -> bool:
        answer = pages.get("/minutes.json")
        return answer.status == 200 and json.loads(answer.text)["document"]["version"] == version

    wait_for(found, f"minutes {version}")
    return pages.get("/minutes.json").data


def test_the_papers_of_a_station_in_another_zone_name_its_clock(lan: Pages, server: ConsoleServer) -> None:
    close(lan)
    minutes(lan, version=1)

    def papers() -> list[str]:
        read = ["".join(lan.letter()), "".join(page.text for page in read_pdf(lan.get("/minutes.pdf").data))]
        return [" ".join(text.split()) for text in read]

    assert not any("Giờ trên giấy này" in text for text in papers())
    card = StationCard(station=lan.call.station, zone="Asia/Tokyo")
    server.run(lambda: server.rooms.organisation.keep([card], by="Lan"))
    assert all("Giờ trên giấy này Asia/Tokyo (UTC+09:00)" in text for text in papers())


def test_minutes_are_signed_at_the_close_and_a_correction_names_the_former(
    folder: Path, lan: Pages, server: ConsoleServer
) -> None:
    lan.post("/papers/form", findings="khó thở")
    close(lan)
    first = minutes(lan, version=1)
    document = json.loads(first)["document"]
    assert document["persons"][0]["form"]["findings"] == "khó thở"
    assert [line["input"] for line in document["journal"]][-2:] == ["END", "CLOSE"]
    assert json.loads(document["journal"][-1]["detail"])["disposition"] == "stays"
    assert lan.post("/correction", findings="ho", revision="1").status == 422
    assert lan.post("/correction", findings="ho", revision="1", reason="ghi nhầm").status == 200
    second = minutes(lan, version=2)
    assert json.loads(second)["document"]["reason"] == "ghi nhầm"
    read = "".join(page.text for page in read_pdf(lan.get("/minutes.pdf").data))
    assert "ghi nhầm" in read
    assert json.loads(second)["document"]["corrects"] in read.replace("\n", "")

    def verify(raw: bytes) -> int:
        (folder / "minutes.json").write_bytes(raw)
        ca = str(server.authority.ca)
        run = CliRunner().invoke(app, ["minutes", "verify", str(folder / "minutes.json"), "--ca", ca])
        return run.exit_code

    assert (verify(first), verify(second)) == (0, 0)
    (folder / "hub.toml").write_text("")
    shown = CliRunner().invoke(
        app, ["minutes", "show", str(lan.call), "--config", str(folder / "hub.toml"), "--language", "en"]
    )
    assert shown.exit_code == 0, shown.output
    for said in (
        "MINUTES OF A CALL",
        f"Call: {lan.call}",
        "Findings: ho",
        "Why corrected: ghi nhầm",
        "version 2 of 2",
    ):
        assert said in shown.output
    for place in range(0, len(first), 97):
        assert verify(first[:place] + bytes([first[place] ^ 1]) + first[place + 1 :]) != 0


def test_minutes_wait_for_the_authoritys_key_and_are_signed_by_the_next_hub(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        server.account("Lan")
        call = answered(server, seen_at(server, STATIONS[0]))
        key = server.authority.pair("ca")[1]
        key.rename(tmp_path / "away")
        assert close(Pages(server, call)).status == 200
        assert Pages(server, call).get("/minutes.json").status == 404
    (tmp_path / "away").rename(key)
    with ConsoleServer(tmp_path) as again:
        minutes(Pages(again, call), version=1)


def test_the_letter_has_the_ecg_at_true_scale_and_nothing_of_another_person(
    lan: Pages, server: ConsoleServer, station: ConsoleStation, call: CallId
) -> None:
    one_mv = int(1000 / 5)  # steps of 5 µV
    wave = [one_mv if index % 250 < 125 else 0 for index in range(2_000)]
    lan.post("/papers/form", findings="đau ngực", advice="chuyển ngay", urgency="emergency")
    station.samples(ECG, wave)
    station.numbers(91, 118)
    next_person(server, station, 4)
    lan.post("/papers/form", visit=4, findings="bí mật của người sau")
    station.samples(ECG, [7 * one_mv if index % 100 < 50 else 0 for index in range(1_000)])
    station.numbers(55, 33)
    wait_for(lambda: "55 %" in "".join(lan.letter(4)), "what came of the next person")
    raw = lan.get(f"/letter.pdf?spool={spool_text(call.spool)}&visit=3").data
    pages = read_pdf(raw)
    text = "\n".join(page.text for page in pages)
    assert visit_code(call.spool, VisitNo(3)) in text
    assert visit_code(call.spool, VisitNo(4)) not in text
    for shown in (
        f"Trạm {station.name}",
        "đau ngực",
        "chuyển ngay",
        "cấp cứu",
        "91 %",
        "118 lần/phút",
        "Lan",
        "không lọc",
    ):
        assert shown in text
    for hidden in ("bí mật", "55 %", "33 lần/phút"):
        assert hidden not in text
    (trace,) = [line for line in pages[-1].black if len(line.points) > 100]
    assert trace.height_mm == pytest.approx(10.0, rel=0.005)
    assert trace.width_mm == pytest.approx((len(wave) - 1) / 250 * 25, rel=0.005)
    rises = [x for (x, y), (_, b) in zip(trace.points[1:], trace.points, strict=False) if y - b > 5]
    assert np.diff(rises) == pytest.approx(25.0, rel=0.005)


def test_a_moment_that_was_kept_stays_on_the_letter_while_newer_ecg_comes(
    lan: Pages, station: ConsoleStation
) -> None:
    assert lan.post("/papers/strip").status == 409
    station.samples(ECG, [200] * 500)
    wait_for(lambda: lan.post("/papers/strip").status == 200, "the ECG")
    kept = lan.letter()[-1]
    station.samples(ECG, [0, 400] * 2_000)
    assert lan.letter()[-1].split("\n")[1:3] == kept.split("\n")[1:3]


def test_practice_says_so_on_every_paper(
    server: ConsoleServer, station: ConsoleStation, call: CallId, lan: Pages
) -> None:
    async def practise() -> None:
        def work(store: object) -> None:
            store._db.execute(  # type: ignore[attr-defined]
                "UPDATE call SET kept = json_set(kept, '$.practice', 'drill') WHERE seq = ?", (call.seq,)
            )

        await server.rooms.hub.run_write(work)

    server.run(practise)
    assert "DIỄN TẬP" in lan.get("").text
    assert all("DIỄN TẬP" in page for page in lan.letter())


def test_without_scripts_the_page_takes_everything(lan: Pages, server: ConsoleServer) -> None:
    answer = lan.post("/papers/form", findings="sốt", is_script=False)
    assert answer.status == 303
    assert server.get(str(answer.headers["Location"]), Cookie=lan.cookie).status == 200
    assert lan.post("/papers/identity", name="A", is_script=False).status == 303
    assert 'http-equiv="refresh"' not in lan.get("").text  # it would take away what is being typed
    give(server, lan.call, Input.END)
    closed = lan.post("/disposition", None, disposition="mistake", is_script=False)
    assert closed.status == 303
    page = server.get(str(closed.headers["Location"]), Cookie=lan.cookie).text
    assert "nhấn nhầm hoặc thử nút" in page


def test_nobody_writes_who_may_not_answer_or_comes_from_another_site(
    lan: Pages, server: ConsoleServer, call: CallId
) -> None:
    assert server.get(f"/calls/{call}").status == 303
    form = {"spool": spool_text(call.spool), "visit": "3", "findings": "x"}
    for path in ("papers/form", "papers/identity", "advice", "disposition", "correction"):
        foreign = server.post(f"/calls/{call}/{path}", form, Cookie=lan.cookie, Origin="https://example.org")
        assert foreign.status == 403
        nobody = server.post(f"/calls/{call}/{path}", form, Accept="application/json")
        assert nobody.status in (303, 401)
    assert lan.get("/case").text.count("<script") == 0


def test_what_is_typed_is_text_and_never_a_page(lan: Pages) -> None:
    lan.post("/papers/form", findings="<script>alert(1)</script>", advice="</textarea><b>")
    lan.post("/papers/identity", name='"><img src=x>')
    page = lan.get("").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "</textarea><b>" not in page
    assert State.CLAIMED.name not in page

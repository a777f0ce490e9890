"""The papers of a call by keyboard: saved as they are typed, for whom they were typed, sent, closed."""

import itertools
import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from contract.events import AdviceKept
from contract.ids import CallId, VisitNo, spool_text, visit_code
from contract.signals import Advice
from hub.calls.call import Given
from hub.calls.table import ANSWERED_STATES, Input
from hub.cases.case_book import Saved
from hub.cases.notes import Form
from hub.store.interface import StoreFailedError
from hub.store.papers import VisitId
from tests.browser import chromium_page, wait_until
from tests.simulators.answered_call import answered, give
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ECG, ConsoleStation

VISITS = itertools.count(3)
FINDINGS, ADVICE = "textarea[name=findings]", "textarea[name=advice]"
SAVED = re.compile(r"^đã lưu lúc \d\d:\d\d:\d\d$")


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    provoked = (
        r"ERR_(CONNECTION_(REFUSED|RESET)|INCOMPLETE_CHUNKED)|409 \(Conflict\)|503 \(Service Unavailable\)"
    )
    with chromium_page(allow=provoked) as page:
        yield page


@pytest.fixture
def visit(station: ConsoleStation) -> Iterator[VisitId]:
    """Somebody is being seen."""
    of = VisitId(station.records.spool, VisitNo(next(VISITS)))
    station.open_visit(of.visit)
    yield of
    station.close_visit()


@pytest.fixture
def call(server: ConsoleServer, station: ConsoleStation, visit: VisitId) -> Iterator[CallId]:
    """Lan talks with the station; she has a page open somewhere."""
    close_page = server.call(lambda: server.rooms.open_page("Lan"))
    call = answered(server, station)
    wait_for(lambda: server.call(lambda: server.rooms.visit_now(call.station)) == visit, "the visit")
    yield call
    server.call(close_page)


@pytest.fixture
def papers(
    server: ConsoleServer,
    call: CallId,
    browser_page: Page,
    enter: Callable[[ConsoleServer, str], None],
) -> Iterator[Page]:
    """The page of the call, with its event stream heard."""
    enter(server, "Lan")
    browser_page.goto(f"{server.url}/calls/{call}")
    wait_until(browser_page, "document.body.papers !== undefined")
    yield browser_page
    browser_page.goto("about:blank")
    for input_ in (Input.END, Input.CLOSE):
        given = Given(input=input_, by="Lan")
        server.run(partial(server.rooms.desk.give, call, given))


def kept(server: ConsoleServer, call: CallId, of: VisitId) -> Form:
    case = server.run(lambda: server.rooms.cases.look(call))
    form: Form = case.person(of).form[0]
    return form


def test_by_keyboard_alone_typed_saved_sent_and_closed(
    server: ConsoleServer, station: ConsoleStation, papers: Page, call: CallId, visit: VisitId
) -> None:
    papers.locator("input[name=urgency]").first.focus()
    papers.keyboard.press("ArrowRight")
    papers.keyboard.press("Tab")
    papers.keyboard.type("khó thở khi kể chuyện")
    expect(papers.locator("#case-saved")).to_have_text(SAVED)
    papers.keyboard.press("Tab")
    papers.keyboard.type("nằm đầu cao, gọi lại sau 10 phút")
    papers.keyboard.press("Control+Enter")
    told = server.wait_signal(lambda at, signal: at == call.station and isinstance(signal, Advice))
    assert isinstance(told, Advice)
    assert (told.text, told.urgency, told.spool) == (
        "nằm đầu cao, gọi lại sau 10 phút",
        "soon",
        spool_text(visit.spool),
    )
    expect(papers.locator("#case-advice")).to_contain_text("chờ trạm xác nhận")
    station.tell(AdviceKept(advice=told.advice, state="printed"))
    expect(papers.locator("#case-advice")).to_contain_text("đã in ở trạm")
    assert kept(server, call, visit).findings == "khó thở khi kể chuyện"
    give(server, call, Input.END)
    choice = papers.locator("#case-close select")
    expect(choice).to_be_visible()
    choice.focus()
    papers.keyboard.press("ArrowDown")
    papers.keyboard.press("Tab")
    papers.keyboard.press("Enter")
    expect(papers.locator("#case-close")).to_have_count(0)
    expect(papers.locator(".case-links")).to_contain_text("Biên bản")
    expect(papers.get_by_role("button", name="Ký bản sửa")).to_be_visible()


def test_the_next_person_takes_no_letter_of_the_one_before(
    server: ConsoleServer, station: ConsoleStation, papers: Page, call: CallId, visit: VisitId
) -> None:
    papers.locator(FINDINGS).focus()
    papers.keyboard.type("của người trước")
    follower = VisitId(visit.spool, VisitNo(next(VISITS)))
    station.close_visit()
    station.open_visit(follower.visit)
    code = visit_code(follower.spool, follower.visit)
    expect(papers.locator(".case-head h2")).to_have_text(f"Lượt khám {code}")
    expect(papers.locator(".case-turned")).to_have_value(re.compile(f"mẫu mới cho {code}"))
    papers.keyboard.type("muộn")  # under way still: to nobody
    expect(papers.locator(FINDINGS)).to_have_value("")
    wait_for(lambda: kept(server, call, visit).findings == "của người trước", "what was typed before")
    papers.locator(FINDINGS).focus()
    papers.keyboard.type("của người sau")
    wait_for(lambda: kept(server, call, follower).findings == "của người sau", "what was typed after")
    assert kept(server, call, visit).findings == "của người trước"
    papers.locator(f"nav a[data-visit='{visit.visit}']").click()
    expect(papers.locator(FINDINGS)).to_have_value("của người trước")
    expect(papers.locator("#case-told")).to_contain_text("Trạm đang khám người khác")


def test_a_stretch_of_ecg_is_kept_and_what_was_typed_beside_it_stays(
    server: ConsoleServer, station: ConsoleStation, papers: Page, call: CallId, visit: VisitId
) -> None:
    station.samples(ECG, [200] * 500)
    papers.locator("input[name=urgency]").first.focus()
    papers.keyboard.press("ArrowRight")
    papers.locator(FINDINGS).focus()
    papers.keyboard.type("đau ngực")
    expect(papers.locator("#case-saved")).to_have_text(SAVED)
    papers.locator("#case-strip").focus()
    papers.keyboard.press("Enter")
    expect(papers.locator(".case-links")).to_contain_text("đoạn giữ lúc")
    expect(papers.locator(FINDINGS)).to_have_value("đau ngực")
    papers.locator(ADVICE).focus()
    papers.keyboard.type("nằm nghỉ")
    wait_for(lambda: kept(server, call, visit).advice == "nằm nghỉ", "the advice")
    assert (kept(server, call, visit).findings, kept(server, call, visit).urgency) == ("đau ngực", "soon")


def test_a_colleagues_words_appear_and_where_both_wrote_both_are_shown(
    server: ConsoleServer, papers: Page, call: CallId, visit: VisitId
) -> None:
    def minh_writes(form: Form, base: int) -> None:
        server.run(lambda: server.rooms.cases.save_form(call, visit, form, base=base, by="Minh"))

    minh_writes(Form(advice="uống nước"), 0)
    expect(papers.locator(ADVICE)).to_have_value("uống nước")
    papers.locator(FINDINGS).focus()
    papers.keyboard.type("ho")
    expect(papers.locator("#case-saved")).to_have_text(SAVED)
    papers.keyboard.type(" có đờm")
    minh_writes(Form(advice="uống nước", findings="sốt"), 2)
    other = papers.locator("[data-of=findings]")
    expect(other).to_contain_text("Minh đã viết: sốt")
    expect(papers.locator(FINDINGS)).to_have_value("ho có đờm")
    other.get_by_role("button", name="Ghép cả hai").click()
    wait_for(lambda: kept(server, call, visit).findings == "sốt\nho có đờm", "both")
    expect(other).to_be_hidden()


def test_the_papers_stand_under_the_strips_of_the_station_and_one_key_leads_to_them(
    server: ConsoleServer, station: ConsoleStation, papers: Page, call: CallId, visit: VisitId
) -> None:
    papers.goto(f"{server.url}/stations/{call.station}")
    expect(papers.locator("#papers .case-head h2")).to_contain_text(visit_code(visit.spool, visit.visit))
    expect(papers.locator("[data-deed=minutes]")).to_be_visible()
    papers.keyboard.press("b")
    expect(papers.locator(FINDINGS)).to_be_focused()
    papers.keyboard.type("khám qua video")  # no letter of it is a command
    wait_for(lambda: kept(server, call, visit).findings == "khám qua video", "what was typed")
    station.close_visit()
    station.open_visit(next(VISITS))
    expect(papers.locator(".case-turned")).to_be_focused()
    papers.keyboard.type(
        "khó thở"
    )  # nor of what is still typed when the next person sits down: K would end the call
    held = server.call(lambda: server.rooms.desk.held(call))
    assert held is not None
    assert held.state in ANSWERED_STATES


def test_what_was_typed_while_nothing_could_be_kept_outlives_a_reload(
    server: ConsoleServer, papers: Page, call: CallId, visit: VisitId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> Saved:
        raise StoreFailedError("the disk is full")

    with monkeypatch.context() as full:
        full.setattr(server.rooms.cases, "save_form", fails)
        papers.locator(FINDINGS).focus()
        papers.keyboard.type("gõ khi đĩa đầy")
        expect(papers.locator("#case-saved")).to_have_text("Chưa lưu được. Hãy thử lại.")
        papers.reload()
        expect(papers.locator(FINDINGS)).to_have_value("gõ khi đĩa đầy")
        assert kept(server, call, visit).findings == ""
    wait_for(lambda: kept(server, call, visit).findings == "gõ khi đĩa đầy", "what was typed")

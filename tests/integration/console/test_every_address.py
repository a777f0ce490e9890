"""What holds for every address of the console: who may ask, from where; nothing typed becomes a page."""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Final, NoReturn

import pytest
from starlette.routing import Route

from contract.ids import CallId, spool_text
from hub.calls.call import Given
from hub.calls.table import Input
from hub.console.app import ROUTES
from hub.store.interface import StoreFailedError
from tests.simulators.answered_call import answered, give, seen_at
from tests.simulators.console_server import ConsoleServer

HOSTILE: Final = "</script><script>alert(1)</script><b onload=x>\"'&"
DEEDS: Final = [one.path for one in ROUTES if isinstance(one, Route) and "POST" in (one.methods or ())]
PAGES: Final = [one.path for one in ROUTES if isinstance(one, Route) and "GET" in (one.methods or ())]
OPEN: Final = (  # without an account
    "/login", "/favicon.ico", "/guest", "/guest/events", "/guest/{token}", "/metrics",
)  # fmt: skip
STATION: Final = "tram-01"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    name = "Trạm </script><script>alert(1)</script>"
    with ConsoleServer(
        tmp_path_factory.mktemp("every"), names={STATION: name, "tram-02": "Trạm 02"}
    ) as server:
        server.account("Lan")
        server.call(lambda: server.rooms.open_page("Lan"))
        yield server


@pytest.fixture(scope="module")
def call(server: ConsoleServer) -> CallId:
    """A call in which hostile words were typed wherever somebody may type."""
    station = seen_at(server, STATION)
    call = answered(server, station)
    cookie, of = server.session("Lan"), {"spool": spool_text(call.spool), "visit": "3"}
    for paper, typed in (
        ("identity", {"name": HOSTILE}),
        ("consent", {"by_whom": HOSTILE, "words": HOSTILE, "purpose_record": "1"}),
        ("form", {"findings": HOSTILE, "advice": HOSTILE}),
    ):
        saved = server.post(f"/calls/{call}/papers/{paper}", {**of, **typed}, Cookie=cookie)
        assert saved.status == 303, saved.text
    sent = server.post(f"/calls/{call}/advice", {**of, "advice": HOSTILE, "revision": "1"}, Cookie=cookie)
    assert sent.status == 303, sent.text
    asked = Given(input=Input.ASK, by="Lan", to=HOSTILE, kind="second")

    async def ask() -> None:
        assert (await server.rooms.desk.give(call, asked)).is_done

    server.run(ask)
    assert server.post(f"/calls/{call}/link", {"name": "<script>x</script>"}, Cookie=cookie).status == 200
    give(server, call, Input.END)
    note = {"call": str(call), f"note-{call}": HOSTILE, "to": "*"}
    assert server.post("/handover/offer", note, Cookie=cookie).status == 303
    return call


def address(path: str, call: CallId) -> str:
    values = {"call": str(call), "station": STATION, "paper": "form", "word": "drill", "input": "claim"}
    values |= {"no": "1", "deed": "add", "box": "HD-1", "what": "units", "digest": "0" * 64}
    values |= {"layer": "all", "object": "0" * 32}
    values |= {"device": "d", "photo": "p", "spool": spool_text(call.spool), "visit": "3", "token": "x" * 43}
    values |= {"name": "Lan", "alert": "1", "window": "1", "view": "1"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], path)


@pytest.mark.parametrize("path", DEEDS)
@pytest.mark.parametrize("origin", ["https://elsewhere.example", ""])
def test_no_deed_is_done_for_a_page_of_another_site(
    server: ConsoleServer, call: CallId, path: str, origin: str
) -> None:
    def revisions() -> list[int]:
        return [one.row.revision for one in server.call(server.rooms.desk.open_calls)]

    before = revisions()
    answer = server.post(address(path, call), {}, Cookie=server.session("Lan"), Origin=origin)
    assert answer.status == 403
    assert revisions() == before


@pytest.mark.parametrize("path", [path for path in DEEDS if path not in OPEN and path != "/guest/leave"])
def test_no_deed_is_done_for_strangers(server: ConsoleServer, call: CallId, path: str) -> None:
    answer = server.post(address(path, call), {})
    assert (answer.status, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", [path for path in PAGES if path not in OPEN])
def test_no_page_is_shown_to_strangers(server: ConsoleServer, call: CallId, path: str) -> None:
    answer = server.get(address(path, call))
    assert (answer.status, answer.headers["Location"]) == (303, "/login")


@pytest.mark.parametrize("path", [path for path in PAGES if not path.endswith("events")])
def test_nothing_that_somebody_typed_becomes_part_of_a_page(
    server: ConsoleServer, call: CallId, path: str
) -> None:
    of = f"?spool={spool_text(call.spool)}&visit=3"
    answer = server.get(address(path, call) + of, Cookie=server.session("Lan"))
    if "html" in answer.headers.get("Content-Type", ""):
        assert "<script>" not in answer.text
        assert "<b onload" not in answer.text


def test_what_was_typed_is_shown_as_it_was_typed(server: ConsoleServer, call: CallId) -> None:
    page = server.get(f"/calls/{call}", Cookie=server.session("Lan")).text
    assert str(escape(HOSTILE, quote=False)).split('"')[0] in page


def test_a_link_is_not_spent_on_a_store_that_fails(
    server: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> NoReturn:
        raise StoreFailedError("the disk is full")

    call = answered(server, seen_at(server, "tram-02"))
    made = server.post(
        f"/calls/{call}/link", {"name": "Nga"}, Cookie=server.session("Lan"), Accept="application/json"
    )
    path = str(json.loads(made.text)["url"]).removeprefix(server.url)
    with monkeypatch.context() as full:
        full.setattr(server.rooms.desk, "give", fails)
        assert server.post(path).status == 503
    let_in = server.post(path)
    assert (let_in.status, let_in.headers["Location"]) == (303, "/guest")

"""Whatever is thrown at an address, a form or a document of the API, the hub answers, and never with a fault.

What an address or a form is asked for is not listed here: it is noted when the page asks for it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from starlette.datastructures import ImmutableMultiDict
from starlette.routing import Route, WebSocketRoute

from contract.ids import CallId
from hub.api.endpoints import ENDPOINTS, PREFIX
from hub.console.app import ROUTES
from hub.people.tokens import Scope
from tests.integration.console.hostile_values import HOSTILE, HOSTILE_JSON
from tests.integration.console.tour_fleet import ADMIN, BUNDLE, TourFleet
from tests.simulators.answered_call import answered

STATION: Final = "con-dao-01"
ADDRESSES: Final = [
    (method, one.path)
    for method in ("GET", "POST")  # first what is read, for a form may take it away
    for one in ROUTES
    if isinstance(one, Route) and method in (one.methods or ())
]
SOCKETS: Final = [one.path for one in ROUTES if isinstance(one, WebSocketRoute)]
LINE_MAX_CHARS: Final = 8_000  # of a socket's request: uvicorn's library of sockets answers no longer one
OF_EVERY_PAGE: Final = frozenset({"lang", "theme"})  # thrown at one page, for all
NEAR_THE_END: Final = {"from": str(2**63 - 1_000_001), "until": str(2**63 - 1)}
CARD: Final = ("name", "unit", "north", "east", "zone", "aliases", "contacts", "devices", "note", "revision")
CASE: Final = ("spool", "visit", "revision")
FORMS: Final[Mapping[str, tuple[str, ...]]] = {  # read as a whole: nobody sees which field is asked for
    "/units/{no}/{deed}": ("name", "since", "code", "aliases", "zone", "unit", "closed", "revision"),
    "/stations/{station}/card": (*CARD, "unit_no", "closed", "find"),
    "/stations/{station}/boxes": ("out", "in", "why", "retire", "revision"),
    "/boxes": ("box", "unit", "note"),
    "/boxes/{box}": ("unit", "note", "retired", "revision"),
    "/maintenance": ("station", "unit", "from", "until", "why"),
    "/calls/{call}/papers/{paper}": (*CASE, "birth_year", "name", "by_whom", "findings", "advice", "urgency"),
    "/calls/{call}/advice": (*CASE, "findings", "advice", "urgency"),
    "/calls/{call}/disposition": ("disposition", "reason", "unsent"),
    "/calls/{call}/correction": ("disposition", "reason", "no"),
    "/calls/{call}/{input}": ("kind", "to", "revision", "no"),
}
DOCUMENTS: Final[Mapping[str, dict[str, str]]] = {
    "/fleet/window": {"window": '"x"', "stations": "[]"},
    "/duty": {"console": '"x"', "clock_offset_ms": "1.0", "sound": "true"},
    "/ringing": {"console": '"x"', "is_heard": "true", "calls": "[]"},
}
CARD_DOCUMENT: Final = {
    "name": '"x"',
    "unit": "1",
    "zone": "null",
    "aliases": "[]",
    "note": '""',
    "position": '{"north_deg": 1, "east_deg": 1}',
}


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with a connection. `asked_for`: which names the hub has looked for since it was cleared;
    `faults`: what was answered with one.
    """

    hub: TourFleet
    call: CallId
    headers: dict[str, str]
    asked_for: set[str]
    connection: HTTPConnection
    faults: list[str] = field(default_factory=list)

    def values(self, path: str) -> dict[str, str]:
        """What stands in the address of a page that is there."""
        places = self.hub.places
        deeds = {"deed": "edit", "word": "drill", "input": "claim", "paper": "identity", "what": "stations"}
        return {
            **deeds,
            "station": STATION,
            "call": str(self.call),
            "no": places["unit"] if path.startswith("/units") else "1",
            "box": places["box"],
            "digest": places["digest"],
            "layer": "group:bien-dao",
            "object": BUNDLE,
            "device": "board-1",
            "photo": "0" * 32,
            "spool": f"{self.call.spool:016x}",
            "visit": "3",
            "token": "x" * 43,
            "name": "Minh",
            "alert": places["alert"],
            "window": "1",
            "view": "1",
        }

    def fields(self, path: str) -> dict[str, str]:
        """What is asked there in an address or form that makes sense, as far as nonsense would end there."""
        match path.removeprefix("/stations/{station}"):
            case "/playback" | "/playback.pdf":
                return dict(parse_qsl(self.hub.places["period"]))
            case "/playback/piece":
                return dict(parse_qsl(self.hub.places["period"])) | NEAR_THE_END
        if path.startswith("/calls/{call}/"):
            return {"spool": f"{self.call.spool:016x}", "visit": "3", "kind": "second"}
        return {"why": "x", "from": "2026-11-01"} if path.startswith(("/maintenance", "/conf")) else {}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> int:
        """Return the status of an answer."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        told = f"{method} {path[:200]} {(body or '')[:200]}"
        try:
            self.connection.request(method, path, None if body is None else body.encode(), sent)
            answer = self.connection.getresponse()
        except TimeoutError:
            self.connection.close()
            self.faults.append(f"no answer: {told}")
            return 0
        if "event-stream" in answer.headers.get("Content-Type", "") or answer.status == 101:
            self.connection.close()
        else:
            answer.read()
        if answer.status >= 500:
            self.faults.append(f"{answer.status}: {told}")
        return answer.status

    def send(self, method: str, path: str, fields: Mapping[str, str]) -> int:
        """Ask with fields in the address, or in a form; they are quoted already."""
        text = "&".join(f"{name}={value}" for name, value in fields.items())
        if method == "GET":
            return self.ask("GET", f"{path}?{text}" if text else path)
        return self.ask("POST", path, text, Content_Type="application/x-www-form-urlencoded")


def _noting(asked_for: set[str], plain: Callable[..., Any]) -> Callable[..., Any]:
    def ask(self: object, name: object) -> Any:
        asked_for.add(str(name))
        return plain(self, name)

    return ask


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    asked_for: set[str] = set()
    with pytest.MonkeyPatch.context() as noting, TourFleet(tmp_path_factory.mktemp("hostile")) as hub:
        call = answered(hub.server, hub.stations[STATION], by=ADMIN)
        for name in ("__getitem__", "__contains__", "getlist"):
            noting.setattr(ImmutableMultiDict, name, _noting(asked_for, getattr(ImmutableMultiDict, name)))
        headers = {"Cookie": hub.server.session(ADMIN), "Origin": hub.server.url}
        with closing(HTTPConnection("127.0.0.1", hub.server.port, timeout=30)) as connection:
            yield Asker(hub, call, headers, asked_for, connection)


@pytest.fixture(autouse=True)
def _no_fault(asker: Asker) -> Iterator[None]:
    asker.faults.clear()
    yield
    assert asker.faults == []


def filled(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: values[found[1]], path)


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_no_value_of_an_address_or_a_form_is_a_fault(asker: Asker, method: str, path: str) -> None:
    values, fields = asker.values(path), asker.fields(path)
    for name in re.findall(r"\{([^}]*)\}", path):
        for value in HOSTILE:
            asker.send(method, filled(path, values | {name: value}), {})
    asker.asked_for.clear()
    asker.send(method, filled(path, values), fields)
    done: set[str] = set(() if path == "/" else OF_EVERY_PAGE)
    known = set(fields) | set(FORMS.get(path, ()) if method == "POST" else ())
    while names := (asker.asked_for | known) - done:
        for name in sorted(names):
            for value in HOSTILE:
                asker.send(method, filled(path, values), fields | {name: value})
        done |= names
    if path == "/logout":
        asker.headers["Cookie"] = asker.hub.server.session(ADMIN)


@pytest.mark.parametrize("path", SOCKETS)
def test_no_value_of_a_socket_s_address_is_a_fault(asker: Asker, path: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    for name in re.findall(r"\{([^}]*)\}", path):
        for value in (one for one in HOSTILE if len(one) < LINE_MAX_CHARS):
            address = filled(path, asker.values(path) | {name: value})
            asker.ask("GET", address, Sec_WebSocket_Key="eHh4eHh4eHh4eHh4eHh4eA==", **upgrade)
            asker.connection.close()


@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_document_of_a_page_is_a_fault(asker: Asker, path: str) -> None:
    for document in hostile_documents(DOCUMENTS[path]):
        asker.ask("POST", path, document, Content_Type="application/json")


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.name)
def test_no_value_of_the_api_is_a_fault(asker: Asker, one: Any) -> None:
    def ask(address: str, body: str | None = None, **headers: str) -> int:
        people = asker.hub.server.rooms.people
        if len(texts) == 0 or len(asked) % 90 == 0:  # a token may ask no oftener
            _, text = asker.hub.server.run(lambda: people.make_token("x", list(Scope), days=1, by=ADMIN))
            texts.append(text)
        asked.append(address)
        sent = {"Authorization": f"Bearer {texts[-1]}", "If_Match": "0"} | headers
        status = asker.ask(one.method, PREFIX + address, body, **sent)
        assert status not in (401, 429)
        return status

    texts: list[str] = []
    asked: list[str] = []
    values = {"station": STATION, "call": str(asker.call)}
    for parameter in one.parameters:
        for value in HOSTILE:
            if parameter.is_in_path:
                ask(filled(one.path, values | {parameter.name: value}))
            else:
                ask(f"{filled(one.path, values)}?{parameter.name}={value}")
    if one.takes is not None:
        for document in hostile_documents(CARD_DOCUMENT):
            ask(filled(one.path, values), document)
    for value in HOSTILE[:8] if one.needs_revision else ():
        ask(filled(one.path, values), "{}", If_Match=value)


def hostile_documents(fields: dict[str, str]) -> Iterator[str]:
    yield from HOSTILE_JSON
    for name in fields:
        for value in HOSTILE_JSON:
            told = fields | {name: value}
            yield "{" + ", ".join(f'"{key}": {each}' for key, each in told.items()) + "}"
            yield "{" + ", ".join(f'"{key}": [{each}]' for key, each in told.items() if key == name) + "}"

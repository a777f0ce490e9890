"""Calls whose page and station speak in words: what tests of rooms and of photographs say and wait for."""

import json
import random
from collections.abc import Callable
from typing import Any

from contract.ids import CallId, StationId, spool_text
from contract.media import (
    MediaSignal,
    Offer,
    StationMedia,
)
from contract.signals import AnySignal
from tests.simulators.call_page import PAGE
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

SETTINGS = """[media]
stun = ["stun:hub.example:3478"]
turn = ["turn:hub.example:3478"]
turn_secret_file = "turn.secret"
"""
OTHER, LEG, NEXT_LEG, PHOTO = "b" * 16, "1" * 16, "2" * 16, "c" * 32
JPEG = random.Random(4).randbytes(9_500)


def claimed(server: ConsoleServer, station: ConsoleStation, cookie: str, visit: int = 7) -> CallId:
    station.open_visit(visit)
    call = station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call")
    answer = server.post(f"/calls/{call}/claim", Cookie=cookie, Accept="application/json")
    assert answer.status == 200
    return call


def end(server: ConsoleServer, call: CallId, cookie: str) -> None:
    def is_done() -> bool:
        revision = server.call(lambda: server.rooms.desk.held(call)).row.revision
        form = {"revision": str(revision)}  # which grows while a page joins
        return server.post(f"/calls/{call}/end", form, Cookie=cookie, Accept="application/json").status == 200

    wait_for(is_done, "the end")


def told(server: ConsoleServer, call: CallId, kind: type[MediaSignal], **fields: Any) -> Any:
    """Wait until the station was told this."""

    def is_it(station: StationId, signal: AnySignal) -> bool:
        if not isinstance(signal, kind) or station != call.station or signal.call_seq != call.seq:
            return False
        return all(getattr(signal, name) == value for name, value in fields.items())

    return server.wait_signal(is_it)


def count(server: ConsoleServer, call: CallId, kind: type[MediaSignal]) -> int:
    return sum(isinstance(one, kind) and at == call.station for at, one in server.signals)


def says(server: ConsoleServer, call: CallId, kind: type[MediaSignal], **fields: Any) -> None:
    signal = kind.model_validate({"spool": spool_text(call.spool), "call_seq": call.seq, **fields})
    server.signal(call.station, signal)


def offers(server: ConsoleServer, call: CallId, *, page: str = PAGE, leg: str = LEG) -> None:
    says(server, call, Offer, page=page, leg=leg, direction="up", sdp="v=0 station")


def media(server: ConsoleServer, call: CallId, leg: str | None = LEG, **fields: Any) -> None:
    closed = {"camera": "closed", "microphone": "closed", "loudspeaker": "closed"}
    says(server, call, StationMedia, **{**closed, "leg": leg, **fields})


def photos(server: ConsoleServer, station: ConsoleStation, cookie: str) -> list[dict[str, Any]]:
    answer = server.get(f"/stations/{station.name}/photos", Cookie=cookie, Accept="application/json")
    assert answer.status == 200
    found: list[dict[str, Any]] = json.loads(answer.text)["photos"]
    return found


def wait_photo(
    server: ConsoleServer, station: ConsoleStation, cookie: str, is_so: Callable[[dict[str, Any]], bool]
) -> None:
    def found() -> bool:
        return any(is_so(one) for one in photos(server, station, cookie))

    wait_for(lambda: server.call(lambda: server.rooms.stations.knows(station.records.station)), "the station")
    wait_for(found, "the photograph")

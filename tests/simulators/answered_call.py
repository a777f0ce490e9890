"""A call in which an operator and a station hear each other, without any page or picture."""

from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.table import Input
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation


def give(server: ConsoleServer, call: CallId, input_: Input, *, by: str = "Lan") -> None:
    """Give an input, which must be taken."""
    moved = server.run(lambda: server.rooms.desk.give(call, Given(input=input_, by=by)))
    assert moved.is_done, moved.why


def answered(server: ConsoleServer, station: ConsoleStation, *, by: str = "Lan") -> CallId:
    """Press, answer, and hear each other."""
    call = station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call")
    for input_ in (Input.CLAIM, Input.JOINED, Input.FLOWS):
        give(server, call, input_, by=by)
    return call


def seen_at(server: ConsoleServer, name: str, *, visit: int = 3) -> ConsoleStation:
    """A station where somebody is being seen."""
    station = ConsoleStation(server, name)
    station.hello()
    station.open_visit(visit)
    return station

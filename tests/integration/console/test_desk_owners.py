"""What is on the list is somebody's: shared between those who are there, and never of one who is gone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.calls.table import Input, State
from hub.people.accounts import Accounts, Role
from hub.routing.duty import Proof
from tests.integration.console.desk_calls import give, held, talk, wait_state
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

PROOF = Proof(sound=True, microphone=True, clock_offset_ms=0.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path) as server:
        for name in ("Lan", "Minh"):
            server.account(name)
        server.account("BS Hoa", Role.DOCTOR)
        wait_for(lambda: len(server.rooms.routing.accounts) == 2, "the accounts")
        yield server


def ready(server: ConsoleServer, *names: str) -> None:
    duty, now_s = server.rooms.routing.duty, server.rooms.hub.now_s
    server.call(lambda: [duty.hear(name, name, PROOF, now_s=now_s()) for name in names])


def owners(server: ConsoleServer) -> Counter[str | None]:
    return Counter(one.call.owner for one in server.call(server.rooms.desk.open_calls))


def remove(server: ConsoleServer, name: str) -> None:
    with closing(Accounts(server.config.accounts_path)) as accounts:
        accounts.remove(name)


def test_what_is_given_away_at_once_is_shared_between_those_who_are_ready(server: ConsoleServer) -> None:
    stations = [ConsoleStation(server, f"tram-{number}", spool=number + 1) for number in range(6)]
    calls = [station.press(waited_s=700.0) for station in stations]
    for call in calls:
        wait_state(server, call, State.CALLBACK)
    assert owners(server) == {None: 6}
    ready(server, "Lan", "Minh")
    wait_for(lambda: owners(server) == {"Lan": 3, "Minh": 3}, "each to have half of them")


def test_what_an_account_that_was_removed_has_left_is_somebody_elses(server: ConsoleServer) -> None:
    owed, unwritten, doctors = (
        ConsoleStation(server, f"tram-{number}", spool=number + 1).press() for number in range(3)
    )
    for call, by in ((owed, "Minh"), (unwritten, "Minh"), (doctors, "BS Hoa")):
        wait_for(lambda call=call: held(server, call) is not None, "the call")  # type: ignore[misc]
        talk(server, call, by=by)
        assert give(server, call, Input.END, by=by)
    assert give(server, owed, Input.PROMISE, by="Minh")
    ready(server, "Lan")
    remove(server, "Minh")
    wait_for(lambda: not server.rooms.routing.has_account("Minh"), "the account to be gone")
    server.ahead_s += 5.0
    ready(server, "Lan")
    wait_for(lambda: owners(server) == {"Lan": 2, "BS Hoa": 1}, "who is still there to have it")
    now = held(server, owed)
    assert now is not None and now.state is State.CALLBACK
    lines = server.run(lambda: server.rooms.desk.journal(unwritten))
    assert (lines[-1].input, lines[-1].by) == ("ASSIGN", None)

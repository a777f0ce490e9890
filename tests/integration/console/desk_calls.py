"""Calls at the desk of a real hub, as tests look at them and give them inputs."""

import math

from contract.ids import CallId
from contract.signals import CallState
from hub.calls.call import Given
from hub.calls.open_call import OpenCall
from hub.calls.table import Input, State
from hub.store.interface import Store
from hub.store.sqlite import SqliteStore
from tests.simulators.console_server import ConsoleServer, wait_for


def held(server: ConsoleServer, call: CallId) -> OpenCall | None:
    """Return an open call."""
    found: OpenCall | None = server.call(lambda: server.rooms.desk.held(call))
    return found


def wait_state(server: ConsoleServer, call: CallId, state: State | None) -> None:
    """Wait until a call stands so; None: it is closed."""

    def stands() -> bool:
        now = held(server, call)
        return (now and now.state) == state

    wait_for(stands, f"{call} in {state}, not {(now := held(server, call)) and now.state}")


def wait_looked(server: ConsoleServer) -> None:
    """Wait until the desk has looked at all calls by the clocks of now, and done what was due."""
    desk = server.rooms.desk
    ticks = {server.call(lambda: desk._tick_us)}

    def is_done() -> bool:
        ticks.add(server.call(lambda: desk._tick_us))
        return len(ticks) > 2  # the first may have begun before

    wait_for(is_done, "the desk to look around")


def wait_still(server: ConsoleServer, call: CallId, state: State) -> None:
    """The desk looks at a call, and it stands as it stood."""
    wait_looked(server)
    now = held(server, call)
    assert now is not None
    assert now.state is state


def give(server: ConsoleServer, call: CallId, *inputs: Input | Given, by: str | None = None) -> bool:
    """Give inputs one after the other; return whether all were taken."""
    givens = [one if isinstance(one, Given) else Given(input=one, by=by) for one in inputs]

    async def give_all() -> bool:
        return all([(await server.rooms.desk.give(call, one)).is_done for one in givens])

    return bool(server.run(give_all))


def talk(server: ConsoleServer, call: CallId, *, by: str) -> None:
    """Claim a call whose page joins, and speaks and hears for ever."""
    assert give(server, call, Input.CLAIM, by=by)
    server.call(lambda: setattr(server.rooms.media._rooms[call], "_flowed_s", math.inf))
    assert give(server, call, Input.JOINED, Input.FLOWS, by=by)


def wait_told(server: ConsoleServer, call: CallId, state: str) -> CallState:
    """Wait until the station was told so, and return what it was told."""
    told = server.wait_signal(
        lambda station, signal: (
            station == call.station
            and isinstance(signal, CallState)
            and (signal.call_seq, signal.state) == (call.seq, state)
        )
    )
    assert isinstance(told, CallState)
    return told


def on_disk(server: ConsoleServer, sql: str) -> None:
    """Change the hub's database under it."""

    def work(store: Store) -> None:
        assert isinstance(store, SqliteStore)
        store._db.execute(sql)

    async def run() -> None:
        await server.rooms.hub.run_write(work)

    server.run(run)

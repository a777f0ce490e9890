"""A thousand presses in ten seconds: all are taken, in order, and a key is answered at once."""

import time
from pathlib import Path

import pytest

from contract.ids import CallId, RecordClass
from hub.calls.call import Given
from hub.calls.table import Input, State
from tests.simulators.box import BoxRecords
from tests.simulators.console_server import ConsoleServer, wait_for

PRESSES, BOXES = 1_000, 20


@pytest.mark.timeout(240)
def test_a_thousand_presses_are_taken_in_order_and_a_key_does_not_wait_for_them(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        key = server.authority.seal_keys.newest().public
        boxes = [BoxRecords(f"tram-{number:02d}", key, spool=number + 1) for number in range(BOXES)]
        for box in boxes:
            server.take(box.station, RecordClass.CALL, box.parcel([box.key()]))
        reads = count_reads(server)
        calls: list[CallId] = []
        keys_s: list[float] = []
        for number in range(PRESSES):
            box = boxes[number % BOXES]
            server.take(box.station, RecordClass.CALL, box.parcel([box.press()]))
            calls.append(CallId(box.station, box.spool, max(seq for _, seq in box.sent)))
            if number % 100 == 99:
                keys_s.append(claimed(server, calls[number - 50]))
        desk = server.rooms.desk
        wait_for(lambda: server.call(lambda: len(desk.open_calls())) == PRESSES, "all presses")
        in_order = [one.call_id for one in server.call(desk.open_calls)]
        assert sorted(in_order) == sorted(calls)
        per_station = [[one for one in in_order if one.station == box.station] for box in boxes]
        assert all(mine == sorted(mine) for mine in per_station)
        states = {one.state for one in server.call(desk.open_calls)}
        assert states <= {State.RECEIVED, State.CLAIMED, State.OFFERED}
        assert sorted(keys_s)[len(keys_s) // 2] < 2.0  # on a loaded machine; the bench has the numbers
        assert len(reads) <= 5, "the list of open calls is not read anew for each press"


def count_reads(server: ConsoleServer) -> list[int]:
    """Note each time that all open calls are read."""
    noted: list[int] = []
    keeping = server.rooms.desk._keeping
    read = keeping.read_open

    async def noting() -> list[object]:
        noted.append(1)
        return list(await read())

    server.call(lambda: setattr(keeping, "read_open", noting))
    return noted


def claimed(server: ConsoleServer, call: CallId) -> float:
    """Claim a call of the storm once it is at the desk; return how long that took."""
    desk = server.rooms.desk
    wait_for(lambda: server.call(lambda: desk.held(call)) is not None, "a call of the storm")
    began_s = time.monotonic()
    moved = server.run(lambda: desk.give(call, Given(input=Input.CLAIM, by="Lan")))
    assert moved.is_done
    return time.monotonic() - began_s

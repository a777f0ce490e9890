"""A hub that starts takes up its stations by and by: who looks is served first, and news is not undone."""

from pathlib import Path

from contract.events import DeviceState, Status
from contract.ids import BY_HAND, RecordClass, StationId
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import BOARD, ConsoleStation

NAMES = [StationId(f"con-dao-{number:02}") for number in range(1, 13)]


def test_a_page_that_is_asked_for_at_once_knows_what_the_store_knows(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        for name in NAMES:
            station = ConsoleStation(server, name)
            station.open_visit(3)
            station.status(round_trip_ms=612, owed=7)
        wait_for(lambda: visits(server) == [3] * len(NAMES), "their visits")
    with ConsoleServer(tmp_path) as server:
        server.account("Lan")
        text = server.get(f"/stations/{NAMES[-1]}", Cookie=server.session("Lan")).text
        assert "612 ms" in text
        wait_for(lambda: visits(server) == [3] * len(NAMES), "the rest")


def test_what_comes_before_its_station_is_taken_up_is_not_turned_back(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        station = ConsoleStation(server, NAMES[0])
        station.open_visit(3)
        station.tell(DeviceState(device=BOARD, state="silent"))
        wait_for(lambda: server.call(lambda: word(server)) == "silent", "the device")
    with ConsoleServer(tmp_path) as server:
        server.call(lambda: server.rooms.feed.begin([NAMES[0]]))  # as if its turn had not come
        station.server = server
        station.open_visit(4)
        station.tell(DeviceState(device=BOARD, state="connected"))
        wait_for(lambda: server.call(lambda: visit(server, NAMES[0])) == 4, "the next visit")
        server.run(lambda: server.rooms.feed.open_for([NAMES[0]]))
        assert server.call(lambda: visit(server, NAMES[0])) == 4
        assert server.call(lambda: word(server)) == "connected"


def test_numbers_that_waited_turn_nobody_back_to_the_card_before(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        before = ConsoleStation(server, NAMES[0], spool=0xB0C5)
        before.open_visit(3)
        before.numbers(91, 48)
        wait_for(lambda: server.call(lambda: visit(server, NAMES[0])) == 3, "who was there first")
        now = ConsoleStation(server, NAMES[0], spool=0xB0C6)
        now.open_visit(1)
        wait_for(lambda: server.call(lambda: visit(server, NAMES[0])) == 1, "the next, on another card")
        server.run(lambda: server.rooms.feed.open_for([NAMES[0]]))
        assert server.call(lambda: server.rooms.feed.now(NAMES[0]).spool) == 0xB0C6
        assert server.call(lambda: visit(server, NAMES[0])) == 1


def test_what_an_old_card_tells_late_does_not_hide_the_card_in_the_box(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        old = ConsoleStation(server, NAMES[0], spool=0xB0C5)
        old.open_visit(3)
        now = ConsoleStation(server, NAMES[0], spool=0xB0C6)
        now.open_visit(1)
        now.status(round_trip_ms=612)
        wait_for(lambda: server.call(lambda: server.rooms.feed.now(NAMES[0]).status) is not None, "the card")
    with ConsoleServer(tmp_path) as server:
        server.account("Lan")
        wait_for(lambda: server.call(lambda: server.rooms.feed.now(NAMES[0]).spool) == 0xB0C6, "the card")
        server.call(lambda: server.rooms.feed.stations.pop(NAMES[0]))
        server.call(lambda: server.rooms.feed.begin([NAMES[0]]))  # as if its turn had not come
        server.take(NAMES[0], RecordClass.NUMERIC, late_status(old))
        wait_for(lambda: server.call(lambda: server.rooms.feed.now(NAMES[0]).spool) == 0xB0C5, "the old card")
        text = server.get(f"/stations/{NAMES[0]}", Cookie=server.session("Lan")).text
        assert "612 ms" in text
        assert "77 ms" not in text
        assert server.call(lambda: visit(server, NAMES[0])) == 1


def late_status(station: ConsoleStation) -> bytes:
    """A parcel brought by hand: it does not say when it was made."""
    station.records.t_us = station.now_us() - 60_000_000
    status = Status(
        owed={},
        spool_bytes=1,
        disk_free_bytes=1,
        round_trip_ms=77,
        connected_for_s=1.0,
        frames_damaged=0,
        samples_lost=0,
        refused=0,
    )
    raw = station.records.event(status)
    station.records.boot = BY_HAND
    return bytes(station.records.parcel([raw]))


def visits(server: ConsoleServer) -> list[int | None]:
    found: list[int | None] = server.call(lambda: [visit(server, name) for name in NAMES])
    return found


def visit(server: ConsoleServer, station: StationId) -> int | None:
    found = server.rooms.feed.now(station).visit
    return None if found is None else found.no


def word(server: ConsoleServer) -> str | None:
    return server.rooms.feed.now(NAMES[0]).devices.word(BOARD)

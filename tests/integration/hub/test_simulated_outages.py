"""A fleet that is to end brings back the stations whose links are down: a real broker, long outages."""

from pathlib import Path
from random import Random

import pytest

from contract.ids import SpoolId
from hub.clock import Clock
from hub.simulate import fleet_service
from hub.simulate.bodies import Person
from hub.simulate.enrolment import choose, enrol_all
from hub.simulate.fleet_service import Habits, SimFleet
from hub.simulate.station import SimStation
from tests.broker import Broker

EVERY_S = 2
STATIONS = 5
TICKS = 60  # a second each
AN_HOUR_S = 3_600.0


def test_what_is_owed_does_not_wait_for_an_outage_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_service, "outage_length_s", lambda _: AN_HOUR_S)
    with Broker(tmp_path) as broker:
        fleet = _fleet(broker, tmp_path, outages_per_hour=1_800.0)
        try:
            fleet.run(lambda _: fleet.figures.outages == 0)
            assert fleet.figures.up < STATIONS
            ticks = iter(range(TICKS))
            fleet.drain(lambda _: fleet.figures.up < STATIONS and next(ticks, None) is not None)
            assert fleet.figures.up == STATIONS
        finally:
            fleet.close()


def test_a_station_whose_press_is_not_confirmed_comes_back_before_the_others(tmp_path: Path) -> None:
    """A box waits in no queue: that of the generator is not to be measured."""
    with Broker(tmp_path) as broker:
        fleet = _fleet(broker, tmp_path, outages_per_hour=0.0)
        try:
            fleet.run(lambda _: fleet.figures.up < STATIONS)
            *others, last = fleet._clients
            assert fleet.press(last.station.name)
            for client in (*others, last):
                fleet._drop(client)
                fleet._enqueue(client)
            assert list(fleet._queue) == [last, *others]
        finally:
            fleet.close()


def _fleet(broker: Broker, folder: Path, *, outages_per_hour: float) -> SimFleet:
    rng = Random(1)
    places = choose({}, STATIONS, units=None)
    hub_key = broker.authority.seal_keys.newest()
    person = Person(EVERY_S, rng, spo2_pct=97)
    return SimFleet(
        [
            (SimStation(place.station, SpoolId(number), hub_key, person, has_probe=True), credential)
            for number, (place, credential) in enumerate(
                zip(places, enrol_all(broker.authority, folder / "simulated", places), strict=True), 1
            )
        ],
        address=("127.0.0.1", broker.port),
        ca=broker.authority.ca,
        habits=Habits(every_s=EVERY_S, outages_per_hour=outages_per_hour),
        now_s=Clock().now_s,
        rng=rng,
    )

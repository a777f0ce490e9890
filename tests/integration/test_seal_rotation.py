"""A hub makes new seal keys while a box works, sleeps through two, and hears what is not from its hub.

Real processes: mosquitto, `hub ingest`, `edge vitals`; the board is simulated.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from contract.events import KeyMade, Press
from contract.ids import RecordClass, StationId
from contract.seal_offers import make_offer
from contract.sealing import HubKey
from contract.signals import SealKey, encode_signal
from edge.health.report import Finding
from hub.config import Config
from hub.ingest.keyring import KeyRing
from hub.pki.authority import Authority, Enrolment
from hub.pki.seal_keys import SealKeys
from hub.store.sqlite import SqliteStore
from tests.broker import Broker
from tests.integration.conftest import Command
from tests.running_hub import HubProcess, hub_config, read_store
from tests.simulators.box import BoxLink
from tests.village.eyes import wait_until
from tests.village.station import Station

pytestmark = pytest.mark.timeout(600)  # its waits have limits of their own, for a loaded machine

NAME = "con-dao-01"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "hub", stations=[NAME]) as broker:
        yield broker


@pytest.fixture
def config(broker: Broker) -> Config:
    config = hub_config(broker)
    SqliteStore(config.store_folder, is_writer=True).close()  # so that it can be looked at from the start
    return config


@pytest.fixture
def hub(config: Config) -> Iterator[HubProcess]:
    with HubProcess(config) as hub:
        yield hub


@pytest.fixture
def station(hub: HubProcess, broker: Broker, tmp_path: Path) -> Iterator[Station]:
    given = broker.boxes[NAME]
    with Station(NAME, tmp_path / "box", given, broker_port=broker.port, recording="an") as station:
        yield station


def keys(config: Config) -> list[KeyMade]:
    """The box's keys that the hub has, in the order in which they were made."""
    with read_store(config) as store:
        return [event for _, _, event in store.box_keys()]


def hub_keys(config: Config) -> list[int | None]:
    """For which of the hub's keys they are wrapped."""
    return [event.hub_key for event in keys(config)]


def wait_for_keys(config: Config, *numbers: int) -> None:
    wait_until(lambda: hub_keys(config) == list(numbers), what=f"keys wrapped for {numbers}")


def rotate(config: Config, command: Command, *, times: int = 1) -> None:
    for _ in range(times):
        assert command("seal", "rotate", "--config", config.path).status == 0


def finding(station: Station) -> Finding:
    (found,) = [one for one in station.report().findings if one.part == "seal"]
    return found


def says(station: Station, text: str) -> bool:
    return text in finding(station).text


def assert_everything_opens(config: Config) -> int:
    """Open every body that the hub has with its keys of now; return how many."""
    ring, opened = KeyRing(SealKeys(config.pki_folder).read()), 0
    with read_store(config) as store:
        assert store.waiting_keys() == []
        for spool in store.spools(StationId(NAME)):
            for record_class in (RecordClass.NUMERIC, RecordClass.WAVEFORM):
                for one in store.chunks(StationId(NAME), spool, record_class=record_class):
                    opener = ring.opener(store.key_event, *one.record_id[:2], one.record.header.key_id)
                    assert opener is not None
                    opener.open(one.record)
                    opened += 1
    return opened


def test_a_box_goes_over_to_new_keys_of_its_hub_without_a_restart_and_after_two_that_it_slept_through(
    station: Station,
    config: Config,
    command: Command,
) -> None:
    wait_for_keys(config, 1)
    wait_until(station.answers, what="vitals runs")
    assert finding(station) == Finding(part="seal", is_well=True, text="sealed to key 1 of the hub")

    rotate(config, command)
    wait_for_keys(config, 1, 2)
    station.board.press()

    def press_key() -> int | None:
        with read_store(config) as store:
            told = store.events(StationId(NAME), names=["press"])
        return told[0].record.header.key_id if told and isinstance(told[0].event, Press) else None

    wait_until(lambda: press_key() is not None, what="the press is at the hub, opened")
    assert press_key() == keys(config)[1].key_id

    station.vitals.kill()
    rotate(config, command, times=2)
    station.vitals.start()
    wait_for_keys(config, 1, 2, 2, 4)
    station.vitals.kill()
    station.vitals.start()
    wait_for_keys(config, 1, 2, 2, 4, 4)
    wait_until(station.answers, what="vitals runs again")
    assert finding(station).text == "sealed to key 4 of the hub"
    wait_until(lambda: assert_everything_opens(config) > 0, what="waveforms of it all")
    said = command("seal", "list", "--config", config.path)
    assert (said.status, said.err) == (0, "")


def test_offers_of_a_stranger_and_of_old_keys_change_nothing_and_the_doctor_tells_of_them(
    station: Station, hub: HubProcess, broker: Broker, config: Config, command: Command, tmp_path: Path
) -> None:
    wait_for_keys(config, 1)
    first = SealKeys(config.pki_folder).newest()
    rotate(config, command)
    wait_for_keys(config, 1, 2)
    hub.kill()
    stranger = Authority(tmp_path / "stranger")
    stranger.make(names=(), now=datetime.now(UTC))
    strangers = HubKey(9, stranger.seal_keys.newest().public)
    offers: list[tuple[SealKey, str]] = [
        (make_offer(strangers, sign=stranger.sign), "key 9 is not signed by this installation's authority"),
        (make_offer(first, sign=broker.authority.sign), "the hub offers seal key 1, older than 2"),
    ]
    own = Enrolment(broker.authority.ca, *broker.authority.pair("hub"), broker.authority.seal_keys.public)
    for count, (offer, text) in enumerate(offers, start=1):
        with BoxLink(own, "hub", port=broker.port) as meddler:  # who has the hub's certificate, or the broker
            meddler.publish(f"v1/{NAME}/down/signal", encode_signal(offer)).wait_for_publish(30)
        wait_until(partial(says, station, text), what=text)
        assert f"{count} offers of another were not taken" in finding(station).text
        assert not finding(station).is_well
    assert hub_keys(config) == [1, 2]

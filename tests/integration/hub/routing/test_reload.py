import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from contract.ids import StationId
from hub.config import read_config
from hub.routing.outside import Delivery
from hub.routing.policy import LAST_RUNG
from hub.routing.routing_service import Routing
from hub.routing.told import Told
from tests.integration.hub.routing.alarms import SECRET, alarm, utc_now_us
from tests.simulators.webhook_receiver import WebhookReceiver

STATION = StationId("con-dao-01")
DOCUMENT = 'failsafe = "giam-doc"\n[[groups]]\nmembers = ["{member}"]\n[units.tw]\nhotline = "{hotline}"\n'


class Place:
    """A hub's folder with its routing document, and accounts that may change."""

    def __init__(self, folder: Path) -> None:
        self.accounts = ["giam-doc", "lan", "minh"]
        self.document = folder / "routing.toml"
        self._config = folder / "hub.toml"
        self._config.write_text('[folders]\nrouting = "routing.toml"\n', encoding="utf-8")
        self._writes = 0
        self.failures = 0  # of the next tries to read the accounts

    def write(self, text: str) -> None:
        """Write it as an editor does, which a coarse clock of files must not hide."""
        self.document.write_text(text, encoding="utf-8")
        self._writes += 1
        os.utime(self.document, ns=(self._writes, self._writes))

    def routing(self) -> Routing:
        async def accounts() -> Sequence[str]:
            if self.failures:
                self.failures -= 1
                raise OSError("the disk is away")
            return list(self.accounts)

        return Routing(
            read_config(self._config),
            accounts=accounts,
            station_name=lambda station: f"Trạm {station}",
            now_s=lambda: 100.0,
            utc_now_us=utc_now_us,
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.write(DOCUMENT.format(member="lan", hotline="115"))
    return made


def ringing(routing: Routing) -> frozenset[str]:
    return routing.ladder(STATION, is_emergency=False).steps[0].accounts


def test_the_document_is_read_at_the_start_and_again_when_it_changes(place: Place) -> None:
    async def work() -> None:
        routing, changed = place.routing(), asyncio.Event()
        await routing.begin()
        assert ringing(routing) == {"lan"}
        assert (routing.hotline(STATION), routing.fault) == ("115", None)
        routing.on_change(changed.set)
        running = asyncio.create_task(routing.run())
        place.write(DOCUMENT.format(member="minh", hotline="1900 9095"))
        await changed.wait()
        assert ringing(routing) == {"minh"}
        assert routing.hotline(STATION) == "1900 9095"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def test_a_broken_new_document_is_refused_and_told_and_the_old_one_holds(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        routing = place.routing()
        await routing.begin()
        place.write(DOCUMENT.format(member="minh", hotline="115").replace("members", "member"))
        await routing.look()
        assert ringing(routing) == {"lan"}
        assert "groups[1].members is missing" in str(routing.fault)
        assert "the document as it was before holds" in str(routing.fault)
        assert "groups[1].members is missing" in caplog.text
        place.document.unlink()
        await routing.look()
        assert ringing(routing) == {"lan"}
        assert "cannot be read" in str(routing.fault)
        place.write(DOCUMENT.format(member="minh", hotline="115"))
        await routing.look()
        assert ringing(routing) == {"minh"}
        assert routing.fault is None

    asyncio.run(work())


def test_with_a_document_that_was_broken_from_the_start_everybody_rings(place: Place) -> None:
    async def work() -> None:
        place.write("failsafe = 3")
        routing = place.routing()
        await routing.begin()
        assert ringing(routing) == {"giam-doc", "lan", "minh"}
        assert "until it is mended, everybody rings" in str(routing.fault)

    asyncio.run(work())


def test_when_the_failsafes_account_is_removed_it_is_told_and_when_it_is_made_again_all_is_well(
    place: Place,
) -> None:
    async def work() -> None:
        routing = place.routing()
        await routing.begin()
        assert routing.list_owner(STATION) == "giam-doc"
        place.accounts.remove("giam-doc")
        await routing.look()
        assert "failsafe = 'giam-doc': expected the account that owns" in str(routing.fault)
        assert ringing(routing) == {"lan"}
        place.accounts.append("giam-doc")
        await routing.look()
        assert (routing.fault, routing.list_owner(STATION)) == (None, "giam-doc")

    asyncio.run(work())


def test_an_account_that_is_made_while_the_hub_runs_rings_too(place: Place) -> None:
    async def work() -> None:
        place.write('failsafe = "giam-doc"\n[[groups]]\nmembers = ["*"]')
        routing = place.routing()
        await routing.begin()
        place.accounts.append("hoa")
        await routing.look()
        assert ringing(routing) == {"giam-doc", "lan", "minh", "hoa"}

    asyncio.run(work())


def test_adapters_of_a_new_document_are_looked_after_at_once(place: Place) -> None:
    async def work() -> None:
        routing, changed = place.routing(), asyncio.Event()
        await routing.begin()
        running = asyncio.create_task(routing.run())
        routing.on_change(changed.set)
        place.write('failsafe = "lan"\n[[sms]]\nname = "c1"\ncommand = ["no-such-program", "{number}"]')
        while not routing.adapter_faults:
            changed.clear()
            await changed.wait()
        assert routing.adapter_faults == {"c1": "SMS command c1: there is no program no-such-program"}
        place.write('failsafe = "lan"')
        await routing.look()
        assert routing.adapter_faults == {}
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(work())


def test_accounts_that_cannot_be_read_for_a_moment_change_nothing(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        routing, changed = place.routing(), asyncio.Event()
        await routing.begin()
        routing.on_change(changed.set)
        place.accounts, place.failures = ["giam-doc"], 1
        running = asyncio.create_task(routing.run())
        await changed.wait()
        assert place.failures == 0
        assert ringing(routing) == frozenset()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert "routing stays as it is" in caplog.text

    asyncio.run(work())


def test_what_is_told_outside_is_told_once_also_by_a_hub_that_was_restarted(place: Place) -> None:
    with WebhookReceiver(SECRET) as receiver:
        (place.document.parent / "s").write_bytes(SECRET)
        place.write(
            f'failsafe = "giam-doc"\n[[webhooks]]\nname = "w1"\nurl = "{receiver.url}"\nsecret_file = "s"\n'
            'rungs = ["supervisor", "doctor"]\n'
        )
        call_id = alarm().call_id

        async def work(before: str | None) -> str:
            routing = place.routing()
            await routing.begin()
            if before is not None:
                routing.told = Told.from_json(before)
            ladder = routing.ladder(STATION, is_emergency=False)
            due = routing.untold(call_id, ladder, LAST_RUNG)
            deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
            routing.on_delivery(deliveries.put_nowait)
            for _ in range(2):
                routing.tell(call_id, due, ladder=ladder, pressed_utc_us=utc_now_us())
            states = [(await deliveries.get()).state for _ in due]
            assert states == ["sent"] * len(due)
            assert deliveries.empty()
            assert routing.untold(call_id, ladder, LAST_RUNG) == ()
            return routing.told.to_json()

        told = asyncio.run(work(None))
        asyncio.run(work(told))
        assert sorted(body["rung"] for body in receiver.taken.values()) == ["doctor", "supervisor"]
        assert len(receiver.posts) == 2
        assert {body["station_name"] for body in receiver.taken.values()} == {"Trạm con-dao-01"}

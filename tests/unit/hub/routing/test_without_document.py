import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from contract.ids import StationId
from hub.config import parse_config
from hub.routing import routing_service
from hub.routing.duty import Proof
from hub.routing.ladder import may_ring, next_rung, staffed_rung
from hub.routing.policy import LAST_RUNG, Rung
from hub.routing.routing_service import Routing

STATION = StationId("con-dao-01")
READY = Proof(sound=True, microphone=True, clock_offset_ms=2.0)


def begun() -> Routing:
    async def accounts() -> Sequence[str]:
        return ["lan", "minh"]

    routing = Routing(
        parse_config("", path=Path("/srv/hub.toml")),
        accounts=accounts,
        station_name=str,
        now_s=lambda: 50.0,
        utc_now_us=lambda: 1_795_000_000_000_000,
    )
    asyncio.run(routing.begin())
    return routing


def test_everybody_who_may_answer_rings_at_once_and_at_every_rung() -> None:
    ladder = begun().ladder(STATION, is_emergency=False)
    assert [step.accounts for step in ladder.steps] == [{"lan", "minh"}] * 4
    assert [step.after_s for step in ladder.steps] == [0.0, 15.0, 30.0, 60.0]
    assert all(may_ring(ladder, rung, "minh") and not may_ring(ladder, rung, "nobody") for rung in Rung)
    assert ladder.tells(LAST_RUNG) == ()


def test_with_nobody_ready_the_last_rung_is_reached_at_once_and_stays() -> None:
    ladder = begun().ladder(STATION, is_emergency=False)
    assert staffed_rung(ladder, ladder.first_rung, frozenset()) is LAST_RUNG
    assert next_rung(ladder, LAST_RUNG, frozenset()) is LAST_RUNG
    assert ladder.due_s(LAST_RUNG) is None


def test_a_missed_call_goes_to_whoever_is_ready_and_to_nobody_if_nobody_is() -> None:
    routing = begun()
    assert routing.list_owner(STATION) is None
    routing.duty.hear("c1", "minh", READY, now_s=50.0)
    assert routing.ready() == {"minh"}
    assert routing.list_owner(STATION) == "minh"


def test_there_is_no_hotline_and_a_station_is_never_heard_without_a_press() -> None:
    routing = begun()
    assert routing.hotline(STATION) is None
    assert not routing.may_answer_by_itself(STATION)
    assert routing.may_drill(STATION)
    assert (routing.fault, routing.adapter_faults, routing.limits.missed_s) == (None, {}, 120.0)


def test_somebody_who_is_ready_and_not_known_yet_is_looked_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing_service, "LOOK_EVERY_S", 3_600.0)
    names = ["lan"]

    async def accounts() -> Sequence[str]:
        return tuple(names)

    async def hire() -> None:
        routing = Routing(
            parse_config("", path=Path("/srv/hub.toml")),
            accounts=accounts,
            station_name=str,
            now_s=lambda: 50.0,
            utc_now_us=lambda: 1_795_000_000_000_000,
        )
        await routing.begin()
        known = asyncio.Event()
        routing.on_change(known.set)
        running = asyncio.create_task(routing.run())
        names.append("hoa")
        routing.duty.hear("a page", "hoa", READY, now_s=50.0)
        async with asyncio.timeout(20.0):
            await known.wait()
        assert routing.accounts == ("lan", "hoa")
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(hire())

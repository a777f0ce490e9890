"""A supply that becomes low is told to the hub at once, and not with the next status five minutes later."""

from contract.events import Power, Status
from edge.config import BoxConfig
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_configuration_in_vitals import (  # noqa: F401 - fixtures
    HubSide,
    broker,
    config,
    hub,
    until,
    vitals,
)


@in_a_loop
async def test_a_low_supply_is_told_at_once(config: BoxConfig, hub: HubSide) -> None:  # noqa: F811
    power: Power = "ok"
    async with vitals(config) as service:
        await until(lambda: hub.told(Status))
        service._machine.read_power = lambda: power  # type: ignore[method-assign]
        power = "low"
        await until(lambda: hub.told(Status)[-1].power == "low")

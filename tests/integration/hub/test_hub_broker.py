"""The hub's own connection to a real broker."""

import asyncio
import random
import time
from contextlib import suppress
from pathlib import Path

from contract.ids import StationId
from contract.signals import BoxState, Interest, encode_signal
from contract.topics import Topic
from hub.broker import Broker as HubBroker
from hub.broker import HubLogin
from tests.broker import Broker
from tests.simulators.box import WAIT_LIMIT_S, BoxLink

CON_DAO = StationId("con-dao-01")


def test_who_said_hello_before_the_hub_came_is_answered_while_the_hub_connects(tmp_path: Path) -> None:
    """Mosquitto sends what was retained before it acknowledges the subscription that asks for it."""
    with Broker(tmp_path, stations=[CON_DAO]) as broker:
        with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box:
            box.say(BoxState(connected=True, spool="000000000000b0c5", boot=1, t_us=5))
            assert box.publish("v1/con-dao-01/up/1", b"behind it").rc == 0
        certificate, key = broker.authority.pair("hub")
        assert asyncio.run(answers(broker.port, HubLogin(broker.authority.ca, certificate, key)))


async def answers(port: int, login: HubLogin) -> bool:
    """Answer each message as it comes; return whether the answer to the first one went out."""
    first: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    answer = encode_signal(Interest(lease_s=30.0))

    def on_message(_topic: str, _data: bytes, _is_retained: bool) -> None:
        went_out = hub.publish(CON_DAO, Topic.INTEREST, answer)
        if not first.done():
            first.set_result(went_out)

    hub = HubBroker(
        address=("127.0.0.1", port),
        login=login,
        on_message=on_message,
        now_s=time.monotonic,
        rng=random.Random(1),
    )
    running = asyncio.create_task(hub.run())
    try:
        return await asyncio.wait_for(first, WAIT_LIMIT_S)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

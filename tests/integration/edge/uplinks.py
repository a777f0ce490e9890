"""The real uplink and spool of a box, without board and call, in the loop of the test."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from contract.ids import StationId
from contract.media import MediaSignal
from contract.receipts import Receipt
from contract.sealing import read_hub_key
from contract.signals import Advice, CallState, ConfirmDevice, Practice, RingStation
from contract.times import Anchor
from edge.clock import BoxClock
from edge.config import BoxConfig, VideoConfig
from edge.spool.batch import Batch, OwedRecord
from edge.spool.spool_service import SpoolThread
from edge.uplink.ears import Ears
from edge.uplink.owed import Owed
from edge.uplink.receipts_service import Card
from edge.uplink.timeline import Doubt, Timeline
from edge.uplink.uplink_service import Uplink
from hub.pki.authority import Enrolment

LIMIT_S: Final = 30.0  # of one wait, on a loaded machine


def box_config(folder: Path, files: Enrolment, *, port: int, host: str = "localhost") -> BoxConfig:
    """The configuration of a box that was given these files."""
    return BoxConfig(
        file=folder / "box.toml",
        station=StationId("con-dao-01"),
        data_dir=folder / "data",
        hub_host=host,
        hub_port=port,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        seal_key=files.seal_key,
        board_port=folder / "board",
        board_baud=460_800,
        quota_bytes=2_000_000_000,
        boot_file=folder / "boot",
        video=VideoConfig(camera="none", microphone="none", loudspeaker="none", screen="none"),
    )


def board_of(config: BoxConfig) -> Path:
    """Return the port of the box's board."""
    assert config.board_port is not None
    return config.board_port


class BoxUplink:
    """What runs, and what the uplink's ears heard."""

    def __init__(self, spool: SpoolThread, uplink: Uplink) -> None:
        self.spool, self.uplink = spool, uplink
        self.receipts: list[Receipt] = []
        self.calls: list[CallState] = []
        self.said: list[RingStation | Practice | Advice] = []
        self.media: list[MediaSignal] = []
        self.answers: list[ConfirmDevice] = []
        self.anchors: list[Anchor] = []
        self.back_in_time: list[str] = []
        self.connections = 0
        self.open_call: int | None = None
        self.asked_for_call = 0  # how often somebody wanted to know which call is open
        self._changed = asyncio.Event()

    async def store(self, batch: Batch) -> list[OwedRecord]:
        """Commit and hand to the uplink, as the service does."""
        owed = await self.spool.store_now(batch)
        self.uplink.add(owed)
        return owed

    def which_call(self) -> tuple[int | None, None]:
        """Return the open call; none is of a former spool."""
        self.asked_for_call += 1
        return self.open_call, None

    def heard(self) -> None:
        """Something came from the hub."""
        self._changed.set()

    async def until(self, is_so: Callable[[], bool], *, limit_s: float = LIMIT_S) -> None:
        """Return when `is_so`, asked whenever the hub was heard and often besides."""
        async with asyncio.timeout(limit_s):
            while not is_so():
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self._changed.wait()

    def owes(self) -> int:
        """How many records the hub is not known to have."""
        return sum(self.uplink.owed.count(record_class) for record_class in self.uplink.owed.received)

    @property
    def is_connected(self) -> bool:
        """Whether the broker took us."""
        return self.uplink.link.connected_since_s is not None


async def nothing(_kept: dict[str, int] | None) -> None:
    """Nothing is kept over a restart."""


async def nothing_is(_doubt: Doubt) -> bool:
    """Nothing was given up."""
    return False


@asynccontextmanager
async def running(config: BoxConfig) -> AsyncIterator[BoxUplink]:
    """A box that sends what is stored."""
    clock = BoxClock.read()
    spool = SpoolThread(config.data_dir / "spool.db", quota_bytes=config.quota_bytes)
    opened = await spool.open()
    hub_key = read_hub_key(config.seal_key.read_bytes())

    def begin() -> Owed:
        boot = opened.begin_boot(clock.boot_name)
        opened.begin_sealing(hub_key, station=config.station, boot=boot, t_us=clock.now_us(), software="test")
        owed = Owed(opened.ledgers())
        owed.epoch = opened.fact("epoch")
        return owed

    given = {c: ledger.given for c, ledger in (await spool.use(lambda s: s.ledgers())).items()}
    owed = await spool.use(lambda _: begin())
    box: BoxUplink

    def on_receipt(receipt: Receipt, _gone: list[OwedRecord]) -> None:
        box.receipts.append(receipt)
        box.heard()

    def on_connected() -> None:
        box.connections += 1
        box.heard()

    def on_call(state: CallState) -> None:
        box.calls.append(state)
        box.heard()

    def on_media(signal: MediaSignal) -> None:
        box.media.append(signal)
        box.heard()

    def box_heard(signal: RingStation | Practice | Advice) -> None:
        box.said.append(signal)
        box.heard()

    def on_device(answer: ConfirmDevice) -> None:
        box.answers.append(answer)

    def on_back_in_time(why: str) -> None:
        box.back_in_time.append(why)

    def on_exchange(anchor: Anchor) -> None:
        box.anchors.append(anchor)

    uplink = Uplink(
        config,
        clock,
        spool=opened.spool_id,
        boot=await spool.use(lambda s: s.begin_boot(clock.boot_name)),
        owed=owed,
        timeline=Timeline(given, None),
        card=Card(nothing, nothing_is, on_back_in_time),
        load=spool.load,
        read=spool.read,
        reload=spool.reload,
        ears=Ears(
            on_receipt=on_receipt,
            on_call=on_call,
            on_ring=box_heard,
            on_practice=box_heard,
            on_advice=box_heard,
            on_media=on_media,
            on_seal_key=lambda _offer: None,
            on_device=on_device,
            on_replaced=lambda _: None,
            on_desired=lambda _payload: None,
            on_command=lambda _command: None,
            on_exchange=on_exchange,
            on_live=lambda: None,
            on_connected=on_connected,
            open_call=lambda: box.which_call(),  # noqa: PLW0108 - the box comes after its uplink
        ),
        rng=random.Random(1),
    )
    box = BoxUplink(spool, uplink)
    task = asyncio.create_task(uplink.run())
    try:
        yield box
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await spool.close()

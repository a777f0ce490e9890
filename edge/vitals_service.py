"""`edge vitals`: captures, keeps, sends, calls. It must survive everything else on the box.

Builds the rooms from the configuration, runs them in one task group, ends them in order. What is said to
whom: board and instruments -> capture and call -> spool -> uplink; hub -> uplink -> call and instruments;
call and hub -> `edge video`.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any, Final

from contract.ids import BootId
from contract.receipts import Receipt
from contract.sealing import HubKey
from edge.advice.advice_service import ADVICE_FACT, AdviceService
from edge.beat_service import Beat
from edge.board_service import OurBoard
from edge.button_service import OwnButton
from edge.call.call_service import CallEars, CallService
from edge.call.saved_call import restored_call, saved_call
from edge.call.video_service import SOUND_FACT, Offices, VideoService
from edge.capture.capture import BOARD, BUTTON, Capture
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import serve_control
from edge.errors import ControlError, ReplacedBoxError, SpoolDamagedError, leaves_of
from edge.health.hub_anchors import HubAnchors
from edge.health.machine_files import MachineFiles
from edge.health.own_clocks import OwnClocks
from edge.health.status import StatusRhythm
from edge.instruments_service import DEVICES_FACT, Instruments
from edge.life_service import LifeSigns
from edge.live.live_service import LiveService
from edge.network.desk_service import NetworkDesk
from edge.replaced_service import Replacement
from edge.rooms import Rooms
from edge.self_test_service import SelfTests
from edge.sight_service import Sights
from edge.sound_keys_service import SoundKeysService
from edge.spool.batch import Entry, OwedRecord
from edge.spool.hub_keys import HUB_KEY_FACT, HubKeys
from edge.spool.salvage_aside import Heritage
from edge.spool.seal_service import SealService, read_authority, read_enrolled_key
from edge.spool.spool import Spool
from edge.spools_service import UNSENT_FACT, Spools
from edge.staff_service import StaffWords
from edge.status_service import StatusTeller
from edge.uplink.ears import Ears
from edge.uplink.owed import Owed
from edge.uplink.receipt_book import ReceiptBook
from edge.uplink.timeline import Timeline
from edge.uplink.uplink_service import Uplink
from edge.wishes_service import WISHES_FACTS, HubWishes
from firmware_bridge import events as bridge_events
from supervisor.notify import Supervisor

log = logging.getLogger(__name__)

SOFTWARE: Final = "haidang 0.1.0"
CARRIED_FACTS: Final = (
    *("visit", "stream set", "call", "camera off", "epoch"),
    *(SOUND_FACT, DEVICES_FACT, ADVICE_FACT),
    *WISHES_FACTS,
)


class Vitals:
    """The rooms of one box. `video_command` starts `edge video` where nobody else does."""

    def __init__(
        self,
        config: BoxConfig,
        clock: BoxClock,
        rng: random.Random,
        *,
        video_command: Sequence[str],
        supervisor: Supervisor | None = None,
    ) -> None:
        self._config, self._clock, self._rng = config, clock, rng
        self._video_command = tuple(video_command)
        self._life = LifeSigns(supervisor or Supervisor(), now_s=clock.now_s)
        self._spools = Spools(config, clock)
        self._rhythm = StatusRhythm()
        self._machine = MachineFiles(config.data_dir, now_us=clock.now_us, rtc_file=config.rtc_file)
        self._cut_now, self._replacement = asyncio.Event(), Replacement(config)
        self._has_samples = self._has_rooms = False
        self._unstored: list[bridge_events.ButtonPressed | bridge_events.ButtonHeld] = []  # by a card before

    async def run(self) -> None:
        """Run until cancelled; with another spool when the one is damaged. Raises BoxError when the box
        cannot start.
        """
        enrolled = read_enrolled_key(self._config.seal_key)
        while True:
            spool, damage = await self._life.during(self._spools.open()), ""
            self._spool = self._spools.own
            try:
                await self._run(spool, enrolled)
            except* SpoolDamagedError as group:
                damage = str(next(leaves_of(group)))
            except* ReplacedBoxError:
                log.info("once more, as a box that was replaced")
            finally:
                if not damage:
                    self._life.on_end()
                    await self._spool.close()
            if damage:
                await self._life.during(self._spools.replace(damage, self._heritage(), self._told_anew()))
            else:
                self._spools.begin_again()

    def _heritage(self) -> Heritage:
        """What the rooms know, for the next spool."""
        if not self._has_rooms:
            return Heritage(spool=self._spool_id)
        facts = {
            **self._capture.facts(),
            "call": saved_call(self._call.call, boot_name=self._clock.boot_name),
            **self._video.facts(),
            DEVICES_FACT: self._instruments.known,
            ADVICE_FACT: self._advice.book.saved(),
            **self._wishes.facts(),
        }
        return Heritage(spool=self._spool_id, boot=(self._boot, self._clock.boot_name), facts=facts)

    def _told_anew(self) -> list[Entry]:
        return self._capture.told_anew(now_us=self._clock.now_us()) if self._has_rooms else []

    async def _run(self, spool: Spool, enrolled: HubKey) -> None:
        self._spool_id, self._has_rooms, self._has_samples = spool.spool_id, False, False
        beginning = self._spool.use(lambda _: self._begin(spool, enrolled))
        self._boot, last_presses, facts, owed = await self._life.during(beginning)
        self._damaged_drafts = spool.damaged_drafts
        self._build(owed, facts, last_presses)
        self._has_rooms = True
        self._uplink.add(await self._spools.store_carried())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._uplink.run(), name="uplink")
                tasks.create_task(self._seal.run(), name="seal")
                tasks.create_task(self._spools.run(), name="spools")
                tasks.create_task(self._keep_answering(), name="control")
                if self._replacement.is_former:
                    log.warning(
                        "another box is the station: this one sends what it has, and does nothing else"
                    )
                    await self._beat.keep_noting()
                tasks.create_task(self._replacement.wait(), name="replaced")
                tasks.create_task(self._board.run(), name="board")
                tasks.create_task(self._button.run(), name="button")
                tasks.create_task(self._instruments.run(), name="instruments")
                tasks.create_task(self._call.run(), name="call")
                tasks.create_task(self._advice.run(), name="advice")
                tasks.create_task(self._wishes.run(), name="the hub's wishes")
                tasks.create_task(self._beat.run(), name="capture")
                tasks.create_task(self._video.run(), name="video")
                tasks.create_task(SoundKeysService(self._video.turn_sound).run(), name="keys for the sound")
                tasks.create_task(self._live.run(), name="live view")
                tasks.create_task(self._self_tests.run(), name="self-test")
        finally:
            await asyncio.shield(self._end())

    def _begin(
        self, spool: Spool, enrolled: HubKey
    ) -> tuple[BootId, dict[bytes, tuple[int, int]], dict[str, Any], Owed]:
        boot = spool.begin_boot(self._clock.boot_name)
        given = {c: ledger.given for c, ledger in spool.ledgers().items()}
        self._timeline = Timeline(given, spool.fact(UNSENT_FACT))
        ca_pem, kept = read_authority(self._config.ca), spool.fact(HUB_KEY_FACT)
        self._hub_keys = HubKeys(enrolled, kept=kept, ca_pem=ca_pem)
        recovered = spool.begin_sealing(
            self._hub_keys.current,
            station=self._config.station,
            boot=boot,
            t_us=self._clock.now_us(),
            software=SOFTWARE,
        )
        self._receipts = ReceiptBook(refused_count=spool.refused_count())
        facts = {name: spool.fact(name) for name in CARRIED_FACTS}
        owed = Owed(spool.ledgers())
        owed.epoch = facts["epoch"]
        log.info("boot %d of spool %016x: %d drafts became records", boot, spool.spool_id, recovered)
        return boot, spool.last_presses(), facts, owed

    def _build(self, owed: Owed, facts: dict[str, Any], last_presses: dict[bytes, tuple[int, int]]) -> None:
        self._capture = Capture(boot=self._boot, facts=facts)
        self._hub_anchors = HubAnchors()  # another spool must be tied to UTC anew
        self._call = CallService(
            restored_call(facts["call"], boot_name=self._clock.boot_name, now_s=self._clock.now_s()),
            config=self._config.call,
            spool=self._spool,
            spool_id=self._spool_id,
            capture=self._capture,
            clock=self._clock,
            boot=self._boot,
            ears=CallEars(
                on_stored=self._on_stored,
                on_moved=self._on_call,
                on_step=lambda: self._uplink.say_state(),  # noqa: PLW0108 - there is no uplink yet
                on_prompt=lambda prompt: self._video.prompts.say(prompt),  # noqa: PLW0108 - nor video
            ),
        )
        self._board = OurBoard(
            self._config.board_port,
            self._on_board,
            boottime_s=self._clock.now_s,
            last_presses=last_presses,
        )
        self._call.board = self._board
        for told in self._unstored:
            self._call.on_button(told)
        self._button = OwnButton(
            self._config.button,
            self._on_button,
            boot=self._boot,
            last_presses=last_presses,
            boottime_s=self._clock.now_s,
        )
        self._instruments = Instruments(
            self._config, self._clock, self._capture, saved=facts[DEVICES_FACT], on_heard=self._on_heard
        )
        self._advice = AdviceService(
            facts[ADVICE_FACT],
            config=self._config,
            clock=self._clock,
            boot=self._boot,
            spool_id=self._spool_id,
            spool=self._spool,
            visit=lambda: self._capture.visit,
            hub_time=lambda: self._hub_anchors.last,
            settings=lambda: self._wishes.settings,
            on_stored=self._on_stored,
        )
        self._seal = SealService(
            self._hub_keys,
            ca=self._config.ca,
            spool=self._spool,
            station=self._config.station,
            boot=self._boot,
            now_us=self._clock.now_us,
            on_stored=self._on_stored,
        )
        self._uplink = Uplink(
            self._config,
            self._clock,
            spool=self._spool_id,
            boot=self._boot,
            owed=owed,
            timeline=self._timeline,
            card=self._spools.card,
            load=self._spool.load,
            read=self._spool.read,
            reload=self._spool.reload,
            ears=Ears(
                on_receipt=self._on_receipt,
                on_call=self._call.on_signal,
                on_ring=self._call.on_ring,
                on_practice=self._call.on_practice,
                on_advice=self._advice.hear,
                on_media=lambda signal: self._video.on_hub(signal),  # noqa: PLW0108 - there is no video yet
                on_seal_key=self._seal.hear,
                on_device=self._instruments.hear,
                on_replaced=self._replacement.on_signal,
                on_desired=lambda payload: self._wishes.on_desired(payload),  # noqa: PLW0108 - nor these
                on_command=lambda command: self._wishes.on_command(command),  # noqa: PLW0108
                on_exchange=lambda anchor: self._beat.on_exchange(anchor),  # noqa: PLW0108
                on_live=self._cut_now.set,
                on_connected=self._call.on_connected,
                open_call=lambda: (self._call.call.call_seq, self._call.call.spool),
            ),
            rng=self._rng,
        )
        self._statuses = StatusTeller(
            self._rhythm,
            clock=self._clock,
            boot=self._boot,
            spool=self._spool,
            capture=self._capture,
            uplink=self._uplink,
            receipts=self._receipts,
            damaged_frames=self._damaged,
            machine=self._machine,
            hub_time=lambda: self._hub_anchors.last,
        )
        self._video = VideoService(
            self._video_command,
            config=self._config,
            spool_id=self._spool_id,
            facts=facts,
            offices=Offices(
                clock=self._clock,
                boot=self._boot,
                spool=self._spool,
                capture=self._capture,
                show_output=self._board.show_output,
                share_link=lambda is_in_call, media_bps: self._uplink.share_link(
                    is_in_call=is_in_call, media_bps=media_bps
                ),
                say=self._uplink.say_media,
                on_flow=self._call.on_flow,
                on_said=self._call.on_said,
                parcel_bytes=lambda: self._uplink.parcel_bytes,
                on_stored=self._on_stored,
            ),
        )
        self._video.on_call(self._call.call)
        self._spools.build(
            boot=self._boot,
            uplink=self._uplink,
            call=self._call,
            on_stored=self._on_stored,
            is_in_call=lambda: self._video.is_lit,
        )

        rooms = Rooms(
            config=self._config,
            software=SOFTWARE,
            clock=self._clock,
            boot=self._boot,
            spool=self._spool,
            spools=self._spools,
            hub_keys=self._hub_keys,
            hub_anchors=self._hub_anchors,
            damaged_drafts=self._damaged_drafts,
            board=self._board,
            capture=self._capture,
            instruments=self._instruments,
            call=self._call,
            video=self._video,
            uplink=self._uplink,
            statuses=self._statuses,
            rhythm=self._rhythm,
            on_stored=self._on_stored,
        )
        self._self_tests = SelfTests(rooms)
        self._network = NetworkDesk(rooms)
        self._sights = Sights(rooms, self_test=self._self_tests.now, network=self._network.sight)
        self._wishes = HubWishes(rooms, facts)
        self._live = LiveService(rooms, self._advice, self._wishes, spool_id=self._spool_id)
        kernel, rtc = self._machine.read_kernel, self._machine.read_rtc_s
        self._beat = Beat(
            rooms,
            receipts=self._receipts,
            own_clocks=OwnClocks(self._boot, read_kernel=kernel, read_rtc_s=rtc),
            life=self._life,
            cut_now=self._cut_now,
            on_time=self._live.time.learn,
        )

    async def _end(self) -> None:
        self._unstored = await self._call.records.finish()
        await self._beat.end()

    # What is heard

    def _on_call(self) -> None:
        self._video.on_call(self._call.call)
        self._self_tests.on_call()

    def _on_board(self, event: bridge_events.Event) -> None:
        if isinstance(event, bridge_events.ButtonPressed | bridge_events.ButtonHeldOn):
            self._self_tests.on_button(event)
        if isinstance(event, bridge_events.ButtonPressed | bridge_events.ButtonHeld):
            self._call.on_button(event)
        elif isinstance(event, bridge_events.CameraButton):
            self._video.on_button(event)
        else:
            self._capture.handle(event, source=BOARD, now_us=self._clock.now_us())
            self._on_heard(event)

    def _on_button(self, event: bridge_events.Event) -> None:
        if isinstance(event, bridge_events.ButtonPressed | bridge_events.ButtonHeldOn):
            self._self_tests.on_button(event)
        if isinstance(event, bridge_events.ButtonPressed | bridge_events.ButtonHeld):
            self._call.on_button(event)
        else:
            self._capture.handle(event, source=BUTTON, now_us=self._clock.now_us())

    def _on_heard(self, event: bridge_events.Event) -> None:
        if isinstance(event, bridge_events.SampleBlock) and not self._has_samples:
            self._has_samples = True
            self._cut_now.set()  # the first draft of a process does not wait for a second to be full

    def _on_stored(self, records: list[OwedRecord]) -> None:
        self._uplink.add(records)

    def _on_receipt(self, receipt: Receipt, _gone: list[OwedRecord]) -> None:
        self._receipts.on_receipt(receipt)
        self._call.on_receipt(receipt)
        self._spools.on_receipt(receipt)

    def _damaged(self) -> int:
        return self._board.damaged_frames() + self._instruments.damaged_frames()

    # What tools ask

    async def _keep_answering(self) -> None:
        try:
            streams = {"live": self._live.open_stream}
            questions = self._questions()
            if self._replacement.is_former:  # the panel must not offer a call that nobody would hear
                streams, questions = {}, self._answers_of([self._spools.desk, self._network])
            await serve_control(self._config.control_socket, questions, streams=streams)
        except ControlError as error:  # the box goes on; `edge doctor` says that nobody answers
            log.error("%s", error)

    def _questions(self) -> dict[str, Any]:
        staff = StaffWords(
            capture=self._capture,
            call=self._call,
            video=self._video,
            clock=self._clock,
            boot=self._boot,
            cut_now=self._cut_now.set,
            on_time=self._live.time.learn,
        )
        desk, prompts = self._spools.desk, self._video.prompts
        rooms: list[Any] = [self._instruments, self._advice, self._wishes, desk, prompts, staff, self._live]
        return self._answers_of([*rooms, self._self_tests, self._network])

    def _answers_of(self, rooms: list[Any]) -> dict[str, Any]:
        answers = {name: answer for room in rooms for name, answer in room.questions().items()}
        return {"doctor": self._sights.answer, **answers}

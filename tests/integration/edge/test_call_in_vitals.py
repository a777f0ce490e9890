"""The station's side of a call in a real `edge vitals`: a board on a pty, a card, and the hub's words."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import CallRaised, CallStep, HubRang, PracticeMode, Press
from contract.media import Join
from contract.signals import HubCallState, Practice
from edge.call.station_table import OPEN, State
from edge.clock import BoxClock
from edge.config import BoxConfig, CallConfig
from edge.errors import ControlError
from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.hold import HOLD_S
from tests.integration.edge.call_station import PAGE, RING, ROOT, SILENT, commands, station, told
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_damaged_vitals import strike
from tests.integration.edge.test_vitals import config, until, until_answered  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators import video_stand_in
from tests.simulators.board import BoardSim
from tests.simulators.video_stand_in import heard


@in_a_loop
async def test_lamp_and_buzzer_follow_each_change_within_a_tenth_of_a_second(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, call=SILENT)
    waits_s: list[float] = []
    with BoardSim(board_of(config)) as board:
        async with station(config) as box:

            async def shows(output: OutputId, pattern: OutputPattern, change: Callable[[], object]) -> None:
                before_s = time.monotonic()
                change()
                found = list[float]()

                def is_shown() -> bool:
                    found[:] = [
                        at_s
                        for at_s, one in commands(board, output)
                        if at_s >= before_s and one.pattern == pattern
                    ]
                    return bool(found)

                await until(is_shown)
                waits_s.append(found[0] - before_s)

            await until(lambda: board.lamp.pattern is OutputPattern.OFF and bool(board.truth.outputs))
            lamp, buzzer = OutputId.CALL_LED, OutputId.BUZZER
            await shows(lamp, OutputPattern.FAST_BLINK, board.press)  # with the disk between
            await shows(lamp, OutputPattern.SLOW_BLINK, lambda: box.hub_says("offered"))
            await shows(lamp, OutputPattern.DOUBLE_FLASH, lambda: box.hub_says("ringing"))
            await shows(buzzer, OutputPattern.STEADY, lambda: box.hub_says("claimed", by="Lan"))
            await shows(lamp, OutputPattern.STEADY, lambda: box.hub_says("held", by="Lan"))
            await shows(lamp, OutputPattern.STEADY, lambda: box.hub_says("claimed", by="Lan"))
            board.release()
            await shows(buzzer, OutputPattern.STEADY, board.press)  # pressed again: the lamp stays
            # the hub, which does not have that press, ends the call: it is the next one
            await shows(lamp, OutputPattern.FAST_BLINK, lambda: box.hub_says("ended"))
            await shows(lamp, OutputPattern.OFF, lambda: box.hub_says("ended"))
            await shows(buzzer, OutputPattern.DOUBLE_FLASH, box.rings)
            await shows(buzzer, OutputPattern.OFF, lambda: box.rings(lease_s=0.0))
            sounds = [one for _, one in commands(board, buzzer) if one.pattern != OutputPattern.OFF]
            assert max(one.ttl_ms for one in sounds) <= 3000  # nothing sounds on by itself
            levels = [one.level for _, one in commands(board, lamp) if one.pattern == OutputPattern.STEADY]
            assert len(set(levels)) == 2, "held looks as answered"
    assert statistics.median(waits_s) < 0.1, waits_s


@in_a_loop
async def test_a_button_that_is_held_makes_its_call_an_emergency(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, call=SILENT)
    with BoardSim(board_of(config)) as board:
        async with station(config) as box:
            await until(lambda: bool(board.truth.outputs))
            pressed_s = time.monotonic()
            board.press()
            await until(lambda: box.state in OPEN)
            is_emergency = (await box.ask("call"))["is_emergency"]
            assert not is_emergency or time.monotonic() - pressed_s >= HOLD_S
            await until(lambda: box.service._call.call.is_raised)
            board.release()
            await until(
                lambda: any(
                    one.pattern == OutputPattern.FAST_BLINK for _, one in commands(board, OutputId.BUZZER)
                )
            )
            board.press()  # and a short one is none
            board.release()
            await until(lambda: len(box.service._call.call.nudges) == 1 and board.unacked == 0)
    first, second = told(config)[:2]
    assert isinstance(first, Press)
    assert isinstance(second, CallRaised)
    assert sum(isinstance(one, CallRaised) for one in told(config)) == 1


@in_a_loop
async def test_practice_covers_one_press_and_the_next_is_a_call_of_its_own(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, call=SILENT)
    with BoardSim(board_of(config)) as board:
        async with station(config) as box:
            await until(lambda: bool(board.truth.outputs))
            asked = Practice(name=RING, kind="drill", lease_s=600.0, by="Lan")
            box.hears(asked)
            await until(lambda: board.lamp.pattern is OutputPattern.PULSE)
            board.press()
            board.release()
            await until(lambda: box.state in OPEN)
            box.hub_says("ringing")
            assert (await box.ask("call"))["practice"] == "drill"
            box.hears(asked)  # late: it begins nothing
            board.press()
            board.release()
            await until(lambda: box.service._call.call.practice is None)
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            with pytest.raises(ControlError, match="no practice now"):
                await box.ask("practice", kind="test")
            await box.ask("cancel call")
            await box.ask("practice", kind="test")
            await box.ask("practice", kind="off")
            with pytest.raises(ControlError, match="drill, test or off"):
                await box.ask("practice", kind="dance")
    events = told(config)
    presses = [(one.practice, one.nudges) for one in events if isinstance(one, Press)]
    assert presses == [("drill", None), (None, None)]
    modes = [(one.is_on, one.why) for one in events if isinstance(one, PracticeMode)]
    assert modes[:3] == [(True, "asked"), (False, "used"), (False, "real press")]
    assert modes[3:] == [(True, "asked"), (False, "asked")]


@in_a_loop
async def test_without_a_word_of_the_hub_the_call_is_kept_safe_and_said_so(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.call.station_call.KEPT_S", 0.2)
    monkeypatch.setattr("edge.call.station_call.HOTLINE_S", 0.3)
    call = CallConfig(voice=False, hotline="0254 3830 115")
    with BoardSim(board_of(config)) as board:
        async with station(replace(config, call=call)) as box:
            await until(lambda: bool(board.truth.outputs))
            board.press()
            await box.until(State.KEPT)
            await until(lambda: board.lamp.pattern is OutputPattern.PULSE)
            async with asyncio.timeout(30):
                while (await box.ask("call"))["phone"] is None:
                    pass  # a question takes its time
            box.hub_says("offered")
            await until(lambda: board.lamp.pattern is OutputPattern.SLOW_BLINK)
            await box.service._call.records.until_idle()
    assert [one.step for one in told(config) if isinstance(one, CallStep)] == ["kept", "at the hub"]


@in_a_loop
async def test_a_hub_that_falls_silent_is_not_said_to_have_answered_any_more(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.call.station_call.NO_WORD_S", 0.3)
    monkeypatch.setattr("edge.call.station_call.HOTLINE_S", 0.4)
    call = CallConfig(voice=False, hotline="0254 3830 115")
    with BoardSim(board_of(config)) as board:
        async with station(replace(config, call=call)) as box:
            await until(lambda: bool(board.truth.outputs))
            board.press()
            await until(lambda: box.state in OPEN)
            box.hub_says("claimed", by="Lan")
            await box.until(State.NO_WORD)
            await until(lambda: board.lamp.pattern is OutputPattern.PULSE)
            async with asyncio.timeout(30):
                while (facts := await box.ask("call"))["phone"] is None:
                    pass  # a question takes its time
            assert (facts["state"], facts["by"]) == ("NO_WORD", None)
            monkeypatch.setattr("edge.call.station_call.NO_WORD_S", 600.0)
            box.hub_says("claimed", by="Lan")
            await until(lambda: board.lamp.pattern is OutputPattern.STEADY)
            monkeypatch.setattr("edge.call.station_call.FLOW_S", 1_000.0)
            box.service._video._offices.on_flow()  # packets come and go
            assert (box.service._call.call.next_s or 0.0) > box.service._clock.now_s() + 900.0
            await box.service._call.records.until_idle()
    steps = [one.step for one in told(config) if isinstance(one, CallStep) and one.step != "at the hub"]
    assert steps == ["claimed", "kept", "claimed"]


BROUGHT_BY: Mapping[State, HubCallState | None] = {
    State.REGISTERED: None,
    State.KEPT: None,
    State.AT_HUB: "offered",
    State.RINGING: "ringing",
    State.CLAIMED: "claimed",
    State.HELD: "held",
    State.NO_WORD: "claimed",
}


@pytest.mark.parametrize("is_same_boot", [True, False], ids=["restarted", "rebooted"])
@in_a_loop
async def test_a_call_goes_on_after_a_restart_in_every_state(
    config: BoxConfig,  # noqa: F811
    is_same_boot: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(config, board_port=None, call=SILENT)
    for count, (state, word) in enumerate(BROUGHT_BY.items(), start=1):
        monkeypatch.setattr("edge.call.station_call.NO_WORD_S", 0.2 if state is State.NO_WORD else 600.0)
        for room in ("station_call", "saved_call"):
            monkeypatch.setattr(f"edge.call.{room}.KEPT_S", 0.2 if state is State.KEPT else 600.0)
        async with station(config, BoxClock(f"boot {count}")) as box:
            box.presses(count)
            await until(lambda box=box: box.state in OPEN)  # type: ignore[misc]
            if word is not None:
                box.hub_says(word, by="Lan")
            if state in (State.KEPT, State.NO_WORD):
                await box.until(state)
            assert box.state is state
            seq = (await box.ask("call"))["call_seq"]
            await box.service._call.records.until_idle()
        monkeypatch.setattr("edge.call.station_call.NO_WORD_S", 600.0)
        clock = BoxClock(f"boot {count}" if is_same_boot else f"boot {count} again")
        async with station(config, clock) as box:
            is_unsure = state in (State.RINGING, State.CLAIMED, State.HELD)
            assert box.state is (State.AT_HUB if is_unsure and not is_same_boot else state)
            assert (await box.ask("call"))["call_seq"] == seq
            box.service._call.on_connected()
            box.hub_says("claimed", by="Lan")
            assert (await box.ask("call"))["by"] == "Lan"
            box.hub_says("ended")
            await box.service._call.records.until_idle()
    async with station(config, BoxClock("ringing")) as box:
        box.rings()
        await box.service._call.records.until_idle()
    async with station(config, BoxClock("ringing" if is_same_boot else "no more")) as box:
        await until(lambda: box.state is (State.CHIMING if is_same_boot else State.IDLE))
        assert (await box.ask("call"))["state"] == box.state.name
    assert len([one for one in told(config) if isinstance(one, Press)]) == len(BROUGHT_BY)
    assert [one.outcome for one in told(config) if isinstance(one, HubRang)] == (
        [] if is_same_boot else ["unanswered"]
    )


@in_a_loop
async def test_while_a_call_is_held_nobody_sees_or_hears_the_station_and_a_ring_warms_it_up(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    config = replace(config, call=SILENT)
    config.data_dir.mkdir()
    command = (sys.executable, "-m", video_stand_in.__name__, str(tmp_path))
    with BoardSim(board_of(config)) as board:

        def is_lit() -> bool:
            return board.output(OutputId.STATUS_LED).pattern is OutputPattern.STEADY

        async with station(config, video=command) as box:
            await until(lambda: bool(board.truth.outputs))
            box.rings()
            await until(lambda: bool(heard(tmp_path)))  # it has started, and no call is open
            board.press()
            await until(lambda: box.state in OPEN)
            box.hub_says("claimed", by="Lan")
            call = box.service._video.relay.call
            assert call is not None
            box.hears(Join(spool=call.spool, call_seq=call.call_seq, page=PAGE))
            await until(is_lit)
            box.hub_says("held", by="Lan")
            await until(lambda: not is_lit())
            box.hub_says("claimed", by="Lan")
            await until(is_lit)
            assert len({pid for pid, _ in heard(tmp_path)}) == 1
            await box.ask("cancel call")
            await until(lambda: not is_lit())


@in_a_loop
async def test_a_press_of_the_boxs_own_button_is_stored_although_the_process_ends_at_that_instant(
    config: BoxConfig,  # noqa: F811
) -> None:
    """Our board tells again what nobody stored; a pin of the box does not."""
    config = replace(config, board_port=None, call=SILENT)
    async with station(config) as box:
        box.presses(1)
        await box.service._call.records.until_idle()
        box.presses(2)
    assert [one.press_count for one in told(config) if isinstance(one, Press)] == [1, 2]


@in_a_loop
async def test_a_press_of_the_boxs_own_button_outlives_the_file_that_breaks_as_it_is_stored(
    config: BoxConfig,  # noqa: F811
) -> None:
    config = replace(config, board_port=None, call=SILENT)
    async with station(config) as box:
        before = box.service._call
        await strike(box.service, config, "sqlite_sequence")
        box.presses(1)
        await until(lambda: box.service._call is not before and box.state in OPEN)
    assert [one.press_count for one in told(config) if isinstance(one, Press)] == [1]

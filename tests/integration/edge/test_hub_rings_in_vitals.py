"""The hub calls the station: accepted, declined, unanswered, answered by itself; in a real `edge vitals`."""

from dataclasses import replace

import pytest

from contract.events import CallRaised, HubRang, Press
from edge.call.prompts_due import Prompt
from edge.call.station_table import OPEN, State
from edge.config import BoxConfig, CallConfig
from edge.errors import ControlError
from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.integration.edge.call_station import RING, SILENT, station, told
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_vitals import config, until, until_answered  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim


@in_a_loop
async def test_the_hub_calls_and_the_button_accepts_which_no_late_signal_undoes(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, call=SILENT)
    with BoardSim(board_of(config)) as board:
        async with station(config) as box:
            await until(lambda: bool(board.truth.outputs))
            box.rings()
            box.rings()
            assert (await box.ask("call"))["ring"]["by"] == "Lan"
            await until(lambda: board.output(OutputId.BUZZER).pattern is OutputPattern.DOUBLE_FLASH)
            board.press()
            await until(lambda: box.state in (State.REGISTERED, State.KEPT))
            await until(lambda: board.output(OutputId.BUZZER).pattern is not OutputPattern.DOUBLE_FLASH)
            box.rings()
            box.rings(lease_s=0.0)
            assert box.service._call.call.ring.is_on is False
            box.hub_says("claimed", by="Lan")
            assert box.state is State.CLAIMED
    press, rang = told(config)[:2]
    assert isinstance(press, Press)
    assert (press.answers, press.nudges, press.learned_from) == (RING, None, "event")
    assert rang == HubRang(ring=RING, outcome="accepted", by="Lan")


@in_a_loop
async def test_a_ring_is_accepted_declined_or_runs_out_and_the_record_says_which(config: BoxConfig) -> None:  # noqa: F811
    config = replace(config, board_port=None, call=SILENT)
    async with station(config) as box:
        with pytest.raises(ControlError, match="the hub does not call"):
            await box.ask("accept call")
        box.rings()
        await box.ask("decline call")
        assert box.state is State.IDLE
        box.rings(ring="1" * 16, lease_s=0.2)
        await box.until(State.IDLE)
        box.rings(ring="2" * 16)
        await box.ask("accept call")
        assert box.state in (State.REGISTERED, State.KEPT)
        box.rings(ring="3" * 16)  # within the open call: its press is a nudge
        await box.ask("accept call")
        await box.ask("raise call")
    events = told(config)
    rang = {one.ring[0]: one.outcome for one in events if isinstance(one, HubRang)}
    assert rang == {"0": "declined", "1": "unanswered", "2": "accepted", "3": "accepted"}
    first, second = [one for one in events if isinstance(one, Press)]
    assert (first.device, first.answers, first.nudges) == ("panel", "2" * 16, None)
    assert (second.device, second.answers, second.nudges is not None) == ("panel", "3" * 16, True)
    assert isinstance(events[-1], CallRaised)


@in_a_loop
async def test_a_ring_that_the_button_has_answered_is_not_answered_again_at_the_panel(
    config: BoxConfig,  # noqa: F811
) -> None:
    async with station(replace(config, board_port=None, call=SILENT)) as box:
        box.rings()
        box.presses(1)
        await box.service._call.accept()  # touched before the card had the press
    (press,) = [one for one in told(config) if isinstance(one, Press)]
    assert (press.device, press.answers) == (b"button".hex(), RING)


@in_a_loop
async def test_an_emergency_answers_itself_where_the_station_lets_it_and_a_decline_refuses(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.call.hub_ring.ANNOUNCED_S", 600.0)
    call = CallConfig(voice=False, auto_answer="emergency")
    config = replace(config, board_port=None, call=call)
    async with station(config) as box:
        box.rings(ring="1" * 16, is_emergency=True)
        assert (await box.ask("call"))["ring"]["answers_in_s"] is not None
        await box.ask("decline call")
        monkeypatch.setattr("edge.call.hub_ring.ANNOUNCED_S", 0.3)
        box.rings(ring="2" * 16, is_emergency=True)
        await until(lambda: box.state in OPEN)
        await box.service._call.records.until_idle()
    presses = [one for one in told(config) if isinstance(one, Press)]
    assert [(one.learned_from, one.answers) for one in presses] == [("auto answer", "2" * 16)]
    outcomes = [one.outcome for one in told(config) if isinstance(one, HubRang)]
    assert outcomes == ["declined", "answered by itself"]


@in_a_loop
async def test_no_ring_answers_itself_unless_the_station_says_so(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.call.hub_ring.ANNOUNCED_S", 0.0)
    async with station(replace(config, board_port=None, call=SILENT)) as box:
        box.rings(lease_s=0.3, is_emergency=True)
        await box.until(State.IDLE)
    assert not any(isinstance(one, Press) for one in told(config))


@in_a_loop
async def test_an_emergency_answers_itself_only_after_it_was_said_aloud(
    config: BoxConfig,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge.call.hub_ring.ANNOUNCED_S", 0.1)
    monkeypatch.setattr("edge.call.hub_ring.ANNOUNCED_WITHIN_S", 600.0)
    config = replace(config, board_port=None, call=CallConfig(voice=False, auto_answer="emergency"))
    async with station(config) as box:
        saying: list[Prompt] = []
        box.service._call._ears = replace(box.service._call._ears, on_prompt=saying.append)
        box.rings(lease_s=60.0, is_emergency=True)
        assert saying == [Prompt.AUTO_ANSWER]
        assert (await box.ask("call"))["ring"]["answers_in_s"] > 500
        box.service._call.on_said(Prompt.HUB_CALLS)  # another's end is not its
        assert (await box.ask("call"))["ring"]["answers_in_s"] > 500
        box.service._call.on_said(Prompt.AUTO_ANSWER)
        await until(lambda: box.state in OPEN)
        assert saying == [Prompt.AUTO_ANSWER], "it was an answer, and no call of the station's"
    (press,) = [one for one in told(config) if isinstance(one, Press)]
    assert press.learned_from == "auto answer"

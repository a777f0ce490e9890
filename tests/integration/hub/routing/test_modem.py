import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.routing.modem import check, send
from hub.routing.outside import OutsideError
from hub.routing.policy import Modem, Rung, UnitId
from tests.simulators.modem import ModemSim

TEXT = "Cuộc gọi từ Trạm y tế Côn Đảo lúc 03:12 (61 giây trước), chưa ai trả lời."


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[ModemSim]:
    with ModemSim(tmp_path / "modem") as running:
        yield running


def at(sim: ModemSim) -> Modem:
    return Modem(name="m1", unit=UnitId("tw"), rungs=frozenset({Rung.DOCTOR}), port=str(sim.link))


def test_a_message_arrives_with_all_its_letters(sim: ModemSim) -> None:
    asyncio.run(send(at(sim), "+84912345678", TEXT, reference=9))
    assert "".join(part.text for part in sim.sent) == TEXT
    assert [part.part for part in sim.sent] == [(9, 2, 1), (9, 2, 2)]
    assert {part.number for part in sim.sent} == {"+84912345678"}


def test_a_modem_whose_sim_and_network_are_ready_passes_the_check(sim: ModemSim) -> None:
    asyncio.run(check(at(sim)))
    assert sim.sent == []


@pytest.mark.parametrize(
    ("sim_state", "registration", "complaint"),
    [
        ("+CME ERROR: 10", "+CREG: 0,1", "no SIM: put one in"),
        ("+CPIN: SIM PIN", "+CREG: 0,1", "asks for SIM PIN: switch the PIN off"),
        ("+CPIN: READY", "+CREG: 0,2", "in no network: it looks for a network"),
        ("+CPIN: READY", "+CREG: 0,3", "in no network: the network refuses the SIM"),
    ],
)
def test_what_is_the_matter_with_sim_or_network_is_said_before_anything_is_sent(
    sim: ModemSim, sim_state: str, registration: str, complaint: str
) -> None:
    sim.sim, sim.registration = sim_state, registration
    for work in (check(at(sim)), send(at(sim), "115", TEXT, reference=1)):
        with pytest.raises(OutsideError, match=complaint) as caught:
            asyncio.run(work)
        assert str(caught.value).startswith(f"SMS modem m1 at {sim.link}: ")
    assert sim.sent == []


def test_a_refused_message_says_why_and_goes_at_the_next_try(sim: ModemSim) -> None:
    sim.refusals = ["+CMS ERROR: 38"]
    with pytest.raises(OutsideError, match=r"was not sent: \+CMS ERROR: 38: the network is out of order"):
        asyncio.run(send(at(sim), "115", "a", reference=1))
    asyncio.run(send(at(sim), "115", "a", reference=1))
    assert [part.text for part in sim.sent] == ["a"]


def test_what_another_program_left_half_said_is_ended_first(sim: ModemSim) -> None:
    sim.wants = 40
    asyncio.run(send(at(sim), "115", "a", reference=1))
    assert [part.text for part in sim.sent] == ["a"]


def test_a_modem_that_does_not_answer_is_given_up(sim: ModemSim) -> None:
    sim.is_mute = True
    with pytest.raises(OutsideError, match="no answer to ATE0 within 0 s: is it a modem"):
        asyncio.run(check(at(sim), answer_limit_s=0.1))


def test_a_modem_that_is_not_there_is_named_and_found_again_when_it_is_plugged_in(sim: ModemSim) -> None:
    sim.unplug()
    with pytest.raises(
        OutsideError, match=r"cannot be opened \(No such file or directory\): is it plugged in"
    ):
        asyncio.run(send(at(sim), "115", "a", reference=1))
    sim.plug_in()
    asyncio.run(send(at(sim), "115", "a", reference=1))
    assert [part.text for part in sim.sent] == ["a"]


def test_a_modem_that_is_pulled_out_is_missed_at_once(sim: ModemSim) -> None:
    sim.is_mute = True

    async def pull() -> None:
        sending = asyncio.create_task(send(at(sim), "115", "a", reference=1))
        await asyncio.to_thread(sim.wait_for_command, "ATE0")
        await asyncio.to_thread(sim.unplug)
        with pytest.raises(OutsideError, match=r"went away.*plug it in again"):
            await sending

    asyncio.run(pull())


def test_two_hubs_do_not_share_a_modem(sim: ModemSim) -> None:
    sim.is_mute = True

    async def twice() -> None:
        first = asyncio.create_task(check(at(sim)))
        await asyncio.to_thread(sim.wait_for_command, "ATE0")
        with pytest.raises(OutsideError, match="cannot be opened"):
            await check(at(sim))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(twice())

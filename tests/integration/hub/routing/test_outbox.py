import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.routing import sms_command
from hub.routing.ladder import Tell
from hub.routing.outside import Alarm, Delivery, OutsideError
from hub.routing.outside_service import AT_ONCE, MESSAGES_MAX, WAITS_S, Outbox
from hub.routing.policy import Adapter
from tests.integration.hub.routing.alarms import SECRET, alarm, command, modem, tell, utc_now_us, webhook
from tests.simulators.modem import ModemSim
from tests.simulators.webhook_receiver import WebhookReceiver

SHORT_WAITS_S = (0.01,) * 4


class Heard:
    """What listeners of an outbox were told."""

    def __init__(self, outbox: Outbox) -> None:
        self.all: list[Delivery] = []
        self._changed = asyncio.Event()
        outbox.on_delivery(self._on_delivery)

    def _on_delivery(self, delivery: Delivery) -> None:
        self.all.append(delivery)
        self._changed.set()

    @property
    def states(self) -> list[tuple[str, int]]:
        return [(one.state, one.tries) for one in self.all]

    async def until(self, is_so: Callable[[Delivery], bool]) -> Delivery:
        while not (found := [one for one in self.all if is_so(one)]):
            self._changed.clear()
            await self._changed.wait()
        return found[0]


def run(
    work: Callable[[Outbox, Heard], Awaitable[None]], *, waits_s: tuple[float, ...] = SHORT_WAITS_S
) -> None:
    async def whole() -> None:
        outbox = Outbox(utc_now_us=utc_now_us, waits_s=waits_s)
        try:
            await work(outbox, Heard(outbox))
        finally:
            await outbox.close()

    asyncio.run(whole())


def test_a_webhook_is_tried_again_until_it_is_taken() -> None:
    with WebhookReceiver(SECRET) as receiver:
        receiver.statuses = [500, 503]

        async def work(outbox: Outbox, heard: Heard) -> None:
            outbox.submit(alarm(), tell(webhook(receiver.url)))
            await heard.until(lambda one: one.state == "sent")
            assert heard.states == [("trying", 1), ("trying", 2), ("sent", 3)]
            assert "refused with status 500" in heard.all[0].text
            assert outbox.faults == {}

        run(work)
        assert len(receiver.taken) == 1
        assert len({message for message, _ in receiver.posts}) == 1


def test_it_gives_up_at_last_and_at_once_where_trying_is_of_no_use() -> None:
    with WebhookReceiver(SECRET) as receiver:
        receiver.statuses = [500] * 5 + [404]

        async def work(outbox: Outbox, heard: Heard) -> None:
            outbox.submit(alarm(1), tell(webhook(receiver.url)))
            failed = await heard.until(lambda one: one.state == "failed")
            assert (failed.tries, failed.call_id.seq) == (5, 1)
            assert "refused with status 500" in outbox.faults["w1"]
            outbox.submit(alarm(2), tell(webhook(receiver.url)))
            failed = await heard.until(lambda one: one.state == "failed" and one.call_id.seq == 2)
            assert failed.tries == 1

        run(work)


def test_an_answered_call_is_told_no_more() -> None:
    with WebhookReceiver(SECRET) as receiver:
        receiver.statuses = [500] * 100

        async def work(outbox: Outbox, heard: Heard) -> None:
            one, other = alarm(1), alarm(2)
            outbox.submit(one, tell(webhook(receiver.url)))
            outbox.submit(other, tell(webhook(receiver.url)))
            await heard.until(lambda delivery: delivery.call_id == one.call_id)
            await heard.until(lambda delivery: delivery.call_id == other.call_id)
            outbox.withdraw(one.call_id)
            await heard.until(lambda delivery: delivery.state == "withdrawn")
            assert {delivery.call_id for delivery in heard.all if delivery.state == "withdrawn"} == {
                one.call_id
            }

        run(work, waits_s=(3600.0,))  # but for the withdrawal it would wait an hour


def test_a_modem_that_is_plugged_in_again_sends_what_waited(tmp_path: Path) -> None:
    with ModemSim(tmp_path / "modem") as sim:
        sim.unplug()

        async def work(outbox: Outbox, heard: Heard) -> None:
            outbox.submit(alarm(), tell(modem(sim.link)))
            await heard.until(lambda one: one.state == "trying")
            assert "is it plugged in" in outbox.faults["m1"]
            sim.plug_in()
            await heard.until(lambda one: one.state == "sent")
            assert outbox.faults == {}

        run(work, waits_s=(0.05,) * 200)
        assert "Côn Đảo" in "".join(part.text for part in sim.sent)


def test_many_messages_take_turns_at_one_modem(tmp_path: Path) -> None:
    with ModemSim(tmp_path / "modem") as sim:

        async def work(outbox: Outbox, heard: Heard) -> None:
            for seq in range(1, 6):
                outbox.submit(alarm(seq), tell(modem(sim.link)))
            for seq in range(1, 6):
                await heard.until(lambda one, seq=seq: one.call_id.seq == seq and one.state == "sent")  # type: ignore[misc]
            assert [one.tries for one in heard.all] == [1] * 5

        run(work)


def test_the_check_finds_a_sim_that_is_missing_and_a_program_that_is_missing(tmp_path: Path) -> None:
    with ModemSim(tmp_path / "modem") as sim:
        adapters: list[Adapter] = [modem(sim.link), command("no-such-program", "{number}")]

        async def work(outbox: Outbox, heard: Heard) -> None:
            sim.sim = "+CME ERROR: 10"
            await outbox.look(adapters)
            assert set(outbox.faults) == {"m1", "c1"}
            assert "no SIM: put one in" in outbox.faults["m1"]
            assert "there is no program no-such-program" in outbox.faults["c1"]
            sim.sim = "+CPIN: READY"
            await outbox.look([adapters[0], command(sys.executable, "{number}")])
            assert outbox.faults == {}

        run(work)


def test_a_gateway_that_fails_stays_at_fault_though_its_program_is_there() -> None:
    gateway = command(sys.executable, "-c", "raise SystemExit('no credit')", "{number}")

    async def work(outbox: Outbox, heard: Heard) -> None:
        outbox.submit(alarm(), tell(gateway))
        await heard.until(lambda one: one.state == "failed")
        await outbox.look([gateway])
        assert "no credit" in outbox.faults["c1"]

    run(work, waits_s=())


def test_an_adapter_that_stalls_holds_up_no_other_and_no_more_than_its_share() -> None:
    under_way: list[int] = []
    is_over = asyncio.Event()

    async def stall(one: Alarm, told: Tell, utc_us: int) -> None:
        if told.adapter.name == "w1":
            under_way.append(one.call_id.seq)
            await is_over.wait()

    async def whole() -> None:
        outbox = Outbox(utc_now_us=utc_now_us, send=stall)
        heard = Heard(outbox)
        for seq in range(1, 10):
            outbox.submit(alarm(seq), tell(webhook("http://127.0.0.1/")))
        outbox.submit(alarm(99), tell(command("sms", "{number}")))
        await heard.until(lambda one: one.call_id.seq == 99 and one.state == "sent")
        assert under_way == [1, 2, 3, 4]
        assert len(under_way) == AT_ONCE
        is_over.set()
        await heard.until(lambda one: one.call_id.seq == 9)
        await outbox.close()

    asyncio.run(whole())


def test_a_fault_of_ours_in_one_message_ends_no_other() -> None:
    async def stumble(one: Alarm, told: Tell, utc_us: int) -> None:
        if one.call_id.seq == 1:
            raise RuntimeError("unforeseen")

    async def whole() -> None:
        outbox = Outbox(utc_now_us=utc_now_us, send=stumble, waits_s=())
        heard = Heard(outbox)
        for seq in (1, 2):
            outbox.submit(alarm(seq), tell(command("sms", "{number}")))
        await heard.until(lambda one: one.state == "sent")
        failed = await heard.until(lambda one: one.state == "failed")
        assert failed.text == "RuntimeError: unforeseen"
        await outbox.close()

    asyncio.run(whole())


def test_a_flood_is_bounded_and_says_so() -> None:
    async def never(one: Alarm, told: Tell, utc_us: int) -> None:
        await asyncio.Event().wait()

    async def whole() -> None:
        outbox = Outbox(utc_now_us=utc_now_us, send=never)
        heard = Heard(outbox)
        for seq in range(1, MESSAGES_MAX + 2):
            outbox.submit(alarm(seq), tell(command("sms", "{number}")))
        assert heard.states == [("failed", 0)]
        assert "messages wait already" in heard.all[0].text
        await outbox.close()

    asyncio.run(whole())


def test_the_tries_of_a_message_go_on_for_minutes() -> None:
    assert 300 < sum(WAITS_S) < 900


def test_a_command_gets_the_number_as_an_argument_and_the_text_on_its_input(tmp_path: Path) -> None:
    script = f"import sys; open({str(tmp_path / 'out')!r}, 'w').write(sys.argv[1] + '|' + sys.stdin.read())"
    gateway = command(sys.executable, "-c", script, "{number}")
    asyncio.run(sms_command.send(gateway, "+84912345678", "chưa ai trả lời; $(reboot)"))
    assert (tmp_path / "out").read_text(encoding="utf-8") == "+84912345678|chưa ai trả lời; $(reboot)"


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("import sys; sys.exit('a\\nno credit')", r"failed with status 1 \(no credit\)"),
        ("raise SystemExit(3)", r"failed with status 3 \(it said nothing\)"),
        ("import os; os.close(0); raise SystemExit(2)", "failed with status 2"),
    ],
)
def test_a_command_that_fails_says_with_what(script: str, complaint: str) -> None:
    with pytest.raises(OutsideError, match=complaint):
        asyncio.run(sms_command.send(command(sys.executable, "-c", script), "115", "a"))


def test_a_command_that_is_not_there_is_not_tried_again() -> None:
    with pytest.raises(OutsideError, match="no-such-program cannot be started") as caught:
        asyncio.run(sms_command.send(command("no-such-program"), "115", "a"))
    assert caught.value.is_final


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    hang = f"import subprocess; subprocess.run(['sh', '-c', 'echo $$ > {tmp_path / 'pid'}; sleep 1000'])"

    async def whole() -> None:
        with pytest.raises(OutsideError, match="did not end within"):
            await sms_command.send(command(sys.executable, "-c", hang), "115", "a", limit_s=1.0)

    asyncio.run(whole())
    pid = (tmp_path / "pid").read_text(encoding="utf-8").strip()
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z"

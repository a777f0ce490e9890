"""Advice in a real `edge vitals`: the hub's words come in, what became of them goes out, a panel shows it."""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from contract.events import AdviceKept
from contract.ids import VisitNo, spool_text, visit_code
from contract.signals import Advice
from edge.advice import print_process
from edge.advice.advice_facts import AdviceNow, PieceNow
from edge.advice.piece import Outcome, Print
from edge.advice.print_process import print_in_child
from edge.cli import app
from edge.clock import BoxClock
from edge.config import BoxConfig, PanelConfig
from tests.broker import free_port
from tests.integration.edge.call_station import Station, station
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import NUMERIC, open_all, open_spool, stored
from tests.integration.edge.test_panel import panel
from tests.integration.edge.test_spool_cli import write_toml
from tests.integration.edge.test_vitals import LIMIT_S, config, until, until_answered  # noqa: F401
from tests.simulators.cups import QUEUE, CupsSim
from tests.unit.edge.advice.pieces import TEXT, advice, job


@pytest.fixture
def config_of_box(config: BoxConfig) -> BoxConfig:  # noqa: F811
    """A box without a board and without a printer."""
    return replace(config, board_port=None, panel=PanelConfig(port=free_port()), print_to="none")


def said(box: Station, number: int, *, visit: int = 1) -> Advice:
    return advice(number, visit=visit, spool=spool_text(box.service._spool_id))


async def shown(box: Station) -> AdviceNow:
    return AdviceNow.model_validate(await box.ask("advice"))


async def until_shown(box: Station, is_so: Callable[[PieceNow], bool]) -> PieceNow:
    async with asyncio.timeout(LIMIT_S):
        while True:
            now = await shown(box)
            found = [one for one in (*now.present, *now.before) if is_so(one)]
            if found:
                return found[0]
            await asyncio.sleep(0.02)  # as the panel itself: nothing announces what it would say


async def until_stored(box: Station) -> None:
    await until(lambda: not box.service._advice.book.untold)


async def sees_somebody(box: Station, count: int) -> None:
    """A press opens a visit."""
    visit = box.service._capture.visit
    box.presses(count)
    await until(lambda: box.service._capture.visit > visit)


def told(config: BoxConfig) -> list[tuple[int, str, int]]:  # noqa: F811
    """What the hub is told of advice: number, state, and the visit of the record; in order."""
    with open_spool(config.data_dir / "spool.db") as spool:
        opened, records = open_all(spool), stored(spool, NUMERIC)
    events = [(opened[NUMERIC, seq], records[seq].header.visit) for seq in sorted(records)]
    return [(one.advice, one.state, visit) for one, visit in events if isinstance(one, AdviceKept)]


async def typed(config: BoxConfig, *words: str) -> Result:  # noqa: F811
    words = ("advice", *words, "--config", str(write_toml(config)))
    return await asyncio.to_thread(CliRunner().invoke, app, words)


@in_a_loop
async def test_advice_is_told_received_once_shown_for_its_person_and_of_before_when_the_next_one_comes(
    config_of_box: BoxConfig,
) -> None:
    async with station(config_of_box) as box, panel(config_of_box) as screen:
        await sees_somebody(box, 1)
        piece = said(box, 12)
        for _ in range(3):
            box.hears(piece)
        code = visit_code(box.service._spool_id, VisitNo(1))
        page = await screen.until("Advice from the hub")
        assert all(words in page for words in (f"Visit {code}", "Soon", "By Lan", *TEXT.splitlines()))
        assert "Advice for earlier visits" not in page
        await box.ask("next person")
        page = await screen.until("Advice for earlier visits")
        assert f"Visit {code}, not the person being seen" in page
        assert "Advice from the hub" not in page
        await sees_somebody(box, 2)
        assert not (await shown(box)).present
        await screen.post("/advice?lang=en", deed="put away", about="12")
        assert "Advice" not in (await screen.get()).text.replace("The advice", "")
        box.hears(piece)  # late
        await until_stored(box)
    assert told(config_of_box) == [(12, "received", 1), (12, "put away", 1)]


@pytest.mark.parametrize("boot", ["same", "another"])
@in_a_loop
async def test_advice_is_there_after_a_restart_and_after_a_reboot(
    config_of_box: BoxConfig, boot: str
) -> None:
    async with station(config_of_box, BoxClock("same")) as box:
        await sees_somebody(box, 1)
        box.hears(said(box, 12))
        box.hears(said(box, 13))
        await until_stored(box)
        await box.ask("put away advice", advice=13)
        await until_stored(box)
    async with station(config_of_box, BoxClock(boot)) as box:
        now = await shown(box)
        kept = now.present if boot == "same" else now.before  # after a reboot nobody knows who is there
        assert [(one.advice, one.came_ago_s is None) for one in kept] == [(12, boot != "same")]
        box.hears(said(box, 13))
        assert [one.advice for one in (*now.present, *now.before)] == [12]
    assert told(config_of_box) == [(12, "received", 1), (13, "received", 1), (13, "put away", 1)]


@in_a_loop
async def test_a_card_that_refuses_hides_no_advice_and_the_hub_hears_only_of_what_is_on_it(
    config_of_box: BoxConfig,
) -> None:
    async with station(config_of_box) as box:
        with closing(sqlite3.connect(config_of_box.data_dir / "spool.db")) as other:
            await until(lambda: box.service._has_rooms)
            other.execute("BEGIN IMMEDIATE")  # whoever wants to write now is refused
            box.hears(said(box, 12))
            await until(lambda: box.service._advice._is_refused)
            assert [one.advice for one in (await shown(box)).before] == [12]
            assert [one.event.state for one in box.service._advice.book.untold] == ["received"]
            other.rollback()
        await until_stored(box)
    assert told(config_of_box) == [(12, "received", 1)]


@in_a_loop
async def test_what_is_not_printed_says_why_on_the_panel_and_to_the_hub_and_at_a_terminal(
    config_of_box: BoxConfig,
) -> None:
    async with station(config_of_box) as box, panel(config_of_box) as screen:
        box.hears(said(box, 12))
        await screen.until("Visit ")
        await screen.post("/advice?lang=en", deed="print", about="12")
        await screen.until("Not printed: this station does not print")
        assert "Trạm" not in (await screen.get()).text
        assert "Không in được: trạm này không dùng máy in" in (await screen.get("/?lang=vi")).text
        result = await typed(config_of_box, "print", "12")
        assert (result.exit_code, "not printed: switched off" in result.output) == (1, True)
        assert "12  visit" in (await typed(config_of_box, "list")).output
        assert (await typed(config_of_box, "print", "99")).exit_code == 1
        assert (await typed(config_of_box, "put-away", "12")).exit_code == 0
        assert "there is none" in (await typed(config_of_box, "list")).output
        await until_stored(box)
    states = [state for _, state, _ in told(config_of_box)]
    assert states == ["received", "not printed", "not printed", "put away"]


@in_a_loop
async def test_advice_is_printed_through_a_real_cups_and_a_press_does_not_wait_for_the_printer(
    config_of_box: BoxConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(prefix="cups") as folder, CupsSim(Path(folder)) as cups:
        cups.add_printer(is_default=False)
        monkeypatch.setenv("CUPS_SERVER", cups.environment["CUPS_SERVER"])
        async with station(replace(config_of_box, print_to=f"cups:{QUEUE}")) as box:
            box.hears(said(box, 12))
            cups.lacks("media-low-report")  # it takes its time
            await box.ask("print advice", advice=12)
            assert (await until_shown(box, lambda one: one.is_printing)).outcome is None
            await sees_somebody(box, 1)
            await until(lambda: box.service._call.call.call_seq is not None)
            cups.lacks(None)
            piece = await until_shown(box, lambda one: one.outcome is not None)
            assert piece.outcome == Outcome(how=Print.PRINTED, detail=QUEUE)
            await until_stored(box)
        (sheet,) = cups.pages()
        assert sheet.startswith(b"%PDF")
    assert told(config_of_box) == [(12, "received", 1), (12, "printed", 1)]


@in_a_loop
async def test_printing_that_hangs_or_crashes_is_ended_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(print_process, "LIMIT_S", 0.3)
    assert (await print_in_child(job("none"), command=("sleep", "60"))).how is Print.TOO_SLOW
    monkeypatch.setattr(print_process, "LIMIT_S", LIMIT_S)
    assert (await print_in_child(job("none"), command=("false",))).how is Print.FAILED
    assert (await print_in_child(job("none"), command=("/nowhere/python",))).how is Print.FAILED
    printed = await print_in_child(job("none"), command=(sys.executable, "-m", "edge.advice"))
    assert printed.how is Print.SWITCHED_OFF


@in_a_loop
async def test_advice_outlives_a_spool_that_is_damaged_and_the_hub_is_told_in_the_next_one(
    config_of_box: BoxConfig,
) -> None:
    async with station(config_of_box) as box:
        await sees_somebody(box, 1)
        piece = said(box, 12)
        box.hears(piece)
        await until_stored(box)
        before = box.service._spool_id
        box.service._spool.condemn("the card has lost pages")
        await until(lambda: box.service._spool_id != before and box.service._has_rooms)
        await until_answered(config_of_box)
        kept = await until_shown(box, lambda one: one.advice == 12)
        assert kept.code == visit_code(before, VisitNo(1))
        box.hears(piece)
        await until_stored(box)
        assert box.service._advice.book.pieces[12].told_in == spool_text(box.service._spool_id)
    assert (12, "received", 0) in told(config_of_box)  # in the spool of now; the visit is of another

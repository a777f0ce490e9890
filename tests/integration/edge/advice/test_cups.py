"""Sheets through a real CUPS: what comes out of its queue, and what is said when nothing does."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.advice import cups
from edge.advice.piece import Outcome, Print
from edge.advice.print_sheet import print_sheet
from edge.advice.sheet import draw
from tests.simulators.cups import QUEUE, CupsSim
from tests.unit.edge.advice.pieces import job


@pytest.fixture(scope="module")
def server() -> Iterator[CupsSim]:
    with tempfile.TemporaryDirectory(prefix="cups") as folder, CupsSim(Path(folder)) as server:
        yield server


@pytest.fixture(autouse=True)
def ours(server: CupsSim, monkeypatch: pytest.MonkeyPatch) -> None:
    server.lacks(None)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def printer(server: CupsSim) -> Iterator[CupsSim]:
    server.add_printer(is_default=True)
    yield server
    server.command("lpadmin", "-x", QUEUE)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cups, "HINDERED_S", 0.2)
    monkeypatch.setattr(cups, "LOOK_EVERY_S", 0.05)


def test_what_comes_out_of_the_default_queue_is_the_sheet_byte_for_byte(printer: CupsSim) -> None:
    before = len(printer.pages())
    assert print_sheet(job("auto")) == Outcome(how=Print.PRINTED, detail=QUEUE)
    assert printer.pages()[before:] == [draw(job("auto"))]


def test_a_queue_is_named_and_one_that_is_not_there_is_said(printer: CupsSim) -> None:
    assert print_sheet(job(f"cups:{QUEUE}")).how is Print.PRINTED
    assert print_sheet(job("cups:nope")) == Outcome(how=Print.NO_PRINTER, detail="nope")


@pytest.mark.usefixtures("impatient")
def test_a_printer_without_paper_is_said_and_the_sheet_does_not_come_out_hours_later(
    printer: CupsSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(printer.pages())
    printer.lacks("media-empty-error")
    assert print_sheet(job("auto")) == Outcome(how=Print.NO_PAPER, detail=QUEUE)
    printer.lacks(None)
    monkeypatch.setattr(cups, "HINDERED_S", 10.0)  # the old reason may stand for a moment
    assert print_sheet(job("auto", advice=13)).how is Print.PRINTED
    assert printer.pages()[before:] == [draw(job("auto", advice=13))]


@pytest.mark.usefixtures("impatient")
def test_a_printer_that_is_given_paper_in_time_goes_on(
    printer: CupsSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer.lacks("media-empty-error")
    asked = []

    def hindrance(said: str) -> None:
        asked.append(said)
        printer.lacks(None)

    monkeypatch.setattr(cups, "hindrance", hindrance)
    assert print_sheet(job("auto")).how is Print.PRINTED
    assert asked


@pytest.mark.usefixtures("impatient")
def test_a_printer_that_is_stopped_or_takes_nothing_is_said(printer: CupsSim) -> None:
    printer.command("cupsdisable", QUEUE)
    assert print_sheet(job("auto")).how is Print.STOPPED
    printer.command("cupsenable", QUEUE)
    printer.command("cupsreject", QUEUE)
    refused = print_sheet(job("auto"))
    assert refused.how is Print.REFUSED
    assert "not accepting jobs" in refused.detail


def test_a_job_that_the_printer_gives_up_is_not_called_printed(printer: CupsSim) -> None:
    printer.command("lpadmin", "-p", QUEUE, "-o", "printer-error-policy=abort-job")
    printer.lacks("abort")
    assert print_sheet(job("auto")) == Outcome(how=Print.FAILED, detail=QUEUE)


def test_without_a_default_queue_and_without_a_stick_there_is_nowhere_to_print(
    server: CupsSim, tmp_path: Path
) -> None:
    assert cups.find_queue() is None
    nothing = tmp_path / "mounts"
    nothing.touch()
    assert print_sheet(job("auto"), mounts=nothing).how is Print.NOWHERE


def test_a_cups_that_does_not_run_or_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUPS_SERVER", "/nowhere/s")
    assert cups.find_queue() is None
    assert print_sheet(job(f"cups:{QUEUE}")).how is Print.NO_CUPS
    monkeypatch.setenv("PATH", "/nowhere")
    assert cups.find_queue() is None
    assert print_sheet(job(f"cups:{QUEUE}")).how is Print.NO_CUPS

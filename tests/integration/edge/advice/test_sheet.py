"""The sheet as the printer gets it, read again from the PDF."""

from pathlib import Path

import pytest

from edge.advice.piece import Print
from edge.advice.print_job import URGENCY_WORDS, PrintJob
from edge.advice.print_sheet import print_sheet
from edge.advice.sheet import ONLY_REMOTE, PAGES_MAX, PRACTICE, draw
from tests.simulators.pdf_reader import read_pdf
from tests.unit.edge.advice.pieces import TEXT, UTC_US, job


def text_of(job: PrintJob) -> str:
    return "\n".join(page.text for page in read_pdf(draw(job)))


@pytest.mark.parametrize("urgency", URGENCY_WORDS)
def test_the_sheet_says_where_whose_how_urgent_what_by_whom_and_when(urgency: str) -> None:
    text = text_of(job("usb").model_copy(update={"urgency": urgency}))
    for words in ("con-dao-01", "K7-42", "Lan", "16:22 26/11/2026", ONLY_REMOTE, *TEXT.splitlines()):
        assert words in text
    assert f"Mức độ: {URGENCY_WORDS[urgency]}" in text  # type: ignore[index]
    assert read_pdf(draw(job("usb")))[0].size_mm == pytest.approx((210, 297), abs=0.1)


def test_when_it_was_printed_stands_there_only_where_the_box_knows_the_time() -> None:
    assert "in lúc" not in text_of(job("usb"))
    known = job("usb").model_copy(update={"now_utc_us": UTC_US + 60_000_000})
    assert "in lúc 16:23 26/11/2026" in text_of(known)


@pytest.mark.parametrize("utc_us", [0, 2**63 - 1])
def test_a_time_that_cannot_be_is_left_out(utc_us: int) -> None:
    assert "Lúc:" not in text_of(job("usb").model_copy(update={"made_utc_us": utc_us}))


def test_letters_of_vietnamese_come_out_right_however_they_were_typed() -> None:
    assert "Ễ ậ ự ở" in text_of(job("usb", text="E\u0302\u0303 a\u0302\u0323 u\u031b\u0323 o\u031b\u0309"))


def test_a_word_that_is_longer_than_a_line_is_broken_and_nothing_of_it_is_lost() -> None:
    shown = "".join(line for line in text_of(job("usb", text="w" * 200)).splitlines() if set(line) == {"w"})
    assert shown == "w" * 200


def test_the_longest_text_stays_on_a_few_pages_each_with_its_visit() -> None:
    for text in ("x\n" * 1000, "từ " * 660, "W" * 2000):
        pages = read_pdf(draw(job("usb", text=text)))
        assert len(pages) <= PAGES_MAX
        assert all("K7-42" in page.text and ONLY_REMOTE in page.text for page in pages)


def test_every_page_of_what_was_said_in_practice_says_so_and_no_other() -> None:
    drill = job("usb", text="x\n" * 60).model_copy(update={"is_practice": True})
    pages = read_pdf(draw(drill))
    assert len(pages) > 1 and all(PRACTICE in page.text for page in pages)
    assert PRACTICE not in text_of(job("usb"))


def test_the_same_job_makes_the_same_bytes() -> None:
    assert draw(job("usb")) == draw(job("usb"))


def test_without_letters_nothing_is_printed_and_it_is_said_what_to_install(tmp_path: Path) -> None:
    outcome = print_sheet(job("usb"), fonts=tmp_path)
    assert outcome.how is Print.NO_LETTERS
    assert "apt install fonts-dejavu-core" in outcome.detail
    assert print_sheet(job("none")).how is Print.SWITCHED_OFF


def test_the_sheet_has_the_name_and_the_hours_that_the_hub_wants() -> None:
    wanted = job("usb").model_copy(update={"station": "Trạm Y tế Côn Đảo", "zone": "Asia/Tokyo"})
    text = text_of(wanted)
    assert "Trạm: Trạm Y tế Côn Đảo" in text
    assert "Lúc: 18:22 26/11/2026 (Asia/Tokyo)" in text

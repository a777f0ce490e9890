"""Papers as the printer gets them: measured in the PDF itself."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hub.papers.blocks import Facts, Heading, Paper, Paragraph, Signatures, StripBlock
from hub.papers.ecg_paper import Run, Strip, Trace
from hub.papers.sheet import PaperError, draw
from tests.simulators.pdf_reader import Line, read_pdf

SCALE_ERROR_MAX = 0.005
WORDS = "Nguyễn Thị Ễnh ương ở Trường Sa; mạch 72 lần/phút, huyết áp bình thường"


def square_wave(rate_hz: float) -> Run:
    """1 mV, 1 Hz, 10 s."""
    at_s = np.arange(int(10 * rate_hz)) / rate_hz
    return Run(0.0, rate_hz, np.where(at_s % 1.0 < 0.5, 1.0, 0.0))


def paper(*runs: Run, text: str = WORDS, stamp: str = "") -> Paper:
    strip = Strip((Trace("I", runs),), 10.0, "26/11/2026 13:05:22", ("ADS1292R",))
    block = StripBlock(strip, "Điện tim", "25 mm/s · 10 mm/mV · không lọc", "đúng 50 mm", "vượt khổ giấy")
    blocks = (Heading("THƯ", 1), Facts((("Họ tên", text),)), Paragraph(text), Signatures(("A", "B")), block)
    return Paper("Thư", blocks, "Trạm · K7-42", "Trang {page}/{pages}", stamp)


def traces(lines: list[Line]) -> list[Line]:
    return [line for line in lines if len(line.points) > 100]


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 500.013])
def test_a_square_wave_is_25_mm_a_second_and_10_mm_a_millivolt_within_half_a_percent(rate_hz: float) -> None:
    page = read_pdf(draw(paper(square_wave(rate_hz))))[-1]
    (trace,) = traces(page.black)
    rises = [b[0] for a, b in pairwise(trace.points) if b[1] - a[1] > 5]
    assert len(rises) == 9
    for seconds in np.diff(rises):
        assert seconds == pytest.approx(25.0, rel=SCALE_ERROR_MAX, abs=25.0 / rate_hz + 1e-9)
    assert rises[-1] - rises[0] == pytest.approx(8 * 25.0, rel=SCALE_ERROR_MAX)
    assert trace.height_mm == pytest.approx(10.0, rel=SCALE_ERROR_MAX)
    (pulse,) = [line for line in page.black if len(line.points) == 6]
    assert pulse.height_mm == pytest.approx(10.0, rel=SCALE_ERROR_MAX)
    assert pulse.points[3][0] - pulse.points[2][0] == pytest.approx(5.0, rel=SCALE_ERROR_MAX)


def test_the_grid_is_of_true_millimetres_and_every_fifth_is_bold() -> None:
    page = read_pdf(draw(paper(square_wave(250))))[-1]
    grid = [line for line in page.lines if line.colour != (0, 0, 0)]
    for wide, step_mm in ((min, 1.0), (max, 5.0)):
        width = wide(line.width_pt for line in grid)
        upright = sorted(line.points[0][0] for line in grid if line.width_pt == width and line.width_mm == 0)
        assert np.diff(upright) == pytest.approx(step_mm, rel=SCALE_ERROR_MAX)
        assert len(upright) == 260 / step_mm + 1
    (ruler,) = [line for line in page.black if len(line.points) == 2 and line.width_mm > 40]
    assert ruler.width_mm == pytest.approx(50.0, rel=SCALE_ERROR_MAX)


def test_a_gap_of_three_seconds_is_75_mm_of_empty_paper() -> None:
    whole = square_wave(250)
    page = read_pdf(draw(paper(Run(0.0, 250.0, whole.mv[:1000]), Run(7.0, 250.0, whole.mv[1750:]))))[-1]
    before, after = traces(page.black)
    assert after.points[0][0] - before.points[-1][0] == pytest.approx(75.0 + 0.1, rel=SCALE_ERROR_MAX)


@pytest.mark.parametrize("length_s", [0.2, 1.0, 3.0])
def test_the_words_beside_a_short_strip_have_their_room(length_s: float) -> None:
    run = Run(0.0, 250.0, square_wave(250).mv[: int(length_s * 250)])
    strip = Strip((Trace("I", (run,)),), length_s, "26/11/2026 13:05:22", ("ADS1292R",))
    block = StripBlock(strip, "Điện tim", "25 mm/s", "đúng 50 mm", "vượt khổ giấy", foot=WORDS)
    page = read_pdf(draw(Paper("Thư", (block,), "Trạm", "{page}/{pages}")))[-1]
    assert WORDS in page.text.replace("\n", " ")
    (ruler,) = [line for line in page.black if len(line.points) == 2 and line.width_mm > 40]
    assert 200.0 < ruler.points[-1][0] < page.size_mm[0]


def test_vietnamese_letters_are_read_again_as_they_were_written() -> None:
    first, second = read_pdf(draw(paper(square_wave(250))))
    assert first.text.replace("\n", " ").count(WORDS) == 2
    assert "25 mm/s · 10 mm/mV · không lọc" in second.text
    assert ("Trang 1/2" in first.text, "Trang 2/2" in second.text) == (True, True)
    assert (round(first.size_mm[0]), round(first.size_mm[1])) == (210, 297)
    assert (round(second.size_mm[0]), round(second.size_mm[1])) == (297, 210)


def test_a_long_text_goes_on_over_pages_and_no_word_of_it_is_lost() -> None:
    words = [f"từ{number}" for number in range(3_000)] + ["x" * 500]
    pages = read_pdf(draw(paper(square_wave(250), text=" ".join(words))))
    joined = "".join(page.text for page in pages).replace("\n", " ")
    assert [word for word in words[:-1] if joined.count(f"{word} ") < 2] == []
    assert joined.replace(" ", "").count("x" * 500) == 2
    assert f"Trang 1/{len(pages)}" in pages[0].text


def test_no_last_line_stands_alone_on_a_page_and_a_heading_goes_with_what_it_heads() -> None:
    signed = "Ký trên\nabc\nKiểm tra"
    parted = []
    for rows in range(30, 60):
        facts = Facts(tuple((f"lúc {number}", f"việc {number}") for number in range(rows)))
        blocks = (Heading("BIÊN BẢN", 1), facts, Heading("Chữ ký"), Paragraph(signed))
        pages = read_pdf(draw(Paper("Biên bản", blocks, "Trạm", "Trang {page}/{pages}")))
        (page,) = [page.text for page in pages if "Chữ ký" in page.text]
        assert all(line in page for line in signed.split("\n"))
        parted.append(len(pages))
    assert set(parted) == {1, 2}


@pytest.mark.parametrize("lines", range(40, 60))
def test_a_long_text_leaves_no_single_line_before_or_after_a_page(lines: int) -> None:
    text = "\n".join(f"dòng {number}." for number in range(lines))
    pages = read_pdf(draw(Paper("Thư", (Heading("THƯ", 1), Paragraph(text)), "Trạm", "{page}/{pages}")))
    assert [page.text.count("dòng") for page in pages if page.text.count("dòng") < 2] == []


def test_practice_is_stamped_on_every_page() -> None:
    for page in read_pdf(draw(paper(square_wave(250), stamp="DIỄN TẬP"))):
        assert page.text.startswith("Trạm · K7-42") or "DIỄN TẬP" in page.text
        assert "DIỄN TẬP" in page.text


def test_the_same_paper_makes_the_same_bytes() -> None:
    assert draw(paper(square_wave(250))) == draw(paper(square_wave(250)))


def test_without_letters_it_is_said_which_package_brings_them(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match="fonts-dejavu-core"):
        draw(paper(), fonts=tmp_path)

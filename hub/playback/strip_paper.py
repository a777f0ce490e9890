"""The shown stretch of a visit's ECG as a paper (core): true to scale, and what it is, on each page."""

from typing import Final
from zoneinfo import ZoneInfo

from hub.cases.ecg_reading import Stretch
from hub.cases.letter import Words, clock_rows, strip_block
from hub.cases.note_words import DISCLAIMER, utc_text, when_text
from hub.papers.blocks import Block, Facts, Heading, Paper, Paragraph
from hub.playback.periods import Period

NOBODYS: Final = "Không thuộc lượt khám nào: không biết là của ai."
NO_ECG: Final = "không có điện tim của đoạn này"


def write_strip(
    stretch: Stretch | None,
    period: Period,
    *,
    station: str,
    station_name: str,
    zone: str,
    made_utc_us: int,
    by: str,
    say: Words,
) -> Paper:
    """Return the paper of a stretch; None: nothing of it is here, and the paper says so. Its times are on the
    clock of `zone` (IANA), the station's."""
    there = ZoneInfo(zone)
    whose = period.code or say(NOBODYS)
    facts = (
        (say("Trạm"), f"{station_name} ({station})"),
        (say("Mã lượt khám"), whose),
        (say("Lượt khám từ"), when_text(period.begin, say, there)),
        (
            say("Đoạn này từ"),
            say("không rõ lúc nào") if stretch is None else when_text(stretch.when, say, there),
        ),
        (say("Tỉ lệ"), say("25 mm/s · 10 mm/mV · không lọc · chỗ hở là không có tín hiệu")),
        (say("Lọc của máy đo"), say("không rõ: máy không cho biết")),
        (say("In lúc"), f"{utc_text(made_utc_us, there)} · {by}"),
        *clock_rows(zone, made_utc_us, say),
    )
    blocks: list[Block] = [Heading(say("ĐIỆN TIM XEM LẠI"), 1), Facts(facts)]
    if stretch is None:
        blocks.append(Paragraph(say(NO_ECG), is_bold=True))
    blocks.append(Paragraph(say(DISCLAIMER)))
    if stretch is not None:
        blocks.append(
            strip_block(
                stretch, station_name=station_name, code=whose, say=say, zone=there, foot=say(DISCLAIMER)
            )
        )
    return Paper(
        title=say("Điện tim xem lại {code}", code=whose),
        blocks=tuple(blocks),
        footer=say(
            "{station} · lượt khám {code} · in lúc {time}",
            station=station_name,
            code=period.code or "–",
            time=utc_text(made_utc_us, there),
        ),
        page_word=say("Trang số {page}/{pages}", page="{page}", pages="{pages}"),
    )

"""The letter that goes with a person to another house (core): what is known of this visit only."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.cases.ecg_reading import Lead, Stretch
from hub.cases.note_words import (
    DISCLAIMER,
    PRACTICE,
    SEX_WORDS,
    UNIT_WORDS,
    URGENCY_WORDS,
    age_at_text,
    utc_text,
    when_text,
)
from hub.cases.notes import Form, Identity
from hub.cases.vitals_reading import Vital
from hub.console.live_texts import Quantity
from hub.console.local_time import station_clock_text
from hub.papers.blocks import Block, Facts, Heading, Paper, Paragraph, Signatures, StripBlock
from hub.papers.ecg_paper import Strip, Trace
from hub.times.fit import UtcInterval


class Words(Protocol):
    """Says words and numbers in the language of the letter."""

    def __call__(self, key: str, /, **values: object) -> str: ...

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number as the language writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """`identity` only where somebody consented that it stands in a letter; `why_nameless` says why it does
    not. `code`: of the visit. `by`: who prints it, `made_utc_us` when. `is_call_open`: it is on the list
    still."""

    station: str
    station_name: str
    station_unit: str  # the path of its unit, "" for none
    zone: str  # of the station, IANA: on its clock are the letter's times
    code: str
    call: str
    pressed: UtcInterval
    identity: Identity | None
    why_nameless: str
    form: Form
    vitals: tuple[Vital, ...]
    stretch: Stretch | None
    by: str
    made_utc_us: int
    is_practice: bool
    is_call_open: bool


def write_letter(facts: LetterFacts, say: Words) -> Paper:
    """Return the letter."""
    zone = ZoneInfo(facts.zone)
    blocks: list[Block] = [Heading(say("THƯ CHUYỂN VIỆN"), 1), Facts(_who(facts, say))]
    if facts.is_call_open:
        still = say("Cuộc gọi chưa kết thúc khi in thư này: những gì ghi ở đây còn có thể thay đổi.")
        blocks.append(Paragraph(still, is_bold=True))
    blocks += _section(say("Nhận định"), facts.form.findings or say("chưa ghi"))
    blocks += _section(say("Lời dặn và xử trí"), facts.form.advice or say("chưa ghi"))
    blocks.append(Heading(say("Số đo của lượt khám này")))
    rows = tuple(_vital(vital, facts.made_utc_us, say, zone) for vital in facts.vitals)
    blocks.append(Facts(rows) if rows else Paragraph(say("không có số đo nào")))
    unverified = dict.fromkeys((vital.device, vital.unverified) for vital in facts.vitals if vital.unverified)
    blocks += [Paragraph(f"* {_unverified(device, say)} ({why})") for device, why in unverified]
    blocks.append(Heading(say("Điện tim")))
    if facts.stretch is None:
        blocks.append(Paragraph(say("không có điện tim của lượt khám này")))
    else:
        blocks.append(Paragraph(say("ở trang sau, đúng tỉ lệ: 25 mm/s, 10 mm/mV, không lọc")))
        blocks += [Paragraph(f"* {_unverified(device, say)}") for device in facts.stretch.unverified]
    blocks.append(Paragraph(say(DISCLAIMER)))
    blocks.append(Signatures((say("Người viết thư: {name}", name=facts.by), say("Người nhận"))))
    if facts.stretch is not None:
        name = facts.station_name
        blocks.append(strip_block(facts.stretch, station_name=name, code=facts.code, say=say, zone=zone))
    return Paper(
        title=say("Thư chuyển viện {code}", code=facts.code),
        blocks=tuple(blocks),
        footer=say(
            "{station} · lượt khám {code} · in lúc {time}",
            station=facts.station_name,
            code=facts.code,
            time=utc_text(facts.made_utc_us, zone),
        ),
        page_word=say("Trang số {page}/{pages}", page="{page}", pages="{pages}"),
        stamp=say(PRACTICE) if facts.is_practice else "",
    )


def identity_rows(identity: Identity, say: Words) -> tuple[tuple[str, str], ...]:
    """Return who it is, line by line."""
    rows = [(say("Họ tên"), identity.name)]
    if identity.birth_year is not None:
        rows.append((say("Năm sinh"), str(identity.birth_year)))
    if identity.sex is not None:
        rows.append((say("Giới tính"), say(SEX_WORDS[identity.sex])))
    if identity.citizen_no:
        rows.append((say("Số căn cước"), identity.citizen_no))
    if identity.phone:
        rows.append((say("Điện thoại"), identity.phone))
    return tuple(rows)


def _who(facts: LetterFacts, say: Words) -> tuple[tuple[str, str], ...]:
    if facts.identity is None:
        named: tuple[tuple[str, str], ...] = ((say("Họ tên"), facts.why_nameless),)
    else:
        named = identity_rows(facts.identity, say)
    urgency = facts.form.urgency
    return (
        (say("Trạm"), f"{facts.station_name} ({facts.station})"),
        *([(say("Đơn vị"), facts.station_unit)] if facts.station_unit else []),
        (say("Mã lượt khám"), facts.code),
        *named,
        (say("Trạm gọi lúc"), when_text(facts.pressed, say, ZoneInfo(facts.zone))),
        *clock_rows(facts.zone, facts.made_utc_us, say),
        (say("Mức khẩn"), say("chưa ghi") if urgency is None else say(URGENCY_WORDS[urgency])),
        (say("Mã cuộc gọi"), facts.call),
    )


def _section(title: str, text: str) -> list[Block]:
    return [Heading(title), Paragraph(text)]


def _vital(vital: Vital, at_us: int, say: Words, zone: tzinfo) -> tuple[str, str]:
    name = ", ".join(dict.fromkeys(say(one["label"]) for one in vital.quantities))
    values = " · ".join(_quantity(one, say) for one in vital.quantities)
    age = say("cách lúc in {age}", age=age_at_text(vital.when, at_us, say))
    when = f"{when_text(vital.when, say, zone)} ({age})"
    doubts = "".join(f" · {say(doubt)}" for doubt in vital.doubts)
    device = vital.device if not vital.unverified else f"{_unverified(vital.device, say)} *"
    return name, f"{values} · {when} · {device}{doubts}"


def _unverified(device: str, say: Words) -> str:
    return say("{device}: chưa kiểm chứng", device=device)


def _quantity(quantity: Quantity, say: Words) -> str:
    values = "/".join("–" if value is None else _short(value, say) for value in quantity["values"])
    return f"{values} {say(UNIT_WORDS.get(quantity['unit'], quantity['unit']))}".strip()


def _short(value: float, say: Words) -> str:
    return say.number(value, 0 if value == round(value) else 1)


def clock_rows(zone: str, at_utc_us: int, say: Words) -> tuple[tuple[str, str], ...]:
    """Return on whose clock a paper's times are, where that is not the hub's own."""
    clock = station_clock_text(zone, at_utc_us / 1000, say)
    return ((say("Giờ trên giấy này"), clock),) if clock else ()


def strip_block(
    stretch: Stretch, *, station_name: str, code: str, say: Words, zone: tzinfo, foot: str = ""
) -> StripBlock:
    """Return an ECG for a paper, with all that must be said beside it."""
    several = len({lead.device for lead in stretch.leads}) > 1
    traces = tuple(
        Trace(
            f"{lead.label} ({lead.device})" if several else lead.label,
            lead.runs,
            _note(lead, stretch.unverified, say),
        )
        for lead in stretch.leads
    )
    models = tuple(dict.fromkeys(lead.model or lead.device for lead in stretch.leads))
    notes = (
        *models,
        *(_unverified(one, say) for one in stretch.unverified),
        *(
            say("nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa", electrodes=one)
            for one in stretch.reversals
        ),
    )
    return StripBlock(
        Strip(
            traces,
            stretch.length_s,
            say("{n} s, bắt đầu {time}", time=when_text(stretch.when, say, zone), n=round(stretch.length_s)),
            notes,
        ),
        heading=say("Điện tim · {station} · lượt khám {code}", station=station_name, code=code),
        scale=say("25 mm/s · 10 mm/mV · không lọc · chỗ hở là không có tín hiệu"),
        ruler=say("đúng 50 mm khi in không co giãn"),
        cut=say("vượt khổ giấy, chỗ vượt để hở"),
        foot=foot,
    )


def _note(lead: Lead, unverified: tuple[str, ...], say: Words) -> str:
    notes = [say("chưa kiểm chứng")] if (lead.model or lead.device) in unverified else []
    if lead.was_off:
        notes.append(say("tuột điện cực"))
    elif not lead.runs:
        notes.append(say("không có tín hiệu"))
    return " · ".join(notes)

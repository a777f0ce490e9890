"""Minutes for people (core): the same document as a paper, in words."""

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.calls.call import ANYBODY
from hub.calls.table import Input
from hub.cases.letter import Words, clock_rows, identity_rows
from hub.cases.minutes import Minutes, digest
from hub.cases.note_words import (
    DETAIL_WORDS,
    HUB,
    INPUT_WORDS,
    OF_THE_STATION,
    PRACTICE,
    PURPOSE_WORDS,
    STAGE_WORDS,
    STATE_WORDS,
    STATION,
    URGENCY_WORDS,
    step_text,
    utc_text,
)
from hub.cases.notes import Identity
from hub.console.ages import VIETNAM, ZONE_NAME
from hub.papers.blocks import Block, Facts, Heading, Paper, Paragraph
from hub.store.papers import AdviceStep

DETAILS_MAX_CHARS: Final = 300


def write_sheet(minutes: Minutes, say: Words, *, zone: str = ZONE_NAME) -> Paper:
    """Return the minutes as a paper, its times on the clock of `zone` (IANA), the station's."""
    document, there = minutes.document, ZoneInfo(zone)
    who = document["by"] or say("quy tắc")
    facts = [
        (say("Trạm"), f"{document['station_name']} ({document['station']})"),
        (say("Mã cuộc gọi"), str(document["call"])),
        (say("Nhận cuộc gọi lúc"), utc_text(document["received_utc_us"], there)),
        (say("Bản"), str(document["version"])),
        (say("Lập lúc"), f"{utc_text(document['made_utc_us'], there)} · {who}"),
        *clock_rows(zone, document["made_utc_us"], say),
    ]
    if document.get("station_unit"):  # minutes of before the organisation name none
        facts.insert(1, (say("Đơn vị"), document["station_unit"]))
    if document["corrects"]:
        facts.append((say("Sửa bản"), f"SHA-256 {document['corrects']}"))
        facts.append((say("Lý do sửa"), document["reason"] or say("cuộc gọi tiếp tục sau khi đóng")))
    blocks: list[Block] = [Heading(say("BIÊN BẢN CUỘC GỌI"), 1), Facts(tuple(facts))]
    for person in document["persons"]:
        blocks += _person(person, say, there)
    blocks.append(Heading(say("Diễn biến cuộc gọi")))
    blocks.append(
        Facts(
            tuple(
                (utc_text(line["utc_us"], there), journal_text(line, say, zone=there))
                for line in document["journal"]
            )
        )
    )
    blocks.append(Heading(say("Chữ ký của trung tâm")))
    verify = say("Kiểm tra tệp JSON bằng lệnh: {command}", command="hub minutes verify")
    signed = say("Ký trên SHA-256 của biên bản:")
    blocks.append(Paragraph(f"{signed}\n{digest(document)}\n{verify}"))
    return Paper(
        title=say("Biên bản cuộc gọi"),
        blocks=tuple(blocks),
        footer=say("{station} · cuộc gọi {call}", station=document["station_name"], call=document["call"]),
        page_word=say("Trang số {page}/{pages}", page="{page}", pages="{pages}"),
        stamp=say(PRACTICE) if document["practice"] else "",
    )


def journal_text(line: Mapping[str, Any], say: Words, *, zone: tzinfo = VIETNAM) -> str:
    """Return a line of the journal in words: who, what, how the call is then, and what else was said."""
    said = _said(line)
    by = _who(line, said)
    who = by or say(STATION if line["input"] in OF_THE_STATION else HUB)
    what = say(INPUT_WORDS.get(line["input"], line["input"]))
    text = f"{who}: {what}"
    then = say(STATE_WORDS.get(line["to"], line["to"]))
    if line["from"] != line["to"] and then != what:
        text += f" → {then}"
    if line["input"] == Input.GUEST.name:
        words = [_guest_detail(name, value, by, say) for name, value in said.items()]
    else:
        words = [_detail(name, value, by, say, zone) for name, value in said.items()]
    details = ", ".join(word for word in words if word)[:DETAILS_MAX_CHARS]
    return f"{text} ({details})" if details else text


def _said(line: Mapping[str, Any]) -> dict[str, Any]:
    """What was said with it: to whom, what for, until when, why."""
    try:
        said = json.loads(line["detail"] or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _who(line: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    """Whose deed it was by name; None: the station's, a clock's or the rules'. A guest that has no account
    comes and leaves under the name by which the call knows him."""
    if said.get("rules") is True:
        return None
    by, guest = line["by"], said.get("to")
    is_guests = line["input"] == Input.GUEST.name and said.get("change") in ("came", "left")
    named = guest if by is None and is_guests else by
    return named if isinstance(named, str) else None


def _guest_detail(name: str, value: object, by: str | None, say: Words) -> str:
    """Who came, left or did not come, where nobody is named as the one whose deed it was."""
    match name, value:
        case "change", "declined" if by is None:
            return say("lời mời hết hạn")
        case "change", str():
            return say(DETAIL_WORDS.get(value, value))
        case "to", str() if value != by:
            return value
        case "link", True:
            return say("bằng đường dẫn")
        case _:
            return ""


def _detail(name: str, value: object, by: str | None, say: Words, zone: tzinfo) -> str:
    """What is for programs stays out."""
    match name, value:
        case "disposition" | "kind" | "said" | "delivery", str():
            return say(DETAIL_WORDS.get(value, value))
        case "stage", int() if 0 <= value < len(STAGE_WORDS):
            return say(STAGE_WORDS[value])
        case "to" | "owner", str() if value != by:
            return say("cho {name}", name=say("mọi người đang trực") if value == ANYBODY else value)
        case "rung", int():
            return say("bậc {n}", n=value)
        case "due_utc_us", int():
            return say("trước {time}", time=utc_text(value, zone))
        case "reason" | "note" | "why" | "adapter", str():
            return value
        case "people", list():
            return ", ".join(map(str, value))
        case _:
            return ""


def _person(person: Mapping[str, Any], say: Words, zone: tzinfo) -> list[Block]:
    code = person["visit"]
    blocks: list[Block] = [Heading(say("Lượt khám {code}", code=code) if code else say("Không có lượt khám"))]
    facts: list[tuple[str, str]] = []
    if person["identity"] is not None:
        facts += identity_rows(Identity.model_validate(person["identity"]), say)
    elif person["is_identity_withheld"]:
        facts.append((say("Họ tên"), say("có ghi, nhưng không có đồng ý đưa vào biên bản")))
    for one in person["consents"]:
        purposes = "; ".join(say(PURPOSE_WORDS.get(name, name)) for name in one["purposes"])
        text = f"{one['by_whom']}: {purposes}" if one["is_given"] else one["by_whom"]
        words = f" – “{one['words']}”" if one["words"] else ""
        noted = f" ({one['noted_by']}, {utc_text(one['utc_us'], zone)})"
        facts.append((say("Đồng ý") if one["is_given"] else say("Rút lại đồng ý"), text + words + noted))
    form = person["form"]
    urgency = form["urgency"]
    facts.append((say("Mức khẩn"), say("chưa ghi") if urgency is None else say(URGENCY_WORDS[urgency])))
    facts.append((say("Nhận định"), form["findings"] or say("chưa ghi")))
    facts.append((say("Lời dặn"), form["advice"] or say("chưa ghi")))
    blocks.append(Facts(tuple(facts)))
    for one in person["advice"]:
        kept = [AdviceStep(step["state"], step["text"], step["utc_us"]) for step in one["steps"]]
        steps = "".join(f"\n{utc_text(step.utc_us, zone)} {step_text(step, say)}" for step in kept)
        sent = say("Đã gửi trạm lúc {time} ({by}):", time=utc_text(one["made_utc_us"], zone), by=one["by"])
        blocks.append(Paragraph(f"{sent}\n{one['text']}{steps}"))
    return blocks

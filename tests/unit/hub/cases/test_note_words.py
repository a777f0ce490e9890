"""There is a word for everything that a paper may say, and no time is said better than it is known."""

from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from contract.events import AdviceKept
from hub.calls.call import STAGES, AskKind
from hub.calls.table import Input, State
from hub.cases import note_words
from hub.cases.minutes_sheet import journal_text
from hub.cases.note_words import (
    DETAIL_WORDS,
    DISPOSITION_WORDS,
    INPUT_WORDS,
    PURPOSE_WORDS,
    SEX_WORDS,
    STAGE_WORDS,
    STATE_WORDS,
    URGENCY_WORDS,
    age_at_text,
    step_text,
    utc_text,
    when_text,
)
from hub.cases.notes import DISPOSITIONS, PURPOSES, URGENCIES, Sex
from hub.console.words import Words
from hub.store.papers import UNDELIVERED, AdviceStep
from hub.times.fit import UtcInterval

VI = Words("vi")
NOON_US = 1_795_669_200_000_000  # 26/11/2026 12:00 in Vietnam
S = 1_000_000


def test_every_choice_has_a_word() -> None:
    assert set(URGENCY_WORDS) == set(URGENCIES)
    assert set(DISPOSITION_WORDS) == set(DISPOSITIONS)
    assert set(PURPOSE_WORDS) == set(PURPOSES)
    assert set(SEX_WORDS) == set(get_args(Sex))
    assert len(STAGE_WORDS) == len(STAGES)
    assert set(DETAIL_WORDS) >= {*DISPOSITIONS, *get_args(AskKind)}


def test_every_state_and_every_input_of_a_call_has_a_word() -> None:
    assert set(STATE_WORDS) == {state.name for state in State}
    assert set(INPUT_WORDS) == {input_.name for input_ in Input}


def test_everything_that_may_become_of_advice_has_a_word() -> None:
    states = get_args(AdviceKept.model_fields["state"].annotation)
    for state in (*states, UNDELIVERED):
        assert step_text(AdviceStep(state, "hết giấy", 0), VI).endswith(": hết giấy")
        assert state not in step_text(AdviceStep(state, "", 0), VI)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (("CLAIM", "RINGING", "CLAIMED", '{"owner": "Lan"}'), "Lan: trả lời → có người trả lời"),
        (("DUE", "ACTIVE", "ACTIVE", "{"), "Lan: hết giờ"),
        (
            ("ASK", "ACTIVE", "ACTIVE", '{"to": "*", "kind": "second"}'),
            "(cho mọi người đang trực, người thứ hai)",
        ),
        (
            ("CLOSE", "WRAP_UP", "CLOSED", '{"disposition": "stays", "reason": "ổn"}'),
            "(ở lại trạm, theo lời dặn, ổn)",
        ),
        (
            ("RING", "CALLBACK", "CALLING", '{"ring": "00ff", "record": "x.1"}'),
            "Lan: gọi trạm → đang gọi trạm",
        ),
        (("PROMISE", "WRAP_UP", "CALLBACK", f'{{"due_utc_us": {NOON_US}}}'), "(trước 26/11/2026 12:00:00)"),
        (("DUE", "CONNECTING", "CONNECTING", '{"stage": 1}'), "(chỉ có tiếng)"),
        (
            (
                "TOLD",
                "RINGING",
                "RINGING",
                '{"delivery": "failed", "adapter": "modem", "people": ["BS Hoa"], "why": "no SIM"}',
            ),
            "nhắn ra ngoài (không gửi được, modem, BS Hoa, no SIM)",
        ),
        (("NEW", "OLD", "NEWER", '["list"]'), "Lan: NEW → NEWER"),
    ],
)
def test_a_line_of_the_journal_says_who_what_and_why_and_nothing_for_programs(
    line: tuple[str, str, str, str], text: str
) -> None:
    input_, before, after, detail = line
    said = journal_text({"by": "Lan", "input": input_, "from": before, "to": after, "detail": detail}, VI)
    assert said.endswith(text)
    assert "00ff" not in said


@pytest.mark.parametrize(
    ("input_", "who"),
    [("PRESSED_AGAIN", "trạm"), ("CANCEL", "trạm"), ("WIDEN", "trung tâm"), ("DUE", "trung tâm")],
)
def test_what_no_account_did_is_the_stations_or_the_hubs(input_: str, who: str) -> None:
    line = {"by": None, "input": input_, "from": "OFFERED", "to": "OFFERED", "detail": None}
    assert journal_text(line, VI).startswith(f"{who}: ")


@pytest.mark.parametrize(
    ("by", "detail", "text"),
    [
        (None, '{"to": "BS khách: Hoa", "change": "came", "link": true}', "BS khách: Hoa: {}đã vào, bằng"),
        (None, '{"to": "BS khách: Hoa", "change": "left"}', "BS khách: Hoa: {}đã ra)"),
        ("BS Minh", '{"to": "BS Minh", "change": "declined"}', "BS Minh: {}đã từ chối)"),
        (None, '{"to": "BS Minh", "change": "declined"}', "trung tâm: {}BS Minh, lời mời hết hạn)"),
        ("Lan", '{"to": "BS khách: Hoa", "change": "left"}', "Lan: {}BS khách: Hoa, đã ra)"),
    ],
)
def test_a_guest_that_came_by_a_link_is_named_and_an_invitation_that_ran_out_is_the_clocks(
    by: str | None, detail: str, text: str
) -> None:
    line = {"by": by, "input": "GUEST", "from": "ACTIVE", "to": "ACTIVE", "detail": detail}
    assert journal_text(line, VI).startswith(text.format("khách vào hoặc ra ("))


def test_what_the_rules_did_in_an_accounts_name_is_not_the_accounts() -> None:
    line = {"by": "Lan", "input": "END", "from": "CALLING", "to": "CALLBACK", "detail": '{"rules": true}'}
    assert journal_text(line, VI) == "trung tâm: kết thúc → cần gọi lại"
    assert journal_text(line | {"detail": None}, VI).startswith("Lan: ")


def test_a_ring_that_nobody_answered_was_declined_by_nobody() -> None:
    line = {"by": None, "input": "DECLINED", "from": "CALLING", "to": "CALLBACK"}
    said = journal_text({**line, "detail": '{"said": "unanswered", "ring": "00ff"}'}, VI)
    assert said.endswith("(ở trạm không ai nghe)")
    assert "nghe)" not in journal_text({**line, "detail": '{"said": "declined"}'}, VI)


def test_the_letter_and_the_pages_say_the_same_of_what_this_is_for() -> None:
    page = (Path(note_words.__file__).parents[1] / "console/templates/disclaimer.html").read_text("utf-8")
    assert note_words.DISCLAIMER in page


def test_a_moment_is_said_no_better_than_it_is_known() -> None:
    exact = UtcInterval(NOON_US - S // 2, NOON_US + S // 2, NOON_US)
    assert when_text(exact, VI) == "26/11/2026 12:00:00"
    assert when_text(UtcInterval(NOON_US - 3 * S, NOON_US + 3 * S, NOON_US), VI).endswith("± 3 s")
    assert when_text(UtcInterval(NOON_US, NOON_US + 1_800 * S), VI) == "26/11/2026 12:00 – 12:30"
    assert when_text(UtcInterval(None, NOON_US), VI) == "trước 26/11/2026 12:00:00"
    assert when_text(UtcInterval(None, None), VI) == "không rõ lúc nào"


def test_a_time_is_told_on_the_clock_of_its_place() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert utc_text(NOON_US, tokyo) == "26/11/2026 14:00:00"
    exact = UtcInterval(NOON_US, NOON_US, NOON_US)
    assert when_text(exact, VI, tokyo) == "26/11/2026 14:00:00"
    late = NOON_US + 11 * 3_600 * S  # 23:00 in Vietnam, and the next day there
    assert when_text(UtcInterval(late, late, late), VI, tokyo) == "27/11/2026 01:00:00"
    assert when_text(UtcInterval(None, late), VI, tokyo) == "trước 27/11/2026 01:00:00"


def test_an_age_is_said_no_better_than_it_is_known() -> None:
    at_us = NOON_US + 120 * S
    assert age_at_text(UtcInterval(NOON_US - S, NOON_US + S, NOON_US), at_us, VI) == "2 phút"
    assert age_at_text(UtcInterval(NOON_US - 60 * S, NOON_US), at_us, VI) == "2 phút đến 3 phút"
    assert age_at_text(UtcInterval(None, NOON_US), at_us, VI) == "ít nhất 2 phút"
    assert age_at_text(UtcInterval(None, None), at_us, VI) == "không rõ"

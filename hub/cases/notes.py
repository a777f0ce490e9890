"""What people type during a call and after it, checked and bounded (core).

All of it is the hub's alone: it goes into no record and to no station, but for advice, which is sent by
`hub.cases.advice_service`. Text is NFC, so that "ế" typed on two keyboards is one letter, and has no control
characters.
"""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.signals import Urgency
from hub.typed_values import whole_number

NAME_MAX_CHARS: Final = 100
FINDINGS_MAX_CHARS: Final = 4_000
ADVICE_MAX_CHARS: Final = 2_000  # as contract.signals.AdviceText
WORDS_MAX_CHARS: Final = 500
OLDEST_BIRTH_YEAR: Final = 1900
URGENCIES: Final[tuple[Urgency, ...]] = get_args(Urgency)

Kind = Literal["identity", "consent", "form", "strip", "minutes"]
Sex = Literal["female", "male", "other"]
Purpose = Literal["record", "letter"]  # the name in the hub's papers; the name in a letter to another house
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
Disposition = Literal[
    "stays", "referred", "transferred", "follow-up", "called back", "no contact", "mistake", "other"
]
DISPOSITIONS: Final[tuple[Disposition, ...]] = get_args(Disposition)


class NoteError(Exception):
    """What was typed cannot be kept. `text_key`: what to do, a word of the catalogue."""

    def __init__(self, text_key: str) -> None:
        super().__init__(text_key)
        self.text_key = text_key


class Note(BaseModel):
    """What all notes share: they are kept as canonical JSON, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def to_json(self) -> str:
        """Return the JSON that the store keeps."""
        return self.model_dump_json()


class Identity(Note):
    """Who is seen, as somebody at the hub was told."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS)]
    birth_year: int | None = None
    sex: Sex | None = None
    citizen_no: Annotated[str, Field(pattern=r"^([0-9]{9}|[0-9]{12})?$")] = ""
    phone: Annotated[str, Field(pattern=r"^(\+?[0-9]{6,15})?$")] = ""


class Consent(Note):
    """What somebody agreed to, or took back. The newest one of a visit holds, with all its purposes."""

    is_given: bool
    by_whom: Annotated[str, Field(min_length=1, max_length=NAME_MAX_CHARS)]  # "chính người bệnh", "mẹ"
    purposes: tuple[Purpose, ...] = ()
    words: Annotated[str, Field(max_length=WORDS_MAX_CHARS)] = ""  # in which it was asked or given

    def covers(self, purpose: Purpose) -> bool:
        """Whether it allows that."""
        return self.is_given and purpose in self.purposes


class Form(Note):
    """The wrap-up of one visit in one call. Empty until somebody writes; nothing of it must be filled in."""

    urgency: Urgency | None = None
    findings: Annotated[str, Field(max_length=FINDINGS_MAX_CHARS)] = ""
    advice: Annotated[str, Field(max_length=ADVICE_MAX_CHARS)] = ""


class StripMark(Note):
    """The end of the stretch of ECG that somebody wants to keep, by the box's clock."""

    boot: Annotated[int, Field(ge=1)]
    end_t_us: Annotated[int, Field(ge=0)]


def typed_text(text: str) -> str:
    """Return what was typed as it is kept: NFC, lines ended by a newline, no control characters."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        one for one in lines if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs")
    ).strip()


def typed_line(text: str) -> str:
    """Return what was typed into a field of one line."""
    return " ".join(typed_text(text).split())


def read_identity(typed: Mapping[str, str], *, this_year: int) -> Identity:
    """Return what a form says of a person. Raises NoteError."""
    name, year = typed_line(typed.get("name", "")), typed_line(typed.get("birth_year", ""))
    if not name:
        raise NoteError("Hãy ghi họ tên.")
    if len(name) > NAME_MAX_CHARS:
        raise NoteError("Họ tên dài quá 100 chữ.")
    born = whole_number(year, most=this_year)
    if year and (born is None or born < OLDEST_BIRTH_YEAR):
        raise NoteError("Năm sinh gồm bốn chữ số, từ 1900 đến năm nay.")
    citizen_no = typed_line(typed.get("citizen_no", "")).replace(" ", "")
    phone = typed_line(typed.get("phone", "")).translate({ord(mark): None for mark in " .-()"})
    sex = typed.get("sex", "") or None
    try:
        return Identity.model_validate(
            {
                "name": name,
                "birth_year": born,
                "sex": sex,
                "citizen_no": citizen_no,
                "phone": phone,
            }
        )
    except ValidationError as error:
        if error.errors()[0]["loc"][0] == "phone":
            raise NoteError("Số điện thoại gồm 6 đến 15 chữ số.") from None
        raise NoteError("Số căn cước gồm 12 chữ số (số cũ: 9).") from None


def read_consent(typed: Mapping[str, str]) -> Consent:
    """Return what a form says of a consent; `is_given` "no" takes it back. Raises NoteError."""
    by_whom, words = typed_line(typed.get("by_whom", "")), typed_text(typed.get("words", ""))
    is_given = typed.get("is_given", "yes") != "no"
    purposes = tuple(one for one in PURPOSES if typed.get(f"purpose_{one}"))
    if not by_whom:
        raise NoteError("Hãy ghi ai đồng ý, hoặc ai rút lại.")
    if len(by_whom) > NAME_MAX_CHARS or len(words) > WORDS_MAX_CHARS:
        raise NoteError("Lời ghi quá dài.")
    if is_given and not purposes:
        raise NoteError("Hãy chọn đồng ý cho việc gì.")
    return Consent(is_given=is_given, by_whom=by_whom, purposes=purposes if is_given else (), words=words)


def read_form(typed: Mapping[str, str]) -> Form:
    """Return what was typed into the wrap-up. Raises NoteError."""
    urgency, findings = typed.get("urgency", ""), typed_text(typed.get("findings", ""))
    advice = typed_text(typed.get("advice", ""))
    if len(findings) > FINDINGS_MAX_CHARS:
        raise NoteError("Nhận định dài quá 4000 chữ.")
    if len(advice) > ADVICE_MAX_CHARS:
        raise NoteError("Lời dặn dài quá 2000 chữ.")
    known: Urgency | None = next((one for one in URGENCIES if one == urgency), None)
    return Form(urgency=known, findings=findings, advice=advice)


def read_disposition(typed: Mapping[str, str]) -> tuple[Disposition, str]:
    """Return how a call ended, and the reason in free words. Raises NoteError."""
    named = typed.get("disposition", "")
    disposition: Disposition | None = next((one for one in DISPOSITIONS if one == named), None)
    reason = typed_line(typed.get("reason", ""))[:WORDS_MAX_CHARS]
    if disposition is None:
        raise NoteError("Hãy chọn cuộc gọi kết thúc thế nào.")
    if disposition == "other" and not reason:
        raise NoteError("Hãy ghi lý do.")
    return disposition, reason

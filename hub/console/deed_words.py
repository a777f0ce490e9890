"""What the deeds of the book are called (core). A deed that has no word here is shown as it was written."""

from dataclasses import dataclass
from typing import Final

from hub.cases.note_words import DISPOSITION_WORDS
from hub.console.setting_words import layer_text
from hub.console.words import Words
from hub.people.accounts import Role
from hub.people.deeds import Deed

ROLE_WORDS: Final = {Role.OPERATOR: "người trực", Role.DOCTOR: "bác sĩ", Role.ADMIN: "quản trị"}
DEED_WORDS: Final = {
    # calls
    "claim": "trả lời cuộc gọi",
    "end": "kết thúc cuộc gọi",
    "hold": "giữ máy",
    "resume": "nói tiếp",
    "park": "gác máy cho người khác",
    "take": "nhận việc",
    "ask": "nhờ đồng nghiệp",
    "accept": "nhận lời đồng nghiệp",
    "decline": "từ chối đồng nghiệp",
    "turn": "đổi người nói",
    "come": "vào cuộc gọi theo lời mời",
    "not-come": "từ chối lời mời",
    "leave": "rời cuộc gọi",
    "close": "đóng cuộc gọi",
    "correct": "đính chính biên bản",
    "promise": "hẹn gọi lại",
    "ring": "gọi trạm",
    "emergency ring": "gọi trạm khẩn cấp",
    "stop ringing": "thôi gọi trạm",
    "handover offered": "xin bàn giao",
    "handover accepted": "nhận bàn giao",
    "handover declined": "không bàn giao",
    "doctor invited": "mời bác sĩ",
    "link made": "lập đường dẫn cho khách",
    "link used": "khách vào bằng đường dẫn",
    "guest left": "khách rời cuộc gọi",
    # papers
    "form noted": "ghi bệnh án",
    "identity noted": "ghi tên người bệnh",
    "consent noted": "ghi đồng ý",
    "strip noted": "đánh dấu đoạn điện tim",
    "advice sent": "gửi lời dặn",
    "letter": "in thư chuyển viện",
    # stations
    "confirm device": "xác nhận thiết bị",
    "practice test": "thử nút",
    "practice drill": "cho diễn tập",
    "practice end": "kết thúc diễn tập",
    "station card": "sửa thẻ của trạm",
    "station boxes": "đổi hộp của trạm",
    "box": "sửa hộp",
    "claim made": "lập mã đưa hộp vào",
    "claims withdrawn": "hủy các mã đưa hộp vào",
    "box let in": "nhận hộp theo số trên màn hình",
    "box enrolled": "hộp vào trạm",
    "box renewed": "gia hạn chứng thư của hộp",
    "box revoked": "thu hồi hộp",
    "import": "nhập tệp tổ chức",
    "unit add": "thêm đơn vị",
    "unit rename": "đổi tên đơn vị",
    "unit edit": "sửa đơn vị",
    "unit move": "chuyển đơn vị",
    "unit close": "đóng đơn vị",
    "unit station": "thêm trạm",
    "change configuration": "đổi cấu hình",
    "save bundle": "tải gói chẩn đoán",
    "command bundle": "xin gói chẩn đoán",
    "command restart video": "khởi động lại hình của trạm",
    "command restart box": "khởi động lại hộp",
    "command self-test": "cho hộp tự kiểm tra",
    "command identify": "cho hộp tự xưng tên",
    "command read desired": "cho hộp đọc lại cấu hình",
    "command say configuration": "hỏi cấu hình của hộp",
    # what was looked at
    "playback": "xem lại lượt khám",
    "playback paper": "in đoạn đã xem lại",
    "trends": "xem diễn biến",
    # who may
    "account made": "lập tài khoản",
    "account removed": "xóa tài khoản",
    "role changed": "đổi vai trò",
    "password renewed": "đặt mật khẩu mới",
    "token made": "lập mã cho chương trình",
    "token ended": "chấm dứt mã",
    "audit saved": "tải sổ việc đã làm",
    "api put /stations/{station}/card": "sửa thẻ của trạm qua API",
}


TYPED_DEEDS: Final = (  # their text is what somebody typed
    "change configuration",
    "correct",
    "handover offered",
    "link made",
    "unit add",
    "unit rename",
    "unit edit",
)
_ROLES: Final = {role.value: role for role in Role}
_ROLE_DEEDS: Final = ("account made", "role changed")


@dataclass(frozen=True, slots=True)
class DeedTold:
    """A line of the book as people read it. `is_name`, `is_code`: subject or text stays as it was written: a
    number or a name of programs, which is of no language.
    """

    subject: str
    text: str
    is_name: bool
    is_code: bool


def tell_deed(deed: Deed, words: Words) -> DeedTold:
    """Return what was done to whom, and how, in words; what has none stays as it was written."""
    subject, text = deed.subject, deed.text
    head, _, rest = subject.partition(" ")
    is_layer = deed.deed == "change configuration"
    if is_layer:
        subject = layer_text(subject, words)
    elif head == "token" and rest.isdigit():
        subject = words("mã số {n}", n=rest)
    is_code = False
    if deed.deed in _ROLE_DEEDS and text in _ROLES:
        text = words(ROLE_WORDS[_ROLES[text]])
    elif deed.deed == "close":
        disposition = next((one for one in DISPOSITION_WORDS if f"{text} ".startswith(f"{one} ")), "")
        reason = text.removeprefix(disposition).strip()
        named = words(DISPOSITION_WORDS[disposition]) if disposition else ""
        text = ": ".join(one for one in (named, reason) if one)
    elif deed.deed == "import" and text.endswith(" cards"):
        text = words("{n} thay đổi", n=text.removesuffix(" cards"))
    else:
        is_code = deed.deed not in TYPED_DEEDS
    return DeedTold(subject, text, is_name=subject == deed.subject, is_code=is_code)


def deed_word(deed: str) -> str:
    """Return the word of the catalogue for a deed, or the deed itself."""
    return DEED_WORDS.get(deed, deed)

"""The words for what is chosen in forms and printed on papers (core): Vietnamese, keys of the catalogue."""

import math
from datetime import tzinfo
from typing import Final

from hub.calls.age import Age
from hub.console.ages import (
    VIETNAM,
    YEAR_9999_US,
    Say,
    age_text,
    local_text,
    moment_text,
    press_age_text,
)
from hub.store.papers import UNDELIVERED, AdviceStep
from hub.times.fit import UtcInterval

PRACTICE: Final = "DIỄN TẬP – không phải người bệnh thật"
DISCLAIMER: Final = (  # as templates/disclaimer.html has it
    "Chỉ hỗ trợ hội chẩn từ xa. Không phải thiết bị theo dõi hay báo động chính. Tín hiệu có thể trễ hoặc mất; không dùng để chẩn đoán nếu chưa được cấp phép trang thiết bị y tế."  # noqa: E501
)
STATION: Final = "trạm"
HUB: Final = "trung tâm"
OF_THE_STATION: Final = frozenset(  # inputs that no account gives; all others are a clock's or the rules'
    {"CANCEL", "PRESSED_AGAIN", "PRESSED_LATE", "RAISED", "ACCEPTED", "DECLINED"}
)
URGENCY_WORDS: Final = {
    "routine": "thường quy",
    "soon": "sớm",
    "urgent": "khẩn",
    "emergency": "cấp cứu",
}
SEX_WORDS: Final = {"female": "nữ giới", "male": "nam giới", "other": "khác"}
PURPOSE_WORDS: Final = {
    "record": "ghi tên vào biên bản của trung tâm",
    "letter": "ghi tên trong thư chuyển viện",
}
DISPOSITION_WORDS: Final = {
    "stays": "ở lại trạm, theo lời dặn",
    "referred": "đi khám tuyến trên theo hẹn",
    "transferred": "chuyển viện ngay",
    "follow-up": "hẹn gọi lại",
    "called back": "đã gọi lại và nói chuyện với trạm",
    "no contact": "không liên lạc được",
    "mistake": "nhấn nhầm hoặc thử nút",
    "other": "khác",
}
_STEP_WORDS: Final = {
    "received": "trạm đã nhận",
    "printed": "đã in ở trạm",
    "not printed": "trạm không in được",
    "put away": "trạm đã cất đi",
    UNDELIVERED: "trạm chưa xác nhận sau 24 giờ, không gửi nữa",
}
INPUT_WORDS: Final = {
    "SHOWN": "hiện trên bảng trực",
    "SOUNDS": "đổ chuông",
    "SILENT": "thôi đổ chuông",
    "WIDEN": "gọi thêm người trực",
    "DUE": "hết giờ",
    "CLAIM": "trả lời",
    "JOINED": "mở hình và tiếng",
    "FLOWS": "nghe thấy nhau",
    "STALLED": "mất hình và tiếng",
    "HOLD": "giữ máy",
    "RESUME": "nói tiếp",
    "PARK": "gác máy cho người khác",
    "ABANDONED": "người trả lời đã rời trang",
    "END": "kết thúc",
    "CANCEL": "trạm huỷ",
    "PRESSED_AGAIN": "nhấn nút thêm lần nữa",
    "PRESSED_LATE": "lần nhấn đến muộn",
    "RAISED": "giữ nút: cấp cứu",
    "ASSIGN": "giao theo quy tắc",
    "TAKE": "nhận việc",
    "PROMISE": "hẹn gọi lại",
    "RING": "gọi trạm",
    "ACCEPTED": "trạm nhận cuộc gọi",
    "DECLINED": "trạm không nhận cuộc gọi",
    "CLOSE": "đóng",
    "TESTED": "thử nút",
    "PRACTICE_OVER": "dừng diễn tập vì có cuộc gọi thật",
    "ASK": "nhờ đồng nghiệp",
    "ASK_OVER": "thôi nhờ đồng nghiệp",
    "TRANSFERRED": "nhận chuyển cuộc gọi",
    "HANDED_OVER": "nhận bàn giao",
    "SECONDED": "vào cùng",
    "INVITE": "mời bác sĩ",
    "GUEST": "khách vào hoặc ra",
    "TURN": "đổi người nói",
    "TOLD": "nhắn ra ngoài",
}
STATE_WORDS: Final = {
    "RECEIVED": "trung tâm đã nhận",
    "OFFERED": "chờ trả lời",
    "RINGING": "đang đổ chuông",
    "CLAIMED": "có người trả lời",
    "CONNECTING": "đang nối",
    "ACTIVE": "đang nói chuyện",
    "DROPPED": "mất hình và tiếng",
    "HELD": "đang giữ máy",
    "PARKED": "gác lại",
    "WRAP_UP": "đang ghi kết luận",
    "MISSED": "không ai trả lời",
    "CALLBACK": "cần gọi lại",
    "CALLING": "đang gọi trạm",
    "CANCELLED": "trạm đã huỷ, chưa xem",
    "CLOSED": "đã đóng",
}
STAGE_WORDS: Final = (
    "trực tiếp",
    "chỉ có tiếng",
    "qua máy chuyển tiếp",
    "gọi điện thoại",
)  # hub.calls.call.STAGES
DETAIL_WORDS: Final = {
    **DISPOSITION_WORDS,
    "transfer": "chuyển hẳn",
    "second": "người thứ hai",
    "handover": "bàn giao ca",
    "came": "đã vào",
    "left": "đã ra",
    "declined": "đã từ chối",
    "unanswered": "ở trạm không ai nghe",
    "sent": "đã gửi",
    "trying": "chưa gửi được, đang thử lại",
    "failed": "không gửi được",
}
UNIT_WORDS: Final = {"/min": "lần/phút", "mm[Hg]": "mmHg", "Cel": "°C", "1": ""}  # as web/units.js


def step_text(step: AdviceStep, say: Say) -> str:
    """Return what became of advice: "trạm không in được: hết giấy"."""
    word = say(_STEP_WORDS.get(step.state, step.state))
    return f"{word}: {step.text}" if step.text else word


def utc_text(utc_us: int, zone: tzinfo = VIETNAM) -> str:
    """Return "26/11/2026 13:05:22" on the clock of a place; dashes for what no calendar has."""
    return local_text(utc_us / 1000, "%d/%m/%Y %H:%M:%S", "--/--/---- --:--:--", zone)


def when_text(moment: UtcInterval, say: Say, zone: tzinfo = VIETNAM) -> str:
    """Return date and time there as exactly as they are known, and no more exactly."""
    text = moment_text(moment, say, zone)
    if text:
        at_us = moment.best_us if moment.best_us is not None else moment.earliest_us
        return f"{utc_text(at_us or 0, zone)[:10]} {text}"
    if moment.latest_us is not None and 0 <= moment.latest_us <= YEAR_9999_US:
        return say("trước {time}", time=utc_text(moment.latest_us, zone))
    return say("không rõ lúc nào")


def age_at_text(moment: UtcInterval, at_us: int, say: Say) -> str:
    """Return how old something of that moment is at `at_us`, as exactly as it is known."""
    best_us, err_us = moment.best_us, moment.err_us
    if best_us is not None and err_us is not None and err_us <= 2_000_000:
        return age_text(max(0.0, (at_us - best_us) / 1e6), say)
    least_s = 0.0 if moment.latest_us is None else max(0.0, (at_us - moment.latest_us) / 1e6)
    most_s = None if moment.earliest_us is None else max(0.0, math.ceil((at_us - moment.earliest_us) / 1e6))
    return press_age_text(Age(least_s, most_s), say)

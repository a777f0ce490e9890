"""What the deeds of the book are called (core). A deed that has no word here is shown as it was written."""

from typing import Final

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


def deed_word(deed: str) -> str:
    """Return the word of the catalogue for a deed, or the deed itself."""
    return DEED_WORDS.get(deed, deed)

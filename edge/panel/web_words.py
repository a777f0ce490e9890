"""The words of those modules in `web/` that the panel uses, in English; the Vietnamese is the key (core).

The console has the same words in its catalogue; a test holds the two together.
"""

from typing import Final

WEB_WORDS: Final[dict[str, str]] = {
    "Mạch": "Pulse",
    "Nhiệt độ": "Temperature",
    "Nhịp thở": "Respiration",
    "Nhịp tim": "Heart rate",
    "băng đo": "cuff",
    "chưa có số": "no value yet",
    "chưa kiểm chứng": "unverified",
    "còn {n} tín hiệu không vẽ": "{n} more signals not drawn",
    "giờ của máy: {time}": "device's clock: {time}",
    "im lặng": "silent",
    "khung hỏng: {n}": "damaged frames: {n}",
    "khung không thuộc lượt khám này: {n}": "frames of another visit: {n}",
    "không có tín hiệu từ {time} · {age}": "no signal since {time} · {age}",
    "không có tín hiệu · {age}": "no signal · {age}",
    "không lọc": "no filter",
    "không rõ": "unknown",
    "không rõ tuổi": "age unknown",
    "không vẽ được": "cannot draw",
    "lúc {time}, {age} trước": "at {time}, {age} ago",
    "lần/phút": "/min",
    "máy tạo nhịp: không rõ": "pacemaker: unknown",
    "nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa": (
        "electrodes {electrodes} may be reversed; not corrected"
    ),
    "nhiễu do cử động hoặc ánh sáng": "disturbed by movement or light",
    "nhận lúc {time}, {age} trước": "received at {time}, {age} ago",
    "pin sắp hết": "battery nearly empty",
    "pin yếu": "battery low",
    "số cuối cách đây {age}": "last value {age} ago",
    "số ngoài khoảng có thể có": "value out of range",
    "thiết bị": "device",
    "thiết bị báo lỗi": "device fault",
    "thiết bị giữ số cũ": "the device holds an old value",
    "thiết bị đang báo động": "the device's own alarm",
    "trễ không rõ": "delay unknown",
    "trễ {s} s": "delay {s} s",
    "tuột điện cực": "electrode off",
    "tuột đầu dò": "probe off",
    "tín hiệu trễ {age}": "signal {age} late",
    "tín hiệu yếu": "weak signal",
    "tự chỉnh": "auto gain",
    "{h} giờ {m}": "{h} h {m}",
    "{n} ngày": "{n} days",
    "{n} phút": "{n} min",
    "{n} s": "{n} s",
    "đang chờ tín hiệu": "waiting for a signal",
    "đang dò mạch": "searching for a pulse",
    "đo không thành công": "measurement failed",
    "đã dời vị trí": "moved",
    "đã rút": "unplugged",
    "đầu dò hỏng": "probe broken",
    "đọc từ máy lúc {time}, {age} trước": "read from it at {time}, {age} ago",
    "tuột điện cực {electrodes}": "electrode off: {electrodes}",
    "chưa đúng tỉ lệ": "not to scale",
    "lọc của máy: không rõ": "device's own filter: unknown",
    "lọc hiển thị {low}–{high} Hz · ST không tin cậy": "display filter {low}–{high} Hz · ST not reliable",
    "lọc hiển thị: bỏ 50 Hz": "display filter: 50 Hz notch",
    "{lead} (tính)": "{lead} (derived)",
}


def page_catalogue(language: str) -> dict[str, str]:
    """Return what the page carries for `web/words.js`; nothing where the key is the word."""
    return {} if language == "vi" else dict(WEB_WORDS)

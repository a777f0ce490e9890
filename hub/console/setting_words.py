"""Settings as people read and write them: their names, their values, and what a form says."""

from collections.abc import Mapping
from typing import Any, Final

from contract.commands import Said
from contract.desired import SETTINGS, WHY_UNKNOWN
from contract.varints import VARINT_MAX
from hub.console.words import Words
from hub.fleet.desired import ALL, GROUP, STATION, check_settings
from hub.typed_values import whole_number

# Each name is a key of the catalogue; so is what stands under its field.
SETTING_WORDS: Final = {
    "station_name": ("Tên trạm", "in trên giấy dặn, đọc lên khi nhận diện; 1 đến 60 chữ"),
    "hotline": ("Số máy hiện khi không ai trả lời", "chữ số, dấu cách, dấu chấm, dấu + ở đầu"),
    "languages": ("Tiếng của lời nhắc", "mã tiếng theo thứ tự đọc, cách nhau bằng dấu phẩy: vi, en"),
    "answers_emergency_ring": (
        "Tự trả lời khi trung tâm gọi khẩn",
        "chỉ cấm được, không cho phép thay trạm được",
    ),
    "status_every_s": ("Báo tình trạng mỗi", "khi không ai xem"),
    "record_every_s": ("Gửi số đo mỗi", "khi không ai xem"),
    "volume_pct": ("Âm lượng loa", "tiếng người trực và lời nhắc"),
    "video_max_bps": ("Hình nhiều nhất", "dù đường truyền còn chỗ"),
    "video_max_height": ("Hình cao nhất", "dù đường truyền còn chỗ"),
    "time_zone": ("Múi giờ", "giờ in trên giấy, như Asia/Ho_Chi_Minh"),
}
TRUTH_WORDS: Final = {True: "theo quy định tại trạm", False: "không bao giờ"}
FAULT_WORD: Final = "không dùng được: xem chỗ ghi bên cạnh"
NO_NUMBER: Final = "không phải số nguyên"
COMMAND_WORDS: Final = {
    "say configuration": "Hỏi cấu hình đang dùng",
    "read desired": "Đọc lại cấu hình",
    "self-test": "Tự kiểm tra",
    "identify": "Nhận diện: nháy đèn, đọc tên trạm",
    "bundle": "Lấy gói chẩn đoán",
    "restart video": "Khởi động lại hình và tiếng",
    "restart box": "Khởi động lại máy trạm",
}
STATE_WORDS: Final = {
    "": "chờ trạm",
    "taken": "trạm đang làm",
    "done": "đã làm xong",
    "refused": "trạm không làm",
    "failed": "không làm được",
    "expired": "đến trạm quá muộn, không làm",
    "unanswered": "hết hạn, trạm không trả lời",
}

# What boxes say in words that do not change, as pages say it; the rest stands there as it came.
SAID_WORDS: Final = {
    WHY_UNKNOWN: "máy trạm cũ hơn trung tâm, chưa biết mục này",
    Said.UNKNOWN_WORD: "máy trạm cũ hơn trung tâm, chưa biết lệnh này",
    Said.TOO_MANY: "trạm còn tám lệnh khác đang chờ: hãy thử lại sau",
    Said.TOO_LATE: "đến lượt thì đã quá hạn: chưa làm gì",
    Said.RESTARTED: "máy trạm đã khởi động lại",
    Said.NOT_RESTARTED: "chỉ phần mềm của trạm khởi động lại, máy thì không",
    Said.INTERRUPTED: "máy trạm tắt giữa chừng, không tự làm lại: hãy ra lệnh lại",
    Said.IN_A_CALL: "trạm đang có cuộc gọi",
    Said.NO_RESTART: "trạm này không cho khởi động lại từ xa: đặt [commands] restart trong tệp của máy",
    Said.NO_VIDEO: "hình và tiếng đang tắt; sẽ chạy khi có cuộc gọi",
    Said.VIDEO_ENDED: "đã tắt; tự chạy lại khi cần",
    Said.ASKED: "trạm đã hỏi lại máy chủ",
    Said.LINK_LOST: "vừa mất đường truyền",
    Said.ALL_WELL: "mọi thứ đều tốt",
}


def said_text(text: str, words: Words) -> str | None:
    """Return what a station said in the page's language; None: it stands there as it came, in English."""
    word = SAID_WORDS.get(text)
    return None if word is None else words(word)


def name_of(name: str, words: Words) -> str:
    """Return what people call a setting; its key where this hub has no word for it."""
    return words(SETTING_WORDS[name][0]) if name in SETTING_WORDS else name


def value_text(name: str, value: Any, words: Words) -> str:
    """Return a value as people read it; dashes for one that is not set."""
    if value is None:
        return "---"
    if isinstance(value, bool):
        return words(TRUTH_WORDS[value])
    if isinstance(value, list):
        return ", ".join(map(str, value))
    unit = SETTINGS[name].unit if name in SETTINGS else ""
    return f"{value} {unit}".strip()


def layer_text(layer: str, words: Words, name_of_station: str = "") -> str:
    """Return what people call a layer."""
    if layer == ALL:
        return words("mọi trạm")
    if layer.startswith(GROUP):
        return words("nhóm {name}", name=layer.removeprefix(GROUP))
    return words("trạm {name}", name=name_of_station or layer.removeprefix(STATION))


def field_text(value: Any) -> str:
    """Return a value as the form's field has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def read_fields(form: Mapping[str, Any], words: Words) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings that a form says (an empty field is none), and what is wrong with which."""
    settings: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, setting in SETTINGS.items():
        text = str(form.get(name, "")).strip()
        if not text:
            continue
        match setting.kind:
            case "number":
                number = whole_number(text, most=VARINT_MAX)
                if number is None:
                    faults[name] = words(NO_NUMBER)
                else:
                    settings[name] = number
            case "truth":
                settings[name] = text == "true"
            case "names":
                settings[name] = [one for one in (part.strip() for part in text.split(",")) if one]
            case "text":
                settings[name] = text
    refused = {name: words(FAULT_WORD) for name in check_settings(settings)}
    return settings, {**refused, **faults}

"""What instruments say of themselves, as stations tell it, in words of the catalogue (core).

A station tells it in English, whole: "the cuff is loose: …; the battery is too low". What this hub knows
becomes Vietnamese keys; what it does not know stays as it was said.
"""

import re
from typing import Final

BETWEEN: Final = "; "  # two phrases
_OUT_OF_RANGE: Final = re.compile(r"\S.* out of range \(.*\)")

_PHRASES: Final = {
    "known from its maker's description and public code, never seen in real bytes": (
        "biết qua mô tả của hãng và chương trình công khai, chưa thấy dữ liệu thật"
    ),
    "the rate of its line is a guess": "tốc độ đường truyền chỉ là phỏng đoán",
    "a toolkit and no medical device": "bộ dụng cụ thí nghiệm, không phải thiết bị y tế",
    "known from its maker's programs, never seen in real bytes": (
        "biết qua chương trình của hãng, chưa thấy dữ liệu thật"
    ),
    "it does not say that electrodes are off, nor what is plugged into A2": (
        "không báo tuột điện cực, cũng không báo cổng A2 cắm gì"
    ),
    "known from its maker's description only": "chỉ biết qua mô tả của hãng",
    "no bytes of a real one have been seen": "chưa thấy dữ liệu thật",
    "known from other people's programs only": "chỉ biết qua chương trình của người khác",
    "the perfusion index: real ones that were seen had none": (
        "chỉ số tưới máu: những máy thật đã thấy đều không có"
    ),
    "known from its maker's program only: line rate, when it sends by itself, all values": (
        "chỉ biết qua chương trình của hãng: tốc độ đường truyền, lúc nào tự gửi, mọi số đo"
    ),
    "centre, scale and order of the ECG's samples": "mức giữa, tỉ lệ và thứ tự các mẫu điện tim",
    "what its alarm bits mean was found out by users": "nghĩa của các bit báo động do người dùng tìm ra",
    "the maker does not say": "hãng không công bố",
    "known from public code only, not from its maker, and never seen in real bytes": (
        "chỉ biết qua chương trình công khai, không từ hãng, chưa thấy dữ liệu thật"
    ),
    "it cannot tell that the finger was taken out": "không nhận ra ngón tay đã rút ra",
    "its ECG is in counts of unknown worth": "điện tim theo đơn vị máy, chưa rõ bằng bao nhiêu",
    "it does not say that the finger was taken out": "không báo ngón tay đã rút ra",
    "of electrodes and finger it is silent: an ECG that stands still is told as lead off": (
        "không báo điện cực và ngón tay: điện tim đứng yên được coi là tuột điện cực"
    ),
    "of electrodes it is silent: an ECG that stays zero is told as lead off": (
        "không báo điện cực: điện tim bằng 0 mãi được coi là tuột điện cực"
    ),
    "which lead a channel is depends on its wiring": "kênh nào là chuyển đạo nào tuỳ cách nối dây",
    "one at its end is told as lead off": "kênh chạm biên được coi là tuột điện cực",
    "no pulse was found": "không tìm thấy mạch",
    "the cuff is loose: 30 mmHg were not reached in 7 s": "băng quấn lỏng: 7 s chưa lên đến 30 mmHg",
    "the cuff went above 295 mmHg": "băng quấn vượt 295 mmHg",
    "the arm moved, or the patient spoke": "tay cử động, hoặc người bệnh nói",
    "the result is not plausible": "kết quả không hợp lý",
    "the cuff or its hose leaks": "băng quấn hoặc ống dẫn xì hơi",
    "the battery is too low": "pin quá yếu",
    "the self-test failed: sensor or converter": "máy tự kiểm tra không đạt: cảm biến hoặc bộ chuyển đổi",
    "the air pressure is wrong: a valve may not open": "áp lực khí sai: có thể van không mở",
    "the signal was too large: movement": "tín hiệu quá lớn: có cử động",
    "the leak test found a leak": "phép thử rò khí thấy bị rò",
    "pump, sensor or converter failed": "bơm, cảm biến hoặc bộ chuyển đổi hỏng",
    "the measurement took too long": "đo quá lâu",
    "the oximeter could not measure": "máy đo SpO2 không đo được",
    "nothing unusual": "không thấy gì bất thường",
    "a little fast": "hơi nhanh",
    "too fast": "quá nhanh",
    "attacks of fast beats": "có cơn nhịp nhanh",
    "a little slow": "hơi chậm",
    "too slow": "quá chậm",
    "now and then a short interval": "thỉnh thoảng có khoảng ngắn",
    "irregular intervals": "nhịp không đều",
    "a little fast, now and then a short interval": "hơi nhanh, thỉnh thoảng có khoảng ngắn",
    "a little slow, now and then a short interval": "hơi chậm, thỉnh thoảng có khoảng ngắn",
    "a little slow, irregular intervals": "hơi chậm, nhịp không đều",
    "the base line drifts: measure again": "đường nền trôi: hãy đo lại",
    "too fast, the base line drifts": "quá nhanh, đường nền trôi",
    "too slow, the base line drifts": "quá chậm, đường nền trôi",
    "now and then a short interval, the base line drifts": "thỉnh thoảng có khoảng ngắn, đường nền trôi",
    "irregular intervals, the base line drifts": "nhịp không đều, đường nền trôi",
    "the signal is too poor: measure again": "tín hiệu quá kém: hãy đo lại",
}


def phrase_keys(text: str) -> str:
    """Return a text of a station with each phrase as its key, BETWEEN them."""
    return BETWEEN.join(_key(phrase) for phrase in text.split(BETWEEN))


def keys_or_none(text: str | None) -> str | None:
    """Return the same of a text that there may be none of."""
    return None if text is None else phrase_keys(text)


def _key(phrase: str) -> str:
    if _OUT_OF_RANGE.fullmatch(phrase):
        return "số ngoài khoảng có thể có"
    return _PHRASES.get(phrase, phrase)

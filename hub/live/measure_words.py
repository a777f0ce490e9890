"""The words for what is measured and what is the matter with it (core): Vietnamese, keys of the catalogue."""

from typing import Final

from contract.codes import (
    BODY_TEMPERATURE,
    CUFF_PULSE,
    GLUCOSE,
    HEART_RATE,
    MEASUREMENTS,
    PULSE_RATE,
    RESPIRATION_RATE,
    Condition,
)

BLOOD_PRESSURE: Final = "Huyết áp"
ELECTRODE_OFF: Final = "Tuột điện cực {electrodes}"
REVERSAL: Final = "nghi ngờ mắc ngược điện cực {electrodes}; không tự sửa"

_LABELS: Final = {
    PULSE_RATE: "Mạch",
    CUFF_PULSE: "Mạch",
    HEART_RATE: "Nhịp tim",
    RESPIRATION_RATE: "Nhịp thở",
    BODY_TEMPERATURE: "Nhiệt độ",
    GLUCOSE: "Đường huyết",
}
_CONDITIONS: Final[dict[str, str]] = {
    Condition.PROBE_OFF: "tuột đầu dò",
    Condition.PROBE_FAULT: "đầu dò hỏng",
    Condition.LEAD_OFF: "tuột điện cực",
    Condition.SEARCHING: "đang dò mạch",
    Condition.WEAK_SIGNAL: "tín hiệu yếu",
    Condition.ARTIFACT: "nhiễu do cử động hoặc ánh sáng",
    Condition.HELD: "thiết bị giữ số cũ",
    Condition.OUT_OF_RANGE: "số ngoài khoảng có thể có",
    Condition.ALARM: "thiết bị đang báo động",
    Condition.BATTERY_LOW: "pin yếu",
    Condition.BATTERY_CRITICAL: "pin sắp hết",
    Condition.DEVICE_FAULT: "thiết bị báo lỗi",
}


def label_word(mdc: int, label: str = "") -> str:
    """Return the name of what is measured. `label`: the station's own, which counts where it says more."""
    known = MEASUREMENTS.get(mdc)
    if known is None:
        return label or f"MDC {mdc}"
    return label if label and label != known.label else _LABELS.get(mdc, known.label)


def condition_word(condition: str) -> str:
    """Return the word for a condition; one that this hub does not know stays as the station said it."""
    return _CONDITIONS.get(condition, condition)

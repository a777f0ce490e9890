"""What stands on the nurse's card, in each language. The lamp's rows go by the states that it shows."""

from dataclasses import dataclass
from typing import Final

from edge.call.station_table import State

Shown = State | str  # a state of the station's call, PRACTICE or NOT_TAKEN
PRACTICE: Final = "practice"
NOT_TAKEN: Final = "not taken"  # by the board alone: its box takes nothing


@dataclass(frozen=True, slots=True)
class CardWords:
    """One language. `lamp`: for each look, what it means and what to do, in the order of a call."""

    title: str
    place: str
    press: str
    presses: tuple[tuple[str, str], ...]
    lamp_title: str
    lamp_heads: tuple[str, str, str]
    lamp: dict[tuple[Shown, ...], tuple[str, str]]
    dark: str
    sensors: str
    sensor_lines: tuple[str, ...]
    trouble: str
    trouble_lines: tuple[str, ...]
    footer: str


VIETNAMESE: Final = CardWords(
    title="Nút gọi Hải đăng",
    place="Trạm: ____________________________    Số gọi khi mất mạng: ____________________________",
    press="Cần giúp? Nhấn nút. Không phải điền gì trước.",
    presses=(
        ("nhấn một lần", "gọi trung tâm"),
        ("giữ 2 giây", "khẩn cấp: mọi người trực được gọi"),
        ("nhấn lần nữa", "nhắc; cuộc gọi không mất chỗ"),
        ("hủy", "chạm “Hủy cuộc gọi” trên màn hình của trạm"),
    ),
    lamp_title="Đèn trong nút nói gì",
    lamp_heads=("đèn, trong 4 giây", "nghĩa là", "bạn làm gì"),
    lamp={
        (State.REGISTERED,): ("đã ghi vào máy này", "chờ vài giây"),
        (State.AT_HUB,): ("trung tâm đã nhận", "chờ: sắp đổ chuông"),
        (State.RINGING,): ("đang đổ chuông ở trung tâm", "ở cạnh người bệnh"),
        (State.CLAIMED,): ("có người trả lời", "nói và nghe ở loa của máy"),
        (State.HELD,): ("người ấy xin chờ một lát", "chờ: camera và micrô đang tắt"),
        (State.KEPT, State.NO_WORD): (
            "không nghe được trung tâm, cuộc gọi vẫn giữ",
            "gọi điện theo số ở trên; không cần nhấn lại",
        ),
        (State.CHIMING,): ("có chuông: trung tâm gọi trạm", "nhấn nút để nghe"),
        (NOT_TAKEN,): ("bạn vừa nhấn mà kêu bíp mãi: máy hỏng", "gọi điện ngay theo số ở trên"),
        (PRACTICE,): ("diễn tập hoặc thử nút", "cần giúp thật: giữ nút 2 giây"),
    },
    dark="Đèn tắt: không có cuộc gọi nào, nút vẫn dùng được. Đèn vàng: camera hoặc micrô đang mở.",
    sensors="Điện cực và kẹp ngón tay",
    sensor_lines=(
        "RA tay phải, LA tay trái, LL chân trái, RL chân phải: đúng chữ trên dây. Da khô, sạch; dán chặt.",
        "Kẹp ngón tay ấm, không sơn móng, giữ yên. Màn hình nói dây nào tuột.",
        "Người tiếp theo: tháo hết dây một lần, chạm “Người tiếp theo”. Số liệu hai người không lẫn.",
    ),
    trouble="Khi có trục trặc",
    trouble_lines=(
        "Mất mạng, mất điện: máy giữ hết số liệu và tự gửi sau. Đừng rút thẻ nhớ.",
        "Màn hình đen: chạm vào, hoặc nhấn nút. Nút và đèn không cần màn hình.",
        "Mỗi tuần một lần thử nút khi trung tâm nhắc. Giữ nút 2 giây luôn là thật.",
    ),
    footer="Chỉ hỗ trợ hội chẩn từ xa. Không phải thiết bị theo dõi hay báo động chính.",
)
ENGLISH: Final = CardWords(
    title="The Haidang call button",
    place="Station: ____________________________    Telephone without a network: ______________________",
    press="Need help? Press the button. Nothing to fill in first.",
    presses=(
        ("press once", "calls the hub"),
        ("hold for 2 s", "an emergency: everybody on duty is called"),
        ("press again", "a reminder; the call keeps its place"),
        ("to cancel", "touch “Cancel the call” on the station's screen"),
    ),
    lamp_title="What the lamp in the button says",
    lamp_heads=("lamp, for 4 seconds", "it means", "what you do"),
    lamp={
        (State.REGISTERED,): ("written down in this box", "wait a few seconds"),
        (State.AT_HUB,): ("the hub has it", "wait: it will ring there"),
        (State.RINGING,): ("it rings at the hub", "stay with the patient"),
        (State.CLAIMED,): ("somebody answers", "speak and listen at the box"),
        (State.HELD,): ("they ask you to wait", "wait: camera and microphone are off"),
        (State.KEPT, State.NO_WORD): (
            "the hub cannot be heard, the call is kept",
            "telephone the number above; no need to press again",
        ),
        (State.CHIMING,): ("with a chime: the hub calls you", "press to answer"),
        (NOT_TAKEN,): ("beeps on after your press: the box is broken", "telephone the number above now"),
        (PRACTICE,): ("a drill, or a test of the button", "for real help: hold it for 2 s"),
    },
    dark="Lamp dark: no call is open, the button works. Yellow lamp: camera or microphone is open.",
    sensors="Electrodes and finger probe",
    sensor_lines=(
        "RA right arm, LA left arm, LL left leg, RL right leg: as the wires are marked. Dry, clean skin.",
        "A warm finger, no nail varnish, held still. The screen says which wire is off.",
        "Next person: take every sensor off once, touch “Next person”. Two people's data never mix.",
    ),
    trouble="When something is wrong",
    trouble_lines=(
        "No network, no power: the box keeps everything and sends it later. Leave the memory card in.",
        "Screen dark: touch it, or press the button. Button and lamp do not need the screen.",
        "Test the button once a week when the hub asks. Holding it for 2 s is always real.",
    ),
    footer="Remote consultation only: not a patient monitor and not an alarm system.",
)
LANGUAGES: Final = {"vi": VIETNAMESE, "en": ENGLISH}

"""What stands on the nurse's card, in each language. The lamp's rows go by the states that it shows."""

from dataclasses import dataclass
from typing import Final

from edge.call.station_table import State
from firmware_bridge.firmware import wire

Shown = State | str  # a state of the station's call, PRACTICE or NOT_TAKEN
PRACTICE: Final = "practice"
NOT_TAKEN: Final = "not taken"  # by the board alone: its box takes nothing
DIM: Final = 100  # of 255: below it the lamp is dim beside one that is bright


@dataclass(frozen=True, slots=True)
class CardWords:
    """One language. `lamp`: for each look, what it means and what to do, in the order of a call. `looks`:
    what a pattern is called, bright and dim, where nobody counts seconds.
    """

    title: str
    place: str
    press: str
    presses: tuple[tuple[str, str], ...]
    lamp_title: str
    lamp_heads: tuple[str, str, str]
    lamp: dict[tuple[Shown, ...], tuple[str, str]]
    looks: dict[int, tuple[str, str]]
    dark: str
    end: str
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
    looks={
        wire.STEADY: ("sáng đều", "sáng đều, mờ"),
        wire.SLOW_BLINK: ("nháy chậm", "nháy chậm, mờ"),
        wire.FAST_BLINK: ("nháy nhanh", "nháy nhanh, mờ"),
        wire.DOUBLE_FLASH: ("nháy đôi", "nháy đôi, mờ"),
        wire.SWELL: ("sáng dần, tối dần", "sáng dần, tối dần, mờ"),
    },
    dark="Đèn tắt: không có cuộc gọi nào, nút vẫn dùng được. Đèn vàng: camera hoặc micrô đang mở.",
    end="Trung tâm kết thúc cuộc gọi, rồi đèn tắt. To, nhỏ, tắt micrô: trên màn hình, trong cuộc gọi.",
    sensors="Điện cực và kẹp ngón tay",
    sensor_lines=(
        "RA tay phải, LA tay trái, LL chân trái, RL chân phải: đúng chữ trên dây. Da khô, sạch; dán chặt.",
        "Kẹp ngón tay ấm, không sơn móng, giữ yên. Màn hình nói dây nào tuột.",
        "Người tiếp theo: tháo hết dây một lần, chạm “Người tiếp theo”. Số liệu hai người không lẫn.",
    ),
    trouble="Khi có trục trặc",
    trouble_lines=(
        "Nhấn mà đèn vẫn tắt: máy không có điện hoặc hỏng. Cần gấp thì gọi điện ngay theo số ở trên; "
        "xem lại phích cắm, chờ vài phút rồi nhấn lại.",
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
    looks={
        wire.STEADY: ("steady", "steady, dim"),
        wire.SLOW_BLINK: ("slow blinks", "slow blinks, dim"),
        wire.FAST_BLINK: ("quick blinks", "quick blinks, dim"),
        wire.DOUBLE_FLASH: ("double flashes", "double flashes, dim"),
        wire.SWELL: ("swells and fades", "swells and fades, dim"),
    },
    dark="Lamp dark: no call is open, the button works. Yellow lamp: camera or microphone is open.",
    end="The hub ends the call, then the lamp is dark. Louder, quieter, mute: on the screen, in the call.",
    sensors="Electrodes and finger probe",
    sensor_lines=(
        "RA right arm, LA left arm, LL left leg, RL right leg: as the wires are marked. Dry, clean skin.",
        "A warm finger, no nail varnish, held still. The screen says which wire is off.",
        "Next person: take every sensor off once, touch “Next person”. Two people's data never mix.",
    ),
    trouble="When something is wrong",
    trouble_lines=(
        "Pressed, and the lamp stays dark: the box has no power or is broken. If it is urgent, telephone the "
        "number above now; look at its plug, wait some minutes, press again.",
        "No network, no power: the box keeps everything and sends it later. Leave the memory card in.",
        "Screen dark: touch it, or press the button. Button and lamp do not need the screen.",
        "Test the button once a week when the hub asks. Holding it for 2 s is always real.",
    ),
    footer="Remote consultation only: not a patient monitor and not an alarm system.",
)
LANGUAGES: Final = {"vi": VIETNAMESE, "en": ENGLISH}

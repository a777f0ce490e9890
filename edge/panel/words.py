"""The panel's words, each in Vietnamese and English (core)."""

from typing import Final

from contract.codes import Condition
from edge.panel.live_words import LIVE_TABLE

LANGUAGES: Final = {"vi": "Tiếng Việt", "en": "English"}
_TABLE: Final[dict[str, tuple[str, str]]] = {
    "station": ("Trạm {station}", "Station {station}"),
    "practice": ("DIỄN TẬP", "PRACTICE"),
    "practice call": (
        "Cuộc gọi này là diễn tập. Có người cần giúp thật: bấm nút lần nữa, hoặc giữ nút 2 giây.",
        "This call is practice. If somebody needs help: press again, or hold the button for 2 s.",
    ),
    "practice advice": (
        "Lời dặn trong lúc diễn tập, không dành cho người bệnh nào.",
        "Advice from practice: it is for no patient.",
    ),
    "practice next drill": (
        "Lần bấm kế tiếp là diễn tập (còn {left}). Có người cần giúp thật: giữ nút 2 giây.",
        "The next press is a drill ({left} left). If somebody needs help: hold the button for 2 s.",
    ),
    "practice next test": (
        "Lần bấm kế tiếp chỉ thử nút (còn {left}). Có người cần giúp thật: giữ nút 2 giây.",
        "The next press only tests the button ({left} left). If somebody needs help: hold it for 2 s.",
    ),
    "ring": ("Trung tâm đang gọi trạm", "The hub is calling"),
    "ring by": ("Trung tâm đang gọi trạm: {by}", "The hub is calling: {by}"),
    "ring means": (
        "Bấm nút gọi để nghe, hoặc chạm ở đây.",
        "Press the call button to answer, or touch here.",
    ),
    "ring practice": (
        "Trung tâm gọi lại về một cuộc gọi diễn tập.",
        "The hub calls back about a practice call.",
    ),
    "ring answers itself": (
        "Máy sẽ tự trả lời trong vòng {left}. Bấm nút để nghe ngay.",
        "It answers by itself within {left}. Press the button to answer at once.",
    ),
    "accept": ("Nghe", "Answer"),
    "decline": ("Không nghe", "Decline"),
    "accept done": ("Đã nhận cuộc gọi của trung tâm.", "The hub's call is answered."),
    "decline done": ("Đã từ chối; trung tâm được báo.", "Declined; the hub is told."),
    "raise": ("Khẩn cấp", "Emergency"),
    "raise done": ("Cuộc gọi là khẩn cấp.", "The call is an emergency."),
    "emergency": ("KHẨN CẤP", "EMERGENCY"),
    "cancel": ("Hủy cuộc gọi", "Cancel the call"),
    "cancel?": ("Hủy cuộc gọi này?", "Cancel this call?"),
    "cancel means": (
        "Không ai trả lời cuộc gọi nữa. Trung tâm vẫn xem lại.",
        "Nobody will answer it any more. The hub still looks at it.",
    ),
    "yes cancel": ("Có, hủy", "Yes, cancel"),
    "mute": ("Tắt micrô", "Mute the microphone"),
    "unmute": ("Bật micrô", "Unmute the microphone"),
    "microphone muted": ("MICRÔ TẮT: bên kia không nghe thấy", "MICROPHONE MUTED: nobody there hears you"),
    "louder": ("Loa to hơn", "Louder"),
    "quieter": ("Loa nhỏ hơn", "Quieter"),
    "volume": ("Loa {pct} %", "Volume {pct} %"),
    "self-test": ("Tự kiểm tra", "Self-test"),
    "self-test begun": (
        "Máy đang tự kiểm tra: loa kêu, đèn nháy.",
        "The box tests itself: a tone, a blinking lamp.",
    ),
    "self-test WAITS": (
        "Xong cuộc gọi, máy sẽ tự kiểm tra.",
        "After the call the box will test itself.",
    ),
    "self-test RUNS": (
        "Đang tự kiểm tra. Cần giúp: cứ bấm nút.",
        "Testing. If you need help, press the button.",
    ),
    "self-test ok": ("Tự kiểm tra: tất cả đều tốt.", "Self-test: all is well."),
    "self-test ill": ("Tự kiểm tra: có lỗi.", "Self-test: something is not well."),
    "self-test part devices": ("Thiết bị", "Devices"),
    "self-test part clock": ("Đồng hồ", "Clock"),
    "self-test part spool": ("Bộ nhớ chờ gửi", "Spool"),
    "self-test part card": ("Thẻ nhớ", "Card"),
    "self-test part seal": ("Khóa niêm phong", "Seal"),
    "self-test part link": ("Đường truyền", "Link"),
    "self-test part hub": ("Trung tâm", "Hub"),
    "self-test part media": ("Hình và tiếng", "Picture and voice"),
    "self-test part prompts": ("Lời nói", "Spoken prompts"),
    "self-test part camera": ("Máy ảnh", "Camera"),
    "self-test part sound": ("Micrô và loa", "Microphone and loudspeaker"),
    "self-test part printer": ("Máy in", "Printer"),
    "self-test part self-test": ("Tự kiểm tra", "Self-test"),
    "cancel done": ("Cuộc gọi đã hủy.", "The call is cancelled."),
    "call changed": (
        "Chưa làm gì: cuộc gọi đã thay đổi trong lúc hỏi. Hãy xem lại.",
        "Nothing was done: the call changed while you were asked. Look again.",
    ),
    "call IDLE": ("Nút gọi sẵn sàng", "The call button is ready"),
    "call REGISTERED": ("Đã ghi cuộc gọi, đang gửi", "The call is registered and on its way"),
    "call KEPT": (
        "Chưa có đường truyền: cuộc gọi được giữ ở đây và tự gửi khi có",
        "No link: the call is kept safe here, and goes by itself when there is one",
    ),
    "call AT_HUB": ("Trung tâm đã nhận cuộc gọi", "The hub has the call"),
    "call RINGING": ("Đang đổ chuông ở trung tâm", "It rings at the hub"),
    "call CLAIMED": ("Đã có người trả lời", "Somebody has answered"),
    "call HELD": (
        "Đang giữ máy: hãy chờ. Lúc này không ai nghe hay nhìn thấy trạm.",
        "On hold: please wait. Nobody hears or sees the station now.",
    ),
    "call NO_WORD": (
        "Mất liên lạc với trung tâm. Trung tâm đã có cuộc gọi; lúc này không ai nghe hay nhìn thấy trạm.",
        "The hub is not heard of any more. It has the call; nobody hears or sees the station now.",
    ),
    "call CHIMING": ("Trung tâm đang chờ trạm trả lời", "The hub waits for an answer"),
    "call by": ("Người trực: {by}", "On the line: {by}"),
    "media connecting": ("Hình và tiếng đang nối", "Picture and voice are being connected"),
    "sending": ("Đang gửi: {picture}, {voice}", "Sending: {picture}, {voice}"),
    "sent picture": ("hình {width}×{height}", "a picture of {width}×{height}"),
    "sent stills": ("ảnh tĩnh, vài giây một tấm", "a still every few seconds"),
    "sent no picture": ("không có hình", "no picture"),
    "sent voice": ("tiếng", "voice"),
    "sent no voice": ("không có tiếng", "no voice"),
    "link gives": (
        "đường truyền {rate}, trễ {trip}, mất {lost} %",
        "link {rate}, round trip {trip}, {lost} % lost",
    ),
    "limit link": (
        "đường truyền yếu: hình nhỏ để tiếng rõ",
        "a poor link: the picture is small for a clear voice",
    ),
    "limit loss": (
        "đường truyền hay mất gói: hình nhỏ để tiếng rõ",
        "the link loses much: the picture is small for a clear voice",
    ),
    "limit camera": ("máy quay chỉ có {width}×{height}", "the camera gives {width}×{height} only"),
    "limit encoder": ("máy này không kịp xử lý hình lớn hơn", "this box is too slow for a larger picture"),
    "limit detail": (
        "bác sĩ chọn xem chi tiết: hình rõ hơn, ít hình hơn",
        "the doctor looks for detail: sharper pictures, fewer of them",
    ),
    "limit waiting": ("hình sẽ lớn dần nếu đường truyền vẫn tốt", "the picture grows if the link stays good"),
    "call for": ("Từ {age} trước", "For {age}"),
    "call phone": ("Hãy gọi điện: {phone}", "Telephone: {phone}"),
    "visit open": ("Đang khám: lượt {visit}", "Being seen: visit {visit}"),
    "visit over?": (
        "Mọi cảm biến đã tháo. Khám xong chưa?",
        "All sensors are off. Is the visit over?",
    ),
    "no visit": ("Không có ai đang khám", "Nobody is being seen"),
    "sensors off": (
        "Cảm biến còn trên người trước: số đo lúc này không của ai. Hãy tháo mọi cảm biến ra một lần;"
        " máy nào không báo tháo thì rút dây cắm một lát.",
        "A sensor is still on the person before: what is measured now is nobody's. Take all sensors off once;"
        " unplug for a moment what cannot tell that it is off.",
    ),
    "next": ("Người tiếp theo", "Next person"),
    "next?": (
        "Kết thúc lượt {visit} và sang người tiếp theo?",
        "End visit {visit} and go to the next person?",
    ),
    "next means": (
        "Những gì đo sau đó không thuộc về người trước nữa.",
        "What is measured afterwards no longer belongs to the person before.",
    ),
    "yes next": ("Có, người tiếp theo", "Yes, next person"),
    "no back": ("Không, quay lại", "No, go back"),
    "next done": (
        "Lượt {visit} đã kết thúc. Lượt mới bắt đầu khi có tín hiệu.",
        "Visit {visit} is over. The next begins with the next signal.",
    ),
    "visit changed": (
        "Chưa làm gì: lượt khám đã thay đổi trong lúc hỏi. Hãy xem lại.",
        "Nothing was done: the visit changed while you were asked. Look again.",
    ),
    "advice": ("Lời dặn từ trung tâm", "Advice from the hub"),
    "advice before": ("Lời dặn cho lượt khám trước", "Advice for earlier visits"),
    "advice of": ("Lượt {code}", "Visit {code}"),
    "not of now": ("không phải người đang khám", "not the person being seen"),
    "advice by": ("Người dặn: {by}", "By {by}"),
    "advice made": ("{age} trước", "{age} ago"),
    "advice came": ("đến trạm {age} trước", "came here {age} ago"),
    "advice old": ("đến trước khi máy khởi động lại", "came before the box was restarted"),
    "urgency routine": ("Thường quy", "Routine"),
    "urgency soon": ("Sớm", "Soon"),
    "urgency urgent": ("Khẩn", "Urgent"),
    "urgency emergency": ("CẤP CỨU", "EMERGENCY"),
    "print": ("In", "Print"),
    "put away": ("Đã đọc, cất đi", "Read: put away"),
    "print done": ("Đang in; kết quả hiện ở lời dặn.", "Being printed; the advice says what becomes of it."),
    "put away done": ("Đã cất lời dặn; trung tâm được báo.", "The advice is put away; the hub is told."),
    "printing": ("đang in…", "being printed…"),
    "printed": ("Đã in", "Printed"),
    "not printed": ("Không in được: {why}", "Not printed: {why}"),
    "print printed": ("đã in", "printed"),
    "print on stick": ("đã lưu vào USB, có thể rút ra", "saved on the USB stick, which may be pulled out"),
    "print switched off": ("trạm này không dùng máy in", "this station does not print"),
    "print nowhere": (
        "chưa có máy in, cũng chưa cắm USB",
        "there is no printer, and no USB stick is plugged in",
    ),
    "print no cups": ("dịch vụ in của máy không chạy", "the box's printing service does not run"),
    "print no printer": ("không có máy in tên này", "there is no printer of that name"),
    "print refused": ("máy in không nhận", "the printer does not take it"),
    "print no paper": ("hết giấy", "out of paper"),
    "print jammed": ("kẹt giấy", "paper jam"),
    "print open": ("nắp máy in đang mở", "the printer is open"),
    "print no ink": ("hết mực", "out of ink"),
    "print offline": ("không liên lạc được với máy in", "the printer cannot be reached"),
    "print stopped": ("máy in đang tạm dừng", "the printer is stopped"),
    "print too slow": ("máy in không xong trong thời gian chờ", "the printer was not done in time"),
    "print failed": ("lỗi khi in", "printing failed"),
    "print cancelled": ("lệnh in đã bị hủy ở máy in", "it was cancelled at the printer"),
    "print unsure": (
        "máy in đã nhận, không rõ đã in xong chưa",
        "the printer took it; whether it is done is unknown",
    ),
    "print no stick": ("chưa cắm USB", "no USB stick is plugged in"),
    "print stick full": ("USB đã đầy", "the USB stick is full"),
    "print stick read-only": ("USB chỉ cho đọc", "the USB stick is read-only"),
    "print stick failed": ("USB bị lỗi hoặc đã rút ra", "the USB stick fails, or was pulled out"),
    "print no letters": ("máy thiếu phông chữ", "the box lacks the letters"),
    "which": ("Thiết bị nào vừa được cắm?", "Which device was just plugged in?"),
    "at port": ("Ở cổng {port}", "At port {port}"),
    "which means": (
        "Trạm không tự phân biệt được. Số đo của nó được giữ riêng đến khi có người trả lời.",
        "The station cannot tell. What it measures is held apart until somebody answers.",
    ),
    "new device": ("Thiết bị mới", "A new device"),
    "device done": (
        "Đã ghi: ở cổng {port} là {name}. Số đo trước đó vẫn được giữ riêng.",
        "Noted: at port {port} is {name}. What it measured before stays held apart.",
    ),
    "new device done": (
        "Đã ghi: ở cổng {port} là một thiết bị mới. Số đo trước đó vẫn được giữ riêng.",
        "Noted: at port {port} is a new device. What it measured before stays held apart.",
    ),
    "refused": ("Không làm được: {why}", "It could not be done: {why}"),
    "devices": ("Thiết bị", "Devices"),
    "no device": ("Chưa cắm thiết bị nào", "No device is plugged in"),
    "board": ("Bo mạch của trạm", "The station's board"),
    "button": ("Nút gọi", "Call button"),
    "unknown device": ("Chưa rõ thiết bị", "Unknown device"),
    "asked": ("chờ trả lời: thiết bị nào?", "awaits an answer: which device?"),
    "silence": ("Máy đo không trả lời", "The measuring service does not answer"),
    "silent for": (
        "Từ {age} trước. Trang này không biết điều gì xảy ra từ lúc đó.",
        "Since {age} ago. This page knows nothing of what has happened since.",
    ),
    "never heard": (
        "Từ khi trang này khởi động, {age} trước.",
        "Since this page's program started, {age} ago.",
    ),
    "what to do": (
        "Nếu kéo dài, hãy báo người phụ trách máy.",
        "If this goes on, tell who looks after the box.",
    ),
    "seconds": ("{n} giây", "{n} s"),
    "minutes": ("{n} phút", "{n} min"),
    "hours": ("{n} giờ", "{n} h"),
    "state connected": ("đang hoạt động", "works"),
    "state listening": ("đang nghe xem là máy gì", "being listened to"),
    "state silent": ("không gửi gì: đã bật máy chưa?", "sends nothing: is it switched on?"),
    "state closed": ("không mở được cổng", "its port is not open"),
    "state absent": ("chưa cắm", "not plugged in"),
    "state trouble": ("có sự cố", "something is wrong with it"),
    "state found": ("cần khai báo trong cấu hình", "must be named in the configuration"),
    "state ambiguous": ("giống nhiều loại máy: cần khai báo", "like several instruments: must be named"),
    "state board": ("bo mạch chưa được khai báo", "a board that is not in the configuration"),
    "state unknown": ("máy này trạm không đọc được", "no driver reads it"),
    "state owned": ("chương trình khác đang dùng cổng", "another program uses the port"),
    "state failed": ("cổng không dùng được: rút ra cắm lại", "its port fails: unplug it, plug it in"),
    Condition.PROBE_OFF: ("tuột đầu dò", "probe off"),
    Condition.PROBE_FAULT: ("đầu dò hỏng", "probe broken"),
    Condition.LEAD_OFF: ("tuột điện cực", "electrode off"),
    Condition.SEARCHING: ("đang dò mạch", "searching for a pulse"),
    Condition.WEAK_SIGNAL: ("tín hiệu yếu", "weak signal"),
    Condition.ARTIFACT: ("nhiễu do cử động hoặc ánh sáng", "disturbed by movement or light"),
    Condition.HELD: ("thiết bị giữ số cũ", "the device holds an old number"),
    Condition.OUT_OF_RANGE: ("số ngoài khoảng có thể có", "a number out of range"),
    Condition.ALARM: ("thiết bị đang báo động", "the device's own alarm"),
    Condition.BATTERY_LOW: ("pin yếu", "battery low"),
    Condition.BATTERY_CRITICAL: ("pin sắp hết", "battery almost empty"),
    Condition.DEVICE_FAULT: ("thiết bị báo lỗi", "the device reports a fault"),
}
WORDS: Final[dict[str, dict[str, str]]] = {
    language: {key: words[at] for key, words in {**_TABLE, **LIVE_TABLE}.items()}
    for at, language in enumerate(LANGUAGES)
}


class Words:
    """Says things in one language; in templates it is called `_`. Another language than ours: Vietnamese."""

    def __init__(self, language: str | None) -> None:
        self.language = language if language in WORDS else "vi"
        self._words = WORDS[self.language]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the words for `key`, each `{name}` in them replaced by a value. Raises KeyError: none."""
        return self._words[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there are words for `key`."""
        return key in self._words

    def age(self, seconds: float) -> str:
        """Return how long that is: whole seconds below two minutes, then minutes, from two hours on hours."""
        for limit_s, unit_s, key in ((120, 1, "seconds"), (7200, 60, "minutes")):
            if seconds < limit_s:
                return self(key, n=int(seconds / unit_s))
        return self("hours", n=int(seconds / 3600))

"""What the panel says of electrodes, probe, link, time and faults, each in Vietnamese and English (core)."""

from typing import Final

LIVE_TABLE: Final[dict[str, tuple[str, str]]] = {
    "signals": ("Tín hiệu", "Signals"),
    "lost panel": (
        "Màn hình này mất liên lạc với máy. Đang tự nối lại…",
        "This screen has lost its box. It tries again by itself…",
    ),
    # Electrodes and probe
    "electrodes": ("Điện cực", "Electrodes"),
    "electrodes off": ("Tuột điện cực: {names}", "Electrode off: {names}"),
    "electrodes none": ("Chưa gắn điện cực: {names}", "No electrode is on: {names}"),
    "electrodes unsaid": ("Tuột điện cực", "An electrode is off"),
    "electrodes look": (
        "Máy không cho biết cái nào: xem lại từng cái và dây.",
        "The instrument does not say which: look at each of them and at the cable.",
    ),
    "electrodes do": (
        "Lau khô da, gắn lại đúng chỗ trong hình, cắm chặt dây.",
        "Dry the skin, put it back where the drawing shows, push its cable home.",
    ),
    "reversal": ("Có thể mắc ngược {names}", "Perhaps changed over: {names}"),
    "reversal do": (
        "So dây với hình. Nếu mắc ngược thì đổi lại; máy không tự sửa.",
        "Compare the cables with the drawing. Change them if so; nothing is put right by itself.",
    ),
    "torso": (
        "Hình người nhìn từ trước, chỗ gắn: {names}. Đang tuột: {off}.",
        "A person seen from the front, places: {names}. Off: {off}.",
    ),
    "right side": ("bên phải", "right"),
    "left side": ("bên trái", "left"),
    "none off": ("không", "none"),
    "place RA": ("vai phải", "right shoulder"),
    "place LA": ("vai trái", "left shoulder"),
    "place LL": ("bụng dưới bên trái", "lower left belly"),
    "place RL": ("bụng dưới bên phải", "lower right belly"),
    "place V1": ("bờ phải xương ức, khoang liên sườn 4", "right of the breastbone, 4th space"),
    "place V2": ("bờ trái xương ức, khoang liên sườn 4", "left of the breastbone, 4th space"),
    "place V3": ("giữa V2 và V4", "between V2 and V4"),
    "place V4": ("đường giữa đòn trái, khoang liên sườn 5", "left mid-collarbone line, 5th space"),
    "place V5": ("đường nách trước, ngang V4", "front armpit line, level with V4"),
    "place V6": ("đường nách giữa, ngang V4", "middle armpit line, level with V4"),
    "place unknown": ("điện cực số {n}", "electrode no. {n}"),
    "help probe off": ("Tuột đầu dò SpO₂", "SpO₂ probe off"),
    "help probe off do": (
        "Kẹp lại đầu dò, đầu ngón tay vào hết, đèn đỏ trên móng.",
        "Clip it on again, the finger all the way in, the light on the nail.",
    ),
    "help probe fault": ("Đầu dò SpO₂ hỏng", "The SpO₂ probe is broken"),
    "help probe fault do": (
        "Rút ra cắm lại; vẫn vậy thì đổi đầu dò.",
        "Unplug it and plug it in; else change it.",
    ),
    "help searching": ("Đang dò mạch", "Searching for a pulse"),
    "help searching do": ("Giữ yên bàn tay, chờ vài giây.", "Keep the hand still for some seconds."),
    "help weak signal": ("Tín hiệu SpO₂ yếu", "The SpO₂ signal is weak"),
    "help weak signal do": (
        "Xoa ấm bàn tay, lau sơn móng, đổi ngón khác, đừng để băng quấn chặt cánh tay.",
        "Warm the hand, no nail polish, try another finger, nothing tight around the arm.",
    ),
    "help artifact": ("Tín hiệu bị nhiễu", "The signal is disturbed"),
    "help artifact do": (
        "Giữ yên tay và người, che ánh sáng mạnh, để dây không bị kéo.",
        "Keep hand and body still, shade a strong light, let no cable pull.",
    ),
    # The call: what to do next
    "next IDLE": ("Cần giúp: bấm nút. Khẩn cấp: giữ 2 giây.", "Help: press. Emergency: hold for 2 s."),
    "next REGISTERED": ("Không cần bấm lại.", "No need to press again."),
    "next KEPT": (
        "Không cần bấm lại. Gấp thì gọi điện thoại.",
        "No need to press again. If it cannot wait, telephone.",
    ),
    "next AT_HUB": ("Không cần bấm lại: chờ người trực.", "No need to press again: wait for an operator."),
    "next RINGING": ("Ở lại bên người bệnh, chờ trả lời.", "Stay with the patient, wait for the answer."),
    "next CLAIMED": ("Hãy nói: đầu kia nghe thấy trạm.", "Speak: the other end hears the station."),
    "next HELD": ("Ở lại bên người bệnh, đừng tắt máy.", "Stay with the patient, switch nothing off."),
    "next NO_WORD": (
        "Không cần bấm lại. Gấp thì gọi điện thoại.",
        "No need to press again. If it cannot wait, telephone.",
    ),
    "next CHIMING": ("Bấm nút để nghe.", "Press the button to answer."),
    "call missed": ("Chưa ai trả lời kịp", "Nobody has answered in time"),
    "next missed": (
        "Trung tâm sẽ gọi lại. Gấp: bấm nút lần nữa, hoặc gọi điện thoại.",
        "The hub will call back. If it cannot wait: press again, or telephone.",
    ),
    "camera open": ("Máy quay đang mở", "The camera is open"),
    "microphone open": ("Micrô đang mở", "The microphone is open"),
    "doctor's picture": ("Hình của người ở trung tâm", "The picture of who is at the hub"),
    "picture stands": ("Hình đứng, {age}", "The picture stands still, {age}"),
    # Link and spool
    "link good": ("Đường truyền tốt", "The link is good"),
    "link slow": ("Đường truyền chậm", "The link is slow"),
    "link catching up": ("đang gửi bù {kept} số liệu", "sending what was kept: {kept} of data"),
    "link unheard": ("Có mạng nhưng trung tâm chưa trả lời", "The network is there, the hub does not answer"),
    "keeping": ("đang giữ {kept} số liệu", "{kept} of data kept"),
    "link lost at": ("Mất mạng từ {time}", "No network since {time}"),
    "link lost for": ("Mất mạng đã {age}", "No network for {age}"),
    "link never": ("Chưa nối được mạng", "No network yet"),
    "nothing lost": ("chưa mất gì", "nothing is lost"),
    "some lost": (
        "thẻ nhớ đầy: đã phải bỏ số liệu cũ nhất, các cuộc gọi vẫn còn",
        "the card is full: the oldest data had to go, the calls are safe",
    ),
    "card fails": (
        "thẻ nhớ báo lỗi: hãy báo người phụ trách máy",
        "the card fails: tell who looks after the box",
    ),
    "time unsure": ("giờ chưa chắc", "time not sure"),
    "time unknown": ("chưa rõ giờ", "time not known"),
    # Faults of devices, by their words (edge/capture/device_words.py)
    "fault schema": (
        "phần mềm của bo mạch khác phiên bản: chỉ còn nút gọi, cần cập nhật bo mạch",
        "its firmware speaks another schema: presses only, update the board",
    ),
    "fault no heartbeat": ("không trả lời từ hơn một giây", "no sign of life for more than a second"),
    "fault nothing comes": (
        "không gửi gì: bật máy, xem lại dây",
        "nothing comes: switch it on, check its cable",
    ),
    "fault lost": ("đã mất: cắm lại dây", "it is gone: plug it in again"),
    "fault no port": (
        "không mở được cổng: rút ra cắm lại",
        "its port cannot be opened: unplug it, plug it in",
    ),
    "fault button stuck": ("nút bị kẹt: thử nút và dây", "the button is stuck: test it and its cable"),
    "fault button loop open": ("dây nút bị đứt: thử nút và dây", "the button's wire is broken: test it"),
    "fault button loop short": ("dây nút bị chập: thử nút và dây", "the button's wire is shorted: test it"),
    "fault restarts": (
        "khởi động lại nhiều lần: đổi dây hoặc đổi bo mạch",
        "it restarts again and again: change its cable or the board",
    ),
    "fault output": (
        "không làm theo lệnh: đèn có thể hiện sai",
        "it did not carry out a command: a lamp may show something else",
    ),
    "fault stream": ("một tín hiệu không bật hay tắt được", "a signal cannot be switched on or off"),
    "fault boot loader": ("đang cập nhật bo mạch", "the board is being updated"),
    "fault clock": ("đồng hồ của bo mạch chạy sai: đổi bo mạch", "its clock runs wrong: change the board"),
    # Camera and sound
    "camera missing": ("không thấy máy quay: cắm lại", "no camera is found: plug it in"),
    "camera busy": ("chương trình khác đang dùng máy quay", "another program has the camera"),
    "camera lost": ("máy quay bị rút ra", "the camera was unplugged"),
    "camera off": ("máy quay đã tắt theo ý trạm", "the camera was switched off here"),
    "microphone missing": ("không thấy micrô: cắm lại", "no microphone is found: plug it in"),
    "microphone busy": ("chương trình khác đang dùng micrô", "another program has the microphone"),
    "microphone lost": ("micrô bị rút ra", "the microphone was unplugged"),
    "loudspeaker missing": ("không thấy loa: cắm lại", "no loudspeaker is found: plug it in"),
    "loudspeaker busy": ("chương trình khác đang dùng loa", "another program has the loudspeaker"),
    "loudspeaker lost": ("loa bị rút ra", "the loudspeaker was unplugged"),
}

"""What is typed and what it is searched as: one table for hub and page."""

FOLDED = (
    ("Mường Nhé", "muong nhe"),
    ("muong nhe", "muong nhe"),
    ("ĐẮK LẮK", "dak lak"),
    ("  Bạch   Long\u00a0Vĩ ", "bach long vi"),
    ("Cô Tô (cũ)", "co to cu"),
    ("Ea H'leo", "ea h leo"),
    ("Phước-Long 2", "phuoc long 2"),
    ("tram-00042", "tram 00042"),
    ("Mu\u031bo\u031b\u0300ng Nhe\u0301", "muong nhe"),  # as an input method may write it
    ("Đặc khu Hoàng Sa", "dac khu hoang sa"),
    ("Ỷ Ỵ Ữ Ợ ẫ ẩ", "y y u o a a"),
    ("", ""),
    ("…", ""),
)

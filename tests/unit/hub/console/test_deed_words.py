"""What the book of deeds says to people: codes in words, names as they are, typed text untouched."""

import pytest

from hub.console.deed_words import DeedTold, tell_deed
from hub.console.words import Words
from hub.people.deeds import Deed


@pytest.mark.parametrize(
    ("deed", "subject", "text", "told"),
    [
        ("role changed", "Minh", "admin", ("Minh", "quản trị", True, False)),
        ("token ended", "token 7", "Bản đồ", ("mã số 7", "Bản đồ", False, True)),
        ("change configuration", "all", "nghe rõ hơn", ("mọi trạm", "nghe rõ hơn", False, False)),
        ("change configuration", "group:dao", "x", ("nhóm dao", "x", False, False)),
        ("close", "a.1", "referred", ("a.1", "đi khám tuyến trên theo hẹn", True, False)),
        ("close", "a.1", "other tự về", ("a.1", "khác: tự về", True, False)),
        ("close", "a.1", "otherwise", ("a.1", "otherwise", True, False)),
        ("import", "tram.csv", "3 cards", ("tram.csv", "3 thay đổi", True, False)),
        ("playback", "con-dao-01", "S3-13", ("con-dao-01", "S3-13", True, True)),
        ("something new", "x", "y", ("x", "y", True, True)),
    ],
)
def test_a_deed_is_told_in_words(
    deed: str, subject: str, text: str, told: tuple[str, str, bool, bool]
) -> None:
    assert tell_deed(Deed(1, "Lan", deed, subject, text), Words("vi")) == DeedTold(*told)

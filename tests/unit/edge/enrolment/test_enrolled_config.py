import tomllib
from pathlib import Path

import pytest

from contract.ids import BoxName, BoxNo, StationId
from edge.config import read_config
from edge.enrolment.enrolled_config import enrolled_config
from edge.errors import EnrolmentError


def test_a_new_box_has_a_file_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(enrolled_config("", station="con-dao-01", box=2, host="hub.vn", port=8883))
    config = read_config(path)
    assert config.box_name == BoxName(StationId("con-dao-01"), BoxNo(2))
    assert (config.hub_host, config.hub_port, config.data_dir) == ("hub.vn", 8883, tmp_path)
    assert config.key == tmp_path / "keys" / "box.key"


def test_where_the_hub_is_too_stands_in_the_file_when_the_hub_says_so(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    path.write_text(enrolled_config("", station="con-dao-01", box=2, host="h", port=8883, front_port=444))
    assert read_config(path).front_port == 444


def test_what_the_engineer_wrote_stays() -> None:
    before = """\
# ours
station = "old" # comment
data_dir = "/data/haidang"

[hub]
host = "old.vn"
key = "x"

[call]
hotline = "0254 383 0000"

[[device]]
name = "a"
"""
    text = enrolled_config(before, station="new", box=1, host="::1", port=1)
    assert "# ours" in text and "old" not in text
    after = tomllib.loads(text)
    assert after.pop("hub")["host"] == "::1"
    assert after == {
        "station": "new",
        "data_dir": "/data/haidang",
        "call": {"hotline": "0254 383 0000"},
        "device": [{"name": "a"}],
    }
    assert enrolled_config(text, station="new", box=1, host="::1", port=1) == text


@pytest.mark.parametrize("before", ["not toml", 'hub.host = "a"\nx = """\n[hub]\nkept\n"""\n'])
def test_what_cannot_be_kept_is_not_written_over(before: str) -> None:
    with pytest.raises(EnrolmentError, match=r"box\.toml"):
        enrolled_config(before, station="new", box=1, host="a", port=1)

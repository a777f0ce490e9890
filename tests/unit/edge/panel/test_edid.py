from pathlib import Path

import pytest

from edge.panel.edid import screen_mm_wide, width_mm


def edid(
    across_px: int, down_px: int, across_mm: int, down_mm: int, *, cm: tuple[int, int] = (0, 0)
) -> bytes:
    """A base block with one detailed timing, laid out as VESA E-EDID release A2, 3.10.2 says."""
    data = bytearray(128)
    data[:8] = bytes.fromhex("00ffffffffffff00")
    data[21], data[22] = cm
    timing = bytearray(18)
    timing[0:2] = (14850).to_bytes(2, "little")
    timing[2], timing[4] = across_px & 0xFF, across_px >> 8 << 4
    timing[5], timing[7] = down_px & 0xFF, down_px >> 8 << 4
    timing[12], timing[13] = across_mm & 0xFF, down_mm & 0xFF
    timing[14] = across_mm >> 8 << 4 | down_mm >> 8
    data[54:72] = timing
    data[127] = -sum(data) % 256
    return bytes(data)


def test_a_screen_that_tells_its_size_is_believed() -> None:
    assert width_mm(edid(1920, 1080, 531, 299, cm=(53, 30))) == 531.0
    assert width_mm(edid(800, 480, 154, 92)) == 154.0


@pytest.mark.parametrize(
    "said",
    [
        b"",
        edid(1920, 1080, 531, 299)[:100],
        edid(1920, 1080, 0, 0),
        edid(1920, 1080, 160, 90),  # the ratio of its sides
        edid(1920, 1080, 531, 299, cm=(16, 9)),
        edid(1920, 1080, 400, 300),  # pixels are square
        edid(1920, 1080, 2_844, 1_600),  # a wall
        bytes([*edid(1920, 1080, 531, 299)[:127], 1]),  # damaged
    ],
)
def test_one_that_tells_none_or_a_wrong_one_is_not(said: bytes) -> None:
    assert width_mm(said) is None


def test_of_two_screens_nobody_knows_which_shows_the_page(tmp_path: Path) -> None:
    for name, status in (("card1-HDMI-A-1", "connected"), ("card1-HDMI-A-2", "disconnected")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(f"{status}\n")
        (tmp_path / name / "edid").write_bytes(edid(1920, 1080, 531, 299))
    assert screen_mm_wide(tmp_path) == 531.0
    (tmp_path / "card1-HDMI-A-2" / "status").write_text("connected\n")
    assert screen_mm_wide(tmp_path) is None
    assert screen_mm_wide(tmp_path / "nothing") is None

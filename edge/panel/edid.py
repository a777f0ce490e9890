"""How wide the screen is, by what it tells the kernel of itself (core but for the reading of a file).

Source: VESA E-EDID release A2: bytes 21 and 22 are the size in cm, bytes 12 to 14 of a detailed timing the
same in mm. Screens lie: televisions give the ratio in place of a size, cheap ones nothing.
"""

from pathlib import Path
from typing import Final

DRM: Final = Path("/sys/class/drm")
_HEADER: Final = bytes.fromhex("00ffffffffffff00")
_BASE_BYTES: Final = 128
_TIMINGS_AT: Final = (54, 72, 90, 108)
_TIMING_BYTES: Final = 18
WIDTH_MM: Final = range(80, 2_001)  # of a screen beside a patient
_RATIOS: Final = {(16, 9), (16, 10), (4, 3), (160, 90), (160, 100), (1600, 900), (1600, 1000), (40, 30)}
_SQUARE: Final = 0.04  # pixels are square on every screen of today: a size of another shape is none


def width_mm(edid: bytes) -> float | None:
    """Return the width of the picture in mm; None where the screen does not tell one that can be true."""
    if len(edid) < _BASE_BYTES or edid[:8] != _HEADER or sum(edid[:_BASE_BYTES]) % 256:
        return None
    wide_cm, high_cm = edid[21], edid[22]
    if (wide_cm, high_cm) in _RATIOS:
        return None
    for at in _TIMINGS_AT:
        timing = edid[at : at + _TIMING_BYTES]
        if timing[0] or timing[1]:  # a pixel clock: it is a timing, and the first is the preferred one
            return _by_timing(timing)
    return None


def _by_timing(timing: bytes) -> float | None:
    across_px, down_px = timing[2] | (timing[4] & 0xF0) << 4, timing[5] | (timing[7] & 0xF0) << 4
    across_mm, down_mm = timing[12] | (timing[14] & 0xF0) << 4, timing[13] | (timing[14] & 0x0F) << 8
    if not across_px or not down_px or not down_mm or (across_mm, down_mm) in _RATIOS:
        return None
    is_square = abs(across_mm / down_mm / (across_px / down_px) - 1.0) <= _SQUARE
    return float(across_mm) if is_square and across_mm in WIDTH_MM else None


def screen_mm_wide(drm: Path = DRM) -> float | None:
    """Return the width of the one screen that is connected; None where there are more, or it tells none."""
    found = []
    for connector in sorted(drm.glob("card*-*")):
        try:
            if (connector / "status").read_text().strip() == "connected":
                found.append((connector / "edid").read_bytes())
        except OSError:
            continue
    return width_mm(found[0]) if len(found) == 1 else None

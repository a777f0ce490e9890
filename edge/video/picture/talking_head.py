"""A drawn face that speaks, for a station without a camera (core; owns PIL beside `still.py`).

Everything is drawn once and kept as YUV: a body for each place of the head, small patches for mouth, eyes,
hand and clock. A frame is a copy of a body with four patches. The same time gives the same picture.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.video.voice.speech import ENVELOPE_HZ, loudness, speech

Plane = NDArray[np.uint8]
Box = tuple[int, int, int, int]

WIDTH_MAX: Final = 1280
HEIGHT_MAX: Final = 720
SWAYS: Final = 7  # places of the head
MOUTHS: Final = 6  # from closed to wide open
HANDS: Final = 9  # places of the waving hand
BLINK_EVERY_S: Final = 3.7
BLINK_S: Final = 0.15
RHYTHM_S: Final = 8.0  # as long as the made-up voice
_LUMA: Final = [round(16 + value * 219 / 255) for value in range(256)]  # from full to limited range
_CHROMA: Final = [round(128 + (value - 128) * 224 / 255) for value in range(256)]
_SMOOTH: Final = 2  # drawn so much larger, then made smaller: no stairs at the edges
_WALL, _SHADE, _SKIN, _LINE = (206, 222, 220), (176, 198, 198), (232, 190, 160), (150, 100, 80)
_HAIR, _COAT, _COLLAR, _EYE, _MOUTH = (
    (46, 36, 32),
    (240, 244, 246),
    (80, 150, 170),
    (40, 40, 44),
    (150, 46, 52),
)


class TalkingHead:
    """Draws at `width` × `height`, both even, at most WIDTH_MAX × HEIGHT_MAX. Raises ValueError."""

    def __init__(self, width: int, height: int) -> None:
        if width % 2 or height % 2 or not (0 < width <= WIDTH_MAX and 0 < height <= HEIGHT_MAX):
            raise ValueError(f"a drawn face of {width}×{height}; even, and at most {WIDTH_MAX}×{HEIGHT_MAX}")
        self.width, self.height = width, height
        self._rhythm = loudness(speech(RHYTHM_S))
        self._rooms: dict[int, Image.Image] = {}  # with the head at each of its places
        self._bodies: dict[int, Plane] = {}
        self._patches: dict[tuple[str, int, int], tuple[Box, Plane]] = {}
        self._clock: tuple[str, tuple[Box, Plane]] = ("", self._draw_clock("0:00"))

    def draw(self, at_s: float, *, loudness: float | None = None) -> Plane:
        """Return the picture of that moment as I420: `height` · 3 / 2 rows of `width` bytes.

        `loudness`: 0 … 1, how far the mouth is open; None: as the made-up voice speaks."""
        if loudness is None:
            loudness = float(self._rhythm[int(at_s * ENVELOPE_HZ) % len(self._rhythm)])
        sway = round((SWAYS - 1) * (0.5 + 0.5 * math.sin(2 * math.pi * at_s / 5.3)))
        mouth = round((MOUTHS - 1) * min(max(loudness * 1.3, 0.0), 1.0))
        hand = round((HANDS - 1) * (0.5 + 0.5 * math.sin(2 * math.pi * at_s / 2.1)))
        blinks = int(at_s % BLINK_EVERY_S < BLINK_S)
        if sway not in self._bodies:
            self._bodies[sway] = _yuv(self._room(sway))
        picture = self._bodies[sway].copy()
        for part, state in (("mouth", mouth), ("eyes", blinks), ("hand", hand)):
            self._put(picture, self._patch(part, sway if part != "hand" else 0, state))
        text = f"{int(at_s) // 60}:{int(at_s) % 60:02d}"
        if text != self._clock[0]:
            self._clock = (text, self._draw_clock(text))
        self._put(picture, self._clock[1])
        return picture

    def _put(self, picture: Plane, patch: tuple[Box, Plane]) -> None:
        """Lay a patch over the picture: its three planes, each at its place."""
        (left, top, right, bottom), data = patch
        rows, columns = bottom - top, right - left
        picture[top:bottom, left:right] = data[:rows]
        chroma, small = _chroma(picture, self.height), _chroma(data, rows)
        for plane, part in zip(chroma, small, strict=True):
            plane[top // 2 : bottom // 2, left // 2 : right // 2] = part.reshape(rows // 2, columns // 2)

    def _patch(self, part: str, sway: int, state: int) -> tuple[Box, Plane]:
        key = (part, sway, state)
        if key not in self._patches:
            draw = {"mouth": self._draw_mouth, "eyes": self._draw_eyes, "hand": self._draw_hand}[part]
            self._patches[key] = draw(sway, state)
        return self._patches[key]

    def _unit(self) -> float:
        """A hundredth of the height: all lengths are told in it."""
        return self.height / 100

    def _head(self, sway: int) -> tuple[float, float]:
        """Return the head's middle, in units."""
        along = sway / (SWAYS - 1) * 2 - 1
        return self.width / self._unit() / 2 + 1.6 * along, 40 + 0.8 * along**2

    def _room(self, sway: int) -> Image.Image:
        if sway not in self._rooms:
            self._rooms[sway] = self._draw_body(sway)
        return self._rooms[sway]

    def _draw_body(self, sway: int) -> Image.Image:
        unit = self._unit() * _SMOOTH
        image = Image.new("RGB", (self.width * _SMOOTH, self.height * _SMOOTH), _WALL)
        pen = ImageDraw.Draw(image)
        middle = self.width * _SMOOTH / 2 / unit
        x, y = self._head(sway)

        def oval(left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]) -> None:
            pen.ellipse([value * unit for value in (left, top, right, bottom)], fill=colour)

        pen.rectangle([0, 78 * unit, self.width * _SMOOTH, 100 * unit], fill=_SHADE)  # the wall's lower part
        oval(middle - 38, 70, middle + 38, 140, _COAT)
        oval(middle - 10, 66, middle + 10, 84, _COLLAR)
        pen.rectangle([(x - 6) * unit, 58 * unit, (x + 6) * unit, 74 * unit], fill=_SKIN)
        oval(x - 20, y - 26, x + 20, y + 22, _HAIR)
        oval(x - 17, y - 20, x + 17, y + 25, _SKIN)
        pen.pieslice(
            [(x - 18) * unit, (y - 26) * unit, (x + 18) * unit, (y + 2) * unit], 180, 360, fill=_HAIR
        )
        pen.line(
            [x * unit, (y - 1) * unit, (x - 1.5) * unit, (y + 6) * unit], fill=_LINE, width=int(unit * 0.8)
        )
        return image.resize((self.width, self.height), Image.Resampling.BOX)

    def _cut(self, room: Image.Image, box: tuple[float, float, float, float]) -> tuple[Box, Image.Image]:
        """Return the even box around `box` (units), and that piece of the room, enlarged for drawing."""
        unit = self._unit()
        left, top = (max(int(value * unit) // 2 * 2, 0) for value in box[:2])
        right = min(-(-math.ceil(box[2] * unit) // 2) * 2, self.width)
        bottom = min(-(-math.ceil(box[3] * unit) // 2) * 2, self.height)
        piece = room.crop((left, top, right, bottom))
        size = ((right - left) * _SMOOTH, (bottom - top) * _SMOOTH)
        return (left, top, right, bottom), piece.resize(size, Image.Resampling.NEAREST)

    def _finish(self, box: Box, piece: Image.Image) -> tuple[Box, Plane]:
        size = (box[2] - box[0], box[3] - box[1])
        return box, _yuv(piece.resize(size, Image.Resampling.BOX))

    def _place(self, box: Box, *values: float) -> list[float]:
        """Turn x, y, x, y … in units into places of an enlarged piece."""
        unit, corner = self._unit(), box[:2]
        return [(value * unit - corner[index % 2]) * _SMOOTH for index, value in enumerate(values)]

    def _draw_mouth(self, sway: int, state: int) -> tuple[Box, Plane]:
        x, y = self._head(sway)
        box, piece = self._cut(self._room(sway), (x - 8, y + 8, x + 8, y + 22))
        pen, opened = ImageDraw.Draw(piece), 0.6 + 4.6 * state / (MOUTHS - 1)
        width = 6.5 - 1.5 * state / (MOUTHS - 1)
        pen.ellipse(self._place(box, x - width, y + 14 - opened, x + width, y + 14 + opened), fill=_MOUTH)
        if state > 1:
            pen.ellipse(
                self._place(box, x - width + 2, y + 14 - opened, x + width - 2, y + 14.5 - opened * 0.5),
                fill=_COAT,
            )
        return self._finish(box, piece)

    def _draw_eyes(self, sway: int, state: int) -> tuple[Box, Plane]:
        x, y = self._head(sway)
        box, piece = self._cut(self._room(sway), (x - 12, y - 9, x + 12, y - 1))
        pen = ImageDraw.Draw(piece)
        for side in (-7, 7):
            if state:
                pen.line(
                    self._place(box, x + side - 3, y - 4, x + side + 3, y - 4),
                    fill=_LINE,
                    width=int(self._unit() * 1.2) + 1,
                )
            else:
                pen.ellipse(self._place(box, x + side - 3.4, y - 6.4, x + side + 3.4, y - 1.8), fill=_COAT)
                pen.ellipse(self._place(box, x + side - 1.8, y - 6, x + side + 1.8, y - 2.2), fill=_EYE)
        return self._finish(box, piece)

    def _draw_hand(self, _sway: int, state: int) -> tuple[Box, Plane]:
        """A hand that waves at the side, all its places in one patch."""
        right = self.width / self._unit()
        box, piece = self._cut(self._room(0), (right * 0.78, 56, right * 0.98, 98))
        pen, along = ImageDraw.Draw(piece), state / (HANDS - 1) * 2 - 1
        x, y = right * 0.88 + right * 0.045 * along, 66 + 2.0 * along**2
        pen.line(self._place(box, right * 0.86, 99, x, y), fill=_COAT, width=int(self._unit() * 9 * _SMOOTH))
        pen.ellipse(self._place(box, x - 5.5, y - 6, x + 5.5, y + 6), fill=_SKIN)
        for finger in range(-2, 3):
            pen.line(
                self._place(box, x + finger * 2, y - 3, x + finger * 2.6, y - 9),
                fill=_SKIN,
                width=int(self._unit() * 1.8 * _SMOOTH),
            )
        return self._finish(box, piece)

    def _draw_clock(self, text: str) -> tuple[Box, Plane]:
        box, piece = self._cut(self._room(0), (3, 3, 30, 14))
        pen = ImageDraw.Draw(piece)
        left, top = self._place(box, 4, 4)
        pen.text(
            (left, top),
            text,
            fill=_LINE,
            font=ImageFont.load_default(self._unit() * 8 * _SMOOTH),
        )
        return self._finish(box, piece)


def _chroma(data: Plane, rows: int) -> tuple[Plane, Plane]:
    """Return the U and V planes of I420 data of `rows` rows, as views."""
    flat = data[rows:].reshape(-1)
    width = data.shape[1] // 2
    half = len(flat) // 2
    return flat[:half].reshape(-1, width), flat[half:].reshape(-1, width)


def _yuv(image: Image.Image) -> Plane:
    """Return an RGB image as I420, BT.601, limited range: what VP8 codes."""
    luma, u, v = image.convert("YCbCr").split()  # of full range
    half = (image.width // 2, image.height // 2)
    planes = [
        luma.point(_LUMA),
        *(plane.resize(half, Image.Resampling.BOX).point(_CHROMA) for plane in (u, v)),
    ]
    return np.frombuffer(b"".join(plane.tobytes() for plane in planes), np.uint8).reshape(-1, image.width)
